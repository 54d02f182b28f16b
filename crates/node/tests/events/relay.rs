//! What the relay does in good times.

use crate::world::*;
use interdesk_bus::{Bus, Item, LocalBus, QueueName, Topology};
use interdesk_domain::id::TenantId;
use interdesk_domain::scope::TenantScope;
use interdesk_node::relay::{Settings, notify_others};
use interdesk_store::relay as log_of;
use interdesk_store::testing::TestDatabase;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn seqs_have_no_gap_under_many_writers_rollbacks_and_long_transactions() {
    let test = TestDatabase::fresh().await;
    test.execute_as_owner("CREATE TABLE counters (id uuid PRIMARY KEY, version bigint)")
        .await;
    let journal = Arc::new(Journal::default());
    let relay = start(&test, journal.clone(), settings());
    let tenants: [Uuid; 3] = std::array::from_fn(|_| new_uuid());
    let conversations: Vec<(Uuid, Uuid)> = (0..24).map(|n| (tenants[n % 3], new_uuid())).collect();
    let owner = connect(&test).await;
    for (_, conversation) in &conversations {
        let insert = format!("INSERT INTO counters VALUES ('{conversation}', 0)");
        owner.batch_execute(&insert).await.unwrap();
    }

    let mut writers = Vec::new();
    for number in 0..16 {
        let client = connect(&test).await;
        let conversations = conversations.clone();
        writers.push(tokio::spawn(async move {
            for _ in 0..40 {
                let pick = conversations[rand::random_range(0..conversations.len())];
                // Two of the writers hold their transactions open for long.
                let longest = if number < 2 { 120 } else { 3 };
                write_at_random(&client, pick, longest).await;
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }

    wait_until_published(&owner).await;
    relay.end().await;
    assert_log_is_sound(&owner).await;
    let last = journal.assert_no_skip();
    let total: u64 = last.values().sum();
    assert_eq!(
        total,
        number(&owner, "SELECT count(*) FROM outbox").await as u64
    );
    assert_eq!(
        journal.len() as u64,
        total,
        "nothing failed, so nothing was repeated"
    );
}

/// Writes one to three events of a conversation, its row locked, and gives up now and then.
async fn write_at_random(client: &tokio_postgres::Client, pick: (Uuid, Uuid), longest: u64) {
    let (tenant, conversation) = pick;
    client.batch_execute("BEGIN").await.unwrap();
    if rand::random_bool(0.5) {
        // Draws the transaction's number before it waits for the lock.
        client
            .batch_execute("SELECT pg_current_xact_id()")
            .await
            .unwrap();
    }
    let lock = format!("SELECT version FROM counters WHERE id = '{conversation}' FOR UPDATE");
    let mut version = number(client, &lock).await;
    for _ in 0..rand::random_range(1..=3) {
        version += 1;
        log(client, &event(tenant, conversation, version)).await;
        tokio::time::sleep(Duration::from_millis(rand::random_range(0..=longest))).await;
    }
    let update = format!("UPDATE counters SET version = {version} WHERE id = '{conversation}'");
    client.batch_execute(&update).await.unwrap();
    let end = if rand::random_bool(0.25) {
        "ROLLBACK"
    } else {
        "COMMIT"
    };
    client.batch_execute(end).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_keeps_its_versions_in_order_when_transaction_numbers_disagree() {
    let test = TestDatabase::fresh().await;
    test.execute_as_owner("CREATE TABLE counters AS SELECT 0::bigint AS version")
        .await;
    let (tenant, conversation) = (new_uuid(), new_uuid());
    let (early, late) = (connect(&test).await, connect(&test).await);
    let (bystander, owner) = (connect(&test).await, connect(&test).await);

    // The first draws its number, a bystander the next, and the third is first at the row.
    early
        .batch_execute("BEGIN; SELECT pg_current_xact_id()")
        .await
        .unwrap();
    bystander
        .batch_execute("BEGIN; SELECT pg_current_xact_id()")
        .await
        .unwrap();
    late.batch_execute("BEGIN; UPDATE counters SET version = 1")
        .await
        .unwrap();
    log(&late, &event(tenant, conversation, 1)).await;
    let waiting = tokio::spawn(async move {
        early
            .batch_execute("UPDATE counters SET version = 2")
            .await
            .unwrap();
        log(&early, &event(tenant, conversation, 2)).await;
        early.batch_execute("COMMIT").await.unwrap();
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    late.batch_execute("COMMIT").await.unwrap();
    waiting.await.unwrap();

    // The bystander still holds the horizon between the two.
    let journal = Arc::new(Journal::default());
    let relay = start(&test, journal.clone(), settings());
    wait_until_published(&owner).await;
    log(&bystander, &event(tenant, new_uuid(), 1)).await;
    bystander.batch_execute("COMMIT").await.unwrap();
    wait_until_published(&owner).await;
    relay.end().await;
    let versions: Vec<i64> = journal
        .envelopes()
        .iter()
        .filter(|envelope| envelope.aggregate.id == conversation)
        .map(|envelope| envelope.aggregate.version)
        .collect();
    assert_eq!(versions, [1, 2]);
    assert_eq!(journal.assert_no_skip().values().sum::<u64>(), 3);
    assert_log_is_sound(&owner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_runs_on_holds_up_nobody_and_is_not_forgotten() {
    let test = TestDatabase::fresh().await;
    let (long, owner) = (connect(&test).await, connect(&test).await);
    long.batch_execute("BEGIN").await.unwrap();
    log(&long, &event(new_uuid(), new_uuid(), 1)).await;
    let journal = Arc::new(Journal::default());
    for round in 1..=3 {
        // Each relay is a new one, so what is stamped above the horizon must be found again.
        let relay = start(&test, journal.clone(), settings());
        for _ in 0..100 {
            log(&owner, &event(new_uuid(), new_uuid(), 1)).await;
        }
        wait_until_published(&owner).await;
        relay.end().await;
        assert_eq!(journal.len(), round * 100);
    }
    long.batch_execute("COMMIT").await.unwrap();
    let relay = start(&test, journal.clone(), settings());
    wait_until_published(&owner).await;
    relay.end().await;
    assert_eq!(journal.assert_no_skip().values().sum::<u64>(), 301);
    assert_log_is_sound(&owner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_of_several_chunks_in_one_set_is_stamped_whole() {
    let test = TestDatabase::fresh().await;
    let owner = connect(&test).await;
    // Exactly two chunks, the awkward size.
    log_many(&owner, new_uuid(), 60_000).await;
    log_many(&owner, new_uuid(), 40_000).await;
    let journal = Arc::new(Journal::default());
    let relay = start(&test, journal.clone(), settings());
    wait_until_published(&owner).await;
    log_many(&owner, new_uuid(), 1).await;
    wait_until_published(&owner).await;
    relay.end().await;
    assert_eq!(journal.assert_no_skip().values().sum::<u64>(), 100_001);
    assert_eq!(
        number(&owner, "SELECT count(*) FROM event_seqs").await,
        100_001
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_of_this_process_and_of_others_wake_the_relay_at_once() {
    let test = TestDatabase::fresh().await;
    let owner = connect(&test).await;
    let journal = Arc::new(Journal::default());
    let settings = Settings {
        poll: Duration::from_secs(3_600),
        ..settings()
    };
    let relay = start(&test, journal.clone(), settings);
    let listens = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND query LIKE 'LISTEN%'";
    eventually("the relay listens", async || {
        number(&owner, listens).await == 1
    })
    .await;
    tokio::time::sleep(Duration::from_millis(100)).await;

    log_many(&owner, new_uuid(), 1).await;
    let begin = Instant::now();
    relay.committed.notify_one();
    eventually("own commit", async || journal.len() == 1).await;
    assert!(
        begin.elapsed() < Duration::from_secs(1),
        "{:?}",
        begin.elapsed()
    );

    let (committed, stop) = (Arc::new(Notify::new()), CancellationToken::new());
    let other = tokio::spawn(notify_others(
        test.database.clone(),
        committed.clone(),
        stop.clone(),
    ));
    log_many(&owner, new_uuid(), 1).await;
    let begin = Instant::now();
    committed.notify_one();
    eventually("another's commit", async || journal.len() == 2).await;
    assert!(
        begin.elapsed() < Duration::from_secs(1),
        "{:?}",
        begin.elapsed()
    );
    stop.cancel();
    other.await.unwrap();
    relay.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_relay_is_active_and_another_takes_over() {
    let test = TestDatabase::fresh().await;
    let owner = connect(&test).await;
    let (first, second) = (Arc::new(Journal::default()), Arc::new(Journal::default()));
    let active = start(&test, first.clone(), settings());
    log_many(&owner, new_uuid(), 10).await;
    wait_until_published(&owner).await;
    let standby = start(&test, second.clone(), settings());
    log_many(&owner, new_uuid(), 10).await;
    wait_until_published(&owner).await;
    assert_eq!((first.len(), second.len()), (20, 0));

    // Its connection is cut and it has no chance to come back.
    let holder = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks JOIN pg_database d
        ON d.oid = database WHERE locktype = 'advisory' AND d.datname = current_database()";
    assert_eq!(number(&owner, holder).await, 1);
    active.kill().await;
    log_many(&owner, new_uuid(), 10).await;
    wait_until_published(&owner).await;
    assert_eq!((first.len(), second.len()), (20, 10));

    // Cut again, the only one left comes back by itself.
    assert_eq!(number(&owner, holder).await, 1);
    log_many(&owner, new_uuid(), 10).await;
    wait_until_published(&owner).await;
    standby.end().await;
    assert_eq!(second.envelopes().len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_bus_bounds_what_is_on_its_way() {
    let test = TestDatabase::fresh().await;
    let owner = connect(&test).await;
    log_many(&owner, new_uuid(), 5_000).await;
    let bus = Arc::new(LocalBus::in_memory(Topology::new(2)));
    let journal = Arc::new(Journal::default());
    *journal.delay.lock().unwrap() = Duration::from_secs(3_600);
    let settings = Settings {
        page: 100,
        lead: 400,
        ..settings()
    };
    let relay = start(&test, journal.clone(), settings);
    eventually("the lead is used", async || journal.len() == 400).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(journal.len(), 400);
    assert_eq!(
        journal.most.load(Ordering::SeqCst),
        4,
        "several pages are on their way at once"
    );
    relay.kill().await;
    bus.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_arrives_over_the_local_bus_and_is_marked_when_it_is_acknowledged() {
    let test = TestDatabase::fresh().await;
    let owner = connect(&test).await;
    let bus = Arc::new(LocalBus::in_memory(Topology::new(1)));
    let mut consumer = bus.consume(QueueName::Audit(0), 10).await.unwrap();
    let mut clocks = bus.consume(QueueName::Sla(0), 10).await.unwrap();
    let relay = start(
        &test,
        bus.clone(),
        Settings {
            shards: 1,
            ..settings()
        },
    );
    let written = event(new_uuid(), new_uuid(), 1);
    log(&owner, &written).await;
    let Some(Item::Delivery(delivery)) = consumer.next().await else {
        panic!("a delivery")
    };
    assert_eq!(
        number(&owner, "SELECT published FROM relay_cursor").await,
        0
    );
    let arrived: interdesk_domain::event::Envelope =
        serde_json::from_slice(&delivery.body).unwrap();
    assert_eq!((arrived.id, arrived.seq), (written.id, Some(1)));
    delivery.ack().await.unwrap();
    if let Some(Item::Delivery(delivery)) = clocks.next().await {
        delivery.ack().await.unwrap();
    }
    wait_until_published(&owner).await;
    relay.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_of_the_log_see_their_own_tenant_in_order_and_its_bounds() {
    let test = TestDatabase::fresh().await;
    let owner = connect(&test).await;
    let (tenant, foreign) = (new_uuid(), new_uuid());
    let scope = TenantScope::new(TenantId(tenant));
    let transaction = test.database.begin(scope).await.unwrap();
    assert_eq!(log_of::bounds(&transaction, scope).await.unwrap(), (1, 0));
    transaction.commit().await.unwrap();

    let relay = start(&test, Arc::new(Journal::default()), settings());
    for version in 1..=5 {
        log(&owner, &event(tenant, tenant, version)).await;
        log(&owner, &event(foreign, foreign, version)).await;
    }
    wait_until_published(&owner).await;
    relay.end().await;

    let transaction = test.database.begin(scope).await.unwrap();
    let events = log_of::list_after(&transaction, scope, 1, 3).await.unwrap();
    let read: Vec<(u64, i64)> = events
        .iter()
        .map(|(seq, body)| (*seq, interdesk_store::outbox::from_json(body).unwrap()))
        .map(|(seq, event)| (seq, event.aggregate.version))
        .collect();
    assert_eq!(read, [(2, 2), (3, 3), (4, 4)]);
    assert_eq!(log_of::bounds(&transaction, scope).await.unwrap(), (1, 5));
    let stranger = TenantScope::new(TenantId(foreign));
    assert_eq!(
        log_of::list_after(&transaction, stranger, 0, 9)
            .await
            .unwrap(),
        []
    );
    transaction.rollback().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_relay_makes_partitions_for_the_days_to_come() {
    let test = TestDatabase::fresh().await;
    let owner = connect(&test).await;
    let relay = start(&test, Arc::new(Journal::default()), settings());
    let days = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'outbox'::regclass
        AND inhrelid::regclass::text ~ '^outbox_[0-9]+$'";
    eventually("four days", async || number(&owner, days).await == 4).await;
    log_many(&owner, new_uuid(), 3).await;
    wait_until_published(&owner).await;
    relay.end().await;
    assert_eq!(number(&owner, "SELECT count(*) FROM outbox_other").await, 0);
}
