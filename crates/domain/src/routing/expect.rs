//! How long a work item will still wait: a median and a moment that nine of ten do not see.
//!
//! What counts is how many go before it and how fast its line moves. A line moves as fast as it
//! moved lately while somebody waited in it: starts at idle times tell how much came, not how much
//! can be done. Where that is little to go by, who is there counts: their room over the average
//! handling time.
//!
//! With `k` starts in `T` seconds and `a` more that the room stands for, the time until the n-th start
//! from now is `(T + a / rate) × Γ(n) / Γ(k + a)`, a ratio of two gamma distributed numbers, whose
//! logarithm is nearly normal. [`SPREAD`] is what the simulator adds for what this does not know:
//! newer work that goes before it, people who come and go, agents who serve several lines.

use super::choose::{Exclusion, gate, is_able, serves_by};
use super::model::{Ask, Item, State};
use super::order::Weighed;
use crate::id::WorkItemId;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// How far back is looked.
pub const LOOK_BACK: TimeDelta = TimeDelta::minutes(30);

/// For how many starts the room of those who are there stands.
const STARTS_OF_ROOM: f64 = 4.0;

/// By how much the logarithm of a wait spreads beyond what counting explains, and how far its
/// middle is off: fitted in the simulator.
pub const SPREAD: f64 = 0.5;

/// What is known of the line that an item waits in.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The place of the item, from 1.
    pub position: usize,
    /// Since when the longest of those that wait now waits.
    pub waits_since: DateTime<Utc>,
    /// What lately left the line for an agent.
    pub started: Vec<Started>,
    /// The starts in a second that the room of those who are there stands for; 0 without anybody.
    pub room_per_second: f64,
}

/// Work that an agent got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// Since when it had waited.
    pub entered_at: DateTime<Utc>,
    /// When they got it.
    pub started_at: DateTime<Utc>,
}

/// How long an item will still wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedWait {
    /// Half of such items wait less, in seconds.
    pub p50_seconds: u32,
    /// Nine of ten wait less, in seconds.
    pub p90_seconds: u32,
}

/// Estimates how long an item will still wait; `None` where nobody is there and nothing moved.
pub fn expected_wait(line: &Line, now: DateTime<Utc>) -> Option<ExpectedWait> {
    let (starts, busy_seconds) = pace(line, now);
    let (mut starts, mut seconds) = (starts as f64, busy_seconds);
    if line.room_per_second > 0.0 {
        starts += STARTS_OF_ROOM;
        seconds += STARTS_OF_ROOM / line.room_per_second;
    }
    if starts < 1.0 {
        return None;
    }
    let ahead = line.position.max(1) as f64;
    let middle = seconds.ln() + digamma(ahead) - digamma(starts);
    let spread = (trigamma(ahead) + trigamma(starts) + SPREAD * SPREAD).sqrt();
    let seconds = |logarithm: f64| logarithm.exp().ceil().clamp(1.0, 1e9) as u32;
    Some(ExpectedWait {
        // The logarithm leans to the left where little goes before; the median is above its mean.
        p50_seconds: seconds(middle + 0.1 / ahead),
        p90_seconds: seconds(middle + 1.2816 * spread),
    })
}

/// Counts the starts while somebody waited, and the seconds in which somebody did.
fn pace(line: &Line, now: DateTime<Utc>) -> (usize, f64) {
    let begin = now - LOOK_BACK;
    let mut waits: Vec<(DateTime<Utc>, DateTime<Utc>)> = line
        .started
        .iter()
        .filter(|start| start.started_at > begin && start.started_at > start.entered_at)
        .map(|start| (start.entered_at.max(begin), start.started_at))
        .collect();
    let starts = waits.len();
    waits.push((line.waits_since.clamp(begin, now), now));
    waits.sort_unstable();
    let mut busy = TimeDelta::zero();
    let mut until = begin;
    for (from, to) in waits {
        busy += (to - from.max(until)).max(TimeDelta::zero());
        until = until.max(to);
    }
    (starts, busy.num_milliseconds() as f64 / 1_000.0)
}

/// The mean of the logarithm of a gamma distributed number, for `x` from 1.
fn digamma(x: f64) -> f64 {
    let mut x = x;
    let mut sum = 0.0;
    while x < 6.0 {
        sum -= 1.0 / x;
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    sum + x.ln() - 0.5 / x - square / 12.0 + square * square / 120.0
}

/// The variance of the logarithm of a gamma distributed number, for `x` from 1.
fn trigamma(x: f64) -> f64 {
    let mut x = x;
    let mut sum = 0.0;
    while x < 6.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    sum + 1.0 / x + square / 2.0 + square / (6.0 * x)
}

/// Gathers what is known of the line that a waiting item stands in: what waits in its queue for the same
/// skills; `None` where it does not wait or nobody is asked for it now.
pub fn line_of(
    state: &State,
    item: WorkItemId,
    started: Vec<Started>,
    now: DateTime<Utc>,
) -> Option<Line> {
    let item = state.items.get(&item)?;
    let place = |item: &Item| {
        let queue = state.queue_of(item)?;
        let ask = Ask::of(state, queue, item, now);
        let is_asked = ask.blocked.is_none();
        is_asked.then(|| Weighed::of(state.order, queue, item, &ask).place(item.id, now))
    };
    let own = place(item)?;
    let alike = |other: &&Item| other.queue == item.queue && other.skills == item.skills;
    let mut position = 1;
    let mut waits_since = item.entered_at;
    for other in state.items.values().filter(alike) {
        if let Some(place) = place(other) {
            position += usize::from(place < own);
            waits_since = waits_since.min(other.entered_at);
        }
    }
    Some(Line {
        position,
        waits_since,
        started,
        room_per_second: room_per_second(state, item, now),
    })
}

/// Returns the starts in a second that the room of those who are there and could serve an item stands
/// for: what they may hold over the average handling time, shared among the queues they serve.
pub fn room_per_second(state: &State, item: &Item, now: DateTime<Utc>) -> f64 {
    let Some(queue) = state.queue_of(item) else {
        return 0.0;
    };
    let ask = Ask::of(state, queue, item, now);
    let able = state.agents.values().filter(|agent| {
        let is_there = match gate(state, agent, now) {
            None | Some(Exclusion::WrappingUp { .. }) => true,
            Some(_) => false,
        };
        is_there && serves_by(&ask, agent).is_ok() && is_able(&ask, agent).is_ok()
    });
    let room: f64 = able
        .map(|agent| {
            let units = agent.capacity.total.min(agent.capacity.most.of(item.class));
            f64::from(units / item.takes()) / agent.memberships.len().max(1) as f64
        })
        .sum();
    room / f64::from(queue.handling_seconds.of(item.class).max(1))
}
