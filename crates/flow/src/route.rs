//! Hands waiting work out: one engine per tenant, kept up to date by what happened.
//!
//! ```text
//! read     rows → what the engine decides over         wanted   event → what is read again
//! hours    who is at work, what is open                staged   a staged policy as a twin of its queue
//! heal     compares with the rows, and mends           overdue  what waited for too long
//! ```
//!
//! A [`Router`] begins with one reading of everything. After that an event only says which rows are
//! worth reading again, so it may come twice, late or never: a period compares everything with the
//! rows. What the engine decides is a proposal; [`mod@crate::reserve`] judges it at the commit. What the
//! commit refuses is read again and decided again. A router that is lost loses nothing.

mod heal;
mod hours;
mod overdue;
pub(crate) mod read;
mod staged;
mod wanted;

pub use heal::Drift;
pub(crate) use staged::name_queues;

use crate::reserve::{self, Reserved, Win};
use crate::{Context, Desk, Error};
use chrono::{DateTime, Utc};
use hours::Shifts;
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::id::*;
use interdesk_domain::policy::PolicyKind;
use interdesk_domain::routing::model::{
    Agent, AgentPresence, Assignment, Item, Standing, State, Strategy,
};
use interdesk_domain::routing::{Engine, Explanation};
use interdesk_domain::scope::TenantScope;
use interdesk_store::reserve::Decided;
use interdesk_store::{Conn, JsonText, routing};
use read::{Rostered, Setup, Waiting};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Instant;
use tracing::Instrument;
use uuid::Uuid;
use wanted::Wanted;

/// How many reasons for waiting are stored by one commit at most.
const AT_ONCE: usize = 256;
/// How often in a row a commit may refuse everything before the rest is left to the next time.
const IN_VAIN: usize = 8;

/// Why something is handed out: what asked for it, and what let each waiting item wait, where that is
/// known.
///
/// One commit may serve many events. What becomes of an item then goes back to its own event, in the
/// log as in traces, and not to whichever event came first.
#[derive(Debug, Clone)]
pub struct Reasons {
    /// What asked for the look.
    pub pass: Context,
    /// What let an item wait.
    pub items: HashMap<WorkItemId, Context>,
}

impl Reasons {
    /// Returns what an item goes back to.
    pub(crate) fn of(&self, item: WorkItemId) -> &Context {
        self.items.get(&item).unwrap_or(&self.pass)
    }
}

impl From<Context> for Reasons {
    fn from(pass: Context) -> Self {
        Self {
            pass,
            items: HashMap::new(),
        }
    }
}

/// Names the item that an event lets wait.
pub fn item_of_event(event: &Event) -> Option<WorkItemId> {
    match event {
        Event::WorkItemQueued { work_item, .. }
        | Event::WorkItemReleased { work_item, .. }
        | Event::WorkItemTransferred {
            work_item,
            to: None,
            ..
        }
        | Event::OfferDeclined { work_item, .. }
        | Event::OfferExpired { work_item, .. } => Some(*work_item),
        _ => None,
    }
}

/// What a router did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Passed {
    /// How much it handed out.
    pub offered: usize,
    /// How many items it left waiting.
    pub waiting: usize,
    /// Whether another look at once would do more.
    pub again: bool,
}

/// Decides who gets what in one tenant.
///
/// Any number of routers may work on one tenant at once; the commit judges where two meet.
pub struct Router {
    scope: TenantScope,
    id: Uuid,
    step: i64,
    engine: Engine,
    setup: Setup,
    shifts: HashMap<AgentId, Shifts>,
    /// When somebody's or some queue's hours change, at the earliest.
    hours_change: Option<DateTime<Utc>>,
    /// What waits without a stored reason.
    untold: BTreeSet<WorkItemId>,
    read_at: DateTime<Utc>,
    /// When it was looked for what waited too long.
    limits_at: DateTime<Utc>,
}

/// Looks at a tenant once, with a router that lives for that moment.
pub async fn pass(desk: &Desk, scope: TenantScope, reasons: &Reasons) -> Result<Passed, Error> {
    let mut router = Router::open(desk, scope).await?;
    let passed = router.settle(desk, reasons).await?;
    router.tell_waiting(desk, reasons, usize::MAX).await?;
    Ok(passed)
}

/// Reads what routing would decide over now: agents, queues and what waits.
///
/// Where a version of a queue's policy is staged, the state holds the queue twice; [`queue_of`] names
/// the queue that an id stands for.
pub async fn snapshot(desk: &Desk, scope: TenantScope) -> Result<State, Error> {
    let router = Router::open(desk, scope).await?;
    Ok(router.engine.into_state())
}

