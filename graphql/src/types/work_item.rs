//! Work items and why they were routed as they were.

use super::setup::WorkClass;
use super::why::ExpectedWait;
use super::{
    Agent, Conversation, Message, Nullable, Queue, Transfer, Waits, WhyNot, WorkExplanation, object,
};
use crate::loaders::{self, DecisionOn, TransfersOf};
use crate::viewer::outside;
use crate::{Error, Long};
use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_domain::id::{AgentId, MessageId};
use interdesk_domain::routing as domain;
use interdesk_domain::routing::limit::Limited;
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

    /// What kind of work it is.
    async fn class(&self) -> WorkClass {
        self.0.class.into()
    }

    /// What became of it because its queue was full or it waited too long; null where nothing did.
    async fn limited(&self) -> Option<WorkLimited> {
        WorkLimited::of(&self.0)
    }

    /// Since when it waits; a return to the queue keeps it.
    async fn queued_at(&self) -> DateTime<Utc> {
        self.0.queued_at
    }

    /// Until when its agent finishes the paperwork, at the latest; null where there is none.
    async fn wrap_up_until(&self) -> Option<DateTime<Utc>> {
        self.0.wrap_up_until
    }

    /// Until when it sleeps, where its conversation is snoozed and nobody keeps the work; null where
    /// it does not.
    async fn not_before(&self) -> Option<DateTime<Utc>> {
        self.0.not_before
    }

    /// How it left the hands that it was in, oldest first: given back, lost to an absence, put off or
    /// handed over.
    #[graphql(directive = crate::cost::list_size::apply(3, None, None))]
    async fn transfers(&self, context: &Context<'_>) -> Nullable<Vec<Transfer>> {
        let found = loaders::all(context, TransfersOf(self.0.id)).await;
        Some(found.map(|found| found.into_iter().map(Transfer).collect()))
    }

    /// When it was done or cancelled; null before.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.0.ended_at
    }

    /// Why it went to who got it, the last time up to a moment; null where nobody did, or nothing is
    /// stored any more. Agents see the words about their own work, supervisors everything.
    #[graphql(directive = crate::cost::cost::apply("5".into()))]
    async fn why_assigned(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "As of this moment; now unless told.")] at: Option<DateTime<Utc>>,
    ) -> Nullable<WorkExplanation> {
        WorkExplanation::assigned(context, &self.0, at)
            .await
            .transpose()
    }

    /// Why it waits, or waited at a moment; null where it does or did not. Agents see the words about
    /// their own work, supervisors everything.
    #[graphql(directive = crate::cost::cost::apply("20".into()))]
    async fn why_waiting(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "As of this moment; now unless told.")] at: Option<DateTime<Utc>>,
    ) -> Nullable<WorkExplanation> {
        WorkExplanation::waiting(context, &self.0, at)
            .await
            .transpose()
    }

    /// Why an agent has not got it, or had not at a moment; null where nothing is stored. For
    /// supervisors, and for agents about themselves.
    #[graphql(directive = crate::cost::cost::apply("20".into()))]
    async fn why_not(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who.")] agent_id: ID,
        #[graphql(desc = "As of this moment; now unless told.")] at: Option<DateTime<Utc>>,
    ) -> Nullable<WhyNot> {
        WhyNot::load(context, &self.0, &agent_id, at)
            .await
            .transpose()
    }

    /// Its place in its queue, from 1; null where it does not wait, or nobody is asked for it now.
    #[graphql(directive = crate::cost::cost::apply("10".into()))]
    async fn queue_position(&self, context: &Context<'_>) -> Nullable<i32> {
        Waits::position(context, &self.0).await.transpose()
    }

    /// How long it will still wait, as far as the pace of its queue lets expect; null where it does not
    /// wait, or nothing is to go by.
    #[graphql(directive = crate::cost::cost::apply("10".into()))]
    async fn expected_wait(&self, context: &Context<'_>) -> Nullable<ExpectedWait> {
        Waits::expected(context, &self.0).await.transpose()
    }

    /// Why routing chose as it did the last time; null before it looked.
    async fn decision(&self, context: &Context<'_>) -> Nullable<Decision> {
        let found = loaders::one::<decisions::Decision, _, _>(context, DecisionOn(self.0.id)).await;
        match found? {
            Ok(row) => Decision::read(row),
            Err(error) => Some(Err(error)),
        }
    }
}

/// What became of work because its queue was full or it waited too long.
pub(crate) struct WorkLimited {
    outcome: Limited,
    message: Option<MessageId>,
    untold: Option<String>,
}

impl WorkLimited {
    fn of(row: &Row) -> Option<Self> {
        Some(Self {
            outcome: Limited::of_name(row.limited.as_deref()?)?,
            message: row.limited_message_id,
            untold: row.limited_untold.clone(),
        })
    }
}

/// What became of work because its queue was full or it waited too long.
#[Object]
impl WorkLimited {
    /// In a word.
    async fn outcome(&self) -> LimitOutcome {
        self.outcome.into()
    }

