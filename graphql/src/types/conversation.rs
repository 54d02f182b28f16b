//! Conversations and pages of them.

use super::{
    Agent, Capabilities, Contact, Draft, Episode, Inbox, MessageConnection, NoteConnection,
    Nullable, Participant, Queue, ReplyRoute, ReplyState, SlaClock, Ways, WorkItem, object, view,
};
use crate::access::{found, proven};
use crate::loaders::{
    self, ClocksOf, DraftIn, MergedFrom, ParticipantsOf, PersonOf, SpeakerOf, TagsOf, WorkOf,
};
use crate::page::{PageArguments, PageInfo, cut};
use crate::viewer::{desk, outside, parse};
use crate::{Cursor, Error, Limits, Long};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_channels::channel;
use interdesk_domain::condition::Condition;
use interdesk_domain::conversation as domain;
use interdesk_domain::inbox::{ChannelKind, ThirdPartyInbox};
use interdesk_flow::typing;
use interdesk_store::Conn;
use interdesk_store::conversations::Conversation as Row;
use interdesk_store::read::Window;
use interdesk_store::read::conversations::{self as rows, Assignee, Filter, Place};
use interdesk_store::speakers;

object! {
    /// All messages with one contact about one thing.
    Conversation(Row)
}

/// All messages with one contact about one thing, whatever apps they arrive on.
#[Object]
impl Conversation {
    /// Names the conversation.
    pub(crate) async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// Where it stands.
    async fn status(&self) -> ConversationStatus {
        self.0.status.into()
    }

    /// Counts its events; give it back as `lastSeenVersion` so as not to answer over a colleague.
    async fn version(&self) -> Long {
        self.0.version.into()
    }

    /// Who writes.
    async fn contact(&self, context: &Context<'_>) -> Nullable<Contact> {
        loaders::one(context, PersonOf(self.0.contact_id)).await
    }

    /// Whether several customers write here: a group of the app.
    async fn is_group(&self) -> bool {
        self.0.group_id.is_some()
    }

    /// The customers who wrote here, in the order in which they began to, and behind them those who
    /// are or were in the group, 100 at most: all of a group, those who were copied in on a mail, and
    /// each contact of a person. It is one conversation for routing, however many they are.
    #[graphql(directive = crate::cost::list_size::apply(3, None, None))]
    async fn participants(&self, context: &Context<'_>) -> Nullable<Vec<Participant>> {
        let found = loaders::all(context, ParticipantsOf(self.0.id)).await;
        Some(found.map(|found| found.into_iter().map(Participant).collect()))
    }

    /// Who has it; null where nobody has.
    async fn assignee(&self, context: &Context<'_>) -> Nullable<Agent> {
        loaders::one(context, self.0.assignee_id?).await
    }

    /// The queue that it belongs to.
    async fn queue(&self, context: &Context<'_>) -> Nullable<Queue> {
        loaders::one(context, self.0.queue_id).await
    }

    /// Where the customer wrote last; `replyRoute` tells where a reply goes.
    async fn inbox(&self, context: &Context<'_>) -> Nullable<Inbox> {
        loaders::one(context, self.0.inbox_id).await
    }

    /// The present or last episode.
    async fn episode(&self, context: &Context<'_>) -> Nullable<Episode> {
        loaders::one(context, self.0.episode_id).await
    }

    /// The latest work item: what was routed, to whom and why.
    async fn work_item(&self, context: &Context<'_>) -> Nullable<WorkItem> {
        loaders::one(context, WorkOf(self.0.id)).await
    }

    /// The clocks of the present or last episode as they stand now, in the order in which they began.
    #[graphql(directive = crate::cost::list_size::apply(4, None, None))]
    async fn sla_clocks(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only those that run, unless false.")] running: Option<bool>,
    ) -> Nullable<Vec<SlaClock>> {
        let mut rows = match loaders::all(context, ClocksOf(self.0.id)).await {
            Ok(rows) => rows,
            Err(error) => return Some(Err(error)),
        };
        rows.retain(|row| !running.unwrap_or(true) || row.ended_at.is_none());
        Some(Box::pin(SlaClock::show(context, rows)).await)
    }

    /// How much its work weighs: double for each step, 0 is ordinary.
    async fn priority(&self) -> i16 {
        self.0.priority
    }

    /// Until when it is put off; null where it is not snoozed.
    async fn snoozed_until(&self) -> Option<DateTime<Utc>> {
        self.0.asleep_until()
    }

    /// What it waits for at a third party; null where it is not on hold.
    async fn held_reason(&self) -> Option<&str> {
        let is_held = self.0.status == domain::ConversationStatus::OnHold;
        self.0.held_reason.as_deref().filter(|_| is_held)
    }

