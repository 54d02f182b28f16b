//! Reads rows into what the engine decides over.

use super::hours::{Hours, Shifts};
use super::staged::twin;
use crate::{Desk, Error};
use chrono::{DateTime, Utc};
use interdesk_domain::id::*;
use interdesk_domain::policy::{PolicyKind, QueuePolicy, is_in_share};
use interdesk_domain::routing::model::*;
use interdesk_domain::scope::TenantScope;
use interdesk_store::workspace::Profile;
use interdesk_store::{Conn, absences, offers, policies, routing, skills, workspace};
use std::collections::{BTreeMap, HashMap};

/// What is said about the queues and the whole tenant.
#[derive(Debug, Default)]
pub(super) struct Setup {
    pub(super) queues: BTreeMap<QueueId, QueueSetup>,
    pub(super) order: Order,
    pub(super) order_version: i32,
    pub(super) assistants_stopped: bool,
    pub(super) hours: Hours,
    /// When the next version of a policy comes into force.
    pub(super) next_change: Option<DateTime<Utc>>,
}

/// What is said about a queue.
#[derive(Debug)]
pub(super) struct QueueSetup {
    pub(super) schedule: Option<ScheduleId>,
    offer_seconds: u32,
    active: (i32, QueuePolicy),
    staged: Option<Staged>,
}

#[derive(Debug)]
struct Staged {
    version: i32,
    permille: u32,
    policy: QueuePolicy,
}

impl QueueSetup {
    /// Returns how long an offer waits, by the policy in force or the staged one.
    pub(super) fn offer_seconds(&self, is_staged: bool) -> u32 {
        let staged = self.staged.as_ref().filter(|_| is_staged);
        let policy = staged.map_or(&self.active.1, |staged| &staged.policy);
        policy.offer_seconds.unwrap_or(self.offer_seconds)
    }

    /// Returns the queue that an item waits in for the engine: the queue or its twin.
    fn place(&self, queue: QueueId, item: WorkItemId) -> QueueId {
        let is_staged = self
            .staged
            .as_ref()
            .is_some_and(|staged| is_in_share(queue.0, item, staged.permille));
        match is_staged {
            true => twin(queue),
            false => queue,
        }
    }
}

/// An agent, and what says when they are at work.
pub(super) type Rostered = (Agent, Shifts);

/// What waits, and whether its waiting was explained.
pub(super) type Waiting = (Item, bool);

/// Everything that a router begins with.
pub(super) struct Everything {
    pub(super) setup: Setup,
    pub(super) agents: Vec<Rostered>,
    pub(super) items: Vec<Waiting>,
}

/// Reads everything; signs of life and hours are left to the caller.
pub(super) async fn everything(desk: &Desk, scope: TenantScope) -> Result<Everything, Error> {
    let now = desk.now();
    let transaction = desk.database.begin(scope).await?;
    let conn: &Conn = &transaction;
    let setup = setup(conn, scope, now).await?;
    let profiles = workspace::list_profiles(conn, scope).await?;
    let ids: Vec<AgentId> = profiles.iter().map(|profile| profile.id).collect();
    let rows = AgentRows {
        skills: skills::list_all(conn, scope).await?,
        memberships: routing::list_memberships(conn, scope, &ids).await?,
        absences: absences::list_all(conn, scope, now).await?,
        held: routing::list_held(conn, scope, &ids).await?,
        turns: routing::list_turns(conn, scope, &ids).await?,
        profiles,
    };
    let queues: Vec<QueueId> = setup.queues.keys().copied().collect();
    let waiting = routing::list_waiting(conn, scope, &queues).await?;
    let items = items(conn, scope, &setup, waiting, now).await?;
    transaction.rollback().await?;
    Ok(Everything {
        agents: rows.into_agents(&setup, now),
        setup,
        items,
    })
}

/// Reads agents with how they are set up; who may not work any more is left out.
pub(super) async fn agents(
    conn: &Conn,
    scope: TenantScope,
    setup: &Setup,
    ids: &[AgentId],
    now: DateTime<Utc>,
) -> Result<Vec<Rostered>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = AgentRows {
        profiles: workspace::find_profiles(conn, scope, ids).await?,
        skills: skills::list(conn, scope, ids).await?,
        memberships: routing::list_memberships(conn, scope, ids).await?,
        absences: absences::list(conn, scope, ids, now).await?,
        held: routing::list_held(conn, scope, ids).await?,
        turns: routing::list_turns(conn, scope, ids).await?,
    };
    Ok(rows.into_agents(setup, now))
}

/// Reads the named items that wait, and those of conversations.
pub(super) async fn waiting(
    conn: &Conn,
    scope: TenantScope,
    setup: &Setup,
    ids: &[WorkItemId],
    now: DateTime<Utc>,
) -> Result<Vec<Waiting>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = routing::list_waiting_of(conn, scope, ids).await?;
    items(conn, scope, setup, rows, now).await
}

