//! Evidence of a good day, and what each bad day changes in it.

use super::*;
use crate::faults::evidence::{Load, Logged, Outgoing, Stored, WorkItem, Written};
use crate::faults::watcher::Seen;
use serde_json::{Value, json};

fn event(seq: i64, version: i64, kind: &str, data: Value) -> Logged {
    Logged {
        tenant: "t".to_owned(),
        id: format!("e{seq}"),
        seq: Some(seq),
        kind: kind.to_owned(),
        aggregate: "c".to_owned(),
        version,
        data,
    }
}

/// One message, offered, accepted, answered and done.
fn good() -> Evidence {
    let work = json!({ "work_item": "w", "offer": "o", "agent": "a", "message": "m" });
    let kinds = [
        "message_received",
        "offer_made",
        "offer_accepted",
        "work_item_done",
    ];
    let events = kinds
        .iter()
        .zip(1..)
        .map(|(kind, seq)| event(seq, seq, kind, work.clone()));
    let text = "Hello".to_owned();
    Evidence {
        written: vec![Written {
            account: "1".to_owned(),
            provider_id: "p".to_owned(),
            text: text.clone(),
            told: true,
        }],
        stored: vec![Stored {
            id: "m".to_owned(),
            account: "1".to_owned(),
            provider_id: "p".to_owned(),
            text,
        }],
        replies: vec!["Reply".to_owned()],
        outgoing: vec![Outgoing {
            text: "Reply".to_owned(),
            delivery: "read".to_owned(),
            reason: None,
        }],
        delivered: vec!["Reply".to_owned()],
        work_items: vec![WorkItem {
            id: "w".to_owned(),
            state: "done".to_owned(),
        }],
        events: events.collect(),
        loads: vec![Load {
            agent: "a".to_owned(),
            load: 0,
            capacity: 1,
            held: 0,
        }],
        leaves: [("t".to_owned(), 4)].into(),
        ..Evidence::default()
    }
}

fn found(change: impl FnOnce(&mut Evidence)) -> Vec<Invariant> {
    let mut evidence = good();
    change(&mut evidence);
    judge(&evidence)
        .into_iter()
        .map(|finding| finding.invariant)
        .collect()
}

#[test]
fn a_good_day_has_no_findings() {
    assert_eq!(found(|_| {}), []);
}

#[test]
fn a_message_that_was_told_and_is_not_there_is_lost() {
    assert_eq!(found(|it| it.stored.clear()), [Invariant::Lost]);
    assert_eq!(
        found(|it| {
            it.stored.clear();
            it.written[0].told = false;
        }),
        []
    );
}

#[test]
fn a_second_copy_is_found_and_so_is_one_that_nobody_wrote() {
    let copy = |it: &mut Evidence| {
        let copy = it.stored[0].clone();
        it.stored.push(copy);
    };
    assert_eq!(found(copy), [Invariant::Doubled]);
    assert_eq!(found(|it| it.written.clear()), [Invariant::Doubled]);
}

#[test]
fn a_second_accept_is_found() {
    let again = |it: &mut Evidence| {
        let mut again = it.events[2].clone();
        (again.seq, again.version, again.id) = (Some(5), 5, "e5".to_owned());
        it.events.push(again);
        it.leaves.insert("t".to_owned(), 5);
    };
    assert_eq!(found(again), [Invariant::HeldTwice]);
}

#[test]
fn work_that_nobody_took_is_found() {
    let waits = |it: &mut Evidence| it.work_items[0].state = "queued".to_owned();
    assert_eq!(found(waits), [Invariant::NeverHeld]);
}

#[test]
fn a_second_offer_beside_a_pending_one_is_found_and_so_is_too_much_work() {
    let beside = |it: &mut Evidence| {
        let mut beside = it.events[1].clone();
        (beside.seq, beside.version, beside.id) = (Some(3), 3, "e3b".to_owned());
        beside.data["offer"] = "o2".into();
        for event in &mut it.events[2..] {
            (event.seq, event.version) = (event.seq.map(|seq| seq + 1), event.version + 1);
        }
        it.events.insert(2, beside);
        it.leaves.insert("t".to_owned(), 5);
    };
    let found = found(beside);
    assert!(found.contains(&Invariant::OfferDoubled), "{found:?}");
    assert!(found.contains(&Invariant::OverCapacity), "{found:?}");
}

#[test]
fn gaps_of_seq_and_version_are_found() {
    assert_eq!(found(|it| it.events[3].seq = Some(6)), [Invariant::SeqGaps]);
    assert_eq!(found(|it| it.events[3].seq = None), [Invariant::SeqGaps]);
    assert_eq!(found(|it| it.events[3].version = 3), [Invariant::SeqGaps]);
}

#[test]
fn a_reply_must_arrive_once_or_be_explained() {
    assert_eq!(
        found(|it| it.delivered.push("Reply".to_owned())),
        [Invariant::ReplyDoubled]
    );
    assert_eq!(
        found(|it| it.delivered.clear()),
        [Invariant::ReplyUnexplained]
    );
    assert_eq!(found(|it| it.outgoing.clear()), [Invariant::ReplyLost]);
    let unknown = |reason: Option<&str>| {
        let reason = reason.map(str::to_owned);
        found(|it| {
            it.delivered.clear();
            (it.outgoing[0].delivery, it.outgoing[0].reason) = ("unknown".to_owned(), reason);
        })
    };
    assert_eq!(unknown(Some("no_answer")), []);
    assert_eq!(unknown(None), [Invariant::ReplyUnexplained]);
}

#[test]
fn a_watcher_must_see_everything_of_its_own_and_nothing_else() {
    let seen = |events: &[(u64, &str)]| {
        let events = events
            .iter()
            .map(|(seq, id)| (*seq, (*id).to_owned()))
            .collect();
        let mut seen = Seen::default();
        seen.events = events;
        seen
    };
    let watch = |tenant: &str, seen: Seen| {
        let tenant = tenant.to_owned();
        found(|it| it.seen.push((tenant, seen)))
    };
    assert_eq!(watch("t", seen(&[(3, "e3"), (4, "e4")])), []);
    assert_eq!(watch("t", seen(&[(3, "e3")])), [Invariant::WatchGaps]);
    assert_eq!(watch("other", seen(&[(3, "e3")])), [Invariant::ForeignSeen]);
}

#[test]
fn a_missing_leaf_is_found() {
    assert_eq!(found(|it| it.leaves.clear()), [Invariant::AuditBroken]);
    let decisions = found(|it| it.decisions = Some("a difference".to_owned()));
    assert_eq!(decisions, [Invariant::DecisionsWrong]);
    let clocks = found(|it| it.clocks = Some("a difference".to_owned()));
    assert_eq!(clocks, [Invariant::ClocksWrong]);
    let twice = found(|it| {
        it.told.insert("breach".to_owned(), 2);
    });
    assert_eq!(twice, [Invariant::ClocksWrong]);
}