    /// Who has the right to speak, where that is a lease, since an assistant has or had a part in it;
    /// null where it is simply its assignee.
    async fn speaker(&self, context: &Context<'_>) -> Nullable<Speaker> {
        loaders::one(context, SpeakerOf(self.0.id)).await
    }

    /// The conversation that it is merged into, which goes on for it and shows its messages; null where it
    /// stands for itself. It is in no list then.
    async fn merged_into(&self, context: &Context<'_>) -> Nullable<Self> {
        loaders::one(context, self.0.merged_into?).await
    }

    /// The conversations that are merged into it, the oldest first.
    #[graphql(directive = crate::cost::list_size::apply(1, None, None))]
    async fn merged_from(&self, context: &Context<'_>) -> Nullable<Vec<Self>> {
        if !self.0.has_merged {
            return Some(Ok(Vec::new()));
        }
        let found = loaders::all(context, MergedFrom(self.0.id)).await;
        Some(found.map(|found| found.into_iter().map(Self).collect()))
    }

    /// Its messages, oldest first; ask for the `last` ones to show its end. With them are those of what is
    /// merged into it, in the order of time.
    #[graphql(directive = crate::cost::list_size::apply(25, crate::cost::slices(), crate::cost::entries()))]
    async fn messages(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many from the beginning; 25 unless told, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this place.")] after: Option<Cursor>,
        #[graphql(desc = "How many from the end instead.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this place.")] before: Option<Cursor>,
    ) -> Nullable<MessageConnection> {
        let arguments = PageArguments {
            first,
            after,
            last,
            before,
        };
        let of = (self.0.id, self.0.has_merged);
        Some(Box::pin(MessageConnection::load(context, of, &arguments)).await)
    }

    /// What agents wrote down for each other, oldest first; customers never see it. Messages and notes
    /// are in one order, by `version`, and take each other's cursors.
    #[graphql(directive = crate::cost::list_size::apply(25, crate::cost::slices(), crate::cost::entries()))]
    async fn notes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many from the beginning; 25 unless told, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Only what comes after this place.")] after: Option<Cursor>,
        #[graphql(desc = "How many from the end instead.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this place.")] before: Option<Cursor>,
    ) -> Nullable<NoteConnection> {
        let arguments = PageArguments {
            first,
            after,
            last,
            before,
        };
        let of = (self.0.id, self.0.has_merged);
        Some(Box::pin(NoteConnection::load(context, of, &arguments)).await)
    }

    /// The tags that people and rules put on it.
    async fn tags(&self, context: &Context<'_>) -> Nullable<Vec<String>> {
        Some(loaders::all(context, TagsOf(self.0.id)).await)
    }

    /// What the viewer began to write here; null where they did not.
    async fn draft(&self, context: &Context<'_>) -> Nullable<Draft> {
        loaders::one(context, DraftIn(self.0.id)).await
    }

    /// The beginning of the last message.
    async fn last_text(&self) -> &str {
        &self.0.last_text
    }

    /// When the last message of either side came.
    async fn last_message_at(&self) -> DateTime<Utc> {
        self.0.last_message_at
    }

    /// When the customer wrote last; null where only we wrote.
    async fn last_customer_message_at(&self) -> Option<DateTime<Utc>> {
        self.0.last_customer_message_at
    }

    /// Where a reply goes by itself, why, and where else it can be sent.
    #[graphql(directive = crate::cost::cost::apply("4".into()))]
    async fn reply_route(&self, context: &Context<'_>) -> Nullable<ReplyRoute> {
        match Box::pin(Ways::load(context, self.0.id)).await {
            Ok(ways) => Some(Box::pin(ways?.show(context)).await),
            Err(error) => Some(Err(error)),
        }
    }

    /// Until when free words may be written where a reply goes, in the past where that is over; null
    /// where there is no such limit or the customer never wrote there. `replyState` tells which.
    #[graphql(directive = crate::cost::cost::apply("4".into()))]
    async fn can_reply_until(&self, context: &Context<'_>) -> Nullable<DateTime<Utc>> {
        let ways = Box::pin(Ways::load(context, self.0.id)).await;
        ways.map(|ways| ways?.can_reply_until()).transpose()
    }

    /// Whether a reply may be written now, and what kind.
    #[graphql(directive = crate::cost::cost::apply("4".into()))]
    async fn reply_state(&self, context: &Context<'_>) -> Nullable<ReplyState> {
        let now = match desk(context) {
            Ok(desk) => desk.now(),
            Err(error) => return Some(Err(error)),
        };
        let ways = Box::pin(Ways::load(context, self.0.id)).await;
        ways.map(|ways| Some(ways?.state(now))).transpose()
    }

    /// What can be written where a reply goes, and what becomes of it.
    async fn capabilities(&self, context: &Context<'_>) -> Nullable<Capabilities> {
        let ways = Box::pin(Ways::load(context, self.0.id)).await;
        ways.map(|ways| Some(Capabilities::of(ways?.channel())))
            .transpose()
    }

    /// Whether the customer is writing right now, where their app tells; ask again every few seconds.
    async fn customer_typing(&self, context: &Context<'_>) -> Nullable<bool> {
        let desk = match desk(context) {
            Ok(desk) => desk,
            Err(error) => return Some(Err(error)),
        };
        let typing = Box::pin(typing::is_customer_typing(desk, &[self.0.id])).await;
        // Nobody is seen typing while the cache is away.
        Some(Ok(typing.is_ok_and(|typing| typing.contains(&true))))
    }

    /// When it began.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

