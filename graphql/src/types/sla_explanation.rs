//! Why a clock says what it says, and who owned the wait.

use super::conversation::ConversationStatus;
use super::sla_clock::{SlaClock, SlaHours, status};
use super::{ClockName, Nullable};
use crate::loaders::{self, ClocksOfEpisode};
use crate::viewer::{desk, outside, viewer};
use crate::{Error, Long};
use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_domain::sla::{self as domain, Happening};
use interdesk_flow::sla_explain::{self, Explanation, Interval, Why};
use interdesk_store::sla::Clock as Row;

/// Why a clock says what it says.
#[derive(Debug, Clone)]
pub(crate) struct SlaExplanation {
    clock: SlaClock,
    explanation: Explanation,
}

impl SlaExplanation {
    /// Explains a clock; absent where it is none of the viewer's workspace.
    pub(crate) async fn load(context: &Context<'_>, id: &ID) -> Nullable<Self> {
        match explain(context, id).await {
            Ok(found) => found.map(Ok),
            Err(error) => Some(Err(error)),
        }
    }
}

async fn explain(context: &Context<'_>, id: &ID) -> Result<Option<SlaExplanation>, Error> {
    let scope = viewer(context)?.scope();
    let Some(name) = ClockName::read(id) else {
        return Ok(None);
    };
    let rows: Vec<Row> = loaders::all(context, ClocksOfEpisode(name.episode)).await?;
    let Some(row) = rows.into_iter().find(|row| row.id() == name.clock) else {
        return Ok(None);
    };
    let desk = desk(context)?;
    let transaction = desk.database.begin(scope).await?;
    let now = desk.now();
    let found = sla_explain::explain(&transaction, scope, name.episode, name.clock, now).await?;
    transaction.commit().await?;
    let clock = SlaClock::show(context, vec![row]).await?.pop();
    let both = clock.zip(found);
    Ok(both.map(|(clock, explanation)| SlaExplanation { clock, explanation }))
}

/// Why a clock says what it says: computed from the history that is kept, not from what was counted.
#[Object]
impl SlaExplanation {
    /// The clock.
    async fn clock(&self) -> &SlaClock {
        &self.clock
    }

    /// The counted milliseconds: the sum of what counted in `intervals` and was not forgotten.
    async fn elapsed_ms(&self) -> Long {
        self.explanation.elapsed_ms.into()
    }

    /// Every interval of its life, without a gap, up to its end or to now.
    async fn intervals(&self) -> Vec<SlaInterval> {
        let intervals = self.explanation.intervals.iter();
        intervals.map(SlaInterval::of).collect()
    }

    /// What happened to the clock, in order.
    async fn entries(&self) -> Vec<SlaEntry> {
        self.explanation.entries.iter().map(SlaEntry::of).collect()
    }
}

/// An interval of a clock's life.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct SlaInterval {
    /// When it begins.
    from: DateTime<Utc>,
    /// When it ends.
    to: DateTime<Utc>,
    /// Why it counted, or did not.
    why: SlaWhy,
    /// The holiday's name; null where it is none.
    holiday: Option<String>,
    /// The state of the conversation.
    state: ConversationStatus,
    /// Which time counts.
    hours: SlaHours,
    /// Names the schedule; null for around the clock.
    schedule_id: Option<ID>,
    /// The event that brought this state, schedule or promise.
    event_id: ID,
    /// Whether a restart of the clock forgot it.
    forgotten: bool,
    /// Its own milliseconds, by the clock on the wall.
    length_ms: Long,
    /// The counted milliseconds up to its end.
    total_ms: Long,
}

impl SlaInterval {
    fn of(interval: &Interval) -> Self {
        let (why, holiday) = match &interval.why {
            Why::Counted => (SlaWhy::Counted, None),
            Why::Paused => (SlaWhy::Paused, None),
            Why::Closed => (SlaWhy::Closed, None),
            Why::Holiday(name) => (SlaWhy::Holiday, Some(name.clone())),
        };
        Self {
            from: interval.from,
            to: interval.to,
            why,
            holiday,
            state: status(interval.state),
            hours: interval.hours.into(),
            schedule_id: interval.schedule.map(outside),
            event_id: outside(interval.event),
            forgotten: interval.forgotten,
            length_ms: (interval.to - interval.from).num_milliseconds().into(),
            total_ms: interval.total_ms.into(),
        }
    }
}

