//! Each way to change what happened, and where it is found.

use crate::support::Log;
use interdesk_flow::audit::Problem::*;
use interdesk_flow::keys::{self, Purpose};

/// Flips one bit of a column of `bytea`.
const FLIP_LEAF: &str = "UPDATE audit_leaves SET leaf = set_byte(leaf, 20, get_byte(leaf, 20) # 1)";
const FLIP_HASH: &str = "UPDATE audit_leaves SET hash = set_byte(hash, 31, get_byte(hash, 31) # 1)";

/// Rewrites a leaf together with its hash.
const REWRITE: &str = "UPDATE audit_leaves SET
    leaf = convert_to(replace(convert_from(leaf, 'UTF8'), 'contact_added', 'contact_eaten'), 'UTF8');
    UPDATE audit_leaves SET hash = sha256('\\x00'::bytea || leaf)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_untouched_log_is_sound() {
    let sound = Log::of_ten().await.sound().await;
    assert_eq!(
        (sound.size, sound.proven, sound.checkpoints, sound.compared),
        (10, 10, 4, 10)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_leaf_is_found() {
    let log = Log::of_ten().await;
    log.tamper(&format!("{FLIP_LEAF} WHERE index IN (3, 7)"))
        .await;
    log.finds(3, LeafChanged).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_leaf_or_hash_is_found_without_the_event_log() {
    let log = Log::of_ten().await;
    log.forget_events().await;
    assert_eq!(log.sound().await.compared, 0);
    log.tamper(&format!("{FLIP_HASH} WHERE index = 6")).await;
    log.finds(6, LeafOrHashChanged).await;
    log.tamper("UPDATE audit_leaves SET leaf = leaf || ' '::bytea WHERE index = 4")
        .await;
    log.finds(4, LeafChanged).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_hash_is_found() {
    let log = Log::of_ten().await;
    log.tamper(&format!("{FLIP_HASH} WHERE index = 0")).await;
    log.finds(0, HashChanged).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_row_is_found() {
    let log = Log::of_ten().await;
    log.tamper("DELETE FROM audit_leaves WHERE index = 4").await;
    log.finds(4, Missing).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_row_whose_successors_moved_up_is_found() {
    let log = Log::of_ten().await;
    log.tamper(
        "DELETE FROM audit_leaves WHERE index = 4;
         UPDATE audit_leaves SET index = index + 1000 WHERE index > 4;
         UPDATE audit_leaves SET index = index - 1001 WHERE index > 1000;",
    )
    .await;
    log.finds(4, Reordered).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn swapped_rows_are_found() {
    let log = Log::of_ten().await;
    log.tamper(
        "UPDATE audit_leaves SET index = -1 WHERE index = 5;
         UPDATE audit_leaves SET index = 5 WHERE index = 2;
         UPDATE audit_leaves SET index = 2 WHERE index = -1",
    )
    .await;
    log.finds(2, Reordered).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_last_row_is_found_by_whatever_still_counts_it() {
    let log = Log::of_ten().await;
    log.tamper("DELETE FROM audit_leaves WHERE index = 9").await;
    log.finds(9, Missing).await;
    log.tamper("UPDATE audit_trees SET size = 9, last_seq = 9")
        .await;
    log.finds(9, Missing).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_added_row_is_found_at_either_end() {
    let log = Log::of_ten().await;
    let add = "INSERT INTO audit_leaves SELECT tenant_id, 10, event_id, leaf, hash FROM audit_leaves WHERE index = 9";
    log.tamper(add).await;
    log.finds(10, Reordered).await;
    log.tamper("UPDATE audit_leaves SET index = -1 WHERE index = 10")
        .await;
    log.finds(0, Reordered).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_names_another_event_is_found() {
    let log = Log::of_ten().await;
    log.tamper("UPDATE audit_leaves SET event_id = tenant_id WHERE index = 8")
        .await;
    log.finds(8, EventIdChanged).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_event_is_found() {
    let log = Log::of_ten().await;
    log.tamper(
        "UPDATE outbox SET body = replace(body, '\"system\"', '\"operator\"')
         WHERE pos = (SELECT pos FROM event_seqs WHERE seq = 6)",
    )
    .await;
    log.finds(5, EventDiffers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_event_is_found() {
    let log = Log::of_ten().await;
    log.tamper("DELETE FROM outbox WHERE pos = (SELECT pos FROM event_seqs WHERE seq = 6)")
        .await;
    log.finds(5, EventMissing).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leaf_rewritten_with_its_hash_is_found_by_the_event_log() {
    let log = Log::of_ten().await;
    log.tamper(
        &format!("{REWRITE} WHERE index = 6").replace("'UTF8');", "'UTF8') WHERE index = 6;"),
    )
    .await;
    log.finds(6, EventDiffers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leaf_rewritten_with_its_hash_is_found_by_the_next_checkpoint() {
    let log = Log::of_ten().await;
    log.forget_events().await;
    log.tamper(
        &format!("{REWRITE} WHERE index = 6").replace("'UTF8');", "'UTF8') WHERE index = 6;"),
    )
    .await;
    log.finds(9, CheckpointRootWrong).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_checkpoint_is_found() {
    let changes = [
        (
            "note = replace(note, E'\\n5\\n', E'\\n6\\n')",
            CheckpointSignatureWrong,
        ),
        (
            "note = replace(note, E'\\n5\\n', E'\\n5\\n\\n')",
            CheckpointSignatureWrong,
        ),
        ("note = 'nothing'", CheckpointUnreadable),
        (
            "note = replace(note, 'interdesk/', 'elsewhere/')",
            CheckpointKeyUnknown,
        ),
        ("root = sha256('')", CheckpointRootWrong),
        (
            "note = (SELECT note FROM audit_checkpoints WHERE size = 9)",
            CheckpointMisplaced,
        ),
    ];
    let log = Log::of_ten().await;
    for (change, problem) in changes {
        log.tamper("CREATE TABLE kept AS TABLE audit_checkpoints")
            .await;
        log.tamper(&format!(
            "UPDATE audit_checkpoints SET {change} WHERE size = 5"
        ))
        .await;
        log.finds(5, problem).await;
        log.tamper(
            "DELETE FROM audit_checkpoints; INSERT INTO audit_checkpoints TABLE kept; DROP TABLE kept",
        )
        .await;
    }
    assert_eq!(log.sound().await.checkpoints, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_moved_to_another_size_is_found() {
    let log = Log::of_ten().await;
    log.tamper("UPDATE audit_checkpoints SET size = 6 WHERE size = 5")
        .await;
    log.finds(6, CheckpointMisplaced).await;
    log.tamper("UPDATE audit_checkpoints SET size = -6 WHERE size = 6")
        .await;
    log.finds(0, CheckpointMisplaced).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_forged_with_another_key_is_found() {
    let mut log = Log::begin().await;
    log.write(2).await;
    log.append().await;
    log.signer.key = keys::SigningKey::generate().expect("key");
    log.write(4).await;
    log.append().await;
    log.finds(6, CheckpointKeyUnknown).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_slipped_into_the_table_proves_nothing() {
    let log = Log::of_ten().await;
    let forger = keys::SigningKey::generate().expect("key");
    let public: String = forger
        .public()
        .bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let id = &forger.public().id;
    log.tamper(&format!(
        "INSERT INTO signing_keys SELECT '{id}', purpose, '\\x{public}', private_key, created_at
         FROM signing_keys"
    ))
    .await;
    let listed = keys::list(&log.desk, &log.vault, Purpose::Checkpoint).await;
    assert!(matches!(listed, Err(keys::Error::Sealed { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_tree_row_is_found() {
    let changes = [
        ("size = 9, last_seq = 9", 9),
        (
            "size = 8, last_seq = 8, frontier = substr(frontier, 1, 32)",
            8,
        ),
        ("last_seq = 9", 10),
        (
            "frontier = set_byte(frontier, 3, get_byte(frontier, 3) # 1)",
            10,
        ),
        ("frontier = ''", 10),
    ];
    let log = Log::of_ten().await;
    for (change, index) in changes {
        log.tamper("CREATE TABLE kept AS TABLE audit_trees").await;
        log.tamper(&format!("UPDATE audit_trees SET {change}"))
            .await;
        log.finds(index, TreeWrong).await;
        log.tamper("DELETE FROM audit_trees; INSERT INTO audit_trees TABLE kept; DROP TABLE kept")
            .await;
    }
    log.tamper("DELETE FROM audit_trees").await;
    log.finds(0, TreeWrong).await;
}
