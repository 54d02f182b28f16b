//! `interdesk sla`: reports of service levels, and whether their sums are right.

mod explain;
mod hook;
mod recompute;
mod report;
mod sums;

use crate::foundation::{Foundation, Use};
use anyhow::Context;
use clap::Subcommand;
use interdesk_domain::scope::TenantScope;
use interdesk_node::config::Config;
use interdesk_store::provision as rows;
use std::process::ExitCode;

/// What to do with the clocks of service levels.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Print how many promises were kept, and how long things took.
    Report(report::Asked),
    /// Print every interval of a conversation's clocks, and whose time it was.
    Explain(explain::Asked),
    /// Set the address that is called when clocks come due, and print what signs the calls.
    Hook(hook::Asked),
    /// Compare what is kept of the clocks with what they are, and write it anew.
    Recompute(recompute::Asked),
    /// Compare the sums that reports read with the clocks themselves.
    Sums(sums::Asked),
}

/// Runs it; sums and clocks that are wrong end in failure.
pub(crate) async fn run(config: Config, command: Command) -> anyhow::Result<ExitCode> {
    let foundation = Foundation::open(config, Use::Beside).await?;
    let done = match command {
        Command::Report(asked) => report::run(&foundation, asked).await,
        Command::Explain(asked) => {
            let done = explain::run(&foundation, asked).await;
            done.map(|()| ExitCode::SUCCESS)
        }
        Command::Hook(asked) => {
            let done = hook::run(&foundation, asked).await;
            done.map(|()| ExitCode::SUCCESS)
        }
        Command::Recompute(asked) => recompute::run(&foundation, asked).await,
        Command::Sums(asked) => sums::run(&foundation, asked).await,
    };
    foundation.close().await;
    done
}

/// Finds a workspace by its short name.
async fn find(foundation: &Foundation, workspace: &str) -> anyhow::Result<TenantScope> {
    let system = foundation.desk.database.begin_system().await?;
    let tenant = rows::find_tenant(&system, workspace).await?;
    system.commit().await?;
    let tenant = tenant.with_context(|| format!("there is no workspace {workspace:?}"))?;
    Ok(TenantScope::new(tenant.id))
}
