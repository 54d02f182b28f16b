//! A share of the work follows another version, before all of it does.

use super::activate::check;
use super::{Answer, Changed, Hand, PolicyOutcome, Target, fault, invalid, refused};
use interdesk_domain::condition::Problem;
use interdesk_domain::policy::PolicyKind;
use interdesk_store::policies;
use serde::Serialize;

/// Which version a share of the work follows, and how large that share is.
///
/// Which work it is says `domain::policy::is_in_share`.
#[derive(Debug, Clone, Serialize)]
pub struct Stage {
    /// Which policy.
    pub target: Target,
    /// Which version.
    pub version: i32,
    /// How large the share is, in thousandths.
    pub permille: i32,
}

/// All work follows the version in force.
#[derive(Debug, Clone, Serialize)]
pub struct Unstage {
    /// Which policy.
    pub target: Target,
}

impl Stage {
    pub(super) async fn apply(&self, hand: &Hand<'_>) -> Answer {
        let (kind, permille) = (self.target.kind, self.permille);
        if !matches!(kind, PolicyKind::Queue | PolicyKind::Rules) {
            let mend = "only how queues are served and where work goes is tried on a share of it";
            return Err(invalid(vec![fault("kind", Problem::Contradiction, mend)]));
        }
        if !(1..=1000).contains(&permille) {
            let mend = format!("give from 1 to 1000 thousandths, here are {permille}");
            return Err(invalid(vec![fault(
                "permille",
                Problem::NothingWithin,
                mend,
            )]));
        }
        let policy = hand.lock(&self.target).await?;
        let active = policies::active(hand.conn, hand.scope, kind, policy.id, hand.desk.now());
        let Some(active) = active.await? else {
            let mend =
                "activate a version first; a share of the work needs a rest to be apart from";
            return Err(invalid(vec![fault(
                "version",
                Problem::Contradiction,
                mend,
            )]));
        };
        if active.version == self.version {
            return Err(refused(PolicyOutcome::WasActive));
        }
        check(hand, kind, policy.id, self.version).await?;
        let (version, conn) = (self.version, hand.conn);
        policies::stage(conn, hand.scope, kind, policy.id, version, permille).await?;
        let changed = Changed {
            kind,
            subject: policy.id,
            version: Some(version),
            from: None,
            staged_permille: Some(permille),
        };
        hand.tell(&changed).await?;
        Ok(PolicyOutcome::Changed {
            subject: policy.id,
            version: Some(version),
        })
    }
}

impl Unstage {
    pub(super) async fn apply(&self, hand: &Hand<'_>) -> Answer {
        let policy = hand.lock(&self.target).await?;
        let subject = policy.id;
        if policy.staged_version.is_none() {
            return Err(refused(PolicyOutcome::Unchanged { subject }));
        }
        policies::unstage(hand.conn, hand.scope, policy.kind, subject).await?;
        let changed = Changed {
            kind: policy.kind,
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
