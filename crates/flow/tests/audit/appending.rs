//! One leaf for each event, whatever happens.

use crate::support::{Log, stamp, write};
use chrono::Duration;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::audit::{self, Appended, Error};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_becomes_one_leaf_in_order() {
    let log = Log::begin().await;
    log.write(3).await;
    let appended = log.append().await;
    assert_eq!(
        appended,
        Appended {
            leaves: 3,
            size: 3,
            unsigned: 0,
            more: false
        }
    );
    assert_eq!(log.append().await.leaves, 0);
    let sound = log.sound().await;
    assert_eq!(
        (sound.size, sound.proven, sound.checkpoints, sound.compared),
        (3, 3, 1, 3)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_while_nobody_appended_follows_in_pages() {
    let log = Log::begin().await;
    log.write(2_100).await;
    let pages = [log.append().await, log.append().await, log.append().await];
    assert_eq!(
        pages.map(|page| (page.leaves, page.more)),
        [(1_000, true), (1_000, true), (100, false)]
    );
    assert_eq!(log.sound().await.size, 2_100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_appenders_at_once_have_one_effect() {
    let log = Log::begin().await;
    // In the first round they meet while planting the tree, later while it grows.
    for round in 1..=4 {
        log.write(50).await;
        let (one, two, three) = tokio::join!(log.try_append(), log.try_append(), log.try_append());
        let mut leaves = [one, two, three].map(|appended| appended.expect("append").leaves);
        leaves.sort_unstable();
        assert_eq!(leaves, [0, 0, 50]);
        assert_eq!(log.sound().await.size, round * 50);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_that_fails_half_way_leaves_no_trace_and_no_gap() {
    let log = Log::begin().await;
    log.write(2).await;
    log.append().await;
    log.write(4).await;
    // The checkpoint is the last thing to be written, so everything before it is undone.
    log.tamper("ALTER TABLE audit_checkpoints ADD CONSTRAINT full_up CHECK (size < 3)")
        .await;
    assert!(log.try_append().await.is_err());
    assert_eq!(log.sound().await.size, 2);
    log.tamper("ALTER TABLE audit_checkpoints DROP CONSTRAINT full_up")
        .await;
    assert_eq!(log.append().await.leaves, 4);
    assert_eq!(log.sound().await.size, 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_append_leaves_no_trace_and_no_gap() {
    let log = Log::begin().await;
    log.write(20).await;
    // Wherever the future stands when it is dropped, PostgreSQL rolls its transaction back.
    for micros in [0, 300, 1_000, 2_000, 3_000] {
        let patience = std::time::Duration::from_micros(micros);
        let _ = tokio::time::timeout(patience, log.try_append()).await;
    }
    log.append().await;
    assert_eq!(log.sound().await.size, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gap_in_the_event_log_is_an_error_and_never_skipped() {
    let log = Log::begin().await;
    log.write(3).await;
    log.tamper("DELETE FROM event_seqs WHERE seq = 2").await;
    let error = log.try_append().await.expect_err("gap");
    assert!(
        matches!(
            error,
            Error::Gap {
                expected: 2,
                found: 3,
                ..
            }
        ),
        "{error}"
    );
    assert!(!error.is_passing());
    assert_eq!(
        log.world
            .test
            .count_as_owner("SELECT count(*) FROM audit_leaves")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreadable_event_stops_its_own_log_only() {
    let log = Log::begin().await;
    let other = log.world.tenant().await;
    write(&log.desk, other, 2).await;
    write(&log.desk, log.tenant, 2).await;
    stamp(&log.world.test).await;
    log.tamper(&format!(
        "UPDATE outbox SET body = '{{' WHERE tenant_id = '{}'",
        log.tenant.0
    ))
    .await;
    assert!(matches!(
        log.try_append().await,
        Err(Error::Event { seq: 1, .. })
    ));
    let scope = TenantScope::new(other);
    assert_eq!(
        audit::append(&log.desk, scope, &log.signer)
            .await
            .expect("append")
            .leaves,
        2
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_is_signed_after_enough_leaves_or_enough_time() {
    let log = Log::begin().await;
    let mut unsigned = Vec::new();
    for events in [1, 3, 1, 2, 0] {
        log.write(events).await;
        unsigned.push(log.append().await.unsigned);
    }
    // The first at once; then four leaves after it; then nothing until time has passed.
    assert_eq!(unsigned, [0, 3, 0, 2, 2]);
    log.world.clock.advance(Duration::seconds(10));
    assert_eq!(log.append().await.unsigned, 0);
    log.world.clock.advance(Duration::seconds(10));
    log.append().await;
    let sound = log.sound().await;
    assert_eq!((sound.checkpoints, sound.proven), (3, 7));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tenants_have_logs_of_their_own() {
    let log = Log::begin().await;
    let other = log.world.tenant().await;
    for tenant in [log.tenant, other, log.tenant] {
        write(&log.desk, tenant, 2).await;
    }
    stamp(&log.world.test).await;
    log.append().await;
    let appended = audit::append(&log.desk, TenantScope::new(other), &log.signer).await;
    assert_eq!(appended.expect("append").size, 2);
    assert_eq!(log.sound().await.size, 4);
    let verdicts = audit::verify_all(&log.desk, &log.keys().await)
        .await
        .expect("verify");
    assert_eq!(verdicts.len(), 2);
    assert!(
        verdicts
            .iter()
            .all(|(_, verdict)| matches!(verdict, audit::Verdict::Sound(_)))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_was_cut_is_not_continued() {
    let log = Log::of_ten().await;
    log.tamper("UPDATE audit_trees SET size = 8, last_seq = 8, frontier = substr(frontier, 1, 32)")
        .await;
    assert!(matches!(log.try_append().await, Err(Error::Changed(_))));
    log.tamper("DELETE FROM audit_checkpoints WHERE size > 8")
        .await;
    assert!(matches!(log.try_append().await, Err(Error::Changed(_))));
}
