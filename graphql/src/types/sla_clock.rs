//! Clocks of service levels, as people see them.

use super::conversation::ConversationStatus;
use super::{Agent, Conversation, Nullable, Queue};
use crate::loaders;
use crate::scalars::Duration;
use crate::viewer::{desk, outside};
use crate::{Error, Long};
use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};
use futures::future::{BoxFuture, join_all};
use interdesk_domain::id::{EpisodeId, EventId};
use interdesk_domain::schedule::{Kind, Timeline};
use interdesk_domain::sla::{self as domain, InstanceId, PolicyVersion, is_at_risk};
use interdesk_store::read::sla::Hours;
use interdesk_store::sla::Clock as Row;
use std::sync::Arc;

/// One run of a clock of service levels, as it stands at this moment.
#[derive(Debug, Clone)]
pub(crate) struct SlaClock {
    row: Row,
    schedule: Option<Arc<Hours>>,
    standing: Standing,
    is_at_risk: bool,
}

/// Where a clock stands.
#[derive(Debug, Clone)]
struct Standing {
    state: SlaState,
    outcome: domain::Outcome,
    elapsed_ms: i64,
    remaining_ms: Option<i64>,
    remaining_wall_ms: Option<i64>,
    closed: Option<(Option<String>, Option<DateTime<Utc>>)>,
}

impl SlaClock {
    /// Shows rows as they stand now; all their schedules are read at once.
    pub(crate) fn show<'a>(
        context: &'a Context<'a>,
        rows: Vec<Row>,
    ) -> BoxFuture<'a, Result<Vec<Self>, Error>> {
        Box::pin(async move {
            let now = desk(context)?.now();
            let shown = rows.into_iter().map(async |row| {
                let schedule = match row.schedule_id {
                    Some(id) => loaders::one::<Arc<Hours>, _, _>(context, id).await,
                    None => None,
                };
                Ok(Self::at(row, schedule.transpose()?, now))
            });
            join_all(shown).await.into_iter().collect()
        })
    }

    fn at(row: Row, schedule: Option<Arc<Hours>>, now: DateTime<Utc>) -> Self {
        let figures = row.figures();
        let always = Timeline::always();
        let timeline = schedule.as_ref().map_or(&always, |hours| &hours.timeline);
        let status = figures.status(timeline, now);
        let (state, closed) = match status.phase {
            domain::Phase::Counting => (SlaState::Counting, None),
            domain::Phase::Closed(kind, until) => {
                let holiday = match kind {
                    Kind::Holiday(name) => Some(name.to_owned()),
                    Kind::Open | Kind::OutsideHours => None,
                };
                (SlaState::Closed, Some((holiday, until)))
            }
            domain::Phase::Paused(_) => (SlaState::Paused, None),
            domain::Phase::Ended(domain::End::Fulfilled) => (SlaState::Fulfilled, None),
            domain::Phase::Ended(domain::End::Stopped) => (SlaState::Stopped, None),
        };
        let standing = Standing {
            state,
            outcome: status.outcome,
            elapsed_ms: status.elapsed.num_milliseconds(),
            remaining_ms: status.remaining.map(|left| left.num_milliseconds()),
            remaining_wall_ms: status.remaining_wall.map(|left| left.num_milliseconds()),
            closed,
        };
        Self {
            is_at_risk: is_at_risk(&figures, now),
            row,
            schedule,
            standing,
        }
    }
}

/// Names one run of a clock in the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ClockName {
    pub(crate) episode: EpisodeId,
    pub(crate) clock: InstanceId,
}

impl ClockName {
    /// Writes the name for outside.
    pub(crate) fn outside(self) -> ID {
        let (clock, event) = (self.clock.clock.as_str(), self.clock.started_by);
        ID(format!("{}.{clock}.{event}", self.episode))
    }