object! {
    /// Who has the right to speak in a conversation.
    Speaker(speakers::Speaker)
}

/// Who has the right to speak in a conversation.
#[Object]
impl Speaker {
    /// Who; null where nobody has.
    async fn agent(&self, context: &Context<'_>) -> Nullable<Agent> {
        loaders::one(context, self.0.agent_id?).await
    }

    /// Counts the times that the right changed hands: an assistant's replies name it.
    async fn epoch(&self) -> Long {
        self.0.epoch.into()
    }
}

/// Where a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::ConversationStatus")]
pub(crate) enum ConversationStatus {
    /// Nobody has answered this episode yet.
    New,
    /// An agent has it.
    Open,
    /// The agent answered and waits for the customer.
    WaitingForCustomer,
    /// A third party has to act before it can go on.
    OnHold,
    /// Put off until a moment, or until the customer writes.
    Snoozed,
    /// Done, until the customer writes again.
    Resolved,
    /// Done for good.
    Closed,
}

/// Which conversations to show; what is left out does not matter.
#[derive(Debug, Clone, Default, InputObject)]
pub(crate) struct ConversationFilter {
    /// Only those in one of these states.
    pub(crate) status: Option<Vec<ConversationStatus>>,
    /// Only those of this queue.
    pub(crate) queue_id: Option<ID>,
    /// Only those of this agent.
    pub(crate) assignee_id: Option<ID>,
    /// Only those that nobody has; `false` changes nothing.
    pub(crate) unassigned: Option<bool>,
    /// Which apps; unless told, what `thirdPartyInbox` of the viewer says: `ALL` where it is
    /// combined, `MAIN` where it is separate.
    pub(crate) view: Option<ConversationView>,
}

/// Which apps a list of conversations shows, by the one where the customer wrote last. It is a view:
/// a conversation is in the other one as soon as the customer goes on in the other kind of app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum ConversationView {
    /// Chats, mailboxes and apps of the workspace's own.
    Main,
    /// Apps of other providers' messaging networks: `thirdParty` of their capabilities.
    ThirdParty,
    /// All.
    All,
}

impl ConversationView {
    /// Returns the view that the viewer sees unless they ask for another.
    fn usual(context: &Context<'_>) -> Result<Self, Error> {
        match found(context)?.third_party_inbox {
            ThirdPartyInbox::Combined => Ok(Self::All),
            ThirdPartyInbox::Separate => Ok(Self::Main),
        }
    }

    /// Returns its channels; `None` for all.
    fn channels(self) -> Option<Vec<ChannelKind>> {
        let third_party = match self {
            Self::All => return None,
            Self::Main => false,
            Self::ThirdParty => true,
        };
        let shown = |kind: &ChannelKind| channel(*kind).capabilities().third_party == third_party;
        Some(ChannelKind::ALL.into_iter().filter(shown).collect())
    }
}

impl ConversationFilter {
    /// Returns the filter as a condition, with what the viewer chose where it says nothing.
    pub(crate) fn condition(&self, context: &Context<'_>) -> Result<Condition, Error> {
        let Some(filter) = self.read()? else {
            return Ok(Condition::Any(Vec::new()));
        };
        let view = match self.view {
            Some(view) => view,
            None => ConversationView::usual(context)?,
        };
        let assignee = match filter.assignee {
            Assignee::Any => None,
            Assignee::Nobody => Some(Condition::Assigned(false)),
            Assignee::Agent(agent) => Some(Condition::Assignee(vec![agent])),
        };
        let parts = [
            filter.status.map(Condition::Status),
            filter.queue.map(|queue| Condition::Queue(vec![queue])),
            assignee,
            view.channels().map(Condition::Channel),
        ];
        Ok(Condition::All(parts.into_iter().flatten().collect()))
    }

