//! What the operator of the installation decides holds in the API: suspension and quotas. And leaves
//! to choose a password anew.

use crate::support::{Asked, Workspace, code, operation};
use async_graphql::{Request, Variables};
use chrono::Duration;
use interdesk_domain::agent::Presence;
use interdesk_domain::permission::{Role, Viewer};
use interdesk_domain::scope::TenantScope;
use interdesk_flow::credential::{API_KEY, read};
use interdesk_flow::{reset, terms};
use interdesk_graphql::{Identity, Limits, session};
use interdesk_store::access::Proof;
use interdesk_store::{Limits as PoolLimits, Operator};
use serde_json::{Value, json};

struct Installation {
    asked: Asked,
    operator: Operator,
    own: Workspace,
}

impl Installation {
    async fn fresh() -> Self {
        let limits = Limits {
            cost_per_minute: 100_000,
            ..Limits::default()
        };
        let asked = Asked::with(limits).await;
        let operator = Operator::new(&asked.world.test.owner_url, &PoolLimits::default()).unwrap();
        let own = asked.workspace().await;
        Self {
            asked,
            operator,
            own,
        }
    }

    fn slug(&self) -> String {
        format!("t-{}", self.own.viewer.tenant.0)
    }

    async fn suspend(&self, reason: Option<&str>) -> bool {
        let slug = self.slug();
        let changed = terms::suspend(&self.asked.desk, &self.operator, &slug, reason).await;
        changed.unwrap()
    }

    async fn allow(&self, quotas: interdesk_store::terms::Quotas) {
        let slug = self.slug();
        let set = terms::set_quotas(&self.asked.desk, &self.operator, &slug, |_| quotas).await;
        assert!(set.unwrap());
    }

    async fn stranger(&self, document: &str, variables: Value) -> async_graphql::Response {
        let variables = Variables::from_json(variables);
        let request = Request::new(document).variables(variables);
        self.asked.schema.execute(request).await
    }

