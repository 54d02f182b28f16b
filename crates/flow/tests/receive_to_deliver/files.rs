//! Files that customers send: fetched, kept once, shown, retried, swept.

use crate::bench::*;
use crate::host::Host;
use bytes::Bytes;
use futures::TryStreamExt;
use interdesk_domain::id::AttachmentId;
use interdesk_domain::inbox::ChannelKind::{Telegram, Webhook, Whatsapp};
use interdesk_domain::message::*;
use interdesk_flow::Context;
use interdesk_flow::attach::{self, Fetched, Retry, RetryOutcome, Rules, Unkept};
use interdesk_flow::receive::Mailbox;
use serde_json::json;

pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and what follows it";

/// A desk whose providers are one host of files.
pub(crate) async fn bench() -> (Bench, Host) {
    let mut bench = Bench::fresh().await;
    let host = Host::start().await;
    bench.courier.whatsapp_url = host.url.clone();
    bench.courier.telegram_url = host.url.clone();
    (bench, host)
}

pub(crate) fn picture(id: &str, source: MediaSource) -> Update {
    let media = Media {
        kind: MediaKind::Image,
        source,
        mime_type: Some("image/jpeg".to_owned()),
        file_name: Some("holiday.jpg".to_owned()),
        size: None,
        sha256: None,
    };
    let content = Content::Media {
        media,
        caption: None,
    };
    message(inbound(
        id,
        Author::Customer(sender(vec![phone("15550100")])),
        content,
    ))
}

async fn receive(bench: &Bench, inbox: Mailbox, id: &str, source: MediaSource) -> AttachmentId {
    bench.receive(inbox, picture(id, source)).await;
    let found = bench
        .one(&format!(
            "SELECT a.id FROM attachments a JOIN messages m ON m.id = a.message_id
             WHERE m.provider_id = '{id}'"
        ))
        .await;
    AttachmentId(found.parse().unwrap())
}

async fn link(bench: &Bench, inbox: Mailbox, id: &str, url: &str) -> AttachmentId {
    receive(bench, inbox, id, MediaSource::Url(url.to_owned())).await
}

pub(crate) async fn fetch(bench: &Bench, id: AttachmentId) -> Fetched {
    attach::fetch(&bench.desk, &bench.courier, bench.scope, id)
        .await
        .unwrap()
}

async fn bytes(bench: &Bench, id: AttachmentId) -> Option<Vec<u8>> {
    let opened = attach::open(&bench.desk, bench.scope, id, |_| None)
        .await
        .unwrap()?;
    let chunks: Vec<Bytes> = opened.bytes.try_collect().await.unwrap();
    Some(chunks.concat())
}

async fn stands(bench: &Bench, id: AttachmentId) -> String {
    let row = "SELECT state, tries, failure FROM attachments WHERE id";
    bench.one(&format!("{row} = '{}'", id.0)).await
}

