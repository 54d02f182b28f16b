//! Every state that three agents, three work items and two routers can reach.
//!
//! Routers read, decide and commit in steps of their own, and may crash between any two; what they
//! read may be old when they commit. Answers of agents come late or twice, for any offer that ever
//! was. Offers pass at any moment. The search visits everything that can come of it, but for how
//! often work may return to its queue: twice, which is what bounds it.

#![allow(clippy::unwrap_used)]

use interdesk_domain::id::AgentId;
use interdesk_domain::routing::machine::*;
use std::collections::{HashMap, VecDeque};
use uuid::Uuid;

const AGENTS: usize = 3;
const ITEMS: usize = 3;
/// What the agents may hold.
const MOST: [u32; AGENTS] = [1, 1, 2];

fn agent(place: usize) -> AgentId {
    AgentId(Uuid::from_u128(place as u128))
}

fn place(agent: AgentId) -> usize {
    agent.0.as_u128() as usize
}

/// What a router decided on, perhaps a while ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Plan {
    item: usize,
    epoch: i32,
    agent: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Router {
    Idle,
    Decided(Plan),
    Crashed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct World {
    rows: [Row; ITEMS],
    /// Whether the offer's event was published, so that its agent can see it.
    told: [bool; ITEMS],
    /// How often an offer was accepted, or the item given, in the present epoch.
    accepted: [u8; ITEMS],
    rooms: [Room; AGENTS],
    routers: [Router; 2],
    /// How often work may still return to its queue.
    returns: u8,
}

/// Whether an event may be left out for ever; goals have to be reachable without those.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Hoped,
    Mishap,
}

/// The commits under test.
#[derive(Clone, Copy)]
struct Judge {
    offer: fn(&mut Row, &mut Room, i32, AgentId) -> Result<(), Refusal>,
    accept: fn(&mut Row, i32, AgentId) -> Result<(), Refusal>,
    end_offer: fn(&mut Row, &mut Room, i32, AgentId) -> Result<(), Refusal>,
}

const JUDGE: Judge = Judge {
    offer,
    accept,
    end_offer,
};

impl World {
    fn new(returns: u8) -> Self {
        Self {
            rows: [Row::QUEUED; ITEMS],
            told: [false; ITEMS],
            accepted: [0; ITEMS],
            rooms: MOST.map(|most| Room { used: 0, most }),
            routers: [Router::Idle; 2],
            returns,
        }
    }

    /// Returns the same world with items and routers in one fixed order: they are all alike.
    fn in_order(self) -> Self {
        let mut other = self;
        other.routers.swap(0, 1);
        self.with_items_in_order().min(other.with_items_in_order())
    }

    fn with_items_in_order(mut self) -> Self {
        let old = self;
        let plan_of = |router: Router, item: usize| match router {
            Router::Decided(plan) if plan.item == item => Some((plan.epoch, plan.agent)),
            _ => None,
        };
        let mut order = [0, 1, 2];
        order.sort_by_key(|item| {
            let plans = old.routers.map(|router| plan_of(router, *item));
            (old.rows[*item], old.told[*item], old.accepted[*item], plans)
        });
        for (to, from) in order.into_iter().enumerate() {
            self.rows[to] = old.rows[from];
            self.told[to] = old.told[from];
            self.accepted[to] = old.accepted[from];
            for (router, old) in self.routers.iter_mut().zip(old.routers) {
                if let (Router::Decided(plan), Router::Decided(old)) = (router, old)
                    && old.item == from
                {
                    plan.item = to;
                }
            }
        }
        self
    }

    /// Returns everything that may happen next, or what must not have happened.
    fn next(&self, judge: Judge) -> Result<Vec<(Kind, World)>, String> {
        let mut next = Vec::new();
        self.routers_act(judge, &mut next)?;
        for item in 0..ITEMS {
            self.item_acts(item, judge, &mut next)?;
        }
        Ok(next)
    }

    fn routers_act(&self, judge: Judge, next: &mut Vec<(Kind, World)>) -> Result<(), String> {
        for (number, router) in self.routers.into_iter().enumerate() {
            let mut with = |kind: Kind, router: Router, world: World| {
                let mut world = world;
                world.routers[number] = router;
                next.push((kind, world));
            };
            match router {
                Router::Crashed => with(Kind::Hoped, Router::Idle, *self),
                Router::Idle => {
                    for plan in self.plans() {
                        with(Kind::Hoped, Router::Decided(plan), *self);
                    }
                    with(Kind::Mishap, Router::Crashed, *self);
                }
                Router::Decided(plan) => {
                    let mut world = *self;
                    let row = &mut world.rows[plan.item];
                    let room = &mut world.rooms[plan.agent];
                    let committed = (judge.offer)(row, room, plan.epoch, agent(plan.agent));
                    if committed.is_ok() {
                        if self.rows[plan.item].epoch != plan.epoch {
                            return Err(format!("a stale epoch changed something: {self:?}"));
                        }
                        world.told[plan.item] = false;
                    }
                    with(Kind::Hoped, Router::Idle, world);
                    // It may die before the commit, or after it with the event not yet published.
                    with(Kind::Mishap, Router::Crashed, *self);
                    with(Kind::Mishap, Router::Crashed, world);
                }
            }
        }
        Ok(())
    }