    /// Reads a name from outside; what is none names nothing.
    pub(crate) fn read(id: &ID) -> Option<Self> {
        let (episode, rest) = id.split_once('.')?;
        let (clock, event) = rest.split_once('.')?;
        Some(Self {
            episode: episode.parse().ok()?,
            clock: InstanceId {
                clock: domain::Clock::parse(clock)?,
                started_by: event.parse::<EventId>().ok()?,
            },
        })
    }
}

/// One run of a clock of service levels, as it stands at this moment. It is named by the event that
/// started it, so that it keeps its name whenever it is computed again.
#[Object]
impl SlaClock {
    /// Names this run of the clock; `explainSla` takes it.
    async fn id(&self) -> ID {
        let name = ClockName {
            episode: self.row.episode_id,
            clock: self.row.id(),
        };
        name.outside()
    }

    /// Which clock.
    async fn clock(&self) -> SlaClockKind {
        self.row.clock.into()
    }

    /// Which run of it in the episode, from 1.
    async fn number(&self) -> i32 {
        self.row.number
    }

    /// Whether it counts, or why not.
    async fn state(&self) -> SlaState {
        self.standing.state
    }

    /// What came of the promise.
    async fn outcome(&self) -> SlaOutcome {
        self.standing.outcome.into()
    }

    /// Whether it counts and its deadline is closer than a quarter of its target.
    async fn is_at_risk(&self) -> bool {
        self.is_at_risk
    }

    /// The state of the conversation that pauses it; null while it counts and after its end.
    async fn paused_in(&self) -> Option<ConversationStatus> {
        self.row.paused_in.map(status)
    }

    /// The holiday on which the team is closed; null on other days, and where it is not `CLOSED`.
    async fn holiday(&self) -> Option<&str> {
        let (holiday, _) = self.standing.closed.as_ref()?;
        holiday.as_deref()
    }

    /// When the team opens again; null where it is not `CLOSED`.
    async fn opens_at(&self) -> Option<DateTime<Utc>> {
        self.standing.closed.as_ref()?.1
    }

    /// When it began.
    async fn started_at(&self) -> DateTime<Utc> {
        self.row.started_at
    }

    /// When it ended; null while it runs.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.row.ended_at
    }

    /// The counted time.
    async fn elapsed(&self) -> Duration {
        Duration::of_ms(self.standing.elapsed_ms)
    }

    /// Less than how long it has to take; null where nothing was promised.
    async fn target(&self) -> Option<Duration> {
        self.row.within_ms.map(Duration::of_ms)
    }

    /// What is left of the target in its own hours; negative is how late it is.
    async fn remaining(&self) -> Option<Duration> {
        self.standing.remaining_ms.map(Duration::of_ms)
    }

    /// How long until the deadline by the clock on the wall; null while it is paused and after its end.
    async fn remaining_wall(&self) -> Option<Duration> {
        self.standing.remaining_wall_ms.map(Duration::of_ms)
    }

    /// The counted milliseconds.
    async fn elapsed_ms(&self) -> Long {
        self.standing.elapsed_ms.into()
    }

    /// Less than how many milliseconds it has to take; null where nothing was promised.
    async fn target_ms(&self) -> Option<Long> {
        self.row.within_ms.map(Long)
    }

    /// What is left of the target in its own hours, in milliseconds; negative is how late it is.
    async fn remaining_ms(&self) -> Option<Long> {
        self.standing.remaining_ms.map(Long)
    }

    /// How long until the deadline by the clock on the wall, in milliseconds; null while it is paused
    /// and after its end.
    async fn remaining_wall_ms(&self) -> Option<Long> {
        self.standing.remaining_wall_ms.map(Long)
    }

    /// When the target is, or was, used up; null while it is paused, and after an end in time.
    async fn deadline(&self) -> Option<DateTime<Utc>> {
        self.row.deadline
    }

    /// When the target was used up; null where it was not.
    async fn breached_at(&self) -> Option<DateTime<Utc>> {
        match self.standing.outcome {
            domain::Outcome::Breached => self.row.breached_at.or(self.row.deadline),
            _ => None,
        }
    }

    /// Which time counts.
    async fn hours(&self) -> Option<SlaHours> {
        self.row.hours.map(Into::into)
    }

    /// The name of the schedule by which it counts; null for around the clock.
    async fn schedule(&self) -> Option<&str> {
        self.schedule.as_ref().map(|hours| hours.name.as_str())
    }

    /// The policy that governs it; null for none.
    async fn policy(&self) -> Option<SlaPolicyVersion> {
        let policy = self.row.figures().policy?;
        Some(SlaPolicyVersion(policy))
    }

    /// The priority that its target is for.
    async fn priority(&self) -> i16 {
        self.row.priority
    }

    /// The conversation.
    async fn conversation(&self, context: &Context<'_>) -> Nullable<Conversation> {
        loaders::one(context, self.row.conversation_id).await
    }

    /// The queue when it ended, or now.
    async fn queue(&self, context: &Context<'_>) -> Nullable<Queue> {
        loaders::one(context, self.row.queue_id?).await
    }

    /// Who had the episode when it ended, or has it, or had it last.
    async fn agent(&self, context: &Context<'_>) -> Nullable<Agent> {
        loaders::one(context, self.row.agent_id?).await
    }
}

