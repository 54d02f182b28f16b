//! Messages both ways: each once.

use super::{Findings, Invariant};
use crate::faults::evidence::{Evidence, Outgoing};
use std::collections::HashMap;

/// Every message that was answered 2xx exists once and was told of once; none was made up.
pub(super) fn received(evidence: &Evidence, findings: &mut Findings) {
    let mut stored: HashMap<(&str, &str), Vec<&str>> = HashMap::new();
    for message in &evidence.stored {
        let key = (message.account.as_str(), message.provider_id.as_str());
        stored.entry(key).or_default().push(&message.text);
    }
    for written in &evidence.written {
        let key = (written.account.as_str(), written.provider_id.as_str());
        let copies = stored.remove(&key).unwrap_or_default();
        let place = format!("{} of {}", written.provider_id, written.account);
        match copies.as_slice() {
            [] if written.told => findings.add(Invariant::Lost, format!("{place} is not there")),
            [text] if *text != written.text => {
                findings.add(Invariant::Lost, format!("{place} has other words"));
            }
            [] | [_] => {}
            more => findings.add(
                Invariant::Doubled,
                format!("{place} is there {}×", more.len()),
            ),
        }
    }
    for (account, provider_id) in stored.into_keys() {
        findings.add(
            Invariant::Doubled,
            format!("nobody wrote {provider_id} of {account}"),
        );
    }
    told_once(evidence, findings);
}

fn told_once(evidence: &Evidence, findings: &mut Findings) {
    let mut told: HashMap<&str, usize> = HashMap::new();
    for event in evidence
        .events
        .iter()
        .filter(|event| event.kind == "message_received")
    {
        *told.entry(event.named("message")).or_default() += 1;
    }
    for message in &evidence.stored {
        match told.get(message.id.as_str()).copied().unwrap_or_default() {
            1 => {}
            0 => findings.add(Invariant::Lost, format!("no event tells of {}", message.id)),
            many => findings.add(
                Invariant::Doubled,
                format!("{many} events tell of {}", message.id),
            ),
        }
    }
}

/// Every reply that an agent was told is on its way exists once; the customer got it once, or the
/// desk says why that is not sure.
pub(super) fn replied(evidence: &Evidence, findings: &mut Findings) {
    let mut kept: HashMap<&str, Vec<&Outgoing>> = HashMap::new();
    for reply in &evidence.outgoing {
        kept.entry(&reply.text).or_default().push(reply);
    }
    let mut delivered: HashMap<&str, usize> = HashMap::new();
    for text in &evidence.delivered {
        *delivered.entry(text).or_default() += 1;
    }
    for text in &evidence.replies {
        let copies = kept.get(text.as_str()).map_or(0, Vec::len);
        match copies {
            1 => {}
            0 => findings.add(Invariant::ReplyLost, format!("{text:?} is not there")),
            many => findings.add(
                Invariant::ReplyDoubled,
                format!("{text:?} is there {many}×"),
            ),
        }
    }
    for (text, replies) in kept {
        let got = delivered.get(text).copied().unwrap_or_default();
        if got > replies.len() {
            findings.add(Invariant::ReplyDoubled, format!("{text:?} was sent {got}×"));
        }
        for reply in replies {
            explained(reply, got, findings);
        }
    }
}

fn explained(reply: &Outgoing, got: usize, findings: &mut Findings) {
    let is_explained = match reply.delivery.as_str() {
        "sent" | "delivered" | "read" => got > 0,
        "unknown" | "failed" => reply.reason.is_some(),
        _ => false,
    };
    if !is_explained {
        let Outgoing { text, delivery, .. } = reply;
        let what = format!("{text:?} is {delivery}, the customer got it {got}×");
        findings.add(Invariant::ReplyUnexplained, what);
    }
}
