//! Queues and their policy.

use super::PerClass;
use crate::condition::OpenState;
use crate::id::QueueId;
use serde::{Deserialize, Serialize};

/// A line of work items with the policy by which it is served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// Which.
    pub id: QueueId,
    /// The version of the policy, which decisions name.
    pub version: i32,
    /// How work comes to agents.
    pub mode: Mode,
    /// Which of the eligible agents gets it.
    pub strategy: Strategy,
    /// Whether its schedule is open at this moment.
    pub open: bool,
    /// The time to answer of work that brings no deadline.
    pub target_seconds: u32,
    /// For how long work whose deadline is lost goes behind work that can still be saved.
    pub patience_seconds: u32,
    /// How long work of each class takes, on average.
    pub handling_seconds: PerClass<u32>,
    /// Members up to this rank are asked from the beginning.
    pub ranks: u8,
    /// What is relaxed after which time.
    pub ladder: Vec<Step>,
    /// How much may wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length_limit: Option<LengthLimit>,
    /// How long anything may wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_limit: Option<WaitLimit>,
}

/// How work comes to agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It is theirs at once.
    Push,
    /// It is shown to one, who accepts or declines.
    Offer,
    /// They fetch it.
    Pull,
}

/// Which of the eligible agents gets work.
///
/// Before any strategy come the preferred agent, the order of queues and the rank of the
/// membership; after it, the agent idle longest, then the lowest id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Who has not been given work for the longest time.
    LongestIdle,
    /// Who holds the fewest units.
    LeastLoaded,
    /// Who has the most units to spare.
    MostSpare,
    /// Who had no turn in this queue for the most turns.
    RoundRobin,
    /// Who has the highest level in the skill that the work names first.
    BestSkill,
    /// Who has the fewest skills beside those that the work cannot do without: whoever can do more
    /// stays free for what nobody else can do.
    FewestOtherSkills,
}

impl Strategy {
    /// Every strategy.
    pub const ALL: [Self; 6] = [
        Self::LongestIdle,
        Self::LeastLoaded,
        Self::MostSpare,
        Self::RoundRobin,
        Self::BestSkill,
        Self::FewestOtherSkills,
    ];
}

/// What is relaxed once work has waited for some time, counted from its entry.
///
/// Steps add up. They are looked up when work is assigned: a change of the ladder or of the
/// opening hours holds at once for what waits already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// After how many seconds.
    pub after_seconds: u32,
    /// Only while the queue is open, or closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub during: Option<OpenState>,
    /// What.
    pub relax: Relax,
}

/// What a step relaxes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relax {
    /// Every level by so many, though never below 1.
    Levels(u8),
    /// These skills.
    Skills(Vec<String>),
    /// Every skill.
    AllSkills,
    /// The language.
    Language,
    /// The rank: members up to this one are asked.
    Ranks(u8),
    /// The priority, by so many.
    Priority(i16),
    /// The members of another queue are asked too, after those before it.
    Overflow(QueueId),
    /// It is served although the queue is closed.
    OutsideHours,
}

/// How much may wait in a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LengthLimit {
    /// So many.
    pub most: u32,
    /// What becomes of the next one.
    pub outcome: Outcome,
    /// What the customer is told, where the outcome does not say it itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// How long anything may wait in a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitLimit {
    /// So many seconds from its entry.
    pub seconds: u32,
    /// What becomes of it then.
    pub outcome: Outcome,
    /// What the customer is told, where the outcome does not say it itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What becomes of work that a queue does not, or no longer, take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It goes to another queue.
    Overflow(QueueId),
    /// It becomes a call in the same queue, and the customer is told so.
    CallBack,
    /// It ends with these words, and the conversation waits for its customer.
    Answer(String),
    /// It ends, the customer is told so, and so does the episode.
    Refuse,
}
