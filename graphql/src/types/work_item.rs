//! Work items and why they were routed as they were.

use super::{Agent, Conversation, Nullable, Queue, object};
use crate::loaders::{self, DecisionOn};
use crate::viewer::outside;
use crate::{Error, Long};
use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_domain::id::AgentId;
use interdesk_domain::routing as domain;
use interdesk_domain::work_item;
use interdesk_store::read::decisions;
use interdesk_store::read::work_items::WorkItem as Row;

object! {
    /// An episode that waits for somebody.
    WorkItem(Row)
}

/// An episode that waits for somebody: what gets routed.
#[Object]
impl WorkItem {
    /// Names the work item.
    pub(crate) async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// Where it stands.
    async fn state(&self) -> WorkItemState {
        self.0.state.into()
    }

    /// Higher goes first.
    async fn priority(&self) -> i16 {
        self.0.priority
    }

    /// The conversation that it is about.
    async fn conversation(&self, context: &Context<'_>) -> Nullable<Conversation> {
        loaders::one(context, self.0.conversation_id).await
    }

    /// Where it waits.
    async fn queue(&self, context: &Context<'_>) -> Nullable<Queue> {
        loaders::one(context, self.0.queue_id).await
    }

    /// Who is offered it or has it; null while it waits.
    async fn agent(&self, context: &Context<'_>) -> Nullable<Agent> {
        loaders::one(context, self.0.agent_id?).await
    }

    /// Since when it waits; a return to the queue keeps it.
    async fn queued_at(&self) -> DateTime<Utc> {
        self.0.queued_at
    }

    /// When it was done or cancelled; null before.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.0.ended_at
    }

    /// Why routing chose as it did the last time; null before it looked.
    async fn decision(&self, context: &Context<'_>) -> Nullable<Decision> {
        let found = loaders::one::<decisions::Decision, _, _>(context, DecisionOn(self.0.id)).await;
        found.map(|row| row.and_then(Decision::read))
    }
}

/// Where a work item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "work_item::WorkItemState")]
pub(crate) enum WorkItemState {
    /// Waits in a queue.
    Queued,
    /// Shown to one agent.
    Offered,
    /// An agent works on it.
    Active,
    /// The agent finishes the paperwork.
    WrapUp,
    /// Finished.
    Done,
    /// Ended without an agent.
    Cancelled,
}

/// Why routing chose as it did.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct Decision {
    /// Names the decision.
    pub(crate) id: ID,
    /// The moment that it was decided for.
    pub(crate) decided_at: DateTime<Utc>,
    /// The rule, with its version.
    pub(crate) policy: String,
    /// How equals were told apart.
    pub(crate) tie_rule: String,
    /// Who could have had the work, best first; the first one got it.
    pub(crate) candidates: Vec<Candidate>,
    /// Who could not, and why.
    pub(crate) excluded: Vec<ExcludedAgent>,
}

impl Decision {
    fn read(row: decisions::Decision) -> Result<Self, Error> {
        let decision: domain::Decision = serde_json::from_value(row.explanation)?;
        Ok(Self {
            id: outside(row.id),
            decided_at: row.decided_at,
            policy: decision.policy,
            tie_rule: decision.tie_rule,
            candidates: decision
                .candidates
                .into_iter()
                .map(Candidate::from)
                .collect(),
            excluded: decision
                .excluded
                .into_iter()
                .map(ExcludedAgent::from)
                .collect(),
        })
    }
}

/// An agent who could have had the work.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Candidate {
    /// How long they had been idle, in milliseconds.
    pub(crate) idle_ms: Long,
    /// The units that they held.
    pub(crate) load: i32,
    /// The units that they may hold.
    pub(crate) capacity: i32,
    #[graphql(skip)]
    id: AgentId,
}

#[async_graphql::ComplexObject]
impl Candidate {
    /// Who.
    async fn agent(&self, context: &Context<'_>) -> Nullable<Agent> {
        loaders::one(context, self.id).await
    }
}

impl From<domain::Candidate> for Candidate {
    fn from(one: domain::Candidate) -> Self {
        Self {
            idle_ms: one.idle_ms.into(),
            load: one.load,
            capacity: one.capacity,
            id: one.agent,
        }
    }
}

/// An agent who could not have the work.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(complex)]
pub(crate) struct ExcludedAgent {
    /// Why.
    pub(crate) reason: ExclusionReason,
    /// Until when they are left in peace, where they refused this work a short while ago.
    pub(crate) until: Option<DateTime<Utc>>,
    #[graphql(skip)]
    id: AgentId,
}

#[async_graphql::ComplexObject]
impl ExcludedAgent {
    /// Who.
    async fn agent(&self, context: &Context<'_>) -> Nullable<Agent> {
        loaders::one(context, self.id).await
    }
}

/// Why an agent could not have the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum ExclusionReason {
    /// They were not online.
    NotOnline,
    /// They were online, but nothing was heard from them for a while.
    Unreachable,
    /// They held as much as they may.
    AtCapacity,
    /// They refused this work, or let its offer pass, a short while ago.
    Resting,
}

impl From<domain::Excluded> for ExcludedAgent {
    fn from(one: domain::Excluded) -> Self {
        let (reason, until) = match one.reason {
            domain::Exclusion::NotOnline { .. } => (ExclusionReason::NotOnline, None),
            domain::Exclusion::Unreachable => (ExclusionReason::Unreachable, None),
            domain::Exclusion::AtCapacity { .. } => (ExclusionReason::AtCapacity, None),
            domain::Exclusion::Resting { until } => (ExclusionReason::Resting, Some(until)),
        };
        Self {
            reason,
            until,
            id: one.agent,
        }
    }
}
