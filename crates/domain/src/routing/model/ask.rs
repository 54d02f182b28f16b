//! What a work item asks for at one moment, after the steps of its queue's ladder.

use super::{Item, Queue, Relax, Relaxed, Skills, State};
use crate::condition::OpenState;
use crate::id::QueueId;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// What a work item asks for at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// The queues whose members are asked, its own first.
    pub queues: Vec<QueueId>,
    /// Members up to this rank are asked.
    pub ranks: u8,
    /// The skills.
    pub skills: Skills,
    /// The language.
    pub language: Option<String>,
    /// The priority.
    pub priority: i16,
    /// The steps that were taken to get here.
    pub taken: Vec<Taken>,
    /// Why nobody is asked.
    pub blocked: Option<Blocked>,
}

/// A step of the ladder that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Its place in the ladder, from 0.
    pub step: usize,
    /// After how many seconds.
    pub after_seconds: u32,
    /// What it relaxed.
    pub relax: Relax,
}

/// Why nobody is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blocked {
    /// The queue is closed, and no step lets it be served outside its hours.
    QueueClosed,
    /// The item sleeps.
    Snoozed {
        /// Until when.
        until: DateTime<Utc>,
    },
}

impl Ask {
    /// Works out what an item of a queue asks for.
    pub fn of(state: &State, queue: &Queue, item: &Item, now: DateTime<Utc>) -> Self {
        let mut ask = Self {
            queues: vec![queue.id],
            ranks: queue.ranks,
            skills: Skills::NONE,
            language: item.language.clone(),
            priority: item.priority,
            taken: Vec::new(),
            blocked: None,
        };
        let mut relaxed = Relaxed::default();
        let mut outside_hours = false;
        for (place, step) in queue.ladder.iter().enumerate() {
            if !is_due(queue, place, item.entered_at, now) {
                continue;
            }
            let is_shut = match &step.relax {
                Relax::Overflow(other) => {
                    let other = state.queues.get(other);
                    !other.is_some_and(|queue| queue.open)
                }
                _ => false,
            };
            outside_hours |= step.relax == Relax::OutsideHours;
            if !is_shut {
                ask.relax(&step.relax, &mut relaxed);
            }
            ask.taken.push(Taken {
                step: place,
                after_seconds: step.after_seconds,
                relax: step.relax.clone(),
            });
        }
        ask.skills = item.skills.relaxed(&relaxed);
        ask.blocked = match item.not_before.filter(|until| *until > now) {
            Some(until) => Some(Blocked::Snoozed { until }),
            None if !queue.open && !outside_hours => Some(Blocked::QueueClosed),
            None => None,
        };
        ask
    }

    /// Takes one step; what it does to skills gathers in `relaxed`.
    pub(in crate::routing) fn relax(&mut self, relax: &Relax, relaxed: &mut Relaxed) {
        match relax {
            Relax::Levels(by) => relaxed.levels = relaxed.levels.saturating_add(*by),
            Relax::Skills(names) => relaxed.skills.extend(names.iter().cloned()),
            Relax::AllSkills => relaxed.all_skills = true,
            Relax::Language => self.language = None,
            Relax::Ranks(up_to) => self.ranks = self.ranks.max(*up_to),
            Relax::Priority(by) => self.priority = self.priority.saturating_add(*by),
            Relax::Overflow(other) if self.queues.contains(other) => {}
            Relax::Overflow(other) => self.queues.push(*other),
            Relax::OutsideHours => {}
        }
    }
}

/// Tells whether a step is taken for work that entered at a moment.
pub(in crate::routing) fn is_due(
    queue: &Queue,
    place: usize,
    entered_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> bool {
    let step = &queue.ladder[place];
    let due_at = entered_at + TimeDelta::seconds(step.after_seconds.into());
    let is_during = match step.during {
        None => true,
        Some(OpenState::Open) => queue.open,
        Some(OpenState::Closed) => !queue.open,
    };
    now >= due_at && is_during
}
