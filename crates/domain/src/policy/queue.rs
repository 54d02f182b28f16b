//! How a queue is served, as its administrators say it.

use crate::id::QueueId;
use crate::routing::model::{LengthLimit, Mode, PerClass, Queue, Step, Strategy, WaitLimit};
use serde::{Deserialize, Serialize};

/// How a queue is served: what routing decides by, and what follows a decision.
///
/// What is left out has its default; a queue without any policy has every default, which offers
/// work to whoever is idle longest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QueuePolicy {
    /// How work comes to agents.
    pub mode: Mode,
    /// Which of the eligible agents gets it.
    pub strategy: Strategy,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length_limit: Option<LengthLimit>,
    /// How long anything may wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_limit: Option<WaitLimit>,
    /// How long an offer waits for its agent; without it as the queue itself has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offer_seconds: Option<u32>,
    /// Whether and when work is offered again to somebody who declined it.
    pub after_decline: Again,
    /// Whether and when work is offered again to somebody who let its offer pass.
    pub after_expiry: Again,
    /// How long an agent has for the paperwork when work is done.
    pub wrap_up_seconds: u32,
    /// For how long work of somebody who comes back is kept for who had it last; 0 keeps it for
    /// nobody.
    pub last_owner_seconds: u32,
    /// What becomes of work whose owner is away; without it as the tenant has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub absence: Option<Absence>,
}

/// Whether and when somebody is offered what they refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Again {
    /// Never again.
    Never,
    /// After so many seconds.
    AfterSeconds(u32),
    /// When nobody else can have it.
    LastResort,
}

/// What becomes of work whose owner is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Absence {
    /// How long the owner may be away before anything happens.
    pub grace_seconds: u32,
    /// What happens then.
    pub then: AbsenceOutcome,
}

/// What happens to work whose owner stays away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbsenceOutcome {
    /// It stays theirs.
    #[default]
    Keep,
    /// It goes back to its queue when the customer writes again.
    RequeueOnMessage,
    /// It goes back to its queue.
    Requeue,
}

impl Default for QueuePolicy {
    fn default() -> Self {
        Self {
            mode: Mode::Offer,
            strategy: Strategy::LongestIdle,
            target_seconds: 300,
            patience_seconds: 900,
            handling_seconds: PerClass::all(300),
            ranks: crate::routing::validate::MAX_RANK,
            ladder: Vec::new(),
            length_limit: None,
            wait_limit: None,
            offer_seconds: None,
            after_decline: Again::AfterSeconds(60),
            after_expiry: Again::AfterSeconds(60),
            wrap_up_seconds: 0,
            last_owner_seconds: 0,
            absence: None,
        }
    }
}

impl QueuePolicy {
    /// Returns what routing decides by.
    pub fn queue(&self, id: QueueId, version: i32, open: bool) -> Queue {
        Queue {
            id,
            version,
            mode: self.mode,
            strategy: self.strategy,
            open,
            target_seconds: self.target_seconds,
            patience_seconds: self.patience_seconds,
            handling_seconds: self.handling_seconds,
            ranks: self.ranks,
            ladder: self.ladder.clone(),
            length_limit: self.length_limit.clone(),
            wait_limit: self.wait_limit.clone(),
        }
    }
}
