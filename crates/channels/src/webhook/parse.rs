//! One event of an own or third-party app.

use super::content;
use crate::ParseError;
use crate::json::{self, Fields};
use chrono::{DateTime, Utc};
use interdesk_domain::delivery::{DeliveryState, Failure, FailureReason};
use interdesk_domain::message::{
    Author, Content, Expiry, InboundMessage, Reaction, Receipt, Sender, Update, UpdateKind,
};
use serde_json::value::RawValue;

const NETWORK: &str = "webhook";

/// Translates a webhook body: one event, which may be several updates.
pub(super) fn parse(body: &[u8]) -> Result<Vec<Update>, ParseError> {
    json::read(body, updates)
}

fn updates(raw: &RawValue, root: &Fields<'_>) -> Result<Vec<Update>, ParseError> {
    let kind = root
        .words("type")
        .ok_or_else(|| ParseError::Unreadable("there is no type".to_owned()))?;
    let event = Event {
        raw,
        at: root.rfc3339("timestamp"),
        data: root.object("data").unwrap_or_default(),
    };
    let updates = match kind.as_str() {
        "message.created" => Some(event.created()),
        "message.updated" => event.updated().map(|update| vec![update]),
        "message.deleted" => event.deleted().map(|update| vec![update]),
        "reaction.added" => event.reaction(true).map(|update| vec![update]),
        "reaction.removed" => event.reaction(false).map(|update| vec![update]),
        "message.delivered" => event.receipt(DeliveryState::Delivered),
        "message.read" => event.receipt(DeliveryState::Read),
        "message.failed" => event.receipt(DeliveryState::Failed),
        _ => None,
    };
    Ok(updates.unwrap_or_else(|| vec![event.kept(kind)]))
}

struct Event<'a> {
    raw: &'a RawValue,
    at: Option<DateTime<Utc>>,
    data: Fields<'a>,
}

impl Event<'_> {
    /// A message with several files is several messages, of which the first has the words.
    fn created(&self) -> Vec<Update> {
        let message = self.data.object("message").unwrap_or_default();
        let id = message
            .id("id")
            .unwrap_or_else(|| json::synthetic_id(self.raw.get()));
        let metadata = message.get("metadata").is_some_and(|raw| raw.get() != "{}");
        let contents = content::read(&message);
        let parts = contents.into_iter().enumerate().map(|(index, content)| {
            let tells_more = metadata || matches!(content, Content::Unsupported { .. });
            let id = match index {
                0 => id.clone(),
                _ => format!("{id}#{}", index + 1),
            };
            UpdateKind::Message(Box::new(InboundMessage {
                group: message.id("conversation_id"),
                reply_to: message.id("reply_to"),
                expires: expiry(&message),
                raw: tells_more.then(|| self.raw.get().to_owned()),
                ..InboundMessage::new(id, Author::Customer(sender(&message)), content)
            }))
        });
        let at = message.rfc3339("sent_at").or(self.at);
        parts
            .map(|kind| Update {
                account: None,
                at,
                kind,
            })
            .collect()
    }

    fn updated(&self) -> Option<Update> {
        let message = self.data.object("message")?;
        let target = message.id("id")?;
        let content = content::read(&message).into_iter().next()?;
        Some(self.update(UpdateKind::Edit { target, content }))
    }

    fn deleted(&self) -> Option<Update> {
        let target = self.data.object("message")?.id("id")?;
        Some(self.update(UpdateKind::Delete { target }))
    }

    fn reaction(&self, added: bool) -> Option<Update> {
        let reaction = self.data.object("reaction")?;
        let emoji = reaction.words("emoji").filter(|_| added);
        if added && emoji.is_none() {
            return None;
        }
        Some(self.update(UpdateKind::Reaction(Reaction {
            target: reaction.id("message_id")?,
            by: sender(&reaction),
            emojis: emoji.into_iter().collect(),
            provider_id: reaction.id("id"),
        })))
    }

    fn receipt(&self, state: DeliveryState) -> Option<Vec<Update>> {
        let status = self.data.object("status")?;
        let receipt = Receipt {
            provider_id: status.id("external_id"),
            attempt: status.id("message_id"),
            state,
            failure: (state == DeliveryState::Failed).then(|| failure(&status)),
            recipient: None,
        };
        let names_a_message = receipt.provider_id.is_some() || receipt.attempt.is_some();
        names_a_message.then(|| vec![self.update(UpdateKind::Receipt(receipt))])
    }

    fn kept(&self, kind: String) -> Update {
        let raw = self.raw.get().to_owned();
        self.update(UpdateKind::Other { kind, raw })
    }

    fn update(&self, kind: UpdateKind) -> Update {
        let (account, at) = (None, self.at);
        Update { account, at, kind }
    }
}

/// Reads when the message is to be gone.
fn expiry(message: &Fields<'_>) -> Option<Expiry> {
    if let Some(at) = message.rfc3339("expires_at") {
        return Some(Expiry::At(at));
    }
    let seconds = message.integer("expires_after_reading")?;
    u32::try_from(seconds).ok().map(Expiry::SecondsAfterReading)
}

/// Reads `sender`; its phone and e-mail are what the app says, not what anybody proved.
fn sender(object: &Fields<'_>) -> Sender {
    let sender = object.object("sender").unwrap_or_default();
    let network = sender.id("network").unwrap_or_else(|| NETWORK.to_owned());
    let addresses = [
        json::address(&network, "user", sender.id("id")),
        json::address(&network, "phone", sender.id("phone")),
        json::address(&network, "email", sender.id("email")),
    ];
    Sender {
        addresses: addresses.into_iter().flatten().collect(),
        name: sender.words("name"),
        locale: sender.words("locale"),
    }
}

/// Reads why it failed: one of our own names of reasons, or the app's words.
fn failure(status: &Fields<'_>) -> Failure {
    let words = status
        .words("reason")
        .unwrap_or_else(|| "the app gave no reason".to_owned());
    let name = serde_json::Value::String(words.clone());
    Failure {
        reason: serde_json::from_value(name).unwrap_or(FailureReason::Other),
        retryable: false,
        provider_code: None,
        detail: crate::http::excerpt(&words),
    }
}
