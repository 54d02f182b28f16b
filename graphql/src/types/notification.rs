//! What an agent is told beside their work.

use super::sla_clock::{ClockName, SlaClockKind};
use super::{Conversation, Note, Nullable};
use crate::loaders;
use crate::viewer::outside;
use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};
use interdesk_domain::id::{ConversationId, NotificationId};
use interdesk_domain::sla::InstanceId;
use interdesk_store::aside::Mention;
use interdesk_store::notifications::{Notification as Row, NotificationKind as Kind};

/// Something that the viewer is told beside their work.
#[derive(Debug, Clone)]
pub(crate) enum Notification {
    /// About a clock of a service level.
    Clock(Row),
    /// That a colleague calls them in.
    Mention(Mention),
}

impl From<Row> for Notification {
    fn from(row: Row) -> Self {
        Self::Clock(row)
    }
}

impl From<Mention> for Notification {
    fn from(row: Mention) -> Self {
        Self::Mention(row)
    }
}

impl Notification {
    /// Returns its place in the list: since when it is told, and which it is.
    pub(crate) fn place(&self) -> (DateTime<Utc>, NotificationId) {
        match self {
            Self::Clock(row) => (row.due_at, row.id),
            Self::Mention(row) => (row.made_at, row.id),
        }
    }

    fn conversation_id(&self) -> ConversationId {
        match self {
            Self::Clock(row) => row.conversation_id,
            Self::Mention(row) => row.conversation_id,
        }
    }

    fn clock_row(&self) -> Option<&Row> {
        match self {
            Self::Clock(row) => Some(row),
            Self::Mention(_) => None,
        }
    }
}

/// What somebody is told about.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum NotificationKind {
    /// The deadline of a clock is near.
    SlaWarning,
    /// The target of a clock was used up.
    SlaBreach,
    /// A step at or after that came.
    SlaStep,
    /// A colleague called them in by a note.
    Mention,
}

/// Something that the viewer is told beside their work.
#[Object]
impl Notification {
    /// Names the notification.
    pub(crate) async fn id(&self) -> ID {
        outside(self.place().1)
    }

    /// What about.
    async fn kind(&self) -> NotificationKind {
        match self.clock_row().map(|row| row.kind) {
            None => NotificationKind::Mention,
            Some(Kind::SlaWarning) => NotificationKind::SlaWarning,
            Some(Kind::SlaBreach) => NotificationKind::SlaBreach,
            Some(Kind::SlaStep) => NotificationKind::SlaStep,
        }
    }

    /// The conversation that it is about.
    async fn conversation(&self, context: &Context<'_>) -> Nullable<Conversation> {
        loaders::one(context, self.conversation_id()).await
    }

    /// The note that calls the viewer in; null where it is about something else.
    async fn note(&self, context: &Context<'_>) -> Nullable<Note> {
        match self {
            Self::Mention(row) => loaders::one(context, row.note_id).await,
            Self::Clock(_) => None,
        }
    }

    /// The clock that it is about; null where it is about none.
    async fn clock(&self) -> Option<SlaClockKind> {
        self.clock_row().map(|row| row.clock.into())
    }

    /// Names the run of the clock; `explainSla` takes it.
    async fn clock_id(&self) -> Option<ID> {
        let row = self.clock_row()?;
        let name = ClockName {
            episode: row.episode_id,
            clock: InstanceId {
                clock: row.clock,
                started_by: row.started_by,
            },
        };
        Some(name.outside())
    }

    /// The name of the step; null for the breach itself.
    async fn step(&self) -> Option<&str> {
        let step = self.clock_row().map(|row| row.step.as_str());
        step.filter(|step| !step.is_empty())
    }

    /// When it came, as computed.
    async fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Clock(row) => row.at,
            Self::Mention(row) => row.made_at,
        }
    }

    /// When the target is, or was, used up.
    async fn deadline(&self) -> Option<DateTime<Utc>> {
        self.clock_row()?.deadline
    }

    /// Since when it is told: at once, or from the beginning of the viewer's hours on.
    async fn due_at(&self) -> DateTime<Utc> {
        self.place().0
    }

    /// When the viewer marked it as read; null while it is not.
    async fn read_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Clock(row) => row.read_at,
            Self::Mention(row) => row.read_at,
        }
    }
}
