//! Serves a simulator without accounts until Ctrl-C: `serve [PORT] [SEED]`.
//! Accounts are added through the control API.

use anyhow::Result;
use interdesk_simulator::{Settings, Simulator};

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().map_or(Ok(0), |port| port.parse())?;
    let seed = arguments.next().map_or(Ok(1), |seed| seed.parse())?;
    let settings = Settings {
        port,
        seed,
        ..Settings::default()
    };
    let running = Simulator::start(settings).await?;
    println!("{}", running.url());
    tokio::signal::ctrl_c().await?;
    running.stop().await;
    Ok(())
}
