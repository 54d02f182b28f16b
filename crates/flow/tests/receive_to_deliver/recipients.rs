//! How far a message to a group got with each of its people.

use crate::bench::*;
use interdesk_domain::delivery::DeliveryState::{self, Delivered, Failed, Read, Sent};
use interdesk_domain::delivery::{Failure, FailureReason};
use interdesk_domain::id::ConversationId;
use interdesk_domain::inbox::ChannelKind::Whatsapp;
use interdesk_domain::message::*;
use interdesk_flow::receive::Mailbox;

const GROUP: &str = "group-1@g.us";
const PEOPLE: [&str; 2] = ["15550100", "15550101"];
const STATE: &str =
    "SELECT delivery, failure ->> 'reason' FROM messages WHERE provider_id = 'out-1'";
const EACH: &str = "SELECT r.recipient, r.state, r.failure ->> 'reason', i.value
    FROM message_recipients r LEFT JOIN identities i ON i.contact_id = r.contact_id
    ORDER BY r.recipient";

/// A reply of ours to a group of two.
async fn group() -> (Bench, Mailbox) {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let author = Author::Customer(sender(vec![phone(PEOPLE[0])]));
    let said = InboundMessage {
        group: Some(GROUP.to_owned()),
        ..inbound("m-1", author, words("hello"))
    };
    bench.receive(inbox, message(said)).await;
    for person in PEOPLE {
        let told = Membership {
            group: GROUP.to_owned(),
            who: sender(vec![phone(person)]),
            standing: Some(Standing::Joined),
            role: None,
        };
        let joined = update(UpdateKind::Membership(Box::new(told)));
        bench.receive(inbox, joined).await;
    }
    let id = bench.one("SELECT id FROM conversations").await;
    bench.assign(&id).await;
    let conversation = ConversationId(id.parse().unwrap());
    bench.reply(conversation, "hello all").await;
    assert_eq!(bench.deliver(conversation).await, 1);
    (bench, inbox)
}

fn of(person: &str, state: DeliveryState) -> Update {
    let mut update = receipt("out-1", state);
    if let UpdateKind::Receipt(receipt) = &mut update.kind {
        receipt.recipient = Some(person.to_owned());
        receipt.failure = (state == Failed).then(|| Failure {
            reason: FailureReason::NotOptedIn,
            retryable: false,
            provider_code: Some("131050".to_owned()),
            detail: "no".to_owned(),
        });
    }
    update
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receipts_of_a_group_tell_how_far_it_got_with_each() {
    let (bench, inbox) = group().await;
    let told = "outbox WHERE kind = 'delivery_changed'";
    let before = bench.count(told).await;
    for (person, state) in [
        (PEOPLE[1], Sent),
        (PEOPLE[0], Read),
        (PEOPLE[0], Delivered),
        (PEOPLE[1], Delivered),
        (PEOPLE[1], Delivered),
    ] {
        bench.receive(inbox, of(person, state)).await;
    }
    assert_eq!(
        bench.rows(EACH).await,
        ["15550100 read - 15550100", "15550101 delivered - 15550101"]
    );
    assert_eq!(bench.one(STATE).await, "read -", "somebody read it");
    // Whoever looks on is told each step once.
    assert_eq!(bench.count(told).await, before + 3);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_to_a_group_fails_only_where_it_failed_with_all() {
    let (bench, inbox) = group().await;
    bench.receive(inbox, of(PEOPLE[0], Failed)).await;
    assert_eq!(bench.one(STATE).await, "sent -", "the other may have it");
    let refused = "consents WHERE state = 'disabled'";
    assert_eq!(bench.count(refused).await, 0);
    bench.receive(inbox, of(PEOPLE[1], Failed)).await;
    assert_eq!(bench.one(STATE).await, "failed not_opted_in");
    bench.receive(inbox, of(PEOPLE[1], Delivered)).await;
    assert_eq!(bench.one(STATE).await, "delivered -");
    assert_eq!(
        bench.rows(EACH).await,
        [
            "15550100 failed not_opted_in 15550100",
            "15550101 delivered - 15550101"
        ]
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_between_two_keeps_no_list_of_recipients() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, PEOPLE[0]).await;
    bench.reply(conversation, "hi").await;
    bench.deliver(conversation).await;
    bench.receive(inbox, of(PEOPLE[0], Read)).await;
    assert_eq!(bench.one(STATE).await, "read -");
    assert_eq!(bench.count("message_recipients").await, 0);
}
