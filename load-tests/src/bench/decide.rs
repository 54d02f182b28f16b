//! How long a routing decision takes in memory, and how much memory an engine needs.
//!
//! Every agent is full and a backlog waits, as at the worst hour: work ends, work comes, people come and
//! go, time passes. Each event is timed from its arrival until everything that it allows is handed out,
//! in time of the processor, so that whatever else runs on the machine counts little.

use crate::summary::Summary;
use chrono::{DateTime, TimeDelta, Utc};
use interdesk_domain::id::{AgentId, QueueId, WorkItemId};
use interdesk_domain::routing::Engine;
use interdesk_domain::routing::model::*;
use interdesk_domain::routing::simulate::Chance;
use rustix::time::{ClockId, clock_gettime};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;
use uuid::Uuid;

const SKILLS: u64 = 50;
const QUEUES: u64 = 10;

/// How many events each desk goes through.
const EVENTS: u64 = 100_000;

/// Measures a large desk, and a tenth of its agents beside the same backlog.
pub(super) fn measure(summary: &mut Summary) {
    println!("\nDeciding in memory: 10,000 agents, 100,000 waiting …");
    let (large, memory) = times(10_000, 100_000);
    println!("Deciding in memory: 1,000 agents, 100,000 waiting …");
    let (small, _) = times(1_000, 100_000);
    let at = |list: &[Duration], permille: usize| {
        let place = (list.len() * permille / 1_000).min(list.len().saturating_sub(1));
        list.get(place)
            .map_or(f64::NAN, |time| time.as_nanos() as f64 / 1_000.0)
    };
    let rows = [
        (
            "routing.decision_p50_us",
            at(&large, 500),
            "a decision with 10,000 agents, 50 skills, 100,000 waiting, µs (target: 20)",
        ),
        (
            "routing.decision_p99_us",
            at(&large, 990),
            "the same, p99 (target: 100)",
        ),
        (
            "routing.decision_1000_p50_us",
            at(&small, 500),
            "a decision with 1,000 agents and the same backlog",
        ),
        (
            "routing.decision_growth",
            at(&large, 500) / at(&small, 500),
            "times as long with ten times the agents (target: at most 1.5)",
        ),
        (
            "routing.engine_mib",
            memory as f64,
            "what the large engine holds, MiB (target: under 500)",
        ),
    ];
    for (name, value, what) in rows {
        summary.add(name, value, what);
    }
}

/// Returns the times of all decisions of a desk, sorted, and by how many MiB the process grew for it.
fn times(agents: u64, waiting: u64) -> (Vec<Duration>, u64) {
    let before = resident_mib();
    let mut desk = Desk::new(agents, waiting);
    let memory = resident_mib().saturating_sub(before);
    let mut times = Vec::new();
    for event in 0..EVENTS {
        desk.step(event, agents, &mut times);
    }
    times.sort();
    (times, memory)
}

/// A desk at its worst hour.
struct Desk {
    dice: Chance,
    now: DateTime<Utc>,
    engine: Engine,
    items: u64,
    /// Who holds what, in the order in which it was handed out.
    held: VecDeque<(AgentId, WorkItemId)>,
    away: VecDeque<AgentId>,
}

impl Desk {
    fn new(agents: u64, waiting: u64) -> Self {
        let mut dice = Chance::new(7);
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default();
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

    fn step(&mut self, event: u64, agents: u64, times: &mut Vec<Duration>) {
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
                self.settle()
            }
            2 => {
                self.put_item(1);
                self.settle()
            }
            _ => {
                let is_crowded = self.away.len() > 20;
                let back = self.away.pop_front_if(|_| is_crowded);
                let (agent, standing) = match back {
                    Some(agent) => (agent, Standing::Online),
                    None => (agent_id(self.dice.below(agents)), Standing::Away),
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
                self.settle()
            }
        };
        let took = processor_time() - began;
        for _ in 0..handed {
            times.push(took / handed);
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

fn agent(dice: &mut Chance, number: u64, now: DateTime<Utc>) -> Agent {
    let mut skills = BTreeMap::new();
    for _ in 0..5 {
        skills.insert(skill(dice), 1 + dice.below(3) as u8);
    }
    let mut memberships = BTreeMap::new();
    for rank in 0..2 {
        let queue = QueueId(Uuid::from_u128(dice.below(QUEUES).into()));
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
        idle_since: now - TimeDelta::milliseconds(dice.below(100_000) as i64),
        wrap_up_until: None,
        turns: BTreeMap::new(),
    }
}

fn item(dice: &mut Chance, number: u64, now: DateTime<Utc>, waited_most: u64) -> Item {
    let wanted = Skills::has(&skill(dice), 1 + dice.below(2) as u8);
    let skills = match dice.below(4) {
        0 => Skills::Any(vec![wanted, Skills::has(&skill(dice), 1)]),
        1 => Skills::NONE,
        _ => wanted,
    };
    let entered_at = now - TimeDelta::milliseconds(dice.below(waited_most * 1_000) as i64);
    Item {
        id: WorkItemId(Uuid::from_u128(number.into())),
        epoch: 1,
        queue: QueueId(Uuid::from_u128(dice.below(QUEUES).into())),
        class: [WorkClass::Message, WorkClass::Message, WorkClass::Email][dice.below(3) as usize],
        units: 1,
        priority: dice.below(3) as i16,
        vip: dice.below(20) == 0,
        skills,
        language: None,
        entered_at,
        deadlines: Deadlines {
            sla: Some(entered_at + TimeDelta::seconds(600 + dice.below(6_000) as i64)),
            reply_window: None,
        },
        not_before: None,
        preferred: None,
        refusals: Vec::new(),
    }
}

fn skill(dice: &mut Chance) -> String {
    format!("skill-{}", dice.below(SKILLS))
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
