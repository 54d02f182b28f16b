//! What somebody who sees the whole day beforehand could save at best: a bound for small days.
//!
//! On these days everything takes one slot of time and comes at the beginning of one, so that who does
//! what when is a matching of work and (agent, slot). The largest matching within the deadlines is a
//! flow of least cost where a miss costs one; nothing that any rule does can miss less.

use super::chance::Chance;
use super::scenario::{Arrival, Conduct, Scenario};
use super::synthetic::{Kind, Recipe, scenario};
use crate::id::WorkItemId;
use crate::routing::choose::{is_able, serves_by};
use crate::routing::model::*;
use chrono::TimeDelta;
use uuid::Uuid;

/// How long everything takes.
const SLOT: TimeDelta = TimeDelta::seconds(300);

/// For how many slots work comes.
const SLOTS: i32 = 12;

/// Makes up a small day of slots: two to four agents, nearly as much work as they can do or a little
/// more, some of it for few.
pub fn small_day(seed: u64) -> Scenario {
    let mut chance = Chance::new(seed);
    let agents = 2 + chance.below(3);
    let made = scenario(Recipe::usual(Kind::SkewedSkills, agents, seed));
    let mut state = made.state;
    for agent in state.agents.values_mut() {
        agent.capacity.total = 1;
    }
    let skills = ["orders", "returns", "billing"];
    let mut arrivals = Vec::new();
    let load = 700 + chance.below(600);
    for slot in 0..SLOTS {
        for _ in 0..agents {
            if !chance.permille(load.min(1_000)) && !chance.permille(load.saturating_sub(1_000)) {
                continue;
            }
            let Some(queue) = state.queues.keys().next() else {
                continue;
            };
            let entered_at = made.starts_at + SLOT * slot;
            let allowed = chance.below(4) as i32;
            let asked = [0, 0, 0, 1, 1, 2][chance.below(6) as usize];
            let item = Item {
                id: WorkItemId(Uuid::from_u128(1 + arrivals.len() as u128)),
                epoch: 1,
                queue: *queue,
                class: WorkClass::Message,
                units: 1,
                priority: 0,
                vip: false,
                skills: Skills::has(skills[asked], 1),
                language: None,
                entered_at,
                deadlines: Deadlines {
                    // A second later, so that the beginning of the last slot is in time for everybody.
                    sla: Some(entered_at + SLOT * allowed + TimeDelta::seconds(1)),
                    reply_window: None,
                },
                not_before: None,
                preferred: None,
                refusals: Vec::new(),
            };
            arrivals.push(Arrival {
                item,
                handling: SLOT,
                gives_up_after: None,
                declines: 0,
                next: None,
            });
        }
    }
    Scenario {
        name: format!("small day {seed}"),
        arrivals,
        changes: Vec::new(),
        conduct: Conduct::default(),
        state,
        ..made
    }
}

/// Returns how much is missed at least on a day of slots, by whatever rule.
pub fn fewest_missed(day: &Scenario) -> usize {
    let slots_of = |span: TimeDelta| (span.num_seconds() / SLOT.num_seconds()).max(0) as usize;
    let agents: Vec<&Agent> = day.state.agents.values().collect();
    let mut chairs_of = Vec::new();
    let mut count = 0;
    for arrival in &day.arrivals {
        let item = &arrival.item;
        let Some(queue) = day.state.queue_of(item) else {
            continue;
        };
        let ask = Ask::of(&day.state, queue, item, item.entered_at);
        let first = slots_of(item.entered_at - day.starts_at);
        let last = slots_of(item.deadline(queue) - day.starts_at);
        let mut chairs = Vec::new();
        for (number, agent) in agents.iter().enumerate() {
            if serves_by(&ask, agent).is_ok() && is_able(&ask, agent).is_ok() {
                chairs.extend((first..=last).map(|slot| slot * agents.len() + number));
            }
        }
        count = count.max((last + 1) * agents.len());
        chairs_of.push(chairs);
    }
    day.arrivals.len() - largest_matching(&chairs_of, count)
}

/// Finds how many can sit at once, each on a chair of theirs: by paths that make room (Kuhn 1955).
fn largest_matching(chairs_of: &[Vec<usize>], count: usize) -> usize {
    let mut sits_on: Vec<Option<usize>> = vec![None; count];
    let mut seated = 0;
    for guest in 0..chairs_of.len() {
        let mut asked = vec![false; count];
        seated += usize::from(seat(guest, chairs_of, &mut sits_on, &mut asked));
    }
    seated
}

fn seat(
    guest: usize,
    chairs_of: &[Vec<usize>],
    sits_on: &mut [Option<usize>],
    asked: &mut [bool],
) -> bool {
    for chair in &chairs_of[guest] {
        if std::mem::replace(&mut asked[*chair], true) {
            continue;
        }
        let is_free = match sits_on[*chair] {
            None => true,
            Some(other) => seat(other, chairs_of, sits_on, asked),
        };
        if is_free {
            sits_on[*chair] = Some(guest);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_moves_on_so_that_another_finds_a_chair() {
        assert_eq!(largest_matching(&[vec![0, 1], vec![0]], 2), 2);
        assert_eq!(largest_matching(&[vec![0], vec![0], vec![0, 1]], 2), 2);
        assert_eq!(largest_matching(&[vec![], vec![1]], 2), 1);
    }
}
