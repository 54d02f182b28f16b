//! `interdesk vault`: what the installation's secret key seals.

use crate::foundation::{Foundation, Use};
use crate::say::say;
use clap::Subcommand;
use interdesk_flow::reseal::reseal;
use interdesk_node::config::Config;
use std::process::ExitCode;

/// What to do with it.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Seal inbox credentials and signing keys again, with the newest key of INTERDESK_SECRET_KEY.
    Reseal,
}

/// Runs it; a secret that cannot be opened ends in failure.
pub(crate) async fn run(config: Config, command: Command) -> anyhow::Result<ExitCode> {
    let Command::Reseal = command;
    let foundation = Foundation::open(config, Use::Beside).await?;
    let done = reseal(&foundation.desk, &foundation.vault).await;
    let number = foundation.vault.newest_number();
    foundation.close().await;
    let done = done?;
    say!(
        "sealed with key {number}: {} inboxes, {} signing keys; {} secrets were already",
        done.inboxes,
        done.keys,
        done.current
    );
    for line in &done.unreadable {
        say!("NOT OPENED {line}");
    }
    match done.unreadable.is_empty() {
        true => Ok(ExitCode::SUCCESS),
        false => Ok(ExitCode::FAILURE),
    }
}
