//! In which order work goes: the formula of `docs/routing.md`.

use super::model::{Ask, Item, Order, Queue, WorkClass};
use crate::id::WorkItemId;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// The place of a work item in the order of all work; the smaller goes first.
///
/// Compared field by field, in this order. No two items are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The part of the order.
    pub tier: Tier,
    /// The index, greater first; 0 for owed work.
    pub index: Reverse<u64>,
    /// The moment that the tier leads up to or began at.
    pub by: DateTime<Utc>,
    /// Since when it waits.
    pub entered_at: DateTime<Utc>,
    /// Which item.
    pub item: WorkItemId,
}

/// The parts of the order, the first first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Its deadline and the patience after it are over: nothing that comes later passes it.
    Owed,
    /// Its deadline can still be met.
    Live,
    /// Its deadline is lost; it goes behind work that can still be saved, but not for ever.
    Lost,
}

/// What the index of a work item is computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weighed {
    /// Since when it waits.
    pub entered_at: DateTime<Utc>,
    /// By when it has to be answered.
    pub deadline: DateTime<Utc>,
    /// The seconds after the deadline in which it goes behind what can still be saved.
    pub patience_seconds: u32,
    /// Its priority, as raised by the ladder.
    pub priority: i16,
    /// Whether the contact is marked as very important.
    pub vip: bool,
    /// How long such work takes, on average.
    pub handling_seconds: u32,
    /// How work of different classes is weighed.
    pub order: Order,
}

impl Weighed {
    /// Gathers what the index of an item needs.
    pub fn of(order: Order, queue: &Queue, item: &Item, ask: &Ask) -> Self {
        Self {
            entered_at: item.entered_at,
            deadline: item.deadline(queue),
            patience_seconds: queue.patience_seconds,
            priority: ask.priority,
            vip: item.vip,
            handling_seconds: queue.handling_seconds.of(item.class),
            order,
        }
    }

    /// Returns the moment from which nothing that comes later passes it.
    pub fn owed_at(&self) -> DateTime<Utc> {
        self.deadline + TimeDelta::seconds(self.patience_seconds.into())
    }

    /// Returns the place in the order at a moment.
    pub fn place(&self, item: WorkItemId, now: DateTime<Utc>) -> Place {
        let (tier, by) = tier(self.deadline, self.owed_at(), now);
        let due = Due {
            tier,
            by,
            entered_at: self.entered_at,
            item,
        };
        self.factor().place_of(due, now)
    }

    /// Returns what of the index does not change while an item waits.
    pub(super) fn factor(&self) -> Factor {
        let rate = 3_600_000 / u128::from(self.handling_seconds.max(1));
        Factor {
            weight: u64::try_from(self.weight() * rate).unwrap_or(u64::MAX),
            horizon_seconds: self.order.horizon_seconds.max(1),
        }
    }

    /// Doubles with every step of priority, within −5 and 10, and is a thousand at 0.
    fn weight(&self) -> u128 {
        let steps = self.priority.clamp(-5, 10) + 5;
        let weight = (1_000_u128 << steps) / 32;
        match self.vip {
            true => weight * u128::from(self.order.vip_permille) / 1_000,
            false => weight,
        }
    }
}

/// Returns the tier at a moment, and the moment by which work of that tier is ordered.
pub(super) fn tier(
    deadline: DateTime<Utc>,
    owed_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> (Tier, DateTime<Utc>) {
    if now >= owed_at {
        (Tier::Owed, owed_at)
    } else if now < deadline {
        (Tier::Live, deadline)
    } else {
        (Tier::Lost, owed_at)
    }
}

/// What of the index does not change while an item waits: weight times service rate, and the
/// horizon. Items with equal factors go by [`Due`] alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Factor {
    weight: u64,
    horizon_seconds: u32,
}

impl Factor {
    /// Returns weight times service rate.
    pub(super) fn weight(self) -> u64 {
        self.weight
    }

    /// Returns the place in the order of an item with this factor.
    pub(super) fn place_of(self, due: Due, now: DateTime<Utc>) -> Place {
        let index = match due.tier {
            Tier::Owed => 0,
            Tier::Live | Tier::Lost => self.index((due.by - now).num_milliseconds()),
        };
        Place {
            tier: due.tier,
            index: Reverse(index),
            by: due.by,
            entered_at: due.entered_at,
            item: due.item,
        }
    }

    /// Returns `weight × service rate × urgency`, where urgency is `H / (H + slack)`: the marginal
    /// cost of a convex delay cost, so that it grows ever faster while the slack goes to 0.
    ///
    /// Whole numbers throughout, so that every machine gets the same.
    fn index(self, slack_ms: i64) -> u64 {
        let horizon = u64::from(self.horizon_seconds) * 1_000;
        let slack = slack_ms.max(0) as u64;
        match self.weight.checked_mul(horizon * 1_000) {
            Some(product) => product / (horizon + slack),
            // The same with more room; dividing there takes several times as long.
            None => {
                let product = u128::from(self.weight) * u128::from(horizon) * 1_000;
                u64::try_from(product / u128::from(horizon + slack)).unwrap_or(u64::MAX)
            }
        }
    }
}

/// The place of a work item within its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Due {
    pub(super) tier: Tier,
    pub(super) by: DateTime<Utc>,
    pub(super) entered_at: DateTime<Utc>,
    pub(super) item: WorkItemId,
}

/// Names the class of a work item: within one, whatever is due first goes first.
///
/// Two items of a class at one moment differ in the index by their slack alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ClassKey {
    pub(super) queue: crate::id::QueueId,
    pub(super) class: WorkClass,
    pub(super) units: u32,
    pub(super) priority: i16,
    pub(super) vip: bool,
    pub(super) skills: super::model::Skills,
    pub(super) language: Option<String>,
    /// Which steps of the ladder are taken, one bit each.
    pub(super) steps: u64,
}
