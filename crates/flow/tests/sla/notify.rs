//! Mails and calls leave: to a mail server and to an address that are really there.

use crate::bench::*;
use crate::clocks::berlin_workdays;
use crate::receiver::Receiver;
use base64::Engine;
use chrono::Duration;
use interdesk_channels::Credentials;
use interdesk_domain::agent::Presence;
use interdesk_domain::id::{InboxId, NotificationId};
use interdesk_domain::permission::{Role, Viewer};
use interdesk_flow::deliver::Courier;
use interdesk_flow::notify;
use interdesk_flow::watch_sla::Shelf;
use interdesk_simulator::mail::Catcher;
use interdesk_store::notifications;
use interdesk_store::timers::{self, Timer, TimerKind};
use interdesk_store::vault::Vault;
use serde_json::{Value, json};
use std::sync::Arc;

fn courier() -> Courier {
    let key = base64::engine::general_purpose::STANDARD.encode([7; 32]);
    Courier {
        client: reqwest::Client::new(),
        vault: Arc::new(Vault::parse(&key).unwrap()),
        whatsapp_url: String::new(),
        telegram_url: String::new(),
        timeout: std::time::Duration::from_secs(5),
        forbids: |_| false,
    }
}

/// A promise of ten minutes, and who is told when it is broken.
fn promise(actions: Value) -> Value {
    json!([{ "clock": "first_reply", "within_ms": 600_000, "hours": "calendar",
        "steps": [{ "name": "late", "at": "breach", "actions": actions }] }])
}

fn to_supervisors() -> Value {
    json!([{ "do": "notify", "who": "supervisor", "by": "email" }])
}

fn to_the_address() -> Value {
    json!([{ "do": "notify", "who": "supervisor", "by": "webhook" }])
}

struct Post {
    bench: Bench,
    courier: Courier,
    boss: Viewer,
}

impl Post {
    /// A tenant with a supervisor, on a Tuesday morning.
    async fn fresh() -> Self {
        let bench = Bench::fresh().await;
        bench.at(utc("2026-11-17T09:00:00"));
        let (tenant, role) = (bench.tenant, Role::Supervisor);
        let boss = bench.world.person(tenant, role, Presence::Online, 0).await;
        let courier = courier();
        Self {
            bench,
            courier,
            boss,
        }
    }

    fn address(&self) -> String {
        format!("{}@example.org", self.boss.agent.0)
    }

    /// Connects a mailbox that sends through a server.
    async fn mailbox(&self, server: &str) {
        let id: InboxId = self.bench.desk.id();
        let plain = serde_json::to_vec(&Credentials::default()).unwrap();
        let sealed = self.courier.vault.seal(&id.to_string(), &plain).unwrap();
        let hex: String = sealed.iter().map(|byte| format!("{byte:02x}")).collect();
        let (tenant, queue) = (self.bench.tenant.0, self.bench.queue.0);
        let statement = format!(
            "INSERT INTO inboxes (id, tenant_id, public_id, channel, name, account_id, endpoint,
                queue_id, credentials, created_at)
             VALUES ('{0}', '{tenant}', 'in-{0}', 'email', 'Mail', 'support@desk.example', '{server}',
                '{queue}', '\\x{hex}', now())",
            id.0
        );
        self.bench.world.test.execute_as_owner(&statement).await;
    }

    /// Sets the tenant's own address and returns its secret.
    async fn hook(&self, receiver: &Receiver) -> String {
        let (bench, vault) = (&self.bench, &self.courier.vault);
        let set = notify::set_hook(&bench.desk, vault, bench.scope(), Some(&receiver.url));
        set.await.unwrap().unwrap()
    }

    /// Lets a promise break, ten minutes after nine unless the clock was moved.
    async fn breaks(&self, actions: Value) -> Story {
        self.bench.promise(1, promise(actions)).await;
        let story = self.bench.opens().await;
        self.bench.run().await;
        self.bench.wait(minutes(10));
        self.bench.run().await;
        story
    }

    async fn send(&self) -> usize {
        notify::send(&self.bench.desk, &self.courier).await.unwrap()
    }

    /// Lets what was given up be tried again.
    async fn again(&self) {
        let statement = "UPDATE notifications SET try_at = made_at, failure = NULL";
        self.bench.world.test.execute_as_owner(statement).await;
    }

    async fn count(&self, query: &'static str) -> i64 {
        self.bench.count(query).await
    }
}

