//! What agents look at.

use crate::access::requires;
use crate::page::PageArguments;
use crate::scalars::Date;
use crate::types::Permission;
use crate::types::{
    Agent, ApiKey, Asked, AuditEntryConnection, ConditionExplanation, Conversation,
    ConversationConnection, ConversationFilter, CustomRole, Draft, IdentityProvider, Inbox, Node,
    Notification, Nullable, Offer, Policy, PolicyKind, PresenceReason, Queue, RateLimit, Schedule,
    SearchConnection, SearchFilter, SecondFactor, Session, SignInProvider, Skill,
    SlaClockConnection, SlaExplanation, SlaReport, SlaReportBy, SlaReportFilter, SlaReportNumber,
    Tag, Team, Transfer, View, ViewerAccess, Workspace, find,
};
use crate::viewer::{desk, parse, viewer};
use crate::{Cursor, Error, loaders, types};
use async_graphql::{Context, ID, Object};
use futures::future::join_all;
use interdesk_domain::id::ConversationId;
use interdesk_store::{aside, read, transfers};

/// How many ids `nodes` takes.
const NODES: usize = 100;

/// What agents look at.
pub struct Query;

/// What agents look at. An id that names nothing of the workspace is answered with null.
#[Object]
impl Query {
    /// The viewer.
    #[graphql(directive = requires::apply(None))]
    async fn me(&self, context: &Context<'_>) -> Nullable<Agent> {
        match viewer(context) {
            Ok(viewer) => loaders::one(context, viewer.agent).await,
            Err(error) => Some(Err(error)),
        }
    }

    /// What the viewer may do at this moment.
    #[graphql(directive = requires::apply(None))]
    async fn access(&self, context: &Context<'_>) -> Nullable<ViewerAccess> {
        types::viewer_access(context)
    }

    /// Where the viewer is signed in, the latest used first.
    #[graphql(directive = requires::apply(None))]
    async fn sessions(&self, context: &Context<'_>) -> Nullable<Vec<Session>> {
        Some(types::sessions(context).await)
    }

    /// What `signIn` asks the viewer for beside the password; null where it asks for nothing.
    #[graphql(directive = requires::apply(None))]
    async fn second_factor(&self, context: &Context<'_>) -> Nullable<SecondFactor> {
        types::second_factor(context).await.transpose()
    }

