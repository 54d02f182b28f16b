//! A policy is given up: a queue is served by every default again, a schedule is not offered any
//! more. What it decided stays explained by its versions.

use super::{Answer, Changed, Hand, PolicyOutcome, Target, refused};
use crate::wish::Halt;
use interdesk_domain::id::ScheduleId;
use interdesk_domain::policy::{Document, Names, PolicyKind};
use interdesk_store::{policies, references};
use serde::Serialize;

/// Which policy is given up.
#[derive(Debug, Clone, Serialize)]
pub struct Retire {
    /// Which.
    pub target: Target,
}

impl Retire {
    pub(super) async fn apply(&self, hand: &Hand<'_>) -> Answer {
        let policy = hand.lock(&self.target).await?;
        let (kind, subject) = (policy.kind, policy.id);
        if policy.retired_at.is_some() {
            return Err(refused(PolicyOutcome::Unchanged { subject }));
        }
        if kind == PolicyKind::Schedule {
            let by = uses(hand, ScheduleId(subject), &policy.name).await?;
            if !by.is_empty() {
                return Err(refused(PolicyOutcome::InUse { by }));
            }
        }
        policies::retire(hand.conn, hand.scope, kind, subject, hand.desk.now()).await?;
        policies::unstage(hand.conn, hand.scope, kind, subject).await?;
        let changed = Changed {
            kind,
            subject,
            version: None,
            from: None,
            staged_permille: None,
        };
        hand.tell(&changed).await?;
        Ok(PolicyOutcome::Changed {
            subject,
            version: None,
        })
    }
}

/// Lists in words what needs a schedule.
async fn uses(
    hand: &Hand<'_>,
    id: ScheduleId,
    name: &str,
) -> Result<Vec<String>, Halt<PolicyOutcome>> {
    let by_column = references::list_uses(hand.conn, hand.scope, id.0).await?;
    let mut by: Vec<String> = by_column
        .into_iter()
        .map(|one| format!("{} {}", one.kind, one.id))
        .collect();
    for kind in [PolicyKind::Rules, PolicyKind::Sla] {
        for active in policies::list_newest(hand.conn, hand.scope, kind).await? {
            let Ok(document) = Document::read(kind, &active.body) else {
                continue;
            };
            let names = Names::of(&document);
            let path = names.schedules.get(&id);
            if let Some(path) = path.or_else(|| names.schedule_names.get(name)) {
                by.push(format!("{}{path}", kind.as_str()));
            }
        }
    }
    Ok(by)
}