/// Returns what agents hold, as the engine has it.
pub(crate) fn held(rows: &[routing::Held]) -> impl Iterator<Item = (AgentId, Held)> {
    rows.iter().map(|row| {
        let held = Held {
            item: row.id,
            class: row.class,
            units: units(row.units),
            queue: row.queue_id,
            is_offer: row.is_offer,
        };
        (row.agent_id, held)
    })
}

/// Returns until when an agent finishes paperwork, by what they hold.
pub(super) fn wrap_up_until<'a>(
    rows: impl IntoIterator<Item = &'a routing::Held>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let ends = rows.into_iter().filter_map(|row| row.wrap_up_until);
    ends.max().filter(|until| *until > now)
}

fn units(stored: i32) -> u32 {
    u32::try_from(stored).unwrap_or(1).max(1)
}

async fn setup(conn: &Conn, scope: TenantScope, now: DateTime<Utc>) -> Result<Setup, Error> {
    let policies = policies::list_active(conn, scope, PolicyKind::Queue, now).await?;
    let mut policies: HashMap<uuid::Uuid, policies::Active> = policies
        .into_iter()
        .map(|active| (active.id, active))
        .collect();
    let queues = routing::list_queues(conn, scope).await?;
    let queues = queues.into_iter().map(|row| {
        let policy = policies.remove(&row.id.0);
        (row.id, queue(row, policy))
    });
    let queues: BTreeMap<QueueId, QueueSetup> = queues.collect();
    let tenant = scope.tenant().0;
    let order = policies::active(conn, scope, PolicyKind::Order, tenant, now).await?;
    let versions = policies::list_effective(conn, scope, PolicyKind::Schedule).await?;
    Ok(Setup {
        queues,
        order_version: order.as_ref().map_or(0, |order| order.version),
        order: order
            .and_then(|order| readable("order", order.body))
            .unwrap_or_default(),
        assistants_stopped: workspace::are_assistants_stopped(conn, scope).await?,
        hours: Hours::new(versions),
        next_change: policies::next_change(conn, scope, now).await?,
    })
}

fn queue(row: routing::Queue, policy: Option<policies::Active>) -> QueueSetup {
    let staged = policy.as_ref().and_then(|policy| {
        let permille = u32::try_from(policy.staged_permille?).ok()?;
        Some(Staged {
            version: policy.staged_version?,
            permille,
            policy: readable("queue", policy.staged_body.clone()?)?,
        })
    });
    let active = policy.and_then(|policy| Some((policy.version, readable("queue", policy.body)?)));
    QueueSetup {
        schedule: row.schedule_id,
        offer_seconds: u32::try_from(row.offer_seconds).unwrap_or(30),
        active: active.unwrap_or_default(),
        staged,
    }
}

/// Reads a document that was checked when it was saved; one that cannot be read has its default, since
/// a desk that routes by the defaults is better than one that stands still.
fn readable<T: serde::de::DeserializeOwned>(kind: &str, body: serde_json::Value) -> Option<T> {
    match serde_json::from_value(body) {
        Ok(document) => Some(document),
        Err(error) => {
            tracing::error!(policy.kind = kind, error = %error, "a policy cannot be read");
            None
        }
    }
}

impl Setup {
    /// Returns the queues as the engine has them, twins of staged policies among them, with the moment
    /// at which one of them opens or closes.
    pub(super) fn queues_at(&mut self, now: DateTime<Utc>) -> (Vec<Queue>, Option<DateTime<Utc>>) {
        let mut list = Vec::new();
        let mut next: Option<DateTime<Utc>> = None;
        for (id, setup) in &self.queues {
            let span = self.hours.at(setup.schedule, now);
            next = next.into_iter().chain(span.until).min();
            let (version, policy) = &setup.active;
            list.push(policy.queue(*id, *version, span.open));
            if let Some(staged) = &setup.staged {
                list.push(staged.policy.queue(twin(*id), staged.version, span.open));
            }
        }
        (list, next)
    }

    /// Returns the twins of staged policies with their queues.
    pub(super) fn twins(&self) -> BTreeMap<QueueId, QueueId> {
        let staged = self
            .queues
            .iter()
            .filter(|(_, setup)| setup.staged.is_some());
        staged.map(|(id, _)| (twin(*id), *id)).collect()
    }

    fn has_twin(&self, queue: QueueId) -> bool {
        self.queues
            .get(&queue)
            .is_some_and(|setup| setup.staged.is_some())
    }
}

