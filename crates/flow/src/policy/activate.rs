//! A version is put in force, from now on or from a moment on.

use super::{Answer, Changed, Hand, PolicyOutcome, Target, fault, invalid, refused};
use crate::wish::Halt;
use chrono::{DateTime, TimeDelta, Utc};
use interdesk_domain::condition::Problem;
use interdesk_domain::policy::{Document, PolicyKind};
use interdesk_store::policies;
use serde::Serialize;
use uuid::Uuid;

/// How far ahead and, for schedules, how far back a version may be put in force, in days.
const FARTHEST: i64 = 2 * 366;

/// Which version is put in force, and from when on.
#[derive(Debug, Clone, Serialize)]
pub struct Activate {
    /// Which policy.
    pub target: Target,
    /// Which version.
    pub version: i32,
    /// From when on; without it from now on. Hours alone may be corrected for the past.
    pub from: Option<DateTime<Utc>>,
}

impl Activate {
    pub(super) async fn apply(&self, hand: &Hand<'_>) -> Answer {
        let policy = hand.lock(&self.target).await?;
        begin(hand, policy.kind, policy.id, self.version, self.from).await?;
        Ok(PolicyOutcome::Changed {
            subject: policy.id,
            version: Some(self.version),
        })
    }
}

/// Puts a version of a locked policy in force.
pub(super) async fn begin(
    hand: &Hand<'_>,
    kind: PolicyKind,
    subject: Uuid,
    version: i32,
    from: Option<DateTime<Utc>>,
) -> Result<(), Halt<PolicyOutcome>> {
    let now = hand.desk.now();
    let from = from.unwrap_or(now);
    if from < now && kind != PolicyKind::Schedule {
        let mend = "name a moment to come; hours alone may be corrected for the past";
        return Err(invalid(vec![fault("from", Problem::NothingWithin, mend)]));
    }
    if (from - now).abs() > TimeDelta::days(FARTHEST) {
        let mend = format!("name a moment within {FARTHEST} days");
        return Err(invalid(vec![fault("from", Problem::NothingWithin, mend)]));
    }
    check(hand, kind, subject, version).await?;
    let done = policies::activate(hand.conn, hand.scope, kind, subject, version, from).await?;
    if !done {
        return Err(refused(PolicyOutcome::WasActive));
    }
    let changed = Changed {
        kind,
        subject,
        version: Some(version),
        from: Some(from),
        staged_permille: None,
    };
    hand.tell(&changed).await?;
    Ok(())
}

/// Refuses a version that is not there, or names what is not there any more.
pub(super) async fn check(
    hand: &Hand<'_>,
    kind: PolicyKind,
    subject: Uuid,
    version: i32,
) -> Result<(), Halt<PolicyOutcome>> {
    let found = policies::version(hand.conn, hand.scope, kind, subject, version).await?;
    let found = found.ok_or(refused(PolicyOutcome::NotFound))?;
    let document = Document::read(kind, &found.body).map_err(|error| {
        let fault = fault("", Problem::Contradiction, error.to_string());
        invalid(vec![fault])
    })?;
    match hand.missing(&document).await? {
        missing if missing.is_empty() => Ok(()),
        missing => Err(invalid(missing)),
    }
}