/// Names the queue that an id in a snapshot stands for: its own, or that whose staged policy it has.
pub fn queue_of(id: QueueId) -> QueueId {
    staged::real(id)
}

impl Router {
    /// Begins with one reading of everything.
    pub async fn open(desk: &Desk, scope: TenantScope) -> Result<Self, Error> {
        let began = Instant::now();
        let now = desk.now();
        let mut read = read::everything(desk, scope).await?;
        let (queues, queues_change) = read.setup.queues_at(now);
        let mut shifts = HashMap::new();
        let mut hours_change = queues_change;
        for (agent, own) in &mut read.agents {
            let span = read.setup.hours.at_work(own, now);
            agent.on_schedule = span.open;
            hours_change = hours_change.into_iter().chain(span.until).min();
            shifts.insert(agent.id, std::mem::take(own));
        }
        let mut agents: Vec<Agent> = read.agents.into_iter().map(|(agent, _)| agent).collect();
        reach(desk, agents.iter_mut()).await;
        let last_turn = agents.iter().flat_map(|agent| agent.turns.values()).max();
        let untold = read.items.iter().filter(|(_, explained)| !explained);
        let untold = untold.map(|(item, _)| item.id).collect();
        let state = State {
            order: read.setup.order,
            // A turn is taken at a moment, so that turns go on rising from router to router.
            turns: now
                .timestamp_micros()
                .unsigned_abs()
                .max(last_turn.copied().unwrap_or(0)),
            queues: queues.into_iter().map(|queue| (queue.id, queue)).collect(),
            agents: agents.into_iter().map(|agent| (agent.id, agent)).collect(),
            items: read
                .items
                .into_iter()
                .map(|(item, _)| (item.id, item))
                .collect(),
            assistants_stopped: read.setup.assistants_stopped,
            staged: read.setup.twins(),
        };
        metrics::histogram!("interdesk_router_open_seconds").record(began.elapsed());
        Ok(Self {
            scope,
            id: desk.id(),
            step: 0,
            engine: Engine::new(state, now),
            setup: read.setup,
            shifts,
            hours_change,
            untold,
            read_at: now,
            limits_at: DateTime::UNIX_EPOCH,
        })
    }

    /// Returns whose router it is.
    pub fn scope(&self) -> TenantScope {
        self.scope
    }

    /// Returns what it decides over.
    pub fn state(&self) -> &State {
        self.engine.state()
    }

    /// Returns when everything was read the last time.
    pub fn read_at(&self) -> DateTime<Utc> {
        self.read_at
    }

    /// Returns the next moment at which something changes by itself.
    pub fn next_change(&self) -> Option<DateTime<Utc>> {
        let own = [
            self.engine.next_change(),
            self.hours_change,
            self.setup.next_change,
        ];
        own.into_iter().flatten().chain(self.next_overdue()).min()
    }

    /// Reads again what events tell of.
    pub async fn learn(&mut self, desk: &Desk, events: &[Envelope]) -> Result<(), Error> {
        let wanted = Wanted::of(events, &mut self.engine);
        if wanted.everything {
            return self.reopen(desk).await;
        }
        match wanted.is_empty() {
            true => Ok(()),
            false => self.refresh(desk, wanted).await,
        }
    }

    /// Asks who gave a sign of life since; returns whether that changed anything.
    pub async fn hear(&mut self, desk: &Desk) -> bool {
        let mut is_new = false;
        let agents = self.engine.state().agents.values();
        let online: Vec<AgentId> = agents.filter(|it| is_online(it)).map(|it| it.id).collect();
        let alive = alive(desk, &online).await;
        for (id, reachable) in online.into_iter().zip(alive) {
            let agent = self.engine.state().agents.get(&id);
            if let Some(agent) = agent.filter(|agent| agent.reachable != reachable) {
                let presence = AgentPresence {
                    reachable,
                    ..presence_of(agent)
                };
                self.engine.set_presence(id, presence);
                is_new = true;
            }
        }
        is_new
    }

