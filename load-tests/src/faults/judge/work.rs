//! Work: offered to one agent at a time, accepted once, never more than fits.

use super::{Findings, Invariant};
use crate::faults::evidence::Evidence;
use std::collections::HashMap;

/// Follows every work item through its offers.
pub(super) fn offered(evidence: &Evidence, findings: &mut Findings) {
    let mut pending: HashMap<&str, &str> = HashMap::new();
    let mut accepted: HashMap<&str, usize> = HashMap::new();
    for event in &evidence.events {
        let (item, offer) = (event.named("work_item"), event.named("offer"));
        match event.kind.as_str() {
            "offer_made" => {
                if let Some(other) = pending.insert(item, offer) {
                    let what = format!("{offer} of {item} beside {other}");
                    findings.add(Invariant::OfferDoubled, what);
                }
            }
            "offer_accepted" => {
                pending.remove(item);
                *accepted.entry(item).or_default() += 1;
            }
            "offer_declined" | "offer_expired" | "offer_rescinded" => {
                pending.remove(item);
            }
            _ => {}
        }
    }
    for item in &evidence.work_items {
        match (
            item.state.as_str(),
            accepted.get(item.id.as_str()).copied().unwrap_or_default(),
        ) {
            ("active" | "wrap_up" | "done", 1) | ("cancelled", 0) => {}
            (_, times) if times > 1 => {
                findings.add(
                    Invariant::HeldTwice,
                    format!("{} was accepted {times}×", item.id),
                );
            }
            (state, times) => {
                let what = format!("{} is {state} and was accepted {times}×", item.id);
                findings.add(Invariant::NeverHeld, what);
            }
        }
    }
}

/// Adds up what every agent held after each event; the log's order of writing is the order in which
/// the agent's row was locked.
pub(super) fn loads(evidence: &Evidence, findings: &mut Findings) {
    let mut held: HashMap<&str, i64> = HashMap::new();
    let capacity: HashMap<&str, i64> = evidence
        .loads
        .iter()
        .map(|load| (load.agent.as_str(), load.capacity))
        .collect();
    for event in &evidence.events {
        let step = match event.kind.as_str() {
            "offer_made" | "work_item_taken" => 1,
            "offer_declined" | "offer_expired" | "offer_rescinded" | "work_item_done" => -1,
            _ => continue,
        };
        let agent = event.named("agent");
        let now = held.entry(agent).or_default();
        *now += step;
        let most = capacity.get(agent).copied().unwrap_or_default();
        if *now > most || *now < 0 {
            let what = format!("{agent} held {now} of {most} after {}", event.id);
            findings.add(Invariant::OverCapacity, what);
        }
    }
    for load in &evidence.loads {
        let counted = held.get(load.agent.as_str()).copied().unwrap_or_default();
        if load.load != load.held || load.load != counted || load.load > load.capacity {
            let what = format!(
                "{} is said to hold {}, holds {}, by the log {counted}, of {}",
                load.agent, load.load, load.held, load.capacity
            );
            findings.add(Invariant::OverCapacity, what);
        }
    }
}
