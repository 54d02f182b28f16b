//! Who is typing: a note that passes by itself, in the cache alone. Losing it loses nothing.

use crate::Desk;
use crate::key::stored_address;
use crate::receive::Webhook;
use interdesk_cache::Error;
use interdesk_domain::id::{AgentId, ConversationId, QueueId};
use interdesk_domain::message::{Address, UpdateKind};
use interdesk_domain::scope::TenantScope;
use interdesk_store::conversations;
use std::time::Duration;

/// How long somebody who said so counts as typing.
pub const LEASE: Duration = Duration::from_secs(6);

/// Notes that the customer of a conversation is typing.
pub async fn note_customer(desk: &Desk, conversation: ConversationId) -> Result<(), Error> {
    desk.cache.note(&key("customer", conversation), LEASE).await
}

/// Notes who is typing by what a webhook tells; what goes wrong on the way is let go.
pub(crate) async fn hear(desk: &Desk, scope: TenantScope, webhook: &Webhook) {
    for update in &webhook.updates {
        let UpdateKind::Typing { who } = &update.kind else {
            continue;
        };
        match find(desk, scope, who, webhook.inbox.queue).await {
            Ok(Some(conversation)) => {
                // A cache that is away costs nobody a message.
                let _ = note_customer(desk, conversation).await;
            }
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "who is typing could not be looked up"),
        }
    }
}

/// Finds the conversation that somebody's next words would go to.
async fn find(
    desk: &Desk,
    scope: TenantScope,
    who: &Address,
    queue: QueueId,
) -> Result<Option<ConversationId>, interdesk_store::Error> {
    let transaction = desk.database.begin(scope).await?;
    let who = stored_address(who);
    let found = conversations::find_open_with(&transaction, scope, &who, queue).await?;
    transaction.commit().await?;
    Ok(found)
}

/// Notes that an agent is typing in a conversation.
pub async fn note_agent(desk: &Desk, conversation: ConversationId) -> Result<(), Error> {
    desk.cache.note(&key("agent", conversation), LEASE).await
}

/// Tells for each conversation whether its customer is typing.
pub async fn is_customer_typing(
    desk: &Desk,
    conversations: &[ConversationId],
) -> Result<Vec<bool>, Error> {
    ask(desk, "customer", conversations).await
}

/// Tells for each conversation whether an agent is typing.
pub async fn is_agent_typing(
    desk: &Desk,
    conversations: &[ConversationId],
) -> Result<Vec<bool>, Error> {
    ask(desk, "agent", conversations).await
}

/// How long who looks at a conversation counts as looking after they said so.
pub const LOOK_LEASE: Duration = Duration::from_secs(10);

/// Who is in a conversation at a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Company {
    /// The agents who look at it.
    pub looking: Vec<AgentId>,
    /// The agents who are writing in it.
    pub writing: Vec<AgentId>,
    /// Whether its customer is writing.
    pub customer: bool,
}

/// Notes that an agent looks at a conversation.
pub async fn look(desk: &Desk, conversation: ConversationId, agent: AgentId) -> Result<(), Error> {
    let place = key("looking", conversation);
    desk.cache.join(&place, agent, LOOK_LEASE).await
}

/// Notes that an agent looks at a conversation no more.
pub async fn look_away(
    desk: &Desk,
    conversation: ConversationId,
    agent: AgentId,
) -> Result<(), Error> {
    desk.cache.leave(&key("looking", conversation), agent).await
}

/// Notes for colleagues that an agent writes in a conversation.
pub async fn write(desk: &Desk, conversation: ConversationId, agent: AgentId) -> Result<(), Error> {
    let place = key("writing", conversation);
    desk.cache.join(&place, agent, LEASE).await
}

/// Tells who is in a conversation.
pub async fn company(desk: &Desk, conversation: ConversationId) -> Result<Company, Error> {
    let places = [key("looking", conversation), key("writing", conversation)];
    let mut present = desk.cache.present(&places).await?.into_iter();
    let customer = is_customer_typing(desk, &[conversation]).await?;
    Ok(Company {
        looking: present.next().unwrap_or_default(),
        writing: present.next().unwrap_or_default(),
        customer: customer.contains(&true),
    })
}

async fn ask(desk: &Desk, who: &str, conversations: &[ConversationId]) -> Result<Vec<bool>, Error> {
    let keys: Vec<String> = conversations.iter().map(|id| key(who, *id)).collect();
    desk.cache.noted(&keys).await
}

fn key(who: &str, conversation: ConversationId) -> String {
    format!("typing:{who}:{}", conversation.0)
}