    /// Hands out everything that can be, in commits of a bounded size.
    pub async fn settle(&mut self, desk: &Desk, reasons: &Reasons) -> Result<Passed, Error> {
        let began = Instant::now();
        let mut passed = Passed::default();
        let mut in_vain = 0;
        self.advance(desk).await?;
        let mut next = self.decide(desk, reasons)?;
        while !next.is_empty() {
            // The engine counts what it decided as done, so that the next part is decided while this one
            // is committed. What the commit refuses is decided again.
            let committed = self.commit(desk, next, reasons);
            next = self.decide(desk, reasons)?;
            let reserved = committed.await?;
            passed.offered += reserved.made;
            count("offered", reserved.made);
            count("late", reserved.refused.len());
            in_vain = match (reserved.made, reserved.refused.is_empty()) {
                (0, false) => in_vain + 1,
                _ => 0,
            };
            self.take_back(desk, reserved.refused).await?;
            if in_vain >= IN_VAIN {
                let given_up = next.iter().map(|win| (win.item, win.agent)).collect();
                self.take_back(desk, given_up).await?;
                passed.again = true;
                break;
            }
        }
        passed.waiting = self.engine.state().items.len();
        count("waiting", passed.waiting);
        metrics::histogram!("interdesk_route_seconds").record(began.elapsed());
        Ok(passed)
    }

    /// Decides the next part of what can be handed out.
    fn decide(&mut self, desk: &Desk, reasons: &Reasons) -> Result<Vec<Win>, Error> {
        let (most, listed) = (desk.settings.routing_pass, desk.settings.explain_members);
        let decided = self.engine.settle_some(most, listed);
        let wins = decided
            .into_iter()
            .map(|(assignment, explanation)| self.win(desk, reasons, assignment, explanation));
        wins.collect()
    }

    /// Begins to carry out decisions, beside whatever is done before the outcome is awaited.
    fn commit(
        &mut self,
        desk: &Desk,
        wins: Vec<Win>,
        reasons: &Reasons,
    ) -> impl Future<Output = Result<Reserved, Error>> + use<> {
        for win in &wins {
            self.untold.remove(&win.item);
        }
        let (desk, scope, reasons) = (desk.clone(), self.scope, reasons.clone());
        let commit = async move { reserve::reserve(&desk, scope, &wins, &reasons).await };
        let commit = tokio::spawn(commit.in_current_span());
        async move { commit.await? }
    }

    /// Stores why items wait, once per epoch and at most so many; returns whether some are left.
    pub async fn tell_waiting(
        &mut self,
        desk: &Desk,
        reasons: &Reasons,
        most: usize,
    ) -> Result<bool, Error> {
        let next: Vec<WorkItemId> = self.untold.iter().copied().take(most).collect();
        for part in next.chunks(AT_ONCE) {
            let mut told = Vec::new();
            for item in part {
                let listed = desk.settings.explain_members;
                if let Some(explanation) = self.engine.explain_some(*item, None, listed) {
                    let epoch = explanation.epoch;
                    let cause = reasons.of(*item).cause;
                    told.push((*item, epoch, self.decided(desk, explanation, cause)?));
                }
            }
            reserve::leave_waiting(desk, self.scope, &told).await?;
            for item in part {
                self.untold.remove(item);
            }
        }
        Ok(!self.untold.is_empty())
    }

    /// Lets time pass: hours, policies that come into force, work that waited for too long.
    async fn advance(&mut self, desk: &Desk) -> Result<(), Error> {
        let now = desk.now();
        if self.setup.next_change.is_some_and(|at| at <= now) {
            self.reopen(desk).await?;
        }
        self.engine.advance(now);
        if self.hours_change.is_some_and(|at| at <= now) {
            self.look_at_hours(now);
        }
        self.end_overdue(desk).await
    }

    async fn reopen(&mut self, desk: &Desk) -> Result<(), Error> {
        let (id, step) = (self.id, self.step);
        *self = Self::open(desk, self.scope).await?;
        (self.id, self.step) = (id, step);
        Ok(())
    }

    /// Opens, closes, and lets agents begin and end their shifts.
    fn look_at_hours(&mut self, now: DateTime<Utc>) {
        let (queues, mut next) = self.setup.queues_at(now);
        for queue in queues {
            let known = self.engine.state().queues.get(&queue.id);
            if known.is_none_or(|known| known.open != queue.open) {
                self.engine.put_queue(queue);
            }
        }
        let mut changed = Vec::new();
        for (id, agent) in &self.engine.state().agents {
            let shifts = self.shifts.entry(*id).or_default();
            let span = self.setup.hours.at_work(shifts, now);
            next = next.into_iter().chain(span.until).min();
            if span.open != agent.on_schedule {
                let presence = AgentPresence {
                    on_schedule: span.open,
                    ..presence_of(agent)
                };
                changed.push((*id, presence));
            }
        }
        for (agent, presence) in changed {
            self.engine.set_presence(agent, presence);
        }
        self.hours_change = next;
    }

