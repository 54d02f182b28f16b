//! Exports, and their verification by nothing but a key.

use crate::support::Log;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::STANDARD};
use interdesk_flow::audit::{self, Bad, Problem, Problem::*, Verdict};
use interdesk_flow::keys::VerifyingKey;
use serde_json::Value;
use sha2::{Digest, Sha256};

fn verify(export: &str, keys: &[VerifyingKey]) -> Verdict {
    audit::verify_export(export.as_bytes(), keys).expect("reading from memory")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_verifies_without_a_database() {
    let log = Log::of_ten().await;
    let export = log.export().await;
    let keys = log.keys().await;
    let Verdict::Sound(sound) = verify(&export, &keys) else {
        panic!("{:?}", verify(&export, &keys))
    };
    assert_eq!(
        (sound.tenant, sound.size, sound.proven, sound.checkpoints),
        (log.tenant, 10, 10, 4)
    );
    let written = audit::write_key(log.tenant, &keys[0]);
    assert_eq!(
        verify(&export, &[audit::read_key(&written).expect("key")]),
        Verdict::Sound(sound)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_export_keeps_its_checkpoints_over_the_pages() {
    let log = Log::begin().await;
    for events in [999, 1, 1, 1_500] {
        log.write(events).await;
        while log.append().await.more {}
    }
    log.world.clock.advance(chrono::Duration::seconds(10));
    log.append().await;
    let Verdict::Sound(sound) = verify(&log.export().await, &log.keys().await) else {
        panic!()
    };
    let kept = log
        .world
        .test
        .count_as_owner("SELECT count(*) FROM audit_checkpoints")
        .await;
    assert_eq!(
        (sound.size, sound.proven, sound.checkpoints as i64),
        (2_501, 2_501, kept)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_export_names_its_first_bad_leaf() {
    let log = Log::of_ten().await;
    let export = log.export().await;
    let keys = log.keys().await;
    let lines: Vec<&str> = export.lines().collect();
    let at = |index: usize| {
        let start = format!("{{\"leaf\":{{\"index\":{index},");
        lines
            .iter()
            .position(|line| line.starts_with(&start))
            .expect("leaf")
    };
    let without = |line: usize| {
        let mut lines = lines.clone();
        lines.remove(line);
        lines.join("\n")
    };
    let mut swapped = lines.clone();
    swapped.swap(at(2), at(7));
    let changed = export.replacen("contact_added", "contact_eaten", 1);
    let cut = |line: usize| lines[..line].join("\n");
    let cases: [(String, u64, Problem); 6] = [
        (changed, 0, LeafOrHashChanged),
        (without(at(4)), 4, Missing),
        (swapped.join("\n"), 2, Missing),
        (format!("{}\nnonsense", cut(at(3))), 3, LineUnreadable),
        (without(0), 0, LineUnreadable),
        (format!("{}\n{}", cut(at(6)), lines[at(5)]), 6, Reordered),
    ];
    for (export, index, problem) in cases {
        assert_eq!(verify(&export, &keys), Verdict::Bad(Bad { index, problem }));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_without_the_right_key_proves_nothing() {
    let log = Log::of_ten().await;
    let stranger = VerifyingKey::new([7; 32]);
    let bad = Bad {
        index: 1,
        problem: CheckpointKeyUnknown,
    };
    assert_eq!(verify(&log.export().await, &[stranger]), Verdict::Bad(bad));
    assert_eq!(verify(&log.export().await, &[]), Verdict::Bad(bad));
}

/// The recursive definition of RFC 6962 section 2.1, word for word.
fn merkle_tree_hash(leaves: &[&[u8]]) -> Vec<u8> {
    match leaves {
        [] => Sha256::digest([]).to_vec(),
        [leaf] => Sha256::new()
            .chain_update([0])
            .chain_update(leaf)
            .finalize()
            .to_vec(),
        _ => {
            let split = 1 << (leaves.len() - 1).ilog2();
            let (left, right) = leaves.split_at(split);
            let nodes = Sha256::new()
                .chain_update([1])
                .chain_update(merkle_tree_hash(left));
            nodes
                .chain_update(merkle_tree_hash(right))
                .finalize()
                .to_vec()
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checkpoints_follow_the_specification_read_anew() {
    let log = Log::of_ten().await;
    let lines: Vec<Value> = log
        .export()
        .await
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let leaves: Vec<&[u8]> = lines
        .iter()
        .filter_map(|line| line["leaf"]["bytes"].as_str())
        .map(str::as_bytes)
        .collect();
    let notes: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["checkpoint"]["note"].as_str())
        .collect();
    assert_eq!((leaves.len(), notes.len()), (10, 4));
    let public = log.signer.key.public().bytes;
    for note in notes {
        let lines: Vec<&str> = note.split('\n').collect();
        let [origin, size, root, "", signature, ""] = lines[..] else {
            panic!("{note}")
        };
        assert_eq!(origin, format!("interdesk/{}", log.tenant));
        let size: usize = size.parse().expect("size");
        assert_eq!(root, STANDARD.encode(merkle_tree_hash(&leaves[..size])));
        let signature = signature
            .strip_prefix(&format!("— {origin} "))
            .expect("name");
        let signature = STANDARD.decode(signature).expect("base64");
        let named = [origin.as_bytes(), b"\n\x01", &public].concat();
        assert_eq!(signature[..4], Sha256::digest(named)[..4]);
        let text = format!("{origin}\n{size}\n{root}\n");
        let key = UnparsedPublicKey::new(&ED25519, public);
        key.verify(text.as_bytes(), &signature[4..])
            .expect("signature");
    }
}
