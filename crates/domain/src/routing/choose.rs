//! Who may have a work item, and who of them gets it.

use super::model::*;
use crate::id::{AgentId, QueueId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Why an agent cannot have a work item at a moment, with the facts that say so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Exclusion {
    /// They serve none of the queues that are asked.
    NotMember,
    /// They may be given no work.
    Disabled,
    /// They are an assistant, and all assistants are stopped.
    AssistantsStopped,
    /// They are not online.
    NotOnline {
        /// What they are instead.
        standing: Standing,
    },
    /// No sign of life came within the presence lease.
    Unreachable,
    /// Their schedule does not have them at work.
    OffSchedule,
    /// They finish the paperwork of what they had.
    WrappingUp {
        /// Until when.
        until: DateTime<Utc>,
    },
    /// Members of their rank are not asked yet.
    RankNotAsked {
        /// Their rank.
        rank: u8,
        /// Up to which rank members are asked.
        asked: u8,
    },
    /// They do not answer in the language.
    LacksLanguage {
        /// Which.
        language: String,
    },
    /// They do not have the skills.
    LacksSkills {
        /// Their levels in the skills that are named.
        levels: Levels,
    },
    /// They hold as much as they may of all classes.
    AtCapacity {
        /// What they hold that counts beside such work.
        held: u32,
        /// What the item would add.
        units: u32,
        /// What they may hold.
        most: u32,
    },
    /// They hold as much as they may of the class.
    AtClassLimit {
        /// What they hold of it.
        held: u32,
        /// What the item would add.
        units: u32,
        /// What they may hold.
        most: u32,
    },
    /// They hold as much as they may by the queue.
    AtQueueLimit {
        /// Which queue.
        queue: QueueId,
        /// What they hold by it.
        held: u32,
        /// What the item would add.
        units: u32,
        /// What they may hold.
        most: u32,
    },
    /// They have as many offers to answer as they may.
    OffersOpen {
        /// How many wait for their answer.
        open: u32,
        /// How many may.
        most: u32,
    },
    /// It is kept for somebody else for a while.
    KeptFor {
        /// For whom.
        agent: AgentId,
        /// Until when.
        until: DateTime<Utc>,
    },
    /// They refused it, and are not asked again.
    Refused,
    /// They refused it a short while ago.
    Resting {
        /// Until when they are left in peace.
        until: DateTime<Utc>,
    },
}

/// The levels of an agent in some skills.
pub type Levels = std::collections::BTreeMap<String, u8>;

/// How good an agent is for a work item; the smaller is better, compared field by field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Score {
    /// Whether they are asked only because nobody else is left.
    pub last_resort: bool,
    /// Whether they are somebody else than who should have it.
    pub not_preferred: bool,
    /// The place of the queue that they serve it by among those that are asked.
    pub queue: usize,
    /// Their rank in that queue.
    pub rank: u8,
    /// What that queue's strategy compares first.
    pub first: i64,
    /// What it compares next.
    pub second: i64,
    /// Who; the last tie rule.
    pub agent: AgentId,
}

/// How equals are told apart, in words.
pub const TIE_RULE: &str = "last resort last, preferred first, then queue, rank, the queue's \
     strategy, idle longest (or least load), lowest agent id";

/// Tells whether an agent may have any work at all at a moment.
pub(super) fn gate(state: &State, agent: &Agent, now: DateTime<Utc>) -> Option<Exclusion> {
    if !agent.enabled {
        return Some(Exclusion::Disabled);
    }
    if agent.kind == AgentKind::Assistant && state.assistants_stopped {
        return Some(Exclusion::AssistantsStopped);
    }
    if agent.standing != Standing::Online {
        let standing = agent.standing;
        return Some(Exclusion::NotOnline { standing });
    }
    if !agent.reachable {
        return Some(Exclusion::Unreachable);
    }
    if !agent.on_schedule {
        return Some(Exclusion::OffSchedule);
    }
    let wrapping = agent.wrap_up_until.filter(|until| *until > now);
    wrapping.map(|until| Exclusion::WrappingUp { until })
}

/// Tells by which of the asked queues an agent serves, and otherwise why by none.
pub(super) fn serves_by(ask: &Ask, agent: &Agent) -> Result<(usize, Membership), Exclusion> {
    let mut lowest: Option<u8> = None;
    for (place, queue) in ask.queues.iter().enumerate() {
        let Some(membership) = agent.memberships.get(queue) else {
            continue;
        };
        if membership.rank <= ask.ranks {
            return Ok((place, *membership));
        }
        lowest = Some(lowest.map_or(membership.rank, |rank| rank.min(membership.rank)));
    }
    Err(match lowest {
        None => Exclusion::NotMember,
        Some(rank) => Exclusion::RankNotAsked {
            rank,
            asked: ask.ranks,
        },
    })
}

/// Tells whether an agent can do what is asked, whatever they are doing now.
pub(super) fn is_able(ask: &Ask, agent: &Agent) -> Result<(), Exclusion> {
    if let Some(language) = &ask.language
        && !agent.languages.contains(language)
    {
        let language = language.clone();
        return Err(Exclusion::LacksLanguage { language });
    }
    if !ask.skills.are_met_by(&agent.skills) {
        let levels = levels(&ask.skills, agent);
        return Err(Exclusion::LacksSkills { levels });
    }
    Ok(())
}

