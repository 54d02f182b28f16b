//! What programs answer for customers: read beside the messages, asked of nobody.

use crate::bench::*;
use interdesk_domain::inbox::ChannelKind::Email;
use interdesk_domain::message::{
    Address, Author, InboundMessage, Notice, NoticePlace, Update, UpdateKind,
};
use interdesk_flow::reply::{NewReply, ReplyOutcome};

fn from(name: &str) -> Address {
    address("email", "address", &format!("{name}@example.org"))
}

fn away(id: &str, by: Address, earlier: &[&str]) -> Update {
    update(UpdateKind::Notice(Box::new(Notice {
        place: NoticePlace::Thread {
            earlier: earlier.iter().map(|id| (*id).to_owned()).collect(),
            by,
        },
        id: id.to_owned(),
        kind: "auto_reply".to_owned(),
        text: format!("away {id}"),
        raw: "{}".to_owned(),
    })))
}

fn mail(id: &str, by: Address, thread: &[&str], cc: &[&str]) -> Update {
    message(InboundMessage {
        thread: thread.iter().map(|id| (*id).to_owned()).collect(),
        state: Some(serde_json::json!({ "cc": cc }).to_string()),
        ..inbound(id, Author::Customer(sender(vec![by])), words(id))
    })
}

const SHOWN: &str = "SELECT direction || ' ' || text FROM messages ORDER BY version";
const RAW: &str =
    "SELECT count(*)::text FROM raw_webhooks WHERE reason = 'not handled: auto_reply'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_absence_note_of_who_takes_part_stands_on_the_timeline_once() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Email).await;
    let cc = ["copied@example.org"];
    bench
        .receive(inbox, mail("m-1", from("first"), &[], &cc))
        .await;
    let before = bench
        .one("SELECT status, episode_number, last_text FROM conversations")
        .await;
    for (id, by, earlier) in [
        ("a-1", from("first"), &["unknown", "m-1"][..]),
        ("a-1", from("first"), &["m-1"]),
        ("a-2", from("copied"), &["m-1"]),
        ("a-3", from("stranger"), &["m-1"]),
        ("a-4", from("first"), &["unknown"]),
    ] {
        bench.receive(inbox, away(id, by, earlier)).await;
    }
    assert_eq!(
        bench.rows(SHOWN).await,
        ["in m-1", "out away a-1", "out away a-2"]
    );
    assert_eq!(
        bench.one(RAW).await,
        "1",
        "what came as the same bytes is kept once"
    );
    let events = "outbox WHERE kind = 'notice_received'";
    assert_eq!(bench.count(events).await, 2);
    let now = bench
        .one("SELECT status, episode_number, last_text FROM conversations")
        .await;
    assert_eq!(now, before);
    assert_eq!(bench.count("contacts").await, 1, "nobody is met by it");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_may_answer_over_an_absence_note_that_they_have_not_seen() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Email).await;
    bench
        .run("UPDATE inboxes SET endpoint = 'smtp://127.0.0.1:1'")
        .await;
    bench
        .receive(inbox, mail("m-1", from("first"), &[], &[]))
        .await;
    let id = bench.one("SELECT id FROM conversations").await;
    bench.assign(&id).await;
    let conversation = interdesk_domain::id::ConversationId(id.parse().unwrap());
    let seen: i64 = bench
        .one("SELECT version FROM conversations")
        .await
        .parse()
        .unwrap();
    bench
        .receive(inbox, away("a-1", from("first"), &["m-1"]))
        .await;
    let reply = |text: &str| NewReply {
        last_seen_version: Some(seen),
        ..answer(conversation, text)
    };
    let outcome = bench.try_reply(&reply("over a note")).await;
    assert!(
        matches!(outcome, ReplyOutcome::Queued { .. }),
        "{outcome:?}"
    );
    bench
        .receive(inbox, mail("m-2", from("first"), &["m-1"], &[]))
        .await;
    let outcome = bench.try_reply(&reply("over words")).await;
    let ReplyOutcome::StaleContext { missed, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(missed, 1);
}
