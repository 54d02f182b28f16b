//! How the workspace works is changed, by versions that can be compared, tried and taken back.

use super::{Refusal, key};
use crate::Error;
use crate::access::requires;
use crate::types::Permission;
use crate::types::{self, InputFault, Nullable, Policy, PolicyKind};
use crate::viewer::{desk, request, viewer};
use async_graphql::{Context, Enum, ID, InputObject, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_domain::policy as domain;
use interdesk_flow::policy::{
    self, Activate, ImportHolidays, PolicyOutcome, PolicyWish, Retire, RollBack, Save, Stage,
    Target, Unstage,
};
use serde_json::Value;
use uuid::Uuid;

#[derive(Default)]
pub(super) struct PolicyMutation;

#[Object]
impl PolicyMutation {
    /// Saves a version of a policy, and if wanted puts it in force. For administrators.
    #[graphql(directive = requires::apply(Some(Permission::WorkspaceConfigure)))]
    async fn policy_save(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which policy, and what it says.")] input: PolicySaveInput,
    ) -> Option<Result<PolicyPayload, Error>> {
        let target = Chosen::of(
            input.kind,
            input.subject_id.as_ref(),
            input.expected_version,
        );
        let save = |target| {
            PolicyWish::Save(Save {
                target,
                name: input.name.clone(),
                body: input.body.0.clone(),
                note: input.note.clone(),
                activate: input.activate,
                from: input.effective_from,
            })
        };
        Some(wish(context, target, save).await)
    }

    /// Puts a version in force, from now on or from a moment on. For administrators.
    #[graphql(directive = requires::apply(Some(Permission::WorkspaceConfigure)))]
    async fn policy_activate(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which version, and from when on.")] input: PolicyActivateInput,
    ) -> Option<Result<PolicyPayload, Error>> {
        let target = Chosen::of(
            input.kind,
            input.subject_id.as_ref(),
            input.expected_version,
        );
        let activate = |target| {
            PolicyWish::Activate(Activate {
                target,
                version: input.version,
                from: input.effective_from,
            })
        };
        Some(wish(context, target, activate).await)
    }

    /// Lets a share of the work follow a version, and the rest the version in force. For
    /// administrators.
    #[graphql(directive = requires::apply(Some(Permission::WorkspaceConfigure)))]
    async fn policy_stage(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which version, and how large a share.")] input: PolicyStageInput,
    ) -> Option<Result<PolicyPayload, Error>> {
        let target = Chosen::of(
            input.kind,
            input.subject_id.as_ref(),
            input.expected_version,
        );
        let stage = |target| {
            PolicyWish::Stage(Stage {
                target,
                version: input.version,
                permille: input.permille,
            })
        };
        Some(wish(context, target, stage).await)
    }

    /// Lets all work follow the version in force. For administrators.
    #[graphql(directive = requires::apply(Some(Permission::WorkspaceConfigure)))]
    async fn policy_unstage(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Of which policy.")] input: PolicyTargetInput,
    ) -> Option<Result<PolicyPayload, Error>> {
        let target = Chosen::of(
            input.kind,
            input.subject_id.as_ref(),
            input.expected_version,
        );
        let unstage = |target| PolicyWish::Unstage(Unstage { target });
        Some(wish(context, target, unstage).await)
    }

    /// Goes back to what an older version says: an equal one is saved and put in force. For
    /// administrators.
    #[graphql(directive = requires::apply(Some(Permission::WorkspaceConfigure)))]
    async fn policy_roll_back(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "To which version, and why.")] input: PolicyRollBackInput,
    ) -> Option<Result<PolicyPayload, Error>> {
        let target = Chosen::of(
            input.kind,
            input.subject_id.as_ref(),
            input.expected_version,
        );
        let back = |target| {
            PolicyWish::RollBack(RollBack {
                target,
                to: input.version,
                note: input.note.clone(),
            })
        };
        Some(wish(context, target, back).await)
    }

    /// Gives a policy up: a queue is served by every default again, a schedule that nothing uses is
    /// not offered any more. For administrators.
    #[graphql(directive = requires::apply(Some(Permission::WorkspaceConfigure)))]
    async fn policy_retire(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] input: PolicyTargetInput,
    ) -> Option<Result<PolicyPayload, Error>> {
        let target = Chosen::of(
            input.kind,
            input.subject_id.as_ref(),
            input.expected_version,
        );
        let retire = |target| PolicyWish::Retire(Retire { target });
        Some(wish(context, target, retire).await)
    }

    /// Adds the holidays of an iCalendar text to a schedule, as a new version; days that are listed
    /// already stay as they are. What cannot be read is refused with its line. For administrators.
    #[graphql(directive = requires::apply(Some(Permission::WorkspaceConfigure)))]
    async fn schedule_holidays_import(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which calendar, into which schedule.")] input: HolidaysImportInput,
    ) -> Option<Result<PolicyPayload, Error>> {
        let kind = PolicyKind::Schedule;
        let target = Chosen::of(kind, Some(&input.schedule_id), input.expected_version);
        let import = |target| {
            PolicyWish::ImportHolidays(ImportHolidays {
                target,
                calendar: input.calendar.clone(),
                from_year: input.from_year,
                until_year: input.until_year,
                activate: input.activate,
            })
        };
        Some(wish(context, target, import).await)
    }
}

