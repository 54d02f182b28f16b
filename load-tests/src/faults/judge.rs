//! Holds the evidence against what must always be true. Pure.

mod messages;
mod order;
mod work;

use super::evidence::Evidence;
use std::fmt;

/// What must always be true, by the name of its violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Invariant {
    Lost,
    Doubled,
    HeldTwice,
    NeverHeld,
    OfferDoubled,
    OverCapacity,
    SeqGaps,
    ReplyLost,
    ReplyDoubled,
    ReplyUnexplained,
    ForeignSeen,
    WatchGaps,
    AuditBroken,
    ClocksWrong,
    DecisionsWrong,
    DeadLetters,
}

impl Invariant {
    pub(super) const ALL: [Self; 16] = [
        Self::Lost,
        Self::Doubled,
        Self::HeldTwice,
        Self::NeverHeld,
        Self::OfferDoubled,
        Self::OverCapacity,
        Self::SeqGaps,
        Self::ReplyLost,
        Self::ReplyDoubled,
        Self::ReplyUnexplained,
        Self::ForeignSeen,
        Self::WatchGaps,
        Self::AuditBroken,
        Self::ClocksWrong,
        Self::DecisionsWrong,
        Self::DeadLetters,
    ];

    /// Names it in the summary.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Doubled => "doubled",
            Self::HeldTwice => "held_twice",
            Self::NeverHeld => "never_held",
            Self::OfferDoubled => "offers_doubled",
            Self::OverCapacity => "over_capacity",
            Self::SeqGaps => "seq_gaps",
            Self::ReplyLost => "replies_lost",
            Self::ReplyDoubled => "replies_doubled",
            Self::ReplyUnexplained => "replies_unexplained",
            Self::ForeignSeen => "foreign_seen",
            Self::WatchGaps => "watch_gaps",
            Self::AuditBroken => "audit_broken",
            Self::ClocksWrong => "clocks_wrong",
            Self::DecisionsWrong => "decisions_wrong",
            Self::DeadLetters => "dead_letters",
        }
    }

    /// Says what it counts.
    pub(super) fn says(self) -> &'static str {
        match self {
            Self::Lost => "messages answered 2xx that the desk does not have",
            Self::Doubled => "messages that it has twice, or told of twice",
            Self::HeldTwice => "work items that were accepted more than once",
            Self::NeverHeld => "work items that reached no agent",
            Self::OfferDoubled => "offers of a work item while another one was pending",
            Self::OverCapacity => "moments at which an agent held more than they may",
            Self::SeqGaps => "gaps or repeats in the order of events",
            Self::ReplyLost => "replies taken from agents that the desk does not have",
            Self::ReplyDoubled => "replies that a customer got twice",
            Self::ReplyUnexplained => "replies neither delivered once nor marked with a reason",
            Self::ForeignSeen => "events that another workspace's agent saw",
            Self::WatchGaps => "gaps or repeats on a subscription that was resumed after every cut",
            Self::AuditBroken => "audit logs that do not verify or do not hold every event",
            Self::ClocksWrong => "clocks kept otherwise than they are, or told twice",
            Self::DecisionsWrong => "decisions of routing that do not follow from their facts",
            Self::DeadLetters => "events that a consumer gave up on",
        }
    }
}

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) invariant: Invariant,
    pub(super) what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant.name(), self.what)
    }
}

/// Takes down what is wrong.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, invariant: Invariant, what: impl Into<String>) {
        self.0.push(Finding {
            invariant,
            what: what.into(),
        });
    }
}

/// Finds whatever is wrong.
pub(super) fn judge(evidence: &Evidence) -> Vec<Finding> {
    let mut findings = Findings::default();
    messages::received(evidence, &mut findings);
    messages::replied(evidence, &mut findings);
    work::offered(evidence, &mut findings);
    work::loads(evidence, &mut findings);
    order::sequences(evidence, &mut findings);
    order::watched(evidence, &mut findings);
    order::audited(evidence, &mut findings);
    order::clocked(evidence, &mut findings);
    for letter in &evidence.dead {
        findings.add(Invariant::DeadLetters, letter.clone());
    }
    findings.0
}

#[cfg(test)]
mod tests;
