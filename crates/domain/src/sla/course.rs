//! Where an episode stands for its clocks, and what an event adds to its history.

use super::log::moments;
use super::{Moment, Party, PolicyVersion, State, What};
use crate::conversation::ConversationStatus;
use crate::event::{Envelope, Event};
use crate::id::{AgentId, QueueId, ScheduleId, TeamId};

/// Where an episode stands after its moments so far.
///
/// Who has it is kept beyond its end: a clock belongs to whoever had the episode when it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// The state of the conversation.
    pub state: State,
    /// The priority.
    pub priority: i16,
    /// The policy that governs it.
    pub policy: Option<PolicyVersion>,
    /// The schedule by which it counts.
    pub schedule: Option<ScheduleId>,
    /// The queue that it is in, or was last.
    pub queue: Option<QueueId>,
    /// The team that has it, or had it last.
    pub team: Option<TeamId>,
    /// Who has it, or had it last.
    pub agent: Option<AgentId>,
    /// Whether the customer waits for an answer: a further message of theirs changes no clock then.
    pub asked: bool,
}

/// What an event means for an episode.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Read {
    /// What it adds to the history.
    pub moments: Vec<Moment>,
    /// Whom it names without giving them the episode: who is asked, or says no.
    pub asked: Option<AgentId>,
    /// Whether it may change which policy or schedule applies.
    pub choose: bool,
}

impl Default for Course {
    fn default() -> Self {
        Self {
            state: State::New,
            priority: 0,
            policy: None,
            schedule: None,
            queue: None,
            team: None,
            agent: None,
            asked: false,
        }
    }
}

impl Course {
    /// Reads an event of the conversation and follows it; the team is for the caller to find, who
    /// knows the teams of that time.
    pub fn read(&mut self, envelope: &Envelope) -> Read {
        let before = (self.priority, self.queue, self.agent);
        let mut read = Read {
            moments: moments(envelope),
            ..Read::default()
        };
        self.turn(&mut read.moments);
        match &envelope.event {
            Event::WorkItemQueued { queue, .. }
            | Event::WorkItemReleased { queue, .. }
            | Event::WorkItemTransferred {
                queue, to: None, ..
            } => {
                self.queue = Some(*queue);
            }
            Event::WorkItemTaken { queue, agent, .. }
            | Event::OfferAccepted { queue, agent, .. }
            | Event::WorkItemTransferred {
                queue,
                to: Some(agent),
                ..
            } => {
                (self.queue, self.agent) = (Some(*queue), Some(*agent));
            }
            Event::OfferMade { agent, .. }
            | Event::OfferDeclined { agent, .. }
            | Event::OfferExpired { agent, .. }
            | Event::OfferRescinded { agent, .. } => read.asked = Some(*agent),
            _ => {}
        }
        let begins = matches!(
            envelope.event,
            Event::ConversationOpened { .. }
                | Event::ConversationReopened { .. }
                | Event::ConversationTagged { .. }
                | Event::ConversationUntagged { .. }
        );
        read.choose = begins || before != (self.priority, self.queue, self.agent);
        read
    }

    /// Tells whether a moment changes no clock: one more message of a customer who waits already.
    pub fn is_idle(&self, what: What) -> bool {
        let waits = self.asked && matches!(self.state, State::New | State::Open);
        waits && what == What::CustomerMessage
    }

    /// Follows one moment that was written before.
    pub fn follow(&mut self, what: What) {
        match what {
            What::Opened { by } | What::Reopened { by } => self.asked = by != Party::Agent,
            What::CustomerMessage => self.asked = true,
            What::AgentReply | What::Unasked => self.asked = false,
            What::Became(state) => self.state = state,
            What::Merged => self.state = State::Resolved,
            What::PriorityChanged(priority) => self.priority = priority,
            What::PolicyChanged(policy) => self.policy = policy,
            What::ScheduleChanged(schedule) => self.schedule = schedule,
            _ => {}
        }
    }

    /// Lets the moments of one event turn the state as the conversation's own rules do.
    ///
    /// A customer's message ends a hold and a snooze as it ends a wait; a reply leaves both. One more
    /// from who waits already is no moment.
    fn turn(&mut self, read: &mut Vec<Moment>) {
        let mut turned = Vec::with_capacity(read.len() + 1);
        for moment in read.drain(..) {
            match moment.what {
                What::Became(State::WaitingForCustomer) => {
                    let state: State = self.status().after_reply().into();
                    if state == self.state {
                        continue;
                    }
                }
                what if self.is_idle(what) => continue,
                What::CustomerMessage if matches!(self.state, State::OnHold | State::Snoozed) => {
                    self.asked = true;
                    turned.push(moment);
                    let what = What::Became(self.status().after_customer_message().into());
                    self.follow(what);
                    turned.push(Moment { what, ..moment });
                    continue;
                }
                What::CustomerMessage if self.state == State::WaitingForCustomer => {
                    self.state = State::Open;
                }
                _ => {}
            }
            self.follow(moment.what);
            turned.push(moment);
        }
        *read = turned;
    }

    /// Returns the state as the conversation names it.
    pub fn status(&self) -> ConversationStatus {
        match self.state {
            State::New => ConversationStatus::New,
            State::Open => ConversationStatus::Open,
            State::WaitingForCustomer => ConversationStatus::WaitingForCustomer,
            State::OnHold => ConversationStatus::OnHold,
            State::Snoozed => ConversationStatus::Snoozed,
            State::Resolved => ConversationStatus::Resolved,
            State::Closed => ConversationStatus::Closed,
        }
    }
}
