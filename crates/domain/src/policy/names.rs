//! What a policy names that has to exist, each with the places where it does.

use super::Document;
use crate::condition::Condition;
use crate::id::{AgentId, InboxId, QueueId, ScheduleId, TeamId};
use crate::routing::model::{Outcome, Relax, Skills};
use std::collections::BTreeMap;

/// What a policy names that has to exist, and where it names it first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Queues.
    pub queues: BTreeMap<QueueId, String>,
    /// Agents.
    pub agents: BTreeMap<AgentId, String>,
    /// Teams.
    pub teams: BTreeMap<TeamId, String>,
    /// Inboxes.
    pub inboxes: BTreeMap<InboxId, String>,
    /// Schedules by their id.
    pub schedules: BTreeMap<ScheduleId, String>,
    /// Schedules by their name.
    pub schedule_names: BTreeMap<String, String>,
    /// Skills.
    pub skills: BTreeMap<String, String>,
}

impl Names {
    /// Gathers what a document names.
    pub fn of(document: &Document) -> Self {
        let mut names = Self::default();
        match document {
            Document::Schedule(_) | Document::Order(_) | Document::Absence(_) => {}
            Document::Queue(queue) => {
                for (place, step) in queue.ladder.iter().enumerate() {
                    names.relax(&step.relax, format!("ladder[{place}].relax"));
                }
                if let Some(limit) = &queue.length_limit {
                    names.outcome(&limit.outcome, "length_limit.outcome");
                }
                if let Some(limit) = &queue.wait_limit {
                    names.outcome(&limit.outcome, "wait_limit.outcome");
                }
            }
            Document::Rules(rules) => {
                for (place, rule) in rules.iter().enumerate() {
                    names.condition(&rule.when, &format!("[{place}].when"));
                    let then = |field: &str| format!("[{place}].then.{field}");
                    if let Some(queue) = rule.then.queue {
                        names.queues.entry(queue).or_insert_with(|| then("queue"));
                    }
                    if let Some(agent) = rule.then.preferred {
                        let path = || then("preferred");
                        names.agents.entry(agent).or_insert_with(path);
                    }
                    if let Some(skills) = &rule.then.skills {
                        names.skills(skills, &then("skills"));
                    }
                }
            }
            Document::Sla(levels) => {
                for (place, level) in levels.iter().enumerate() {
                    names.condition(&level.when, &format!("[{place}].when"));
                    if let Some(schedule) = level.schedule {
                        let path = || format!("[{place}].schedule");
                        names.schedules.entry(schedule).or_insert_with(path);
                    }
                }
            }
        }
        names
    }

    fn relax(&mut self, relax: &Relax, path: String) {
        match relax {
            Relax::Overflow(queue) => {
                let path = format!("{path}.overflow");
                self.queues.entry(*queue).or_insert(path);
            }
            Relax::Skills(names) => {
                for (place, name) in names.iter().enumerate() {
                    let path = || format!("{path}.skills[{place}]");
                    self.skills.entry(name.clone()).or_insert_with(path);
                }
            }
            _ => {}
        }
    }

    fn outcome(&mut self, outcome: &Outcome, path: &str) {
        if let Outcome::Overflow(queue) = outcome {
            let path = format!("{path}.overflow");
            self.queues.entry(*queue).or_insert(path);
        }
    }

    fn skills(&mut self, skills: &Skills, path: &str) {
        match skills {
            Skills::All(parts) | Skills::Any(parts) => {
                let word = match skills {
                    Skills::Any(_) => "any",
                    _ => "all",
                };
                for (place, part) in parts.iter().enumerate() {
                    self.skills(part, &format!("{path}.{word}[{place}]"));
                }
            }
            Skills::Not(part) => self.skills(part, &format!("{path}.not")),
            Skills::Has(skill) => {
                let path = || format!("{path}.has.name");
                self.skills.entry(skill.name.clone()).or_insert_with(path);
            }
        }
    }

    fn condition(&mut self, condition: &Condition, path: &str) {
        let own = format!("{path}.{}", condition.name());
        match condition {
            Condition::Inbox(list) => note(&mut self.inboxes, list, &own),
            Condition::Queue(list) => note(&mut self.queues, list, &own),
            Condition::Team(list) => note(&mut self.teams, list, &own),
            Condition::Assignee(list) => note(&mut self.agents, list, &own),
            Condition::BusinessHours(hours) => {
                let path = || format!("{own}.schedule");
                let known = self.schedule_names.entry(hours.schedule.clone());
                known.or_insert_with(path);
            }
            Condition::Not(part) => self.condition(part, &own),
            Condition::All(parts) | Condition::Any(parts) => {
                for (place, part) in parts.iter().enumerate() {
                    self.condition(part, &format!("{own}[{place}]"));
                }
            }
            _ => {}
        }
    }
}

fn note<T: Ord + Copy>(found: &mut BTreeMap<T, String>, list: &[T], path: &str) {
    for (place, one) in list.iter().enumerate() {
        let path = || format!("{path}[{place}]");
        found.entry(*one).or_insert_with(path);
    }
}
