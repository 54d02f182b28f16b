//! What waits: what each class asks for, and the lines in which agents find their next work.

use super::hash;
use super::ready::Ready;
use crate::id::{QueueId, WorkItemId};
use crate::routing::model::{Ask, Item, Mode, Queue, State, WorkClass, is_due};
use crate::routing::order::{ClassKey, Due, Factor, Place, Tier, Weighed, tier};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// Stands for no skill: work that somebody without any skill might do.
pub(super) const NO_SKILL: u32 = 0;

/// Where an item is filed, and when it has to be looked at again.
#[derive(Debug)]
pub(super) struct Filed {
    /// Its class and its place there; `None` while it sleeps.
    pub(super) place: Option<(usize, Due)>,
    pub(super) timer: Option<DateTime<Utc>>,
}

/// What the items of one class ask for.
#[derive(Debug)]
pub(super) struct Class {
    key: ClassKey,
    items: usize,
    pub(super) ask: Ask,
    pub(super) group: Group,
    /// Skills of which everybody who is able has one, with the level; empty where there are none.
    cover: Vec<(u32, u8)>,
    /// The skills that nobody can do without.
    pub(super) needed: Vec<u32>,
    /// The skill that is named first.
    pub(super) leading: Option<u32>,
}

/// What a whole line has in common, so that an agent passes by it as a whole; within one, the order
/// of work is that of [`Due`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Group {
    pub(super) factor: Factor,
    pub(super) units: u32,
    pub(super) ranks: u8,
    pub(super) language: Option<String>,
    pub(super) mode: Mode,
    /// The level of the line's skill.
    pub(super) level: u8,
}

/// Work in order, with its first item at hand.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) head: Due,
    pub(super) items: BTreeSet<Due>,
}

/// The lines of one key, and a place that none of their items goes before.
#[derive(Debug, Default)]
pub(super) struct Lines {
    groups: BTreeMap<Group, Line>,
    bound: Option<Bound>,
}

/// What no item of some lines is better than: the best part of the order that one of them is in,
/// the earliest moment there, and the greatest factor, though they may be of different items.
#[derive(Debug, Clone, Copy)]
struct Bound {
    tier: Tier,
    by: DateTime<Utc>,
    factor: Factor,
}

/// Where an agent looks: a queue of theirs, a kind of work, and a skill of theirs.
pub(super) type LineKey = (QueueId, WorkClass, u32);

/// All classes of what waits.
#[derive(Debug, Default)]
pub(super) struct Classes {
    list: Vec<Option<Class>>,
    free: Vec<usize>,
    numbers: BTreeMap<ClassKey, usize>,
    // Keyed without chance; nothing depends on the order of a hash map here.
    lines: HashMap<LineKey, Lines, hash::Build>,
}

impl Classes {
    pub(super) fn get(&self, number: usize) -> Option<&Class> {
        self.list.get(number).and_then(Option::as_ref)
    }

    /// Returns the lines of a queue, a kind of work and a skill.
    pub(super) fn lines(&self, key: LineKey) -> Option<&Lines> {
        self.lines.get(&key)
    }

    /// Puts an item into its class and its lines.
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
            None => self.add(class(state, queue, item, now, key, ready)),
        };
        let deadline = item.deadline(queue);
        let patience = TimeDelta::seconds(queue.patience_seconds.into());
        let (tier, by) = tier(deadline, deadline + patience, now);
        let due = Due {
            tier,
            by,
            entered_at: item.entered_at,
            item: item.id,
        };
        if let Some(class) = &mut self.list[number] {
            class.items += 1;
            for (key, group) in class.stands_in() {
                self.lines.entry(key).or_default().insert(group, due);
            }
        }
        (number, due)
    }

    /// Takes an item out of its lines, and forgets its class where it was the last.
    pub(super) fn unfile(&mut self, number: usize, due: Due) {
        let Some(Some(class)) = self.list.get_mut(number) else {
            return;
        };
        class.items -= 1;
        for (key, group) in class.stands_in() {
            if let Some(lines) = self.lines.get_mut(&key) {
                lines.remove(&group, due);
            }
        }
        if class.items == 0 {
            self.numbers.remove(&class.key);
            self.list[number] = None;
            self.free.push(number);
        }
    }

    fn add(&mut self, class: Class) -> usize {
        let number = self.free.pop().unwrap_or(self.list.len());
        self.numbers.insert(class.key.clone(), number);
        match self.list.get_mut(number) {
            Some(free) => *free = Some(class),
            None => self.list.push(Some(class)),
        }
        number
    }
}