    /// Reads rows again and lets the engine have them.
    async fn refresh(&mut self, desk: &Desk, mut wanted: Wanted) -> Result<(), Error> {
        let (scope, now) = (self.scope, desk.now());
        let known = |agent: &AgentId| self.engine.state().agents.contains_key(agent);
        let strangers: Vec<AgentId> = wanted
            .working
            .iter()
            .copied()
            .filter(|agent| !known(agent))
            .collect();
        for agent in strangers {
            wanted.working.remove(&agent);
            wanted.agents.insert(agent);
        }
        let agents: Vec<AgentId> = wanted.agents.iter().copied().collect();
        let working: Vec<AgentId> = wanted.working.difference(&wanted.agents).copied().collect();
        let transaction = desk.database.begin(scope).await?;
        let conn: &Conn = &transaction;
        if !wanted.conversations.is_empty() {
            let of: Vec<ConversationId> = wanted.conversations.iter().copied().collect();
            let items = routing::list_of_conversations(conn, scope, &of).await?;
            wanted.items.extend(items);
        }
        let ids: Vec<WorkItemId> = wanted.items.iter().copied().collect();
        let waiting = read::waiting(conn, scope, &self.setup, &ids, now).await?;
        let is_strange = |item: &Item| !self.setup.queues.contains_key(&staged::real(item.queue));
        if waiting.iter().any(|(item, _)| is_strange(item)) {
            // A queue that is new, and whose own event comes later.
            transaction.rollback().await?;
            return self.reopen(desk).await;
        }
        let mut rostered = read::agents(conn, scope, &self.setup, &agents, now).await?;
        let at_work = self.at_work(conn, &working, now).await?;
        transaction.rollback().await?;
        rostered.extend(at_work);
        reach(desk, rostered.iter_mut().map(|(agent, _)| agent)).await;
        self.put_items(&ids, waiting);
        self.put_agents(&agents, &working, rostered, now);
        Ok(())
    }

