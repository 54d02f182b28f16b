//! `interdesk sla recompute`: what is kept of the clocks against what they are.

use super::explain::all;
use crate::foundation::Foundation;
use crate::say::say;
use clap::Args;
use interdesk_flow::sla_check::{self, Wrong};
use interdesk_flow::watch_sla::Shelf;
use std::process::ExitCode;

/// Which workspace, and whether anything is written.
#[derive(Args)]
pub(crate) struct Asked {
    /// Compare alone: write nothing, and fail where something is kept otherwise than it is.
    #[arg(long)]
    check: bool,
    /// The workspace's short name; without it all are looked through.
    #[arg(long)]
    workspace: Option<String>,
}

/// Compares, and writes anew unless it was only asked for; differences end in failure.
pub(crate) async fn run(foundation: &Foundation, asked: Asked) -> anyhow::Result<ExitCode> {
    let scopes = match &asked.workspace {
        Some(workspace) => vec![super::find(foundation, workspace).await?],
        None => all(foundation).await?,
    };
    let (desk, shelf) = (&foundation.desk, Shelf::default());
    let (mut episodes, mut clocks, mut differences) = (0, 0, 0);
    for scope in scopes {
        let checked = match asked.check {
            true => sla_check::check(desk, scope, &shelf).await?,
            false => sla_check::recompute(desk, scope, &shelf).await?,
        };
        episodes += checked.episodes;
        clocks += checked.clocks;
        differences += checked.differences.len();
        for one in &checked.differences {
            match &one.wrong {
                Wrong::Moments => say!("{}: its history has a gap", one.episode),
                Wrong::Untold => say!("{}: something came due and was not told", one.episode),
                Wrong::Clocks(list) => {
                    for pair in list {
                        let id = pair
                            .after
                            .as_ref()
                            .or(pair.before.as_ref())
                            .map(|one| one.id);
                        let id = id.map_or(String::new(), |id| id.to_string());
                        say!("{}: {id} is kept otherwise than it is", one.episode);
                    }
                }
            }
        }
    }
    say!("{clocks} clocks of {episodes} episodes: {differences} differences");
    Ok(match asked.check && differences > 0 {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}
