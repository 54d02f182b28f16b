//! `interdesk simulate`: plays the providers for the demo workspace.

use crate::demo;
use crate::foundation::{Foundation, Use};
use crate::say::say;
use interdesk_node::config::Config;
use interdesk_node::lifecycle::Shutdown;
use interdesk_simulator::Simulator;
use std::net::SocketAddr;
use std::time::Duration;

/// Plays until a signal; `customers` lets them write every few seconds.
pub(crate) async fn run(
    config: Config,
    customers: bool,
    ingestion: Option<String>,
    port: Option<u16>,
) -> anyhow::Result<()> {
    let shutdown = Shutdown::new(Duration::from_secs(5));
    shutdown.follow_signals()?;
    let port = port.unwrap_or_else(|| demo::simulator_port(config.http.port));
    let url = ingestion.unwrap_or_else(|| config.public_url());
    let door = config.mail.lmtp_port.filter(|_| customers);
    let door = door.map(|door| SocketAddr::new(config.mail.bind, door));
    let foundation = Foundation::open(config, Use::Beside).await?;
    let accounts = demo::accounts(&foundation, port, &url).await?;
    let mut playing = interdesk_simulator::demo::Demo::new(port, accounts);
    playing.simulator.seed = foundation.desk.now().timestamp_millis().unsigned_abs();
    if let Some(door) = door {
        let (port, stop) = (demo::catcher_port(port), shutdown.soft().clone());
        tokio::spawn(demo::mail::play(&foundation, port, door, stop).await?);
    }
    foundation.close().await;
    say!("simulating: http://127.0.0.1:{port}/_sim/summary");
    if customers {
        return Ok(interdesk_simulator::demo::run(playing, shutdown.soft().clone()).await?);
    }
    let running = Simulator::start(playing.simulator).await?;
    shutdown.soft().cancelled().await;
    running.stop().await;
    Ok(())
}
