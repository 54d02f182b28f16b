//! A version is saved, and if wanted put in force at once.

use super::activate::begin;
use super::{Answer, Changed, Hand, PolicyOutcome, Target, fault, invalid, read, refused, stale};
use crate::Error;
use crate::wish::Halt;
use chrono::{DateTime, Utc};
use interdesk_domain::condition::Problem;
use interdesk_domain::policy::PolicyKind;
use interdesk_store::policies::{self, NewVersion, Policy};
use interdesk_store::references;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// The longest name and the longest note, in characters.
const LONGEST: (usize, usize) = (120, 1000);

/// What a version is to say.
#[derive(Debug, Clone, Serialize)]
pub struct Save {
    /// Which policy; a schedule without a subject is a new one.
    pub target: Target,
    /// What people call the policy; without it as it is called.
    pub name: Option<String>,
    /// What it says, in the form of its kind.
    pub body: Value,
    /// Why.
    pub note: String,
    /// Whether it is put in force too.
    pub activate: bool,
    /// From when on; without it from now on.
    pub from: Option<DateTime<Utc>>,
}

impl Save {
    pub(super) async fn apply(&self, hand: &Hand<'_>) -> Answer {
        let kind = self.target.kind;
        let subject = self.subject(hand).await?;
        let before = policies::lock(hand.conn, hand.scope, kind, subject).await?;
        let latest = before.as_ref().map_or(0, |policy| policy.latest);
        if self.target.expected.is_some_and(|known| known != latest) {
            return Err(stale(latest));
        }
        let name = self.named(hand, subject, before.as_ref()).await?;
        let document = read(kind, subject, &self.body).map_err(invalid)?;
        let missing = hand.missing(&document).await?;
        if !missing.is_empty() {
            return Err(invalid(missing));
        }
        let body = serde_json::to_value(&document).map_err(|source| Error::Unreadable {
            what: "a policy",
            source,
        })?;
        let version = latest + 1;
        hand.insert(kind, subject, &name, version, &body, &self.note)
            .await?;
        let changed = Changed {
            kind,
            subject,
            version: Some(version),
            from: None,
            staged_permille: None,
        };
        hand.tell(&changed).await?;
        if self.activate {
            begin(hand, kind, subject, version, self.from).await?;
        }
        Ok(PolicyOutcome::Changed {
            subject,
            version: Some(version),
        })
    }

    /// Returns what the policy is about, which has to exist; a new schedule gets its id here.
    async fn subject(&self, hand: &Hand<'_>) -> Result<Uuid, Halt<PolicyOutcome>> {
        let subject = hand.subject(&self.target);
        match (self.target.kind, subject) {
            (PolicyKind::Schedule, None) => Ok(hand.desk.id()),
            (PolicyKind::Schedule, Some(id)) => {
                let found = policies::find(hand.conn, hand.scope, PolicyKind::Schedule, id);
                match found.await? {
                    Some(_) => Ok(id),
                    None => Err(refused(PolicyOutcome::NotFound)),
                }
            }
            (PolicyKind::Queue, Some(id)) => {
                match references::is_queue(hand.conn, hand.scope, id).await? {
                    true => Ok(id),
                    false => Err(refused(PolicyOutcome::NotFound)),
                }
            }
            (_, Some(id)) => Ok(id),
            (_, None) => Err(refused(PolicyOutcome::NotFound)),
        }
    }

    /// Returns what the policy is called from now on.
    async fn named(
        &self,
        hand: &Hand<'_>,
        subject: Uuid,
        before: Option<&Policy>,
    ) -> Result<String, Halt<PolicyOutcome>> {
        let kind = self.target.kind;
        let said = self.name.as_deref().map(str::trim);
        let known = before.map(|policy| policy.name.as_str());
        let name = match (said, known) {
            (Some(name), _) | (None, Some(name)) => name.to_owned(),
            (None, None) if kind == PolicyKind::Schedule => String::new(),
            (None, None) => kind.as_str().to_owned(),
        };
        let mut faults = Vec::new();
        if name.is_empty() {
            faults.push(fault("name", Problem::Empty, "give it a name"));
        }
        for (path, text, most) in [("name", &name, LONGEST.0), ("note", &self.note, LONGEST.1)] {
            if text.chars().count() > most {
                let mend = format!("use at most {most} characters");
                faults.push(fault(path, Problem::TooLarge, mend));
            }
        }
        if self.note.trim().is_empty() {
            faults.push(fault("note", Problem::Empty, "say why, in a few words"));
        }
        if !faults.is_empty() {
            return Err(invalid(faults));
        }
        if kind == PolicyKind::Schedule {
            let taken = policies::find_schedule(hand.conn, hand.scope, &name).await?;
            if taken.is_some_and(|other| other.id != subject) {
                return Err(refused(PolicyOutcome::NameTaken));
            }
        }
        Ok(name)
    }
}

impl Hand<'_> {
    /// Writes a version.
    pub(super) async fn insert(
        &self,
        kind: PolicyKind,
        id: Uuid,
        name: &str,
        version: i32,
        body: &Value,
        note: &str,
    ) -> Result<(), Error> {
        let new = NewVersion {
            kind,
            id,
            name,
            version,
            body,
            note: note.trim(),
            made_by: self.agent,
            at: self.desk.now(),
        };
        policies::insert_version(self.conn, self.scope, &new).await?;
        Ok(())
    }
}
