//! Fetches what customers sent while its provider still gives it out, and sweeps what nobody needs.
//!
//! What is to be fetched stands in the database, so the worker has no memory: it looks on a short
//! period, takes no more than it can carry, and whatever it held when it died is due again.

use interdesk_domain::id::AttachmentId;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::Desk;
use interdesk_flow::attach::{self, Fetched};
use interdesk_flow::deliver::Courier;
use std::collections::HashSet;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// How often the worker looks; links of some providers are good for five minutes alone.
const PERIOD: Duration = Duration::from_millis(500);

/// How often what nobody needs is swept.
const SWEEP: Duration = Duration::from_secs(600);

/// Fetches until `stop`, `at_once` files at a time; what is under way then is finished.
pub async fn fetch(desk: Desk, courier: Courier, at_once: usize, stop: CancellationToken) {
    let mut period = tokio::time::interval(PERIOD);
    period.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut work = JoinSet::new();
    let mut held = HashSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(done) = work.join_next() => release(&mut held, done),
            _ = period.tick() => {}
        }
        let free = at_once.saturating_sub(work.len());
        if free == 0 {
            continue;
        }
        // Others may be taking the same, so a few more are asked for than there is room.
        let due = attach::list_due(&desk, i32::try_from(free * 2).unwrap_or(i32::MAX)).await;
        let due = due.unwrap_or_else(|error| {
            tracing::warn!(%error, "what is to be fetched could not be listed");
            Vec::new()
        });
        for (scope, id) in due {
            if work.len() < at_once && held.insert(id) {
                work.spawn(one(desk.clone(), courier.clone(), scope, id));
            }
        }
    }
    while work.join_next().await.is_some() {}
}

fn release(held: &mut HashSet<AttachmentId>, done: Result<AttachmentId, tokio::task::JoinError>) {
    match done {
        Ok(id) => drop(held.remove(&id)),
        // Which one it was is not told; those that are still held are skipped until then.
        Err(error) => {
            tracing::error!(%error, "fetching a file panicked");
            held.clear();
        }
    }
}

async fn one(desk: Desk, courier: Courier, scope: TenantScope, id: AttachmentId) -> AttachmentId {
    match attach::fetch(&desk, &courier, scope, id).await {
        Ok(Fetched::Failed) => {
            tracing::info!(tenant.id = %scope.tenant(), attachment.id = %id, "a file cannot be had");
        }
        Ok(_) => {}
        Err(error) => {
            tracing::warn!(tenant.id = %scope.tenant(), attachment.id = %id, %error,
                "a file could not be fetched");
        }
    }
    id
}

/// Deletes what nobody refers to on a period, until `stop`.
pub async fn sweep_files(desk: Desk, stop: CancellationToken) {
    let mut period = tokio::time::interval(SWEEP);
    period.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = period.tick() => {}
        }
        match attach::sweep(&desk).await {
            Ok(swept) if swept == attach::Swept::default() => {}
            Ok(swept) => tracing::info!(
                uploads = swept.uploads,
                files = swept.files,
                "unused files were deleted"
            ),
            Err(error) => tracing::warn!(%error, "unused files could not be listed"),
        }
    }
}
