//! A visitor of the web chat goes on in another app.

use crate::bench::*;
use crate::link::{graph, undo};
use chrono::{DateTime, Utc};
use interdesk_domain::id::ContactId;
use interdesk_domain::inbox::ChannelKind::{Telegram, Webchat};
use interdesk_domain::message::{Address, Update, UpdateKind};
use interdesk_flow::receive::Mailbox;
use interdesk_flow::unlink::UnlinkOutcome;
use interdesk_store::widget::{self, Session};
use uuid::Uuid;

struct Scene {
    bench: Bench,
    webchat: Mailbox,
    telegram: Mailbox,
    session: Uuid,
}

fn handle(number: u32) -> Vec<Address> {
    let username = address("telegram", "username", &format!("customer{number}"));
    vec![address("telegram", "user", &number.to_string()), username]
}

impl Scene {
    /// A visitor has a session and did not write yet.
    async fn set() -> Self {
        let bench = Bench::fresh().await;
        let (webchat, telegram) = (bench.inbox(Webchat).await, bench.inbox(Telegram).await);
        let session = bench.desk.clock.new_uuid();
        let scene = Self {
            bench,
            webchat,
            telegram,
            session,
        };
        let row = scene.row();
        let scope = scene.bench.scope;
        let transaction = scene.bench.desk.database.begin(scope).await.unwrap();
        widget::insert_session(&transaction, scope, &row)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        scene
    }

    fn row(&self) -> Session {
        Session {
            id: self.session,
            inbox_id: self.webchat.id,
            visitor_id: self.session,
            user_id: None,
            name: None,
            email: None,
            locale: None,
            begun_at: self.now(),
            expires_at: self.now() + seconds(3_600),
            ended_at: None,
        }
    }

    fn now(&self) -> DateTime<Utc> {
        self.bench.desk.now()
    }

    /// The visitor writes by the widget.
    async fn chats(&self, id: &str) {
        let who = vec![address("webchat", "visitor", &self.session.to_string())];
        self.bench
            .receive(self.webchat, text(id, who, "hello"))
            .await;
        let person = self.row().person();
        self.bench
            .run(&format!(
                "INSERT INTO widget_threads (inbox_id, person, conversation_id, contact_id,
                    tenant_id, written_at)
                 SELECT inbox_id, '{person}', conversation_id, contact_id, tenant_id, stored_at
                 FROM messages WHERE provider_id = '{id}' ON CONFLICT DO NOTHING"
            ))
            .await;
    }

    /// Somebody brings the token of the visitor's link with their first message.
    async fn follows(&self, id: &str, who: Vec<Address>, until: DateTime<Utc>) {
        let followed = update(UpdateKind::LinkFollowed {
            by: sender(who.clone()),
            session: self.session,
            until,
        });
        self.brings(vec![followed, text(id, who, "/start")]).await;
    }

    async fn brings(&self, updates: Vec<Update>) {
        self.bench
            .try_receive(self.telegram, updates)
            .await
            .unwrap();
    }

    fn soon(&self) -> DateTime<Utc> {
        self.now() + seconds(60)
    }

    async fn conversations(&self) -> i64 {
        self.bench.count("conversations").await
    }

    async fn met(&self, message: &str) -> ContactId {
        let query = format!("SELECT contact_id FROM messages WHERE provider_id = '{message}'");
        ContactId(self.bench.one(&query).await.parse().unwrap())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_who_follows_the_link_goes_on_in_one_conversation_and_can_be_parted_again() {
    let scene = Scene::set().await;
    scene.chats("web-1").await;
    scene.follows("tg-1", handle(7), scene.soon()).await;
    assert_eq!(
        scene.conversations().await,
        1,
        "one conversation, one work item"
    );
    assert_eq!(scene.bench.count("work_items").await, 1);
    let evidence = "contact_notes WHERE kind = 'linked' AND agent_id IS NULL";
    assert_eq!(scene.bench.count(evidence).await, 1);
    assert_eq!(
        scene
            .bench
            .count("outbox WHERE kind = 'contact_linked'")
            .await,
        1
    );
    // A repeat of the webhook, and a second start, change nothing.
    let once = graph(&scene.bench).await;
    scene.follows("tg-1", handle(7), scene.soon()).await;
    scene.follows("tg-2", handle(7), scene.soon()).await;
    assert_eq!(graph(&scene.bench).await, once);
    scene.bench.prove().await;
    let follower = scene.met("tg-1").await;
    let parted = undo(&scene.bench, follower).await;
    assert!(
        matches!(parted, UnlinkOutcome::Unlinked { .. }),
        "{parted:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_known_customer_is_found_to_be_the_visitor_and_keeps_what_they_have() {
    let scene = Scene::set().await;
    scene
        .bench
        .receive(scene.telegram, text("old", handle(7), "hello"))
        .await;
    scene.chats("web-1").await;
    assert_eq!(scene.conversations().await, 2);
    scene.follows("tg-1", handle(7), scene.soon()).await;
    assert_eq!(scene.conversations().await, 2, "neither conversation moves");
    assert_eq!(scene.met("old").await, scene.met("tg-1").await);
    let linked = "contacts WHERE linked_into IS NOT NULL";
    assert_eq!(scene.bench.count(linked).await, 1);
    scene.bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_was_used_ended_or_is_nobodys_links_nobody() {
    let scene = Scene::set().await;
    let linked = "contacts WHERE linked_into IS NOT NULL";
    // The visitor wrote nothing yet.
    scene.follows("tg-0", handle(5), scene.soon()).await;
    assert_eq!(scene.bench.count(linked).await, 0);
    scene.chats("web-1").await;
    // Too late, to the second.
    scene.follows("tg-1", handle(6), scene.now()).await;
    assert_eq!(scene.bench.count(linked).await, 0);
    // Somebody else comes by the link of a session that nobody has.
    let stranger = update(UpdateKind::LinkFollowed {
        by: sender(handle(9)),
        session: scene.bench.desk.clock.new_uuid(),
        until: scene.soon(),
    });
    scene
        .brings(vec![stranger, text("tg-2", handle(9), "/start")])
        .await;
    assert_eq!(scene.bench.count(linked).await, 0);
    // The first one who comes is the visitor; whoever comes after is not.
    scene.follows("tg-3", handle(7), scene.soon()).await;
    assert_eq!(scene.bench.count(linked).await, 1);
    scene.follows("tg-4", handle(8), scene.soon()).await;
    assert_eq!(scene.bench.count(linked).await, 1);
    // All that they wrote is there.
    let written = "messages WHERE provider_id LIKE 'tg-%'";
    assert_eq!(scene.bench.count(written).await, 5);
    scene.bench.prove().await;
}
