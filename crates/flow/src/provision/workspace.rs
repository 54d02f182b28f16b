//! What a blueprint says about how the workspace works: schedules, policies, and how agents and
//! queues are set up. Things are named by their names, agents by their addresses.

use super::{Blueprint, Builder, ProvisionError};
use crate::Error;
use crate::policy::{self, PolicyOutcome, PolicyWish, Save, Target};
use interdesk_domain::agent::Presence;
use interdesk_domain::id::*;
use interdesk_domain::policy::PolicyKind;
use interdesk_domain::routing::model::{AgentKind, Capacity};
use interdesk_domain::schedule::Schedule;
use interdesk_store::setup::LockedQueue;
use interdesk_store::workspace::{self, ProfileChange};
use interdesk_store::{inboxes, presence_reasons, setup, skills};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// How a workspace works.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorkspacePlan {
    /// When things are open, by name.
    pub schedules: BTreeMap<String, Schedule>,
    /// The workspace's own words for presences, and what each stands for.
    pub presence_reasons: BTreeMap<String, Presence>,
    /// Which teams serve a queue in which line and with which limit, beside what the queues say; by
    /// queue and team.
    pub lines: BTreeMap<String, BTreeMap<String, LinePlan>>,
    /// When queues are open, by queue; the names of schedules.
    pub queue_hours: BTreeMap<String, String>,
    /// How queues are served, by queue.
    pub queue_policies: BTreeMap<String, Value>,
    /// How agents are set up, by address.
    pub agents: BTreeMap<String, ProfilePlan>,
    /// Where new work goes, in order.
    pub rules: Option<Value>,
    /// How work of different classes is weighed.
    pub order: Option<Value>,
    /// What is promised, in order.
    pub service_levels: Option<Value>,
}

/// A team that serves a queue.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinePlan {
    /// Lower is asked first.
    pub rank: i16,
    /// How many units each member may hold by this queue.
    pub most: Option<i32>,
}

/// How an agent is set up.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProfilePlan {
    /// A person or an assistant; a person without it.
    pub kind: Option<AgentKind>,
    /// The languages that they answer in.
    pub languages: Vec<String>,
    /// Their skills with levels.
    pub skills: BTreeMap<String, i16>,
    /// What they may hold by class; the total alone without it.
    pub capacity: Option<Capacity>,
    /// When they are at work; the name of a schedule.
    pub schedule: Option<String>,
    /// Their ranks in their teams, by team.
    pub ranks: BTreeMap<String, i16>,
}

/// The ids of everything that has a name.
pub(super) struct Known {
    pub(super) teams: HashMap<String, TeamId>,
    pub(super) agents: HashMap<String, AgentId>,
    pub(super) queues: HashMap<String, QueueId>,
}