    /// Reads what changes about agents with every piece of work.
    async fn at_work(
        &self,
        conn: &Conn,
        ids: &[AgentId],
        now: DateTime<Utc>,
    ) -> Result<Vec<Rostered>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let working = routing::list_working(conn, self.scope, ids).await?;
        let rows = routing::list_held(conn, self.scope, ids).await?;
        let mut agents: BTreeMap<AgentId, Rostered> = BTreeMap::new();
        for row in working.into_iter().filter(|row| row.enabled) {
            if let Some(known) = self.engine.state().agents.get(&row.agent_id) {
                let own = rows.iter().filter(|held| held.agent_id == row.agent_id);
                let agent = Agent {
                    standing: row.presence.into(),
                    idle_since: row.idle_since,
                    wrap_up_until: read::wrap_up_until(own, now),
                    held: Vec::new(),
                    ..known.clone()
                };
                let shifts = self.shifts.get(&row.agent_id).cloned().unwrap_or_default();
                agents.insert(row.agent_id, (agent, shifts));
            }
        }
        for (id, held) in read::held(&rows) {
            if let Some((agent, _)) = agents.get_mut(&id) {
                agent.held.push(held);
            }
        }
        Ok(agents.into_values().collect())
    }

    fn put_items(&mut self, asked: &[WorkItemId], waiting: Vec<Waiting>) {
        let mut gone: BTreeSet<WorkItemId> = asked.iter().copied().collect();
        for (item, explained) in waiting {
            gone.remove(&item.id);
            let known = self.engine.state().items.get(&item.id);
            let is_same = known.is_some_and(|known| known.epoch == item.epoch);
            if explained {
                self.untold.remove(&item.id);
            } else if !is_same {
                self.untold.insert(item.id);
            }
            self.engine.put_item(item);
        }
        for item in gone {
            self.untold.remove(&item);
            self.engine.remove_item(item);
        }
    }

    fn put_agents(
        &mut self,
        asked: &[AgentId],
        working: &[AgentId],
        rostered: Vec<Rostered>,
        now: DateTime<Utc>,
    ) {
        let mut gone: BTreeSet<AgentId> = asked.iter().chain(working).copied().collect();
        for (mut agent, shifts) in rostered {
            gone.remove(&agent.id);
            let span = self.setup.hours.at_work(&shifts, now);
            agent.on_schedule = span.open;
            self.hours_change = self.hours_change.into_iter().chain(span.until).min();
            self.shifts.insert(agent.id, shifts);
            self.engine.put_agent(agent);
        }
        for agent in gone {
            self.shifts.remove(&agent);
            self.engine.remove_agent(agent);
        }
    }

    /// Reads again what was not carried out, so that it is decided anew on what is true now.
    async fn take_back(
        &mut self,
        desk: &Desk,
        refused: Vec<(WorkItemId, AgentId)>,
    ) -> Result<(), Error> {
        if refused.is_empty() {
            return Ok(());
        }
        let wanted = Wanted {
            items: refused.iter().map(|refused| refused.0).collect(),
            // All of them: it may be time off that was in the way.
            agents: refused.iter().map(|refused| refused.1).collect(),
            ..Wanted::default()
        };
        self.refresh(desk, wanted).await
    }

    /// Puts a decision into the form in which it is committed.
    fn win(
        &mut self,
        desk: &Desk,
        reasons: &Reasons,
        assignment: Assignment,
        explanation: Explanation,
    ) -> Result<Win, Error> {
        let state = self.engine.state();
        let by = assignment.queue;
        let queue = staged::real(by);
        let own = explanation.asked.queue;
        let setup = self.setup.queues.get(&staged::real(own));
        let agent = state.agents.get(&assignment.agent);
        let takes_turns = state
            .queues
            .get(&by)
            .is_some_and(|queue| queue.strategy == Strategy::RoundRobin);
        let turn = agent.and_then(|agent| agent.turns.get(&by)).copied();
        let offer_seconds = setup.map_or(30, |setup| setup.offer_seconds(own != staged::real(own)));
        let most = agent.and_then(|agent| agent.memberships.get(&by)?.most);
        let cause = reasons.of(assignment.item).cause;
        Ok(Win {
            item: assignment.item,
            epoch: assignment.epoch,
            agent: assignment.agent,
            queue,
            most,
            offer_seconds: assignment.is_offer.then_some(offer_seconds),
            turn: turn
                .filter(|_| takes_turns)
                .and_then(|turn| i64::try_from(turn).ok()),
            decision: self.decided(desk, explanation, cause)?,
        })
    }

    /// Puts an explanation into the form in which it is stored, with all that it rests on by name.
    fn decided(
        &mut self,
        desk: &Desk,
        mut explanation: Explanation,
        cause: Option<EventId>,
    ) -> Result<Decided, Error> {
        staged::name_queues(&mut explanation);
        self.step += 1;
        let queue = explanation.asked.queue.0;
        let mut policies = vec![json!({
            "kind": PolicyKind::Queue, "id": queue, "version": explanation.policy,
        })];
        if self.setup.order_version > 0 {
            policies.push(json!({
                "kind": PolicyKind::Order,
                "id": self.scope.tenant().0,
                "version": self.setup.order_version,
            }));
        }
        Ok(Decided {
            id: desk.id(),
            at: explanation.now,
            explanation: JsonText::write("explanation", &explanation)?,
            policies: serde_json::Value::Array(policies),
            router: self.id,
            step: self.step,
            cause,
        })
    }
}

/// Marks who of those who are online gave a sign of life.
async fn reach(desk: &Desk, agents: impl Iterator<Item = &mut Agent>) {
    let (mut online, others): (Vec<&mut Agent>, Vec<&mut Agent>) =
        agents.partition(|agent| is_online(agent));
    for agent in others {
        agent.reachable = false;
    }
    let ids: Vec<AgentId> = online.iter().map(|agent| agent.id).collect();
    for (agent, alive) in online.iter_mut().zip(alive(desk, &ids).await) {
        agent.reachable = alive;
    }
}

/// Asks the cache who gave a sign of life; while it does not answer, everybody counts as reachable,
/// since a desk that routes to somebody absent for one offer is better than one that stands still.
async fn alive(desk: &Desk, agents: &[AgentId]) -> Vec<bool> {
    if agents.is_empty() {
        return Vec::new();
    }
    match desk.cache.alive(agents).await {
        Ok(alive) => alive,
        Err(error) => {
            tracing::warn!(error = %error, "no signs of life to be had, everybody counts as reachable");
            vec![true; agents.len()]
        }
    }
}

fn is_online(agent: &Agent) -> bool {
    agent.standing == Standing::Online
}

fn presence_of(agent: &Agent) -> AgentPresence {
    AgentPresence {
        standing: agent.standing,
        reachable: agent.reachable,
        on_schedule: agent.on_schedule,
    }
}

fn count(outcome: &'static str, number: usize) {
    metrics::counter!("interdesk_route_decisions_total", "outcome" => outcome)
        .increment(number as u64);
}
