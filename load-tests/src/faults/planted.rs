//! Proves the harness: five bugs that exist in test builds alone are let loose one after the other,
//! each under the traffic that provokes it, and the judge must find each. The same traffic without
//! the bug must not be found guilty of it, so that no finding is the harness's own.

mod scene;

use super::judge::Invariant;
use super::{Options, count};
use crate::desk::fresh_folder;
use crate::services::Services;
use anyhow::{Result, ensure};
use scene::Scene;
use std::time::Duration;

/// Where the count is left for the summary.
pub(super) const COUNT: &str = "target/faults/planted-bugs-found";

/// A planted bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bug {
    AckBeforeCommit,
    DedupeInCacheOnly,
    NoEpochCheck,
    CapacityOutsideTransaction,
    MissingTenantFilter,
}

impl Bug {
    const ALL: [Self; 5] = [
        Self::AckBeforeCommit,
        Self::DedupeInCacheOnly,
        Self::NoEpochCheck,
        Self::CapacityOutsideTransaction,
        Self::MissingTenantFilter,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::AckBeforeCommit => "ack_before_commit",
            Self::DedupeInCacheOnly => "dedupe_in_cache_only",
            Self::NoEpochCheck => "no_epoch_check",
            Self::CapacityOutsideTransaction => "capacity_outside_transaction",
            Self::MissingTenantFilter => "missing_tenant_filter",
        }
    }

    /// Names what the bug breaks.
    fn breaks(self) -> Invariant {
        match self {
            Self::AckBeforeCommit => Invariant::Lost,
            Self::DedupeInCacheOnly => Invariant::Doubled,
            Self::NoEpochCheck => Invariant::HeldTwice,
            Self::CapacityOutsideTransaction => Invariant::OverCapacity,
            Self::MissingTenantFilter => Invariant::ForeignSeen,
        }
    }
}

/// Lets every bug loose and demands that each is found.
pub(super) async fn run(services: &Services, options: &Options) -> Result<()> {
    let wanted = |bug: &Bug| options.bug.as_deref().is_none_or(|name| name == bug.name());
    let bugs: Vec<Bug> = Bug::ALL.into_iter().filter(wanted).collect();
    ensure!(!bugs.is_empty(), "no planted bug has this name");
    let folder = fresh_folder("target/faults/planted")?;
    println!("Planted bugs: seed {}", options.seed);
    let mut found = 0;
    let mut missed = Vec::new();
    for bug in bugs {
        let without = trial(services, options, &folder, bug, false).await?;
        let with = trial(services, options, &folder, bug, true).await?;
        let verdict = if with > 0 && without == 0 {
            "found"
        } else {
            "NOT FOUND"
        };
        println!(
            "  {:<30} {verdict}: {} is {with}, and {without} without the bug",
            bug.name(),
            bug.breaks().name()
        );
        match verdict {
            "found" => found += 1,
            _ => missed.push(bug.name()),
        }
    }
    std::fs::write(COUNT, format!("{found}\n"))?;
    ensure!(missed.is_empty(), "the judge is blind to {missed:?}");
    Ok(())
}

/// Plays the scene that provokes a bug, with it or without; counts what it is known by.
async fn trial(
    services: &Services,
    options: &Options,
    folder: &std::path::Path,
    bug: Bug,
    is_loose: bool,
) -> Result<usize> {
    let loose = is_loose.then(|| bug.name());
    let mut scene = Scene::open(services, folder, options.seed, bug, loose).await?;
    match bug {
        Bug::AckBeforeCommit => killed_before_the_commit(&mut scene).await?,
        Bug::DedupeInCacheOnly => sent_again_after_a_restart(&mut scene).await?,
        Bug::NoEpochCheck => answered_too_late(&mut scene).await?,
        Bug::CapacityOutsideTransaction => two_queues_at_once(&mut scene).await?,
        Bug::MissingTenantFilter => two_workspaces_resume(&mut scene).await?,
    }
    let findings = scene.close().await?;
    Ok(count(&findings, bug.breaks()))
}

/// Commits are held up while webhooks arrive, then the process is killed: whoever was answered by
/// then was answered too soon.
async fn killed_before_the_commit(scene: &mut Scene) -> Result<()> {
    scene.traffic(60.0, 50);
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let client = scene.database.connect().await?;
        client
            .batch_execute("BEGIN; LOCK TABLE messages IN SHARE ROW EXCLUSIVE MODE")
            .await?;
        tokio::time::sleep(Duration::from_millis(700)).await;
        scene.restart().await?;
        client.batch_execute("ROLLBACK").await?;
    }
    scene.quiet().await
}

/// The unique index goes, as if nobody had thought of it; then webhooks come again after a restart.
async fn sent_again_after_a_restart(scene: &mut Scene) -> Result<()> {
    scene
        .database
        .connect()
        .await?
        .batch_execute("DROP INDEX messages_provider")
        .await?;
    let letters = scene.post(40).await?;
    scene.restart().await?;
    scene.post_again(&letters).await
}

/// Agents answer long after the deadline, when the work is somebody else's.
async fn answered_too_late(scene: &mut Scene) -> Result<()> {
    scene.post(10).await?;
    tokio::time::sleep(Duration::from_secs(9)).await;
    Ok(())
}

/// Many conversations in two queues, and agents who serve both and may hold one: whenever one is
/// done, routing and the agent's own greedy hands reach for the next at once.
async fn two_queues_at_once(scene: &mut Scene) -> Result<()> {
    scene.traffic(30.0, 2_000);
    scene.grab(Duration::from_secs(8)).await;
    scene.quiet().await
}

/// Both workspaces are busy, and their watchers come back to a desk that was restarted.
async fn two_workspaces_resume(scene: &mut Scene) -> Result<()> {
    scene.watch().await?;
    scene.traffic(40.0, 20);
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_secs(2)).await;
        scene.restart().await?;
    }
    scene.quiet().await
}
