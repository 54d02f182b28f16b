//! What an older version says is in force again: an equal one is saved and activated.

use super::activate::begin;
use super::{Answer, Changed, Hand, PolicyOutcome, Target, refused};
use interdesk_store::policies;
use serde::Serialize;

/// Which version to go back to, and why.
#[derive(Debug, Clone, Serialize)]
pub struct RollBack {
    /// Which policy.
    pub target: Target,
    /// Which version.
    pub to: i32,
    /// Why; without it the note says only which version it is equal to.
    pub note: Option<String>,
}

impl RollBack {
    pub(super) async fn apply(&self, hand: &Hand<'_>) -> Answer {
        let policy = hand.lock(&self.target).await?;
        let (kind, subject) = (policy.kind, policy.id);
        let old = policies::version(hand.conn, hand.scope, kind, subject, self.to).await?;
        let old = old.ok_or(refused(PolicyOutcome::NotFound))?;
        let active = policies::active(hand.conn, hand.scope, kind, subject, hand.desk.now());
        if active
            .await?
            .is_some_and(|active| active.version == self.to)
        {
            return Err(refused(PolicyOutcome::Unchanged { subject }));
        }
        let version = policy.latest + 1;
        let note = match self.note.as_deref().map(str::trim) {
            None | Some("") => format!("back to version {}", self.to),
            Some(why) => format!("back to version {}: {why}", self.to),
        };
        hand.insert(kind, subject, &policy.name, version, &old.body, &note)
            .await?;
        let changed = Changed {
            kind,
            subject,
            version: Some(version),
            from: None,
            staged_permille: None,
        };
        hand.tell(&changed).await?;
        begin(hand, kind, subject, version, None).await?;
        Ok(PolicyOutcome::Changed {
            subject,
            version: Some(version),
        })
    }
}
