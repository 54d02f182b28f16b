//! How a workspace works is changed: versions of policies are saved, compared, staged to a share of
//! the work, activated from a moment on, and rolled back.
//!
//! A version is never changed and activated at most once, so what was in force at any moment stays
//! known; to go back is to save an equal version anew. Every change is an event of the tenant, and
//! with it an entry of the audit log.

mod activate;
mod diff;
mod holidays;
mod read;
mod refer;
mod retire;
mod roll_back;
mod save;
mod stage;

pub use activate::Activate;
pub use diff::{Difference, diff, words};
pub use holidays::ImportHolidays;
pub use read::{MAX_BODY, outward, read};
pub use retire::Retire;
pub use roll_back::RollBack;
pub use save::Save;
pub use stage::{Stage, Unstage};

use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error, conflict, tenant};
use chrono::{DateTime, Utc};
use interdesk_domain::condition::{Fault, Problem};
use interdesk_domain::event::Event;
use interdesk_domain::id::{AgentId, TenantId};
use interdesk_domain::permission::{Permission, Viewer};
use interdesk_domain::policy::PolicyKind;
use interdesk_domain::scope::TenantScope;
use interdesk_store::Conn;
use interdesk_store::policies::{self, Policy};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What may be wished for about a policy.
#[derive(Debug, Clone, Serialize)]
pub enum PolicyWish {
    /// To save a version.
    Save(Save),
    /// To put a version in force.
    Activate(Activate),
    /// To let a share of the work follow a version.
    Stage(Stage),
    /// To let all work follow the version in force.
    Unstage(Unstage),
    /// To go back to what an older version says.
    RollBack(RollBack),
    /// To give a policy up.
    Retire(Retire),
    /// To add the holidays of a calendar to a schedule.
    ImportHolidays(ImportHolidays),
}

/// Which policy, and what its newest version was when it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Target {
    /// What it decides.
    pub kind: PolicyKind,
    /// What it is about; the tenant itself where there is one for all.
    pub subject: Option<Uuid>,
    /// The newest version that the wish knows of; without it the wish is for whatever is there.
    pub expected: Option<i32>,
}

/// What became of the wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum PolicyOutcome {
    /// It is so now.
    Changed {
        /// What the policy is about.
        subject: Uuid,
        /// The version that it is about; `None` where it is about none.
        version: Option<i32>,
    },
    /// It was so already.
    Unchanged {
        /// What the policy is about.
        subject: Uuid,
    },
    /// There is no such policy, version, or thing to be decided about.
    NotFound,
    /// The role does not allow it.
    NotAllowed,
    /// It cannot be so; every fault has its mend.
    Invalid {
        /// What is wrong, never empty.
        faults: Vec<Fault>,
    },
    /// Somebody else saved a version meanwhile.
    Stale {
        /// The newest version now.
        latest: i32,
    },
    /// The version was activated before; going back saves an equal one anew.
    WasActive,
    /// The schedule is in use.
    InUse {
        /// What uses it, in words.
        by: Vec<String>,
    },
    /// Another schedule has the name.
    NameTaken,
    /// The key was used for something else.
    KeyReused,
}

/// Changes a policy, as an administrator wishes.
pub async fn change(
    desk: &Desk,
    viewer: &Viewer,
    wish: &PolicyWish,
    key: Option<&str>,
    context: &Context,
) -> Result<PolicyOutcome, Error> {
    Wish::new(desk, viewer, key, context).fulfil(wish).await
}

/// Changes a policy, as the operator of the installation wishes.
pub async fn change_as_operator(
    desk: &Desk,
    tenant: TenantId,
    wish: &PolicyWish,
) -> Result<PolicyOutcome, Error> {
    let scope = TenantScope::new(tenant);
    conflict::retry(async || {
        let transaction = desk.database.begin(scope).await?;
        let outcome = apply(desk, scope, &transaction, wish).await?;
        match outcome {
            PolicyOutcome::Changed { .. } => transaction.commit().await?,
            _ => transaction.rollback().await?,
        }
        desk.committed.notify_one();
        Ok(outcome)
    })
    .await
}

/// Changes a policy in a transaction that is under way, as the operator wishes; whoever is refused
/// has to take the transaction back.
pub(crate) async fn apply(
    desk: &Desk,
    scope: TenantScope,
    conn: &Conn,
    wish: &PolicyWish,
) -> Result<PolicyOutcome, Error> {
    let context = tenant::operator();
    let hand = Hand {
        desk,
        scope,
        conn,
        context: &context,
        agent: None,
    };
    match wish.apply(&hand).await {
        Ok(outcome) | Err(Halt::Refused(outcome)) => Ok(outcome),
        Err(Halt::Failed(error)) => Err(error),
    }
}

