//! The rules for tokens (RFC 8725) over HTTP, one test for each way of going around them; the key set,
//! API keys, and pages of other origins.

use crate::desk::{Served, vault};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use interdesk_domain::agent::Presence;
use interdesk_domain::permission::{Role, Viewer};
use interdesk_node::config::Config;
use interdesk_node::token::{self, Bearer};
use interdesk_store::vault::Vault;
use serde_json::{Value, json};

const ME: &str = "{ me { id } }";
const BOTH: &str =
    "2:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=,1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const NEW: &str = "2:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

async fn start() -> (Served, Viewer) {
    start_with(Config::default(), vault(1)).await
}

async fn start_with(config: Config, vault: Vault) -> (Served, Viewer) {
    let served = Served::of(config, vault).await;
    let tenant = served.world.tenant().await;
    let viewer = served.world.agent(tenant, 3).await;
    (served, viewer)
}

/// Asks with a token and returns the code of the error; none where it is answered.
async fn refused(served: &Served, token: &str) -> Option<String> {
    let (status, answer) = served.ask(token, ME).await;
    let code = answer["errors"][0]["extensions"]["code"].as_str();
    match code {
        None => assert_eq!((status, answer.get("errors")), (200, None), "{answer}"),
        Some(_) => assert!(answer["data"].is_null(), "{status} {answer}"),
    }
    code.map(str::to_owned)
}

fn bearer(viewer: &Viewer) -> Bearer {
    Bearer {
        subject: viewer.agent.to_string(),
        tenant: viewer.tenant.to_string(),
        session: None,
    }
}

/// Takes a token apart into its header and claims.
fn parts(token: &str) -> (Value, Value, String) {
    let mut parts = token.split('.');
    let mut read = || {
        let part = URL_SAFE_NO_PAD.decode(parts.next().unwrap()).unwrap();
        serde_json::from_slice(&part).unwrap()
    };
    let (header, claims) = (read(), read());
    (header, claims, token.rsplit('.').next().unwrap().to_owned())
}

fn write(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_says_it_needs_no_signature_is_refused() {
    let (served, viewer) = start().await;
    let (header, claims, signature) = parts(&served.token(&viewer, &served.vault));
    for algorithm in ["none", "None", "NONE"] {
        let mut forged = header.clone();
        forged["alg"] = json!(algorithm);
        for signature in ["", &signature] {
            let token = format!("{}.{}.{signature}", write(&forged), write(&claims));
            assert_eq!(
                refused(&served, &token).await.as_deref(),
                Some("UNAUTHENTICATED")
            );
        }
    }
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_key_is_no_shared_secret() {
    let (served, viewer) = start().await;
    let (mut header, claims, _) = parts(&served.token(&viewer, &served.vault));
    header["alg"] = json!("HS256");
    let jwks = served.jwks().await;
    let public = jwks["keys"][0]["x"].as_str().unwrap();
    let raw = URL_SAFE_NO_PAD.decode(public).unwrap();
    for secret in [
        public.as_bytes().to_vec(),
        raw,
        jwks.to_string().into_bytes(),
    ] {
        let signed = format!("{}.{}", write(&header), write(&claims));
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &secret);
        let tag = aws_lc_rs::hmac::sign(&key, signed.as_bytes());
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()));
        assert_eq!(
            refused(&served, &token).await.as_deref(),
            Some("UNAUTHENTICATED")
        );
    }
    served.end().await;
}

