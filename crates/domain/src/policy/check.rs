//! What makes a document one that may be saved, as far as it can be told by itself.

use super::{Document, QueuePolicy, ServiceLevel};
use crate::condition::{Fault, Problem};
use crate::id::QueueId;
use crate::routing::model::Order;
use crate::routing::rules::Rule;
use crate::routing::validate::{queue_faults, rule_faults};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use uuid::Uuid;

/// How many rules a list may have.
pub const MAX_RULES: usize = 500;
/// How many promises a list may have.
pub const MAX_SERVICE_LEVELS: usize = 100;
/// The longest span that a queue's policy may name, in seconds: thirty days.
const LONGEST: u32 = 30 * 86_400;

impl Document {
    /// Lists everything that has to be mended before the document is saved about `subject`.
    pub fn faults(&self, subject: Uuid) -> Vec<Fault> {
        match self {
            // A schedule that cannot be is refused when it is read.
            Self::Schedule(_) => Vec::new(),
            Self::Queue(policy) => of_queue(policy, QueueId(subject)),
            Self::Rules(rules) => of_rules(rules),
            Self::Order(order) => of_order(order),
            Self::Sla(levels) => of_levels(levels),
            Self::Absence(absence) => span("grace_seconds", 0, absence.grace_seconds),
        }
    }
}

fn of_queue(policy: &QueuePolicy, id: QueueId) -> Vec<Fault> {
    let mut faults = queue_faults(&policy.queue(id, 1, true));
    let handling = &policy.handling_seconds;
    let spans = [
        ("target_seconds", 1, policy.target_seconds),
        ("patience_seconds", 0, policy.patience_seconds),
        ("handling_seconds.message", 1, handling.message),
        ("handling_seconds.email", 1, handling.email),
        ("handling_seconds.call", 1, handling.call),
        ("handling_seconds.task", 1, handling.task),
        ("wrap_up_seconds", 0, policy.wrap_up_seconds),
        ("last_owner_seconds", 0, policy.last_owner_seconds),
    ];
    for (path, least, seconds) in spans {
        faults.extend(span(path, least, seconds));
    }
    if let Some(seconds) = policy.offer_seconds.filter(|it| !(1..=86_400).contains(it)) {
        let mend = format!("give from 1 to 86400 seconds, here are {seconds}");
        faults.push(fault("offer_seconds", Problem::TooLarge, mend));
    }
    if let Some(absence) = policy.absence {
        faults.extend(span("absence.grace_seconds", 0, absence.grace_seconds));
    }
    faults
}

fn of_rules(rules: &[Rule]) -> Vec<Fault> {
    let mut faults = too_many(rules.len(), MAX_RULES, "rules");
    for (place, rule) in rules.iter().enumerate() {
        faults.extend(below(&format!("[{place}]"), rule_faults(rule)));
    }
    let names = rules.iter().map(|rule| rule.name.as_str());
    faults.extend(doubles(names));
    faults
}

fn of_order(order: &Order) -> Vec<Fault> {
    let mut faults = span("horizon_seconds", 1, order.horizon_seconds);
    if !(1_000..=1_000_000).contains(&order.vip_permille) {
        let mend = "give from 1000, which weighs like anybody, to 1000000".to_owned();
        faults.push(fault("vip_permille", Problem::NothingWithin, mend));
    }
    faults
}

fn of_levels(levels: &[ServiceLevel]) -> Vec<Fault> {
    let mut faults = too_many(levels.len(), MAX_SERVICE_LEVELS, "promises");
    let mut known = BTreeSet::new();
    for (place, level) in levels.iter().enumerate() {
        let path = format!("[{place}]");
        if level.name.trim().is_empty() {
            let mend = "give it a name".to_owned();
            faults.push(fault(&format!("{path}.name"), Problem::Empty, mend));
        }
        if !known.insert(level.id) {
            let mend = "every promise of the list needs an id of its own".to_owned();
            faults.push(fault(&format!("{path}.id"), Problem::Contradiction, mend));
        }
        if let Err(invalid) = level.when.validate() {
            faults.extend(below(&format!("{path}.when"), invalid.faults));
        }
        if let Err(error) = level.policy(1, DateTime::<Utc>::UNIX_EPOCH).check() {
            let path = format!("{path}.targets");
            faults.push(fault(&path, Problem::Contradiction, error.to_string()));
        }
        let is_never = matches!(
            (level.effective_from, level.effective_until),
            (Some(from), Some(until)) if until <= from
        );
        if is_never {
            let mend = "let it end after it begins".to_owned();
            let path = format!("{path}.effective_until");
            faults.push(fault(&path, Problem::NothingWithin, mend));
        }
    }
    faults.extend(doubles(levels.iter().map(|level| level.name.as_str())));
    faults
}

/// Puts a path before those of faults that were found further down.
fn below(path: &str, faults: Vec<Fault>) -> impl Iterator<Item = Fault> {
    faults.into_iter().map(move |found| Fault {
        path: match found.path.as_str() {
            "" => path.to_owned(),
            further => format!("{path}.{further}"),
        },
        ..found
    })
}

fn doubles<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Fault> {
    let mut known = BTreeSet::new();
    let mut faults = Vec::new();
    for (place, name) in names.enumerate() {
        if !known.insert(name.trim()) {
            let mend = format!("{name:?} is the name of another one too; give it its own");
            let path = format!("[{place}].name");
            faults.push(fault(&path, Problem::Contradiction, mend));
        }
    }
    faults
}

fn too_many(here: usize, most: usize, what: &str) -> Vec<Fault> {
    match here > most {
        true => {
            let mend = format!("use at most {most} {what}, here are {here}");
            vec![fault("", Problem::TooLarge, mend)]
        }
        false => Vec::new(),
    }
}

fn span(path: &str, least: u32, seconds: u32) -> Vec<Fault> {
    if (least..=LONGEST).contains(&seconds) {
        return Vec::new();
    }
    let mend = format!("give from {least} to {LONGEST} seconds, here are {seconds}");
    vec![fault(path, Problem::NothingWithin, mend)]
}

fn fault(path: &str, problem: Problem, mend: String) -> Fault {
    Fault {
        path: path.to_owned(),
        problem,
        mend,
    }
}
