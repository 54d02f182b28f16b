//! What agents look at.

use crate::page::{self, PageArguments};
use crate::scalars::Date;
use crate::types::{
    Agent, Asked, Conversation, ConversationConnection, ConversationFilter, Inbox, Node,
    Notification, Nullable, Offer, Policy, PolicyKind, PresenceReason, Queue, Schedule, Skill,
    SlaClockConnection, SlaExplanation, SlaReport, SlaReportBy, SlaReportFilter, SlaReportNumber,
    Team, Transfer, Workspace, find,
};
use crate::viewer::{desk, parse, viewer};
use crate::{Cursor, Error, loaders, types};
use async_graphql::{Context, ID, Object};
use futures::future::join_all;
use interdesk_domain::id::ConversationId;
use interdesk_store::{read, transfers};

/// How many ids `nodes` takes.
const NODES: usize = 100;

/// What agents look at.
pub struct Query;

/// What agents look at. An id that names nothing of the workspace is answered with null.
#[Object]
impl Query {
    /// The viewer.
    async fn me(&self, context: &Context<'_>) -> Nullable<Agent> {
        match viewer(context) {
            Ok(viewer) => loaders::one(context, viewer.agent).await,
            Err(error) => Some(Err(error)),
        }
    }

    /// The viewer's workspace.
    async fn workspace(&self, context: &Context<'_>) -> Nullable<Workspace> {
        types::workspace(context).await
    }

    /// The conversations of the workspace, the one with the latest message first.
    #[graphql(complexity = "page::size(first, last) * child_complexity + 1")]
    async fn conversations(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many from the beginning; 25 unless told, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this place.")] after: Option<Cursor>,
        #[graphql(desc = "How many from the end instead.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this place.")] before: Option<Cursor>,
        #[graphql(desc = "Which ones.")] filter: Option<ConversationFilter>,
    ) -> Nullable<ConversationConnection> {
        let arguments = PageArguments {
            first,
            after,
            last,
            before,
        };
        Some(types::page(context, &arguments, &filter.unwrap_or_default()).await)
    }

    /// One conversation.
    async fn conversation(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] id: ID,
    ) -> Nullable<Conversation> {
        if let Err(error) = viewer(context) {
            return Some(Err(error));
        }
        loaders::one(context, parse::<ConversationId>(&id)?).await
    }

    /// The viewer's pending offers, the most urgent first.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn offers(&self, context: &Context<'_>) -> Nullable<Vec<Offer>> {
        Some(offers(context).await)
    }

    /// What colleagues ask the viewer to take over, the most urgent first.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn asked_transfers(&self, context: &Context<'_>) -> Nullable<Vec<Transfer>> {
        Some(asked_transfers(context).await)
    }

    /// What the viewer is told beside their work, the latest first.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn notifications(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many; 25 unless told, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Whether those that were read are left out.")] unread_only: Option<bool>,
    ) -> Nullable<Vec<Notification>> {
        Some(notifications(context, first, unread_only.unwrap_or_default()).await)
    }

    /// The agents of the workspace who may sign in, by name.
    #[graphql(complexity = "20 * child_complexity + 1")]
    async fn agents(&self, context: &Context<'_>) -> Nullable<Vec<Agent>> {
        Some(agents(context).await)
    }

    /// The queues of the workspace, by name.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn queues(&self, context: &Context<'_>) -> Nullable<Vec<Queue>> {
        Some(queues(context).await)
    }

    /// The teams of the workspace, by name.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn teams(&self, context: &Context<'_>) -> Nullable<Vec<Team>> {
        Some(types::teams(context).await)
    }

    /// The schedules of the workspace that are not given up, by name.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn schedules(&self, context: &Context<'_>) -> Nullable<Vec<Schedule>> {
        Some(types::schedules(context).await)
    }

    /// The policies of the workspace, of one kind or of all, by kind and name.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn policies(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What they decide.")] kind: Option<PolicyKind>,
    ) -> Nullable<Vec<Policy>> {
        Some(types::policies(context, kind).await)
    }

    /// One policy; null where nothing was ever saved.
    async fn policy(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What it decides.")] kind: PolicyKind,
        #[graphql(desc = "The schedule or the queue that it is about.")] subject_id: Option<ID>,
    ) -> Nullable<Policy> {
        if let Err(error) = viewer(context) {
            return Some(Err(error));
        }
        let kind = kind.into();
        let subject = types::read_subject(kind, subject_id.as_ref()).ok()?;
        types::policy(context, kind, subject).await.transpose()
    }

    /// The skills that somebody in the workspace has, by name.
    async fn skills(&self, context: &Context<'_>) -> Nullable<Vec<Skill>> {
        Some(types::skills(context).await)
    }

    /// The workspace's own words for what agents are, by name.
    async fn presence_reasons(&self, context: &Context<'_>) -> Nullable<Vec<PresenceReason>> {
        Some(types::presence_reasons(context).await)
    }

    /// The inboxes of the workspace, by name.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn inboxes(&self, context: &Context<'_>) -> Nullable<Vec<Inbox>> {
        Some(inboxes(context).await)
    }

    /// A report of service levels: what ended in some days, and what runs now. Null for those who do
    /// not steer the work of others.
    #[graphql(complexity = "5 + child_complexity")]
    async fn sla_report(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The first day, in the workspace's zone.")] from: Date,
        #[graphql(desc = "The last day, at most 400 days on.")] to: Date,
        #[graphql(desc = "Which clocks.")] filter: Option<SlaReportFilter>,
        #[graphql(desc = "What is shown apart, beside the clocks.")] group_by: Option<
            Vec<SlaReportBy>,
        >,
    ) -> Nullable<SlaReport> {
        let asked = Asked {
            filter,
            by: group_by,
            from: from.0,
            to: to.0,
        };
        SlaReport::load(context, asked).await.transpose()
    }

    /// The clocks behind a number of a report, in the order in which they ended, or began where they
    /// run. Null for those who do not steer the work of others.
    #[graphql(complexity = "page::size(first, last) * child_complexity + 1")]
    #[allow(
        clippy::too_many_arguments,
        reason = "they are those of every connection"
    )]
    async fn sla_behind(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The key of a line of the report.")] key: ID,
        #[graphql(desc = "Which of its numbers.")] number: SlaReportNumber,
        #[graphql(desc = "How many from the beginning; 25 unless told, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this place.")] after: Option<Cursor>,
        #[graphql(desc = "How many from the end instead.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this place.")] before: Option<Cursor>,
    ) -> Nullable<SlaClockConnection> {
        let arguments = PageArguments {
            first,
            after,
            last,
            before,
        };
        let page = SlaClockConnection::load(context, &key, number, &arguments).await;
        page.transpose()
    }

    /// Why a clock says what it says: every interval of its life, counted, paused or closed.
    #[graphql(complexity = "20 + child_complexity")]
    async fn explain_sla(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which: the id of an SlaClock.")] clock: ID,
    ) -> Nullable<SlaExplanation> {
        SlaExplanation::load(context, &clock).await
    }

    /// Whatever the id names.
    async fn node(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] id: ID,
    ) -> Nullable<Node> {
        if let Err(error) = viewer(context) {
            return Some(Err(error));
        }
        find(context, &id).await
    }

    /// Whatever the ids name, in their order; null for those that name nothing.
    #[graphql(complexity = "ids.len() * child_complexity + 1")]
    async fn nodes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which; 100 at most.")] ids: Vec<ID>,
    ) -> Nullable<Vec<Nullable<Node>>> {
        if let Err(error) = viewer(context) {
            return Some(Err(error));
        }
        if ids.len() > NODES {
            return Some(Err(Error::BadInput(format!("ids must be at most {NODES}"))));
        }
        Some(Ok(join_all(ids.iter().map(|id| find(context, id))).await))
    }
}