impl Lines {
    /// Returns a place that no item here goes before; `None` where there is none.
    pub(super) fn bound(&self, now: DateTime<Utc>) -> Option<Place> {
        let bound = self.bound?;
        let before_all = Due {
            tier: bound.tier,
            by: bound.by,
            entered_at: DateTime::<Utc>::MIN_UTC,
            item: WorkItemId(Uuid::nil()),
        };
        Some(bound.factor.place_of(before_all, now))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Group, &Line)> {
        self.groups.iter()
    }

    fn insert(&mut self, group: Group, due: Due) {
        let line = self.groups.entry(group).or_insert_with(|| Line {
            head: due,
            items: BTreeSet::new(),
        });
        line.items.insert(due);
        if due <= line.head {
            line.head = due;
            self.look();
        }
    }

    fn remove(&mut self, group: &Group, due: Due) {
        let Some(line) = self.groups.get_mut(group) else {
            return;
        };
        line.items.remove(&due);
        match line.items.first() {
            Some(head) if *head == line.head => return,
            Some(head) => line.head = *head,
            None => {
                self.groups.remove(group);
            }
        }
        self.look();
    }

    /// Works the bound out anew: the head of some line changed.
    fn look(&mut self) {
        self.bound = None;
        for (group, line) in &self.groups {
            let Due { tier, by, .. } = line.head;
            let factor = group.factor;
            let own = Bound { tier, by, factor };
            self.bound = Some(match self.bound {
                Some(other) if other.tier < tier => other,
                Some(other) if other.tier == tier => Bound {
                    tier,
                    by: by.min(other.by),
                    factor: factor.max(other.factor),
                },
                _ => own,
            });
        }
    }
}

impl Class {
    pub(super) fn is_handed_out(&self) -> bool {
        self.group.mode != Mode::Pull && self.ask.blocked.is_none()
    }

    /// Returns the lines that the items of the class stand in.
    fn stands_in(&self) -> Vec<(LineKey, Group)> {
        let nothing = [(NO_SKILL, 0)];
        let cover = match self.cover.is_empty() {
            true => &nothing[..],
            false => &self.cover,
        };
        let mut stands_in = Vec::new();
        for queue in self
            .ask
            .queues
            .iter()
            .filter(|_| self.ask.blocked.is_none())
        {
            for (skill, level) in cover {
                let level = *level;
                let group = Group {
                    level,
                    ..self.group.clone()
                };
                stands_in.push(((*queue, self.key.class, *skill), group));
            }
        }
        stands_in
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
    key: ClassKey,
    ready: &mut Ready,
) -> Class {
    let ask = Ask::of(state, queue, item, now);
    let cover = ask.skills.cover().unwrap_or_default().into_iter();
    let needed = ask.skills.needed().into_iter();
    Class {
        items: 0,
        group: Group {
            factor: Weighed::of(state.order, queue, item, &ask).factor(),
            units: item.takes(),
            ranks: ask.ranks,
            language: ask.language.clone(),
            mode: queue.mode,
            level: 0,
        },
        cover: cover
            .map(|skill| (ready.number(&skill.name), skill.level))
            .collect(),
        needed: needed.map(|skill| ready.number(skill)).collect(),
        leading: ask.skills.leading().map(|skill| ready.number(skill)),
        ask,
        key,
    }
}
