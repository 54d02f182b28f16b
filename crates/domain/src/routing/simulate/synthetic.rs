//! Days that are made up: calm, peak, skewed skills, outage and mixed deadlines, for teams of any
//! size.

use super::chance::Chance;
use super::scenario::{Arrival, Change, Conduct, Scenario, What};
use crate::id::{AgentId, QueueId, WorkItemId};
use crate::routing::model::*;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What kind of day it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Three quarters of what can be done comes.
    Calm,
    /// For an hour a third more comes than can be done.
    Peak,
    /// Few can do what much work asks for.
    SkewedSkills,
    /// A third of the agents is lost from sight for half an hour.
    Outage,
    /// Some work has a minute, some ten, some an hour.
    MixedDeadlines,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Calm,
        Self::Peak,
        Self::SkewedSkills,
        Self::Outage,
        Self::MixedDeadlines,
    ];

    /// Names it, as on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Peak => "peak",
            Self::SkewedSkills => "skewed-skills",
            Self::Outage => "outage",
            Self::MixedDeadlines => "mixed-deadlines",
        }
    }

    /// Finds a kind by its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Returns how much comes at an hour of the day, of what can be done, in thousandths.
    fn load(self, hour: f64) -> f64 {
        let is_peak = (1.5..2.5).contains(&hour);
        match self {
            Self::Calm => 750.0,
            Self::Peak if is_peak => 1_300.0,
            Self::Peak => 700.0,
            Self::SkewedSkills => 850.0,
            Self::Outage => 800.0,
            Self::MixedDeadlines if is_peak => 1_150.0,
            Self::MixedDeadlines => 850.0,
        }
    }
}

/// For how long work comes.
const HOURS: f64 = 4.0;

/// The skills of the made-up agents, the most asked for first.
const SKILLS: [&str; 4] = ["orders", "returns", "billing", "technical"];

/// What a made-up day is made of; equal ones are the same day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Recipe {
    /// What kind of day.
    pub kind: Kind,
    /// How many agents.
    pub agents: u64,
    /// How much comes, in thousandths of what usually comes on such a day.
    pub load_permille: u32,
    /// Whether agents are asked, answer after a few seconds and finish the paperwork.
    pub asks: bool,
    /// Which of all such days.
    pub seed: u64,
}

impl Recipe {
    /// Takes a usual day of a kind.
    pub fn usual(kind: Kind, agents: u64, seed: u64) -> Self {
        Self {
            kind,
            agents,
            load_permille: 1_000,
            asks: false,
            seed,
        }
    }
}

/// Makes up a day.
pub fn scenario(recipe: Recipe) -> Scenario {
    let Recipe {
        kind, agents, seed, ..
    } = recipe;
    let mut chance = Chance::new(seed ^ (agents << 32) ^ ((kind as u64) << 48));
    let starts_at = DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default();
    let queues = queues(recipe);
    let mut state = State {
        queues: queues
            .iter()
            .map(|(queue, _)| (queue.id, queue.clone()))
            .collect(),
        ..State::default()
    };
    for number in 0..agents {
        let agent = agent(kind, number, starts_at, &mut chance);
        state.agents.insert(agent.id, agent);
    }
    let arrivals = arrivals(recipe, &state, &queues, starts_at, &mut chance);
    Scenario {
        name: format!("{} × {agents} × {seed}", kind.name()),
        starts_at,
        changes: changes(kind, agents, starts_at),
        state,
        arrivals,
        conduct: match recipe.asks {
            true => Conduct {
                answers_after: TimeDelta::seconds(6),
                wraps_up_for: TimeDelta::seconds(20),
                ..Conduct::default()
            },
            false => Conduct::default(),
        },
    }
}

/// The queues, each with its share of what comes.
fn queues(recipe: Recipe) -> Vec<(Queue, u64)> {
    let shape: &[(u32, u32, u64)] = match recipe.kind {
        // Target and average handling time in seconds, share of what comes.
        Kind::Calm => &[(120, 300, 60), (300, 300, 40)],
        Kind::Peak | Kind::Outage => &[(180, 240, 50), (600, 360, 50)],
        Kind::SkewedSkills => &[(300, 300, 100)],
        Kind::MixedDeadlines => &[(60, 180, 30), (600, 300, 50), (3_600, 480, 20)],
    };
    let mode = match recipe.asks {
        true => Mode::Offer,
        false => Mode::Push,
    };
    let strategy = match recipe.kind {
        Kind::SkewedSkills => Strategy::FewestOtherSkills,
        _ => Strategy::LongestIdle,
    };
    let queue = |(place, (target, handling, share)): (usize, &(u32, u32, u64))| {
        let queue = Queue {
            id: queue_id(place),
            version: 1,
            mode,
            strategy,
            open: true,
            target_seconds: *target,
            // About as long as a peak lasts, so that a peak passes before its lost work is owed.
            patience_seconds: 3_600,
            handling_seconds: PerClass::all(*handling),
            ranks: 0,
            ladder: Vec::new(),
            length_limit: None,
            wait_limit: None,
        };
        (queue, *share)
    };
    shape.iter().enumerate().map(queue).collect()
}

