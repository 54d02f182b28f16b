//! `interdesk audit`: proves that nothing that happened was changed.

use crate::foundation::{Foundation, Use};
use crate::say::say;
use anyhow::Context;
use clap::Subcommand;
use interdesk_domain::id::TenantId;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::audit::{
    Error, Verdict, export, read_key, verify_all, verify_export, write_key,
};
use interdesk_flow::keys::{self, Purpose};
use interdesk_node::config::Config;
use std::io::{BufReader, ErrorKind};
use std::path::PathBuf;
use std::process::ExitCode;

/// What to do with the audit log.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Verify the logs of all workspaces, or one export without the database.
    Verify {
        /// An export to verify instead.
        #[arg(long, value_name = "FILE", requires = "key")]
        export: Option<PathBuf>,
        /// A verifier key of the export, as `audit keys` prints it; may be given more than once.
        #[arg(long, value_name = "KEY")]
        key: Vec<String>,
    },
    /// Print a workspace's log as JSON lines.
    Export {
        /// The workspace's id (tenant_…).
        #[arg(long)]
        tenant: TenantId,
    },
    /// Print the keys that prove a workspace's checkpoints.
    Keys {
        /// The workspace's id (tenant_…).
        #[arg(long)]
        tenant: TenantId,
    },
}

/// Runs it; a log in which something is wrong ends in failure.
pub(crate) async fn run(config: Config, command: Command) -> anyhow::Result<ExitCode> {
    if let Command::Verify {
        export: Some(file),
        key,
    } = &command
    {
        return verify_file(file, key);
    }
    let foundation = Foundation::open(config, Use::Beside).await?;
    let done = with_database(&foundation, command).await;
    foundation.close().await;
    done
}

async fn with_database(foundation: &Foundation, command: Command) -> anyhow::Result<ExitCode> {
    let desk = &foundation.desk;
    let keys = keys::list(desk, &foundation.vault, Purpose::Checkpoint).await?;
    match command {
        Command::Verify { .. } => {
            let verdicts = verify_all(desk, &keys).await?;
            let mut code = ExitCode::SUCCESS;
            for (tenant, verdict) in &verdicts {
                say!("{tenant}: {}", describe(verdict));
                if matches!(verdict, Verdict::Bad(_)) {
                    code = ExitCode::FAILURE;
                }
            }
            say!("{} logs verified", verdicts.len());
            Ok(code)
        }
        Command::Export { tenant } => {
            let written = export(desk, TenantScope::new(tenant), &mut std::io::stdout()).await;
            match written {
                // Who reads has seen enough.
                Err(Error::Export(error)) if error.kind() == ErrorKind::BrokenPipe => {}
                written => drop(written?),
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Keys { tenant } => {
            keys.iter()
                .for_each(|key| say!("{}", write_key(tenant, key)));
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn verify_file(file: &PathBuf, keys: &[String]) -> anyhow::Result<ExitCode> {
    let read =
        |text: &String| read_key(text).with_context(|| format!("{text:?} is no verifier key"));
    let keys = keys.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let reader = std::fs::File::open(file).with_context(|| file.display().to_string())?;
    let verdict = verify_export(BufReader::new(reader), &keys)?;
    say!("{}", describe(&verdict));
    Ok(match verdict {
        Verdict::Sound(_) => ExitCode::SUCCESS,
        Verdict::Bad(_) => ExitCode::FAILURE,
    })
}

fn describe(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Sound(sound) => format!(
            "sound, {} leaves, {} of them under {} checkpoints, {} compared with the event log",
            sound.size, sound.proven, sound.checkpoints, sound.compared
        ),
        Verdict::Bad(bad) => format!("BAD at index {}: {bad}", bad.index),
    }
}
