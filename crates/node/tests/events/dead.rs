//! What was given up on is kept, shown and tried again.

use crate::consume::{pack, publish};
use crate::world::*;
use interdesk_bus::{DeadLetter, DeadStore, LocalBus, QueueName, Reader, Topology};
use interdesk_node::clock::SystemClock;
use interdesk_node::consume::{HandlerError, Options, consume};
use interdesk_node::dead::{self, DatabaseDead, Dead};
use interdesk_store::testing::TestDatabase;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

fn store(test: &TestDatabase) -> Arc<DatabaseDead> {
    Arc::new(DatabaseDead::new(
        test.database.clone(),
        Arc::new(SystemClock),
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_event_is_listed_and_lives_again_when_somebody_asks_for_it() {
    let test = TestDatabase::fresh().await;
    let topology = Topology::new(1).with_ladder([]);
    let bus = Arc::new(LocalBus::new(topology, &[Reader::Audit], store(&test)));
    let (broken, handled) = (
        Arc::new(AtomicBool::new(true)),
        Arc::new(AtomicUsize::new(0)),
    );
    let stop = CancellationToken::new();
    let consuming = {
        let (broken, handled) = (broken.clone(), handled.clone());
        consume(
            bus.clone(),
            QueueName::Audit(0),
            Options::new("test"),
            stop.clone(),
            move |_, _| {
                let (broken, handled) = (broken.clone(), handled.clone());
                async move {
                    if broken.load(Ordering::SeqCst) {
                        return Err(HandlerError::Poison(anyhow::anyhow!("still broken")));
                    }
                    handled.fetch_add(1, Ordering::SeqCst);
                    Ok(())
                }
            },
        )
    };
    let consuming = tokio::spawn(consuming);
    let following = tokio::spawn(dead::follow_retries(
        test.database.clone(),
        bus.clone(),
        stop.clone(),
    ));
    let (first, second) = (
        event(new_uuid(), new_uuid(), 1),
        event(new_uuid(), new_uuid(), 1),
    );
    assert_eq!(
        publish(&bus, vec![pack(&first), pack(&second)])
            .await
            .unwrap(),
        2
    );

    let listed = dead::list(&test.database, Some(bus.as_ref()), 10)
        .await
        .unwrap();
    let expected = Dead::Event {
        id: first.id.0,
        tenant: first.tenant,
        queue: QueueName::Audit(0),
        event: "message_received".to_owned(),
        attempts: 1,
        reason: "still broken".to_owned(),
    };
    assert_eq!((listed.len(), &listed[0]), (2, &expected));

    broken.store(false, Ordering::SeqCst);
    let owner = connect(&test).await;
    eventually("the one is revived", async || {
        dead::ask_for_retry(&test.database, &[first.id.0])
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        number(&owner, "SELECT count(*) FROM dead_letters").await == 1
    })
    .await;
    assert_eq!(handled.load(Ordering::SeqCst), 1);
    dead::ask_for_retry(&test.database, &[]).await.unwrap();
    eventually("all are revived", async || {
        number(&owner, "SELECT count(*) FROM dead_letters").await == 0
    })
    .await;
    assert_eq!(handled.load(Ordering::SeqCst), 2);
    stop.cancel();
    consuming.await.unwrap();
    following.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_comes_back_as_it_was_and_replaces_an_older_one() {
    let test = TestDatabase::fresh().await;
    let store = store(&test);
    let written = event(new_uuid(), new_uuid(), 1);
    let mut letter = DeadLetter {
        queue: QueueName::Delivery(3),
        publication: pack(&written),
        attempts: 5,
        reason: "a text with \0 in it".to_owned(),
    };
    letter.publication.shard = 3;
    store.put(letter.clone()).await.unwrap();
    letter.attempts = 6;
    store.put(letter.clone()).await.unwrap();
    letter.reason = "a text with \u{fffd} in it".to_owned();
    assert_eq!(store.list(10).await.unwrap(), [letter.clone()]);
    store
        .remove(&letter.queue, letter.publication.id)
        .await
        .unwrap();
    assert_eq!(store.list(10).await.unwrap(), []);
    assert!(store.list(usize::MAX).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_that_were_not_understood_are_listed_until_they_are() {
    let test = TestDatabase::fresh().await;
    let (tenant, inbox) = (new_uuid(), new_uuid());
    let (waiting, done) = (new_uuid(), new_uuid());
    test.execute_as_owner(&format!(
        "SET session_replication_role = replica;
         INSERT INTO raw_webhooks (id, tenant_id, inbox_id, digest, body, reason, received_at, retried_at)
         VALUES ('{waiting}', '{tenant}', '{inbox}', '1', 'x', 'no JSON', now(), NULL),
                ('{done}', '{tenant}', '{inbox}', '2', 'x', 'no JSON', now(), now())"
    ))
    .await;
    let listed = dead::list(&test.database, None, 10).await.unwrap();
    let [
        Dead::Webhook {
            id,
            tenant: whose,
            reason,
            ..
        },
    ] = listed.as_slice()
    else {
        panic!("one webhook, not {listed:?}")
    };
    assert_eq!(
        (*id, whose.0, reason.as_str()),
        (waiting, tenant, "no JSON")
    );
}
