//! What waits, class by class, most urgent first.

use super::ready::Ready;
use crate::id::QueueId;
use crate::routing::model::{Ask, Item, Mode, Queue, State, is_due};
use crate::routing::order::{ClassKey, Due, Weighed, tier};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// Where an item is filed, and when it has to be looked at again.
#[derive(Debug)]
pub(super) struct Filed {
    /// Its class and its place there; `None` while it sleeps.
    pub(super) place: Option<(usize, Due)>,
    pub(super) timer: Option<DateTime<Utc>>,
}

/// The items of one class, and what they ask for.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) ask: Ask,
    pub(super) weighed: Weighed,
    pub(super) is_pulled: bool,
    pub(super) items: BTreeSet<Due>,
    /// The skills that nobody can do without.
    pub(super) needed: Vec<u32>,
    /// The skill that is named first.
    pub(super) leading: Option<u32>,
}

/// All classes. A number names one class for ever; classes of changed queues leave a gap.
#[derive(Debug, Default)]
pub(super) struct Classes {
    list: Vec<Option<Class>>,
    numbers: BTreeMap<ClassKey, usize>,
}

impl Classes {
    /// Counts the numbers that were given.
    pub(super) fn count(&self) -> usize {
        self.list.len()
    }

    pub(super) fn get(&self, number: usize) -> Option<&Class> {
        self.list.get(number).and_then(Option::as_ref)
    }

    /// Puts an item into its class.
    pub(super) fn file(
        &mut self,
        state: &State,
        queue: &Queue,
        item: &Item,
        now: DateTime<Utc>,
        ready: &mut Ready,
    ) -> (usize, Due) {
        let key = key(queue, item, now);
        let number = match self.numbers.get(&key) {
            Some(number) => *number,
            None => {
                self.list.push(Some(class(state, queue, item, now, ready)));
                self.numbers.insert(key, self.list.len() - 1);
                self.list.len() - 1
            }
        };
        let deadline = item.deadline(queue);
        let patience = chrono::TimeDelta::seconds(queue.patience_seconds.into());
        let (tier, by) = tier(deadline, deadline + patience, now);
        let due = Due {
            tier,
            by,
            entered_at: item.entered_at,
            item: item.id,
        };
        if let Some(class) = &mut self.list[number] {
            class.items.insert(due);
        }
        (number, due)
    }

    pub(super) fn unfile(&mut self, number: usize, due: Due) {
        if let Some(Some(class)) = self.list.get_mut(number) {
            class.items.remove(&due);
        }
    }

    /// Forgets the classes of queues whose policy changed.
    pub(super) fn forget(&mut self, queues: &BTreeSet<QueueId>) {
        let list = &mut self.list;
        self.numbers.retain(|key, number| {
            let stays = !queues.contains(&key.queue);
            if !stays {
                list[*number] = None;
            }
            stays
        });
    }
}

fn key(queue: &Queue, item: &Item, now: DateTime<Utc>) -> ClassKey {
    let places = 0..queue.ladder.len();
    let taken = places.filter(|place| is_due(queue, *place, item.entered_at, now));
    ClassKey {
        queue: queue.id,
        class: item.class,
        units: item.takes(),
        priority: item.priority,
        vip: item.vip,
        skills: item.skills.clone(),
        language: item.language.clone(),
        steps: taken.fold(0, |steps, place| steps | (1 << place.min(63))),
    }
}

fn class(
    state: &State,
    queue: &Queue,
    item: &Item,
    now: DateTime<Utc>,
    ready: &mut Ready,
) -> Class {
    let ask = Ask::of(state, queue, item, now);
    Class {
        weighed: Weighed::of(state.order, queue, item, &ask),
        is_pulled: queue.mode == Mode::Pull,
        items: BTreeSet::new(),
        needed: ask
            .skills
            .needed()
            .into_iter()
            .map(|skill| ready.number(skill))
            .collect(),
        leading: ask.skills.leading().map(|skill| ready.number(skill)),
        ask,
    }
}
