//! What the relay does in bad times: it repeats, and never skips.

use crate::world::*;
use interdesk_node::relay::Settings;
use interdesk_store::testing::TestDatabase;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_killed_anywhere_repeats_but_never_skips() {
    let test = TestDatabase::fresh().await;
    let owner = connect(&test).await;
    let journal = Arc::new(Journal::default());
    journal.failing.store(2, Ordering::SeqCst);
    *journal.delay.lock().unwrap() = Duration::from_millis(5);
    let tenants: [Uuid; 3] = std::array::from_fn(|_| new_uuid());
    let writer = connect(&test).await;
    let writing = tokio::spawn(async move {
        for round in 0..400 {
            log_many(&writer, tenants[round % 3], rand::random_range(1..=20)).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    // Small pages, so that a kill meets every place between stamp, publish and mark.
    let small = Settings {
        page: 10,
        lead: 60,
        ..settings()
    };
    let mut kills = 0;
    while !writing.is_finished() {
        let relay = start(&test, journal.clone(), small.clone());
        tokio::time::sleep(Duration::from_millis(rand::random_range(20..150))).await;
        relay.kill().await;
        kills += 1;
        free_the_lock(&owner).await;
    }
    writing.await.unwrap();
    assert!(kills > 5, "{kills}");

    journal.failing.store(0, Ordering::SeqCst);
    let relay = start(&test, journal.clone(), settings());
    wait_until_published(&owner).await;
    relay.end().await;
    let total: u64 = journal.assert_no_skip().values().sum();
    assert_eq!(
        total,
        number(&owner, "SELECT count(*) FROM outbox").await as u64
    );
    assert_eq!(
        number(&owner, "SELECT count(*) FROM event_seqs").await as u64,
        total
    );
}

/// A killed relay's connection may outlive it by the statement under way.
async fn free_the_lock(owner: &tokio_postgres::Client) {
    let held = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database
        WHERE locktype = 'advisory' AND d.datname = current_database()";
    eventually("the lock is free", async || number(owner, held).await == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_bus_is_tried_again_from_the_first_failure() {
    let test = TestDatabase::fresh().await;
    let owner = connect(&test).await;
    log_many(&owner, new_uuid(), 500).await;
    let journal = Arc::new(Journal::default());
    journal.failing.store(100, Ordering::SeqCst);
    let relay = start(
        &test,
        journal.clone(),
        Settings {
            page: 50,
            ..settings()
        },
    );
    eventually("everything is stamped", async || {
        number(&owner, "SELECT stamped FROM relay_cursor").await == 500
    })
    .await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(journal.len(), 0);
    assert_eq!(
        number(&owner, "SELECT published FROM relay_cursor").await,
        0
    );

    journal.failing.store(1, Ordering::SeqCst);
    wait_until_published(&owner).await;
    relay.end().await;
    assert_eq!(journal.assert_no_skip().values().sum::<u64>(), 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_within_a_set_goes_on_behind_the_last_stamp() {
    let test = TestDatabase::fresh().await;
    let owner = connect(&test).await;
    log_many(&owner, new_uuid(), 30_000).await;
    let journal = Arc::new(Journal::default());
    let relay = start(
        &test,
        journal.clone(),
        Settings {
            page: 100,
            ..settings()
        },
    );
    eventually("the set is begun", async || {
        number(&owner, "SELECT stamped FROM relay_cursor").await > 0
    })
    .await;
    relay.kill().await;
    free_the_lock(&owner).await;
    let middle = number(&owner, "SELECT stamped FROM relay_cursor").await;
    assert!(
        (1..30_000).contains(&middle),
        "killed within the set: {middle}"
    );
    // What comes meanwhile is behind it all the same.
    log_many(&owner, new_uuid(), 10).await;

    let relay = start(&test, journal.clone(), settings());
    wait_until_published(&owner).await;
    relay.end().await;
    assert_eq!(journal.assert_no_skip().values().sum::<u64>(), 30_010);
    let first = "SELECT max(stamp) FROM event_seqs WHERE tenant_id =
        (SELECT tenant_id FROM event_seqs WHERE stamp = 1)";
    assert_eq!(number(&owner, first).await, 30_000);
}