/// A version to be saved.
#[derive(InputObject)]
struct PolicySaveInput {
    /// What it decides.
    kind: PolicyKind,
    /// The schedule or the queue that it is about; a schedule without an id is a new one.
    subject_id: Option<ID>,
    /// What people call the policy; without it as it is called. A new schedule needs a name.
    name: Option<String>,
    /// What it says, in the form of its kind.
    body: Json<Value>,
    /// Why; it is kept with the version.
    note: String,
    /// The newest version that this one builds on, 0 for none; if another one is the newest by now,
    /// it is refused.
    expected_version: Option<i32>,
    /// Whether it is put in force too.
    #[graphql(default)]
    activate: bool,
    /// From when on, where it is put in force; now without it.
    effective_from: Option<DateTime<Utc>>,
}

/// A version that is put in force.
#[derive(InputObject)]
struct PolicyActivateInput {
    /// What it decides.
    kind: PolicyKind,
    /// The schedule or the queue that it is about.
    subject_id: Option<ID>,
    /// Which version.
    version: i32,
    /// From when on; now without it. Schedules alone may be corrected for the past.
    effective_from: Option<DateTime<Utc>>,
    /// The newest version that the viewer knows of; if another one is the newest by now, it is refused.
    expected_version: Option<i32>,
}

/// A version that a share of the work follows.
#[derive(InputObject)]
struct PolicyStageInput {
    /// What it decides: how a queue is served, or where work goes.
    kind: PolicyKind,
    /// The queue that it is about.
    subject_id: Option<ID>,
    /// Which version.
    version: i32,
    /// How large the share is, in thousandths.
    permille: i32,
    /// The newest version that the viewer knows of; if another one is the newest by now, it is refused.
    expected_version: Option<i32>,
}

/// A policy.
#[derive(InputObject)]
struct PolicyTargetInput {
    /// What it decides.
    kind: PolicyKind,
    /// The schedule or the queue that it is about.
    subject_id: Option<ID>,
    /// The newest version that the viewer knows of; if another one is the newest by now, it is refused.
    expected_version: Option<i32>,
}

/// A version to go back to.
#[derive(InputObject)]
struct PolicyRollBackInput {
    /// What it decides.
    kind: PolicyKind,
    /// The schedule or the queue that it is about.
    subject_id: Option<ID>,
    /// Which version.
    version: i32,
    /// Why; it is kept with the new version.
    note: Option<String>,
    /// The newest version that the viewer knows of; if another one is the newest by now, it is refused.
    expected_version: Option<i32>,
}

/// A calendar whose holidays are added to a schedule.
#[derive(InputObject)]
struct HolidaysImportInput {
    /// Which schedule.
    schedule_id: ID,
    /// The calendar, as an iCalendar text (RFC 5545).
    calendar: String,
    /// The first year; the present one without it.
    from_year: Option<i32>,
    /// The last year; five years ahead without it.
    until_year: Option<i32>,
    /// Whether the new version is put in force too.
    #[graphql(default)]
    activate: bool,
    /// The newest version that the viewer knows of; if another one is the newest by now, it is refused.
    expected_version: Option<i32>,
}

/// What became of a change of a policy.
#[derive(SimpleObject)]
struct PolicyPayload {
    /// What became of it.
    status: PolicyStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
    /// Everything that has to be mended before it is taken.
    faults: Vec<InputFault>,
    /// The policy as it is now; null where there is none.
    policy: Nullable<Policy>,
    /// The version that was saved, put in force or staged.
    version: Option<i32>,
}

