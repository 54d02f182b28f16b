//! The command line.

use crate::{command, run, say};
use anyhow::anyhow;
use clap::{Parser, Subcommand};
use interdesk_node::role::Role;
use std::path::PathBuf;
use std::process::ExitCode;

/// One desk for every messaging app.
#[derive(Parser)]
#[command(name = "interdesk", version, about)]
pub(crate) struct Cli {
    /// The settings file; `interdesk config` prints one with every key.
    #[arg(long, global = true, env = "INTERDESK_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the given roles, or all of them.
    Run {
        /// ingestion, routing, agent, audit.
        roles: Vec<Role>,
        /// Set up the demo workspace when there is none, and let simulated customers write.
        #[arg(long)]
        demo: bool,
    },
    /// Bring the database up to date, as its owner.
    Migrate,
    /// Set up a workspace.
    Seed {
        /// The demo workspace.
        #[arg(long, conflicts_with = "file", required_unless_present = "file")]
        demo: bool,
        /// A blueprint in JSON: slug, name, agents, queues, inboxes.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Play the providers for the demo workspace: WhatsApp, Telegram, Matrix and a third-party app.
    Simulate {
        /// Let customers write every few seconds; without it they wait for commands at /_sim/.
        #[arg(long)]
        demo: bool,
        /// Where webhooks go: the ingestion role.
        #[arg(long, value_name = "URL")]
        ingestion: Option<String>,
        /// The port of the simulated providers.
        #[arg(long, value_name = "PORT")]
        port: Option<u16>,
    },
    /// Print an access token for an agent.
    Token {
        /// The workspace's short name.
        #[arg(long)]
        workspace: String,
        /// The agent's e-mail address.
        #[arg(long)]
        agent: String,
    },
    /// Print exchanges, queues and bindings in RabbitMQ's definitions format.
    Topology,
    /// Print the GraphQL schema (SDL).
    Schema,
    /// Print every setting with its default, as a file to start from.
    Config {
        /// As a page for the documentation instead.
        #[arg(long)]
        markdown: bool,
    },
    /// Help an agent who cannot sign in.
    #[command(subcommand)]
    Agent(command::agent::Command),
    /// Look at the audit log.
    #[command(subcommand)]
    Audit(command::audit::Command),
    /// Look at what could not be handled.
    #[command(subcommand)]
    Dead(command::dead::Command),
    /// Look after the keys that sign checkpoints.
    #[command(subcommand)]
    Keys(command::keys::Command),
    /// Make what a Matrix homeserver has to know of the desk.
    #[command(subcommand)]
    Matrix(command::matrix::Command),
    /// Look at how a workspace works, and change it.
    #[command(subcommand)]
    Policy(command::policy::Command),
    /// Look at what was promised to customers, and what came of it.
    #[command(subcommand)]
    Sla(command::sla::Command),
    /// Decide again what was decided, and try policies on days.
    #[command(subcommand)]
    Routing(command::routing::Command),
    /// Look after what Telegram has to know of the desk.
    #[command(subcommand)]
    Telegram(command::telegram::Command),
    /// Add workspaces, keep them out, and say how much they may use; for whoever runs the installation.
    #[command(subcommand)]
    Tenant(command::tenant::Command),
    /// Have the WhatsApp Business app's contacts and history brought, and look after groups.
    #[command(subcommand)]
    Whatsapp(command::whatsapp::Command),
    /// Look after what INTERDESK_SECRET_KEY seals.
    #[command(subcommand)]
    Vault(command::vault::Command),
    /// Check database, migrations, broker, cache, inboxes, port and clock, and say what to do.
    Doctor,
}

/// Reads the command line, runs the command, and says what went wrong.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return complain(&error.into()),
    };
    match runtime.block_on(dispatch(cli)) {
        Ok(_) if say::is_lost() => complain(&anyhow!("standard output cannot be written")),
        Ok(code) => code,
        Err(error) => complain(&error),
    }
}

fn complain(error: &anyhow::Error) -> ExitCode {
    say::complaint(format_args!("{error:#}"));
    ExitCode::FAILURE
}

async fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    let load = || interdesk_node::config::Config::load(cli.config.as_deref());
    match cli.command {
        Command::Run { roles, demo } => run::run(load()?, roles, demo).await?,
        Command::Migrate => command::migrate::run(&load()?).await?,
        Command::Seed { demo: _, file } => command::seed::run(load()?, file.as_deref()).await?,
        Command::Simulate {
            demo,
            ingestion,
            port,
        } => {
            command::simulate::run(load()?, demo, ingestion, port).await?;
        }
        Command::Token { workspace, agent } => {
            command::token::run(load()?, &workspace, &agent).await?;
        }
        Command::Topology => command::print::topology(&load()?)?,
        Command::Schema => command::print::schema(),
        Command::Config { markdown } => command::print::config(markdown),
        Command::Agent(agent) => command::agent::run(load()?, agent).await?,
        Command::Audit(audit) => return command::audit::run(load()?, audit).await,
        Command::Dead(dead) => command::dead::run(load()?, dead).await?,
        Command::Keys(keys) => command::keys::run(load()?, keys).await?,
        Command::Matrix(matrix) => command::matrix::run(load()?, matrix).await?,
        Command::Policy(policy) => command::policy::run(load()?, policy).await?,
        Command::Sla(sla) => return command::sla::run(load()?, sla).await,
        Command::Routing(routing) => {
            return command::routing::run_command(|| Ok(load()?), routing).await;
        }
        Command::Telegram(telegram) => command::telegram::run(load()?, telegram).await?,
        Command::Tenant(tenant) => command::tenant::run(load()?, tenant).await?,
        Command::Whatsapp(whatsapp) => command::whatsapp::run(load()?, whatsapp).await?,
        Command::Vault(vault) => return command::vault::run(load()?, vault).await,
        Command::Doctor => return command::doctor::run(load()?).await,
    }
    Ok(ExitCode::SUCCESS)
}