fn queue_id(place: usize) -> QueueId {
    QueueId(Uuid::from_u128(1 + place as u128))
}

fn agent_id(number: u64) -> AgentId {
    AgentId(Uuid::from_u128(1 + u128::from(number)))
}

fn agent(kind: Kind, number: u64, now: DateTime<Utc>, chance: &mut Chance) -> Agent {
    let member = Membership {
        rank: 0,
        most: None,
    };
    let skills = match kind {
        Kind::SkewedSkills => skills_of(number),
        _ => BTreeMap::new(),
    };
    Agent {
        id: agent_id(number),
        kind: AgentKind::Person,
        enabled: true,
        standing: Standing::Online,
        reachable: true,
        on_schedule: true,
        languages: BTreeSet::new(),
        skills,
        memberships: (0..3).map(|place| (queue_id(place), member)).collect(),
        capacity: Capacity {
            total: 2,
            most: PerClass::all(2),
            interruptible: PerClass::all(false),
            open_offers: 2,
        },
        held: Vec::new(),
        idle_since: now - TimeDelta::milliseconds(chance.below(600_000) as i64),
        wrap_up_until: None,
        turns: BTreeMap::new(),
    }
}

/// Everybody can do what is asked for most; every second one more, every fourth three, every eighth
/// all: enough for what comes, if who can do more is kept for it.
fn skills_of(number: u64) -> BTreeMap<String, u8> {
    let count = match number % 8 {
        0 => 4,
        4 => 3,
        2 | 6 => 2,
        _ => 1,
    };
    let skills = SKILLS.iter().take(count);
    skills.map(|skill| ((*skill).to_owned(), 1)).collect()
}

fn arrivals(
    recipe: Recipe,
    state: &State,
    queues: &[(Queue, u64)],
    starts_at: DateTime<Utc>,
    chance: &mut Chance,
) -> Vec<Arrival> {
    let kind = recipe.kind;
    let load = f64::from(recipe.load_permille) / 1_000.0;
    let shares: u64 = queues.iter().map(|(_, share)| share).sum();
    let work: f64 = queues
        .iter()
        .map(|(queue, share)| f64::from(queue.handling_seconds.message) * *share as f64)
        .sum();
    let mean_handling = work / shares as f64;
    let room: u32 = state
        .agents
        .values()
        .map(|agent| agent.capacity.total)
        .sum();
    let most_per_second = f64::from(room) / mean_handling * 1.3 * load;
    let mut arrivals = Vec::new();
    let mut seconds = 0.0;
    loop {
        // Thinning: as many as at the busiest hour, of which so many stay.
        seconds += chance.exponential(1.0 / most_per_second);
        let hour = seconds / 3_600.0;
        if hour >= HOURS {
            break;
        }
        if !chance.permille((kind.load(hour) / 1.3) as u64) {
            continue;
        }
        let mut ticket = chance.below(shares);
        let drawn = queues.iter().find(|(_, share)| {
            let is_here = ticket < *share;
            ticket = ticket.saturating_sub(*share);
            is_here
        });
        let Some((queue, _)) = drawn else {
            continue;
        };
        let entered_at = starts_at + TimeDelta::milliseconds((seconds * 1_000.0) as i64);
        let item = item(kind, arrivals.len(), queue, entered_at, chance);
        let mean_ms = f64::from(queue.handling_seconds.message) * 1_000.0;
        arrivals.push(Arrival {
            item,
            handling: TimeDelta::milliseconds(chance.duration_ms(mean_ms)),
            gives_up_after: None,
            declines: 0,
            next: None,
        });
    }
    arrivals
}

fn item(
    kind: Kind,
    number: usize,
    queue: &Queue,
    entered_at: DateTime<Utc>,
    chance: &mut Chance,
) -> Item {
    let asked = match chance.below(100) {
        0..55 => 0,
        55..80 => 1,
        80..92 => 2,
        _ => 3,
    };
    let skills = match kind {
        Kind::SkewedSkills => Skills::has(SKILLS[asked], 1),
        _ => Skills::NONE,
    };
    Item {
        id: WorkItemId(Uuid::from_u128(1 + number as u128)),
        epoch: 1,
        queue: queue.id,
        class: WorkClass::Message,
        units: 1,
        // A priority asks for something else than the fewest misses.
        priority: 0,
        vip: false,
        skills,
        language: None,
        entered_at,
        deadlines: Deadlines::default(),
        not_before: None,
        preferred: None,
        refusals: Vec::new(),
    }
}

fn changes(kind: Kind, agents: u64, starts_at: DateTime<Utc>) -> Vec<Change> {
    if kind != Kind::Outage {
        return Vec::new();
    }
    let mut changes = Vec::new();
    for (minutes, reachable) in [(90, false), (120, true)] {
        for number in (0..agents).filter(|number| number % 3 == 0) {
            let presence = AgentPresence {
                standing: Standing::Online,
                reachable,
                on_schedule: true,
            };
            changes.push(Change {
                at: starts_at + TimeDelta::minutes(minutes),
                what: What::Presence(agent_id(number), presence),
            });
        }
    }
    changes
}
