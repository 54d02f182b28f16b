//! `interdesk matrix`: what a homeserver has to know of the desk.

use crate::foundation::{Foundation, Use};
use crate::say::say;
use anyhow::{Context, bail};
use interdesk_channels::Credentials;
use interdesk_channels::matrix::Registration;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::provision::webhook_path;
use interdesk_node::config::Config;
use interdesk_store::inboxes::{self, Inbox};
use interdesk_store::provision as rows;

/// What to do.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Print the registration file of an inbox, in YAML; it holds secrets.
    Registration {
        /// The workspace's short name.
        #[arg(long)]
        workspace: String,
        /// The inbox's account id, name or id; not needed where there is one Matrix inbox alone.
        #[arg(long)]
        inbox: Option<String>,
        /// Where the homeserver reaches the desk, instead of `http.public_url`.
        #[arg(long, value_name = "URL")]
        url: Option<String>,
    },
}

/// Runs the command.
pub(crate) async fn run(config: Config, command: Command) -> anyhow::Result<()> {
    let Command::Registration {
        workspace,
        inbox,
        url,
    } = command;
    let foundation = Foundation::open(config, Use::Beside).await?;
    let made = registration(&foundation, &workspace, inbox.as_deref(), url).await;
    foundation.close().await;
    say!("{}", made?.to_string().trim_end());
    Ok(())
}

async fn registration(
    foundation: &Foundation,
    workspace: &str,
    wanted: Option<&str>,
    url: Option<String>,
) -> anyhow::Result<Registration> {
    let desk = &foundation.desk;
    let system = desk.database.begin_system().await?;
    let tenant = rows::find_tenant(&system, workspace).await?;
    system.commit().await?;
    let tenant = tenant.with_context(|| format!("there is no workspace {workspace:?}"))?;
    let scope = TenantScope::new(tenant.id);
    let transaction = desk.database.begin(scope).await?;
    let inboxes = inboxes::list(&transaction, scope).await?;
    transaction.commit().await?;
    let inbox = choose(inboxes, wanted)?;
    let id = inbox.id.to_string();
    let opened = foundation.vault.open(&id, &inbox.credentials)?;
    let credentials: Credentials = serde_json::from_slice(opened.expose())?;
    let base = url.unwrap_or_else(|| foundation.config.public_url());
    let url = format!("{}{}", base.trim_end_matches('/'), webhook_path(&inbox));
    let name = format!("interdesk-{}", inbox.id.0);
    Ok(Registration::of(&name, &url, &credentials)?)
}

fn choose(inboxes: Vec<Inbox>, wanted: Option<&str>) -> anyhow::Result<Inbox> {
    let mut found: Vec<Inbox> = inboxes
        .into_iter()
        .filter(|inbox| inbox.channel == ChannelKind::Matrix)
        .filter(|inbox| {
            let names = [&inbox.account_id, &inbox.name, &inbox.id.to_string()];
            wanted.is_none_or(|wanted| names.iter().any(|name| name.as_str() == wanted))
        })
        .collect();
    match (found.pop(), found.is_empty()) {
        (Some(inbox), true) => Ok(inbox),
        (Some(_), false) => bail!("several Matrix inboxes fit; name one with --inbox"),
        (None, _) => bail!("the workspace has no such Matrix inbox; add one with a blueprint"),
    }
}