    /// Makes a key of somebody and returns what asks by it.
    async fn key(&self, name: &str) -> impl Fn(&str) -> Request + use<> {
        let tenant = self.own.viewer.tenant;
        let developer = self
            .asked
            .world
            .person(tenant, Role::Developer, Presence::Away, 1)
            .await;
        let end = (self.asked.desk.now() + Duration::days(3)).to_rfc3339();
        let input = json!({"name": name, "permissions": ["AGENTS_READ"], "expiresAt": end});
        let document = operation("ApiKeyCreate");
        let made = self
            .asked
            .ask(&developer, &document, json!({"input": input}))
            .await;
        let secret = made["apiKeyCreate"]["secret"].as_str().unwrap().to_owned();
        move |query| {
            let key = read(API_KEY, &secret).unwrap();
            let mut request = Request::new(query);
            request.data = session(Identity {
                tenant: key.tenant,
                proof: Proof::Key { digest: key.digest },
            });
            request
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_of_a_suspended_workspace_gets_in_until_it_is_resumed() {
    let here = Installation::fresh().await;
    let by_key = here.key("dashboard").await;
    let reset = "mutation($t: String!) { passwordReset(input: {token: $t,
        newPassword: \"correct horse battery\"}) { status } }";
    let sign_in = "mutation($w: String!, $e: String!) { signIn(input: {workspace: $w, email: $e,
        password: \"correct horse battery\"}) { status refreshToken } }";
    let refresh = "mutation($t: String!) { sessionRefresh(input: {refreshToken: $t}) { status } }";
    let agent = here.own.viewer.agent;
    let scope = TenantScope::new(here.own.viewer.tenant);
    let (token, _) = reset::give(&here.asked.desk, scope, agent).await.unwrap();
    here.stranger(reset, json!({"t": token.expose()})).await;
    let claim = json!({"w": here.slug(), "e": format!("{}@example.org", agent.0)});
    let signed_in = here.stranger(sign_in, claim.clone()).await;
    let signed_in = signed_in.data.into_json().unwrap();
    assert_eq!(signed_in["signIn"]["status"], "SIGNED_IN");
    let own = json!({"t": signed_in["signIn"]["refreshToken"]});
    let (left, _) = reset::give(&here.asked.desk, scope, agent).await.unwrap();

    assert!(here.suspend(Some("unpaid")).await);
    assert!(!here.suspend(Some("unpaid")).await, "it is already");
    let me = here
        .asked
        .request(&here.own.viewer, "{ me { id } }", json!({}));
    assert_eq!(here.asked.code(me).await, "WORKSPACE_SUSPENDED");
    assert_eq!(
        here.asked.code(by_key("{ agents { id } }")).await,
        "WORKSPACE_SUSPENDED"
    );
    for (document, variables) in [
        (sign_in, claim.clone()),
        (refresh, own.clone()),
        (reset, json!({"t": left.expose()})),
    ] {
        let answer = here.stranger(document, variables).await;
        assert_eq!(code(&answer), "WORKSPACE_SUSPENDED", "{document}");
    }

    assert!(here.suspend(None).await);
    let refreshed = here.stranger(refresh, own).await.data.into_json().unwrap();
    assert_eq!(
        refreshed["sessionRefresh"]["status"], "REFRESHED",
        "nothing was taken"
    );
    assert!(
        here.asked
            .schema
            .execute(by_key("{ agents { id } }"))
            .await
            .is_ok()
    );
    let told = "SELECT count(*) AS count FROM outbox WHERE kind = 'tenant_terms_changed'";
    assert_eq!(here.asked.world.test.count_as_owner(told).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_quota_is_refused_with_its_name() {
    let here = Installation::fresh().await;
    let tenant = here.own.viewer.tenant;
    let admin = here
        .asked
        .world
        .person(tenant, Role::Admin, Presence::Away, 1)
        .await;
    let add = "mutation($e: String!) { agentAdd(input: {email: $e, name: \"Agent 9\", role: AGENT,
        kind: PERSON}) { status refusal { code message } agent { id } } }";
    let add = async |email: &str| {
        let answer = here.asked.ask(&admin, add, json!({"e": email})).await;
        answer["agentAdd"].clone()
    };
    let quotas = interdesk_store::terms::Quotas {
        agents: Some(3),
        messages_per_day: Some(1),
        ..Default::default()
    };
    here.allow(quotas).await;
    let third = add("third@example.org").await;
    assert_eq!(third["status"], "CHANGED");
    let refused = add("fourth@example.org").await;
    assert_eq!(refused["status"], "QUOTA_EXCEEDED");
    assert_eq!(refused["refusal"]["code"], "QUOTA_EXCEEDED");
    assert!(
        refused["refusal"]["message"]
            .as_str()
            .unwrap()
            .contains("agents")
    );
    // Who is disabled leaves room, and comes back into room alone.
    let switch = "mutation($a: ID!, $d: Boolean!) { agentUpdate(input: {agentId: $a, disabled: $d})
        { status } }";
    let switch = async |disabled: bool| {
        let variables = json!({"a": third["agent"]["id"], "d": disabled});
        let answer = here.asked.ask(&admin, switch, variables).await;
        answer["agentUpdate"]["status"].clone()
    };
    assert_eq!(switch(true).await, "CHANGED");
    assert_eq!(add("fourth@example.org").await["status"], "CHANGED");
    assert_eq!(switch(false).await, "QUOTA_EXCEEDED");

    let accept = json!({"input": {"offerId": here.own.offer.to_string()}, "key": "a"});
    here.asked
        .ask(&here.own.viewer, &operation("OfferAccept"), accept)
        .await;
    let reply = async |key: &str| {
        let conversation = here.own.conversation.to_string();
        let input = json!({"conversationId": conversation, "content": {"text": "hello"}});
        let variables = json!({"input": input, "key": key});
        let document = operation("MessageReply");
        let answer = here.asked.ask(&here.own.viewer, &document, variables).await;
        answer["messageReply"].clone()
    };
    assert_eq!(reply("one").await["status"], "QUEUED");
    let refused = reply("two").await;
    assert_eq!(refused["refusal"]["code"], "QUOTA_EXCEEDED", "{refused}");
    assert_eq!(
        reply("one").await["status"],
        "QUEUED",
        "what comes again is no other"
    );
    here.asked.world.clock.advance(Duration::days(1));
    assert_eq!(reply("three").await["status"], "QUEUED", "a day later");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_points_of_a_workspace_bound_all_of_it_together() {
    let here = Installation::fresh().await;
    let tenant = here.own.viewer.tenant;
    here.allow(interdesk_store::terms::Quotas {
        points_per_minute: Some(2),
        ..Default::default()
    })
    .await;
    let ask = async |viewer: &Viewer| {
        let request = here.asked.request(viewer, "{ me { id } }", json!({}));
        here.asked.schema.execute(request).await
    };
    let colleague = here.asked.world.agent(tenant, 1).await;
    assert!(ask(&here.own.viewer).await.is_ok());
    assert!(ask(&colleague).await.is_ok());
    let refused = ask(&here.own.viewer).await;
    assert_eq!(code(&refused), "QUOTA_EXCEEDED");
    let extensions = refused.errors[0].extensions.as_ref().unwrap();
    assert_eq!(extensions.get("quota"), Some(&"points_per_minute".into()));
    let other = here.asked.workspace().await;
    assert!(ask(&other.viewer).await.is_ok(), "others have their own");
    here.asked.world.clock.advance(Duration::minutes(1));
    assert!(ask(&here.own.viewer).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_api_key_has_a_bucket_of_its_own() {
    let mut here = Installation::fresh().await;
    here.asked.schema = here.asked.schema_with(Limits {
        cost_per_minute: 15,
        ..Limits::default()
    });
    let (one, two) = (here.key("one").await, here.key("two").await);
    let ask = async |request: Request| here.asked.schema.execute(request).await;
    let mut times = 0;
    while ask(one("{ me { id } }")).await.is_ok() {
        times += 1;
        assert!(times < 100, "it ends");
    }
    assert!(times > 0);
    assert_eq!(code(&ask(one("{ me { id } }")).await), "RATE_LIMITED");
    assert!(ask(two("{ me { id } }")).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leave_to_choose_a_password_is_good_once_and_for_a_while() {
    let here = Installation::fresh().await;
    let (desk, agent) = (&here.asked.desk, here.own.viewer.agent);
    let scope = TenantScope::new(here.own.viewer.tenant);
    let email = format!("{}@example.org", agent.0);
    let choose = async |token: &str, password: &str| {
        let input = json!({"token": token, "newPassword": password});
        let document = operation("PasswordReset");
        let answer = here.stranger(&document, json!({"input": input})).await;
        answer.data.into_json().unwrap()["passwordReset"].clone()
    };
    let sign_in = async |password: &str| {
        let input = json!({"workspace": here.slug(), "email": email, "password": password});
        let answer = here
            .stranger(&operation("SignIn"), json!({"input": input}))
            .await;
        answer.data.into_json().unwrap()["signIn"]["status"].clone()
    };
    let (first, _) = reset::give(desk, scope, agent).await.unwrap();
    let (second, _) = reset::give(desk, scope, agent).await.unwrap();
    assert_eq!(
        choose(first.expose(), "too short").await["status"],
        "INVALID"
    );
    let changed = choose(first.expose(), "correct horse battery").await;
    assert_eq!(changed["status"], "CHANGED");
    assert_eq!(sign_in("correct horse battery").await, "SIGNED_IN");
    for used in [&first, &second] {
        let again = choose(used.expose(), "another long password").await;
        assert_eq!(
            again["refusal"]["code"], "TOKEN_USED",
            "it or another was used"
        );
    }
    let sessions = "{ sessions { id } }";
    let before = here.asked.ask(&here.own.viewer, sessions, json!({})).await;
    assert_eq!(before["sessions"].as_array().unwrap().len(), 1);
    let (third, _) = reset::give(desk, scope, agent).await.unwrap();
    here.asked.world.clock.advance(Duration::minutes(61));
    let late = choose(third.expose(), "another long password").await;
    assert_eq!(late["status"], "REFUSED", "its time is over");
    let (fourth, _) = reset::give(desk, scope, agent).await.unwrap();
    assert_eq!(
        choose(fourth.expose(), "another long password").await["status"],
        "CHANGED"
    );
    let after = here.asked.ask(&here.own.viewer, sessions, json!({})).await;
    assert_eq!(after["sessions"], json!([]), "all sessions ended");
    assert_eq!(sign_in("correct horse battery").await, "REFUSED");
    let secret = fourth.expose().rsplit('_').next().unwrap().to_owned();
    let kept = format!(
        "SELECT count(*) AS count FROM password_resets t WHERE position('{secret}' IN t::text) > 0"
    );
    assert_eq!(
        here.asked.world.test.count_as_owner(&kept).await,
        0,
        "it is kept nowhere"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_a_mail_about_a_password_learns_nothing() {
    let here = Installation::fresh().await;
    let ask = async |email: &str| {
        let input = json!({"workspace": here.slug(), "email": email});
        let document = operation("PasswordResetRequest");
        let answer = here.stranger(&document, json!({"input": input})).await;
        answer.data.into_json().unwrap()["passwordResetRequest"].clone()
    };
    let email = format!("{}@example.org", here.own.viewer.agent.0);
    let waiting = "SELECT count(*) AS count FROM password_resets WHERE send_at IS NOT NULL";
    let without = ask(&email).await;
    assert_eq!(
        here.asked.world.test.count_as_owner(waiting).await,
        0,
        "no password, no mail"
    );
    let hash = "UPDATE agents SET password_hash = '$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA'";
    here.asked.world.test.execute_as_owner(hash).await;
    let with = ask(&email).await;
    assert_eq!(here.asked.world.test.count_as_owner(waiting).await, 1);
    assert_eq!(ask("nobody@example.org").await, with);
    assert_eq!(without, with);
    assert_eq!(with["status"], "ASKED");
    for _ in 0..9 {
        ask(&email).await;
    }
    assert_eq!(
        here.asked.world.test.count_as_owner(waiting).await,
        3,
        "three are enough"
    );
    assert_eq!(ask(&email).await["refusal"]["code"], "TOO_MANY_TRIES");
}
