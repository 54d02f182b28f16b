//! Signing in at identity providers, against a real one (npm `oidc-provider`) that runs beside the test.

use crate::conformance::{install, is_possible};
use crate::desk::{Served, vault};
use anyhow::{Context, Result, ensure};
use chrono::Duration;
use interdesk_domain::agent::Presence;
use interdesk_domain::clock::Clock;
use interdesk_domain::permission::{Role, Viewer};
use interdesk_node::clock::SystemClock;
use interdesk_node::config::Config;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Url, redirect};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

const PAGE: &str = "http://127.0.0.1:9/signed-in";
const SET: &str = include_str!("../../../../graphql/operations/IdentityProviderSet.graphql");
const RETIRE: &str = include_str!("../../../../graphql/operations/IdentityProviderRetire.graphql");
const LIST: &str = include_str!("../../../../graphql/operations/SignInProviders.graphql");
const BEGIN: &str = include_str!("../../../../graphql/operations/ProviderSignInBegin.graphql");
const FINISH: &str = include_str!("../../../../graphql/operations/ProviderSignInFinish.graphql");

/// A provider as a process of its own.
struct Provider {
    issuer: String,
    process: Child,
}

impl Provider {
    async fn start(port: u16) -> Result<Self> {
        let mut process = Command::new("node")
            .current_dir(install()?)
            .args(["provider.mjs", &port.to_string(), PAGE])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = process.stdout.take().context("its output")?;
        let mut lines = BufReader::new(output).lines();
        let issuer = loop {
            let line = lines.next_line().await?.context("the provider ended")?;
            if let Some(issuer) = line.strip_prefix("ready ") {
                break issuer.to_owned();
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { issuer, process })
    }

    fn port(&self) -> u16 {
        let url = Url::parse(&self.issuer).ok();
        url.and_then(|url| url.port()).unwrap_or_default()
    }

    /// Says who somebody is there.
    async fn knows(&self, id: &str, claims: Value) -> Result<()> {
        let url = format!("{}/people/{id}", self.issuer);
        let request = reqwest::Client::new().put(url).body(claims.to_string());
        ensure!(request.send().await?.status() == 204);
        Ok(())
    }
}

/// What a page keeps, and the address that its person came back to.
struct Back {
    verifier: String,
    state: String,
    url: Url,
}

impl Back {
    fn part(&self, name: &str) -> Option<String> {
        let mut pairs = self.url.query_pairs();
        pairs
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    fn input(&self) -> Value {
        json!({"state": self.part("state"), "code": self.part("code"), "issuer": self.part("iss"),
            "verifier": self.verifier, "device": "a browser"})
    }
}

/// A desk whose administrator sets providers up.
struct Door {
    served: Served,
    admin: Viewer,
}

impl Door {
    async fn open() -> Self {
        let mut config = Config::default();
        config.auth.allow_private_providers = true;
        Self::with(config).await
    }

    async fn with(config: Config) -> Self {
        let served = Served::of(config, vault(1)).await;
        // The provider's clock is the machine's.
        let behind = SystemClock.now() - served.world.clock.now();
        served.world.clock.advance(behind);
        let tenant = served.world.tenant().await;
        let admin = served
            .world
            .person(tenant, Role::Admin, Presence::Online, 3);
        let admin = admin.await;
        Self { served, admin }
    }

    fn workspace(&self) -> String {
        format!("t-{}", self.admin.tenant.0)
    }

    async fn ask(&self, token: Option<&str>, document: &str, variables: Value) -> Value {
        let (status, answer) = self.served.ask_with(token, document, variables).await;
        assert_eq!((status, answer.get("errors")), (200, None), "{answer}");
        let data = answer["data"].as_object().expect("data");
        data.values().next().expect("a field").clone()
    }

    async fn as_admin(&self, document: &str, input: Value) -> Value {
        let token = self.served.token(&self.admin, &self.served.vault);
        self.ask(Some(&token), document, json!({"input": input}))
            .await
    }

