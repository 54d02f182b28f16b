//! What is known of a contact.

use super::{Answer, Hand, Missing, SetupOutcome, fault, missing, none, refuse, word_faults};
use crate::Events;
use interdesk_domain::condition::{Fault, Problem, Value};
use interdesk_domain::event::{AggregateKind, Event};
use interdesk_domain::id::{ContactId, ScheduleId};
use interdesk_store::setup::Knowledge;
use interdesk_store::{outbox, setup};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The longest text of an attribute, in characters.
const LONGEST: usize = 1000;

/// What changes about a contact; what is left out stays.
#[derive(Debug, Clone, Serialize)]
pub struct ContactUpdate {
    /// Whom.
    pub contact: ContactId,
    /// Attributes that get a value, or lose theirs; the others stay.
    pub attributes: BTreeMap<String, Option<Value>>,
    /// Whether they are very important; for supervisors and administrators.
    pub vip: Option<bool>,
    /// All segments that they are in.
    pub segments: Option<BTreeSet<String>>,
    /// The hours that were promised to them, `Some(None)` for none; for supervisors and
    /// administrators.
    pub schedule: Option<Option<ScheduleId>>,
}

impl ContactUpdate {
    pub(super) async fn apply(&self, hand: &Hand<'_>) -> Answer {
        let (wish, scope, id) = (hand.wish, hand.wish.scope(), self.contact);
        let known = setup::lock_contact(hand.conn, scope, id).await?;
        let known = known.ok_or(missing(Missing::Contact))?;
        let is_promise = self.vip.is_some() || self.schedule.is_some();
        if is_promise && !hand.wish.viewer.steers_others() {
            return refuse(SetupOutcome::NotAllowed);
        }
        none(self.faults())?;
        hand.check_schedule(self.schedule.flatten()).await?;
        let mut after = self.known(&known);
        let changed = changed(&known, &after);
        if changed.is_empty() {
            return refuse(SetupOutcome::Unchanged { id: id.0 });
        }
        let most = after.attributes.as_object().map_or(0, |all| all.len());
        if most > 100 {
            let mend = format!("use at most 100 attributes, these would be {most}");
            none(vec![fault("attributes", Problem::TooLarge, mend)])?;
        }
        let aggregate = (AggregateKind::Contact, id.0);
        let mut events = Events::of(wish.desk, scope, aggregate, known.version, wish.context);
        let changed = changed.into_iter().map(str::to_owned).collect();
        let contact = id;
        after.version = events.push(Event::ContactUpdated { contact, changed });
        setup::set_contact(hand.conn, scope, id, &after).await?;
        outbox::append(hand.conn, events.list()).await?;
        Ok(SetupOutcome::Changed { id: id.0 })
    }

    fn faults(&self) -> Vec<Fault> {
        let mut faults = word_faults("attributes", self.attributes.keys());
        faults.extend(word_faults("segments", self.segments.iter().flatten()));
        for (key, value) in &self.attributes {
            if let Some(Value::Text(text)) = value
                && text.chars().count() > LONGEST
            {
                let mend = format!("use at most {LONGEST} characters");
                let path = format!("attributes[{key:?}]");
                faults.push(fault(&path, Problem::TooLarge, mend));
            }
        }
        faults
    }

    fn known(&self, before: &Knowledge) -> Knowledge {
        let mut attributes = before.attributes.as_object().cloned().unwrap_or_default();
        for (key, value) in &self.attributes {
            match value {
                Some(value) => attributes.insert(key.clone(), json(value)),
                None => attributes.remove(key),
            };
        }
        let segments = self.segments.as_ref();
        Knowledge {
            attributes: attributes.into(),
            vip: self.vip.unwrap_or(before.vip),
            segments: segments.map_or(before.segments.clone(), |list| {
                list.iter().cloned().collect()
            }),
            schedule_id: self.schedule.unwrap_or(before.schedule_id),
            version: before.version,
        }
    }
}

fn changed(before: &Knowledge, after: &Knowledge) -> Vec<&'static str> {
    let parts = [
        ("attributes", before.attributes != after.attributes),
        ("vip", before.vip != after.vip),
        ("segments", before.segments != after.segments),
        ("schedule", before.schedule_id != after.schedule_id),
    ];
    let changed = parts.into_iter().filter(|(_, is)| *is);
    changed.map(|(name, _)| name).collect()
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Bool(is) => (*is).into(),
        Value::Number(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
    }
}