impl PolicyOutcome {
    /// Says what became of the wish, in words for an operator.
    pub fn words(&self) -> String {
        match self {
            Self::Changed { .. } => "changed".to_owned(),
            Self::Unchanged { .. } => "it was so already".to_owned(),
            Self::NotFound => "there is no such policy, version, queue or schedule".to_owned(),
            Self::NotAllowed => "the role does not allow it".to_owned(),
            Self::Invalid { faults } => {
                let faults: Vec<String> = faults.iter().map(Fault::to_string).collect();
                faults.join("; ")
            }
            Self::Stale { latest } => format!("version {latest} is the newest by now"),
            Self::WasActive => "the version was put in force before; roll back to it".to_owned(),
            Self::InUse { by } => format!("it is in use by {}", by.join(", ")),
            Self::NameTaken => "another schedule has this name".to_owned(),
            Self::KeyReused => "the key was used for something else".to_owned(),
        }
    }
}

pub(crate) type Answer = Result<PolicyOutcome, Halt<PolicyOutcome>>;

impl Verb for PolicyWish {
    type Outcome = PolicyOutcome;
    const OPERATION: &'static str = "policy";
    const KEY_REUSED: PolicyOutcome = PolicyOutcome::KeyReused;

    async fn act(&self, wish: &Wish<'_>, conn: &Conn) -> Answer {
        if !wish.viewer.may(Permission::WorkspaceConfigure) {
            return Err(Halt::Refused(PolicyOutcome::NotAllowed));
        }
        let hand = Hand {
            desk: wish.desk,
            scope: wish.scope(),
            conn,
            context: wish.context,
            agent: Some(wish.viewer.agent),
        };
        self.apply(&hand).await
    }
}

impl PolicyWish {
    async fn apply(&self, hand: &Hand<'_>) -> Answer {
        match self {
            Self::Save(wish) => wish.apply(hand).await,
            Self::Activate(wish) => wish.apply(hand).await,
            Self::Stage(wish) => wish.apply(hand).await,
            Self::Unstage(wish) => wish.apply(hand).await,
            Self::RollBack(wish) => wish.apply(hand).await,
            Self::Retire(wish) => wish.apply(hand).await,
            Self::ImportHolidays(wish) => wish.apply(hand).await,
        }
    }
}

/// Who changes a policy, in which transaction.
pub(crate) struct Hand<'a> {
    pub(crate) desk: &'a Desk,
    pub(crate) scope: TenantScope,
    pub(crate) conn: &'a Conn,
    pub(crate) context: &'a Context,
    /// `None` for the operator.
    pub(crate) agent: Option<AgentId>,
}

impl Hand<'_> {
    /// Returns what the policy of a target is about.
    ///
    /// A policy of the tenant is about the tenant, whatever is said.
    fn subject(&self, target: &Target) -> Option<Uuid> {
        match target.kind.is_of_tenant() {
            true => Some(self.scope.tenant().0),
            false => target.subject,
        }
    }

    /// Locks the policy of a target; refuses where it is not there or newer than expected.
    async fn lock(&self, target: &Target) -> Result<Policy, Halt<PolicyOutcome>> {
        let subject = self
            .subject(target)
            .ok_or(refused(PolicyOutcome::NotFound))?;
        let found = policies::lock(self.conn, self.scope, target.kind, subject).await?;
        let policy = found.ok_or(refused(PolicyOutcome::NotFound))?;
        match target.expected {
            Some(expected) if expected != policy.latest => Err(stale(policy.latest)),
            _ => Ok(policy),
        }
    }

    /// Tells that something about a policy changed.
    async fn tell(&self, changed: &Changed) -> Result<(), Error> {
        let mut events = vec![Event::PolicyChanged {
            policy_kind: changed.kind,
            subject: changed.subject,
            version: changed.version,
            active: changed.from.is_some(),
            from: changed.from,
            staged_permille: changed.staged_permille,
        }];
        if let (PolicyKind::Schedule, Some(version), Some(from)) =
            (changed.kind, changed.version, changed.from)
        {
            events.push(Event::ScheduleChanged {
                schedule: changed.subject.into(),
                version,
                from,
            });
        }
        tenant::tell(self.desk, self.scope, self.conn, self.context, events).await
    }
}

/// What changed about a policy.
struct Changed {
    kind: PolicyKind,
    subject: Uuid,
    version: Option<i32>,
    from: Option<DateTime<Utc>>,
    staged_permille: Option<i32>,
}

fn refused(outcome: PolicyOutcome) -> Halt<PolicyOutcome> {
    Halt::Refused(outcome)
}

fn stale(latest: i32) -> Halt<PolicyOutcome> {
    refused(PolicyOutcome::Stale { latest })
}

fn invalid(faults: Vec<Fault>) -> Halt<PolicyOutcome> {
    refused(PolicyOutcome::Invalid { faults })
}

fn fault(path: &str, problem: Problem, mend: impl Into<String>) -> Fault {
    Fault {
        path: path.to_owned(),
        problem,
        mend: mend.into(),
    }
}
