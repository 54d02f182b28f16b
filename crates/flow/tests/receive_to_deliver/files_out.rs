//! Files that agents send: uploaded once, carried as the app wants them.

use crate::bench::*;
use crate::files::{PNG, bench};
use bytes::Bytes;
use interdesk_domain::id::{AttachmentId, ConversationId};
use interdesk_domain::inbox::ChannelKind::{Telegram, Webhook, Whatsapp};
use interdesk_domain::permission::Viewer;
use interdesk_flow::attach::{self, NewUpload};
use interdesk_flow::reply::{NewReply, ReplyOutcome};
use serde_json::json;
use std::convert::Infallible;

async fn upload(bench: &Bench, viewer: &Viewer, name: &str, bytes: &'static [u8]) -> AttachmentId {
    let new = NewUpload {
        file_name: Some(name.to_owned()),
    };
    let bytes = futures::stream::iter([Ok::<_, Infallible>(Bytes::from_static(bytes))]);
    attach::upload(&bench.desk, viewer, &new, bytes)
        .await
        .unwrap()
        .0
}

fn with(conversation: ConversationId, words: &str, files: &[AttachmentId]) -> NewReply {
    NewReply {
        attachments: files.to_vec(),
        ..answer(conversation, words)
    }
}

async fn send(bench: &Bench, new: &NewReply) -> u32 {
    let outcome = bench.try_reply(new).await;
    assert!(
        matches!(outcome, ReplyOutcome::Queued { .. }),
        "{outcome:?}"
    );
    bench.deliver(new.conversation).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatsapp_gets_a_file_once_and_its_id_until_that_expires() {
    let (bench, host) = bench().await;
    let conversation = bench
        .conversation(bench.inbox(Whatsapp).await, "15550100")
        .await;
    let file = upload(&bench, &bench.agent, "plan.png", PNG).await;
    let reply = with(conversation, "here it is", &[file]);
    assert_eq!(send(&bench, &reply).await, 1);
    let uploads = host.came_to("/media");
    assert_eq!(uploads.len(), 1);
    assert!(
        uploads[0].body.windows(PNG.len()).any(|part| part == PNG),
        "the very bytes"
    );
    let sent: serde_json::Value =
        serde_json::from_slice(&host.came_to("/messages")[0].body).unwrap();
    assert_eq!(
        (&sent["type"], &sent["image"]),
        (
            &json!("image"),
            &json!({ "id": "kept-1", "caption": "here it is" })
        )
    );
    // The same bytes under another upload are the same file.
    let again = upload(&bench, &bench.agent, "copy.png", PNG).await;
    send(&bench, &with(conversation, "again", &[again])).await;
    assert_eq!(
        host.came_to("/media").len(),
        1,
        "the second send uploads nothing"
    );
    bench.world.clock.advance(seconds(29 * 86_400 + 1));
    bench
        .receive(
            bench_inbox(&bench).await,
            text("m-2", vec![phone("15550100")], "still there?"),
        )
        .await;
    send(&bench, &with(conversation, "once more", &[file])).await;
    assert_eq!(
        host.came_to("/media").len(),
        2,
        "the provider keeps it for 30 days"
    );
    bench.prove().await;
}

async fn bench_inbox(bench: &Bench) -> interdesk_flow::receive::Mailbox {
    let id = bench.one("SELECT id FROM inboxes").await;
    interdesk_flow::receive::Mailbox {
        id: interdesk_domain::id::InboxId(id.parse().unwrap()),
        channel: Whatsapp,
        queue: bench.queue,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_the_provider_forgot_is_handed_over_anew_at_once() {
    let (bench, host) = bench().await;
    let conversation = bench
        .conversation(bench.inbox(Whatsapp).await, "15550100")
        .await;
    let file = upload(&bench, &bench.agent, "plan.png", PNG).await;
    send(&bench, &with(conversation, "", &[file])).await;
    host.refuse(json!({ "error": { "code": 131053, "message": "Media upload error" } }));
    send(&bench, &with(conversation, "", &[file])).await;
    assert_eq!(host.came_to("/media").len(), 2);
    let sent = bench
        .rows("SELECT delivery FROM messages WHERE direction = 'out'")
        .await;
    assert_eq!(sent, ["sent", "sent"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn telegram_gets_the_bytes_within_the_message_and_then_its_own_id() {
    let (bench, host) = bench().await;
    let conversation = bench
        .conversation(bench.inbox(Telegram).await, "15550100")
        .await;
    let file = upload(&bench, &bench.agent, "plan.png", PNG).await;
    for words in ["one", "two"] {
        send(&bench, &with(conversation, words, &[file])).await;
    }
    let sent = host.came_to("/sendPhoto");
    assert_eq!(sent.len(), 2);
    assert!(sent[0].body.windows(PNG.len()).any(|part| part == PNG));
    let second: serde_json::Value = serde_json::from_slice(&sent[1].body).unwrap();
    assert_eq!(
        (&second["photo"], &second["caption"]),
        (&json!("tg-1"), &json!("two"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_own_app_gets_words_and_files_as_one_message_with_links() {
    let (bench, _host) = bench().await;
    let conversation = bench.conversation(bench.inbox(Webhook).await, "c").await;
    let one = upload(&bench, &bench.agent, "plan.png", PNG).await;
    let two = upload(&bench, &bench.agent, "terms.txt", b"plain words").await;
    assert_eq!(
        send(&bench, &with(conversation, "both", &[one, two])).await,
        1
    );
    let call = bench.provider.calls().pop().unwrap();
    let message = &call.body["data"]["message"];
    assert_eq!(message["text"], "both");
    let files = message["attachments"].as_array().unwrap();
    assert_eq!(
        (&files[0]["name"], &files[1]["mime_type"]),
        (&json!("plan.png"), &json!("text/plain"))
    );
    let token = files[0]["url"]
        .as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    let linked = bench
        .desk
        .files
        .links
        .read(&token, bench.desk.now())
        .unwrap();
    let opened = attach::open(&bench.desk, linked.scope, linked.attachment, |_| None)
        .await
        .unwrap();
    assert_eq!(opened.unwrap().size, PNG.len() as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_app_shows_no_words_with_goes_beside_them() {
    let (bench, host) = bench().await;
    let conversation = bench
        .conversation(bench.inbox(Whatsapp).await, "15550100")
        .await;
    let sound = upload(&bench, &bench.agent, "a.mp3", b"ID3\x04\0\0\0\0\0\0 sound").await;
    assert_eq!(
        send(&bench, &with(conversation, "listen", &[sound])).await,
        2
    );
    let kinds: Vec<_> = host
        .came_to("/messages")
        .iter()
        .map(|sent| {
            let body: serde_json::Value = serde_json::from_slice(&sent.body).unwrap();
            body["type"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(kinds, ["text", "audio"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_an_app_does_not_carry_is_refused_with_what_it_carries() {
    let (bench, _host) = bench().await;
    let conversation = bench
        .conversation(bench.inbox(Whatsapp).await, "15550100")
        .await;
    let file = upload(&bench, &bench.agent, "plan.png", PNG).await;
    bench.run("UPDATE files SET size = 6000000").await;
    let outcome = bench.try_reply(&with(conversation, "", &[file])).await;
    assert!(
        matches!(outcome, ReplyOutcome::Queued { .. }),
        "a large picture goes as a document"
    );
    bench.run("UPDATE files SET size = 200000000").await;
    match bench.try_reply(&with(conversation, "", &[file])).await {
        ReplyOutcome::UnsupportedContent { detail, .. } => {
            assert!(
                detail.contains("image/png with 200000000 bytes"),
                "{detail}"
            );
            assert!(
                detail.contains("document (any type, at most 104857600 bytes)"),
                "{detail}"
            );
        }
        other => panic!("{other:?}"),
    }
    let kinds = bench
        .one("SELECT content #>> '{media,kind}' FROM messages WHERE direction = 'out'")
        .await;
    assert_eq!(kinds, "document");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_is_its_agents_alone_until_a_message_carries_it() {
    let (bench, _host) = bench().await;
    let conversation = bench
        .conversation(bench.inbox(Whatsapp).await, "15550100")
        .await;
    let colleague = bench.world.agent(bench.scope.tenant(), 10).await;
    let theirs = upload(&bench, &colleague, "private.png", PNG).await;
    let outcome = bench.try_reply(&with(conversation, "", &[theirs])).await;
    assert_eq!(outcome, ReplyOutcome::FileNotFound);
    let outcome = bench
        .try_reply(&with(conversation, "", &[bench.desk.id()]))
        .await;
    assert_eq!(outcome, ReplyOutcome::FileNotFound);
    let other = bench.world.tenant().await;
    let stranger = bench.world.agent(other, 10).await;
    let foreign = upload(&bench, &stranger, "foreign.png", PNG).await;
    let outcome = bench.try_reply(&with(conversation, "", &[foreign])).await;
    assert_eq!(outcome, ReplyOutcome::FileNotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_no_message_took_is_swept_with_its_bytes() {
    let (bench, _host) = bench().await;
    let conversation = bench
        .conversation(bench.inbox(Whatsapp).await, "15550100")
        .await;
    let sent = upload(&bench, &bench.agent, "sent.png", PNG).await;
    send(&bench, &with(conversation, "", &[sent])).await;
    upload(&bench, &bench.agent, "forgotten.txt", b"forgotten words").await;
    bench.world.clock.advance(seconds(25 * 3_600));
    attach::sweep(&bench.desk).await.unwrap();
    bench.world.clock.advance(seconds(1));
    attach::sweep(&bench.desk).await.unwrap();
    assert_eq!(bench.one("SELECT mime_type FROM files").await, "image/png");
    assert_eq!(
        bench
            .rows("SELECT 1 FROM attachments WHERE message_id IS NULL")
            .await
            .len(),
        0
    );
}
