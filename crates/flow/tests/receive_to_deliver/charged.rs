//! What a provider charges for is counted once for each message, by month.

use crate::bench::*;
use chrono::{DateTime, Utc};
use interdesk_domain::delivery::DeliveryState::{Delivered, Failed, Read, Sent};
use interdesk_domain::id::ConversationId;
use interdesk_domain::inbox::ChannelKind::{Telegram, Whatsapp};
use interdesk_domain::message::*;

const COUNTED: &str = "SELECT month, delivered FROM service_messages ORDER BY month";

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_counts_once_by_the_first_receipt_that_it_arrived_or_was_read() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    for text in ["one", "two", "three", "four"] {
        bench.reply(conversation, text).await;
    }
    bench.deliver(conversation).await;
    let october = moment("2025-10-31T23:59:59Z");
    let november = moment("2025-11-01T00:00:00Z");
    for (id, state, when) in [
        ("out-1", Sent, october),
        ("out-1", Delivered, october),
        ("out-1", Delivered, october),
        ("out-1", Read, november),
        // It was read before anybody told that it arrived.
        ("out-2", Read, november),
        ("out-2", Delivered, november),
        ("out-3", Sent, november),
        ("out-4", Failed, november),
    ] {
        bench.receive(inbox, at(receipt(id, state), when)).await;
    }
    assert_eq!(bench.rows(COUNTED).await, ["2025-10-01 1", "2025-11-01 1"]);
    // A failure that was none counts when that is known.
    bench
        .receive(inbox, at(receipt("out-4", Delivered), november))
        .await;
    assert_eq!(bench.rows(COUNTED).await, ["2025-10-01 1", "2025-11-01 2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_that_overtook_its_message_counts_it_too() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    bench.reply(conversation, "one").await;
    bench.receive(inbox, receipt("out-1", Delivered)).await;
    assert_eq!(bench.count("service_messages").await, 0);
    bench.deliver(conversation).await;
    assert_eq!(
        bench.one("SELECT delivered FROM service_messages").await,
        "1"
    );
    bench.receive(inbox, receipt("out-1", Read)).await;
    assert_eq!(
        bench.one("SELECT delivered FROM service_messages").await,
        "1"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn templates_and_other_apps_do_not_count_and_groups_do() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let mut template = answer(conversation, "");
    template.content = Content::Template(Template {
        name: "late_parcel".to_owned(),
        language: "en_US".to_owned(),
        ..Template::default()
    });
    bench.try_reply(&template).await;
    bench.deliver(conversation).await;
    bench.receive(inbox, receipt("out-1", Delivered)).await;
    let other = bench.inbox(Telegram).await;
    let elsewhere = bench.conversation(other, "77").await;
    bench.reply(elsewhere, "hello").await;
    bench.deliver(elsewhere).await;
    let own = "SELECT provider_id FROM messages WHERE direction = 'out' AND conversation_id <> '";
    let own = bench.one(&format!("{own}{}'", conversation.0)).await;
    bench.receive(other, receipt(&own, Delivered)).await;
    assert_eq!(bench.count("service_messages").await, 0);

    let author = Author::Customer(sender(vec![phone("15550101")]));
    let said = InboundMessage {
        group: Some("group-1".to_owned()),
        ..inbound("m-1", author, words("hello"))
    };
    bench.receive(inbox, message(said)).await;
    let id = bench
        .one("SELECT id FROM conversations WHERE group_id IS NOT NULL")
        .await;
    bench.assign(&id).await;
    let group = ConversationId(id.parse().unwrap());
    let reply = bench.reply(group, "hello all").await;
    bench.deliver(group).await;
    let told = format!("SELECT provider_id FROM messages WHERE id = '{}'", reply.0);
    let told = bench.one(&told).await;
    for person in ["15550101", "15550102"] {
        let mut arrived = receipt(&told, Delivered);
        if let UpdateKind::Receipt(receipt) = &mut arrived.kind {
            receipt.recipient = Some(person.to_owned());
        }
        bench.receive(inbox, arrived).await;
    }
    assert_eq!(
        bench.one("SELECT delivered FROM service_messages").await,
        "1"
    );
}
