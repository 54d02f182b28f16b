//! How long a routing decision takes in memory, and how much memory an engine needs.
//!
//! `cargo bench -p interdesk-domain` prints a table for `docs/benchmarks.md`. Every agent is full and
//! a backlog waits, as at the worst hour: work ends, work comes, people come and go, time passes.
//! Each event is timed from its arrival until everything that it allows is handed out, in time of the
//! processor, so that whatever else runs on the machine counts little.

#![allow(clippy::unwrap_used)]

use chrono::{DateTime, TimeDelta, Utc};
use interdesk_domain::id::{AgentId, QueueId, WorkItemId};
use interdesk_domain::routing::Engine;
use interdesk_domain::routing::model::*;
use rustix::time::{ClockId, clock_gettime};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;
use uuid::Uuid;

const SKILLS: u64 = 50;
const QUEUES: u64 = 10;

fn main() {
    // Cargo passes --bench when it measures; as a test of itself a small desk is enough.
    let measures = std::env::args().any(|argument| argument == "--bench");
    let (events, sizes): (u64, &[(u64, u64)]) = match measures {
        true => (
            200_000,
            &[(10_000, 100_000), (1_000, 100_000), (10_000, 1_000)],
        ),
        false => (500, &[(50, 200)]),
    };
    println!("| agents | waiting | event | count | p50 µs | p99 µs | p99.9 µs |");
    println!("|---:|---:|---|---:|---:|---:|---:|");
    let mut memory = None;
    for (agents, waiting) in sizes {
        let grown = measure(*agents, *waiting, events);
        // Later desks live in what the first one left behind, so only the first tells.
        memory = memory.or(Some(grown));
    }
    println!("the first desk holds {} MiB", memory.unwrap_or(0));
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        // SplitMix64 (Steele, Lea, Flood 2014).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}

/// A desk at its worst hour.
struct Desk {
    dice: Dice,
    now: DateTime<Utc>,
    engine: Engine,
    items: u64,
    /// Who holds what, in the order in which it was handed out.
    held: VecDeque<(AgentId, WorkItemId)>,
    away: VecDeque<AgentId>,
}

#[derive(Default)]
struct Times {
    decided: Vec<Duration>,
    ended: Vec<Duration>,
    came: Vec<Duration>,
    moved: Vec<Duration>,
}

/// Prints the times of one desk; returns by how many MiB the process grew for it.
fn measure(agents: u64, waiting: u64, events: u64) -> u64 {
    let before = resident_mib();
    let mut desk = Desk::new(agents, waiting);
    let memory = resident_mib() - before;
    let mut times = Times::default();
    for event in 0..events {
        desk.step(event, agents, &mut times);
    }
    let waits = desk.engine.state().items.len();
    let rows = [
        ("a decision, whatever led to it", times.decided),
        ("work ends, its agent gets the next", times.ended),
        ("work comes, all are full", times.came),
        ("somebody comes or goes", times.moved),
    ];
    for (name, mut list) in rows {
        list.sort();
        let at = |permille: usize| {
            let place = (list.len() * permille / 1_000).min(list.len().saturating_sub(1));
            list.get(place)
                .map_or(0.0, |time| time.as_nanos() as f64 / 1_000.0)
        };
        println!(
            "| {agents} | {waits} | {name} | {} | {:.1} | {:.1} | {:.1} |",
            list.len(),
            at(500),
            at(990),
            at(999),
        );
    }
    memory
}

impl Desk {
    fn new(agents: u64, waiting: u64) -> Self {
        let mut dice = Dice(7);
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let mut state = State::default();
        for number in 0..QUEUES {
            let queue = queue(number);
            state.queues.insert(queue.id, queue);
        }
        for number in 0..agents {
            let agent = agent(&mut dice, number, now);
            state.agents.insert(agent.id, agent);
        }
        let mut desk = Self {
            dice,
            now,
            engine: Engine::new(state, now),
            items: 0,
            held: VecDeque::new(),
            away: VecDeque::new(),
        };
        // Enough to fill everybody, and the backlog on top of that.
        for round in 0.. {
            for _ in 0..agents.max(1_000) {
                desk.put_item(7_200);
            }
            desk.settle();
            let waits = desk.engine.state().items.len() as u64;
            if waits >= waiting || round > 1_000 {
                break;
            }
        }
        desk
    }

    fn step(&mut self, event: u64, agents: u64, times: &mut Times) {
        if event.is_multiple_of(10) {
            self.now += TimeDelta::milliseconds(20);
        }
        let began = processor_time();
        self.engine.advance(self.now);
        let handed = match event % 4 {
            0 | 1 => {
                let Some((agent, item)) = self.held.pop_front() else {
                    return;
                };
                let after = Release {
                    at: self.now,
                    wrap_up_until: None,
                };
                self.engine.release(agent, item, after);
                let handed = self.settle();
                times.ended.push(processor_time() - began);
                handed
            }
            2 => {
                self.put_item(1);
                let handed = self.settle();
                times.came.push(processor_time() - began);
                handed
            }
            _ => {
                let (agent, standing) = match self.away.len() > 20 {
                    true => (self.away.pop_front().unwrap(), Standing::Online),
                    false => (agent_id(self.dice.roll(agents)), Standing::Away),
                };
                if standing == Standing::Away {
                    self.away.push_back(agent);
                }
                let presence = AgentPresence {
                    standing,
                    reachable: true,
                    on_schedule: true,
                };
                self.engine.set_presence(agent, presence);
                let handed = self.settle();
                times.moved.push(processor_time() - began);
                handed
            }
        };
        let took = processor_time() - began;
        for _ in 0..handed {
            times.decided.push(took / handed);
        }
        // Untimed, so that the backlog stays as it is.
        if event.is_multiple_of(4) {
            self.put_item(1);
            self.settle();
        }
    }

    /// Hands out; returns how many assignments that made.
    fn settle(&mut self) -> u32 {
        let given = self.engine.settle();
        let count = given.len() as u32;
        let held = given.iter().map(|given| (given.agent, given.item));
        self.held.extend(held);
        count
    }

    fn put_item(&mut self, waited_most: u64) {
        self.items += 1;
        let item = item(&mut self.dice, self.items, self.now, waited_most);
        self.engine.put_item(item);
    }
}

fn queue(number: u64) -> Queue {
    Queue {
        id: QueueId(Uuid::from_u128(number.into())),
        version: 1,
        mode: Mode::Offer,
        strategy: Strategy::ALL[number as usize % Strategy::ALL.len()],
        open: true,
        target_seconds: 3_600,
        patience_seconds: 900,
        handling_seconds: PerClass::all(300),
        ranks: 0,
        ladder: vec![
            Step {
                after_seconds: 1_800,
                during: None,
                relax: Relax::Levels(1),
            },
            Step {
                after_seconds: 5_400,
                during: None,
                relax: Relax::Ranks(1),
            },
        ],
        length_limit: None,
        wait_limit: None,
    }
}

fn agent_id(number: u64) -> AgentId {
    AgentId(Uuid::from_u128(number.into()))
}

fn agent(dice: &mut Dice, number: u64, now: DateTime<Utc>) -> Agent {
    let mut skills = BTreeMap::new();
    for _ in 0..5 {
        skills.insert(skill(dice), 1 + dice.roll(3) as u8);
    }
    let mut memberships = BTreeMap::new();
    for rank in 0..2 {
        let queue = QueueId(Uuid::from_u128(dice.roll(QUEUES).into()));
        memberships
            .entry(queue)
            .or_insert(Membership { rank, most: None });
    }
    Agent {
        id: agent_id(number),
        kind: AgentKind::Person,
        enabled: true,
        standing: Standing::Online,
        reachable: true,
        on_schedule: true,
        languages: BTreeSet::from(["en".to_owned()]),
        skills,
        memberships,
        capacity: Capacity {
            total: 3,
            most: PerClass {
                message: 3,
                email: 2,
                call: 0,
                task: 0,
            },
            interruptible: PerClass::all(false),
            open_offers: 3,
        },
        held: Vec::new(),
        idle_since: now - TimeDelta::milliseconds(dice.roll(100_000) as i64),
        wrap_up_until: None,
        turns: BTreeMap::new(),
    }
}

fn item(dice: &mut Dice, number: u64, now: DateTime<Utc>, waited_most: u64) -> Item {
    let wanted = Skills::has(&skill(dice), 1 + dice.roll(2) as u8);
    let skills = match dice.roll(4) {
        0 => Skills::Any(vec![wanted, Skills::has(&skill(dice), 1)]),
        1 => Skills::NONE,
        _ => wanted,
    };
    let entered_at = now - TimeDelta::milliseconds(dice.roll(waited_most * 1_000) as i64);
    Item {
        id: WorkItemId(Uuid::from_u128(number.into())),
        epoch: 1,
        queue: QueueId(Uuid::from_u128(dice.roll(QUEUES).into())),
        class: [WorkClass::Message, WorkClass::Message, WorkClass::Email][dice.roll(3) as usize],
        units: 1,
        priority: dice.roll(3) as i16,
        vip: dice.roll(20) == 0,
        skills,
        language: None,
        entered_at,
        deadlines: Deadlines {
            sla: Some(entered_at + TimeDelta::seconds(600 + dice.roll(6_000) as i64)),
            reply_window: None,
        },
        not_before: None,
        preferred: None,
        refusals: Vec::new(),
    }
}

fn skill(dice: &mut Dice) -> String {
    format!("skill-{}", dice.roll(SKILLS))
}

/// Returns how long this thread has had a processor.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Reads how much memory the process holds; 0 where the system does not tell.
fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}
