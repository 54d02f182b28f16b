//! Policies and their versions.

use super::{Agent, Nullable, object};
use crate::viewer::{desk, outside, viewer};
use crate::{Error, loaders};
use async_graphql::{Context, Enum, ID, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_domain::condition::Fault;
use interdesk_domain::id::{QueueId, ScheduleId, TenantId};
use interdesk_domain::policy;
use interdesk_flow::policy as flow;
use interdesk_store::policies::{self, Policy as Row, Version};
use serde_json::Value;
use uuid::Uuid;

/// How many versions are shown at once.
const VERSIONS: i32 = 100;

object! {
    /// A document that decides how the workspace works, over all its versions.
    Policy(Row)
}

/// A document that decides how the workspace works, over all its versions.
#[Object]
impl Policy {
    /// What it decides.
    async fn kind(&self) -> PolicyKind {
        self.0.kind.into()
    }

    /// What it is about: the schedule itself, a queue, or the workspace.
    async fn subject_id(&self) -> ID {
        subject(self.0.kind, self.0.id)
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The newest version, which a change has to name as the one that it expects.
    async fn latest(&self) -> i32 {
        self.0.latest
    }

    /// The version in force now; null where none is.
    async fn active(&self, context: &Context<'_>) -> Nullable<PolicyVersion> {
        self.in_force(context).await.transpose()
    }

    /// The version that a share of the work follows; null where none is staged.
    async fn staged(&self, context: &Context<'_>) -> Nullable<PolicyVersion> {
        let version = self.0.staged_version?;
        self.find(context, version).await.transpose()
    }

    /// How large that share is, in thousandths.
    async fn staged_permille(&self) -> Option<i32> {
        self.0.staged_permille
    }

    /// One version.
    async fn version(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which, from 1.")] number: i32,
    ) -> Nullable<PolicyVersion> {
        self.find(context, number).await.transpose()
    }

    /// Its versions, newest first.
    #[graphql(directive = crate::cost::list_size::apply(10, None, None))]
    async fn versions(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many; 20 unless told, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only versions below this one.")] below: Option<i32>,
    ) -> Nullable<Vec<PolicyVersion>> {
        Some(self.history(context, first, below).await)
    }

    /// What is different between two versions; null where one of them is not there.
    async fn difference(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The version before.")] from: i32,
        #[graphql(desc = "The version after.")] to: i32,
    ) -> Nullable<Vec<PolicyDifference>> {
        self.compare(context, from, to).await.transpose()
    }

    /// When it was first saved.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Since when it is given up; null while it is not.
    async fn retired_at(&self) -> Option<DateTime<Utc>> {
        self.0.retired_at
    }
}

impl Policy {
    async fn in_force(&self, context: &Context<'_>) -> Result<Option<PolicyVersion>, Error> {
        let (scope, desk) = (viewer(context)?.scope(), desk(context)?);
        let (kind, id) = (self.0.kind, self.0.id);
        let transaction = desk.database.begin(scope).await?;
        let active = policies::active(&transaction, scope, kind, id, desk.now()).await?;
        let found = match active {
            Some(active) => {
                policies::version(&transaction, scope, kind, id, active.version).await?
            }
            None => None,
        };
        transaction.commit().await?;
        Ok(found.map(PolicyVersion))
    }

    async fn find(
        &self,
        context: &Context<'_>,
        version: i32,
    ) -> Result<Option<PolicyVersion>, Error> {
        let scope = viewer(context)?.scope();
        let (kind, id) = (self.0.kind, self.0.id);
        let found = desk(context)?
            .database
            .read(scope, async |conn| {
                policies::version(conn, scope, kind, id, version).await
            })
            .await?;
        Ok(found.map(PolicyVersion))
    }

    async fn history(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        below: Option<i32>,
    ) -> Result<Vec<PolicyVersion>, Error> {
        let first = first.unwrap_or(20);
        if !(0..=VERSIONS).contains(&first) {
            let text = format!("first must be from 0 to {VERSIONS}");
            return Err(Error::BadInput(text));
        }
        let scope = viewer(context)?.scope();
        let (kind, id, below) = (self.0.kind, self.0.id, below.unwrap_or(i32::MAX));
        let found = desk(context)?
            .database
            .read(scope, async |conn| {
                policies::history(conn, scope, kind, id, below, first.into()).await
            })
            .await?;
        Ok(found.into_iter().map(PolicyVersion).collect())
    }

    async fn compare(
        &self,
        context: &Context<'_>,
        from: i32,
        to: i32,
    ) -> Result<Option<Vec<PolicyDifference>>, Error> {
        let (Some(before), Some(after)) = (
            self.find(context, from).await?,
            self.find(context, to).await?,
        ) else {
            return Ok(None);
        };
        let (before, after) = (flow::outward(&before.0.body), flow::outward(&after.0.body));
        let found = flow::diff(&before, &after);
        let words = flow::words(&found);
        let shown = found
            .into_iter()
            .zip(words)
            .map(|(one, words)| PolicyDifference {
                path: one.path,
                before: one.before.map(Json),
                after: one.after.map(Json),
                words,
            });
        Ok(Some(shown.collect()))
    }
}

/// Writes what a policy is about.
fn subject(kind: policy::PolicyKind, id: Uuid) -> ID {
    match kind {
        policy::PolicyKind::Schedule => outside(ScheduleId(id)),
        policy::PolicyKind::Queue => outside(QueueId(id)),
        _ => outside(TenantId(id)),
    }
}

object! {
    /// One version of a policy; what it says is never changed.
    PolicyVersion(Version)
}

/// One version of a policy; what it says is never changed.
#[Object]
impl PolicyVersion {
    /// Which, from 1.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// What it says, in the form of its kind.
    async fn body(&self) -> Json<Value> {
        Json(flow::outward(&self.0.body))
    }

    /// Why it was made.
    async fn note(&self) -> &str {
        &self.0.note
    }

    /// Who made it; null for the operator of the installation.
    async fn made_by(&self, context: &Context<'_>) -> Nullable<Agent> {
        loaders::one(context, self.0.made_by?).await
    }

    /// When it was made.
    async fn made_at(&self) -> DateTime<Utc> {
        self.0.made_at
    }

    /// From when on it is in force, until the next one is; null while it was never activated.
    async fn effective_from(&self) -> Option<DateTime<Utc>> {
        self.0.effective_from
    }
}

/// One thing that is different between two versions.
#[derive(SimpleObject)]
pub(crate) struct PolicyDifference {
    /// Where, as `ladder[0].after_seconds`; entries with names are found by them.
    path: String,
    /// What was there; null where nothing was.
    before: Option<Json<Value>>,
    /// What is there; null where nothing is.
    after: Option<Json<Value>>,
    /// The same in words.
    words: String,
}

/// Something that keeps a document or a change from being taken.
#[derive(SimpleObject)]
pub(crate) struct InputFault {
    /// Where, as `[0].when.all[1].channel`; empty for the whole.
    path: String,
    /// What is wrong: `empty`, `too_large`, `unknown`, `contradiction` and others.
    problem: String,
    /// What to do about it.
    mend: String,
}

impl From<Fault> for InputFault {
    fn from(fault: Fault) -> Self {
        let problem = serde_json::to_value(fault.problem).ok();
        let problem = problem.and_then(|word| word.as_str().map(str::to_owned));
        Self {
            path: fault.path,
            problem: problem.unwrap_or_default(),
            mend: fault.mend,
        }
    }
}

/// What a policy decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "policy::PolicyKind")]
pub(crate) enum PolicyKind {
    /// When something is open.
    Schedule,
    /// How a queue is served.
    Queue,
    /// Where new work goes.
    Rules,
    /// How work of different classes is weighed.
    Order,
    /// What is promised.
    Sla,
    /// What becomes of work whose owner is away, where the queue does not say.
    Absence,
}

/// Lists the policies of the workspace, of one kind or of all.
pub(crate) async fn policies(
    context: &Context<'_>,
    kind: Option<PolicyKind>,
) -> Result<Vec<Policy>, Error> {
    let scope = viewer(context)?.scope();
    let found = desk(context)?
        .database
        .read(scope, async |conn| policies::list(conn, scope).await)
        .await?;
    let kind = kind.map(policy::PolicyKind::from);
    let wanted = found.into_iter();
    let wanted = wanted.filter(|one| kind.is_none_or(|kind| kind == one.kind));
    Ok(wanted.map(Policy).collect())
}

/// Finds a policy.
pub(crate) async fn policy(
    context: &Context<'_>,
    kind: policy::PolicyKind,
    id: Option<Uuid>,
) -> Result<Option<Policy>, Error> {
    let scope = viewer(context)?.scope();
    let id = match kind.is_of_tenant() {
        true => Some(scope.tenant().0),
        false => id,
    };
    let Some(id) = id else { return Ok(None) };
    let found = desk(context)?
        .database
        .read(scope, async |conn| {
            policies::find(conn, scope, kind, id).await
        })
        .await?;
    Ok(found.map(Policy))
}

/// Reads what a policy is about; `Err` where the id names nothing that it could be about.
pub(crate) fn read_subject(kind: policy::PolicyKind, id: Option<&ID>) -> Result<Option<Uuid>, ()> {
    let Some(id) = id else { return Ok(None) };
    let read = match kind {
        policy::PolicyKind::Schedule => id.parse::<ScheduleId>().ok().map(Uuid::from),
        policy::PolicyKind::Queue => id.parse::<QueueId>().ok().map(Uuid::from),
        _ => id.parse::<TenantId>().ok().map(Uuid::from),
    };
    read.map(Some).ok_or(())
}
