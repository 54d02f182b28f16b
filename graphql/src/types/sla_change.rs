//! Clocks that change, as subscribers see them.

use super::sla_clock::{SlaClock, SlaClockKind};
use super::{Conversation, Nullable};
use crate::live::Logged;
use crate::loaders::{self, ClocksOfEpisode};
use crate::{Cursor, Error, Long};
use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::id::{ConversationId, EpisodeId};
use interdesk_domain::sla::Clock;
use std::sync::Arc;

/// Something that happened to clocks.
#[derive(Debug, Clone)]
pub(crate) struct SlaChange {
    cursor: Cursor,
    seq: u64,
    envelope: Arc<Envelope>,
    conversation: ConversationId,
    episode: EpisodeId,
    clocks: Vec<Clock>,
    at: DateTime<Utc>,
}

impl SlaChange {
    /// Shows an event of the log; absent where it is about no clock.
    pub(crate) fn show(logged: &Logged, cursor: Cursor) -> Option<Self> {
        let envelope = logged.envelope.clone()?;
        let (conversation, episode, clocks, at) = match &envelope.event {
            Event::SlaWarned {
                conversation,
                episode,
                clock,
                at,
                ..
            }
            | Event::SlaBreached {
                conversation,
                episode,
                clock,
                at,
                ..
            }
            | Event::SlaStepped {
                conversation,
                episode,
                clock,
                at,
                ..
            }
            | Event::SlaFulfilled {
                conversation,
                episode,
                clock,
                at,
                ..
            } => (*conversation, *episode, vec![*clock], *at),
            Event::SlaClocksChanged {
                conversation,
                episode,
                clocks,
            } => (
                *conversation,
                *episode,
                clocks.clone(),
                envelope.occurred_at,
            ),
            _ => return None,
        };
        Some(Self {
            cursor,
            seq: logged.seq,
            envelope,
            conversation,
            episode,
            clocks,
            at,
        })
    }
}

/// Something that happened to clocks of an episode. What it names is read when it is shown, so it may
/// be newer than the event.
#[Object]
impl SlaChange {
    /// The place in the log: subscribe again with it as `after`, and nothing is missed or doubled.
    pub(crate) async fn cursor(&self) -> Cursor {
        self.cursor.clone()
    }

    /// The place in the workspace's order.
    async fn seq(&self) -> Long {
        self.seq.into()
    }

    /// What happened: `sla_warned`, `sla_breached`, `sla_stepped`, `sla_fulfilled` or
    /// `sla_clocks_changed`, which stands for whatever began, pauses, counts again, ended or has
    /// another promise.
    async fn kind(&self) -> &'static str {
        self.envelope.event.kind()
    }

    /// When: a breach and a step have their computed time, whenever they were told.
    async fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// The kinds of the clocks.
    async fn changed(&self) -> Vec<SlaClockKind> {
        self.clocks.iter().map(|clock| (*clock).into()).collect()
    }

    /// The clocks as they stand now, the last run of each.
    #[graphql(directive = crate::cost::list_size::apply(9, None, None))]
    async fn clocks(&self, context: &Context<'_>) -> Nullable<Vec<SlaClock>> {
        Some(self.load(context).await)
    }

    /// The conversation.
    async fn conversation(&self, context: &Context<'_>) -> Nullable<Conversation> {
        loaders::one(context, self.conversation).await
    }
}

impl SlaChange {
    async fn load(&self, context: &Context<'_>) -> Result<Vec<SlaClock>, Error> {
        let rows = loaders::all(context, ClocksOfEpisode(self.episode)).await?;
        let last = self.clocks.iter().filter_map(|clock| {
            let runs = rows.iter().filter(|row| row.clock == *clock);
            runs.max_by_key(|row| row.number).cloned()
        });
        SlaClock::show(context, last.collect()).await
    }
}