    /// The viewer's API keys, the latest first; those of everybody with the permission
    /// API_KEYS_MANAGE. Revoked ones too.
    #[graphql(
        directive = crate::cost::list_size::apply(10, None, None),
        directive = requires::apply(Some(Permission::ApiKeysCreate))
    )]
    async fn api_keys(&self, context: &Context<'_>) -> Nullable<Vec<ApiKey>> {
        Some(types::api_keys(context).await)
    }

    /// The roles of the workspace's own that may be given, by name.
    #[graphql(
        directive = crate::cost::list_size::apply(5, None, None),
        directive = requires::apply(Some(Permission::AgentsRead))
    )]
    async fn roles(&self, context: &Context<'_>) -> Nullable<Vec<CustomRole>> {
        Some(types::custom_roles(context).await)
    }

    /// Where people of the workspace prove who they are, other than here, by name.
    #[graphql(
        directive = crate::cost::list_size::apply(5, None, None),
        directive = requires::apply(Some(Permission::SignInConfigure))
    )]
    async fn identity_providers(&self, context: &Context<'_>) -> Nullable<Vec<IdentityProvider>> {
        Some(types::identity_providers(context).await)
    }

    /// Where people of a workspace may sign in, other than here; none where there is no such workspace.
    #[graphql(directive = crate::cost::list_size::apply(5, None, None))]
    async fn sign_in_providers(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The short name of the workspace.")] workspace: String,
    ) -> Nullable<Vec<SignInProvider>> {
        Some(types::sign_in_providers(context, &workspace).await)
    }

    /// The viewer's workspace.
    #[graphql(directive = requires::apply(None))]
    async fn workspace(&self, context: &Context<'_>) -> Nullable<Workspace> {
        types::workspace(context).await
    }

    /// What the viewer may ask for in this minute.
    #[graphql(directive = requires::apply(None))]
    async fn rate_limit(&self, context: &Context<'_>) -> Option<RateLimit> {
        Some(RateLimit::of(context))
    }

    /// The conversations of the workspace, the one with the latest message first.
    #[graphql(
        directive = crate::cost::list_size::apply(25, crate::cost::slices(), crate::cost::entries()),
        directive = requires::apply(Some(Permission::ConversationsRead))
    )]
    #[allow(
        clippy::too_many_arguments,
        reason = "they are those of every connection, and a view"
    )]
    async fn conversations(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many from the beginning; 25 unless told, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this place.")] after: Option<Cursor>,
        #[graphql(desc = "How many from the end instead.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this place.")] before: Option<Cursor>,
        #[graphql(desc = "Which ones.")] filter: Option<ConversationFilter>,
        #[graphql(desc = "Those of a saved view instead of a filter.")] view_id: Option<ID>,
    ) -> Nullable<ConversationConnection> {
        let arguments = PageArguments {
            first,
            after,
            last,
            before,
        };
        match (&view_id, &filter) {
            (Some(_), Some(_)) => {
                let text = "give filter or viewId, not both".to_owned();
                return Some(Err(Error::BadInput(text)));
            }
            (Some(id), None) => {
                return types::page_of_view(context, &arguments, id)
                    .await
                    .transpose();
            }
            (None, _) => {}
        }
        Some(types::page(context, &arguments, &filter.unwrap_or_default()).await)
    }

    /// One conversation.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsRead)))]
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

    /// Looks for words in messages, and for contacts by name or address. All words have to occur; the
    /// last one may be the beginning of one. `"a phrase"`, `or` and `-without` are understood. What
    /// was said is found about a second later.
    #[graphql(
        directive = crate::cost::cost::apply("20".into()),
        directive = crate::cost::list_size::apply(25, Some(vec!["first".into()]), crate::cost::entries()),
        directive = requires::apply(Some(Permission::ConversationsRead))
    )]
    async fn search(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to look for, in 200 characters at most.")] text: String,
        #[graphql(desc = "How many; 25 unless told, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this place.")] after: Option<Cursor>,
        #[graphql(desc = "Where to look.")] filter: Option<SearchFilter>,
    ) -> Nullable<SearchConnection> {
        let arguments = PageArguments {
            first,
            after,
            ..PageArguments::default()
        };
        Some(types::search(context, &text, &arguments, &filter.unwrap_or_default()).await)
    }

    /// The viewer's pending offers, the most urgent first.
    #[graphql(
        directive = crate::cost::list_size::apply(5, None, None),
        directive = requires::apply(Some(Permission::ConversationsAnswer))
    )]
    async fn offers(&self, context: &Context<'_>) -> Nullable<Vec<Offer>> {
        Some(offers(context).await)
    }

    /// What colleagues ask the viewer to take over, the most urgent first.
    #[graphql(
        directive = crate::cost::list_size::apply(5, None, None),
        directive = requires::apply(Some(Permission::ConversationsAnswer))
    )]
    async fn asked_transfers(&self, context: &Context<'_>) -> Nullable<Vec<Transfer>> {
        Some(asked_transfers(context).await)
    }

    /// What the viewer is told beside their work, the latest first.
    #[graphql(
        directive = crate::cost::list_size::apply(25, Some(vec!["first".into()]), None),
        directive = requires::apply(None)
    )]
    async fn notifications(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many; 25 unless told, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Whether those that were read are left out.")] unread_only: Option<bool>,
    ) -> Nullable<Vec<Notification>> {
        Some(notifications(context, first, unread_only.unwrap_or_default()).await)
    }

    /// The audit log: every event of the workspace, the latest first.
    #[graphql(
        directive = crate::cost::list_size::apply(25, Some(vec!["first".into()]), crate::cost::entries()),
        directive = requires::apply(Some(Permission::AuditRead))
    )]
    async fn audit_entries(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many; 25 unless told, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this place.")] after: Option<Cursor>,
    ) -> Nullable<AuditEntryConnection> {
        let arguments = PageArguments {
            first,
            after,
            ..PageArguments::default()
        };
        Some(types::audit_entries(context, &arguments).await)
    }

    /// What the viewer began to write, the latest first.
    #[graphql(
        directive = crate::cost::list_size::apply(25, Some(vec!["first".into()]), None),
        directive = requires::apply(Some(Permission::ConversationsRead))
    )]
    async fn drafts(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many; 25 unless told, 100 at most.")] first: Option<i32>,
    ) -> Nullable<Vec<Draft>> {
        Some(types::drafts(context, first).await)
    }

    /// The tags that the workspace offers, by name.
    #[graphql(
        directive = crate::cost::list_size::apply(20, None, None),
        directive = requires::apply(Some(Permission::ConversationsRead))
    )]
    async fn tags(&self, context: &Context<'_>) -> Nullable<Vec<Tag>> {
        Some(types::tags(context).await)
    }

    /// The viewer's own views and those that are shared, by name.
    #[graphql(
        directive = crate::cost::list_size::apply(10, None, None),
        directive = requires::apply(Some(Permission::ConversationsRead))
    )]
    async fn views(&self, context: &Context<'_>) -> Nullable<Vec<View>> {
        Some(types::views(context).await)
    }

    /// One view.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsRead)))]
    async fn view(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] id: ID,
    ) -> Nullable<View> {
        types::view(context, &id).await.transpose()
    }

    /// Why a conversation is in a view, or is not: each test of its condition, from the whole on down.
    #[graphql(
        directive = crate::cost::list_size::apply(10, None, None),
        directive = requires::apply(Some(Permission::ConversationsRead))
    )]
    async fn why_in_view(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which view.")] view_id: ID,
        #[graphql(desc = "Which conversation.")] conversation_id: ID,
    ) -> Nullable<Vec<ConditionExplanation>> {
        types::why_in_view(context, &view_id, &conversation_id)
            .await
            .transpose()
    }

    /// The agents of the workspace who may sign in, by name.
    #[graphql(
        directive = crate::cost::list_size::apply(20, None, None),
        directive = requires::apply(Some(Permission::AgentsRead))
    )]
    async fn agents(&self, context: &Context<'_>) -> Nullable<Vec<Agent>> {
        Some(agents(context).await)
    }

    /// The queues of the workspace, by name.
    #[graphql(
        directive = crate::cost::list_size::apply(10, None, None),
        directive = requires::apply(Some(Permission::WorkspaceRead))
    )]
    async fn queues(&self, context: &Context<'_>) -> Nullable<Vec<Queue>> {
        Some(queues(context).await)
    }

    /// The teams of the workspace, by name.
    #[graphql(
        directive = crate::cost::list_size::apply(10, None, None),
        directive = requires::apply(Some(Permission::WorkspaceRead))
    )]
    async fn teams(&self, context: &Context<'_>) -> Nullable<Vec<Team>> {
        Some(types::teams(context).await)
    }

    /// The schedules of the workspace that are not given up, by name.
    #[graphql(
        directive = crate::cost::list_size::apply(10, None, None),
        directive = requires::apply(Some(Permission::WorkspaceRead))
    )]
    async fn schedules(&self, context: &Context<'_>) -> Nullable<Vec<Schedule>> {
        Some(types::schedules(context).await)
    }

    /// The policies of the workspace, of one kind or of all, by kind and name.
    #[graphql(
        directive = crate::cost::list_size::apply(10, None, None),
        directive = requires::apply(Some(Permission::WorkspaceRead))
    )]
    async fn policies(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What they decide.")] kind: Option<PolicyKind>,
    ) -> Nullable<Vec<Policy>> {
        Some(types::policies(context, kind).await)
    }

    /// One policy; null where nothing was ever saved.
    #[graphql(directive = requires::apply(Some(Permission::WorkspaceRead)))]
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
    #[graphql(directive = requires::apply(Some(Permission::AgentsRead)))]
    async fn skills(&self, context: &Context<'_>) -> Nullable<Vec<Skill>> {
        Some(types::skills(context).await)
    }

    /// The workspace's own words for what agents are, by name.
    #[graphql(directive = requires::apply(None))]
    async fn presence_reasons(&self, context: &Context<'_>) -> Nullable<Vec<PresenceReason>> {
        Some(types::presence_reasons(context).await)
    }

    /// The inboxes of the workspace, by name.
    #[graphql(
        directive = crate::cost::list_size::apply(10, None, None),
        directive = requires::apply(Some(Permission::WorkspaceRead))
    )]
    async fn inboxes(&self, context: &Context<'_>) -> Nullable<Vec<Inbox>> {
        Some(inboxes(context).await)
    }

    /// A report of service levels: what ended in some days, and what runs now. Null for those who do
    /// not steer the work of others.
    #[graphql(
        directive = crate::cost::cost::apply("5".into()),
        directive = requires::apply(Some(Permission::ReportsRead))
    )]
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
    #[graphql(
        directive = crate::cost::list_size::apply(25, crate::cost::slices(), crate::cost::entries()),
        directive = requires::apply(Some(Permission::ReportsRead))
    )]
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
    #[graphql(
        directive = crate::cost::cost::apply("20".into()),
        directive = requires::apply(Some(Permission::ConversationsRead))
    )]
    async fn explain_sla(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which: the id of an SlaClock.")] clock: ID,
    ) -> Nullable<SlaExplanation> {
        SlaExplanation::load(context, &clock).await
    }

    /// Whatever the id names.
    #[graphql(directive = requires::apply(None))]
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
    #[graphql(
        directive = crate::cost::list_size::apply(25, Some(vec!["ids".into()]), None),
        directive = requires::apply(None)
    )]
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
    let told = list(&transaction, scope, agent, now, only_unread, None, most).await?;
    let called = aside::list_mentions(&transaction, scope, agent, only_unread, most).await?;
    transaction.commit().await?;
    let told = told.into_iter().map(Notification::from);
    let mut all: Vec<Notification> = told.chain(called.into_iter().map(Into::into)).collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.place()));
    all.truncate(usize::try_from(most).unwrap_or(0));
    Ok(all)
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
    let found = desk(context)?
        .database
        .read(scope, async |conn| read::agents::list(conn, scope).await)
        .await?;
    Ok(found.into_iter().map(Agent).collect())
}

async fn queues(context: &Context<'_>) -> Result<Vec<Queue>, Error> {
    let scope = viewer(context)?.scope();
    let found = desk(context)?
        .database
        .read(scope, async |conn| read::queues::list(conn, scope).await)
        .await?;
    Ok(found.into_iter().map(Queue).collect())
}

async fn inboxes(context: &Context<'_>) -> Result<Vec<Inbox>, Error> {
    let scope = viewer(context)?.scope();
    let found = desk(context)?
        .database
        .read(scope, async |conn| read::inboxes::list(conn, scope).await)
        .await?;
    Ok(found.into_iter().map(Inbox).collect())
}
