//! Inboxes, without their secrets.

use super::inbox_health::{InboxHealth, MessageTemplate, health, list_templates};
use super::{Capabilities, Nullable, Queue, object};
use crate::scalars::Date;
use crate::viewer::{desk, outside, viewer};
use crate::{Error, Long, loaders};
use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_domain::id::InboxId;
use interdesk_domain::inbox::ChannelKind;
use interdesk_store::read::inboxes::Inbox as Row;
use interdesk_store::service_messages;

object! {
    /// One configured account of a channel.
    Inbox(Row)
}

/// One configured account of a channel. Its secrets are never shown.
#[Object]
impl Inbox {
    /// Names the inbox.
    pub(crate) async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// The kind of app.
    async fn channel(&self) -> Channel {
        self.0.channel.into()
    }

    /// The name to show.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The provider's id of the account.
    async fn account_id(&self) -> &str {
        &self.0.account_id
    }

    /// What can be written through it.
    async fn capabilities(&self) -> Capabilities {
        Capabilities::of(self.0.channel)
    }

    /// How well it is, as its provider tells.
    #[graphql(directive = crate::cost::cost::apply("20".into()))]
    async fn health(&self, context: &Context<'_>) -> Nullable<InboxHealth> {
        Some(health(context, self.0.id).await)
    }

    /// The messages that its provider keeps approved, by name and language; what is not listed here
    /// is not known yet, or does not exist.
    #[graphql(directive = crate::cost::cost::apply("20".into()), directive = crate::cost::list_size::apply(10, None, None))]
    async fn templates(&self, context: &Context<'_>) -> Nullable<Vec<MessageTemplate>> {
        Some(list_templates(context, self.0.id).await)
    }

    /// How many messages of ours that are no templates arrived in a month, each once, where the provider
    /// charges for them beyond a number (WhatsApp); of the last twelve months that had some, the latest
    /// first.
    #[graphql(directive = crate::cost::cost::apply("10".into()), directive = crate::cost::list_size::apply(12, None, None))]
    async fn service_messages(&self, context: &Context<'_>) -> Nullable<Vec<ServiceMessages>> {
        Some(list_service_messages(context, self.0.id).await)
    }

    /// Which files of those that customers send it keeps.
    async fn files(&self) -> InboxFiles {
        InboxFiles {
            max_bytes: self.0.max_file_bytes.map(Long),
            types: self.0.file_types.clone(),
        }
    }

    /// Where its conversations wait.
    async fn queue(&self, context: &Context<'_>) -> Nullable<Queue> {
        loaders::one(context, self.0.queue_id).await
    }

    /// Whether messages are taken and replies sent.
    async fn enabled(&self) -> bool {
        self.0.enabled
    }

    /// When it was connected.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

/// The months that are shown.
const MONTHS: i64 = 12;

async fn list_service_messages(
    context: &Context<'_>,
    inbox: InboxId,
) -> Result<Vec<ServiceMessages>, Error> {
    let scope = viewer(context)?.scope();
    let found = desk(context)?
        .database
        .read(scope, async |conn| {
            service_messages::list(conn, scope, inbox, MONTHS).await
        })
        .await?;
    let shown = found.into_iter().map(|one| ServiceMessages {
        month: Date(one.month),
        delivered: Long(one.delivered),
    });
    Ok(shown.collect())
}

/// What arrived in a month.
#[derive(Debug, Clone, SimpleObject)]
struct ServiceMessages {
    /// Which month (UTC), as its first day.
    month: Date,
    /// How many messages.
    delivered: Long,
}

/// Which files an inbox keeps of those that customers send.
#[derive(Debug, Clone, SimpleObject)]
struct InboxFiles {
    /// The largest, in bytes; null for what the installation's settings say.
    max_bytes: Option<Long>,
    /// The types that are kept and no others, `image/*` for a family; null for all but those that the
    /// installation's settings refuse.
    types: Option<Vec<String>>,
}

/// A kind of app that customers write from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "ChannelKind")]
pub(crate) enum Channel {
    /// WhatsApp Business.
    Whatsapp,
    /// Telegram bots.
    Telegram,
    /// Any app that speaks Interdesk's own signed webhooks.
    Webhook,
    /// Mailboxes.
    Email,
    /// The chat widget on a page of one's own.
    Webchat,
    /// A Matrix homeserver, as one of its application services.
    Matrix,
}
