//! Where new work goes when a message opens it.

use crate::bench::Bench;
use chrono::Duration;
use interdesk_domain::agent::Presence;
use interdesk_domain::id::{ConversationId, InboxId, QueueId};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{
    Address, Author, Content, InboundMessage, Sender, Update, UpdateKind,
};
use interdesk_domain::policy::{PolicyKind, QueuePolicy};
use interdesk_domain::scope::TenantScope;
use interdesk_flow::receive::{Mailbox, Webhook, receive};
use interdesk_flow::{Context, presence};
use serde_json::json;

/// Lets a customer write some words.
async fn write(bench: &Bench, scope: TenantScope, mailbox: Mailbox, who: &str, words: &str) {
    let address = Address {
        network: "example".to_owned(),
        namespace: "user".to_owned(),
        value: who.to_owned(),
    };
    let sender = Sender {
        addresses: vec![address],
        ..Sender::default()
    };
    let content = Content::Text {
        text: words.to_owned(),
    };
    let id: InboxId = bench.desk.id();
    let message = InboundMessage::new(id.to_string(), Author::Customer(sender), content);
    let webhook = Webhook {
        inbox: mailbox,
        updates: vec![Update {
            account: None,
            at: None,
            kind: UpdateKind::Message(Box::new(message)),
        }],
        trace: None,
        received_at: bench.desk.now(),
    };
    receive(&bench.desk, scope, &[webhook]).await.unwrap();
}

async fn mailbox(bench: &Bench, scope: TenantScope, queue: QueueId) -> Mailbox {
    Mailbox {
        id: bench.world.inbox(scope.tenant(), queue).await,
        channel: ChannelKind::Webhook,
        queue,
    }
}

async fn conversation(bench: &Bench, scope: TenantScope) -> ConversationId {
    let events = bench.events(scope).await;
    let opened = events.iter().find_map(|envelope| match &envelope.event {
        interdesk_domain::event::Event::ConversationOpened { conversation, .. } => {
            Some(*conversation)
        }
        _ => None,
    });
    opened.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn owner_offline_when_the_customer_comes_back() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let owner = bench.agent(tenant, 1).await;
    let queue = bench.world.queue(tenant, &[owner.agent]).await;
    let scope = owner.scope();
    let policy = QueuePolicy {
        last_owner_seconds: 120,
        ..QueuePolicy::default()
    };
    bench
        .policy(scope, PolicyKind::Queue, queue.0, 1, json!(policy))
        .await;
    let mailbox = mailbox(&bench, scope, queue).await;
    write(&bench, scope, mailbox, "12", "hello").await;
    bench.pass(tenant, queue).await;
    let offer = bench.offer(&owner).await;
    bench.accept(&owner, offer).await;
    bench
        .resolve(&owner, conversation(&bench, scope).await)
        .await;
    // A colleague is there; the owner is not.
    let colleague = bench.agent(tenant, 1).await;
    bench
        .act(format!(
            "INSERT INTO team_members (team_id, agent_id, tenant_id)
             SELECT id, '{}', tenant_id FROM teams",
            colleague.agent.0
        ))
        .await;
    let context = Context::agent(owner.agent, None);
    presence::set(&bench.desk, &owner, Presence::Offline, None, &context)
        .await
        .unwrap();
    write(&bench, scope, mailbox, "12", "one more thing").await;
    let mut router = bench.router(tenant).await;
    assert_eq!(
        bench.settle(&mut router).await.offered,
        0,
        "kept for its owner for a while"
    );
    let until = bench.desk.now() + Duration::seconds(120);
    assert_eq!(router.next_change(), Some(until));
    bench.world.clock.advance(Duration::seconds(120));
    presence::seen(&bench.desk, colleague.agent).await;
    assert_eq!(bench.settle(&mut router).await.offered, 1);
    assert_eq!(
        bench.offers(&colleague).await.len(),
        1,
        "and then anybody's"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_choose_queue_priority_skills_and_tags_and_keep_their_reasons() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 5).await;
    let scope = agent.scope();
    let first = bench.world.queue(tenant, &[agent.agent]).await;
    let legal = bench.world.queue(tenant, &[agent.agent]).await;
    let rules = json!([{
        "name": "Law",
        "when": {"words": ["lawyer"]},
        "then": {"queue": legal, "priority": 3, "skills": {"has": {"name": "law", "level": 2}},
            "tags": ["law"]},
    }]);
    bench
        .policy(scope, PolicyKind::Rules, tenant.0, 1, rules)
        .await;
    let mailbox = mailbox(&bench, scope, first).await;
    write(&bench, scope, mailbox, "12", "My lawyer says no.").await;
    write(&bench, scope, mailbox, "13", "Where is my parcel?").await;
    let placed = bench.count(
        "SELECT count(*) AS count FROM work_items w JOIN conversations c ON c.id = w.conversation_id
         WHERE w.priority = 3 AND w.skills #>> '{has,name}' = 'law' AND c.tags = '{law}'
            AND w.placement #>> '{read,0,rule}' = 'Law' AND w.queue_id = c.queue_id",
    );
    assert_eq!(placed.await, 1);
    let told = bench.events(scope).await;
    let queues = told.iter().filter_map(|envelope| match &envelope.event {
        interdesk_domain::event::Event::WorkItemQueued { queue, .. } => Some(*queue),
        _ => None,
    });
    assert_eq!(queues.collect::<Vec<_>>(), [legal, first]);
    let passed = bench.pass(tenant, first).await;
    assert_eq!(
        (passed.offered, passed.waiting),
        (1, 1),
        "nobody here knows law"
    );
    bench.prove_loads().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_overflows_and_what_no_queue_takes_ends_with_a_word() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 5).await;
    let scope = agent.scope();
    let queue = bench.world.queue(tenant, &[]).await;
    let other = bench.world.queue(tenant, &[]).await;
    let limits = [
        (queue, json!({"overflow": other})),
        (other, json!("refuse")),
    ];
    for (queue, outcome) in limits {
        let mut policy = json!(QueuePolicy::default());
        policy["length_limit"] = json!({"most": 1, "outcome": outcome});
        bench
            .policy(scope, PolicyKind::Queue, queue.0, 1, policy)
            .await;
    }
    let mailbox = mailbox(&bench, scope, queue).await;
    for who in ["12", "13", "14"] {
        write(&bench, scope, mailbox, who, "hello").await;
    }
    let waiting = "SELECT count(DISTINCT queue_id) AS count FROM work_items WHERE state = 'queued'";
    assert_eq!(bench.count(waiting).await, 2, "one in each");
    let refused =
        "SELECT count(*) AS count FROM work_items w JOIN outbox o ON o.kind = 'work_item_cancelled'
        WHERE w.state = 'cancelled' AND w.limited = 'refuse' AND w.ended_at IS NOT NULL";
    assert_eq!(bench.count(refused).await, 1);
    // The next words ask again, as there is no work that waits for them.
    bench
        .act(format!(
            "UPDATE work_items SET state = 'cancelled' WHERE queue_id = '{}'",
            queue.0
        ))
        .await;
    write(&bench, scope, mailbox, "14", "is anybody there?").await;
    assert_eq!(bench.count(waiting).await, 2);
}
