//! One person on several apps: where the next message goes on.

use crate::bench::*;
use crate::link::{link_contacts, met_by, undo};
use interdesk_domain::id::{ContactId, ConversationId};
use interdesk_domain::inbox::ChannelKind::{Telegram, Whatsapp};
use interdesk_domain::message::{Address, Author, InboundMessage};
use interdesk_flow::Context;
use interdesk_flow::receive::{Mailbox, receive};
use interdesk_flow::resolve::{ResolveOutcome, resolve};

/// A person who was met on WhatsApp and Telegram, linked into the contact on WhatsApp.
pub(crate) struct Two {
    pub(crate) bench: Bench,
    pub(crate) whatsapp: Mailbox,
    pub(crate) telegram: Mailbox,
    pub(crate) one: ContactId,
    pub(crate) two: ContactId,
}

pub(crate) fn number() -> Vec<Address> {
    vec![phone("15550100")]
}

pub(crate) fn handle() -> Vec<Address> {
    vec![address("telegram", "user", "7")]
}

impl Two {
    /// Both wrote once, and what they wrote is resolved.
    pub(crate) async fn linked() -> Self {
        let two = Self::apart().await;
        two.resolve_all().await;
        link_contacts(&two.bench, two.two, two.one).await;
        two
    }

    pub(crate) async fn apart() -> Self {
        let bench = Bench::fresh().await;
        let (whatsapp, telegram) = (bench.inbox(Whatsapp).await, bench.inbox(Telegram).await);
        let one = met_by(&bench, whatsapp, "first by phone", number()).await;
        let two = met_by(&bench, telegram, "first by handle", handle()).await;
        Self {
            bench,
            whatsapp,
            telegram,
            one,
            two,
        }
    }

    pub(crate) async fn resolve_all(&self) {
        let open = "SELECT id FROM conversations WHERE status <> 'resolved' ORDER BY id";
        for id in self.bench.rows(open).await {
            self.resolve(id.parse().map(ConversationId).unwrap()).await;
        }
    }

    pub(crate) async fn resolve(&self, conversation: ConversationId) {
        let (desk, viewer) = (&self.bench.desk, &self.bench.agent);
        let context = Context::agent(viewer.agent, None);
        let outcome = resolve(desk, viewer, conversation, None, &context).await;
        assert!(matches!(outcome, Ok(ResolveOutcome::Resolved { .. })));
    }

    pub(crate) async fn writes(&self, inbox: Mailbox, id: &str, who: Vec<Address>) {
        self.bench.world.clock.advance(seconds(1));
        self.bench.receive(inbox, text(id, who, "hello")).await;
    }

    /// Returns whose conversation holds a message.
    pub(crate) async fn holder(&self, message: &str) -> ContactId {
        let query = format!(
            "SELECT c.contact_id FROM messages m JOIN conversations c ON c.id = m.conversation_id
             WHERE m.provider_id = '{message}'"
        );
        ContactId(self.bench.one(&query).await.parse().unwrap())
    }

    pub(crate) async fn open(&self) -> i64 {
        let open = "conversations WHERE status NOT IN ('resolved', 'closed')";
        self.bench.count(open).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_by_another_app_of_the_person_joins_the_conversation_that_is_open() {
    let person = Two::linked().await;
    let (bench, whatsapp, telegram) = (&person.bench, person.whatsapp, person.telegram);
    person.writes(telegram, "m-1", handle()).await;
    person.writes(whatsapp, "m-2", number()).await;
    person.writes(telegram, "m-3", handle()).await;
    assert_eq!(person.open().await, 1, "one conversation");
    let live = "work_items WHERE state IN ('queued', 'offered', 'active', 'wrap_up')";
    assert_eq!(bench.count(live).await, 1, "one work item");
    let timeline = "SELECT m.provider_id, i.channel, m.contact_id = c.contact_id AS own
        FROM messages m JOIN inboxes i ON i.id = m.inbox_id
        JOIN conversations c ON c.id = m.conversation_id
        WHERE c.status = 'new' AND m.provider_id LIKE 'm-%' ORDER BY m.version";
    let expected = ["m-1 telegram f", "m-2 whatsapp t", "m-3 telegram f"];
    assert_eq!(bench.rows(timeline).await, expected);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversations_that_are_open_at_the_link_stay_apart_until_one_is_resolved() {
    let person = Two::apart().await;
    link_contacts(&person.bench, person.two, person.one).await;
    person.writes(person.whatsapp, "m-1", number()).await;
    person.writes(person.telegram, "m-2", handle()).await;
    assert_eq!(person.holder("m-1").await, person.one);
    assert_eq!(person.holder("m-2").await, person.two);
    let other = format!(
        "SELECT id FROM conversations WHERE contact_id = '{}'",
        person.two.0
    );
    let other = person.bench.one(&other).await.parse().unwrap();
    person.resolve(ConversationId(other)).await;
    person.writes(person.telegram, "m-3", handle()).await;
    assert_eq!(person.holder("m-3").await, person.one, "one is left");
    assert_eq!(person.open().await, 1);
    person.bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_unlink_each_writes_in_their_own_again_and_what_was_said_stays_where_it_was() {
    let person = Two::linked().await;
    person.writes(person.whatsapp, "m-1", number()).await;
    person.writes(person.telegram, "m-2", handle()).await;
    undo(&person.bench, person.two).await;
    person.writes(person.telegram, "m-3", handle()).await;
    person.writes(person.whatsapp, "m-4", number()).await;
    let held = [person.holder("m-2").await, person.holder("m-3").await];
    assert_eq!(held, [person.one, person.two]);
    assert_eq!(person.holder("m-4").await, person.one);
    person.bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_apps_of_one_person_that_write_at_once_open_one_conversation() {
    for round in 0..4 {
        let person = Two::linked().await;
        let (desk, scope) = (&person.bench.desk, person.bench.scope);
        if round % 2 == 1 {
            // None of theirs is left to be locked: the rule of the table itself keeps it one.
            person
                .bench
                .run("UPDATE conversations SET status = 'closed'")
                .await;
        }
        let webhooks = [
            person
                .bench
                .webhook(person.whatsapp, vec![text("m-1", number(), "hello")]),
            person
                .bench
                .webhook(person.telegram, vec![text("m-2", handle(), "hello")]),
        ];
        let one = receive(desk, scope, &webhooks[..1]);
        let two = receive(desk, scope, &webhooks[1..]);
        let (one, two) = tokio::join!(one, two);
        one.and(two).unwrap();
        assert_eq!(person.open().await, 1, "round {round}");
        person.bench.prove().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_and_another_queue_stay_conversations_of_their_own() {
    let person = Two::linked().await;
    person.writes(person.whatsapp, "m-1", number()).await;
    let author = Author::Customer(sender(handle()));
    let mut in_group = InboundMessage::new("m-2".to_owned(), author, words("hello all"));
    in_group.group = Some("g-1".to_owned());
    person
        .bench
        .receive(person.telegram, message(in_group))
        .await;
    let tenant = person.bench.scope.tenant();
    let queue = person.bench.world.queue(tenant, &[]).await;
    let elsewhere = Mailbox {
        queue,
        ..person.telegram
    };
    person.writes(elsewhere, "m-3", handle()).await;
    assert_eq!(person.open().await, 3);
    person.bench.prove().await;
}
