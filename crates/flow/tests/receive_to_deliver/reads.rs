//! What is shown as read in a group, where each message is marked by itself.

use crate::bench::*;
use crate::provider::Answer::Say;
use interdesk_channels::channel;
use interdesk_domain::id::ConversationId;
use interdesk_domain::inbox::ChannelKind::Whatsapp;
use interdesk_domain::message::*;
use interdesk_flow::receive::Mailbox;
use interdesk_flow::signal::{self, Kind};
use serde_json::json;

async fn says(bench: &Bench, inbox: Mailbox, id: &str, who: &str) {
    let author = Author::Customer(sender(vec![phone(who)]));
    let said = InboundMessage {
        group: Some("group-1".to_owned()),
        ..inbound(id, author, words(id))
    };
    bench.receive(inbox, message(said)).await;
}

/// Shows what was read, and returns which messages the provider was told of.
async fn read(bench: &Bench, conversation: ConversationId) -> Vec<String> {
    let before = bench.provider.calls().len();
    let shown = signal::show(&bench.desk, bench.scope, conversation, Kind::Read).await;
    assert!(shown.unwrap());
    let sent = signal::send(&bench.desk, &bench.courier, channel).await;
    assert_eq!(sent.unwrap(), 1);
    let calls = bench.provider.calls().split_off(before);
    let told = calls.into_iter().map(|call| {
        assert_eq!(call.body["status"], "read");
        call.body["message_id"].as_str().unwrap().to_owned()
    });
    told.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_message_of_a_whatsapp_group_is_marked_as_read_by_itself_and_once() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    for (id, who) in [
        ("m-1", "15550100"),
        ("m-2", "15550101"),
        ("m-3", "15550100"),
    ] {
        says(&bench, inbox, id, who).await;
    }
    let id = bench.one("SELECT id FROM conversations").await;
    bench.assign(&id).await;
    let conversation = ConversationId(id.parse().unwrap());
    assert_eq!(read(&bench, conversation).await, ["m-1", "m-2", "m-3"]);
    says(&bench, inbox, "m-4", "15550101").await;
    assert_eq!(read(&bench, conversation).await, ["m-4"]);
    assert!(
        read(&bench, conversation).await.is_empty(),
        "all are marked"
    );

    // Where the provider does not answer the next time begins there; what it does not know holds up nobody.
    for id in ["m-5", "m-6", "m-7"] {
        says(&bench, inbox, id, "15550101").await;
    }
    let refused = json!({ "error": { "code": 131_009, "message": "no such message" } });
    let busy = json!({ "error": { "code": 130_429, "message": "too much" } });
    bench
        .provider
        .plan([Say(400, None, refused), Say(429, None, busy)]);
    assert_eq!(read(&bench, conversation).await, ["m-5", "m-6"]);
    assert_eq!(read(&bench, conversation).await, ["m-6", "m-7"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_chat_between_two_the_last_message_stands_for_all() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    for id in ["m-2", "m-3"] {
        bench
            .receive(inbox, text(id, vec![phone("15550100")], id))
            .await;
    }
    assert_eq!(read(&bench, conversation).await, ["m-3"]);
    assert_eq!(bench.count("group_reads").await, 0);
}