/// Rows about agents, to be put together.
struct AgentRows {
    profiles: Vec<Profile>,
    skills: Vec<skills::AgentSkill>,
    memberships: Vec<routing::Membership>,
    absences: Vec<absences::Absence>,
    held: Vec<routing::Held>,
    turns: Vec<routing::Turn>,
}

impl AgentRows {
    fn into_agents(self, setup: &Setup, now: DateTime<Utc>) -> Vec<Rostered> {
        let mut agents: BTreeMap<AgentId, Rostered> = self
            .profiles
            .iter()
            .filter(|profile| profile.disabled_at.is_none())
            .map(|profile| (profile.id, agent(profile)))
            .collect();
        for row in self.skills {
            if let Some((agent, _)) = agents.get_mut(&row.agent_id) {
                agent
                    .skills
                    .insert(row.skill, u8::try_from(row.level).unwrap_or(u8::MAX));
            }
        }
        for row in self.memberships {
            if let Some((agent, _)) = agents.get_mut(&row.agent_id) {
                let membership = Membership {
                    rank: u8::try_from(row.rank).unwrap_or(u8::MAX),
                    most: row.most.and_then(|most| u32::try_from(most).ok()),
                };
                agent.memberships.insert(row.queue_id, membership);
                if setup.has_twin(row.queue_id) {
                    agent.memberships.insert(twin(row.queue_id), membership);
                }
            }
        }
        for row in self.absences {
            if let Some((_, shifts)) = agents.get_mut(&row.agent_id) {
                shifts.absences.push((row.starts_at, row.ends_at));
            }
        }
        for row in self.turns {
            if let Some((agent, _)) = agents.get_mut(&row.agent_id) {
                agent.turns.insert(row.queue_id, row.turn.unsigned_abs());
            }
        }
        for row in &self.held {
            if let Some((agent, _)) = agents.get_mut(&row.agent_id) {
                let ends = row.wrap_up_until.filter(|until| *until > now);
                agent.wrap_up_until = agent.wrap_up_until.max(ends);
            }
        }
        for (id, held) in held(&self.held) {
            if let Some((agent, _)) = agents.get_mut(&id) {
                agent.held.push(held);
            }
        }
        agents.into_values().collect()
    }
}

fn agent(profile: &Profile) -> Rostered {
    let agent = Agent {
        id: profile.id,
        kind: profile.kind,
        enabled: true,
        standing: profile.presence.into(),
        reachable: false,
        on_schedule: true,
        languages: profile.languages.iter().cloned().collect(),
        skills: BTreeMap::new(),
        memberships: BTreeMap::new(),
        capacity: profile.capacity(),
        held: Vec::new(),
        idle_since: profile.idle_since,
        wrap_up_until: None,
        turns: BTreeMap::new(),
    };
    let shifts = Shifts {
        schedule: profile.schedule_id,
        absences: Vec::new(),
    };
    (agent, shifts)
}

async fn items(
    conn: &Conn,
    scope: TenantScope,
    setup: &Setup,
    rows: Vec<routing::Item>,
    now: DateTime<Utc>,
) -> Result<Vec<Waiting>, Error> {
    // Nobody can have refused what waits for the first time.
    let again = rows.iter().filter(|row| row.epoch > 1);
    let again: Vec<WorkItemId> = again.map(|row| row.id).collect();
    let mut refusals: HashMap<WorkItemId, Vec<Refusal>> = HashMap::new();
    if !again.is_empty() {
        for row in offers::list_rests(conn, scope, &again, now).await? {
            let refusal = Refusal {
                agent: row.agent_id,
                rest: row.rest(),
            };
            refusals.entry(row.work_item_id).or_default().push(refusal);
        }
    }
    let items = rows.into_iter().map(|row| {
        let refusals = refusals.remove(&row.id).unwrap_or_default();
        let explained = row.explained;
        (item(setup, row, refusals), explained)
    });
    Ok(items.collect())
}

fn item(setup: &Setup, row: routing::Item, refusals: Vec<Refusal>) -> Item {
    let place = setup.queues.get(&row.queue_id);
    Item {
        id: row.id,
        epoch: row.epoch,
        queue: place.map_or(row.queue_id, |setup| setup.place(row.queue_id, row.id)),
        class: row.class,
        units: units(row.units),
        priority: row.priority,
        vip: row.vip,
        skills: row
            .skills
            .and_then(|skills| readable("skills", skills))
            .unwrap_or(Skills::NONE),
        language: row.language,
        entered_at: row.entered_at,
        deadlines: Deadlines {
            sla: row.sla_deadline,
            reply_window: row.reply_deadline,
        },
        not_before: row.not_before,
        preferred: row
            .preferred_agent
            .zip(row.preferred_until)
            .map(|(agent, until)| Preferred { agent, until }),
        refusals,
    }
}