    /// Sets a provider up with changes over what every test wants, and returns its id.
    async fn set_up(&self, provider: &Provider, changes: Value) -> String {
        let mut input = json!({"name": "Our people", "issuer": provider.issuer, "clientId": "desk",
            "clientSecret": "of the desk: 100 %", "scopes": ["email", "profile", "groups"],
            "redirectUrls": [PAGE], "createsAgents": true, "fallbackRole": null,
            "groupRoles": [{"group": "leads", "role": "SUPERVISOR"}, {"group": "staff", "role": "AGENT"}]});
        for (name, value) in changes.as_object().expect("an object") {
            input[name] = value.clone();
        }
        let set = self.as_admin(SET, input).await;
        assert_eq!(set["status"], "CHANGED", "{set}");
        set["identityProvider"]["id"]
            .as_str()
            .expect("an id")
            .to_owned()
    }

    async fn begin(&self, provider: &str, person: &str) -> Value {
        let input = json!({"workspace": self.workspace(), "providerId": provider, "redirectUrl": PAGE,
            "loginHint": person});
        self.ask(None, BEGIN, json!({"input": input})).await
    }

    /// Begins, and goes to the provider and back, as a browser does.
    async fn visit(&self, provider: &str, person: &str) -> Result<Back> {
        let begun = self.begin(provider, person).await;
        ensure!(begun["status"] == "BEGUN", "{begun}");
        let text = |name: &str| begun[name].as_str().map(str::to_owned).context("a text");
        let url = go(Url::parse(&text("url")?)?).await?;
        let back = Back {
            verifier: text("verifier")?,
            state: text("state")?,
            url,
        };
        assert_eq!(back.part("state").as_deref(), Some(back.state.as_str()));
        Ok(back)
    }

    async fn finish(&self, input: Value) -> Value {
        self.ask(None, FINISH, json!({"input": input})).await
    }

    /// Signs somebody in from the button to the token.
    async fn enter(&self, provider: &str, person: &str) -> Result<Value> {
        let back = self.visit(provider, person).await?;
        Ok(self.finish(back.input()).await)
    }

