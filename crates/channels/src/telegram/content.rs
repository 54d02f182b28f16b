//! What a message holds: Telegram names the content by the member that is there.

use super::entities;
use crate::json::{self, Fields};
use interdesk_domain::message::{ContactCard, Content, Location, Media, MediaKind, MediaSource};

/// Members with a file, in the order to look: an animation has a `document` twin.
const FILES: [(&str, MediaKind); 9] = [
    ("animation", MediaKind::Animation),
    ("live_photo", MediaKind::Video),
    ("photo", MediaKind::Image),
    ("video", MediaKind::Video),
    ("video_note", MediaKind::Video),
    ("voice", MediaKind::Voice),
    ("audio", MediaKind::Audio),
    ("sticker", MediaKind::Sticker),
    ("document", MediaKind::Document),
];

/// Members that every message may have; the first other one names what we do not understand.
const ENVELOPE: [&str; 28] = [
    "message_id",
    "message_thread_id",
    "direct_messages_topic",
    "from",
    "sender_chat",
    "sender_boost_count",
    "sender_business_bot",
    "sender_tag",
    "date",
    "business_connection_id",
    "chat",
    "forward_origin",
    "is_topic_message",
    "is_automatic_forward",
    "reply_to_message",
    "external_reply",
    "quote",
    "reply_to_story",
    "via_bot",
    "edit_date",
    "has_protected_content",
    "is_from_offline",
    "media_group_id",
    "author_signature",
    "link_preview_options",
    "effect_id",
    "caption",
    "reply_markup",
];

/// Members by which Telegram tells that something happened in a chat; nobody wrote them.
const SERVICE: [&str; 40] = [
    "new_chat_members",
    "new_chat_member",
    "new_chat_participant",
    "left_chat_member",
    "new_chat_title",
    "new_chat_photo",
    "delete_chat_photo",
    "group_chat_created",
    "supergroup_chat_created",
    "channel_chat_created",
    "message_auto_delete_timer_changed",
    "migrate_to_chat_id",
    "migrate_from_chat_id",
    "pinned_message",
    "successful_payment",
    "refunded_payment",
    "users_shared",
    "user_shared",
    "chat_shared",
    "connected_website",
    "write_access_allowed",
    "passport_data",
    "proximity_alert_triggered",
    "boost_added",
    "chat_background_set",
    "checklist_tasks_done",
    "checklist_tasks_added",
    "direct_message_price_changed",
    "paid_message_price_changed",
    "giveaway_created",
    "giveaway_completed",
    "gift",
    "unique_gift",
    "gift_upgrade_sent",
    "suggested_post_approved",
    "suggested_post_approval_failed",
    "suggested_post_declined",
    "suggested_post_paid",
    "suggested_post_refunded",
    "chat_owner_changed",
];

/// Families of such members.
const SERVICE_FAMILIES: [&str; 3] = ["forum_topic_", "general_forum_topic_", "video_chat_"];

/// Returns the name of a service message; `None` for what somebody wrote.
pub(super) fn service<'m>(message: &'m Fields<'_>) -> Option<&'m str> {
    let family = |name: &str| {
        SERVICE_FAMILIES
            .iter()
            .any(|family| name.starts_with(family))
    };
    message
        .names()
        .find(|name| SERVICE.contains(name) || family(name))
}

/// Reads the content of a message; what cannot be read becomes `Unsupported`.
pub(super) fn read(message: &Fields<'_>) -> Content {
    let text = || {
        let text = entities::with_links(message.text("text")?, &message.objects("entities"));
        Some(Content::Text { text })
    };
    text()
        .or_else(|| file(message))
        .or_else(|| place(message))
        .or_else(|| contact(message))
        .or_else(|| form(message))
        .unwrap_or_else(|| unsupported(message))
}

fn file(message: &Fields<'_>) -> Option<Content> {
    let (name, kind) = FILES.into_iter().find(|(name, _)| message.has(name))?;
    let file = match name {
        "photo" => largest(message)?,
        _ => message.object(name)?,
    };
    let media = Media {
        kind,
        source: MediaSource::ProviderId(file.id("file_id")?),
        mime_type: file.words("mime_type"),
        file_name: file.words("file_name"),
        size: file
            .integer("file_size")
            .and_then(|size| size.try_into().ok()),
        sha256: None,
    };
    // A sticker's emoji is its alternative text.
    let caption = message.words("caption");
    let caption = caption
        .map(|words| entities::with_links(words, &message.objects("caption_entities")))
        .or_else(|| file.words("emoji"));
    Some(Content::Media { media, caption })
}

/// Returns the size with the largest area; the list is in no promised order.
fn largest<'a>(message: &Fields<'a>) -> Option<Fields<'a>> {
    let area = |size: &Fields<'_>| {
        let side = |name| size.integer(name).unwrap_or_default();
        side("width").saturating_mul(side("height"))
    };
    message.objects("photo").into_iter().max_by_key(area)
}

/// Reads a place; a venue repeats its position as `location`.
fn place(message: &Fields<'_>) -> Option<Content> {
    let venue = message.object("venue").unwrap_or_default();
    let position = venue
        .object("location")
        .or_else(|| message.object("location"))?;
    let location = Location {
        latitude: position.number("latitude")?,
        longitude: position.number("longitude")?,
        name: venue.words("title"),
        address: venue.words("address"),
    };
    let on_earth = location.latitude.abs() <= 90.0 && location.longitude.abs() <= 180.0;
    on_earth.then_some(Content::Location(location))
}

fn contact(message: &Fields<'_>) -> Option<Content> {
    let contact = message.object("contact")?;
    let names = [contact.words("first_name"), contact.words("last_name")];
    let names: Vec<_> = names.into_iter().flatten().collect();
    let phone = contact.words("phone_number");
    let from = message.object("from").unwrap_or_default();
    let own = from.id("id");
    let name = (!names.is_empty()).then(|| names.join(" "));
    let card = ContactCard {
        name: name.or_else(|| phone.clone())?,
        phones: phone.into_iter().collect(),
        emails: Vec::new(),
        vcard: contact.words("vcard"),
        own: own.is_some() && own == contact.id("user_id"),
    };
    Some(Content::Contacts { cards: vec![card] })
}

fn form(message: &Fields<'_>) -> Option<Content> {
    let data = message.object("web_app_data")?;
    Some(Content::Form {
        name: data
            .words("button_text")
            .unwrap_or_else(|| "web_app".to_owned()),
        json: json::as_json(data.text("data")?),
    })
}

fn unsupported(message: &Fields<'_>) -> Content {
    let mut names = message.names();
    let kind = names.find(|name| !ENVELOPE.contains(name));
    let kind = kind.map_or_else(
        || "malformed".to_owned(),
        |name| name.chars().take(64).collect(),
    );
    let detail = format!("the customer sent something that cannot be shown yet: {kind}");
    Content::Unsupported { kind, detail }
}
