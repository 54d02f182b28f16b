//! Messages that their author wants gone: shown until their time, and then gone whole.

use crate::bench::*;
use crate::files::{self, PNG};
use interdesk_domain::inbox::ChannelKind::{Telegram, Webhook};
use interdesk_domain::message::*;
use interdesk_flow::receive::Mailbox;
use interdesk_flow::reply::{NewReply, ReplyOutcome};
use interdesk_flow::{attach, expiry};

const STANDS: &str = "SELECT m.content ->> 'type', m.text, m.raw, m.expired_at IS NOT NULL,
    (SELECT count(*) FROM message_revisions r WHERE r.message_id = m.id),
    (SELECT count(*) FROM attachments a WHERE a.message_id = m.id), c.last_text
    FROM messages m JOIN conversations c ON c.id = m.conversation_id";

fn secret(inbox: Mailbox, id: &str, text: &str, expires: Expiry) -> Update {
    let from = sender(vec![address("webhook", "user", "12")]);
    let _ = inbox;
    message(InboundMessage {
        expires: Some(expires),
        raw: Some(format!("{{\"text\": \"{text}\"}}")),
        ..inbound(id, Author::Customer(from), words(text))
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_shown_until_its_time_and_then_nothing_of_it_stays() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Webhook).await;
    let at = bench.desk.now() + seconds(3_600);
    bench
        .receive(inbox, secret(inbox, "m-1", "4711", Expiry::At(at)))
        .await;
    let edit = UpdateKind::Edit {
        target: "m-1".to_owned(),
        content: words("4712"),
    };
    bench.receive(inbox, update(edit)).await;
    bench.world.clock.advance(seconds(3_599));
    assert!(bench.fire().await.is_empty());
    assert_eq!(
        bench.one(STANDS).await,
        "text 4712 {\"text\": \"4711\"} f 1 0 4711"
    );
    bench.world.clock.advance(seconds(2));
    bench.fire().await;
    assert_eq!(bench.one(STANDS).await, "notice  - t 0 0 ");
    // Nothing says it again: no late edit, no repeat of the webhook.
    let late = UpdateKind::Edit {
        target: "m-1".to_owned(),
        content: words("4713"),
    };
    bench.receive(inbox, update(late)).await;
    bench
        .receive(inbox, secret(inbox, "m-1", "4711", Expiry::At(at)))
        .await;
    assert_eq!(bench.one(STANDS).await, "notice  - t 0 0 ");
    let told = "SELECT count(*) FROM outbox WHERE kind = 'message_expired'";
    assert_eq!(bench.one(told).await, "1");
    let words = "SELECT count(*) FROM outbox WHERE body::text ~ '471[0-9]'";
    assert_eq!(bench.one(words).await, "0");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_goes_with_its_message_is_deleted_from_the_store_unless_another_has_it() {
    let (bench, host) = files::bench().await;
    let inbox = bench.inbox(Webhook).await;
    host.put("/bytes", PNG);
    let at = bench.desk.now() + seconds(60);
    for (id, expires) in [("m-1", Some(Expiry::At(at))), ("m-2", None)] {
        let url = format!("{}/bytes", host.url);
        let picture = files::picture(id, MediaSource::Url(url));
        let UpdateKind::Message(mut told) = picture.kind else {
            panic!("a picture is a message");
        };
        told.expires = expires;
        bench.receive(inbox, message(*told)).await;
    }
    for (_, id) in attach::list_due(&bench.desk, 10).await.unwrap() {
        files::fetch(&bench, id).await;
    }
    let kept = "SELECT count(*) FROM files";
    assert_eq!(bench.one(kept).await, "1", "the same bytes are kept once");
    bench.world.clock.advance(seconds(61));
    bench.fire().await;
    attach::sweep(&bench.desk).await.unwrap();
    assert_eq!(bench.one(kept).await, "1", "the other message has it still");
    let also = format!(
        "UPDATE messages SET expires_at = '{}' WHERE provider_id = 'm-2'",
        bench.desk.now().to_rfc3339()
    );
    bench.run(&also).await;
    let timer = "INSERT INTO timers (id, tenant_id, kind, subject_id, due_at)
        SELECT gen_random_uuid(), tenant_id, 'message_expires', id, expires_at FROM messages
        WHERE provider_id = 'm-2'";
    bench.run(timer).await;
    bench.fire().await;
    attach::sweep(&bench.desk).await.unwrap();
    assert_eq!(bench.one(kept).await, "0");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_of_a_message_that_goes_after_reading_begins_when_it_is_read() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Webhook).await;
    let once = Expiry::SecondsAfterReading(10);
    bench
        .receive(inbox, secret(inbox, "m-1", "4711", once))
        .await;
    bench.world.clock.advance(seconds(86_400));
    assert!(bench.fire().await.is_empty(), "nobody has read it");
    let conversation = bench.one("SELECT id FROM conversations").await;
    let conversation = interdesk_domain::id::ConversationId(conversation.parse().unwrap());
    for _ in 0..2 {
        expiry::begin_reading(&bench.desk, bench.scope, conversation)
            .await
            .unwrap();
        bench.world.clock.advance(seconds(6));
    }
    bench.fire().await;
    assert_eq!(bench.one(STANDS).await, "notice  - t 0 0 ");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_that_is_to_go_by_itself_leaves_only_where_the_app_carries_that() {
    let bench = Bench::fresh().await;
    let telegram = bench.inbox(Telegram).await;
    let conversation = bench.conversation(telegram, "12").await;
    let going = |conversation| NewReply {
        expires_in: Some(60),
        ..answer(conversation, "4711")
    };
    let refused = bench.try_reply(&going(conversation)).await;
    let ReplyOutcome::UnsupportedContent { detail, .. } = refused else {
        panic!("{refused:?}");
    };
    assert!(detail.contains("go by themselves"), "{detail}");
    let own = bench.inbox(Webhook).await;
    let conversation = bench.conversation(own, "13").await;
    let queued = bench.try_reply(&going(conversation)).await;
    assert!(matches!(queued, ReplyOutcome::Queued { .. }), "{queued:?}");
    bench.deliver(conversation).await;
    bench.world.clock.advance(seconds(61));
    bench.fire().await;
    let ours = "SELECT content ->> 'type', text, delivery FROM messages
        WHERE direction = 'out' AND expired_at IS NOT NULL";
    assert_eq!(bench.one(ours).await, "notice  sent");
    // One whose time is over before it leaves does not leave.
    bench.try_reply(&going(conversation)).await;
    bench.world.clock.advance(seconds(61));
    bench.fire().await;
    assert_eq!(bench.deliver(conversation).await, 0);
    let kept = "SELECT text, failure ->> 'detail' FROM messages WHERE delivery = 'failed'";
    assert_eq!(
        bench.one(kept).await,
        " its time was over before it could leave"
    );
    bench.prove().await;
}
