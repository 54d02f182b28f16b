//! What becomes of work that a queue does not, or no longer, take.

use super::model::{Item, LengthLimit, Outcome, Queue, WaitLimit, WorkClass};
use crate::id::QueueId;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// What becomes of a work item by a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// It waits in another queue.
    Overflow(QueueId),
    /// The customer hears of it, in the words of the policy where there are some.
    Told(Limited, Option<&'a str>),
}

/// What the customer of limited work hears of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limited {
    /// The work is a call from now on.
    CallBack,
    /// The work ended with an answer.
    Answer,
    /// The work ended, and the episode with it.
    Refuse,
}

impl Limited {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::CallBack, Self::Answer, Self::Refuse];

    /// Returns the name that the database uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CallBack => "call_back",
            Self::Answer => "answer",
            Self::Refuse => "refuse",
        }
    }

    /// Finds the one of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// Tells whether nobody has anything to do any more.
    pub fn ends_work(self) -> bool {
        self != Self::CallBack
    }
}

impl LengthLimit {
    /// Returns what becomes of the next item.
    pub fn verdict(&self) -> Verdict<'_> {
        verdict(&self.outcome, self.text.as_deref())
    }
}

impl WaitLimit {
    /// Returns what becomes of an item.
    pub fn verdict(&self) -> Verdict<'_> {
        verdict(&self.outcome, self.text.as_deref())
    }
}

fn verdict<'a>(outcome: &'a Outcome, text: Option<&'a str>) -> Verdict<'a> {
    let words = |text: &'a str| Some(text).filter(|text| !text.trim().is_empty());
    match outcome {
        Outcome::Overflow(queue) => Verdict::Overflow(*queue),
        Outcome::CallBack => Verdict::Told(Limited::CallBack, text.and_then(words)),
        Outcome::Answer(own) => Verdict::Told(Limited::Answer, words(own)),
        Outcome::Refuse => Verdict::Told(Limited::Refuse, text.and_then(words)),
    }
}

/// Whether a queue takes one more work item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission<'a> {
    /// It does.
    Taken,
    /// So many wait that this becomes of it.
    Full(Verdict<'a>),
}

/// Judges whether a queue in which `waiting` items wait takes one more.
pub fn admit(queue: &Queue, waiting: usize) -> Admission<'_> {
    match &queue.length_limit {
        Some(limit) if waiting >= limit.most as usize => Admission::Full(limit.verdict()),
        _ => Admission::Taken,
    }
}

/// Returns what becomes of an item that has waited for too long; `None` while it may wait on.
///
/// A call is at most moved: whoever was promised one is neither promised another nor refused it.
pub fn overdue<'a>(queue: &'a Queue, item: &Item, now: DateTime<Utc>) -> Option<Verdict<'a>> {
    let limit = queue.wait_limit.as_ref()?;
    let ends_at = item.entered_at + TimeDelta::seconds(limit.seconds.into());
    let verdict = (now >= ends_at).then(|| limit.verdict())?;
    let is_moved = matches!(verdict, Verdict::Overflow(_));
    (is_moved || item.class != WorkClass::Call).then_some(verdict)
}