    /// The message in which the customer was told, or the first of several; null before, and where
    /// they could not be.
    async fn message(&self, context: &Context<'_>) -> Nullable<Message> {
        loaders::one(context, self.message?).await
    }

    /// Why the customer could not be told, by the name that a refused reply has; null where they were.
    async fn untold(&self) -> Option<&str> {
        self.untold.as_deref()
    }
}

/// What a limit makes of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::limit::Limited")]
pub(crate) enum LimitOutcome {
    /// It is a call from then on, and waits.
    CallBack,
    /// It ended with an answer.
    Answer,
    /// It ended, and the episode with it.
    Refuse,
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
    /// Reads a stored explanation; those of before there were engines have another form, and are
    /// nobody's any more.
    fn read(row: decisions::Decision) -> Option<Result<Self, Error>> {
        let read = decisions::read_explanation(&row.explanation).transpose()?;
        Some(read.map_err(Error::from).map(|explanation| {
            let now = explanation.now;
            let candidates = explanation.candidates.iter();
            let excluded = explanation.excluded.iter();
            Self {
                id: outside(row.id),
                decided_at: row.decided_at,
                policy: format!("queue/{}", explanation.policy),
                candidates: candidates.map(|one| Candidate::new(one, now)).collect(),
                excluded: excluded.map(ExcludedAgent::new).collect(),
                tie_rule: explanation.tie_rule,
            }
        }))
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

impl Candidate {
    pub(super) fn new(one: &domain::explain::Candidate, now: DateTime<Utc>) -> Self {
        Self {
            idle_ms: (now - one.idle_since).num_milliseconds().into(),
            load: i32::try_from(one.load).unwrap_or(i32::MAX),
            capacity: i32::try_from(one.total).unwrap_or(i32::MAX),
            id: one.score.agent,
        }
    }
}

/// An agent who could not have the work.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(complex)]
pub(crate) struct ExcludedAgent {
    /// Why.
    pub(crate) reason: ExclusionReason,
    /// Until when that held, where it was for a while.
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
    /// They served none of the queues that were asked.
    NotMember,
    /// They might be given no work.
    Disabled,
    /// They were an assistant, and all assistants were stopped.
    AssistantsStopped,
    /// They were not online.
    NotOnline,
    /// They were online, but nothing was heard from them for a while.
    Unreachable,
    /// Their schedule did not have them at work.
    OffSchedule,
    /// They finished the paperwork of what they had.
    WrappingUp,
    /// Members of their rank were not asked yet.
    RankNotAsked,
    /// They do not answer in the language.
    LacksLanguage,
    /// They do not have the skills.
    LacksSkills,
    /// They held as much as they may.
    AtCapacity,
    /// They held as much as they may of that class of work.
    AtClassLimit,
    /// They held as much as they may by the queue.
    AtQueueLimit,
    /// They had as many offers to answer as they may.
    OffersOpen,
    /// It was kept for somebody else for a while.
    KeptFor,
    /// They refused this work, and are not asked again.
    Refused,
    /// They refused this work, or let its offer pass, a short while ago.
    Resting,
}

impl ExcludedAgent {
    pub(super) fn new(one: &domain::explain::Excluded) -> Self {
        use domain::Unfit;
        let (reason, until) = match &one.reason {
            Unfit::NotMember => (ExclusionReason::NotMember, None),
            Unfit::Disabled => (ExclusionReason::Disabled, None),
            Unfit::AssistantsStopped => (ExclusionReason::AssistantsStopped, None),
            Unfit::NotOnline { .. } => (ExclusionReason::NotOnline, None),
            Unfit::Unreachable => (ExclusionReason::Unreachable, None),
            Unfit::OffSchedule => (ExclusionReason::OffSchedule, None),
            Unfit::WrappingUp { until } => (ExclusionReason::WrappingUp, Some(*until)),
            Unfit::RankNotAsked { .. } => (ExclusionReason::RankNotAsked, None),
            Unfit::LacksLanguage { .. } => (ExclusionReason::LacksLanguage, None),
            Unfit::LacksSkills { .. } => (ExclusionReason::LacksSkills, None),
            Unfit::AtCapacity { .. } => (ExclusionReason::AtCapacity, None),
            Unfit::AtClassLimit { .. } => (ExclusionReason::AtClassLimit, None),
            Unfit::AtQueueLimit { .. } => (ExclusionReason::AtQueueLimit, None),
            Unfit::OffersOpen { .. } => (ExclusionReason::OffersOpen, None),
            Unfit::KeptFor { until, .. } => (ExclusionReason::KeptFor, Some(*until)),
            Unfit::Refused => (ExclusionReason::Refused, None),
            Unfit::Resting { until } => (ExclusionReason::Resting, Some(*until)),
        };
        Self {
            reason,
            until,
            id: one.agent,
        }
    }
}