/// What became of a change of a policy.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum PolicyStatus {
    /// It is so now.
    Changed,
    /// It was so already.
    Unchanged,
    /// There is no such policy, version, schedule or queue.
    NotFound,
    /// The viewer does not configure the workspace.
    NotAllowed,
    /// It cannot be so; `faults` say why.
    Invalid,
    /// Somebody else saved a version meanwhile.
    Stale,
    /// The version was put in force before; `policyRollBack` goes back to it.
    WasActive,
    /// Something uses the schedule.
    InUse,
    /// Another schedule has the name.
    NameTaken,
    /// The key was used for something else.
    KeyReused,
}

/// What a mutation is about, as its input names it.
struct Chosen {
    kind: domain::PolicyKind,
    subject: Result<Option<Uuid>, ()>,
    expected: Option<i32>,
}

impl Chosen {
    fn of(kind: PolicyKind, subject: Option<&ID>, expected: Option<i32>) -> Self {
        let kind = domain::PolicyKind::from(kind);
        Self {
            kind,
            subject: types::read_subject(kind, subject),
            expected,
        }
    }
}

async fn wish(
    context: &Context<'_>,
    chosen: Chosen,
    make: impl FnOnce(Target) -> PolicyWish,
) -> Result<PolicyPayload, Error> {
    let (viewer, key) = (viewer(context)?, key(context)?);
    let request = request(context, viewer);
    let kind = chosen.kind;
    let outcome = match chosen.subject {
        Err(()) => PolicyOutcome::NotFound,
        Ok(subject) => {
            let target = Target {
                kind,
                subject,
                expected: chosen.expected,
            };
            let wish = make(target);
            policy::change(desk(context)?, viewer, &wish, key.as_deref(), &request).await?
        }
    };
    let mut subject = chosen.subject.unwrap_or(None);
    let mut version = None;
    let mut faults = Vec::new();
    let (status, refusal) = match outcome {
        PolicyOutcome::Changed {
            subject: own,
            version: made,
        } => {
            (subject, version) = (Some(own), made);
            (PolicyStatus::Changed, None)
        }
        PolicyOutcome::Invalid { faults: found } => {
            let first = found.first().map(ToString::to_string).unwrap_or_default();
            let count = found.len();
            faults = found.into_iter().map(InputFault::from).collect();
            let text = match count {
                1 => first,
                _ => format!("{first}; and {} more", count - 1),
            };
            let refusal = Refusal::of("POLICY_INVALID", text);
            (PolicyStatus::Invalid, refusal)
        }
        other => refused(other),
    };
    let found = types::policy(context, kind, subject).await.transpose();
    Ok(PolicyPayload {
        status,
        refusal,
        faults,
        policy: found,
        version,
    })
}

fn refused(outcome: PolicyOutcome) -> (PolicyStatus, Option<Refusal>) {
    match outcome {
        PolicyOutcome::NotFound => (
            PolicyStatus::NotFound,
            Refusal::not_found("subjectId", "policy, version, schedule or queue"),
        ),
        PolicyOutcome::NotAllowed => (
            PolicyStatus::NotAllowed,
            Refusal::of("NOT_ALLOWED", "only administrators change policies"),
        ),
        PolicyOutcome::Stale { latest } => {
            let text = format!("version {latest} is the newest by now, look at it first");
            let refusal = Refusal::at("expectedVersion", "STALE_VERSION", text);
            (PolicyStatus::Stale, refusal)
        }
        PolicyOutcome::WasActive => {
            let text = "the version was put in force before, roll back to it instead";
            let refusal = Refusal::at("version", "ALREADY_ACTIVE", text);
            (PolicyStatus::WasActive, refusal)
        }
        PolicyOutcome::InUse { by } => {
            let text = format!("the schedule is in use by {}", by.join(", "));
            (PolicyStatus::InUse, Refusal::of("IN_USE", text))
        }
        PolicyOutcome::NameTaken => {
            let text = "another schedule has this name, choose another one";
            (
                PolicyStatus::NameTaken,
                Refusal::at("name", "NAME_TAKEN", text),
            )
        }
        PolicyOutcome::KeyReused => (PolicyStatus::KeyReused, Refusal::key_reused()),
        PolicyOutcome::Unchanged { .. }
        | PolicyOutcome::Changed { .. }
        | PolicyOutcome::Invalid { .. } => (PolicyStatus::Unchanged, None),
    }
}
