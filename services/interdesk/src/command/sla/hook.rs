//! `interdesk sla hook`: the workspace's own address that is called when clocks come due.

use crate::foundation::Foundation;
use crate::say::say;
use anyhow::bail;
use clap::Args;
use interdesk_flow::notify;
use interdesk_node::provider::is_forbidden_url;

/// Whose address, and which.
#[derive(Args)]
pub(crate) struct Asked {
    /// The workspace's short name.
    #[arg(long)]
    workspace: String,
    /// The address, https; without it none is called any more.
    #[arg(long)]
    url: Option<String>,
}

/// Sets it and prints the secret that signs the calls, which nobody can read again.
pub(crate) async fn run(foundation: &Foundation, asked: Asked) -> anyhow::Result<()> {
    let scope = super::find(foundation, &asked.workspace).await?;
    let private = foundation.config.providers.allow_private_callbacks;
    if let Some(url) = asked.url.as_deref().filter(|_| !private) {
        if !url.starts_with("https://") {
            bail!("the address must begin with https://");
        }
        if is_forbidden_url(url) {
            bail!("the address leads into a private network; give one of the public internet");
        }
    }
    let url = asked.url.as_deref();
    match notify::set_hook(&foundation.desk, &foundation.vault, scope, url).await? {
        Some(secret) => say!("{secret}"),
        None => say!("no address is called any more"),
    }
    Ok(())
}
