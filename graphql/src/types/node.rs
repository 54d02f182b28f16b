//! Whatever has an id that can be asked for again.

use super::{
    Agent, Contact, Conversation, Inbox, Message, Note, Nullable, Offer, Queue, Transfer, WorkItem,
};
use crate::access::permit;
use crate::viewer::parse;
use crate::{Error, loaders};
use async_graphql::{Context, ID, Interface};
use interdesk_domain::id::*;
use interdesk_domain::permission::Permission;

/// Whatever has an id that can be asked for again.
#[derive(Debug, Clone, Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Names it."))]
pub(crate) enum Node {
    /// A person or program that answers.
    Agent(Agent),
    /// A person who writes.
    Contact(Contact),
    /// All messages with one contact about one thing.
    Conversation(Conversation),
    /// One configured account of a channel.
    Inbox(Inbox),
    /// One message.
    Message(Message),
    /// What an agent wrote down for colleagues.
    Note(Note),
    /// A work item shown to one agent.
    Offer(Offer),
    /// A line of work items.
    Queue(Queue),
    /// How work left the hands that it was in.
    Transfer(Transfer),
    /// An episode that waits for somebody.
    WorkItem(WorkItem),
}

/// Finds whatever an id names; what names nothing of the viewer's tenant is absent.
pub(crate) async fn find(context: &Context<'_>, id: &ID) -> Nullable<Node> {
    let prefix = id.split_once('_')?.0;
    if let Err(error) = needed(prefix).map_or(Ok(()), |it| permit(context, it)) {
        return Some(Err(error));
    }
    match prefix {
        AgentId::PREFIX => node::<AgentId, Agent, _>(context, id).await,
        ContactId::PREFIX => node::<ContactId, Contact, _>(context, id).await,
        ConversationId::PREFIX => node::<ConversationId, Conversation, _>(context, id).await,
        InboxId::PREFIX => node::<InboxId, Inbox, _>(context, id).await,
        MessageId::PREFIX => node::<MessageId, Message, _>(context, id).await,
        NoteId::PREFIX => node::<NoteId, Note, _>(context, id).await,
        OfferId::PREFIX => node::<OfferId, Offer, _>(context, id).await,
        QueueId::PREFIX => node::<QueueId, Queue, _>(context, id).await,
        TransferId::PREFIX => node::<TransferId, Transfer, _>(context, id).await,
        WorkItemId::PREFIX => node::<WorkItemId, WorkItem, _>(context, id).await,
        _ => None,
    }
}

/// Returns what is needed to see something of a kind, as the lists of that kind need it.
fn needed(prefix: &str) -> Option<Permission> {
    Some(match prefix {
        AgentId::PREFIX => Permission::AgentsRead,
        ContactId::PREFIX => Permission::ContactsRead,
        InboxId::PREFIX | QueueId::PREFIX => Permission::WorkspaceRead,
        _ => return None,
    })
}

async fn node<K, T, V>(context: &Context<'_>, id: &ID) -> Nullable<Node>
where
    K: std::str::FromStr + Send + Sync + std::hash::Hash + Eq + Clone + 'static,
    T: From<V> + Into<Node>,
    V: Send + Sync + Clone + 'static,
    crate::Reader: async_graphql::dataloader::Loader<K, Value = V, Error = Error>,
{
    let found = loaders::one::<T, K, V>(context, parse(id)?).await;
    found.map(|found| found.map(T::into))
}