    /// Returns what a router that looks now may decide.
    fn plans(&self) -> Vec<Plan> {
        let mut plans = Vec::new();
        for (item, row) in self.rows.iter().enumerate() {
            for (agent, room) in self.rooms.iter().enumerate() {
                if row.state == State::Queued && room.used < room.most {
                    let epoch = row.epoch;
                    plans.push(Plan { item, epoch, agent });
                }
            }
        }
        plans
    }

    fn item_acts(
        &self,
        item: usize,
        judge: Judge,
        next: &mut Vec<(Kind, World)>,
    ) -> Result<(), String> {
        let row = self.rows[item];
        if row.state == State::Offered && !self.told[item] {
            let mut world = *self;
            world.told[item] = true;
            next.push((Kind::Hoped, world));
        }
        for number in 0..AGENTS {
            for epoch in 1..=row.epoch {
                let who = agent(number);
                let is_fresh = epoch == row.epoch && row.agent == Some(who);
                // Whoever was never told cannot answer; an older answer may still be under way.
                let knows = !is_fresh || self.told[item] || row.state == State::Active;
                let mut world = *self;
                if knows && (judge.accept)(&mut world.rows[item], epoch, who).is_ok() {
                    world.accepted[item] += 1;
                    next.push((Kind::Hoped, world));
                }
                let mut world = *self;
                let taken = give(&mut world.rows[item], &mut world.rooms[number], epoch, who);
                if taken.is_ok() {
                    world.accepted[item] += 1;
                    next.push((Kind::Hoped, world));
                }
                let mut world = *self;
                let room = &mut world.rooms[number];
                if finish(&mut world.rows[item], room, epoch, who).is_ok() {
                    next.push((Kind::Hoped, world));
                }
                if self.returns > 0 {
                    for end in [judge.end_offer, give_back] {
                        let mut world = *self;
                        let room = &mut world.rooms[number];
                        if end(&mut world.rows[item], room, epoch, who).is_ok() {
                            world.returns -= 1;
                            world.accepted[item] = 0;
                            world.told[item] = false;
                            next.push((Kind::Mishap, world));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Says what must never be.
    fn judge(&self) -> Result<(), String> {
        for (number, room) in self.rooms.iter().enumerate() {
            let held = self
                .rows
                .iter()
                .filter(|row| row.agent == Some(agent(number)));
            let held = held.count() as u32;
            if room.used > room.most {
                return Err(format!("agent {number} holds more than they may: {self:?}"));
            }
            if room.used != held {
                return Err(format!(
                    "room of agent {number} is not what they hold: {self:?}"
                ));
            }
        }
        for (item, row) in self.rows.iter().enumerate() {
            let is_somebodys = matches!(row.state, State::Offered | State::Active);
            if is_somebodys != row.agent.map(place).is_some_and(|place| place < AGENTS) {
                return Err(format!("item {item} is lost: {self:?}"));
            }
            if self.accepted[item] > 1 {
                return Err(format!("item {item} was accepted twice: {self:?}"));
            }
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.rows.iter().all(|row| row.state == State::Done)
    }
}

/// Visits everything; returns how many states there are.
fn search(judge: Judge, returns: u8) -> Result<usize, String> {
    let start = World::new(returns).in_order();
    let mut numbers = HashMap::from([(start, 0_usize)]);
    let mut before: Vec<Vec<usize>> = vec![Vec::new()];
    let mut over = Vec::new();
    let mut open = VecDeque::from([start]);
    while let Some(world) = open.pop_front() {
        world.judge()?;
        let number = numbers[&world];
        if world.is_over() {
            over.push(number);
        }
        for (kind, next) in world.next(judge)? {
            let next = next.in_order();
            let known = numbers.len();
            let to = *numbers.entry(next).or_insert(known);
            if to == known {
                before.push(Vec::new());
                open.push_back(next);
            }
            if kind == Kind::Hoped {
                before[to].push(number);
            }
        }
    }
    every_state_leads_to_the_end(&numbers, &before, over)?;
    Ok(numbers.len())
}

/// Whatever happened, all work can still be served to its end without another mishap: so every offer
/// ends, nothing is stuck, and a pair that fits is served.
fn every_state_leads_to_the_end(
    numbers: &HashMap<World, usize>,
    before: &[Vec<usize>],
    over: Vec<usize>,
) -> Result<(), String> {
    let mut ends = vec![false; before.len()];
    let mut open = over;
    while let Some(number) = open.pop() {
        if !std::mem::replace(&mut ends[number], true) {
            open.extend(&before[number]);
        }
    }
    let stuck = numbers.iter().find(|(_, number)| !ends[**number]);
    stuck.map_or(Ok(()), |(world, _)| {
        Err(format!("work is stuck: {world:?}"))
    })
}

#[test]
fn whatever_routers_agents_and_timeouts_do_nothing_is_doubled_overfull_lost_or_stuck() {
    let states = search(JUDGE, 1).unwrap();
    // If this shrinks, the search no longer reaches what it should.
    assert!(states > 50_000, "{states} states");
}

#[test]
#[ignore = "a minute; the same with work that returns twice"]
fn nor_do_they_where_work_returns_twice() {
    let states = search(JUDGE, 2).unwrap();
    assert!(states > 200_000, "{states} states");
}

#[test]
fn a_claim_that_ignores_the_epoch_is_found() {
    let broken = Judge {
        offer: |row, room, _, agent| offer(row, room, row.epoch, agent),
        ..JUDGE
    };
    assert!(search(broken, 1).unwrap_err().contains("stale epoch"));
}

#[test]
fn a_claim_that_does_not_count_the_room_is_found() {
    let broken = Judge {
        offer: |row, room, epoch, agent| {
            let mut wide = Room {
                most: u32::MAX,
                ..*room
            };
            let result = offer(row, &mut wide, epoch, agent);
            room.used = wide.used;
            result
        },
        ..JUDGE
    };
    assert!(
        search(broken, 1)
            .unwrap_err()
            .contains("more than they may")
    );
}

#[test]
fn a_claim_that_takes_what_is_offered_already_is_found() {
    let broken = Judge {
        offer: |row, room, epoch, agent| {
            let mut waiting = Row {
                state: State::Queued,
                ..*row
            };
            let result = offer(&mut waiting, room, epoch, agent);
            *row = if result.is_ok() { waiting } else { *row };
            result
        },
        ..JUDGE
    };
    assert!(
        search(broken, 1)
            .unwrap_err()
            .contains("not what they hold")
    );
}

#[test]
fn a_late_answer_that_is_taken_for_a_new_one_is_found() {
    let broken = Judge {
        accept: |row, _, agent| {
            row.agent = Some(agent);
            row.state = State::Active;
            Ok(())
        },
        ..JUDGE
    };
    assert!(search(broken, 1).is_err());
}

#[test]
fn an_end_of_an_offer_that_keeps_the_room_is_found() {
    let broken = Judge {
        end_offer: |row, room, epoch, agent| end_offer(row, &mut room.clone(), epoch, agent),
        ..JUDGE
    };
    assert!(
        search(broken, 1)
            .unwrap_err()
            .contains("not what they hold")
    );
}

#[test]
fn an_offer_that_never_ends_is_found() {
    let broken = Judge {
        accept: |_, _, _| Err(Refusal::NotNow),
        end_offer: |_, _, _, _| Err(Refusal::NotNow),
        ..JUDGE
    };
    assert!(search(broken, 1).unwrap_err().contains("stuck"));
}

#[test]
fn cross_transfer_of_two_agents_at_the_same_time() {
    let mut rooms = [Room { used: 1, most: 1 }, Room { used: 1, most: 1 }];
    let row = |number| Row {
        state: State::Active,
        epoch: 1,
        agent: Some(agent(number)),
    };
    let (mut mine, theirs) = (row(0), row(1));
    let [first, second] = &mut rooms;
    // Both are full: neither can take the other's before giving up their own, and nothing is lost.
    let refused = transfer(&mut mine, (agent(0), first), (agent(1), second), 1);
    assert_eq!(refused, Err(Refusal::NoRoom));
    assert_eq!((mine, theirs), (row(0), row(1)));
    second.most = 2;
    assert_eq!(
        transfer(&mut mine, (agent(0), first), (agent(1), second), 1),
        Ok(())
    );
    let mut theirs = theirs;
    assert_eq!(
        transfer(&mut theirs, (agent(1), second), (agent(0), first), 1),
        Ok(())
    );
    assert_eq!((first.used, second.used), (1, 1));
    assert_eq!((mine.agent, theirs.agent), (Some(agent(1)), Some(agent(0))));
}

#[test]
fn a_person_and_an_assistant_never_both_may_speak() {
    let (person, assistant) = (agent(1), agent(2));
    let mut speaker = Speaker::default();
    let assistants = speaker.take(0, assistant).unwrap();
    assert_eq!(speaker.may_say(assistant, assistants), Ok(()));
    let persons = speaker.take(assistants, person).unwrap();
    assert_eq!(speaker.may_say(person, persons), Ok(()));
    // What the assistant still has under way is refused, and it cannot take the right back unseen.
    assert_eq!(speaker.may_say(assistant, assistants), Err(Refusal::Stale));
    assert_eq!(speaker.may_say(assistant, persons), Err(Refusal::NotTheirs));
    assert_eq!(speaker.take(assistants, assistant), Err(Refusal::Stale));
}
