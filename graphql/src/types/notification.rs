//! What an agent is told beside their work.

use super::sla_clock::{ClockName, SlaClockKind};
use super::{Conversation, Nullable, object};
use crate::loaders;
use crate::viewer::outside;
use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};
use interdesk_domain::sla::InstanceId;
use interdesk_store::notifications::{Notification as Row, NotificationKind as Kind};

object! {
    /// Something that the viewer is told beside their work.
    Notification(Row)
}

/// What somebody is told about.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[allow(
    clippy::enum_variant_names,
    reason = "the next kinds are about something else"
)]
pub(crate) enum NotificationKind {
    /// The deadline of a clock is near.
    SlaWarning,
    /// The target of a clock was used up.
    SlaBreach,
    /// A step at or after that came.
    SlaStep,
}

/// Something that the viewer is told beside their work.
#[Object]
impl Notification {
    /// Names the notification.
    pub(crate) async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// What about.
    async fn kind(&self) -> NotificationKind {
        match self.0.kind {
            Kind::SlaWarning => NotificationKind::SlaWarning,
            Kind::SlaBreach => NotificationKind::SlaBreach,
            Kind::SlaStep => NotificationKind::SlaStep,
        }
    }

    /// The conversation that it is about.
    async fn conversation(&self, context: &Context<'_>) -> Nullable<Conversation> {
        loaders::one(context, self.0.conversation_id).await
    }

    /// The clock that it is about.
    async fn clock(&self) -> SlaClockKind {
        self.0.clock.into()
    }

    /// Names the run of the clock; `explainSla` takes it.
    async fn clock_id(&self) -> ID {
        let name = ClockName {
            episode: self.0.episode_id,
            clock: InstanceId {
                clock: self.0.clock,
                started_by: self.0.started_by,
            },
        };
        name.outside()
    }

    /// The name of the step; null for the breach itself.
    async fn step(&self) -> Option<&str> {
        Some(self.0.step.as_str()).filter(|step| !step.is_empty())
    }

    /// When it came, as computed.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// When the target is, or was, used up.
    async fn deadline(&self) -> Option<DateTime<Utc>> {
        self.0.deadline
    }

    /// Since when it is told: at once, or from the beginning of the viewer's hours on.
    async fn due_at(&self) -> DateTime<Utc> {
        self.0.due_at
    }

    /// When the viewer marked it as read; null while it is not.
    async fn read_at(&self) -> Option<DateTime<Utc>> {
        self.0.read_at
    }
}
