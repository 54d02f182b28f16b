//! Which bus carries the events.

use crate::foundation::Foundation;
use anyhow::{Context, bail};
use interdesk_bus::{Bus, LocalBus, RabbitBus, RabbitSettings, Reader, Topology};
use interdesk_node::config::Config;
use interdesk_node::dead::DatabaseDead;
use interdesk_node::role::{Role, Roles};
use std::sync::Arc;
use std::time::Duration;

/// Refuses to run a part of the desk on a bus that ends at this process.
pub(crate) fn check_shape(config: &Config, roles: &Roles) -> anyhow::Result<()> {
    if roles.is_whole_desk() || config.bus.url.is_some() {
        return Ok(());
    }
    bail!("a part of the roles needs a bus to reach the others; set AMQP_URL, or run all roles")
}

/// Returns what the broker holds, by the settings.
pub(crate) fn topology(config: &Config) -> Topology {
    let ladder: Vec<_> = config
        .bus
        .retry_delays_ms
        .iter()
        .map(|delay| Duration::from_millis(*delay))
        .collect();
    Topology::new(config.bus.shards)
        .with_prefix(&config.bus.prefix)
        .with_ladder(ladder)
}

/// Connects to the broker, or makes a bus within this process.
pub(crate) async fn open(foundation: &Foundation, roles: &Roles) -> anyhow::Result<Arc<dyn Bus>> {
    let topology = topology(&foundation.config);
    if let Some(url) = &foundation.config.bus.url {
        let window = foundation.config.bus.confirm_window;
        let settings = RabbitSettings {
            window,
            ..RabbitSettings::default()
        };
        return Ok(Arc::new(connect(url.expose(), topology, settings).await?));
    }
    let desk = &foundation.desk;
    let dead = Arc::new(DatabaseDead::new(desk.database.clone(), desk.clock.clone()));
    let readers: Vec<Reader> = roles.iter().flat_map(readers).copied().collect();
    Ok(Arc::new(LocalBus::new(topology, &readers, dead)))
}

/// How long a process waits for a broker that starts beside it.
const PATIENCE: Duration = Duration::from_secs(60);

async fn connect(
    url: &str,
    topology: Topology,
    settings: RabbitSettings,
) -> anyhow::Result<RabbitBus> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        match RabbitBus::connect(url, topology.clone(), settings.clone()).await {
            Ok(bus) => return Ok(bus),
            Err(error) if tokio::time::Instant::now() < deadline => {
                tracing::warn!(%error, "the broker does not answer, trying again");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            Err(error) => {
                return Err(error).context("the broker at bus.url (AMQP_URL) does not answer");
            }
        }
    }
}

fn readers(role: Role) -> &'static [Reader] {
    match role {
        Role::Ingestion => &[Reader::Delivery],
        Role::Routing => &[Reader::Routing, Reader::Sla],
        Role::Audit => &[Reader::Audit],
        Role::Agent => &[],
    }
}
