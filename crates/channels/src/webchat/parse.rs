//! Our canonical JSON of what a visitor did, see [`super::told`].

use super::NETWORK;
use crate::json::{self, Fields};
use crate::{ParseError, http};
use chrono::{DateTime, Utc};
use interdesk_domain::delivery::{DeliveryState, Failure, FailureReason};
use interdesk_domain::id::FileId;
use interdesk_domain::message::{
    Address, Author, Content, InboundMessage, Media, MediaKind, MediaSource, Reaction, Receipt,
    Sender, Update, UpdateKind,
};
use serde_json::value::RawValue;

/// Reads a body: one event.
pub(super) fn parse(body: &[u8]) -> Result<Vec<Update>, ParseError> {
    json::read(body, |raw, told| {
        let told = Told {
            raw,
            visitor: told.object("visitor").unwrap_or_default(),
            at: told.rfc3339("at"),
            told,
        };
        let kind = told.told.words("event");
        let kind = kind.ok_or_else(|| ParseError::Unreadable("it names no event".to_owned()))?;
        let read = match kind.as_str() {
            "message" => told.message(content),
            "email" => told.message(left_address),
            "receipt" => told.receipts(),
            "edit" => told.edit(),
            "delete" => told.deletion(),
            "reaction" => told.reaction(),
            _ => None,
        };
        Ok(read.unwrap_or_else(|| vec![told.kept(kind)]))
    })
}

struct Told<'a, 'f> {
    raw: &'a RawValue,
    told: &'f Fields<'a>,
    visitor: Fields<'a>,
    at: Option<DateTime<Utc>>,
}

impl Told<'_, '_> {
    fn message(&self, content: fn(&Fields<'_>, &Fields<'_>) -> Content) -> Option<Vec<Update>> {
        let message = self.told.object("message")?;
        let id = message.id("id");
        let id = id.unwrap_or_else(|| json::synthetic_id(self.raw.get()));
        let visitor = self.visitor.id("id").unwrap_or_default();
        let content = content(&message, &self.visitor);
        let unsupported = matches!(content, Content::Unsupported { .. });
        let author = Author::Customer(sender(&self.visitor));
        // The widget chooses the id, so it must not reach beyond its own visitor.
        let message = InboundMessage {
            raw: unsupported.then(|| self.raw.get().to_owned()),
            reply_to: message.id("reply_to"),
            ..InboundMessage::new(provider_id(&visitor, &id), author, content)
        };
        Some(vec![self.update(UpdateKind::Message(Box::new(message)))])
    }

    fn receipts(&self) -> Option<Vec<Update>> {
        let receipt = self.told.object("receipt")?;
        let state = match receipt.text("state")?.as_str() {
            "delivered" => DeliveryState::Delivered,
            "read" => DeliveryState::Read,
            "failed" => DeliveryState::Failed,
            _ => return None,
        };
        let named = receipt.list("messages").into_iter();
        let named = named.filter_map(json::text).filter(|id| !id.is_empty());
        let updates: Vec<_> = named
            .map(|id| {
                self.update(UpdateKind::Receipt(Receipt {
                    provider_id: Some(id),
                    attempt: None,
                    state,
                    failure: (state == DeliveryState::Failed).then(|| failure(&receipt)),
                    recipient: None,
                }))
            })
            .collect();
        (!updates.is_empty()).then_some(updates)
    }

    fn edit(&self) -> Option<Vec<Update>> {
        let edit = self.told.object("edit")?;
        let (target, text) = (edit.id("target")?, edit.text("text")?);
        let content = Content::Text { text };
        Some(vec![self.update(UpdateKind::Edit { target, content })])
    }

    fn deletion(&self) -> Option<Vec<Update>> {
        let target = self.told.object("deletion")?.id("target")?;
        Some(vec![self.update(UpdateKind::Delete { target })])
    }

    fn reaction(&self) -> Option<Vec<Update>> {
        let reaction = self.told.object("reaction")?;
        let emojis = reaction.list("emojis").into_iter();
        let emojis = emojis.filter_map(json::text).filter(|one| !one.is_empty());
        let reaction = Reaction {
            target: reaction.id("target")?,
            by: sender(&self.visitor),
            emojis: emojis.collect(),
            provider_id: None,
        };
        Some(vec![self.update(UpdateKind::Reaction(reaction))])
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

/// Returns the id of a visitor's message within its inbox.
pub fn provider_id(visitor: &str, id: &str) -> String {
    format!("{visitor}:{id}")
}

/// Reads who it was: by the page's word where there is one, else by the session's visitor. The two are
/// different people until somebody shows that they are one.
fn sender(visitor: &Fields<'_>) -> Sender {
    let user = json::address(NETWORK, "user", visitor.id("user"));
    let person = user.or_else(|| json::address(NETWORK, "visitor", visitor.id("id")));
    let claimed = visitor.id("email").map(mail_address);
    Sender {
        addresses: person.into_iter().chain(claimed).collect(),
        name: visitor.words("name"),
        locale: visitor.words("locale"),
    }
}

/// Returns an e-mail address as the mail channel keys people by it.
fn mail_address(value: String) -> Address {
    Address {
        network: "email".to_owned(),
        namespace: "address".to_owned(),
        value,
    }
}

fn content(message: &Fields<'_>, _: &Fields<'_>) -> Content {
    let caption = message.words("text");
    if let Some(file) = message.object("file") {
        let id = file.id("id").and_then(|id| id.parse::<FileId>().ok());
        return match id {
            Some(id) => Content::Media {
                media: media(&file, id),
                caption,
            },
            None => unsupported("file", "the visitor sent a file that was not uploaded"),
        };
    }
    if let Some(answer) = message.object("answer") {
        let title = answer.words("title");
        return match (answer.id("id"), title) {
            (Some(id), Some(title)) => Content::Answer {
                id,
                title,
                description: None,
            },
            _ => unsupported("answer", "the visitor picked something without a name"),
        };
    }
    match message.text("text") {
        Some(text) => Content::Text { text },
        None => unsupported("empty", "the visitor sent a message without content"),
    }
}

fn left_address(_: &Fields<'_>, visitor: &Fields<'_>) -> Content {
    match visitor.words("email") {
        Some(email) => Content::Notice {
            kind: "email".to_owned(),
            text: format!("The visitor asks to be answered at {email} (nobody has checked it)."),
        },
        None => unsupported("email", "the visitor left no address"),
    }
}

fn media(file: &Fields<'_>, id: FileId) -> Media {
    let mime_type = file.words("mime_type");
    Media {
        kind: kind(mime_type.as_deref().unwrap_or_default()),
        source: MediaSource::Stored(id),
        mime_type,
        file_name: file.words("name"),
        size: file.integer("size").and_then(|size| size.try_into().ok()),
        sha256: file.words("sha256"),
    }
}

fn kind(mime_type: &str) -> MediaKind {
    match mime_type.split('/').next() {
        // No browser shows this one as a picture without running it.
        Some("image") if mime_type != "image/svg+xml" => MediaKind::Image,
        Some("video") => MediaKind::Video,
        Some("audio") => MediaKind::Audio,
        _ => MediaKind::Document,
    }
}

fn failure(receipt: &Fields<'_>) -> Failure {
    let words = receipt.words("reason");
    let words = words.unwrap_or_else(|| "the widget could not show it".to_owned());
    Failure {
        reason: FailureReason::Other,
        retryable: false,
        provider_code: None,
        detail: http::excerpt(&words),
    }
}

fn unsupported(kind: &str, detail: &str) -> Content {
    Content::Unsupported {
        kind: kind.to_owned(),
        detail: detail.to_owned(),
    }
}
