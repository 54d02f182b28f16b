//! Why work went where it went, or waits, in words and in data; and how long it will still wait.

use super::work_item::{Candidate, ExcludedAgent, ExclusionReason};
use super::{Agent, Nullable, Queue};
use crate::loaders::{self, Batched};
use crate::scalars::Duration;
use crate::viewer::{desk, outside, parse, viewer};
use crate::{Error, Long};
use async_graphql::dataloader::Loader;
use async_graphql::{ComplexObject, Context, Enum, ID, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_domain::id::{AgentId, QueueId, WorkItemId};
use interdesk_domain::permission::{Permission, Viewer};
use interdesk_domain::routing as domain;
use interdesk_domain::routing::explain::Excluded;
use interdesk_domain::routing::model::Blocked;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::work_item::WorkItemState;
use interdesk_flow::Desk;
use interdesk_flow::why::{self, Told};
use interdesk_store::read::related::{self, Wanted};
use interdesk_store::read::work_items::WorkItem as Row;
use std::collections::{BTreeSet, HashMap};

/// How many agents of one kind are listed at most.
const LISTED: usize = 200;

/// Why a work item went where it went, or waits.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(complex)]
pub(crate) struct WorkExplanation {
    /// The same in words.
    text: String,
    /// The moment whose facts these are: of a past moment the last decision before it, since what
    /// changed between decisions is not kept.
    decided_at: DateTime<Utc>,
    /// The stored decision; null where this was worked out now.
    decision_id: Option<ID>,
    /// The version of the queue's policy; 0 is the one that every queue begins with.
    policy_version: i32,
    /// The part of the order of work that it was in.
    tier: WorkTier,
    /// Its index in the order of work: greater goes first within a part.
    index: Long,
    /// By when it has to be answered.
    deadline: DateTime<Utc>,
    /// Since when it waited in its queue.
    entered_at: DateTime<Utc>,
    /// Its priority, as raised by steps of the ladder.
    priority: i32,
    /// The skills that were asked for in the end.
    skills: Vec<String>,
    /// The language that was asked for in the end.
    language: Option<String>,
    /// The steps of the ladder that were taken.
    steps: Vec<LadderStepTaken>,
    /// Why nobody was asked; null where somebody was.
    blocked: Option<WorkBlocked>,
    /// Whether the agent is asked first.
    is_offer: bool,
    /// Whether agents fetch such work themselves.
    is_fetched: bool,
    /// Who could have it, the best first, so many as are listed; null for who does not steer the work
    /// of others.
    candidates: Option<Vec<Candidate>>,
    /// Who could not, and why, so many as are listed; null for who does not steer the work of others.
    excluded: Option<Vec<ExcludedAgent>>,
    /// How many more members the queues have, of whom nothing is told.
    unlisted: i32,
    /// How equals are told apart.
    tie_rule: String,
    /// Whether deciding again from these facts alone gives the same.
    holds: bool,
    #[graphql(skip)]
    winner_id: Option<AgentId>,
    #[graphql(skip)]
    queue_ids: Vec<QueueId>,
}

#[ComplexObject]
impl WorkExplanation {
    /// Who gets it; null when it waits on.
    async fn winner(&self, context: &Context<'_>) -> Nullable<Agent> {
        loaders::one(context, self.winner_id?).await
    }

    /// The queues whose members were asked, its own first.
    #[graphql(directive = crate::cost::list_size::apply(2, None, None))]
    async fn queues(&self, context: &Context<'_>) -> Result<Vec<Queue>, Error> {
        let mut queues = Vec::new();
        for id in &self.queue_ids {
            if let Some(queue) = loaders::one(context, *id).await {
                queues.push(queue?);
            }
        }
        Ok(queues)
    }
}

/// A step of the ladder that was taken.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct LadderStepTaken {
    /// Its place in the ladder, from 0.
    step: i32,
    /// After how many seconds of waiting.
    after_seconds: i32,
}

/// A part of the order of work, the first first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::Tier")]
pub(crate) enum WorkTier {
    /// Its deadline and the patience after it are over: nothing that comes later passes it.
    Owed,
    /// Its deadline can still be met.
    Live,
    /// Its deadline is lost; it goes behind work that can still be saved, but not for ever.
    Lost,
}

/// Why nobody is asked for work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum WorkBlocked {
    /// The queue is closed, and no step lets it be served outside its hours.
    QueueClosed,
    /// It sleeps.
    Snoozed,
}

/// Why an agent has not got a work item.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct WhyNot {
    /// In words.
    text: String,
    /// What kind of answer this is.
    status: WhyNotStatus,
    /// Why they could not; null where they could.
    reason: Option<ExclusionReason>,
    /// Until when that holds or held, where it is for a while.
    until: Option<DateTime<Utc>>,
    /// The moment whose facts these are.
    decided_at: DateTime<Utc>,
}

