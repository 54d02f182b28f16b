//! Agents with room, best first, by queue, rank, kind of work and skill.

use super::classes::Class;
use super::hash;
use crate::id::{AgentId, QueueId};
use crate::routing::choose::compared;
use crate::routing::model::{Agent, Skills, State, Strategy, WorkClass};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Stands for no skill: everybody who serves the queue.
const EVERYBODY: u32 = 0;

/// What is compared: as in [`crate::routing::choose::Score`], from the strategy on.
type Rated = (i64, i64, AgentId);

/// One line of agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct LineKey {
    queue: QueueId,
    rank: u8,
    class: WorkClass,
    skill: u32,
}

/// What is kept of an agent beside their data.
#[derive(Debug, Default)]
pub(super) struct Profile {
    /// Their skills, by number.
    pub(super) skills: Vec<(u32, u8)>,
    /// Where they stand in line.
    placed: Vec<(LineKey, Rated)>,
    /// When they are looked at again.
    pub(super) timer: Option<DateTime<Utc>>,
}

/// All lines of agents with room.
#[derive(Debug, Default)]
pub(super) struct Ready {
    numbers: BTreeMap<String, u32>,
    // Keyed without chance; nothing depends on the order of a hash map here.
    lines: HashMap<LineKey, BTreeSet<Rated>, hash::Build>,
    highest_rank: u8,
}

impl Ready {
    /// Returns the number of a skill, from 1.
    pub(super) fn number(&mut self, skill: &str) -> u32 {
        if let Some(number) = self.numbers.get(skill) {
            return *number;
        }
        let number = self.numbers.len() as u32 + 1;
        self.numbers.insert(skill.to_owned(), number);
        number
    }

    /// Begins a profile of what an agent is able to do.
    pub(super) fn profile(&mut self, agent: &Agent) -> Profile {
        let skills = agent.skills.iter().filter(|(_, level)| **level > 0);
        Profile {
            skills: skills
                .map(|(skill, level)| (self.number(skill), *level))
                .collect(),
            ..Profile::default()
        }
    }

    /// Puts an agent in every line that they belong to.
    pub(super) fn place(
        &mut self,
        state: &State,
        agent: &Agent,
        profile: &mut Profile,
        classes: Vec<WorkClass>,
    ) {
        for (queue, membership) in &agent.memberships {
            self.highest_rank = self.highest_rank.max(membership.rank);
            let strategy = state.queues.get(queue).map(|queue| queue.strategy);
            let (first, second) = compared(strategy, *queue, &Skills::NONE, agent);
            for class in &classes {
                let rank = membership.rank;
                let mut stand = |skill: u32, first: i64| {
                    let (class, queue) = (*class, *queue);
                    let key = LineKey {
                        queue,
                        rank,
                        class,
                        skill,
                    };
                    let rated = (first, second, agent.id);
                    self.lines.entry(key).or_default().insert(rated);
                    profile.placed.push((key, rated));
                };
                stand(EVERYBODY, first);
                for (skill, level) in &profile.skills {
                    match strategy {
                        Some(Strategy::BestSkill) => stand(*skill, -i64::from(*level)),
                        _ => stand(*skill, first),
                    }
                }
            }
        }
    }

    /// Takes an agent out of every line.
    pub(super) fn withdraw(&mut self, profile: &mut Profile) {
        for (key, rated) in profile.placed.drain(..) {
            if let Some(line) = self.lines.get_mut(&key) {
                line.remove(&rated);
            }
        }
    }

    /// Finds the first agent who passes, in the order of their scores: queue by queue, rank by rank.
    pub(super) fn find<T>(
        &self,
        state: &State,
        class: &Class,
        work: WorkClass,
        mut passes: impl FnMut(AgentId, usize, u8) -> Option<T>,
    ) -> Option<T> {
        for (place, queue) in class.ask.queues.iter().enumerate() {
            let strategy = state.queues.get(queue).map(|queue| queue.strategy);
            for rank in 0..=class.ask.ranks.min(self.highest_rank) {
                for skill in self.lines_of(class, strategy, *queue, rank, work) {
                    let key = LineKey {
                        queue: *queue,
                        rank,
                        class: work,
                        skill,
                    };
                    let line = self.lines.get(&key).into_iter().flatten();
                    let found = line
                        .map(|(_, _, agent)| *agent)
                        .find_map(|agent| passes(agent, place, rank));
                    if found.is_some() {
                        return found;
                    }
                }
            }
        }
        None
    }

    /// Chooses the lines to walk: they hold everybody who is able, in the order of their scores.
    fn lines_of(
        &self,
        class: &Class,
        strategy: Option<Strategy>,
        queue: QueueId,
        rank: u8,
        work: WorkClass,
    ) -> Vec<u32> {
        let length = |skill: u32| {
            let key = LineKey {
                queue,
                rank,
                class: work,
                skill,
            };
            self.lines.get(&key).map_or(0, BTreeSet::len)
        };
        match (strategy, class.leading) {
            // By level of the leading skill first; who has none of it follows in the general line.
            (Some(Strategy::BestSkill), Some(leading)) if class.needed.contains(&leading) => {
                vec![leading]
            }
            (Some(Strategy::BestSkill), Some(leading)) => vec![leading, EVERYBODY],
            // The shortest line that everybody who is able stands in.
            _ => {
                let needed = class.needed.iter().copied();
                vec![
                    needed
                        .min_by_key(|skill| length(*skill))
                        .unwrap_or(EVERYBODY),
                ]
            }
        }
    }
}
