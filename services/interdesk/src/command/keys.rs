//! `interdesk keys`: the keys that sign checkpoints.
//!
//! Access tokens have none of their own: their keys are derived from the secret key and are rotated
//! with it.

use crate::foundation::{Foundation, Use};
use crate::say::say;
use anyhow::ensure;
use clap::Subcommand;
use interdesk_flow::keys::{self, Purpose};
use interdesk_node::config::Config;

/// What to do with them.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List the keys, the one that signs first.
    List,
    /// Make a new key that signs from now on; those before it still prove.
    Rotate,
    /// Take a key out of use that somebody else may have: it neither signs nor proves any more.
    Retire {
        /// The key's id, as `keys list` prints it.
        id: String,
    },
}

/// Runs it.
pub(crate) async fn run(config: Config, command: Command) -> anyhow::Result<()> {
    let foundation = Foundation::open(config, Use::Beside).await?;
    let done = with_database(&foundation, command).await;
    foundation.close().await;
    done
}

async fn with_database(foundation: &Foundation, command: Command) -> anyhow::Result<()> {
    let (desk, vault) = (&foundation.desk, &foundation.vault);
    match command {
        Command::List => list(foundation).await?,
        Command::Rotate => {
            let key = keys::rotate(desk, vault, Purpose::Checkpoint).await?;
            say!("{} signs", key.public().id);
        }
        Command::Retire { id } => {
            let retired = keys::retire(desk, Purpose::Checkpoint, &id).await?;
            ensure!(retired, "no key {id} is in use; see: interdesk keys list");
            say!("{id} is retired");
        }
    }
    Ok(())
}

async fn list(foundation: &Foundation) -> anyhow::Result<()> {
    let (desk, vault) = (&foundation.desk, &foundation.vault);
    let mut signs = "signs";
    for key in keys::list(desk, vault, Purpose::Checkpoint).await? {
        match key.retired {
            true => say!("{} retired", key.id),
            false => say!("{} {}", key.id, std::mem::replace(&mut signs, "proves")),
        }
    }
    Ok(())
}