/// A policy of service levels in one of its versions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SlaPolicyVersion(pub(crate) PolicyVersion);

/// A policy of service levels in one of its versions, which never changes.
#[Object]
impl SlaPolicyVersion {
    /// Names the policy, over all its versions.
    async fn id(&self) -> ID {
        outside(self.0.policy)
    }

    /// Which version.
    async fn version(&self) -> Long {
        i64::from(self.0.version).into()
    }

    /// What people call it in this version.
    async fn name(&self, context: &Context<'_>) -> Nullable<String> {
        loaders::one(context, self.0).await
    }
}

/// A clock of service levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::Clock")]
pub(crate) enum SlaClockKind {
    /// From the opening to the first public reply of an agent.
    FirstReply,
    /// From the oldest unanswered customer message to the next public reply.
    NextReply,
    /// From each public reply to the next, while unresolved.
    PeriodicUpdate,
    /// From each public reply to the next, without the waits for the customer.
    PausableUpdate,
    /// From the opening to the resolution, without the waits for the customer.
    RequesterWait,
    /// From the opening to the resolution, while it is with the agents.
    AgentWork,
    /// From the opening to the resolution.
    TotalResolution,
    /// From the queue to the agent who accepts.
    QueueWait,
    /// From an offer to its acceptance.
    TimeToAccept,
}

/// Whether a clock counts, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum SlaState {
    /// Time counts.
    Counting,
    /// The state of the conversation would count, but the team is closed.
    Closed,
    /// The state of the conversation pauses it.
    Paused,
    /// What it waits for came.
    Fulfilled,
    /// It ended without that.
    Stopped,
}

/// What came of a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::Outcome")]
pub(crate) enum SlaOutcome {
    /// Nothing was promised.
    NoTarget,
    /// Not decided yet.
    Open,
    /// What it waits for came in time.
    Met,
    /// The time was used up first.
    Breached,
    /// It stopped before either.
    Void,
}

/// Which time counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::Hours")]
pub(crate) enum SlaHours {
    /// The open time of the schedule.
    Business,
    /// All time.
    Calendar,
}

/// Shows a state of the clocks as the conversation's.
pub(crate) fn status(state: domain::State) -> ConversationStatus {
    match state {
        domain::State::New => ConversationStatus::New,
        domain::State::Open => ConversationStatus::Open,
        domain::State::WaitingForCustomer => ConversationStatus::WaitingForCustomer,
        domain::State::OnHold => ConversationStatus::OnHold,
        domain::State::Snoozed => ConversationStatus::Snoozed,
        domain::State::Resolved => ConversationStatus::Resolved,
        domain::State::Closed => ConversationStatus::Closed,
    }
}