const SENT: &str = "SELECT count(*) AS count FROM notifications WHERE sent_at IS NOT NULL";
const WAITING: &str = "SELECT count(*) AS count FROM notifications WHERE try_at IS NOT NULL";

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_is_mailed_to_the_supervisor_and_again_after_a_refusal_until_it_is_taken() {
    let (post, catcher) = (Post::fresh().await, Catcher::start(0).await.unwrap());
    post.mailbox(&catcher.url()).await;
    catcher.refuse(&post.address(), "451 4.2.0 come again later");
    let story = post.breaks(to_supervisors()).await;
    assert_eq!(post.send().await, 1);
    assert_eq!(post.count(SENT).await, 0);
    let why = post.count(
        "SELECT count(*) AS count FROM notifications WHERE attempts = 1 AND failure LIKE '%451%'",
    );
    assert_eq!(why.await, 1, "it is said why");
    catcher.accept(&post.address());
    post.bench.wait(Duration::seconds(29));
    assert_eq!(post.send().await, 0, "it rests for half a minute");
    post.bench.wait(Duration::seconds(1));
    assert_eq!(post.send().await, 1);
    post.bench.wait(minutes(600));
    assert_eq!(post.send().await, 0, "what was taken is not sent again");

    let caught = catcher.caught();
    assert_eq!(caught.len(), 1);
    let mail = &caught[0];
    assert_eq!(mail.to, [post.address()]);
    let header = |name| mail.header(name).unwrap_or_default();
    assert!(header("From").contains("support@desk.example"), "{mail:?}");
    assert_eq!(header("Subject"), "Late: first reply");
    assert_eq!(header("Auto-Submitted"), "auto-generated");
    assert_eq!(mail.header("Reply-To"), None, "no answer finds a customer");
    let conversation = story.at.conversation.to_string();
    assert!(mail.mail.contains(&conversation), "{}", mail.mail);
    assert!(mail.mail.contains("2026-11-17 09:10 UTC"), "{}", mail.mail);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_refused_for_good_is_given_up_and_one_that_never_passes_after_an_hour() {
    let (post, catcher) = (Post::fresh().await, Catcher::start(0).await.unwrap());
    post.mailbox(&catcher.url()).await;
    catcher.refuse(&post.address(), "550 5.1.1 nobody here of that name");
    post.breaks(to_supervisors()).await;
    assert_eq!(post.send().await, 1);
    let given_up = "SELECT count(*) AS count FROM notifications
        WHERE try_at IS NULL AND sent_at IS NULL AND failure IS NOT NULL";
    assert_eq!(post.count(given_up).await, 1);

    let (other, silent) = (Post::fresh().await, Catcher::start(0).await.unwrap());
    other.mailbox(&silent.url()).await;
    silent.refuse(&other.address(), "451 4.2.0 come again later");
    other.breaks(to_supervisors()).await;
    let mut tries = 0;
    for _ in 0..90 {
        tries += other.send().await;
        other.bench.wait(minutes(1));
    }
    assert_eq!(tries, 7, "it is tried seven times");
    assert_eq!(other.count(given_up).await, 1);
    assert!(silent.caught().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_signed_and_repeated_under_one_id_until_it_is_taken() {
    let (post, receiver) = (Post::fresh().await, Receiver::start().await);
    let secret = post.hook(&receiver).await;
    receiver.plan([500, 429, 302]);
    let story = post.breaks(to_the_address()).await;
    for wait in [0, 30, 60, 120] {
        post.bench.wait(Duration::seconds(wait));
        assert_eq!(post.send().await, 1, "after {wait} seconds");
        let (calls, now) = (receiver.calls(), post.bench.desk.now().timestamp());
        let last = calls.last().unwrap();
        assert!(last.is_signed_with(&secret, now), "{last:?}");
        assert!(!last.is_signed_with("whsec_AAAA", now), "not by any key");
    }
    post.bench.wait(minutes(600));
    assert_eq!(post.send().await, 0, "what was taken is not told again");
    let calls = receiver.calls();
    assert_eq!(calls.len(), 4);
    let id = calls[0].header("webhook-id");
    assert!(calls.iter().all(|call| call.header("webhook-id") == id));
    let body = calls[3].body();
    assert_eq!(body["type"], "sla.step", "{body}");
    let data = &body["data"];
    assert_eq!(
        data["notification"],
        json!(id.parse::<NotificationId>().unwrap())
    );
    assert_eq!(data["conversation"], json!(story.at.conversation));
    assert_eq!(data["episode"], json!(story.at.episode));
    assert_eq!(
        (&data["clock"], &data["step"]),
        (&json!("first_reply"), &json!("late"))
    );
    assert_eq!(data["at"], "2026-11-17T09:10:00Z");
    assert_eq!(calls[3].header("content-type"), "application/json");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_gone_or_private_or_taken_away_is_not_called_again() {
    let (mut post, receiver) = (Post::fresh().await, Receiver::start().await);
    post.hook(&receiver).await;
    receiver.plan([410]);
    post.breaks(to_the_address()).await;
    assert_eq!(post.send().await, 1);
    assert_eq!(post.count(WAITING).await, 0, "410 is for good");

    post.again().await;
    post.courier.forbids = |_| true;
    assert_eq!(post.send().await, 1);
    assert_eq!(
        receiver.calls().len(),
        1,
        "nobody calls into a private network"
    );
    let why = "SELECT count(*) AS count FROM notifications
        WHERE failure LIKE '%private network%' AND try_at IS NULL";
    assert_eq!(post.count(why).await, 1);

    post.again().await;
    post.courier.forbids = |_| false;
    let (bench, vault) = (&post.bench, &post.courier.vault);
    let away = notify::set_hook(&bench.desk, vault, bench.scope(), None);
    assert_eq!(away.await.unwrap(), None);
    assert_eq!(post.send().await, 1);
    assert_eq!(receiver.calls().len(), 1);
    assert_eq!(post.count(WAITING).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_waits_for_the_hours_of_its_recipient_and_for_their_return_and_a_call_does_not() {
    let (post, catcher) = (Post::fresh().await, Catcher::start(0).await.unwrap());
    let receiver = Receiver::start().await;
    post.mailbox(&catcher.url()).await;
    post.hook(&receiver).await;
    let bench = &post.bench;
    let from = utc("2026-11-01T00:00:00");
    bench.hours(1, 1, from, berlin_workdays()).await;
    let (tenant, boss) = (bench.tenant, post.boss.agent.0);
    let away = bench
        .world
        .person(tenant, Role::Supervisor, Presence::Online, 0);
    let away = away.await.agent.0;
    let schedule = uuid::Uuid::from_u128(1);
    let absence: NotificationId = bench.desk.id();
    bench
        .world
        .test
        .execute_as_owner(&format!(
            "UPDATE agents SET schedule_id = '{schedule}' WHERE id = '{boss}';
             INSERT INTO agent_absences (id, tenant_id, agent_id, starts_at, ends_at, made_at)
             VALUES ('{}', '{}', '{away}', '2026-11-16T00:00:00Z', '2026-11-19T06:00:00Z', now())",
            absence.0, tenant.0
        ))
        .await;
    // Tuesday evening in Berlin.
    bench.at(utc("2026-11-17T18:00:00"));
    let both = json!([{ "do": "notify", "who": "supervisor", "by": "email" },
        { "do": "notify", "who": "supervisor", "by": "webhook" }]);
    post.breaks(both).await;
    assert_eq!(post.send().await, 1, "programs have no hours");
    assert_eq!(receiver.calls().len(), 1);
    let recipients = || {
        let caught = catcher.caught();
        caught
            .iter()
            .flat_map(|one| one.to.clone())
            .collect::<Vec<_>>()
    };
    bench.at(utc("2026-11-18T07:59:59"));
    assert_eq!(post.send().await, 0);
    // Wednesday, 09:00 in Berlin.
    bench.at(utc("2026-11-18T08:00:00"));
    assert_eq!(post.send().await, 1);
    assert_eq!(recipients(), [post.address()]);
    bench.at(utc("2026-11-19T05:59:59"));
    assert_eq!(post.send().await, 0, "they are off until Thursday");
    bench.at(utc("2026-11-19T06:00:00"));
    assert_eq!(post.send().await, 1);
    assert_eq!(recipients()[1], format!("{away}@example.org"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_senders_tell_once_and_one_that_died_leaves_it_to_the_next_under_the_same_id() {
    let (post, receiver) = (Post::fresh().await, Receiver::start().await);
    post.hook(&receiver).await;
    post.breaks(to_the_address()).await;
    let tried = tokio::join!(post.send(), post.send(), post.send());
    assert!(tried.0 + tried.1 + tried.2 >= 1);
    assert_eq!(receiver.calls().len(), 1, "one of them makes the try");
    assert_eq!(post.count(SENT).await, 1);

    // One claims the next and dies before it calls.
    let bench = &post.bench;
    bench.opens().await;
    bench.run().await;
    bench.wait(minutes(10));
    bench.run().await;
    let (scope, now) = (bench.scope(), bench.desk.now());
    let system = bench.desk.database.begin_system().await.unwrap();
    let waiting = notifications::list_unsent(&system, now, 10).await.unwrap();
    system.rollback().await.unwrap();
    assert_eq!(waiting.len(), 1);
    let transaction = bench.desk.database.begin(scope).await.unwrap();
    let lease = now + Duration::seconds(120);
    let claimed = notifications::claim(&transaction, scope, waiting[0].id, now, lease);
    assert!(claimed.await.unwrap().is_some());
    transaction.commit().await.unwrap();
    assert_eq!(post.send().await, 0, "it may still be at it");
    bench.wait(Duration::seconds(120));
    assert_eq!(post.send().await, 1);
    let calls = receiver.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[1].header("webhook-id"), waiting[0].id.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_run_of_a_clock_is_mailed_once_over_restarts_and_repeated_timers() {
    let (mut post, catcher) = (Post::fresh().await, Catcher::start(0).await.unwrap());
    post.mailbox(&catcher.url()).await;
    let story = post.breaks(to_supervisors()).await;
    post.send().await;
    for _ in 0..3 {
        // A process that begins anew remembers nothing, and is told everything again.
        post.bench.shelf = Shelf::default();
        let bench = &post.bench;
        let rewind = "UPDATE sla_cursors SET seq = 0; UPDATE sla_episodes SET told_until = NULL";
        bench.world.test.execute_as_owner(rewind).await;
        let transaction = bench.desk.database.begin(bench.scope()).await.unwrap();
        for _ in 0..2 {
            let timer = Timer {
                id: bench.desk.id(),
                tenant_id: bench.tenant,
                kind: TimerKind::SlaWake,
                subject_id: story.at.episode.0,
                due_at: bench.desk.now(),
            };
            timers::insert(&transaction, &timer).await.unwrap();
        }
        transaction.commit().await.unwrap();
        bench.run().await;
        bench.wait(minutes(5));
        bench.run().await;
        post.send().await;
    }
    assert_eq!(catcher.caught().len(), 1, "once, however often it is told");
    assert_eq!(post.bench.events("notification_made").await.len(), 1);
    let acted = "SELECT count(*) AS count FROM sla_actions";
    assert_eq!(post.count(acted).await, 2, "the breach and its step");

    // The next run of the clock, in the next episode, is another.
    let reopened = interdesk_domain::event::Event::ConversationReopened {
        conversation: story.at.conversation,
        episode: post.bench.desk.id(),
        number: 2,
    };
    post.bench.resolves(&story).await;
    let customer = interdesk_domain::event::Actor::Contact(story.at.contact);
    post.bench.say(&story, customer, reopened).await;
    post.bench.writes(&story).await;
    post.bench.run().await;
    post.bench.wait(minutes(10));
    post.bench.run().await;
    post.send().await;
    assert_eq!(catcher.caught().len(), 2);
}
