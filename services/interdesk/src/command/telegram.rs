//! `interdesk telegram`: where Telegram brings the updates of a bot.

use crate::foundation::{Foundation, Use};
use crate::say::say;
use anyhow::{Context, bail};
use interdesk_channels::{Credentials, NoFiles, SendContext, telegram};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::provision::webhook_path;
use interdesk_node::config::Config;
use interdesk_node::provider;
use interdesk_store::inboxes::{self, Inbox};
use interdesk_store::provision as rows;
use std::time::Duration;

/// What to do.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Look after the webhook of a bot.
    #[command(subcommand)]
    Webhook(Webhook),
}

/// What to do with the webhook.
#[derive(clap::Subcommand)]
pub(crate) enum Webhook {
    /// Tell Telegram to bring a bot's updates to this desk.
    Set {
        /// The workspace's short name.
        #[arg(long)]
        workspace: String,
        /// The inbox's account id, name or id; not needed where there is one Telegram inbox alone.
        #[arg(long)]
        inbox: Option<String>,
        /// Where Telegram reaches the desk, instead of `http.public_url`.
        #[arg(long, value_name = "URL")]
        url: Option<String>,
    },
}

/// Runs the command.
pub(crate) async fn run(config: Config, command: Command) -> anyhow::Result<()> {
    let Command::Webhook(Webhook::Set {
        workspace,
        inbox,
        url,
    }) = command;
    let foundation = Foundation::open(config, Use::Beside).await?;
    let set = set(&foundation, &workspace, inbox.as_deref(), url).await;
    foundation.close().await;
    say!("{}", set?);
    Ok(())
}

async fn set(
    foundation: &Foundation,
    workspace: &str,
    wanted: Option<&str>,
    url: Option<String>,
) -> anyhow::Result<String> {
    let (desk, config) = (&foundation.desk, &foundation.config);
    let system = desk.database.begin_system().await?;
    let tenant = rows::find_tenant(&system, workspace).await?;
    system.commit().await?;
    let tenant = tenant.with_context(|| format!("there is no workspace {workspace:?}"))?;
    let scope = TenantScope::new(tenant.id);
    let transaction = desk.database.begin(scope).await?;
    let inboxes = inboxes::list(&transaction, scope).await?;
    transaction.commit().await?;
    let inbox = choose(inboxes, wanted)?;
    let opened = foundation
        .vault
        .open(&inbox.id.to_string(), &inbox.credentials)?;
    let credentials: Credentials = serde_json::from_slice(opened.expose())?;
    let base = url.unwrap_or_else(|| config.public_url());
    let address = format!("{}{}", base.trim_end_matches('/'), webhook_path(&inbox));
    let allow_private = config.providers.allow_private_callbacks;
    let client = provider::client(
        Duration::from_secs(config.delivery.timeout_seconds),
        allow_private,
    )?;
    let endpoint = inbox.endpoint.as_deref();
    let context = SendContext {
        client: &client,
        account_id: &inbox.account_id,
        endpoint: endpoint.unwrap_or(&config.providers.telegram_base_url),
        credentials: &credentials,
        now: desk.now(),
        state: None,
        files: &NoFiles,
        forbids: if allow_private {
            |_| false
        } else {
            provider::is_forbidden_url
        },
    };
    if (context.forbids)(context.endpoint) {
        bail!("the inbox's address leads into a private network");
    }
    telegram::webhook::set(&context, &address).await?;
    Ok(format!(
        "Telegram brings the updates of {} here",
        inbox.name
    ))
}

fn choose(inboxes: Vec<Inbox>, wanted: Option<&str>) -> anyhow::Result<Inbox> {
    let mut found: Vec<Inbox> = inboxes
        .into_iter()
        .filter(|inbox| inbox.channel == ChannelKind::Telegram)
        .filter(|inbox| {
            let names = [&inbox.account_id, &inbox.name, &inbox.id.to_string()];
            wanted.is_none_or(|wanted| names.iter().any(|name| name.as_str() == wanted))
        })
        .collect();
    match (found.pop(), found.is_empty()) {
        (Some(inbox), true) => Ok(inbox),
        (Some(_), false) => bail!("several Telegram inboxes fit; name one with --inbox"),
        (None, _) => bail!("the workspace has no such Telegram inbox; add one with a blueprint"),
    }
}
