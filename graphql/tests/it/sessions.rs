//! Sessions, passwords and API keys.

use crate::support::Asked;
use async_graphql::Request;
use chrono::{DateTime, Duration, Utc};
use interdesk_domain::agent::Presence;
use interdesk_domain::clock::Clock;
use interdesk_domain::permission::{Role, Viewer};
use interdesk_flow::credential::{API_KEY, read};
use interdesk_graphql::{Identity, session};
use interdesk_store::access::Proof;
use serde_json::{Value, json};

pub(crate) const PASSWORD: &str = "correct horse battery";
const SIGN_IN: &str = "mutation($w: String!, $e: String!, $p: String!) { signIn(input: {
    workspace: $w, email: $e, password: $p, device: \"test\"}) { status token refreshToken } }";
const REFRESH: &str = "mutation($t: String!) { sessionRefresh(input: {refreshToken: $t}) { status
    token refreshToken refusal { code } } }";

/// Somebody with a password.
pub(crate) struct Person {
    pub(crate) asked: Asked,
    pub(crate) viewer: Viewer,
}

impl Person {
    pub(crate) async fn fresh(role: Role) -> Self {
        let asked = Asked::fresh().await;
        let tenant = asked.world.tenant().await;
        let viewer = asked.world.person(tenant, role, Presence::Away, 3).await;
        let person = Self { asked, viewer };
        person.set_password(PASSWORD).await;
        person
    }

    async fn set_password(&self, password: &str) {
        use argon2::PasswordHasher;
        let hash: argon2::password_hash::phc::PasswordHash = argon2::Argon2::default()
            .hash_password(password.as_bytes())
            .unwrap();
        let statement = format!(
            "UPDATE agents SET password_hash = '{hash}' WHERE id = '{}'",
            self.viewer.agent.0
        );
        self.asked.world.test.execute_as_owner(&statement).await;
    }

    /// Asks as a stranger.
    pub(crate) async fn stranger(&self, document: &str, variables: Value) -> Value {
        let request = Request::new(document);
        let request = request.variables(async_graphql::Variables::from_json(variables));
        let response = self.asked.schema.execute(request).await;
        assert!(response.errors.is_empty(), "{:?}", response.errors);
        response.data.into_json().unwrap()
    }

    async fn sign_in(&self, password: &str) -> Value {
        let (tenant, agent) = (self.viewer.tenant.0, self.viewer.agent.0);
        let variables = json!({"w": format!("t-{tenant}"), "e": format!("{agent}@example.org"),
            "p": password});
        self.stranger(SIGN_IN, variables).await["signIn"].clone()
    }

    async fn refresh(&self, token: &Value) -> Value {
        self.stranger(REFRESH, json!({"t": token})).await["sessionRefresh"].clone()
    }

    /// Asks with the access token of a session, as the transport reads it.
    async fn code_in(&self, session_of: &str, document: &str) -> Option<String> {
        let mut request = Request::new(document);
        request.data = session(Identity {
            tenant: self.viewer.tenant,
            proof: Proof::Token {
                agent: self.viewer.agent,
                session: Some(session_of.parse().unwrap()),
                issued_at: self.asked.desk.now(),
            },
        });
        self.code(request).await
    }

    async fn code(&self, request: Request) -> Option<String> {
        let response = self.asked.schema.execute(request).await;
        let has = !response.errors.is_empty();
        has.then(|| crate::support::code(&response))
    }

    async fn sessions(&self) -> Vec<String> {
        let answer = self
            .asked
            .ask(&self.viewer, "{ sessions { id device } }", json!({}))
            .await;
        let list = answer["sessions"].as_array().unwrap().clone();
        list.iter()
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) async fn count(&self, kind: &str) -> i64 {
        let query = format!("SELECT count(*) AS count FROM outbox WHERE kind = '{kind}'");
        self.asked.world.test.count_as_owner(&query).await
    }

