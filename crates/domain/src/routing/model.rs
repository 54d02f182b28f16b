//! What routing decides over: queues, agents and the work that waits, as plain data.
//!
//! Who belongs to a queue by which team is flattened into memberships before it comes here; what a
//! schedule or a lease says comes as a flag. Nothing here reads a clock.

mod agent;
mod ask;
mod item;
mod queue;
mod skill;
mod state;

pub use agent::{Agent, AgentKind, Capacity, Held, Membership, Standing};
pub(in crate::routing) use ask::is_due;
pub use ask::{Ask, Blocked, Taken};
pub use item::{Deadlines, Item, Preferred, Refusal, Rest};
pub use queue::{LengthLimit, Mode, Outcome, Queue, Relax, Step, Strategy, WaitLimit};
pub use skill::{Relaxed, Skill, Skills};
pub use state::{AgentPresence, Assignment, Order, Release, State};

use serde::{Deserialize, Serialize};

/// What kind of work an item is; each takes its own share of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkClass {
    /// A conversation by messages.
    Message,
    /// A mail.
    Email,
    /// A call.
    Call,
    /// Anything else that somebody has to do.
    Task,
}

impl WorkClass {
    /// Every class.
    pub const ALL: [Self; 4] = [Self::Message, Self::Email, Self::Call, Self::Task];

    /// Returns the name that the database uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Email => "email",
            Self::Call => "call",
            Self::Task => "task",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }
}

/// One value for each class of work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerClass<T> {
    /// For conversations by messages.
    pub message: T,
    /// For mails.
    pub email: T,
    /// For calls.
    pub call: T,
    /// For anything else.
    pub task: T,
}

impl<T: Copy> PerClass<T> {
    /// Gives every class the same value.
    pub const fn all(value: T) -> Self {
        Self {
            message: value,
            email: value,
            call: value,
            task: value,
        }
    }

    /// Returns the value of a class.
    pub fn of(&self, class: WorkClass) -> T {
        match class {
            WorkClass::Message => self.message,
            WorkClass::Email => self.email,
            WorkClass::Call => self.call,
            WorkClass::Task => self.task,
        }
    }
}