/// What kind of answer to the question why an agent has not got work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum WhyNotStatus {
    /// They got it.
    Got,
    /// They could have it, but somebody else comes before them, or nobody is asked now.
    Could,
    /// They could not have it.
    CouldNot,
    /// It is not stored: the queue has more members than decisions list.
    NotKnown,
}

/// How long work will still wait.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub(crate) struct ExpectedWait {
    /// Half of such work waits less.
    p50: Duration,
    /// Nine of ten wait less.
    p90: Duration,
    /// Half of such work waits less, in seconds.
    #[graphql(deprecation = "Goes on 2027-06-01, ask for p50.")]
    p50_seconds: i32,
    /// Nine of ten wait less, in seconds.
    #[graphql(deprecation = "Goes on 2027-06-01, ask for p90.")]
    p90_seconds: i32,
}

impl WorkExplanation {
    /// Says why work went to who got it.
    pub(super) async fn assigned(
        context: &Context<'_>,
        item: &Row,
        at: Option<DateTime<Utc>>,
    ) -> Result<Option<Self>, Error> {
        let (viewer, desk) = (viewer(context)?, desk(context)?);
        let at = at.unwrap_or_else(|| desk.now());
        match why::assigned(desk, viewer.scope(), item.id, at).await? {
            Some(told) => Self::show(desk, viewer, told).await,
            None => Ok(None),
        }
    }

    /// Says why work waits, or waited.
    pub(super) async fn waiting(
        context: &Context<'_>,
        item: &Row,
        at: Option<DateTime<Utc>>,
    ) -> Result<Option<Self>, Error> {
        let (viewer, desk) = (viewer(context)?, desk(context)?);
        if at.is_none() && item.state != WorkItemState::Queued {
            return Ok(None);
        }
        match why::waiting(desk, viewer.scope(), item.id, at).await? {
            Some(told) => Self::show(desk, viewer, told).await,
            None => Ok(None),
        }
    }

    /// Shows an explanation as far as the viewer may see it: all of it to who steers the work of
    /// others, without colleagues to who got or should get the work.
    async fn show(desk: &Desk, viewer: &Viewer, told: Told) -> Result<Option<Self>, Error> {
        let explanation = &told.explanation;
        let steers = viewer.may(Permission::ReportsRead);
        let preferred = explanation.asked.preferred.map(|kept| kept.agent);
        let is_own = [explanation.winner, preferred].contains(&Some(viewer.agent));
        if !steers && !is_own {
            return Ok(None);
        }
        let names = Names::of(desk, viewer.scope(), explanation.winner.into_iter()).await?;
        let holds = explanation.check().is_ok();
        let candidates = explanation.candidates.iter().take(LISTED);
        let excluded = explanation.excluded.iter().take(LISTED);
        let left_out = |count: usize| count.saturating_sub(LISTED);
        let unlisted = explanation.unlisted
            + left_out(explanation.candidates.len())
            + left_out(explanation.excluded.len());
        let now = explanation.now;
        let steps = explanation.ask.taken.iter().map(|taken| LadderStepTaken {
            step: number(taken.step),
            after_seconds: number(taken.after_seconds as usize),
        });
        let skills = explanation.ask.skills.names().into_iter();
        Ok(Some(Self {
            text: explanation.tell(|agent| names.name(agent)),
            decided_at: now,
            decision_id: told.decision.map(outside),
            policy_version: explanation.policy,
            tier: explanation.tier.into(),
            index: Long(i64::try_from(explanation.index).unwrap_or(i64::MAX)),
            deadline: explanation.weighed.deadline,
            entered_at: explanation.weighed.entered_at,
            priority: explanation.weighed.priority.into(),
            skills: skills.map(str::to_owned).collect(),
            language: explanation.ask.language.clone(),
            steps: steps.collect(),
            blocked: explanation.ask.blocked.map(|blocked| match blocked {
                Blocked::QueueClosed => WorkBlocked::QueueClosed,
                Blocked::Snoozed { .. } => WorkBlocked::Snoozed,
            }),
            is_offer: explanation.is_offer,
            is_fetched: explanation.is_fetched,
            candidates: steers.then(|| candidates.map(|one| Candidate::new(one, now)).collect()),
            excluded: steers.then(|| excluded.map(ExcludedAgent::new).collect()),
            unlisted: number(unlisted),
            tie_rule: explanation.tie_rule.clone(),
            holds,
            winner_id: explanation.winner,
            queue_ids: explanation.ask.queues.clone(),
        }))
    }
}