    pub(crate) fn later(&self, by: Duration) -> DateTime<Utc> {
        self.asked.world.clock.advance(by);
        self.asked.world.clock.now()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_good_once_and_a_second_use_ends_the_session() {
    let person = Person::fresh(Role::Agent).await;
    let signed_in = person.sign_in(PASSWORD).await;
    assert_eq!(signed_in["status"], "SIGNED_IN");
    let first = person.refresh(&signed_in["refreshToken"]).await;
    assert_eq!(first["status"], "REFRESHED");
    assert_ne!(first["refreshToken"], signed_in["refreshToken"]);
    let second = person.refresh(&first["refreshToken"]).await;
    assert_eq!(second["status"], "REFRESHED");
    let own = person.sessions().await.remove(0);
    assert_eq!(person.code_in(&own, "{ me { id } }").await, None);
    let stolen = person.refresh(&first["refreshToken"]).await;
    assert_eq!(stolen["refusal"]["code"], "SESSION_OVER");
    let after = person.refresh(&second["refreshToken"]).await;
    assert_eq!(after["status"], "REFUSED", "the family is over");
    assert!(person.sessions().await.is_empty());
    let refused = person.code_in(&own, "{ me { id } }").await;
    assert_eq!(
        refused.as_deref(),
        Some("UNAUTHENTICATED"),
        "and its access tokens too"
    );
    assert_eq!(person.count("session_ended").await, 1);
    for nonsense in ["", "idr_x", "idk_00000000000000000000000000_00"] {
        assert_eq!(person.refresh(&json!(nonsense)).await["status"], "REFUSED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_nobody_uses_ends_by_itself() {
    let person = Person::fresh(Role::Agent).await;
    let signed_in = person.sign_in(PASSWORD).await;
    person.later(Duration::days(29));
    let refreshed = person.refresh(&signed_in["refreshToken"]).await;
    assert_eq!(refreshed["status"], "REFRESHED");
    person.later(Duration::days(31));
    assert_eq!(
        person.refresh(&refreshed["refreshToken"]).await["status"],
        "REFUSED"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_one_session_and_everywhere_all() {
    let person = Person::fresh(Role::Agent).await;
    person.sign_in(PASSWORD).await;
    person.sign_in(PASSWORD).await;
    let sessions = person.sessions().await;
    assert_eq!(sessions.len(), 2);
    let document = "mutation($id: ID!) { signOut(input: {sessionId: $id}) { status ended } }";
    let out = person
        .asked
        .ask(&person.viewer, document, json!({"id": sessions[0]}))
        .await;
    assert_eq!(out["signOut"], json!({"status": "SIGNED_OUT", "ended": 1}));
    let refused = person.code_in(&sessions[0], "{ me { id } }").await;
    assert_eq!(refused.as_deref(), Some("UNAUTHENTICATED"));
    assert_eq!(person.code_in(&sessions[1], "{ me { id } }").await, None);
    let everywhere = "mutation { signOutEverywhere(input: {}) { status ended } }";
    let out = person
        .asked
        .ask(&person.viewer, everywhere, json!({}))
        .await;
    assert_eq!(out["signOutEverywhere"]["ended"], 1);
    let refused = person.code_in(&sessions[1], "{ me { id } }").await;
    assert_eq!(refused.as_deref(), Some("UNAUTHENTICATED"));
    // Somebody else's are out of reach for an agent.
    let colleague = person.asked.world.agent(person.viewer.tenant, 3).await;
    let theirs = "mutation($id: ID!) { signOutEverywhere(input: {agentId: $id}) { status } }";
    let id = json!({"id": person.viewer.agent.to_string()});
    let out = person.asked.ask(&colleague, theirs, id).await;
    assert_eq!(out["signOutEverywhere"]["status"], "NOT_ALLOWED");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_lock_the_account_for_a_while_and_nobody_learns_of_it() {
    let mut person = Person::fresh(Role::Agent).await;
    person.asked.desk.settings.sign_in.lock_after = 3;
    person.asked.schema = person.asked.schema_again();
    for _ in 0..3 {
        assert_eq!(person.sign_in("wrong").await["status"], "REFUSED");
    }
    assert_eq!(person.count("sign_in_locked").await, 1);
    assert_eq!(
        person.sign_in(PASSWORD).await["status"],
        "REFUSED",
        "locked"
    );
    person.later(Duration::minutes(16));
    assert_eq!(person.sign_in(PASSWORD).await["status"], "SIGNED_IN");
    // Two wrong ones and a right one begin the count anew.
    for _ in 0..2 {
        person.sign_in("wrong").await;
        person.sign_in("wrong").await;
        person.later(Duration::minutes(2));
        assert_eq!(person.sign_in(PASSWORD).await["status"], "SIGNED_IN");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_password_needs_the_one_before_and_ends_all_sessions() {
    let person = Person::fresh(Role::Agent).await;
    person.sign_in(PASSWORD).await;
    let document = "mutation($c: String!, $n: String!) { passwordChange(input: {
        currentPassword: $c, newPassword: $n}) { status } }";
    let change = async |before: &str, after: &str| {
        let variables = json!({"c": before, "n": after});
        let answer = person.asked.ask(&person.viewer, document, variables).await;
        answer["passwordChange"]["status"].clone()
    };
    assert_eq!(change("wrong", "another long password").await, "REFUSED");
    assert_eq!(change(PASSWORD, "too short").await, "INVALID");
    assert_eq!(change(PASSWORD, "another long password").await, "CHANGED");
    assert!(person.sessions().await.is_empty());
    assert_eq!(person.sign_in(PASSWORD).await["status"], "REFUSED");
    assert_eq!(
        person.sign_in("another long password").await["status"],
        "SIGNED_IN"
    );
    assert_eq!(person.count("password_changed").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_key_is_shown_once_and_allows_what_it_names_and_its_agent_may() {
    let person = Person::fresh(Role::Developer).await;
    let document = "mutation($p: [Permission!]!, $e: DateTime!) { apiKeyCreate(input: {
        name: \"dashboard\", permissions: $p, expiresAt: $e}) { status secret apiKey { id hint } } }";
    let end = (person.asked.desk.now() + Duration::days(30)).to_rfc3339();
    let create = async |permissions: Value, end: &str| {
        let variables = json!({"p": permissions, "e": end});
        let answer = person.asked.ask(&person.viewer, document, variables).await;
        answer["apiKeyCreate"].clone()
    };
    assert_eq!(
        create(json!(["AUDIT_READ"]), &end).await["status"],
        "NOT_ALLOWED"
    );
    assert_eq!(create(json!([]), &end).await["status"], "INVALID");
    let over = (person.asked.desk.now() - Duration::days(1)).to_rfc3339();
    assert_eq!(
        create(json!(["AGENTS_READ"]), &over).await["status"],
        "INVALID"
    );
    let made = create(json!(["AGENTS_READ"]), &end).await;
    assert_eq!(made["status"], "CREATED");
    let secret = made["secret"].as_str().unwrap().to_owned();
    let dump = "SELECT count(*) AS count FROM (SELECT t::text AS row FROM api_keys t UNION ALL
        SELECT t::text FROM outbox t) rows WHERE position(right('SECRET', 32) IN row) > 0";
    let dump = dump.replace("SECRET", &secret);
    assert_eq!(
        person.asked.world.test.count_as_owner(&dump).await,
        0,
        "it is kept nowhere"
    );
    let by_key = |query: &str| {
        let read = read(API_KEY, &secret).unwrap();
        let mut request = Request::new(query);
        request.data = session(Identity {
            tenant: read.tenant,
            proof: Proof::Key {
                digest: read.digest,
            },
        });
        request
    };
    assert_eq!(person.code(by_key("{ agents { id } }")).await, None);
    let refused = person
        .code(by_key("{ conversations { nodes { id } } }"))
        .await;
    assert_eq!(refused.as_deref(), Some("FORBIDDEN"), "it does not name it");
    let list = "{ apiKeys { name hint lastUsedAt revokedAt permissions } }";
    let listed = person.asked.ask(&person.viewer, list, json!({})).await;
    assert!(listed["apiKeys"][0]["lastUsedAt"].is_string(), "{listed}");
    // Less for its agent is less for the key, at once.
    let statement = format!(
        "INSERT INTO roles (id, tenant_id, name, permissions, visibility, created_at)
            VALUES ('{0}', '{1}', 'less', '{{}}', 'own', now());
         UPDATE agents SET role = 'custom', role_id = '{0}' WHERE id = '{2}'",
        person.asked.world.clock.new_uuid(),
        person.viewer.tenant.0,
        person.viewer.agent.0
    );
    person.asked.world.test.execute_as_owner(&statement).await;
    let refused = person.code(by_key("{ agents { id } }")).await;
    assert_eq!(refused.as_deref(), Some("FORBIDDEN"));
    let back = "UPDATE agents SET role = 'developer', role_id = NULL";
    person.asked.world.test.execute_as_owner(back).await;
    let revoke = "mutation($id: ID!) { apiKeyRevoke(input: {apiKeyId: $id}) { status } }";
    let id = json!({"id": made["apiKey"]["id"]});
    let colleague = person
        .asked
        .world
        .person(person.viewer.tenant, Role::Developer, Presence::Away, 1)
        .await;
    let theirs = person.asked.ask(&colleague, revoke, id.clone()).await;
    assert_eq!(
        theirs["apiKeyRevoke"]["status"], "NOT_FOUND",
        "it is somebody else's"
    );
    let revoked = person.asked.ask(&person.viewer, revoke, id).await;
    assert_eq!(revoked["apiKeyRevoke"]["status"], "REVOKED");
    let refused = person.code(by_key("{ agents { id } }")).await;
    assert_eq!(refused.as_deref(), Some("UNAUTHENTICATED"));
    assert_eq!(person.count("api_key_created").await, 1);
    assert_eq!(person.count("api_key_revoked").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_key_ends_when_it_says() {
    let person = Person::fresh(Role::Developer).await;
    let document = "mutation($e: DateTime!) { apiKeyCreate(input: {name: \"short\",
        permissions: [AGENTS_READ], expiresAt: $e}) { secret } }";
    let end = (person.asked.desk.now() + Duration::hours(1)).to_rfc3339();
    let made = person
        .asked
        .ask(&person.viewer, document, json!({"e": end}))
        .await;
    let secret = made["apiKeyCreate"]["secret"].as_str().unwrap().to_owned();
    let ask = || {
        let read = read(API_KEY, &secret).unwrap();
        let mut request = Request::new("{ agents { id } }");
        request.data = session(Identity {
            tenant: read.tenant,
            proof: Proof::Key {
                digest: read.digest,
            },
        });
        request
    };
    assert_eq!(person.code(ask()).await, None);
    person.later(Duration::hours(2));
    assert_eq!(person.code(ask()).await.as_deref(), Some("UNAUTHENTICATED"));
}
