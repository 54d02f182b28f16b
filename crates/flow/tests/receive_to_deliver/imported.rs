//! What was said before the desk had the inbox, brought to it later.

use crate::bench::*;
use chrono::{DateTime, Utc};
use interdesk_domain::inbox::ChannelKind::Whatsapp;
use interdesk_domain::message::*;
use interdesk_flow::reply::ReplyOutcome;

const CUSTOMER: &str = "15550100";

/// A message as it was written some days ago.
fn past(bench: &Bench, days: i64, id: &str, author: Author, content: Content) -> Update {
    let imported = InboundMessage {
        imported: true,
        ..inbound(id, author, content)
    };
    at(message(imported), ago(bench, days))
}

fn ago(bench: &Bench, days: i64) -> DateTime<Utc> {
    bench.desk.now() - seconds(days * 24 * 3_600)
}

fn customer() -> Author {
    Author::Customer(sender(vec![phone(CUSTOMER)]))
}

fn ourselves() -> Author {
    let to = sender(vec![phone(CUSTOMER)]);
    Author::Ourselves { to }
}

fn photo() -> Content {
    Content::Media {
        media: Media {
            kind: MediaKind::Image,
            source: MediaSource::ProviderId("3009".to_owned()),
            mime_type: Some("image/jpeg".to_owned()),
            file_name: None,
            size: None,
            sha256: None,
        },
        caption: None,
    }
}

fn placeholder() -> Content {
    Content::Unsupported {
        kind: "media_placeholder".to_owned(),
        detail: "a file of an earlier chat".to_owned(),
    }
}

fn arrived(bench: &Bench, days: i64) -> Update {
    let told = UpdateKind::ContentArrived {
        target: "h-3".to_owned(),
        content: photo(),
    };
    at(update(told), ago(bench, days))
}

/// The texts of the one conversation in the order in which it shows them.
async fn shown(bench: &Bench) -> Vec<String> {
    bench
        .rows("SELECT text FROM messages ORDER BY conversation_id, version")
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_before_stands_in_its_order_and_nobody_waits_by_it() {
    for order in orders(3) {
        let bench = Bench::fresh().await;
        let inbox = bench.inbox(Whatsapp).await;
        let parts = [
            vec![
                past(&bench, 9, "h-1", customer(), words("first")),
                past(&bench, 9, "h-2", ourselves(), words("second")),
            ],
            vec![
                past(&bench, 7, "h-4", ourselves(), words("fourth")),
                past(&bench, 8, "h-3", customer(), words("third")),
            ],
            vec![text("n-1", vec![phone(CUSTOMER)], "new")],
        ];
        for part in &order {
            let updates = parts[*part].clone();
            bench.try_receive(inbox, updates).await.unwrap();
        }
        let all = ["first", "second", "third", "fourth", "new"];
        assert_eq!(shown(&bench).await, all, "{order:?}");
        assert_eq!(bench.count("conversations").await, 1, "{order:?}");
        assert_eq!(bench.count("contacts").await, 1, "{order:?}");
        // The one that is new opens the first episode, and is all the work there is.
        assert_eq!(bench.count("work_items").await, 1, "{order:?}");
        let stands =
            "SELECT status || ' ' || episode_number || ' ' || last_text FROM conversations";
        assert_eq!(bench.one(stands).await, "new 1 new", "{order:?}");
        let opened = "SELECT count(*)::text FROM outbox WHERE kind IN
            ('conversation_opened', 'conversation_reopened', 'work_item_queued')";
        assert_eq!(bench.one(opened).await, "2", "{order:?}");
        bench.prove().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_of_old_messages_alone_is_done_and_its_window_is_that_of_its_last_one() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    for (days, id, said) in [(3, "h-2", "later"), (5, "h-1", "earlier")] {
        let update = past(&bench, days, id, customer(), words(said));
        // A repeat changes nothing.
        bench.receive(inbox, update.clone()).await;
        bench.receive(inbox, update).await;
    }
    assert_eq!(bench.count("work_items").await, 0);
    let stands = "SELECT status || ' ' || episode_number || ' ' || last_text FROM conversations";
    assert_eq!(bench.one(stands).await, "resolved 0 later");
    let running = "SELECT count(*)::text FROM episodes WHERE resolved_at IS NULL";
    assert_eq!(bench.one(running).await, "0");
    let id = bench.one("SELECT id FROM conversations").await;
    let conversation = interdesk_domain::id::ConversationId(id.parse().unwrap());
    bench.assign(&id).await;
    let refused = bench.try_reply(&answer(conversation, "hello again")).await;
    assert!(
        matches!(refused, ReplyOutcome::WindowClosed { .. }),
        "{refused:?}"
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_changes_nothing_of_a_conversation_that_goes_on() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, CUSTOMER).await;
    bench.reply(conversation, "is it solved?").await;
    let stands = "SELECT concat_ws(' ', status, episode_number, last_text, last_message_at,
        last_customer_message_at, assignee_id, inbox_id) FROM conversations";
    let before = bench.one(stands).await;
    bench
        .receive(inbox, past(&bench, 9, "h-1", customer(), words("long ago")))
        .await;
    assert_eq!(bench.one(stands).await, before);
    assert_eq!(shown(&bench).await[0], "long ago");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_takes_the_place_of_the_word_that_there_is_one_whichever_comes_first() {
    for order in orders(3) {
        for author in [customer(), ourselves()] {
            let bench = Bench::fresh().await;
            let inbox = bench.inbox(Whatsapp).await;
            // The file of one of ours comes without a word of who got it.
            let alone = match &author {
                Author::Customer(_) => {
                    vec![
                        past(&bench, 9, "h-3", author.clone(), photo()),
                        arrived(&bench, 9),
                    ]
                }
                Author::Ourselves { .. } => vec![arrived(&bench, 9)],
            };
            let parts = [
                vec![past(&bench, 9, "h-3", author, placeholder())],
                alone.clone(),
                alone,
            ];
            for part in &order {
                let updates = parts[*part].clone();
                bench.try_receive(inbox, updates).await.unwrap();
            }
            assert_eq!(shown(&bench).await, ["image"], "{order:?}");
            assert_eq!(bench.count("contacts").await, 1, "{order:?}");
            let files = "SELECT count(*)::text FROM attachments WHERE state = 'waiting'";
            assert_eq!(bench.one(files).await, "1", "{order:?}");
            bench.prove().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_says_what_it_holds_is_not_replaced() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    bench
        .receive(inbox, past(&bench, 9, "h-3", customer(), words("said")))
        .await;
    bench.receive(inbox, arrived(&bench, 9)).await;
    assert_eq!(shown(&bench).await, ["said"]);
}
