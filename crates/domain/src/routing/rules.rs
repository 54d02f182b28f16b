//! Which queue a new work item goes to, and what it asks for there.
//!
//! Rules are data: a condition and what it adds. They are read in order. Every rule that holds adds
//! its tags and skills; for queue, priority and language the first that names one wins.

use super::model::Skills;
use crate::condition::{Condition, Explanation, Facts};
use crate::id::{AgentId, QueueId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What people call it.
    pub name: String,
    /// When it applies.
    pub when: Condition,
    /// What it adds.
    pub then: Addition,
    /// Whether later rules are read no more once it applied.
    #[serde(default)]
    pub last: bool,
}

/// What a rule adds to a work item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Addition {
    /// The queue that it goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueId>,
    /// Its priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i16>,
    /// The language that it asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The agent who should have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred: Option<AgentId>,
    /// Skills that it asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skills: Option<Skills>,
    /// Tags that it gets.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<String>,
}

/// Where a work item goes, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// What all rules that applied add up to; the queue is missing where no rule named one.
    pub addition: Addition,
    /// Each rule that was read, in order.
    pub read: Vec<Reading>,
}

/// A rule that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// Which.
    pub rule: String,
    /// Whether and why it applied.
    pub because: Explanation,
}

/// Reads the rules over what is known.
pub fn place(rules: &[Rule], facts: &Facts) -> Placement {
    let mut addition = Addition::default();
    let mut skills: Vec<Skills> = Vec::new();
    let mut read = Vec::new();
    for rule in rules {
        let because = rule.when.explain(facts);
        let applies = because.holds;
        read.push(Reading {
            rule: rule.name.clone(),
            because,
        });
        if !applies {
            continue;
        }
        let then = &rule.then;
        addition.queue = addition.queue.or(then.queue);
        addition.priority = addition.priority.or(then.priority);
        addition.preferred = addition.preferred.or(then.preferred);
        addition.language = addition.language.or_else(|| then.language.clone());
        addition.tags.extend(then.tags.iter().cloned());
        skills.extend(then.skills.clone());
        if rule.last {
            break;
        }
    }
    addition.skills = match skills.len() {
        0 | 1 => skills.pop(),
        _ => Some(Skills::All(skills)),
    };
    Placement { addition, read }
}