async fn offers(context: &Context<'_>) -> Result<Vec<Offer>, Error> {
    let (viewer, desk) = (viewer(context)?, desk(context)?);
    let transaction = desk.database.begin(viewer.scope()).await?;
    let (agent, now) = (viewer.agent, desk.now());
    let found = read::offers::list_pending(&transaction, viewer.scope(), agent, now).await?;
    transaction.commit().await?;
    Ok(found.into_iter().map(Offer).collect())
}

async fn notifications(
    context: &Context<'_>,
    first: Option<i32>,
    only_unread: bool,
) -> Result<Vec<Notification>, Error> {
    let (viewer, desk) = (viewer(context)?, desk(context)?);
    let (scope, agent, now) = (viewer.scope(), viewer.agent, desk.now());
    let most = i64::from(first.unwrap_or(25).clamp(0, 100));
    let transaction = desk.database.begin(scope).await?;
    let list = interdesk_store::notifications::list_of_agent;
    let found = list(&transaction, scope, agent, now, only_unread, None, most).await?;
    transaction.commit().await?;
    Ok(found.into_iter().map(Notification).collect())
}

async fn asked_transfers(context: &Context<'_>) -> Result<Vec<Transfer>, Error> {
    let (viewer, desk) = (viewer(context)?, desk(context)?);
    let transaction = desk.database.begin(viewer.scope()).await?;
    let (agent, now) = (viewer.agent, desk.now());
    let found = transfers::list_asked(&transaction, viewer.scope(), agent, now).await?;
    transaction.commit().await?;
    Ok(found.into_iter().map(Transfer).collect())
}

async fn agents(context: &Context<'_>) -> Result<Vec<Agent>, Error> {
    let scope = viewer(context)?.scope();
    let transaction = desk(context)?.database.begin(scope).await?;
    let found = read::agents::list(&transaction, scope).await?;
    transaction.commit().await?;
    Ok(found.into_iter().map(Agent).collect())
}

async fn queues(context: &Context<'_>) -> Result<Vec<Queue>, Error> {
    let scope = viewer(context)?.scope();
    let transaction = desk(context)?.database.begin(scope).await?;
    let found = read::queues::list(&transaction, scope).await?;
    transaction.commit().await?;
    Ok(found.into_iter().map(Queue).collect())
}

async fn inboxes(context: &Context<'_>) -> Result<Vec<Inbox>, Error> {
    let scope = viewer(context)?.scope();
    let transaction = desk(context)?.database.begin(scope).await?;
    let found = read::inboxes::list(&transaction, scope).await?;
    transaction.commit().await?;
    Ok(found.into_iter().map(Inbox).collect())
}
