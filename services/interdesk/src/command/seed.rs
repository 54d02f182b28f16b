//! `interdesk seed`: sets up a workspace, the demo's or one from a blueprint.

use crate::demo;
use crate::foundation::{Foundation, Use};
use crate::say::say;
use anyhow::Context;
use interdesk_flow::provision::{Blueprint, provision};
use interdesk_node::config::Config;
use std::path::Path;

/// Sets up the workspace of `file`, or the demo's, and prints what it has.
pub(crate) async fn run(config: Config, file: Option<&Path>) -> anyhow::Result<()> {
    let foundation = Foundation::open(config, Use::Beside).await?;
    let done = match file {
        Some(file) => from_file(&foundation, file).await,
        None => from_demo(&foundation).await,
    };
    foundation.close().await;
    done
}

async fn from_demo(foundation: &Foundation) -> anyhow::Result<()> {
    if !demo::seed(&foundation.desk, &foundation.vault).await? {
        say!("the demo workspace is there already");
    }
    demo::print_logins(&foundation.config.public_url());
    Ok(())
}

async fn from_file(foundation: &Foundation, file: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let blueprint: Blueprint =
        serde_json::from_str(&text).with_context(|| file.display().to_string())?;
    let provisioned = provision(&foundation.desk, &foundation.vault, &blueprint).await?;
    say!("{}", serde_json::to_string_pretty(&provisioned)?);
    Ok(())
}