    async fn events(&self, kind: &str) -> i64 {
        let query = format!(
            "SELECT count(*) FROM outbox WHERE tenant_id = '{}' AND kind = '{kind}'",
            self.admin.tenant.0
        );
        self.served.world.test.count_as_owner(&query).await
    }
}

/// Follows redirects with cookies until the provider sends the person back to the page.
async fn go(mut url: Url) -> Result<Url> {
    let client = reqwest::Client::builder().redirect(redirect::Policy::none());
    let client = client.build()?;
    let mut cookies = BTreeMap::new();
    for _ in 0..12 {
        let jar: Vec<String> = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = client.get(url.clone()).header(COOKIE, jar.join("; "));
        let response = request.send().await?;
        for cookie in response.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str()?.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').context("a cookie")?;
            cookies.insert(name.to_owned(), value.to_owned());
        }
        let next = response.headers().get(LOCATION).context("a redirect")?;
        url = url.join(next.to_str()?)?;
        if url.as_str().starts_with(PAGE) {
            return Ok(url);
        }
    }
    anyhow::bail!("the provider sends people around in circles")
}

fn person(groups: &[&str]) -> Value {
    json!({"email": "Agent41@example.org", "email_verified": true, "name": "Agent 41", "groups": groups})
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_becomes_an_agent_and_has_the_role_of_their_groups_each_time() -> Result<()> {
    if !is_possible("provider.mjs") {
        return Ok(());
    }
    let (door, provider) = (Door::open().await, Provider::start(0).await?);
    let id = door.set_up(&provider, json!({})).await;
    let listed = door
        .ask(None, LIST, json!({"workspace": door.workspace()}))
        .await;
    assert_eq!(listed, json!([{"id": id, "name": "Our people"}]));

    provider
        .knows("u-41", person(&["guests", "staff", "leads"]))
        .await?;
    let first = door.enter(&id, "u-41").await?;
    assert_eq!(first["status"], "SIGNED_IN", "{first}");
    assert_eq!(first["agent"]["name"], "Agent 41");
    assert_eq!(first["agent"]["role"], "SUPERVISOR");
    let me = "{ me { id name email role presence } }";
    let me = door.ask(first["token"].as_str(), me, json!({})).await;
    assert_eq!(me["id"], first["agent"]["id"]);
    assert_eq!(
        (&me["role"], &me["presence"]),
        (&json!("SUPERVISOR"), &json!("OFFLINE"))
    );
    assert_eq!(door.events("agent_added").await, 1);
    assert_eq!(door.events("agent_account_linked").await, 1);

    // The same account, another address and another group: the same agent with another role.
    let mut moved = person(&["staff"]);
    moved["email"] = json!("other@example.org");
    provider.knows("u-41", moved).await?;
    let second = door.enter(&id, "u-41").await?;
    assert_eq!(second["agent"]["id"], first["agent"]["id"]);
    assert_eq!(second["agent"]["role"], "AGENT");
    let again = door.enter(&id, "u-41").await?;
    assert_eq!(again["agent"]["role"], "AGENT");
    assert_eq!(door.events("agent_added").await, 1);
    assert_eq!(
        door.events("agent_updated").await,
        1,
        "the role changed once"
    );
    assert_eq!(door.events("agent_signed_in").await, 3);

    // The session is one like any other.
    let refresh = "mutation($t: String!) { sessionRefresh(input: {refreshToken: $t}) { status } }";
    let refreshed = door
        .ask(None, refresh, json!({"t": again["refreshToken"]}))
        .await;
    assert_eq!(refreshed["status"], "REFRESHED");

    provider.knows("u-41", person(&["guests"])).await?;
    let out = door.enter(&id, "u-41").await?;
    assert_eq!(
        (&out["status"], &out["token"]),
        (&json!("NOT_ADMITTED"), &Value::Null)
    );
    door.served.end().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_found_by_a_verified_address_alone_and_by_the_account_from_then_on()
-> Result<()> {
    if !is_possible("provider.mjs") {
        return Ok(());
    }
    let (door, provider) = (Door::open().await, Provider::start(0).await?);
    let changes = json!({"createsAgents": false, "groupRoles": []});
    let id = door.set_up(&provider, changes).await;
    let tenant = door.admin.tenant;
    let agent = door
        .served
        .world
        .person(tenant, Role::Auditor, Presence::Away, 3)
        .await;
    let email = format!("{}@example.org", agent.agent.0);
    let claims =
        |verified: Value| json!({"email": email, "email_verified": verified, "name": "Somebody"});

    for unverified in [json!(false), Value::Null] {
        provider.knows("u-1", claims(unverified)).await?;
        let refused = door.enter(&id, "u-1").await?;
        assert_eq!(refused["refusal"]["code"], "NOT_ADMITTED", "{refused}");
    }
    assert_eq!(door.events("agent_account_linked").await, 0);
    provider.knows("u-1", claims(json!(true))).await?;
    let linked = door.enter(&id, "u-1").await?;
    assert_eq!(linked["agent"]["id"], agent.agent.to_string(), "{linked}");
    assert_eq!(
        linked["agent"]["role"], "AUDITOR",
        "no rule says anything about roles"
    );

    // Whoever gets the address later is somebody else.
    provider.knows("u-2", claims(json!(true))).await?;
    let other = door.enter(&id, "u-2").await?;
    assert_eq!(other["status"], "NOT_ADMITTED", "{other}");
    // Nobody of this address is here, and signing in adds nobody.
    provider.knows("u-3", person(&["staff"])).await?;
    let unknown = door.enter(&id, "u-3").await?;
    assert_eq!(unknown["status"], "NOT_ADMITTED", "{unknown}");
    let query = format!(
        "UPDATE agents SET disabled_at = now() WHERE id = '{}'",
        agent.agent.0
    );
    door.served.world.test.execute_as_owner(&query).await;
    let disabled = door.enter(&id, "u-1").await?;
    assert_eq!(disabled["status"], "NOT_ADMITTED", "{disabled}");
    door.served.end().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_good_once_soon_and_in_the_page_that_began() -> Result<()> {
    if !is_possible("provider.mjs") {
        return Ok(());
    }
    let (door, provider) = (Door::open().await, Provider::start(0).await?);
    let id = door.set_up(&provider, json!({})).await;
    provider.knows("u-41", person(&["staff"])).await?;

    let back = door.visit(&id, "u-41").await?;
    assert_eq!(door.finish(back.input()).await["status"], "SIGNED_IN");
    let again = door.finish(back.input()).await;
    assert_eq!(again["refusal"]["code"], "SIGN_IN_EXPIRED", "{again}");

    // Somebody puts their own code and state into another's page: that page has another verifier.
    let (theirs, own) = (
        door.visit(&id, "u-41").await?,
        door.visit(&id, "u-41").await?,
    );
    let mut forged = theirs.input();
    forged["verifier"] = json!(own.verifier);
    assert_eq!(door.finish(forged).await["status"], "EXPIRED");
    // Or their code alone, beside the page's own state: the provider refuses the verifier.
    let mut forged = own.input();
    forged["code"] = json!(theirs.part("code"));
    let refused = door.finish(forged).await;
    assert_eq!(refused["refusal"]["code"], "PROVIDER_REFUSED", "{refused}");

    // An answer of another provider, or of nobody (RFC 9207).
    for issuer in [json!("https://id.example.org"), Value::Null] {
        let mut mixed = door.visit(&id, "u-41").await?.input();
        mixed["issuer"] = issuer;
        let refused = door.finish(mixed).await;
        assert_eq!(refused["status"], "REFUSED", "{refused}");
    }

    let late = door.visit(&id, "u-41").await?;
    door.served.world.clock.advance(Duration::minutes(10));
    assert_eq!(door.finish(late.input()).await["status"], "EXPIRED");
    door.served.world.clock.advance(-Duration::minutes(10));

    let left = door.visit(&id, "u-41").await?;
    let retired = door
        .as_admin(RETIRE, json!({"identityProviderId": id}))
        .await;
    assert_eq!(retired["status"], "CHANGED");
    assert_eq!(door.finish(left.input()).await["status"], "EXPIRED");
    assert_eq!(door.begin(&id, "u-41").await["status"], "NOT_FOUND");
    door.served.end().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_providers_are_two_doors_and_new_keys_open_them_too() -> Result<()> {
    if !is_possible("provider.mjs") {
        return Ok(());
    }
    let door = Door::open().await;
    let (mut one, two) = (Provider::start(0).await?, Provider::start(0).await?);
    let first = door.set_up(&one, json!({})).await;
    let body = json!({"name": "Others", "clientId": "desk-by-body", "clientSecret": "of the desk by body"});
    let second = door.set_up(&two, body).await;
    let taken =
        json!({"name": "Others", "issuer": two.issuer, "clientId": "desk", "redirectUrls": [PAGE]});
    assert_eq!(door.as_admin(SET, taken).await["status"], "NAME_TAKEN");

    // The same subject at two providers is two accounts; a verified address makes them one agent.
    one.knows("u-1", person(&["staff"])).await?;
    two.knows(
        "u-1",
        json!({"email": "agent42@example.org", "email_verified": true, "groups": ["staff"]}),
    )
    .await?;
    two.knows("u-2", person(&["staff"])).await?;
    let (a, b) = (
        door.enter(&first, "u-1").await?,
        door.enter(&second, "u-1").await?,
    );
    assert_eq!(
        (&a["status"], &b["status"]),
        (&json!("SIGNED_IN"), &json!("SIGNED_IN")),
        "{b}"
    );
    assert_ne!(a["agent"]["id"], b["agent"]["id"]);
    assert_eq!(
        b["agent"]["name"], "agent42",
        "no name is told, so the address stands for it"
    );
    let c = door.enter(&second, "u-2").await?;
    assert_eq!(c["agent"]["id"], a["agent"]["id"]);

    // A sign-in that was begun at one is not finished by the other's answer.
    let (here, there) = (
        door.visit(&first, "u-1").await?,
        door.visit(&second, "u-1").await?,
    );
    let mut mixed = here.input();
    mixed["code"] = json!(there.part("code"));
    mixed["issuer"] = json!(there.part("iss"));
    assert_eq!(door.finish(mixed).await["status"], "REFUSED");

    // The provider comes back with new keys while the old ones are remembered.
    one.process.kill().await?;
    let gone = door.begin(&first, "u-1").await;
    assert_eq!(
        gone["status"], "BEGUN",
        "where people sign in is remembered"
    );
    let one = Provider::start(one.port()).await?;
    one.knows("u-1", person(&["staff"])).await?;
    door.served.world.clock.advance(Duration::seconds(11));
    assert_eq!(door.enter(&first, "u-1").await?["status"], "SIGNED_IN");

    // A public client has no secret; without the provider nobody comes in.
    let public =
        json!({"identityProviderId": first, "clientId": "desk-in-public", "clientSecret": null});
    let public = door.as_admin(SET, public).await;
    assert_eq!(public["identityProvider"]["hasClientSecret"], false);
    assert_eq!(door.enter(&first, "u-1").await?["status"], "SIGNED_IN");
    let back = door.visit(&first, "u-1").await?;
    drop(one);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let away = door.finish(back.input()).await;
    assert_eq!(away["refusal"]["code"], "PROVIDER_UNAVAILABLE", "{away}");
    door.served.end().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_set_up_by_who_may_everything_and_only_one_that_answers() -> Result<()> {
    if !is_possible("provider.mjs") {
        return Ok(());
    }
    let (door, provider) = (Door::open().await, Provider::start(0).await?);
    let good = json!({"name": "Ours", "issuer": provider.issuer, "clientId": "desk", "redirectUrls": [PAGE]});
    for (field, value, path) in [
        ("issuer", json!("http://127.0.0.1:1"), "issuer"),
        ("issuer", json!(format!("{}/", provider.issuer)), "issuer"),
        ("issuer", json!("no address"), "issuer"),
        ("name", json!(" "), "name"),
        ("clientId", json!(""), "clientId"),
        ("clientSecret", json!(""), "clientSecret"),
        ("scopes", json!(["a b"]), "scopes[0]"),
        ("redirectUrls", json!([]), "redirectUrls"),
        (
            "redirectUrls",
            json!(["http://desk.example.org/"]),
            "redirectUrls[0]",
        ),
        (
            "redirectUrls",
            json!(["https://desk.example.org/#a"]),
            "redirectUrls[0]",
        ),
        (
            "redirectUrls",
            json!(["javascript:alert(1)"]),
            "redirectUrls[0]",
        ),
        ("createsAgents", json!(true), "createsAgents"),
    ] {
        let mut input = good.clone();
        input[field] = value.clone();
        let refused = door.as_admin(SET, input).await;
        assert_eq!(refused["status"], "INVALID", "{field} {value} {refused}");
        assert_eq!(refused["faults"][0]["path"], path, "{refused}");
    }
    let unknown =
        json!([{"group": "a", "role": "CUSTOM", "roleId": "role_01h455vb4pex5vsknk084sn02q"}]);
    let mut input = good.clone();
    input["groupRoles"] = unknown;
    assert_eq!(door.as_admin(SET, input).await["status"], "NOT_FOUND");

    // Whoever sets a provider up can sign in as anybody, so one permission is not enough.
    let make = "mutation { roleCreate(input: {name: \"Doors\", permissions: [SIGN_IN_CONFIGURE],
        visibility: OWN}) { role { id } } }";
    let token = door.served.token(&door.admin, &door.served.vault);
    let role = door.ask(Some(&token), make, json!({})).await["role"]["id"].clone();
    let keeper = door.served.world.agent(door.admin.tenant, 1).await;
    let give = "mutation($a: ID!, $r: ID!) { agentRoleSet(input: {agentId: $a, role: CUSTOM, roleId: $r}) {
        status } }";
    let given = door
        .ask(
            Some(&token),
            give,
            json!({"a": keeper.agent.to_string(), "r": role}),
        )
        .await;
    assert_eq!(given["status"], "CHANGED");
    let own = door.served.token(&keeper, &door.served.vault);
    let refused = door.ask(Some(&own), SET, json!({"input": good})).await;
    assert_eq!(refused["status"], "NOT_ALLOWED", "{refused}");

    let set = door.as_admin(SET, good.clone()).await;
    assert_eq!(set["status"], "CHANGED", "{set}");
    let id = set["identityProvider"]["id"].as_str().context("an id")?;
    let begun = json!({"workspace": door.workspace(), "providerId": id,
        "redirectUrl": "https://elsewhere.example.org/"});
    let begun = door.ask(None, BEGIN, json!({"input": begun})).await;
    assert_eq!(begun["refusal"]["code"], "REDIRECT_REFUSED");
    door.served.end().await;

    // Where private networks are left alone, a provider in one is not called.
    let closed = Door::with(Config::default()).await;
    let refused = closed.as_admin(SET, good).await;
    assert_eq!(refused["faults"][0]["path"], "issuer", "{refused}");
    closed.served.end().await;
    Ok(())
}