async fn events(bench: &Bench, kind: &str) -> usize {
    let events = format!("SELECT 1 FROM outbox WHERE kind = '{kind}'");
    bench.rows(&events).await.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_of_whatsapp_is_fetched_with_the_token_and_known_by_its_bytes() {
    let (bench, host) = bench().await;
    let inbox = bench.inbox(Whatsapp).await;
    host.put(
        "/media-1",
        json!({ "url": format!("{}/bytes", host.url), "file_size": "29" }).to_string(),
    );
    host.put("/bytes", PNG);
    let id = receive(
        &bench,
        inbox,
        "m-1",
        MediaSource::ProviderId("media-1".to_owned()),
    )
    .await;
    let due = attach::list_due(&bench.desk, 10).await.unwrap();
    assert_eq!(due, [(bench.scope, id)]);
    assert_eq!(bytes(&bench, id).await, None);
    assert_eq!(fetch(&bench, id).await, Fetched::Stored);
    assert_eq!(bytes(&bench, id).await.as_deref(), Some(PNG));
    let kept = bench
        .one("SELECT mime_type, size, idle_since FROM files")
        .await;
    assert_eq!(kept, format!("image/png {} -", PNG.len()));
    for asked in host.asked() {
        assert_eq!(asked.authorization.as_deref(), Some("Bearer token"));
    }
    assert_eq!(events(&bench, "attachment_stored").await, 1);
    assert!(attach::list_due(&bench.desk, 10).await.unwrap().is_empty());
    assert_eq!(fetch(&bench, id).await, Fetched::Elsewhere);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_telegram_is_asked_for_by_its_id_and_one_too_large_never_comes() {
    let (bench, host) = bench().await;
    let inbox = bench.inbox(Telegram).await;
    host.put(
        "/bottoken/getFile",
        json!({ "ok": true, "result": { "file_path": "photos/1.png" } }).to_string(),
    );
    host.put("/file/bottoken/photos/1.png", PNG);
    let id = receive(
        &bench,
        inbox,
        "m-1",
        MediaSource::ProviderId("f-1".to_owned()),
    )
    .await;
    assert_eq!(fetch(&bench, id).await, Fetched::Stored);
    assert_eq!(bytes(&bench, id).await.as_deref(), Some(PNG));
    host.put(
        "/bottoken/getFile",
        json!({ "ok": false, "error_code": 400, "description": "Bad Request: file is too big" })
            .to_string(),
    );
    let id = receive(
        &bench,
        inbox,
        "m-2",
        MediaSource::ProviderId("f-2".to_owned()),
    )
    .await;
    assert_eq!(fetch(&bench, id).await, Fetched::Failed);
    assert_eq!(stands(&bench, id).await, "failed 1 unreachable");
    assert_eq!(events(&bench, "attachment_failed").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_bytes_twice_in_a_tenant_are_kept_once() {
    let (bench, host) = bench().await;
    let inbox = bench.inbox(Webhook).await;
    host.put("/a", PNG);
    host.put("/b", PNG);
    let first = link(&bench, inbox, "m-1", &format!("{}/a", host.url)).await;
    let second = link(&bench, inbox, "m-2", &format!("{}/b", host.url)).await;
    let (one, other) = tokio::join!(fetch(&bench, first), fetch(&bench, second));
    assert_eq!((one, other), (Fetched::Stored, Fetched::Stored));
    assert_eq!(
        bench
            .one("SELECT count(*), count(DISTINCT file_id) FROM attachments")
            .await,
        "2 1"
    );
    assert_eq!(bench.one("SELECT state FROM files").await, "stored");
    assert_eq!(bytes(&bench, second).await.as_deref(), Some(PNG));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_killed_in_the_middle_is_followed_by_another() {
    let (bench, host) = bench().await;
    let inbox = bench.inbox(Webhook).await;
    host.stall("/a", PNG);
    let id = link(&bench, inbox, "m-1", &format!("{}/a", host.url)).await;
    let (desk, courier, scope) = (bench.desk.clone(), bench.courier.clone(), bench.scope);
    let killed = tokio::spawn(async move { attach::fetch(&desk, &courier, scope, id).await });
    while bench.count("files").await == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    killed.abort();
    assert!(killed.await.unwrap_err().is_cancelled());
    assert_eq!(
        fetch(&bench, id).await,
        Fetched::Elsewhere,
        "its claim still holds"
    );
    bench.world.clock.advance(seconds(151));
    host.put("/a", PNG);
    assert_eq!(fetch(&bench, id).await, Fetched::Stored);
    assert_eq!(stands(&bench, id).await, "stored 2 -");
    assert_eq!(bytes(&bench, id).await.as_deref(), Some(PNG));
    // What the killed one began to write is found and deleted.
    bench.world.clock.advance(seconds(25 * 3_600));
    assert_eq!(attach::sweep(&bench.desk).await.unwrap().files, 1);
    assert_eq!(bench.one("SELECT state FROM files").await, "stored");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_comes_back_late_changes_nothing() {
    let (bench, host) = bench().await;
    let inbox = bench.inbox(Webhook).await;
    host.fail("/a", 500);
    let id = link(&bench, inbox, "m-1", &format!("{}/a", host.url)).await;
    // The clock is in the test's hands: the first claim runs out while its holder still works.
    let transaction = bench.desk.database.begin(bench.scope).await.unwrap();
    let now = bench.desk.now();
    let late = interdesk_store::attachments::claim(&transaction, bench.scope, id, now, now).await;
    let late = late.unwrap().unwrap();
    transaction.commit().await.unwrap();
    host.put("/a", PNG);
    assert_eq!(fetch(&bench, id).await, Fetched::Stored);
    let transaction = bench.desk.database.begin(bench.scope).await.unwrap();
    let failed = interdesk_store::attachments::mark_failed(
        &transaction,
        bench.scope,
        &late,
        "unavailable",
        "too late",
        None,
    );
    assert!(!failed.await.unwrap());
    transaction.commit().await.unwrap();
    assert_eq!(stands(&bench, id).await, "stored 2 -");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_download_is_visible_tried_again_and_at_last_left_to_an_agent() {
    let (mut bench, host) = bench().await;
    bench.desk.settings.files.tries = 3;
    let inbox = bench.inbox(Webhook).await;
    host.fail("/a", 503);
    let id = link(&bench, inbox, "m-1", &format!("{}/a", host.url)).await;
    for (tries, pause) in [(1, 5), (2, 20)] {
        assert_eq!(fetch(&bench, id).await, Fetched::Later);
        assert_eq!(
            stands(&bench, id).await,
            format!("waiting {tries} unavailable")
        );
        bench.world.clock.advance(seconds(pause - 1));
        assert_eq!(fetch(&bench, id).await, Fetched::Elsewhere, "it rests");
        bench.world.clock.advance(seconds(1));
    }
    assert_eq!(fetch(&bench, id).await, Fetched::Failed);
    assert_eq!(events(&bench, "attachment_failed").await, 1);
    let (context, wish) = (
        Context::agent(bench.agent.agent, None),
        Retry { attachment: id },
    );
    let retry = || attach::retry(&bench.desk, &bench.agent, &wish, None, &context);
    assert!(matches!(
        retry().await.unwrap(),
        RetryOutcome::Waiting { .. }
    ));
    host.put("/a", PNG);
    assert_eq!(fetch(&bench, id).await, Fetched::Stored);
    assert_eq!(retry().await.unwrap(), RetryOutcome::NotFailed);
    let unknown = Retry {
        attachment: bench.desk.id(),
    };
    let missing = attach::retry(&bench.desk, &bench.agent, &unknown, None, &context).await;
    assert_eq!(missing.unwrap(), RetryOutcome::NotFound);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_inbox_does_not_keep_is_refused_for_good() {
    let (bench, host) = bench().await;
    let inbox = bench.inbox(Webhook).await;
    host.put("/large", vec![b'x'; 2_000]);
    host.put("/program", b"MZ\x90\0\x03 a program".to_vec());
    bench.run("UPDATE inboxes SET max_file_bytes = 1000").await;
    let large = link(&bench, inbox, "m-1", &format!("{}/large", host.url)).await;
    assert_eq!(fetch(&bench, large).await, Fetched::Failed);
    assert_eq!(stands(&bench, large).await, "failed 1 too_large");
    let program = link(&bench, inbox, "m-2", &format!("{}/program", host.url)).await;
    assert_eq!(fetch(&bench, program).await, Fetched::Failed);
    assert_eq!(stands(&bench, program).await, "failed 1 type_refused");
    bench
        .run("UPDATE inboxes SET file_types = '{image/*}'")
        .await;
    host.put("/words", b"plain words".to_vec());
    let words = link(&bench, inbox, "m-3", &format!("{}/words", host.url)).await;
    assert_eq!(fetch(&bench, words).await, Fetched::Failed);
    assert_eq!(stands(&bench, words).await, "failed 1 type_refused");
    assert_eq!(bench.count("files").await, 0, "nothing of them is kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_is_judged_like_the_address_and_takes_no_token_elsewhere() {
    let (mut bench, host) = bench().await;
    bench.courier.client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    bench.courier.forbids = |url| url.contains("//127.0.0.2");
    let (elsewhere, inside) = (Host::start().await, Host::start_at("127.0.0.2:0").await);
    elsewhere.put("/bytes", PNG);
    inside.put("/bytes", PNG);
    let inbox = bench.inbox(Whatsapp).await;
    host.put(
        "/media-1",
        json!({ "url": format!("{}/go", host.url) }).to_string(),
    );
    host.redirect("/go", &format!("{}/bytes", elsewhere.url));
    let media = || MediaSource::ProviderId("media-1".to_owned());
    let id = receive(&bench, inbox, "m-1", media()).await;
    assert_eq!(fetch(&bench, id).await, Fetched::Stored);
    assert_eq!(elsewhere.asked()[0].authorization, None);
    host.redirect("/go", &format!("{}/bytes", inside.url));
    let id = receive(&bench, inbox, "m-2", media()).await;
    assert_eq!(fetch(&bench, id).await, Fetched::Failed);
    assert_eq!(stands(&bench, id).await, "failed 1 unreachable");
    assert!(inside.asked().is_empty());
    host.redirect("/go", "/go");
    let id = receive(&bench, inbox, "m-3", media()).await;
    assert_eq!(fetch(&bench, id).await, Fetched::Later, "round and round");
    for odd in [
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://user:word@127.0.0.1/",
    ] {
        host.redirect("/go", odd);
        let id = receive(&bench, inbox, odd, media()).await;
        assert_eq!(fetch(&bench, id).await, Fetched::Failed, "{odd}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_with_its_bytes_is_there_at_once_and_another_tenants_never() {
    let (bench, _host) = bench().await;
    let inbox = bench.inbox(Whatsapp).await;
    let rules = Rules::of(&bench.desk.settings.files);
    let keep = |scope| attach::keep_bytes(&bench.desk, scope, &rules, Bytes::from_static(PNG));
    let kept = keep(bench.scope).await.unwrap();
    assert_eq!(kept.mime_type, "image/png");
    let id = receive(&bench, inbox, "m-1", MediaSource::Stored(kept.file)).await;
    assert_eq!(stands(&bench, id).await, "stored 0 -");
    assert_eq!(bytes(&bench, id).await.as_deref(), Some(PNG));
    let other = interdesk_domain::scope::TenantScope::new(bench.world.tenant().await);
    let foreign = keep(other).await.unwrap();
    assert_ne!(foreign.file, kept.file, "tenants share nothing");
    let id = receive(&bench, inbox, "m-2", MediaSource::Stored(foreign.file)).await;
    assert_eq!(stands(&bench, id).await, "failed 0 gone");
    assert!(
        attach::open(&bench.desk, other, id, |_| None)
            .await
            .unwrap()
            .is_none()
    );
    assert!(attach::list_due(&bench.desk, 10).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_several_files_has_each_in_its_place() {
    let (bench, host) = bench().await;
    let inbox = bench.inbox(Webhook).await;
    let file = |name: &str| {
        host.put(&format!("/{name}"), name.as_bytes().to_vec());
        Media {
            kind: MediaKind::Document,
            source: MediaSource::Url(format!("{}/{name}", host.url)),
            mime_type: None,
            file_name: Some(name.to_owned()),
            size: None,
            sha256: None,
        }
    };
    let files = vec![file("first"), file("second"), file("third")];
    let content = Content::Composite(Composite::of(None, Some("see".to_owned()), None, files));
    bench
        .receive(
            inbox,
            message(inbound(
                "m-1",
                Author::Customer(sender(vec![user("c")])),
                content,
            )),
        )
        .await;
    for (scope, id) in attach::list_due(&bench.desk, 10).await.unwrap() {
        attach::fetch(&bench.desk, &bench.courier, scope, id)
            .await
            .unwrap();
    }
    let rows = bench
        .rows("SELECT position, file_name, state FROM attachments ORDER BY position")
        .await;
    assert_eq!(
        rows,
        ["0 first stored", "1 second stored", "2 third stored"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_nobody_refers_to_are_swept_after_a_day_and_no_others() {
    let (bench, host) = bench().await;
    let inbox = bench.inbox(Webhook).await;
    host.put("/a", PNG);
    let id = link(&bench, inbox, "m-1", &format!("{}/a", host.url)).await;
    fetch(&bench, id).await;
    let rules = Rules::of(&bench.desk.settings.files);
    let idle = attach::keep_bytes(
        &bench.desk,
        bench.scope,
        &rules,
        Bytes::from_static(b"idle words"),
    );
    idle.await.unwrap();
    assert_eq!(
        attach::sweep(&bench.desk).await.unwrap(),
        attach::Swept::default()
    );
    bench.world.clock.advance(seconds(25 * 3_600));
    assert_eq!(attach::sweep(&bench.desk).await.unwrap().files, 1);
    assert_eq!(bench.one("SELECT mime_type FROM files").await, "image/png");
    assert_eq!(bytes(&bench, id).await.as_deref(), Some(PNG));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_stop_coming_leave_nothing_behind() {
    let (bench, _host) = bench().await;
    let rules = Rules::of(&bench.desk.settings.files);
    let broken = futures::stream::iter([Ok(Bytes::from_static(PNG)), Err("cut")]);
    let kept = attach::keep(&bench.desk, bench.scope, &rules, broken).await;
    assert!(matches!(kept, Err(Unkept::Broken("cut"))));
    assert_eq!(bench.count("files").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_brings_its_own_file_and_a_withdrawal_closes_all_links() {
    let (bench, host) = bench().await;
    let inbox = bench.inbox(Webhook).await;
    host.put("/a", PNG);
    host.put("/b", b"other words".to_vec());
    let first = link(&bench, inbox, "m-1", &format!("{}/a", host.url)).await;
    assert_eq!(fetch(&bench, first).await, Fetched::Stored);
    let edit = |url: &str, caption: &str| {
        let UpdateKind::Message(message) = picture("x", MediaSource::Url(url.to_owned())).kind
        else {
            unreachable!("it is a message")
        };
        let Content::Media { media, .. } = message.content else {
            unreachable!("it is a picture")
        };
        update(UpdateKind::Edit {
            target: "m-1".to_owned(),
            content: Content::Media {
                media,
                caption: Some(caption.to_owned()),
            },
        })
    };
    bench
        .receive(inbox, edit(&format!("{}/a", host.url), "mine"))
        .await;
    assert_eq!(bench.count("attachments").await, 1, "the same file");
    bench.world.clock.advance(seconds(1));
    bench
        .receive(inbox, edit(&format!("{}/b", host.url), "mine"))
        .await;
    let due = attach::list_due(&bench.desk, 10).await.unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!(fetch(&bench, due[0].1).await, Fetched::Stored);
    let places = "SELECT position, state FROM attachments ORDER BY created_at";
    assert_eq!(bench.rows(places).await, ["-1 stored", "0 stored"]);
    assert_eq!(
        bytes(&bench, due[0].1).await.as_deref(),
        Some(&b"other words"[..])
    );
    let withdrawn = UpdateKind::Delete {
        target: "m-1".to_owned(),
    };
    bench.receive(inbox, update(withdrawn)).await;
    for id in [first, due[0].1] {
        assert_eq!(bytes(&bench, id).await, None);
    }
    bench.prove().await;
}
