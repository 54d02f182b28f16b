//! One message: who wrote it, and whether it is a message at all or tells about another one.

use super::content;
use super::parse::Page;
use super::people;
use crate::json::{self, Fields};
use interdesk_domain::message::{
    Address, Author, Content, InboundMessage, Origin, ProductEnquiry, Reaction, Referral, Sender,
    UpdateKind,
};
use serde_json::value::RawValue;

/// Where a message stood in the body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a, 't> {
    pub(super) raw: &'a RawValue,
    pub(super) direction: Direction<'t>,
}

/// Who may have written it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Direction<'t> {
    /// A customer, in a batch.
    In,
    /// A customer, in a message that came alone.
    InAlone,
    /// One of us, in the Business app; the thread names the customer where the message does not.
    Out { thread: Option<&'t str> },
    /// Either, a while ago; a thread is named by its customer's number.
    Past { thread: Option<&'t str> },
}

/// Reads one message into one update, whatever state it is in.
pub(super) fn read(page: &mut Page<'_, '_>, source: Source<'_, '_>) {
    let message = Fields::read(source.raw).unwrap_or_default();
    let at = message.seconds("timestamp");
    let author = author(page, &message, source.direction);
    let kind = match message.text("type").as_deref() {
        Some("reaction") => reaction(&message, &author),
        Some("edit") => edit(&message, page),
        Some("revoke") => revoke(&message),
        Some("system") => {
            let changes = address_changes(&message);
            if !changes.is_empty() {
                changes.into_iter().for_each(|change| page.push(at, change));
                return;
            }
            // Nobody wrote it, so nobody has to answer it.
            let system = message.object("system").unwrap_or_default();
            let kind = system.text("type").unwrap_or_else(|| "system".to_owned());
            return page.keep(at, &kind, source.raw);
        }
        _ => None,
    };
    if let Some(kind) = kind {
        page.push(at, kind);
        return;
    }
    let written = written(page, &message, author, source);
    // A file of an earlier chat comes alone, under the id of the message that said there was one.
    let is_file = matches!(source.direction, Direction::Past { thread: None })
        && matches!(written.content, Content::Media { .. });
    let arrived = is_file.then(|| UpdateKind::ContentArrived {
        target: written.provider_id.clone(),
        content: written.content.clone(),
    });
    // One of ours does not say here who got it: the message it belongs to does.
    if arrived.is_none() || !written.author.customer().addresses.is_empty() {
        page.push(at, UpdateKind::Message(Box::new(written)));
    }
    if let Some(arrived) = arrived {
        page.push(at, arrived);
    }
}

fn written(
    page: &Page<'_, '_>,
    message: &Fields<'_>,
    author: Author,
    source: Source<'_, '_>,
) -> InboundMessage {
    let raw = source.raw.get();
    let context = message.object("context").unwrap_or_default();
    let content = content::read(message, &page.errors);
    let past = matches!(source.direction, Direction::Past { .. });
    let tells_more = past
        || context.has("referred_product")
        || ["referral", "errors", "history_context"]
            .iter()
            .any(|name| message.has(name))
        || !matches!(
            content,
            Content::Text { .. } | Content::Media { .. } | Content::Answer { .. }
        );
    let id = message.id("id").unwrap_or_else(|| json::synthetic_id(raw));
    InboundMessage {
        group: message.id("group_id"),
        reply_to: quoted(&context),
        origin: origin(message, &context),
        raw: tells_more.then(|| raw.to_owned()),
        imported: past,
        ..InboundMessage::new(id, author, content)
    }
}

fn origin(message: &Fields<'_>, context: &Fields<'_>) -> Origin {
    let product = context.object("referred_product").and_then(|product| {
        Some(ProductEnquiry {
            catalog: product.id("catalog_id")?,
            product: product.id("product_retailer_id")?,
        })
    });
    let referral = message.object("referral").map(|referral| Referral {
        kind: referral.words("source_type"),
        id: referral.id("source_id"),
        url: referral.words("source_url"),
        headline: referral.words("headline"),
        body: referral.words("body"),
        click: referral.words("ctwa_clid"),
    });
    Origin {
        forwarded: context.flag("forwarded") || context.flag("frequently_forwarded"),
        product,
        referral,
        ..Origin::default()
    }
}

/// Returns the quoted message; product enquiries and edits carry ids that nobody can resolve.
fn quoted(context: &Fields<'_>) -> Option<String> {
    let id = context.id("id")?;
    (id != "M0" && !context.has("referred_product")).then_some(id)
}

fn author(page: &Page<'_, '_>, message: &Fields<'_>, direction: Direction<'_>) -> Author {
    let from = message.id("from").map(people::digits);
    let user = message.id("from_user_id");
    match direction {
        Direction::In => Author::Customer(page.people.sender(from, user)),
        Direction::InAlone => Author::Customer(page.people.only_sender(from, user)),
        Direction::Out { thread } => ourselves(page, message, thread),
        Direction::Past { thread } => {
            let by_us = from.is_some() && from == page.own_phone
                || thread.is_some() && from.as_deref() != thread && user.is_none();
            if by_us {
                ourselves(page, message, thread)
            } else {
                let phone = from.or_else(|| thread.map(str::to_owned));
                Author::Customer(page.people.sender(phone, user))
            }
        }
    }
}

fn ourselves(page: &Page<'_, '_>, message: &Fields<'_>, thread: Option<&str>) -> Author {
    let phone = message.id("to").map(people::digits);
    let phone = phone.or_else(|| thread.map(str::to_owned));
    let to = page.people.sender(phone, message.id("to_user_id"));
    Author::Ourselves { to }
}

fn reaction(message: &Fields<'_>, author: &Author) -> Option<UpdateKind> {
    let reaction = message.object("reaction")?;
    let by = match author {
        Author::Customer(sender) => sender.clone(),
        // A reaction of ours is nobody's address in the contract.
        Author::Ourselves { .. } => Sender::default(),
    };
    Some(UpdateKind::Reaction(Reaction {
        target: reaction.id("message_id")?,
        by,
        emojis: reaction.words("emoji").into_iter().collect(),
        provider_id: message.id("id"),
    }))
}

fn edit(message: &Fields<'_>, page: &Page<'_, '_>) -> Option<UpdateKind> {
    let edit = message.object("edit")?;
    Some(UpdateKind::Edit {
        target: edit.id("original_message_id")?,
        content: content::read(&edit.object("message")?, &page.errors),
    })
}

fn revoke(message: &Fields<'_>) -> Option<UpdateKind> {
    let target = message.object("revoke")?.id("original_message_id")?;
    Some(UpdateKind::Delete { target })
}

/// Returns what a number or user id was replaced by; a new number brings a new user id with it.
fn address_changes(message: &Fields<'_>) -> Vec<UpdateKind> {
    let system = message.object("system").unwrap_or_default();
    let phone = || people::phone(system.id("wa_id").or_else(|| system.id("new_wa_id")));
    let bsuid = || people::bsuid(system.id("user_id"));
    let old_phone = people::phone(message.id("from"));
    let old_bsuid = people::bsuid(message.id("from_user_id"));
    let changed = |from: Option<Address>, to: Option<Address>| {
        let (from, to) = (from?, to?);
        Some(UpdateKind::AddressChanged { from, to })
    };
    let changes = match system.text("type").as_deref() {
        Some("user_changed_number") => [
            changed(old_phone, phone()),
            // Who was known by the number alone keeps the new number beside the new id.
            match (old_bsuid, phone(), bsuid()) {
                (None, Some(known), Some(also)) => Some(UpdateKind::AddressAdded { known, also }),
                (old, _, new) => changed(old, new),
            },
        ],
        // The body's prose names the old id too, but the customer's own name stands in that prose.
        Some("user_changed_user_id") => [changed(old_bsuid.or(old_phone), bsuid()), None],
        _ => [None, None],
    };
    changes.into_iter().flatten().collect()
}
