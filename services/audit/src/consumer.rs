//! Listens to the bus and wakes the appender.
//!
//! Deliveries only wake it, and what was missed is found by the sweep.

use crate::appender::Appender;
use crate::sweep::sweep;
use anyhow::Context;
use chrono::Duration;
use interdesk_bus::{Bus, QueueName};
use interdesk_domain::id::TenantId;
use interdesk_flow::Desk;
use interdesk_node::consume::{Waking, wake};
use interdesk_node::telemetry;
use interdesk_store::vault::Vault;
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// How the appender is woken. Nobody waits for a leaf: events that come fast share a transaction.
const WAKING: Waking = Waking {
    consumer: "audit",
    batch: 1_024,
    pace: std::time::Duration::from_millis(40),
};

/// How the audit service works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Opens the key that signs checkpoints.
    pub vault: Vault,
    /// Leaves after which a checkpoint is signed.
    pub checkpoint_every: u64,
    /// Time after the last one at which a checkpoint is signed even for fewer leaves.
    pub checkpoint_after: Duration,
    /// How often tenants that are behind are looked for.
    pub sweep_every: std::time::Duration,
}

impl Settings {
    /// Takes the settings that an installation may change; sweeps every ten seconds.
    pub fn new(vault: Vault, checkpoint_every: u64, checkpoint_seconds: u64) -> Self {
        let seconds = i64::try_from(checkpoint_seconds).unwrap_or(i64::MAX);
        Self {
            vault,
            checkpoint_every,
            checkpoint_after: Duration::try_seconds(seconds).unwrap_or(Duration::MAX),
            sweep_every: std::time::Duration::from_secs(10),
        }
    }
}

/// Runs the audit service over all shards until `shutdown` or until the bus is closed.
///
/// What is under way is finished and acknowledged first.
pub async fn run(
    bus: Arc<dyn Bus>,
    desk: Desk,
    shards: u16,
    settings: Settings,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    // Ending for any reason, a panic among them, ends all parts of the service.
    let stop = shutdown.child_token();
    let _ends_with_us = stop.clone().drop_guard();
    let sweep_every = settings.sweep_every;
    let Some(appender) = Appender::start(desk, settings, stop.clone()).await? else {
        return Ok(());
    };
    let appender = Arc::new(appender);
    let mut tasks = JoinSet::new();
    tasks.spawn(sweep(appender.clone(), sweep_every, stop.clone()));
    for shard in 0..shards {
        let (queue, appender) = (QueueName::Audit(shard), appender.clone());
        let name = queue.to_string();
        let handler = move |tenant, trace| follow(appender.clone(), name.clone(), tenant, trace);
        tasks.spawn(wake(bus.clone(), queue, WAKING, stop.clone(), handler));
    }
    while let Some(ended) = tasks.join_next().await {
        ended.context("a part of the audit service ended")?;
        // Only at the end of everything does a part end by itself.
        stop.cancel();
    }
    Ok(())
}

/// Continues the log of a tenant; `false` when it is time to stop instead.
async fn follow(
    appender: Arc<Appender>,
    queue: String,
    tenant: TenantId,
    trace: Option<String>,
) -> bool {
    let span = telemetry::consumer_span(&queue, trace.as_deref());
    appender.catch_up(tenant).instrument(span).await
}
