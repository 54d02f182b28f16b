//! What a commit may do to a work item, its offer and an agent's room.
//!
//! Whatever was decided may be old by the time it is committed: another router decided too, the
//! agent answered late, the offer passed. These functions are the judge: each looks at the rows as
//! they are now and refuses, or changes item and room together. A test drives them through every
//! state that three agents, three items and two routers that crash can reach.

use super::choose::{Exclusion, room, room_by, room_to_answer};
use super::model::{Agent, Held};
use crate::id::AgentId;
use crate::work_item::WorkItemState;

/// A work item's row, as far as the judge looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row {
    /// Where it stands.
    pub state: State,
    /// Counts the times it was queued.
    pub epoch: i32,
    /// Who it is offered to, or who has it.
    pub agent: Option<AgentId>,
}

/// Where a work item stands; the part of [`WorkItemState`] that holds no paperwork.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Waits.
    Queued,
    /// Shown to one agent.
    Offered,
    /// An agent has it.
    Active,
    /// Finished.
    Done,
}

impl From<State> for WorkItemState {
    fn from(state: State) -> Self {
        match state {
            State::Queued => Self::Queued,
            State::Offered => Self::Offered,
            State::Active => Self::Active,
            State::Done => Self::Done,
        }
    }
}

/// The units that an agent holds and may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Room {
    /// What they hold.
    pub used: u32,
    /// What they may hold.
    pub most: u32,
}

/// Judges whether an agent has room for one more piece of work, over what they hold as it is now; then
/// they hold it.
///
/// `most_by_queue` is how many units they may hold by the queue that it comes by.
pub fn debit(agent: &mut Agent, work: Held, most_by_queue: Option<u32>) -> Result<(), Exclusion> {
    let mut refusal = room(agent, work.class, work.units);
    if let Some(most) = most_by_queue {
        refusal = refusal.or_else(|| room_by(agent, work.queue, work.units, most));
    }
    if work.is_offer {
        refusal = refusal.or_else(|| room_to_answer(agent));
    }
    refusal.map_or(Ok(()), Err)?;
    agent.held.push(work);
    Ok(())
}

/// Why a commit changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It was decided for an epoch that is over.
    #[error("it was decided for an epoch that is over")]
    Stale,
    /// The item is not in the state that this needs.
    #[error("the item is not in the state that this needs")]
    NotNow,
    /// It is somebody else's.
    #[error("it is somebody else's")]
    NotTheirs,
    /// The agent holds as much as they may.
    #[error("the agent holds as much as they may")]
    NoRoom,
}

impl Row {
    /// Begins to wait, in its first epoch.
    pub const QUEUED: Self = Self {
        state: State::Queued,
        epoch: 1,
        agent: None,
    };

    fn waits_in(&self, epoch: i32) -> Result<(), Refusal> {
        if self.epoch != epoch {
            return Err(Refusal::Stale);
        }
        match self.state {
            State::Queued => Ok(()),
            _ => Err(Refusal::NotNow),
        }
    }

    fn is_theirs(&self, state: State, epoch: i32, agent: AgentId) -> Result<(), Refusal> {
        if self.epoch != epoch {
            return Err(Refusal::Stale);
        }
        if self.state != state {
            return Err(Refusal::NotNow);
        }
        match self.agent == Some(agent) {
            true => Ok(()),
            false => Err(Refusal::NotTheirs),
        }
    }
}

/// Shows a waiting item to an agent, as a router decided in an epoch.
pub fn offer(row: &mut Row, room: &mut Room, epoch: i32, agent: AgentId) -> Result<(), Refusal> {
    hand(row, room, epoch, agent, State::Offered)
}

/// Gives a waiting item to an agent at once: a push, or a person who takes it.
pub fn give(row: &mut Row, room: &mut Room, epoch: i32, agent: AgentId) -> Result<(), Refusal> {
    hand(row, room, epoch, agent, State::Active)
}

fn hand(
    row: &mut Row,
    room: &mut Room,
    epoch: i32,
    agent: AgentId,
    state: State,
) -> Result<(), Refusal> {
    row.waits_in(epoch)?;
    if room.used >= room.most {
        return Err(Refusal::NoRoom);
    }
    room.used += 1;
    row.state = state;
    row.agent = Some(agent);
    Ok(())
}

/// Lets the agent have what is offered to them; the room stays theirs.
pub fn accept(row: &mut Row, epoch: i32, agent: AgentId) -> Result<(), Refusal> {
    row.is_theirs(State::Offered, epoch, agent)?;
    row.state = State::Active;
    Ok(())
}

/// Ends an offer that was declined, passed or was taken back: the item waits in its next epoch.
pub fn end_offer(
    row: &mut Row,
    room: &mut Room,
    epoch: i32,
    agent: AgentId,
) -> Result<(), Refusal> {
    row.is_theirs(State::Offered, epoch, agent)?;
    requeue(row, room);
    Ok(())
}

/// Gives an item back whose agent released it or was lost: it waits in its next epoch.
pub fn give_back(
    row: &mut Row,
    room: &mut Room,
    epoch: i32,
    agent: AgentId,
) -> Result<(), Refusal> {
    row.is_theirs(State::Active, epoch, agent)?;
    requeue(row, room);
    Ok(())
}

/// Finishes an item.
pub fn finish(row: &mut Row, room: &mut Room, epoch: i32, agent: AgentId) -> Result<(), Refusal> {
    row.is_theirs(State::Active, epoch, agent)?;
    room.used -= 1;
    row.state = State::Done;
    row.agent = None;
    Ok(())
}

fn requeue(row: &mut Row, room: &mut Room) {
    room.used -= 1;
    row.state = State::Queued;
    row.agent = None;
    row.epoch += 1;
}

/// Moves an item from one agent to another, with the room of both, in one step.
pub fn transfer(
    row: &mut Row,
    from: (AgentId, &mut Room),
    to: (AgentId, &mut Room),
    epoch: i32,
) -> Result<(), Refusal> {
    row.is_theirs(State::Active, epoch, from.0)?;
    if to.1.used >= to.1.most {
        return Err(Refusal::NoRoom);
    }
    to.1.used += 1;
    from.1.used -= 1;
    row.agent = Some(to.0);
    row.epoch += 1;
    Ok(())
}

/// The right to speak in a conversation: one holder, person or assistant, at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Speaker {
    /// Counts the times that the right changed hands.
    pub epoch: u64,
    /// Who has it.
    pub holder: Option<AgentId>,
}

impl Speaker {
    /// Gives the right to somebody who saw it in an epoch; whoever had it has it no more.
    ///
    /// Returns the epoch that their words have to carry.
    pub fn take(&mut self, seen: u64, agent: AgentId) -> Result<u64, Refusal> {
        if self.epoch != seen {
            return Err(Refusal::Stale);
        }
        self.epoch += 1;
        self.holder = Some(agent);
        Ok(self.epoch)
    }

    /// Tells whether words of an agent that carry an epoch may be said.
    pub fn may_say(&self, agent: AgentId, epoch: u64) -> Result<(), Refusal> {
        if self.epoch != epoch {
            return Err(Refusal::Stale);
        }
        match self.holder == Some(agent) {
            true => Ok(()),
            false => Err(Refusal::NotTheirs),
        }
    }
}
