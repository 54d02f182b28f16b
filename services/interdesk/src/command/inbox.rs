//! The inbox that a command is about: how it is named, found and opened.

use crate::foundation::Foundation;
use anyhow::{Context, bail};
use interdesk_channels::Credentials;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::provision::webhook_path;
use interdesk_store::inboxes::{self, Inbox};
use interdesk_store::provision as rows;

/// Which inbox is meant.
#[derive(clap::Args)]
pub(crate) struct Wanted {
    /// The workspace's short name.
    #[arg(long)]
    workspace: String,
    /// The inbox's account id, name or id; not needed where there is one of the channel alone.
    #[arg(long)]
    inbox: Option<String>,
    /// Where the provider reaches the desk, instead of `http.public_url`.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

/// An inbox with what it takes to connect it.
pub(crate) struct Found {
    /// The inbox.
    pub(crate) inbox: Inbox,
    /// Its secrets, opened.
    pub(crate) credentials: Credentials,
    /// Where its provider brings what happens.
    pub(crate) address: String,
}

impl Wanted {
    /// Finds the inbox of a channel; `app` is what people call the channel.
    pub(crate) async fn find(
        self,
        foundation: &Foundation,
        channel: ChannelKind,
        app: &str,
    ) -> anyhow::Result<Found> {
        let (desk, workspace) = (&foundation.desk, &self.workspace);
        let system = desk.database.begin_system().await?;
        let tenant = rows::find_tenant(&system, workspace).await?;
        system.commit().await?;
        let tenant = tenant.with_context(|| format!("there is no workspace {workspace:?}"))?;
        let scope = TenantScope::new(tenant.id);
        let transaction = desk.database.begin(scope).await?;
        let mut inboxes = inboxes::list(&transaction, scope).await?;
        transaction.commit().await?;
        inboxes.retain(|inbox| inbox.channel == channel && self.names(inbox));
        let inbox = match (inboxes.pop(), inboxes.is_empty()) {
            (Some(inbox), true) => inbox,
            (Some(_), false) => bail!("several {app} inboxes fit; name one with --inbox"),
            (None, _) => bail!("the workspace has no such {app} inbox; add one with a blueprint"),
        };
        let id = inbox.id.to_string();
        let opened = foundation.vault.open(&id, &inbox.credentials)?;
        let credentials = serde_json::from_slice(opened.expose())?;
        let base = self.url.unwrap_or_else(|| foundation.config.public_url());
        let address = format!("{}{}", base.trim_end_matches('/'), webhook_path(&inbox));
        Ok(Found {
            inbox,
            credentials,
            address,
        })
    }

    fn names(&self, inbox: &Inbox) -> bool {
        let names = [&inbox.account_id, &inbox.name, &inbox.id.to_string()];
        let wanted = self.inbox.as_ref();
        wanted.is_none_or(|wanted| names.contains(&wanted))
    }
}