/// Returns an agent's levels in the skills that an expression names.
pub(super) fn levels(skills: &Skills, agent: &Agent) -> Levels {
    let names = skills.names().into_iter();
    names
        .map(|name| (name.to_owned(), agent.level(name)))
        .collect()
}

/// Tells whether an agent has room for units of a class.
pub(super) fn room(agent: &Agent, class: WorkClass, units: u32) -> Option<Exclusion> {
    let (held, most) = (agent.load_beside(class), agent.capacity.total);
    if held.saturating_add(units) > most {
        return Some(Exclusion::AtCapacity { held, units, most });
    }
    let (held, most) = (agent.load_of(class), agent.capacity.most.of(class));
    (held.saturating_add(units) > most).then_some(Exclusion::AtClassLimit { held, units, most })
}

/// Tells whether an agent has room for units by a queue.
pub(super) fn room_by(agent: &Agent, queue: QueueId, units: u32, most: u32) -> Option<Exclusion> {
    let held = agent.load_by(queue);
    let is_full = held.saturating_add(units) > most;
    is_full.then_some(Exclusion::AtQueueLimit {
        queue,
        held,
        units,
        most,
    })
}

/// Tells whether an agent may have one more offer to answer.
pub(super) fn room_to_answer(agent: &Agent) -> Option<Exclusion> {
    let (open, most) = (agent.open_offers(), agent.capacity.open_offers);
    (open >= most).then_some(Exclusion::OffersOpen { open, most })
}

/// Judges whether an agent may have a work item at a moment, and how good they are for it.
///
/// The one place where eligibility is written down: the reference, the engine and every
/// explanation ask here.
pub(super) fn judge(
    state: &State,
    ask: &Ask,
    item: &Item,
    agent: &Agent,
    now: DateTime<Utc>,
) -> Result<Score, Exclusion> {
    let (place, membership) = serves_by(ask, agent).or_else(|reason| {
        // Whoever is not even there hears that first.
        gate(state, agent, now).map_or(Err(reason), Err)
    })?;
    if let Some(reason) = gate(state, agent, now) {
        return Err(reason);
    }
    is_able(ask, agent)?;
    let queue = ask.queues[place];
    if let Some(reason) = room(agent, item.class, item.takes()) {
        return Err(reason);
    }
    if let Some(most) = membership.most {
        room_by(agent, state.held_by(queue), item.takes(), most).map_or(Ok(()), Err)?;
    }
    if is_offered(state, item) {
        room_to_answer(agent).map_or(Ok(()), Err)?;
    }
    kept_from(item, agent.id, now).map_or(Ok(()), Err)?;
    let by = state.queues.get(&queue).map(|queue| queue.strategy);
    let (first, second) = compared(by, queue, &ask.skills, agent);
    Ok(Score {
        last_resort: item.rest_of(agent.id) == Some(Rest::LastResort),
        not_preferred: item.preferred.is_none_or(|kept| kept.agent != agent.id),
        queue: place,
        rank: membership.rank,
        first,
        second,
        agent: agent.id,
    })
}

/// Tells whether an item's queue asks agents first.
pub(super) fn is_offered(state: &State, item: &Item) -> bool {
    let queue = state.queue_of(item);
    queue.is_some_and(|queue| queue.mode == Mode::Offer)
}

fn kept_from(item: &Item, agent: AgentId, now: DateTime<Utc>) -> Option<Exclusion> {
    if let Some(kept) = item.preferred
        && kept.agent != agent
        && kept.until > now
    {
        let (agent, until) = (kept.agent, kept.until);
        return Some(Exclusion::KeptFor { agent, until });
    }
    match item.rest_of(agent)? {
        Rest::Never => Some(Exclusion::Refused),
        Rest::Until(until) if until > now => Some(Exclusion::Resting { until }),
        Rest::Until(_) | Rest::LastResort => None,
    }
}

/// Returns what a strategy compares, smaller first.
pub(super) fn compared(
    strategy: Option<Strategy>,
    queue: QueueId,
    skills: &Skills,
    agent: &Agent,
) -> (i64, i64) {
    let idle = agent.idle_since.timestamp_millis();
    let load = i64::from(agent.load());
    match strategy.unwrap_or(Strategy::LongestIdle) {
        Strategy::LongestIdle => (idle, load),
        Strategy::LeastLoaded => (load, idle),
        Strategy::MostSpare => (load - i64::from(agent.capacity.total), idle),
        Strategy::RoundRobin => (agent.turns.get(&queue).map_or(0, |turn| *turn as i64), idle),
        Strategy::BestSkill => {
            let level = skills.leading().map_or(0, |skill| agent.level(skill));
            (-i64::from(level), idle)
        }
        // Who is able has every needed skill, so for one item the second number is one for all.
        Strategy::FewestOtherSkills => {
            let others = i64::from(agent.breadth()) - i64::from(skills.least_breadth());
            (others, idle)
        }
    }
}

/// Puts an assignment into words that can be carried out.
pub(super) fn assignment(state: &State, ask: &Ask, item: &Item, score: Score) -> Assignment {
    Assignment {
        item: item.id,
        epoch: item.epoch,
        agent: score.agent,
        queue: ask.queues[score.queue],
        is_offer: is_offered(state, item),
    }
}
