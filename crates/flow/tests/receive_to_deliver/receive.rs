//! What a message becomes.

use crate::bench::*;
use interdesk_domain::inbox::ChannelKind::{Telegram, Webhook, Whatsapp};
use interdesk_domain::message::*;
use interdesk_flow::receive::{self, Mailbox};
use interdesk_store::{messages, receive as rows};

async fn kinds(bench: &Bench) -> Vec<String> {
    bench.rows("SELECT kind FROM outbox ORDER BY pos").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_message_opens_contact_conversation_episode_and_work() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    bench
        .receive(inbox, text("m-1", vec![phone("15550100")], "hello"))
        .await;
    for table in [
        "contacts",
        "identities",
        "conversations",
        "episodes",
        "messages",
        "work_items",
    ] {
        assert_eq!(bench.count(table).await, 1, "{table}");
    }
    let expect = [
        "contact_added",
        "conversation_opened",
        "message_received",
        "work_item_queued",
    ];
    assert_eq!(kinds(&bench).await, expect);
    let row = "SELECT status, version, episode_number, last_text FROM conversations";
    assert_eq!(bench.one(row).await, "new 3 1 hello");
    assert_eq!(bench.one("SELECT version FROM messages").await, "2");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_message_adds_to_the_conversation() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    for id in ["m-1", "m-2"] {
        bench
            .receive(inbox, text(id, vec![phone("15550100")], id))
            .await;
    }
    for table in [
        "contacts",
        "identities",
        "conversations",
        "episodes",
        "work_items",
    ] {
        assert_eq!(bench.count(table).await, 1, "{table}");
    }
    assert_eq!(
        bench
            .rows("SELECT text FROM messages ORDER BY version")
            .await,
        ["m-1", "m-2"]
    );
    assert_eq!(
        bench
            .one("SELECT version, last_text FROM conversations")
            .await,
        "4 m-2"
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redelivered_webhook_has_no_second_effect() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let twice = vec![text("m-1", vec![phone("15550100")], "hello"); 2];
    bench.try_receive(inbox, twice.clone()).await.unwrap();
    let events = kinds(&bench).await;
    bench.try_receive(inbox, twice).await.unwrap();
    assert_eq!(bench.count("messages").await, 1);
    assert_eq!(kinds(&bench).await, events);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resolved_conversation_reopens_as_the_next_episode_with_new_work() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let context = interdesk_flow::Context::agent(bench.agent.agent, None);
    interdesk_flow::resolve::resolve(&bench.desk, &bench.agent, conversation, None, &context)
        .await
        .unwrap();
    bench
        .receive(inbox, text("m-2", vec![phone("15550100")], "again"))
        .await;
    let row = "SELECT status, episode_number, assignee_id FROM conversations";
    assert_eq!(bench.one(row).await, "new 2 -");
    let work = "SELECT w.state, e.number FROM work_items w JOIN episodes e ON e.id = w.episode_id ORDER BY 2";
    assert_eq!(bench.rows(work).await, ["cancelled 1", "queued 2"]);
    assert!(
        kinds(&bench)
            .await
            .contains(&"conversation_reopened".to_owned())
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_we_wrote_in_the_providers_own_app_shows_as_ours_and_asks_nobody() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let to = sender(vec![phone("15550100")]);
    bench
        .receive(
            inbox,
            message(inbound(
                "e-1",
                Author::Ourselves { to },
                words("from the phone"),
            )),
        )
        .await;
    let row = "SELECT direction, delivery, contact_id, agent_id FROM messages";
    assert_eq!(bench.one(row).await, "out sent - -");
    assert_eq!(
        bench.one("SELECT status FROM conversations").await,
        "waiting_for_customer"
    );
    assert_eq!(bench.count("work_items").await, 0);
    bench
        .receive(inbox, text("m-1", vec![phone("15550100")], "thanks"))
        .await;
    assert_eq!(bench.count("work_items").await, 1);
    assert_eq!(bench.count("conversations").await, 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_echo_of_our_own_delivered_reply_is_no_second_message() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    bench.reply(conversation, "hi").await;
    bench.deliver(conversation).await;
    let to = sender(vec![phone("15550100")]);
    bench
        .receive(
            inbox,
            message(inbound("out-1", Author::Ourselves { to }, words("hi"))),
        )
        .await;
    assert_eq!(bench.count("messages").await, 2);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_is_one_conversation_of_many_people() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Telegram).await;
    for (id, who) in [("m-1", "1"), ("m-2", "2"), ("m-3", "1")] {
        let from = Author::Customer(sender(phone_or_user(inbox, who)));
        let mut said = inbound(id, from, words(id));
        said.group = Some("-100".to_owned());
        bench.receive(inbox, message(said)).await;
    }
    bench
        .receive(inbox, text("m-4", phone_or_user(inbox, "1"), "in private"))
        .await;
    assert_eq!(bench.count("contacts").await, 2);
    let groups =
        "SELECT group_id, count(*) FROM conversations c JOIN messages m ON m.conversation_id = c.id
        GROUP BY 1 ORDER BY 2";
    assert_eq!(bench.rows(groups).await, ["- 1", "-100 3"]);
    assert_eq!(
        bench
            .count("(SELECT DISTINCT contact_id FROM messages) c")
            .await,
        2
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_apps_of_one_customer_share_a_conversation_in_one_queue_and_answers_follow_the_last() {
    let bench = Bench::fresh().await;
    let (one, two) = (bench.inbox(Whatsapp).await, bench.inbox(Whatsapp).await);
    bench
        .receive(one, text("m-1", vec![phone("15550100")], "here"))
        .await;
    bench
        .receive(two, text("m-1", vec![phone("15550100")], "there"))
        .await;
    assert_eq!(bench.count("conversations").await, 1);
    assert_eq!(
        bench.one("SELECT inbox_id FROM conversations").await,
        two.id.0.to_string()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_of_many_people_is_one_commit_in_the_order_of_the_webhooks() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Webhook).await;
    let webhooks: Vec<_> = (0..60)
        .map(|n| {
            let id = format!("m-{n:02}");
            bench.webhook(
                inbox,
                vec![text(&id, vec![user(&format!("u-{}", n % 7))], &id)],
            )
        })
        .collect();
    receive::receive(&bench.desk, bench.scope, &webhooks)
        .await
        .unwrap();
    assert_eq!(bench.count("conversations").await, 7);
    assert_eq!(bench.count("(SELECT DISTINCT xid FROM outbox) x").await, 1);
    let turned = "SELECT a.text FROM messages a JOIN messages b USING (conversation_id)
        WHERE a.version < b.version AND a.text > b.text";
    assert!(bench.rows(turned).await.is_empty());
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_kept_by_reference_and_a_quotation_by_the_providers_id() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let media = Media {
        kind: MediaKind::Image,
        source: MediaSource::ProviderId("media-1".to_owned()),
        mime_type: Some("image/jpeg".to_owned()),
        file_name: None,
        size: Some(u64::MAX),
        sha256: None,
    };
    let content = Content::Media {
        media,
        caption: Some("look".to_owned()),
    };
    let mut said = inbound(
        "m-1",
        Author::Customer(sender(vec![phone("15550100")])),
        content,
    );
    said.reply_to = Some("m-0".to_owned());
    bench.receive(inbox, message(said)).await;
    let file = "SELECT kind, source ->> 'provider_id', mime_type, size FROM attachments";
    assert_eq!(bench.one(file).await, "image media-1 image/jpeg -");
    assert_eq!(
        bench.one("SELECT text, reply_to FROM messages").await,
        "look m-0"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_remains_of_a_transaction_that_was_cut_off() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let (before, events) = (bench.count("messages").await, bench.count("outbox").await);
    let transaction = bench.desk.database.begin(bench.scope).await.unwrap();
    let keys = bench.rows("SELECT thread_key FROM conversations").await;
    let found = rows::lock_threads(&transaction, bench.scope, &[], &keys, &[]).await;
    let threads = found.unwrap().threads;
    assert_eq!(threads[0].id, conversation);
    let contact = bench.desk.id();
    let batch = rows::Batch {
        contacts: vec![rows::NewContact {
            id: contact,
            name: None,
            name_vouched: false,
            locale: None,
            version: 1,
        }],
        events: interdesk_flow::Events::of_conversation(
            &bench.desk,
            bench.scope,
            conversation,
            threads[0].version,
            &interdesk_flow::Context::system(None, None),
        )
        .into_list(),
        ..rows::Batch::default()
    };
    rows::write(&transaction, bench.scope, bench.desk.now(), &batch)
        .await
        .unwrap();
    messages::count_missed(
        &transaction,
        bench.scope,
        conversation,
        0,
        bench.agent.agent,
    )
    .await
    .unwrap();
    drop(transaction);
    assert_eq!(bench.count("messages").await, before);
    assert_eq!(bench.count("outbox").await, events);
    assert_eq!(bench.count("contacts").await, 1);
    // The lock went with it.
    bench
        .receive(inbox, text("m-2", vec![phone("15550100")], "next"))
        .await;
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn state_and_event_fail_together() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let ghost = Mailbox {
        queue: bench.desk.id(),
        ..inbox
    };
    let told = vec![text("m-1", vec![phone("15550100")], "hello")];
    assert!(bench.try_receive(ghost, told).await.is_err());
    for table in ["contacts", "conversations", "messages", "outbox"] {
        assert_eq!(bench.count(table).await, 0, "{table}");
    }
}
