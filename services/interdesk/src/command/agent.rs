//! `interdesk agent`: what somebody at the command line does for one agent.

use crate::foundation::{Foundation, Use};
use crate::say::say;
use anyhow::Context;
use clap::Subcommand;
use interdesk_domain::id::AgentId;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::second_factor::{self, RemoveOutcome};
use interdesk_flow::{Desk, reset};
use interdesk_node::config::Config;
use interdesk_store::provision as rows;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Print a token by which the agent chooses a password, for desks that send no mail.
    ResetPassword {
        /// The workspace's short name.
        #[arg(long)]
        workspace: String,
        /// The agent's e-mail address.
        #[arg(long)]
        agent: String,
    },
    /// Let sign-ins of the agent ask for no code any more, where no administrator is left to do it.
    RemoveSecondFactor {
        /// The workspace's short name.
        #[arg(long)]
        workspace: String,
        /// The agent's e-mail address.
        #[arg(long)]
        agent: String,
    },
}

/// Runs it.
pub(crate) async fn run(config: Config, command: Command) -> anyhow::Result<()> {
    let foundation = Foundation::open(config, Use::Beside).await?;
    let done = match command {
        Command::ResetPassword { workspace, agent } => {
            reset_password(&foundation, &workspace, &agent).await
        }
        Command::RemoveSecondFactor { workspace, agent } => {
            remove_second_factor(&foundation, &workspace, &agent).await
        }
    };
    foundation.close().await;
    done
}

async fn reset_password(
    foundation: &Foundation,
    workspace: &str,
    email: &str,
) -> anyhow::Result<()> {
    let desk = &foundation.desk;
    let (scope, agent) = find(desk, workspace, email).await?;
    let (token, until) = reset::give(desk, scope, agent).await?;
    let until = until.format("%Y-%m-%d %H:%M");
    say!("token for passwordReset, good once until {until} UTC:");
    say!("{}", token.expose());
    Ok(())
}

async fn remove_second_factor(
    foundation: &Foundation,
    workspace: &str,
    email: &str,
) -> anyhow::Result<()> {
    let desk = &foundation.desk;
    let (scope, agent) = find(desk, workspace, email).await?;
    let context = interdesk_flow::Context::system(None, None);
    match second_factor::off(desk, scope, agent, &context).await? {
        RemoveOutcome::Off => say!("sign-ins of {email} ask for no code any more"),
        _ => say!("sign-ins of {email} asked for no code"),
    }
    Ok(())
}

async fn find(desk: &Desk, workspace: &str, email: &str) -> anyhow::Result<(TenantScope, AgentId)> {
    let system = desk.database.begin_system().await?;
    let tenant = rows::find_tenant(&system, workspace).await?;
    system.commit().await?;
    let tenant = tenant.with_context(|| format!("there is no workspace {workspace:?}"))?;
    let scope = TenantScope::new(tenant.id);
    let transaction = desk.database.begin(scope).await?;
    let agent = rows::find_agent(&transaction, scope, &email.to_lowercase()).await?;
    transaction.commit().await?;
    let agent = agent.with_context(|| format!("workspace {workspace:?} has no agent {email:?}"))?;
    Ok((scope, agent.id))
}
