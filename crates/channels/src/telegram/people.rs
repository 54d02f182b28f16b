//! Who is meant: users by their id, anonymous writers by the chat they write as.

use crate::json::{self, Fields};
use interdesk_domain::message::{Address, Author, Sender};

const NETWORK: &str = "telegram";

/// The namespace of a customer's chat with a connected business account, as `connection:chat`:
/// an answer to it goes through that account.
pub(super) const BUSINESS_CHAT: &str = "business_chat";

/// Returns a user id as an address.
pub(super) fn user(id: Option<String>) -> Option<Address> {
    json::address(NETWORK, "user", id)
}

/// Returns who wrote a message.
pub(super) fn author(message: &Fields<'_>, business: bool) -> Author {
    let chat = message.object("chat").unwrap_or_default();
    let from = message.object("from").unwrap_or_default();
    let private = chat.text("type").as_deref() == Some("private");
    // A private chat has its customer's id, so whoever else writes there is on our side.
    let foreign = private && from.has("id") && from.id("id") != chat.id("id");
    if foreign && (business || from.flag("is_bot")) || message.has("sender_business_bot") {
        let to = with_business_chat(person(&chat), message, &chat);
        return Author::Ourselves { to };
    }
    let sender = match message.object("sender_chat") {
        Some(sender) if !private => self::chat(&sender),
        _ => with_business_chat(person(&from), message, &chat),
    };
    Author::Customer(sender)
}

/// Returns who pressed a button.
pub(super) fn presser(callback: &Fields<'_>, message: &Fields<'_>) -> Sender {
    let from = callback.object("from").unwrap_or_default();
    let chat = message.object("chat").unwrap_or_default();
    with_business_chat(person(&from), message, &chat)
}

/// Returns who reacted.
pub(super) fn reactor(reaction: &Fields<'_>) -> Sender {
    match (reaction.object("user"), reaction.object("actor_chat")) {
        (Some(user), _) => person(&user),
        (None, Some(actor)) => chat(&actor),
        (None, None) => Sender::default(),
    }
}

/// Returns the group of a message, with the topic where it stands in one.
pub(super) fn group(message: &Fields<'_>) -> Option<String> {
    let chat = message.object("chat")?;
    if chat.text("type").as_deref() == Some("private") {
        return None;
    }
    let id = chat.integer("id")?;
    // The messages that people write to a channel stand in one topic for each of them.
    let direct = message.object("direct_messages_topic");
    if let Some(topic) = direct.and_then(|topic| topic.integer("topic_id")) {
        return Some(format!("{id}:{DIRECT}{topic}"));
    }
    let topic = message.integer("message_thread_id");
    Some(match topic.filter(|_| message.flag("is_topic_message")) {
        Some(topic) => format!("{id}:{topic}"),
        None => id.to_string(),
    })
}

/// Marks a topic of a channel's direct messages.
pub(super) const DIRECT: &str = "direct:";

/// Returns the topic of a message in a chat between two, which answers go to as well; groups carry
/// theirs in their name.
pub(super) fn topic(message: &Fields<'_>) -> Option<String> {
    let private = message.object("chat")?.text("type").as_deref() == Some("private");
    let topic = message.integer("message_thread_id")?;
    // The topic of a channel post's comments is none that can be written to.
    (private && message.flag("is_topic_message")).then(|| topic.to_string())
}

/// Returns a user as somebody who may write.
pub(super) fn person(user: &Fields<'_>) -> Sender {
    let names = [user.words("first_name"), user.words("last_name")];
    let names: Vec<_> = names.into_iter().flatten().collect();
    let addresses = [
        self::user(user.id("id")),
        json::address(NETWORK, "username", user.id("username")),
    ];
    Sender {
        addresses: addresses.into_iter().flatten().collect(),
        name: (!names.is_empty()).then(|| names.join(" ")),
        locale: user.words("language_code"),
    }
}

fn chat(chat: &Fields<'_>) -> Sender {
    let address = json::address(NETWORK, "chat", chat.id("id"));
    Sender {
        addresses: address.into_iter().collect(),
        name: chat.words("title").or_else(|| chat.words("first_name")),
        locale: None,
    }
}

fn with_business_chat(mut sender: Sender, message: &Fields<'_>, chat: &Fields<'_>) -> Sender {
    if let (Some(connection), Some(chat)) = (message.id("business_connection_id"), chat.id("id")) {
        let value = Some(format!("{connection}:{chat}"));
        sender
            .addresses
            .extend(json::address(NETWORK, BUSINESS_CHAT, value));
    }
    sender
}
