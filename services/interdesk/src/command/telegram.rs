//! `interdesk telegram`: where Telegram brings the updates of a bot.

use super::inbox::{Found, Wanted};
use crate::foundation::{Foundation, Use};
use crate::say::say;
use anyhow::bail;
use interdesk_channels::{NoFiles, SendContext, telegram};
use interdesk_domain::inbox::ChannelKind;
use interdesk_node::config::Config;
use interdesk_node::provider;
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
    Set(Wanted),
}

/// Runs the command.
pub(crate) async fn run(config: Config, command: Command) -> anyhow::Result<()> {
    let Command::Webhook(Webhook::Set(wanted)) = command;
    let foundation = Foundation::open(config, Use::Beside).await?;
    let set = set(&foundation, wanted).await;
    foundation.close().await;
    say!("{}", set?);
    Ok(())
}

async fn set(foundation: &Foundation, wanted: Wanted) -> anyhow::Result<String> {
    let (desk, config) = (&foundation.desk, &foundation.config);
    let found = wanted.find(foundation, ChannelKind::Telegram, "Telegram");
    let Found {
        inbox,
        credentials,
        address,
    } = found.await?;
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