    /// Reads the filter; `None` where it names what cannot exist, so that nothing matches.
    fn read(&self) -> Result<Option<Filter>, Error> {
        let queue = self.queue_id.as_ref().map(parse);
        let assignee = self.assignee_id.as_ref().map(parse);
        let assignee = match (assignee, self.unassigned.unwrap_or(false)) {
            (Some(_), true) => {
                let text = "give assigneeId or unassigned, not both";
                return Err(Error::BadInput(text.to_owned()));
            }
            (Some(None), false) => return Ok(None),
            (Some(Some(agent)), false) => Assignee::Agent(agent),
            (None, true) => Assignee::Nobody,
            (None, false) => Assignee::Any,
        };
        let queue = match queue {
            Some(None) => return Ok(None),
            Some(queue) => queue,
            None => None,
        };
        let status = self.status.as_ref();
        let status = status.map(|all| all.iter().map(|one| (*one).into()).collect());
        Ok(Some(Filter {
            status,
            queue,
            assignee,
            channels: None,
        }))
    }
}

/// A page of conversations, the one with the latest message first.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(complex)]
pub(crate) struct ConversationConnection {
    /// The conversations with their places.
    pub(crate) edges: Vec<ConversationEdge>,
    /// The conversations alone.
    pub(crate) nodes: Vec<Conversation>,
    /// What lies around the page.
    pub(crate) page_info: PageInfo,
    #[graphql(skip)]
    counted: Counted,
}

/// What a count is about.
#[derive(Debug, Clone, Default)]
enum Counted {
    /// Nothing can match.
    #[default]
    Nothing,
    /// What passes a filter.
    Filter(Filter),
    /// What is in a view.
    View(Condition),
}

impl ConversationConnection {
    /// Shows a page of a view.
    pub(super) fn of_view(found: Vec<Row>, page_info: PageInfo, condition: Condition) -> Self {
        let (edges, nodes) = listed(found);
        Self {
            edges,
            nodes,
            page_info,
            counted: Counted::View(condition),
        }
    }
}

/// Lists conversations with and without their places.
fn listed(found: Vec<Row>) -> (Vec<ConversationEdge>, Vec<Conversation>) {
    let nodes: Vec<Conversation> = found.into_iter().map(Conversation).collect();
    let edge = |node: &Conversation| ConversationEdge {
        cursor: Cursor::of_conversation((node.0.last_message_at, node.0.id)),
        node: node.clone(),
    };
    (nodes.iter().map(edge).collect(), nodes)
}

/// A conversation and its place.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct ConversationEdge {
    /// The place.
    pub(crate) cursor: Cursor,
    /// The conversation.
    pub(crate) node: Conversation,
}

#[async_graphql::ComplexObject]
impl ConversationConnection {
    /// How many there are in all; null beyond 1,000, unless the server counts further.
    #[graphql(directive = crate::cost::cost::apply("10".into()))]
    async fn total_count(&self, context: &Context<'_>) -> Nullable<i64> {
        match &self.counted {
            Counted::Filter(filter) => count(context, filter).await.transpose(),
            Counted::View(condition) => view::count(context, condition).await.transpose(),
            Counted::Nothing => Some(Ok(0)),
        }
    }
}

async fn count(context: &Context<'_>, filter: &Filter) -> Result<Option<i64>, Error> {
    let (viewer, sight) = proven(context)?;
    let scope = viewer.scope();
    let (database, limit) = (&desk(context)?.database, count_limit(context)?);
    let count = async |conn: &Conn| rows::count(conn, scope, sight, filter, limit + 1).await;
    let count = database.read(scope, count).await?;
    Ok((count <= limit).then_some(count))
}

/// Returns how far conversations are counted.
pub(super) fn count_limit(context: &Context<'_>) -> Result<i64, Error> {
    let limits = context.data_opt::<Limits>().ok_or(Error::Internal)?;
    Ok(limits.count.into())
}

/// Loads a page of conversations.
pub(crate) async fn page(
    context: &Context<'_>,
    arguments: &PageArguments,
    filter: &ConversationFilter,
) -> Result<ConversationConnection, Error> {
    let (viewer, sight) = proven(context)?;
    let scope = viewer.scope();
    let window: Window<Place> = arguments.window(Cursor::conversation)?;
    let (view, mut filter) = (filter.view, filter.read()?);
    let mut found = Vec::new();
    if let Some(filter) = &mut filter {
        let view = match view {
            Some(view) => view,
            None => ConversationView::usual(context)?,
        };
        filter.channels = view.channels();
        let list = async |conn: &Conn| rows::list(conn, scope, sight, filter, &window).await;
        found = desk(context)?.database.read(scope, list).await?;
    }
    let place = |row: &Row| Cursor::of_conversation((row.last_message_at, row.id));
    let (found, page_info) = cut(found, &window, place);
    let (edges, nodes) = listed(found);
    Ok(ConversationConnection {
        edges,
        nodes,
        page_info,
        counted: filter.map_or(Counted::Nothing, Counted::Filter),
    })
}
