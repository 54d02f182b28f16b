//! Order: no gap and no repeat, in the log, for those who watch it, and in the audit log.

use super::{Findings, Invariant};
use crate::faults::evidence::Evidence;
use std::collections::{BTreeMap, HashMap};

/// Every event has a place; the places of a tenant and the versions of a thing count up by one.
pub(super) fn sequences(evidence: &Evidence, findings: &mut Findings) {
    let mut places: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    let mut versions: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for event in &evidence.events {
        match event.seq {
            Some(seq) => places.entry(&event.tenant).or_default().push(seq),
            None => findings.add(Invariant::SeqGaps, format!("{} has no place", event.id)),
        }
        versions
            .entry(&event.aggregate)
            .or_default()
            .push(event.version);
    }
    for (tenant, seqs) in places {
        for (after, before) in breaks(seqs) {
            findings.add(
                Invariant::SeqGaps,
                format!("{before} after {after} in tenant {tenant}"),
            );
        }
    }
    for (thing, versions) in versions {
        for (after, before) in breaks(versions) {
            findings.add(
                Invariant::SeqGaps,
                format!("version {before} after {after} of {thing}"),
            );
        }
    }
}

/// Finds where numbers from 1 do not go on by one.
fn breaks(mut numbers: Vec<i64>) -> Vec<(i64, i64)> {
    numbers.sort_unstable();
    let mut last = 0;
    let mut found = Vec::new();
    for number in numbers {
        if number != last + 1 {
            found.push((last, number));
        }
        last = number;
    }
    found
}

/// A watcher saw every event of its tenant from where it began, and none of another's.
pub(super) fn watched(evidence: &Evidence, findings: &mut Findings) {
    let owners: HashMap<&str, &str> = evidence
        .events
        .iter()
        .map(|event| (event.id.as_str(), event.tenant.as_str()))
        .collect();
    for (tenant, seen) in &evidence.seen {
        for (before, after) in &seen.jumps {
            findings.add(
                Invariant::WatchGaps,
                format!("{after} was shown after {before}"),
            );
        }
        for (seq, event) in &seen.events {
            match owners.get(event.as_str()) {
                Some(owner) if owner == tenant => {}
                Some(owner) => {
                    let what = format!("{event} of {owner} was shown to {tenant}");
                    findings.add(Invariant::ForeignSeen, what);
                }
                None => findings.add(Invariant::WatchGaps, format!("{seq} shows no known event")),
            }
        }
        let last = seen
            .events
            .last_key_value()
            .map_or(0, |(seq, _)| *seq as i64);
        let newest = evidence
            .events
            .iter()
            .filter(|event| event.tenant == *tenant);
        let newest = newest
            .filter_map(|event| event.seq)
            .max()
            .unwrap_or_default();
        if last < newest {
            findings.add(
                Invariant::WatchGaps,
                format!("{last} was the last shown of {newest}"),
            );
        }
    }
}

/// The audit log verifies and holds every event.
pub(super) fn audited(evidence: &Evidence, findings: &mut Findings) {
    if let Some(what) = &evidence.audit {
        findings.add(Invariant::AuditBroken, what.clone());
    }
    let mut logged: BTreeMap<&str, i64> = BTreeMap::new();
    for event in &evidence.events {
        *logged.entry(&event.tenant).or_default() += 1;
    }
    for (tenant, events) in logged {
        let leaves = evidence.leaves.get(tenant).copied().unwrap_or_default();
        if leaves != events {
            let what = format!("{tenant} has {leaves} leaves for {events} events");
            findings.add(Invariant::AuditBroken, what);
        }
    }
}

/// What is kept of the clocks is what they are, and each thing that came due was told once.
pub(super) fn clocked(evidence: &Evidence, findings: &mut Findings) {
    if let Some(what) = &evidence.decisions {
        findings.add(Invariant::DecisionsWrong, what.clone());
    }
    if let Some(what) = &evidence.clocks {
        findings.add(Invariant::ClocksWrong, what.clone());
    }
    for (key, times) in &evidence.told {
        if *times != 1 {
            findings.add(
                Invariant::ClocksWrong,
                format!("{key} was told {times} times"),
            );
        }
    }
}
