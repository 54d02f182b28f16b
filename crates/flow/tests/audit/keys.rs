//! Signing keys over their life.

use crate::support::Log;
use chrono::Duration;
use interdesk_flow::audit::Verdict;
use interdesk_flow::keys::{self, Purpose};
use interdesk_store::vault::Vault;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_together_share_one_first_key() {
    let log = Log::begin().await;
    let make = || keys::signing(&log.desk, &log.vault, Purpose::Token);
    let (one, two, three) = tokio::join!(make(), make(), make());
    let ids = [one, two, three].map(|key| key.expect("key").public().id.clone());
    assert!(ids.iter().all(|id| *id == ids[0]));
    let listed = keys::list(&log.desk, &log.vault, Purpose::Token)
        .await
        .expect("keys");
    assert_eq!(listed.len(), 1);
    assert_ne!(listed[0], log.keys().await[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_rotation_the_new_key_signs_and_the_old_one_still_proves() {
    let mut log = Log::of_ten().await;
    log.signer.key = keys::rotate(&log.desk, &log.vault, Purpose::Checkpoint)
        .await
        .expect("key");
    let signing = keys::signing(&log.desk, &log.vault, Purpose::Checkpoint)
        .await
        .expect("key");
    assert_eq!(signing.public(), log.signer.key.public());
    log.write(4).await;
    log.append().await;
    let sound = log.sound().await;
    assert_eq!(
        (sound.size, sound.proven, sound.checkpoints, sound.unproving),
        (14, 14, 5, 0)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_retired_key_signed_proves_nothing_until_another_key_signs_over_it() {
    let mut log = Log::of_ten().await;
    let old = log.signer.key.public().id.clone();
    assert!(
        keys::retire(&log.desk, Purpose::Checkpoint, &old)
            .await
            .expect("retire")
    );
    assert!(
        !keys::retire(&log.desk, Purpose::Checkpoint, &old)
            .await
            .expect("again")
    );
    let sound = log.sound().await;
    assert_eq!(
        (sound.proven, sound.checkpoints, sound.unproving),
        (0, 4, 4)
    );
    log.signer.key = keys::signing(&log.desk, &log.vault, Purpose::Checkpoint)
        .await
        .expect("key");
    assert_ne!(log.signer.key.public().id, old);
    log.world.clock.advance(Duration::seconds(10));
    log.write(1).await;
    log.append().await;
    let sound = log.sound().await;
    assert_eq!(
        (sound.proven, sound.checkpoints, sound.unproving),
        (11, 5, 4)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_secret_key_nothing_is_signed_and_a_kept_public_key_still_verifies() {
    let log = Log::of_ten().await;
    let public = log.keys().await;
    let other = Vault::parse("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=").expect("key");
    let opened = keys::signing(&log.desk, &other, Purpose::Checkpoint).await;
    assert!(matches!(opened, Err(keys::Error::Sealed { .. })));
    let verdict = interdesk_flow::audit::verify(&log.desk, log.scope(), &public).await;
    assert!(matches!(verdict.expect("verify"), Verdict::Sound(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_private_key_is_stored_in_the_open() {
    let log = Log::begin().await;
    let pkcs8 = log.signer.key.pkcs8().expose();
    assert!(!format!("{:?}", log.signer).contains(&format!("{:?}", &pkcs8[..8])));
    let count =
        "SELECT count(*) FROM signing_keys WHERE position('\\x302e0201'::bytea in private_key) > 0
        OR position('\\x3051020101'::bytea in private_key) > 0 AS count";
    let count = count.replace(" AS count", "");
    let count: &'static str = Box::leak(count.into_boxed_str());
    assert_eq!(log.world.test.count_as_owner(count).await, 0);
}
