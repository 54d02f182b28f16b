//! What customers and providers send although nobody should.

use crate::bench::*;
use chrono::{DateTime, Utc};
use interdesk_domain::inbox::ChannelKind::{Telegram, Webhook, Whatsapp};
use interdesk_domain::message::*;
use interdesk_flow::receive;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nul_emoji_and_giant_texts_are_kept() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let giant = "é".repeat(50_000);
    let said = ["a\0b", "😀👩‍👩‍👧‍👦", giant.as_str(), "", "\u{202e}"];
    for (n, words) in said.iter().enumerate() {
        bench
            .receive(
                inbox,
                text(&format!("m-{n}"), vec![phone("15550100")], words),
            )
            .await;
    }
    let stored = bench
        .rows("SELECT text FROM messages ORDER BY version")
        .await;
    assert_eq!(stored[0], "a\u{fffd}b");
    assert_eq!(stored[1..], said[1..]);
    assert_eq!(
        bench
            .count("messages WHERE content ->> 'text' = text")
            .await,
        5
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nul_in_every_field_is_no_reason_to_refuse() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Webhook).await;
    let from = Sender {
        addresses: vec![address("e\0", "u\0", "v\0"), address("e\0", "x\0", "y\0")],
        name: Some("Customer\0 12".to_owned()),
        locale: Some("e\0n".to_owned()),
    };
    let media = Media {
        kind: MediaKind::Document,
        source: MediaSource::Url("https://example.org/\0".to_owned()),
        mime_type: Some("a\0".to_owned()),
        file_name: Some("b\0".to_owned()),
        size: Some(1),
        sha256: Some("c\0".to_owned()),
    };
    let content = Content::Media {
        media,
        caption: None,
    };
    let mut said = inbound("m\0", Author::Customer(from.clone()), content);
    said.group = Some("g\0".to_owned());
    said.reply_to = Some("r\0".to_owned());
    said.raw = Some("{\"a\":\"\0\"}".to_owned());
    let reaction = Reaction {
        target: "m\0".to_owned(),
        by: from.clone(),
        emojis: vec!["\0".to_owned()],
        provider_id: None,
    };
    let told = vec![
        message(said),
        update(UpdateKind::Reaction(reaction)),
        update(UpdateKind::Edit {
            target: "m\0".to_owned(),
            content: words("e\0"),
        }),
        update(UpdateKind::Delete {
            target: "m\0".to_owned(),
        }),
        update(UpdateKind::Other {
            kind: "k\0".to_owned(),
            raw: "r\0".to_owned(),
        }),
        update(UpdateKind::Consent {
            who: from.addresses[0].clone(),
            allowed: false,
            marketing: false,
            detail: "\0".to_owned(),
        }),
        update(UpdateKind::AddressChanged {
            from: from.addresses[0].clone(),
            to: address("e\0", "u\0", "w\0"),
        }),
    ];
    bench.try_receive(inbox, told.clone()).await.unwrap();
    bench.try_receive(inbox, told).await.unwrap();
    assert_eq!(
        bench
            .count("messages WHERE deleted_at IS NOT NULL AND revision = 1")
            .await,
        1
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn absurd_times_are_not_believed_in_messages_and_updates() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Telegram).await;
    let absurd = [
        DateTime::<Utc>::MIN_UTC,
        DateTime::<Utc>::MAX_UTC,
        DateTime::UNIX_EPOCH,
    ];
    for (n, moment) in absurd.into_iter().enumerate() {
        let id = format!("m-{n}");
        let who = phone_or_user(inbox, "1");
        let reaction = Reaction {
            target: id.clone(),
            by: sender(who.clone()),
            emojis: vec!["👍".to_owned()],
            provider_id: None,
        };
        let told = vec![
            at(text(&id, who.clone(), "hello"), moment),
            at(
                update(UpdateKind::Edit {
                    target: id.clone(),
                    content: words("edited"),
                }),
                moment,
            ),
            at(update(UpdateKind::Reaction(reaction)), moment),
            at(update(UpdateKind::Delete { target: id }), moment),
        ];
        bench.try_receive(inbox, told).await.unwrap();
    }
    let now = bench.desk.now().to_rfc3339();
    for (table, column) in [
        ("messages", "sent_at"),
        ("messages", "deleted_at"),
        ("message_revisions", "replaced_at"),
        ("reactions", "changed_at"),
        ("conversations", "last_message_at"),
    ] {
        let off = format!("{table} WHERE {column} IS DISTINCT FROM '{now}'");
        assert_eq!(bench.count(&off).await, 0, "{off}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_nobody_is_kept_and_belongs_to_nobody_else() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    for id in ["m-1", "m-2", "m-1"] {
        bench.receive(inbox, text(id, Vec::new(), "who am I")).await;
    }
    assert_eq!(bench.count("messages").await, 2);
    assert_eq!(bench.count("contacts").await, 2);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_of_three_kilobytes_are_kept_and_their_repeats_recognised() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Webhook).await;
    let long = "x".repeat(3_000);
    for end in ["a", "b", "a", "b"] {
        let id = format!("{long}{end}");
        let from = Author::Customer(sender(vec![address(&long, &long, &id)]));
        let mut said = inbound(&id, from, words("hello"));
        said.reply_to = Some(long.clone());
        said.group = Some(long.clone());
        bench.receive(inbox, message(said)).await;
        bench
            .receive(inbox, update(UpdateKind::Delete { target: id }))
            .await;
    }
    assert_eq!(
        bench.count("messages WHERE deleted_at IS NOT NULL").await,
        2
    );
    assert_eq!(bench.count("contacts").await, 2);
    assert_eq!(bench.count("conversations").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_neighbour_fails_alone_when_the_batch_is_taken_one_by_one() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let bad = receive::Mailbox {
        queue: bench.desk.id(),
        ..inbox
    };
    let webhooks = [
        bench.webhook(inbox, vec![text("m-1", vec![phone("15550100")], "one")]),
        bench.webhook(bad, vec![text("m-2", vec![phone("15550101")], "two")]),
        bench.webhook(inbox, vec![text("m-3", vec![phone("15550102")], "three")]),
    ];
    assert!(
        receive::receive(&bench.desk, bench.scope, &webhooks)
            .await
            .is_err()
    );
    assert_eq!(
        bench.count("messages").await,
        0,
        "a failed batch leaves nothing"
    );
    let mut taken = Vec::new();
    for webhook in webhooks {
        taken.push(
            receive::receive(&bench.desk, bench.scope, &[webhook])
                .await
                .is_ok(),
        );
    }
    assert_eq!(taken, [true, false, true]);
    assert_eq!(bench.count("messages").await, 2);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_kinds_are_kept_raw_once() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Telegram).await;
    let other = |raw: &str| {
        update(UpdateKind::Other {
            kind: "poll".to_owned(),
            raw: raw.to_owned(),
        })
    };
    for raw in ["{\"poll\":1}", "{\"poll\":2}", "{\"poll\":1}"] {
        bench.receive(inbox, other(raw)).await;
    }
    let kept = bench
        .rows("SELECT convert_from(body, 'UTF8'), reason FROM raw_webhooks ORDER BY 1")
        .await;
    assert_eq!(
        kept,
        [
            "{\"poll\":1} not handled: poll",
            "{\"poll\":2} not handled: poll"
        ]
    );
    assert_eq!(bench.count("outbox").await, 0);
}
