//! What agents changed about messages that were sent.

use super::{Agent, Delivery, Nullable, object};
use crate::loaders;
use crate::viewer::outside;
use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};
use interdesk_store::message_changes::MessageChange as Row;

object! {
    /// What an agent changed about a message that was sent.
    MessageChange(Row)
}

/// What an agent changed about a message that was sent. The message shows it once the provider took
/// it.
#[Object]
impl MessageChange {
    /// Names the change.
    async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// What it does.
    async fn kind(&self) -> MessageChangeKind {
        match self.0.kind.as_str() {
            "edit" => MessageChangeKind::Edit,
            "delete" => MessageChangeKind::Delete,
            _ => MessageChangeKind::Reaction,
        }
    }

    /// Who made it.
    async fn agent(&self, context: &Context<'_>) -> Nullable<Agent> {
        loaders::one(context, self.0.agent_id).await
    }

    /// The words of an edit; null for others.
    async fn text(&self) -> Option<&str> {
        self.0.text.as_deref()
    }

    /// The emoji of a reaction; null where it withdraws one, and for others.
    async fn emoji(&self) -> Option<&str> {
        self.0.emoji.as_deref().filter(|emoji| !emoji.is_empty())
    }

    /// How far it got: `QUEUED`, `SENT` or `FAILED`.
    async fn delivery(&self) -> Nullable<Delivery> {
        let failure = self.0.failure.as_ref();
        Some(Delivery::read(self.0.state, self.0.tries, failure))
    }

    /// When it was made.
    async fn made_at(&self) -> DateTime<Utc> {
        self.0.made_at
    }

    /// When the provider took it, or it failed; null while it is on its way.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.0.ended_at
    }
}

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum MessageChangeKind {
    /// Puts other words in the place.
    Edit,
    /// Takes the message back.
    Delete,
    /// Sets our reaction, or withdraws it.
    Reaction,
}
