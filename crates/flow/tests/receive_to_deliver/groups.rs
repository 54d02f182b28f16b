//! What becomes of groups, and how customers are called in an app's own address book.

use crate::bench::*;
use interdesk_domain::id::ConversationId;
use interdesk_domain::inbox::ChannelKind::Whatsapp;
use interdesk_domain::message::{Author, InboundMessage, Notice, NoticePlace, Update, UpdateKind};
use interdesk_flow::Context;
use interdesk_flow::resolve::{ResolveOutcome, resolve};

fn said(id: &str) -> Update {
    let author = Author::Customer(sender(vec![phone("15550100")]));
    message(InboundMessage {
        group: Some("group-1@g.us".to_owned()),
        ..inbound(id, author, words("hello"))
    })
}

fn joined(id: &str) -> Update {
    update(UpdateKind::Notice(Box::new(Notice {
        place: NoticePlace::Group("group-1@g.us".to_owned()),
        id: id.to_owned(),
        kind: "group_participants_add".to_owned(),
        text: "Customer 12 joined the group.".to_owned(),
        raw: "{\"type\":\"group_participants_add\"}".to_owned(),
    })))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_becomes_of_a_group_stands_on_its_timeline_once_and_asks_nobody() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    bench.receive(inbox, said("m-1")).await;
    let id = bench.one("SELECT id FROM conversations").await;
    bench.assign(&id).await;
    let (desk, viewer) = (&bench.desk, &bench.agent);
    let context = Context::agent(viewer.agent, None);
    let conversation = ConversationId(id.parse().unwrap());
    let resolved = resolve(desk, viewer, conversation, None, &context).await;
    assert!(matches!(resolved, Ok(ResolveOutcome::Resolved { .. })));
    let state = "SELECT status, episode_number, last_text FROM conversations";
    let before = bench.one(state).await;
    for _ in 0..2 {
        bench.receive(inbox, joined("note-1")).await;
    }
    bench.receive(inbox, joined("note-2")).await;
    let timeline = "SELECT direction || ' ' || text FROM messages ORDER BY version";
    assert_eq!(
        bench.rows(timeline).await,
        [
            "in hello",
            "out Customer 12 joined the group.",
            "out Customer 12 joined the group.",
        ]
    );
    assert_eq!(bench.one(state).await, before, "it stays resolved");
    assert_eq!(bench.count("work_items WHERE state = 'queued'").await, 0);
    assert_eq!(bench.count("outbox WHERE kind = 'group_changed'").await, 2);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_of_a_group_in_which_nobody_wrote_are_kept_as_they_came() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    bench.receive(inbox, joined("note-1")).await;
    assert_eq!(bench.count("conversations").await, 0);
    let kept = "SELECT reason || ' ' || convert_from(body, 'UTF8') FROM raw_webhooks";
    assert_eq!(
        bench.rows(kept).await,
        ["not handled: group_participants_add {\"type\":\"group_participants_add\"}"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_of_the_address_book_holds_until_an_agent_gives_another() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let called = |number: &str, name: Option<&str>| {
        let (who, name) = (phone(number), name.map(str::to_owned));
        update(UpdateKind::Called { who, name })
    };
    let names = "SELECT COALESCE(name, '-') || ' ' || name_source FROM contacts ORDER BY id";
    // Whom nobody met yet is met under that name.
    for _ in 0..2 {
        bench
            .receive(inbox, called("15550100", Some("Blue parcel")))
            .await;
    }
    bench
        .receive(inbox, text("m-1", vec![phone("15550100")], "hello"))
        .await;
    assert_eq!(bench.rows(names).await, ["Blue parcel address_book"]);
    bench
        .receive(inbox, called("15550100", Some("Green parcel")))
        .await;
    assert_eq!(bench.rows(names).await, ["Green parcel address_book"]);
    bench.receive(inbox, called("15550100", None)).await;
    bench.receive(inbox, called("15550199", None)).await;
    assert_eq!(bench.rows(names).await, ["- none"]);
    bench
        .run("UPDATE contacts SET name = 'Ada', name_source = 'agent'")
        .await;
    bench
        .receive(inbox, called("15550100", Some("Red parcel")))
        .await;
    bench.receive(inbox, called("15550100", None)).await;
    assert_eq!(bench.rows(names).await, ["Ada agent"]);
    bench.prove().await;
}
