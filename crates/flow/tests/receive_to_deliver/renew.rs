//! Secrets that end are renewed ahead of their end, once, and the desk keeps what replaces them.

use crate::bench::*;
use crate::provider::Answer::{self, Later, Say};
use interdesk_channels::{Credentials, channel};
use interdesk_domain::inbox::ChannelKind::{Email, Whatsapp};
use interdesk_flow::receive::Mailbox;
use interdesk_flow::renew::renew;
use interdesk_store::inboxes;
use serde_json::{Value, json};
use std::sync::Arc;

const HEALTH: &str = "SELECT state || ' ' || reason FROM inbox_conditions WHERE subject = 'token'";

impl Bench {
    async fn secrets(&self, inbox: Mailbox) -> Credentials {
        let transaction = self.desk.database.begin(self.scope).await.unwrap();
        let sealed = inboxes::lock_credentials(&transaction, self.scope, inbox.id).await;
        transaction.rollback().await.unwrap();
        let id = inbox.id.to_string();
        let opened = self.courier.vault.open(&id, &sealed.unwrap().unwrap());
        serde_json::from_slice(opened.unwrap().expose()).unwrap()
    }

    async fn give_secrets(&self, inbox: Mailbox, credentials: &Credentials) {
        let plain = serde_json::to_vec(credentials).unwrap();
        let id = inbox.id.to_string();
        let sealed = self.courier.vault.seal(&id, &plain).unwrap();
        let transaction = self.desk.database.begin(self.scope).await.unwrap();
        let set = inboxes::set_credentials(&transaction, self.scope, inbox.id, &sealed).await;
        set.unwrap();
        transaction.commit().await.unwrap();
    }

    /// An inbox of a provider without passwords.
    async fn by_token(&self) -> Mailbox {
        let inbox = self.inbox(Email).await;
        self.run("UPDATE inboxes SET endpoint = 'smtp://127.0.0.1:1' WHERE channel = 'email'")
            .await;
        let others = [
            ("oauth_token_url", format!("{}/token", self.provider.url)),
            ("oauth_client_id", "desk".to_owned()),
            ("oauth_refresh_token", "refresh-1".to_owned()),
        ];
        let others = others.map(|(name, value)| (name.to_owned(), value));
        let credentials = Credentials {
            others: others.into(),
            ..Credentials::default()
        };
        self.give_secrets(inbox, &credentials).await;
        inbox
    }

    async fn renew(&self) -> u32 {
        renew(&self.desk, &self.courier, channel).await.unwrap()
    }

    fn asked(&self) -> Vec<String> {
        let calls = self.provider.calls();
        let forms = calls.iter().map(|call| call.body.as_str().unwrap_or("-"));
        forms.map(str::to_owned).collect()
    }
}

fn gives(token: &str, next: Option<&str>, seconds: i64) -> Answer {
    let mut body = json!({ "access_token": token, "token_type": "Bearer", "expires_in": seconds });
    if let Some(next) = next {
        body["refresh_token"] = next.into();
    }
    Say(200, None, body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_asked_for_at_once_and_again_shortly_before_its_end() {
    let bench = Bench::fresh().await;
    let (inbox, other) = (bench.by_token().await, bench.inbox(Whatsapp).await);
    let form =
        |refresh: &str| format!("grant_type=refresh_token&refresh_token={refresh}&client_id=desk");
    bench.provider.plan([
        gives("token-1", Some("refresh-2"), 3_600),
        gives("token-2", None, 3_600),
    ]);
    assert_eq!(bench.renew().await, 1);
    let held = bench.secrets(inbox).await;
    assert_eq!(held.access_token.as_deref(), Some("token-1"));
    assert_eq!(held.other("oauth_refresh_token"), Some("refresh-2"));
    bench.world.clock.advance(seconds(3_299));
    assert_eq!(bench.renew().await, 0, "it lasts");
    bench.world.clock.advance(seconds(1));
    assert_eq!(bench.renew().await, 1);
    assert_eq!(bench.asked(), [form("refresh-1"), form("refresh-2")]);
    let held = bench.secrets(inbox).await;
    assert_eq!(held.access_token.as_deref(), Some("token-2"));
    assert_eq!(
        held.other("oauth_refresh_token"),
        Some("refresh-2"),
        "it stays"
    );
    assert_eq!(bench.one(HEALTH).await, "healthy renewed");
    let untouched = bench.secrets(other).await;
    assert_eq!(untouched.access_token.as_deref(), Some("token"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_refuses_is_told_and_asked_once_a_minute() {
    let bench = Bench::fresh().await;
    let inbox = bench.by_token().await;
    let refusal = json!({ "error": "invalid_grant", "error_description": "consent was withdrawn" });
    bench.provider.plan([
        Say(503, None, Value::Null),
        Say(400, None, refusal),
        gives("token-3", None, 3_600),
    ]);
    assert_eq!(bench.renew().await, 0);
    assert_eq!(bench.count("inbox_conditions").await, 0, "that may pass");
    assert_eq!(bench.renew().await, 0);
    assert_eq!(bench.asked().len(), 1, "one try a minute, whoever tries");
    bench.world.clock.advance(seconds(60));
    assert_eq!(bench.renew().await, 0);
    let told = "SELECT state || ' ' || detail FROM inbox_conditions";
    let told = bench.one(told).await;
    assert!(
        told.starts_with("blocked ") && told.contains("consent was withdrawn"),
        "{told}"
    );
    assert!(
        told.contains("oauth_refresh_token"),
        "what mends it: {told}"
    );
    assert_eq!(bench.secrets(inbox).await.access_token, None);
    bench.world.clock.advance(seconds(60));
    assert_eq!(bench.renew().await, 1);
    assert_eq!(bench.one(HEALTH).await, "healthy renewed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_administrator_wrote_meanwhile_stays() {
    let bench = Bench::fresh().await;
    let inbox = bench.by_token().await;
    let leave = Arc::new(tokio::sync::Notify::new());
    let told = json!({ "access_token": "token-1", "refresh_token": "refresh-2" });
    bench.provider.plan([Later(Arc::clone(&leave), told)]);
    let writing = async {
        while bench.provider.calls().is_empty() {
            tokio::task::yield_now().await;
        }
        let mut credentials = bench.secrets(inbox).await;
        let other = ("oauth_client_id".to_owned(), "other".to_owned());
        credentials.others.extend([other]);
        bench.give_secrets(inbox, &credentials).await;
        leave.notify_one();
    };
    tokio::join!(bench.renew(), writing);
    let held = bench.secrets(inbox).await;
    assert_eq!(held.other("oauth_client_id"), Some("other"));
    assert_eq!(
        held.access_token, None,
        "the next look asks with what was written"
    );
}