/// Why an interval counted, or did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum SlaWhy {
    /// The state counts, and the team is open or all time counts.
    Counted,
    /// The state of the conversation pauses the clock.
    Paused,
    /// The team is closed by its weekly hours.
    Closed,
    /// The team is closed for a holiday.
    Holiday,
}

/// What happened to a clock.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct SlaEntry {
    /// When; a breach and a step have their computed time, whenever they were told.
    at: DateTime<Utc>,
    /// What happened: `activated`, `paused`, `resumed`, `fulfilled`, `stopped`, `breached`,
    /// `stepped`, `retargeted` or `rescheduled`.
    what: &'static str,
    /// The event that made it; null for what time alone made.
    event_id: Option<ID>,
    /// The state that pauses it; null where it is no pause.
    state: Option<ConversationStatus>,
    /// The name of the step; null where it is none.
    step: Option<String>,
    /// The target from then on, in milliseconds; null where it is no other promise, or none.
    target_ms: Option<Long>,
}

impl SlaEntry {
    fn of(entry: &domain::Entry) -> Self {
        let mut shown = Self {
            at: entry.at,
            what: "",
            event_id: entry.event.map(outside),
            state: None,
            step: None,
            target_ms: None,
        };
        shown.what = match &entry.what {
            Happening::Activated => "activated",
            Happening::Paused(state) => {
                shown.state = Some(status(*state));
                "paused"
            }
            Happening::Resumed => "resumed",
            Happening::Fulfilled => "fulfilled",
            Happening::Stopped => "stopped",
            Happening::Breached => "breached",
            Happening::Stepped { step } => {
                shown.step = Some(step.clone());
                "stepped"
            }
            Happening::Retargeted { to_ms, .. } => {
                shown.target_ms = to_ms.map(Long);
                "retargeted"
            }
            Happening::Rescheduled { .. } => "rescheduled",
        };
        shown
    }
}

/// Who owned the wait of an episode.
#[derive(Debug, Clone)]
pub(crate) struct WaitLedger(pub(crate) domain::Ledger);

/// Who owned the wait of an episode, from its opening to its resolution or to now. Every millisecond
/// has one owner: the parts sum to `wallMs`.
#[Object]
impl WaitLedger {
    /// The whole time, by the clock on the wall.
    async fn wall_ms(&self) -> Long {
        self.0.wall().num_milliseconds().into()
    }

    /// An agent has it, or put it off, and the team is open.
    async fn agent_ms(&self) -> Long {
        self.of(domain::Owner::Agent)
    }

    /// The customer is to answer, at any hour.
    async fn customer_ms(&self) -> Long {
        self.of(domain::Owner::Customer)
    }

    /// A third party is to act, at any hour.
    async fn third_party_ms(&self) -> Long {
        self.of(domain::Owner::ThirdParty)
    }

    /// No agent has it yet, and the team is open.
    async fn system_ms(&self) -> Long {
        self.of(domain::Owner::System)
    }

    /// It would be ours, but the team is closed.
    async fn closed_hours_ms(&self) -> Long {
        self.of(domain::Owner::ClosedHours)
    }

    /// The time without a gap, by owner; neighbours differ.
    async fn spans(&self) -> Vec<WaitSpan> {
        let spans = self.0.spans.iter().map(|span| WaitSpan {
            from: span.from,
            to: span.to,
            owner: span.owner.into(),
        });
        spans.collect()
    }
}

impl WaitLedger {
    fn of(&self, owner: domain::Owner) -> Long {
        self.0.of(owner).num_milliseconds().into()
    }
}

/// Time that belongs to one owner.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct WaitSpan {
    /// When it begins.
    from: DateTime<Utc>,
    /// When it ends.
    to: DateTime<Utc>,
    /// Whose it is.
    owner: WaitOwner,
}

/// Who the time of an episode belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::Owner")]
pub(crate) enum WaitOwner {
    /// An agent has it, or put it off, and the team is open.
    Agent,
    /// The customer is to answer, at any hour.
    Customer,
    /// A third party is to act, at any hour.
    ThirdParty,
    /// No agent has it yet, and the team is open.
    System,
    /// It would be ours, but the team is closed.
    ClosedHours,
}