impl Builder<'_> {
    /// Sets up how the workspace works, after everything that it names is there.
    pub(super) async fn workspace(
        &self,
        blueprint: &Blueprint,
        known: &Known,
    ) -> Result<(), ProvisionError> {
        let plan = &blueprint.workspace;
        let (conn, scope) = (self.transaction, self.scope);
        let mut names = Names::new(known);
        for inbox in inboxes::list(conn, scope).await? {
            names.ids.insert(("inbox", inbox.name), inbox.id.0);
        }
        for (name, schedule) in &plan.schedules {
            let body = serde_json::to_value(schedule).map_err(|source| Error::Unreadable {
                what: "a schedule",
                source,
            })?;
            let id = self
                .save(PolicyKind::Schedule, None, Some(name), body)
                .await?;
            names.ids.insert(("schedule", name.clone()), id);
        }
        for (name, presence) in &plan.presence_reasons {
            let (id, now) = (self.desk.id(), self.desk.now());
            presence_reasons::set(conn, scope, id, name, *presence, now).await?;
        }
        for (email, profile) in &plan.agents {
            let agent = AgentId(names.find("agent", email)?);
            self.profile(agent, profile, &names, blueprint).await?;
        }
        for (queue, teams) in &plan.lines {
            let queue = QueueId(names.find("queue", queue)?);
            for (team, line) in teams {
                let team = TeamId(names.find("team", team)?);
                setup::set_queue_team(conn, scope, queue, team, line.rank, line.most).await?;
            }
        }
        for (queue, hours) in &plan.queue_hours {
            let id = QueueId(names.find("queue", queue)?);
            let schedule = ScheduleId(names.find("schedule", hours)?);
            if let Some(found) = setup::lock_queue(conn, scope, id).await? {
                let with_hours = LockedQueue {
                    schedule_id: Some(schedule),
                    ..found
                };
                setup::set_queue(conn, scope, id, &with_hours).await?;
            }
        }
        for (queue, policy) in &plan.queue_policies {
            let id = names.find("queue", queue)?;
            let body = names.resolve(policy)?;
            self.save(PolicyKind::Queue, Some(id), Some(queue), body)
                .await?;
        }
        let of_tenant = [
            (PolicyKind::Rules, &plan.rules),
            (PolicyKind::Order, &plan.order),
            (PolicyKind::Sla, &plan.service_levels),
        ];
        for (kind, policy) in of_tenant {
            let Some(policy) = policy else { continue };
            let mut body = names.resolve(policy)?;
            if kind == PolicyKind::Sla {
                self.name_levels(&mut body);
            }
            self.save(kind, None, None, body).await?;
        }
        Ok(())
    }

    async fn profile(
        &self,
        agent: AgentId,
        plan: &ProfilePlan,
        names: &Names,
        blueprint: &Blueprint,
    ) -> Result<(), ProvisionError> {
        let (conn, scope) = (self.transaction, self.scope);
        let found = workspace::find_profiles(conn, scope, &[agent]).await?;
        let Some(before) = found.into_iter().next() else {
            return Ok(());
        };
        let schedule = match &plan.schedule {
            Some(name) => Some(ScheduleId(names.find("schedule", name)?)),
            None => None,
        };
        let change = ProfileChange {
            id: agent,
            name: &before.name,
            role: before.role,
            kind: plan.kind.unwrap_or(before.kind),
            languages: &plan.languages,
            schedule,
            disabled_at: None,
            version: before.version,
        };
        workspace::set_profile(conn, scope, &change).await?;
        let list: Vec<(String, i16)> = plan.skills.clone().into_iter().collect();
        skills::set(conn, scope, agent, &list).await?;
        if let Some(capacity) = plan.capacity {
            let value = serde_json::to_value(capacity).map_err(|source| Error::Unreadable {
                what: "a capacity",
                source,
            })?;
            let total = i32::try_from(capacity.total).unwrap_or(i32::MAX);
            workspace::set_capacity(conn, scope, agent, &value, total).await?;
        }
        for (team, rank) in &plan.ranks {
            let team = TeamId(names.find("team", team)?);
            setup::set_member(conn, scope, team, agent, *rank).await?;
        }
        tracing::debug!(workspace = %blueprint.slug, agent.id = %agent, "an agent is set up");
        Ok(())
    }

    /// Saves the first version of a policy and puts it in force; returns what it is about.
    async fn save(
        &self,
        kind: PolicyKind,
        subject: Option<Uuid>,
        name: Option<&str>,
        body: Value,
    ) -> Result<Uuid, ProvisionError> {
        let save = Save {
            target: Target {
                kind,
                subject,
                expected: None,
            },
            name: name.map(str::to_owned),
            body,
            note: "set up with the workspace".to_owned(),
            activate: true,
            from: None,
        };
        let wish = PolicyWish::Save(save);
        match policy::apply(self.desk, self.scope, self.transaction, &wish).await? {
            PolicyOutcome::Changed { subject, .. } => Ok(subject),
            refused => Err(ProvisionError::Policy {
                kind: kind.as_str(),
                name: name.unwrap_or_default().to_owned(),
                why: refused.words(),
            }),
        }
    }

    /// Gives an id to every promise that has none.
    fn name_levels(&self, body: &mut Value) {
        for level in body.as_array_mut().into_iter().flatten() {
            if let Some(level) = level.as_object_mut() {
                let id: PolicyId = self.desk.id();
                level
                    .entry("id")
                    .or_insert_with(|| Value::String(id.0.to_string()));
            }
        }
    }
}

/// Finds ids by names.
struct Names {
    ids: HashMap<(&'static str, String), Uuid>,
}

impl Names {
    fn new(known: &Known) -> Self {
        let mut ids = HashMap::new();
        for (name, id) in &known.teams {
            ids.insert(("team", name.clone()), id.0);
        }
        for (name, id) in &known.agents {
            ids.insert(("agent", name.clone()), id.0);
        }
        for (name, id) in &known.queues {
            ids.insert(("queue", name.clone()), id.0);
        }
        Self { ids }
    }

    fn find(&self, kind: &'static str, name: &str) -> Result<Uuid, ProvisionError> {
        let found = self.ids.get(&(kind, name.to_owned())).copied();
        found.ok_or_else(|| ProvisionError::UnknownName {
            kind,
            name: name.to_owned(),
        })
    }

    /// Puts ids where a document names things.
    fn resolve(&self, value: &Value) -> Result<Value, ProvisionError> {
        self.below(value, None)
    }

    fn below(&self, value: &Value, kind: Option<&'static str>) -> Result<Value, ProvisionError> {
        match (value, kind) {
            (Value::String(name), Some(kind)) => {
                Ok(Value::String(self.find(kind, name)?.to_string()))
            }
            (Value::Array(list), kind) => {
                let list: Result<Vec<Value>, _> =
                    list.iter().map(|one| self.below(one, kind)).collect();
                Ok(Value::Array(list?))
            }
            (Value::Object(fields), _) => {
                // Conditions name schedules by name as well, so those stay as they are.
                let is_condition = fields.contains_key("is") && fields.contains_key("schedule");
                let mut resolved = serde_json::Map::new();
                for (key, one) in fields {
                    let kind = match key.as_str() {
                        "queue" | "overflow" => Some("queue"),
                        "preferred" | "assignee" => Some("agent"),
                        "team" => Some("team"),
                        "inbox" => Some("inbox"),
                        "schedule" if !is_condition => Some("schedule"),
                        _ => None,
                    };
                    resolved.insert(key.clone(), self.below(one, kind)?);
                }
                Ok(Value::Object(resolved))
            }
            (other, _) => Ok(other.clone()),
        }
    }
}