/// Issues a token as a desk with other settings would, under the same key.
fn issued_elsewhere(served: &Served, viewer: &Viewer, change: impl FnOnce(&mut Config)) -> String {
    let mut config = Config::default();
    change(&mut config);
    let (issuer, _) = token::from_vault(&served.vault, &config.auth).unwrap();
    let issued = issuer.issue(served.desk.clock.as_ref(), &bearer(viewer));
    issued.unwrap().text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_another_audience_is_refused() {
    let (served, viewer) = start().await;
    let token = issued_elsewhere(&served, &viewer, |config| {
        config.auth.audience = "another".to_owned();
    });
    assert_eq!(
        refused(&served, &token).await.as_deref(),
        Some("UNAUTHENTICATED")
    );
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_issuer_is_refused() {
    let (served, viewer) = start().await;
    let token = issued_elsewhere(&served, &viewer, |config| {
        config.auth.issuer = "another".to_owned();
    });
    assert_eq!(
        refused(&served, &token).await.as_deref(),
        Some("UNAUTHENTICATED")
    );
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_whose_time_is_over_is_refused() {
    let (served, viewer) = start().await;
    let token = served.token(&viewer, &served.vault);
    assert_eq!(refused(&served, &token).await, None);
    served.world.clock.advance(Duration::minutes(16));
    assert_eq!(
        refused(&served, &token).await.as_deref(),
        Some("TOKEN_EXPIRED")
    );
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_whose_time_has_not_come_is_refused() {
    let (served, viewer) = start().await;
    served.world.clock.advance(Duration::minutes(5));
    let token = served.token(&viewer, &served.vault);
    served.world.clock.advance(Duration::minutes(-5));
    assert_eq!(
        refused(&served, &token).await.as_deref(),
        Some("UNAUTHENTICATED")
    );
    served.world.clock.advance(Duration::minutes(5));
    assert_eq!(refused(&served, &token).await, None, "until it comes");
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_names_an_unknown_key_or_none_is_refused() {
    let (served, viewer) = start().await;
    let (header, claims, signature) = parts(&served.token(&viewer, &served.vault));
    for kid in [json!("unknown"), json!("../key"), json!(7), Value::Null] {
        let mut forged = header.clone();
        forged["kid"] = kid;
        let token = format!("{}.{}.{signature}", write(&forged), write(&claims));
        assert_eq!(
            refused(&served, &token).await.as_deref(),
            Some("UNAUTHENTICATED")
        );
    }
    // A key that the token brings along, or says where to get, is not looked at.
    let mut forged = header.clone();
    forged["kid"] = json!("own");
    forged["jwk"] = served.jwks().await["keys"][0].clone();
    forged["jku"] = json!("http://127.0.0.1:9/keys");
    let token = format!("{}.{}.{signature}", write(&forged), write(&claims));
    assert_eq!(
        refused(&served, &token).await.as_deref(),
        Some("UNAUTHENTICATED")
    );
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_a_session_that_ended_is_refused() {
    let (served, viewer) = start().await;
    let session = served.desk.clock.new_uuid();
    let insert = format!(
        "INSERT INTO sessions (id, tenant_id, agent_id, created_at, seen_at, expires_at)
         VALUES ('{session}', '{}', '{}', now(), now(), now() + interval '1 day')",
        viewer.tenant.0, viewer.agent.0
    );
    served.world.test.execute_as_owner(&insert).await;
    let (issuer, _) = token::from_vault(&served.vault, &served.config.auth).unwrap();
    let bearer = Bearer {
        session: Some(interdesk_domain::id::SessionId(session).to_string()),
        ..bearer(&viewer)
    };
    let token = issuer
        .issue(served.desk.clock.as_ref(), &bearer)
        .unwrap()
        .text;
    assert_eq!(refused(&served, &token).await, None);
    let (status, answer) = served
        .ask(&token, "mutation { signOut(input: {}) { status } }")
        .await;
    assert_eq!(
        (status, &answer["data"]["signOut"]["status"]),
        (200, &json!("SIGNED_OUT"))
    );
    assert_eq!(
        refused(&served, &token).await.as_deref(),
        Some("UNAUTHENTICATED")
    );
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_replaced_without_a_pause_and_once_retired_proves_nothing() {
    let old = vault(1);
    let (served, viewer) = start_with(Config::default(), Vault::parse(BOTH).unwrap()).await;
    let before = served.token(&viewer, &old);
    assert_eq!(
        refused(&served, &before).await,
        None,
        "the key before still proves"
    );
    let after = served.token(&viewer, &served.vault);
    assert_eq!(refused(&served, &after).await, None);
    let (first, second) = (
        parts(&after).0["kid"].clone(),
        parts(&before).0["kid"].clone(),
    );
    assert_ne!(first, second, "the newest signs");
    let jwks = served.jwks().await;
    let keys = jwks["keys"].as_array().unwrap();
    let named: Vec<&Value> = keys.iter().map(|key| &key["kid"]).collect();
    assert_eq!(named, [&first, &second]);
    assert!(
        keys.iter().all(|key| key.get("d").is_none()),
        "public halves alone"
    );
    served.end().await;

    let (served, viewer) = start_with(Config::default(), Vault::parse(NEW).unwrap()).await;
    let retired = served.token(&viewer, &old);
    assert_eq!(
        refused(&served, &retired).await.as_deref(),
        Some("UNAUTHENTICATED")
    );
    let good = served.token(&viewer, &served.vault);
    assert_eq!(refused(&served, &good).await, None);
    let jwks = served.jwks().await;
    assert_eq!(jwks["keys"].as_array().unwrap().len(), 1);
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_key_over_http_allows_what_it_names_until_its_end() {
    let (served, _) = start().await;
    let tenant = served.world.tenant().await;
    let developer = served
        .world
        .person(tenant, Role::Developer, Presence::Away, 1)
        .await;
    let own = served.token(&developer, &served.vault);
    let end = (served.desk.now() + Duration::hours(1)).to_rfc3339();
    let create = format!(
        "mutation {{ apiKeyCreate(input: {{name: \"dashboard\", permissions: [AGENTS_READ],
            expiresAt: \"{end}\"}}) {{ secret }} }}"
    );
    let (_, made) = served.ask(&own, &create).await;
    let key = made["data"]["apiKeyCreate"]["secret"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(refused(&served, &key).await, None);
    let (_, answer) = served
        .ask(&key, "{ agents { id } conversations { totalCount } }")
        .await;
    assert!(answer["data"]["agents"].is_array(), "{answer}");
    assert_eq!(
        answer["errors"][0]["extensions"]["code"], "FORBIDDEN",
        "it does not name it"
    );
    let mut other = key.clone();
    let last = other.pop().unwrap();
    other.push(if last == '0' { '1' } else { '0' });
    assert_eq!(
        refused(&served, &other).await.as_deref(),
        Some("UNAUTHENTICATED")
    );
    served.world.clock.advance(Duration::hours(1));
    assert_eq!(
        refused(&served, &key).await.as_deref(),
        Some("UNAUTHENTICATED")
    );
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_the_origins_that_are_named_may_call_and_no_others() {
    let mut config = Config::default();
    config.graphql.allowed_origins = "https://desk.example.org".to_owned();
    let (open, _) = start_with(config, vault(1)).await;
    let (closed, _) = start().await;
    let ask = async |served: &Served, method: reqwest::Method, origin: &str| {
        let url = format!("http://{}/graphql?query=%7B__typename%7D", served.address);
        let request = reqwest::Client::new().request(method, url);
        let request = request
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "authorization,content-type",
            );
        let answer = request.send().await.unwrap();
        let header = |name: &str| {
            let value = answer.headers().get(name);
            value.map(|value| value.to_str().unwrap().to_owned())
        };
        let allowed = header("access-control-allow-origin");
        assert_eq!(header("access-control-allow-credentials"), None);
        (
            answer.status().as_u16(),
            allowed,
            header("access-control-allow-headers"),
        )
    };
    let (own, other) = (
        "https://desk.example.org",
        "https://desk.example.org.evil.example",
    );
    let (status, allowed, headers) = ask(&open, reqwest::Method::OPTIONS, own).await;
    assert_eq!((status, allowed.as_deref()), (204, Some(own)));
    assert!(headers.unwrap().contains("authorization"));
    let (status, allowed, _) = ask(&open, reqwest::Method::GET, own).await;
    assert_eq!((status, allowed.as_deref()), (200, Some(own)));
    for (served, origin) in [(&open, other), (&open, "null"), (&closed, own)] {
        let (status, allowed, _) = ask(served, reqwest::Method::OPTIONS, origin).await;
        assert_eq!((status, allowed), (405, None), "{origin}");
        let (status, allowed, _) = ask(served, reqwest::Method::GET, origin).await;
        assert_eq!(
            (status, allowed),
            (200, None),
            "the browser keeps the answer from the page"
        );
    }
    open.end().await;
    closed.end().await;
}
