//! Who is typing: a note that passes by itself, in the cache alone. Losing it loses nothing.

use crate::Desk;
use interdesk_cache::Error;
use interdesk_domain::id::ConversationId;
use std::time::Duration;

/// How long somebody who said so counts as typing.
pub const LEASE: Duration = Duration::from_secs(6);

/// Notes that the customer of a conversation is typing.
pub async fn note_customer(desk: &Desk, conversation: ConversationId) -> Result<(), Error> {
    desk.cache.note(&key("customer", conversation), LEASE).await
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

async fn ask(desk: &Desk, who: &str, conversations: &[ConversationId]) -> Result<Vec<bool>, Error> {
    let keys: Vec<String> = conversations.iter().map(|id| key(who, *id)).collect();
    desk.cache.noted(&keys).await
}

fn key(who: &str, conversation: ConversationId) -> String {
    format!("typing:{who}:{}", conversation.0)
}
