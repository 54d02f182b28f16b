//! What an older key of the installation sealed is sealed anew, and the older key can go.

use crate::bench::*;
use interdesk_domain::inbox::ChannelKind::{Telegram, Whatsapp};
use interdesk_flow::keys::{self, Purpose};
use interdesk_flow::reseal::{Resealed, reseal};
use interdesk_store::vault::Vault;
use std::sync::Arc;

/// The bench's own.
const OLD: &str = "1:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
const NEW: &str = "2:CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_reseal_the_newest_key_alone_opens_everything() {
    let mut bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    bench.inbox(Telegram).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let old = bench.courier.vault.clone();
    let signing = keys::signing(&bench.desk, &old, Purpose::Checkpoint);
    let signing = signing.await.unwrap();

    let both = Vault::parse(&format!("{NEW},{OLD}")).unwrap();
    let done = reseal(&bench.desk, &both).await.unwrap();
    let expect = Resealed {
        inboxes: 2,
        keys: 1,
        ..Resealed::default()
    };
    assert_eq!(done, expect);

    let new = Vault::parse(NEW).unwrap();
    let opened = keys::signing(&bench.desk, &new, Purpose::Checkpoint).await;
    assert_eq!(opened.unwrap().public(), signing.public());
    bench.courier.vault = Arc::new(new);
    let reply = bench.reply(conversation, "hi").await;
    assert_eq!(bench.deliver(conversation).await, 1);
    assert_eq!(bench.delivery(reply).await, "sent");

    let again = reseal(&bench.desk, &both).await.unwrap();
    let expect = Resealed {
        current: 3,
        ..Resealed::default()
    };
    assert_eq!(again, expect);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_key_opens_is_named_and_left_as_it_is() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let before = bench.one("SELECT credentials FROM inboxes").await;
    let done = reseal(&bench.desk, &Vault::parse(NEW).unwrap()).await;
    let done = done.unwrap();
    let named = format!("{}: sealed with key 1", inbox.id);
    assert_eq!(done.inboxes, 0);
    assert!(done.unreadable[0].starts_with(&named), "{done:?}");
    assert_eq!(bench.one("SELECT credentials FROM inboxes").await, before);
}