impl WhyNot {
    /// Says why an agent has not got a work item.
    pub(super) async fn load(
        context: &Context<'_>,
        item: &Row,
        agent: &ID,
        at: Option<DateTime<Utc>>,
    ) -> Result<Option<Self>, Error> {
        let (viewer, desk) = (viewer(context)?, desk(context)?);
        let Some(agent) = parse::<AgentId>(agent) else {
            return Ok(None);
        };
        if !viewer.may(Permission::ReportsRead) && viewer.agent != agent {
            return Ok(None);
        }
        // A stranger's id is nobody's: without a name there is nothing to tell of.
        let names = Names::of(desk, viewer.scope(), [agent].into_iter()).await?;
        if !names.knows(agent) {
            return Ok(None);
        }
        let Some((told, answer)) = why::not(desk, viewer.scope(), item.id, agent, at).await? else {
            return Ok(None);
        };
        let decided_at = told.explanation.now;
        Ok(Some(match answer {
            why::WhyNot::CouldNot(reason) => {
                let kept = match &reason {
                    domain::Unfit::KeptFor { agent, .. } => Some(*agent),
                    _ => None,
                };
                let kept = Names::of(desk, viewer.scope(), kept.into_iter()).await?;
                let text = reason.tell(|agent| kept.name(agent));
                let shown = ExcludedAgent::new(&Excluded { agent, reason });
                Self {
                    text: format!("{} could not have it: {text}.", names.name(agent)),
                    status: WhyNotStatus::CouldNot,
                    reason: Some(shown.reason),
                    until: shown.until,
                    decided_at,
                }
            }
            other => Self {
                text: plain(&other, &names.name(agent)),
                status: match other {
                    why::WhyNot::Got => WhyNotStatus::Got,
                    why::WhyNot::NotKnown => WhyNotStatus::NotKnown,
                    _ => WhyNotStatus::Could,
                },
                reason: None,
                until: None,
                decided_at,
            },
        }))
    }
}

fn plain(answer: &why::WhyNot, name: &str) -> String {
    match answer {
        why::WhyNot::Got => format!("{name} got it."),
        why::WhyNot::Could { before: 0 } => {
            format!("{name} comes first of those who could have it, as soon as it is handed out.")
        }
        why::WhyNot::Could { before } => {
            format!("{name} could have it, but {before} came before them by the rule.")
        }
        why::WhyNot::CouldNot(_) | why::WhyNot::NotKnown => {
            format!("That is not known of {name}: only some members of a large queue are listed.")
        }
    }
}

/// The names of agents.
struct Names(HashMap<AgentId, String>);

impl Names {
    async fn of(
        desk: &Desk,
        scope: TenantScope,
        agents: impl Iterator<Item = AgentId>,
    ) -> Result<Self, Error> {
        let ids: BTreeSet<AgentId> = agents.collect();
        if ids.is_empty() {
            return Ok(Self(HashMap::new()));
        }
        let wanted = Wanted {
            agents: ids.into_iter().collect(),
            ..Wanted::default()
        };
        let found = desk
            .database
            .read(scope, async |conn| {
                related::find(conn, scope, &wanted).await
            })
            .await?;
        let named = found.agents.into_iter().map(|agent| (agent.id, agent.name));
        Ok(Self(named.collect()))
    }

    fn knows(&self, agent: AgentId) -> bool {
        self.0.contains_key(&agent)
    }

    fn name(&self, agent: AgentId) -> String {
        let name = self.0.get(&agent).cloned();
        name.unwrap_or_else(|| "somebody".to_owned())
    }
}

fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Works out for several work items at once where they stand: reading what routing decides over is
/// the dear part, and done once for all of a list.
pub(crate) struct Waits {
    desk: Desk,
    scope: TenantScope,
}

impl Waits {
    /// Makes the loader of one viewer.
    pub(crate) fn loader(desk: Desk, viewer: &Viewer) -> Batched<Self> {
        let scope = viewer.scope();
        Batched::of(Self { desk, scope })
    }

    /// Tells the place of an item in its queue.
    pub(super) async fn position(context: &Context<'_>, item: &Row) -> Result<Option<i32>, Error> {
        let waiting = Self::one(context, item).await?;
        Ok(waiting.map(|waiting| number(waiting.position)))
    }

    /// Tells how long an item will still wait.
    pub(super) async fn expected(
        context: &Context<'_>,
        item: &Row,
    ) -> Result<Option<ExpectedWait>, Error> {
        let expected = Self::one(context, item).await?.and_then(|it| it.expected);
        Ok(expected.map(|expected| ExpectedWait {
            p50: Duration::of_seconds(expected.p50_seconds),
            p90: Duration::of_seconds(expected.p90_seconds),
            p50_seconds: number(expected.p50_seconds as usize),
            p90_seconds: number(expected.p90_seconds as usize),
        }))
    }

    async fn one(context: &Context<'_>, item: &Row) -> Result<Option<why::Waiting>, Error> {
        if item.state != WorkItemState::Queued {
            return Ok(None);
        }
        match context.data_opt::<Batched<Self>>() {
            Some(loader) => loader.load(item.id).await,
            None => Err(Error::Unauthenticated),
        }
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<WorkItemId> for Waits {
    type Value = why::Waiting;
    type Error = Error;

    async fn load(&self, ids: &[WorkItemId]) -> Result<HashMap<WorkItemId, Self::Value>, Error> {
        Ok(why::places(&self.desk, self.scope, ids).await?)
    }
}
