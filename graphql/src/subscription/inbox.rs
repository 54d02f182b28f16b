//! A list of conversations: what is in it, what changes in it, and what leaves it.

use super::ConversationLeft;
use crate::access::{Audience, proven, requires};
use crate::live::{Logged, Looked, View, Watch};
use crate::page::{PageArguments, PageInfo};
use crate::scalars::mark;
use crate::types::{
    self, Conversation, ConversationConnection, ConversationFilter, page_of_condition,
};
use crate::viewer::parse;
use crate::{Cursor, Error};
use async_graphql::{Context, ID, Interface, Object, Subscription};
use futures::Stream;
use interdesk_domain::condition::Condition;
use interdesk_domain::event::Event;
use interdesk_domain::id::{ConversationId, TenantId, ViewId};
use interdesk_domain::permission::Permission;
use interdesk_flow::views;
use interdesk_store::read::Window;
use interdesk_store::read::conversations::Place;
use std::collections::HashSet;
use std::sync::Arc;

/// How many conversations are remembered as told gone.
const GONE: usize = 4_096;

/// A list of conversations.
#[derive(Default)]
pub(super) struct InboxSubscription;

#[Subscription]
impl InboxSubscription {
    /// A list of conversations: the beginning of what is in it, and then each that enters it or
    /// changes in it, and each that leaves it. It is the list that `conversations` shows for the same
    /// view or filter. Whether a condition about the time of day holds is judged when something
    /// happens to the conversation.
    #[graphql(directive = requires::apply(Some(types::Permission::ConversationsRead)))]
    async fn inbox(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which ones.")] filter: Option<ConversationFilter>,
        #[graphql(desc = "Those of a saved view instead of a filter.")] view_id: Option<ID>,
        #[graphql(desc = "How many the snapshot shows; 25 unless told, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "The cursor of the last change that was seen.")] after: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<InboxChange, Error>> + use<>, Error> {
        let arguments = PageArguments {
            first,
            ..PageArguments::default()
        };
        let window = arguments.window(Cursor::conversation)?;
        let (condition, view) = match (&view_id, &filter) {
            (Some(_), Some(_)) => {
                let text = "give filter or viewId, not both".to_owned();
                return Err(Error::BadInput(text));
            }
            (Some(id), None) => {
                let found = types::view(context, id).await?;
                let text = "viewId names no view of the viewer's".to_owned();
                let found = found.ok_or(Error::BadInput(text))?;
                (views::read(&found.0.condition), parse(id))
            }
            (None, _) => (filter.unwrap_or_default().condition(context)?, None),
        };
        let (_, sight) = proven(context)?;
        let written = serde_json::to_vec(&condition)?;
        let list = List {
            mark: mark(&[&sight.written(), &written]),
            condition,
            view,
            window,
            gone: HashSet::new(),
        };
        Watch::begin(context, after, list).await
    }
}

/// What changed in a list of conversations.
#[derive(Debug, Clone, Interface)]
#[graphql(field(
    name = "cursor",
    ty = "Cursor",
    desc = "The place in the log: subscribe again with it as `after`, and nothing is missed or doubled."
))]
pub(crate) enum InboxChange {
    /// The beginning of the list.
    InboxSnapshot(InboxSnapshot),
    /// A conversation that is in it.
    InboxRow(InboxRow),
    /// A conversation that is not in it any more.
    ConversationLeft(ConversationLeft),
}

/// The beginning of a list.
#[derive(Debug, Clone)]
pub(crate) struct InboxSnapshot {
    cursor: Cursor,
    conversations: ConversationConnection,
}

/// The beginning of a list, the conversation with the latest message first.
#[Object]
impl InboxSnapshot {
    /// The place in the log behind which changes follow.
    async fn cursor(&self) -> Cursor {
        self.cursor.clone()
    }

    /// The first conversations.
    #[graphql(directive = crate::cost::list_size::apply(100, None, None))]
    async fn nodes(&self) -> &[Conversation] {
        &self.conversations.nodes
    }

    /// What lies around them; the query `conversations` has the next ones, by `endCursor`.
    async fn page_info(&self) -> &PageInfo {
        &self.conversations.page_info
    }
}

/// A conversation that is in a list.
#[derive(Debug, Clone)]
pub(crate) struct InboxRow {
    cursor: Cursor,
    conversation: Conversation,
}

/// A conversation that is in the list, since it entered or changed: put it in, or in the place of what
/// was shown of it, by `lastMessageAt`.
#[Object]
impl InboxRow {
    /// The place in the log: subscribe again with it as `after`, and nothing is missed or doubled.
    async fn cursor(&self) -> Cursor {
        self.cursor.clone()
    }

    /// The conversation as it stands.
    async fn conversation(&self) -> &Conversation {
        &self.conversation
    }
}

/// What a condition holds for and somebody sees.
struct List {
    condition: Condition,
    view: Option<ViewId>,
    mark: u64,
    window: Window<Place>,
    /// What was told to be gone and did not come back, so that it is told once.
    gone: HashSet<ConversationId>,
}

impl List {
    async fn judge(
        &mut self,
        audience: &Audience,
        one: &Looked,
        cursor: Cursor,
    ) -> Option<InboxChange> {
        let (id, sight) = (one.row.id, audience.sight());
        let is_seen = one.is_seen(sight);
        // What is merged is in no list: the one that goes on shows it.
        let is_listed = one.row.merged_into.is_none();
        if is_seen && is_listed && self.condition.holds(&one.facts) {
            self.gone.remove(&id);
            return Some(InboxChange::InboxRow(InboxRow {
                cursor,
                conversation: Conversation(one.row.clone()),
            }));
        }
        let scope = audience.viewer().scope();
        // Who never saw it is not told that it is there.
        let is_new = !self.gone.contains(&id)
            && (is_seen || one.was_seen(audience.desk(), scope, sight).await);
        if !is_new {
            return None;
        }
        if self.gone.len() >= GONE {
            self.gone.clear();
        }
        self.gone.insert(id);
        Some(InboxChange::ConversationLeft(ConversationLeft {
            cursor,
            conversation: id,
        }))
    }
}

impl View for List {
    type Change = InboxChange;
    const NEEDS: Permission = Permission::ConversationsRead;
    const IS_SIGHTED: bool = true;

    fn seq(&self, tenant: TenantId, after: &Cursor) -> Result<u64, Error> {
        after.view(tenant, self.mark)
    }

    async fn begin(&mut self, audience: &Audience, seq: u64) -> Result<Vec<InboxChange>, Error> {
        let seen = (audience.viewer(), audience.sight());
        let page = page_of_condition(audience.desk(), seen, self.condition.clone(), &self.window);
        let snapshot = InboxSnapshot {
            cursor: Cursor::of_view(audience.viewer().tenant, seq, self.mark),
            conversations: page.await?,
        };
        Ok(vec![InboxChange::InboxSnapshot(snapshot)])
    }

    async fn follow(
        &mut self,
        audience: &mut Audience,
        logged: Arc<Logged>,
    ) -> Result<Vec<InboxChange>, Error> {
        let event = logged.envelope.as_ref().map(|envelope| &envelope.event);
        if let (Some(Event::ViewChanged { view }), Some(own)) = (event, self.view)
            && *view == own
        {
            return Err(Error::ResyncRequired);
        }
        let (tenant, scope) = (audience.viewer().tenant, audience.viewer().scope());
        let mut changes = Vec::new();
        for one in logged.look(audience.desk(), scope).await {
            let cursor = Cursor::of_view(tenant, logged.seq, self.mark);
            changes.extend(self.judge(audience, one, cursor).await);
        }
        Ok(changes)
    }
}
