//! What a message holds, by its `type`.

use crate::json::{self, Fields};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use interdesk_domain::message::{
    ContactCard, Content, Location, Media, MediaKind, MediaSource, OrderItem,
};
use serde_json::value::RawValue;

/// Reads the content of a message; what cannot be read becomes `Unsupported`.
pub(super) fn read(message: &Fields<'_>, page_errors: &[&RawValue]) -> Content {
    let kind = message.text("type").unwrap_or_default();
    let object = message.object(&kind).unwrap_or_default();
    let content = match kind.as_str() {
        "text" => object.text("body").map(|text| Content::Text { text }),
        "image" => media(message, &object, MediaKind::Image),
        "video" => media(message, &object, MediaKind::Video),
        "voice" => media(message, &object, MediaKind::Voice),
        "audio" if object.flag("voice") => media(message, &object, MediaKind::Voice),
        "audio" => media(message, &object, MediaKind::Audio),
        "document" => media(message, &object, MediaKind::Document),
        "sticker" => media(message, &object, MediaKind::Sticker),
        "location" => location(&object).map(Content::Location),
        "contacts" => contacts(message),
        "interactive" => interactive(&object),
        "button" => answer(&object, "payload", "text"),
        "order" => order(&object),
        _ => None,
    };
    content.unwrap_or_else(|| unsupported(message, kind, page_errors))
}

fn media(message: &Fields<'_>, object: &Fields<'_>, kind: MediaKind) -> Option<Content> {
    // With an error beside it there is nothing to fetch.
    if message.has("errors") {
        return None;
    }
    let by_id = object.id("id").map(MediaSource::ProviderId);
    let source = by_id.or_else(|| object.words("url").map(MediaSource::Url))?;
    let media = Media {
        kind,
        source,
        mime_type: object.words("mime_type"),
        file_name: object.words("filename"),
        size: object
            .integer("file_size")
            .and_then(|size| size.try_into().ok()),
        sha256: object.text("sha256").and_then(|digest| sha256(&digest)),
    };
    Some(Content::Media {
        media,
        caption: object.words("caption"),
    })
}

/// Returns a digest in hex; it comes as base64, in old chats as hex.
pub(super) fn sha256(text: &str) -> Option<String> {
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some(text.to_ascii_lowercase());
    }
    let bytes = STANDARD.decode(text).ok()?;
    (bytes.len() == 32).then(|| json::hex(&bytes))
}

fn location(object: &Fields<'_>) -> Option<Location> {
    let place = Location {
        latitude: object.number("latitude")?,
        longitude: object.number("longitude")?,
        name: object.words("name"),
        address: object.words("address"),
    };
    let on_earth = place.latitude.abs() <= 90.0 && place.longitude.abs() <= 180.0;
    on_earth.then_some(place)
}

fn contacts(message: &Fields<'_>) -> Option<Content> {
    // Some deliveries say it of the message, some of each card.
    let asked = message.text("origin").as_deref() == Some("contact_request");
    let cards = message.objects("contacts");
    let cards: Vec<_> = cards.iter().map(|contact| card(contact, asked)).collect();
    (!cards.is_empty()).then_some(Content::Contacts { cards })
}

fn card(contact: &Fields<'_>, asked: bool) -> ContactCard {
    let each = |list: &str, name: &str| -> Vec<String> {
        let items = contact.objects(list);
        items.iter().filter_map(|item| item.words(name)).collect()
    };
    let name = contact.object("name").unwrap_or_default();
    let formatted = name.words("formatted_name").or_else(|| {
        let parts = [name.words("first_name"), name.words("last_name")];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    });
    let phones = each("phones", "phone");
    let emails = each("emails", "email");
    let first = phones.first().or(emails.first()).cloned();
    ContactCard {
        name: formatted.or(first).unwrap_or_else(|| "contact".to_owned()),
        phones,
        emails,
        vcard: contact.words("vcard"),
        own: asked || contact.text("origin").as_deref() == Some("contact_request"),
    }
}

fn interactive(object: &Fields<'_>) -> Option<Content> {
    let kind = object.text("type")?;
    let reply = object.object(&kind)?;
    match kind.as_str() {
        "button_reply" | "list_reply" => answer(&reply, "id", "title"),
        "nfm_reply" => Some(Content::Form {
            name: reply.words("name").unwrap_or(kind),
            json: form(reply.get("response_json")?),
        }),
        "call_permission_reply" => Some(Content::Form {
            json: object.get(&kind)?.get().to_owned(),
            name: kind,
        }),
        _ => None,
    }
}

/// Returns the answers as JSON; they come as JSON inside a string, which is not always JSON.
fn form(raw: &RawValue) -> String {
    json::text(raw).map_or_else(|| raw.get().to_owned(), json::as_json)
}

fn answer(object: &Fields<'_>, id: &str, title: &str) -> Option<Content> {
    let words = object.words(title);
    let id = object.text(id).or_else(|| words.clone())?;
    Some(Content::Answer {
        title: words.unwrap_or_else(|| id.clone()),
        description: object.words("description"),
        id,
    })
}

fn order(object: &Fields<'_>) -> Option<Content> {
    let mut items = Vec::new();
    for item in object.objects("product_items") {
        items.push(OrderItem {
            product: item.words("product_retailer_id")?,
            quantity: item.number("quantity")?,
            price: item.words("item_price").unwrap_or_default(),
            currency: item.words("currency").unwrap_or_default(),
        });
    }
    Some(Content::Order {
        catalog: object.words("catalog_id")?,
        text: object.words("text"),
        items,
    })
}

fn unsupported(message: &Fields<'_>, kind: String, page_errors: &[&RawValue]) -> Content {
    let inner = message.object("unsupported").unwrap_or_default();
    let kind = inner.words("type").unwrap_or(kind);
    let own = message.list("errors");
    let error = own.first().or(page_errors.first());
    let error = error.and_then(|raw| Fields::read(raw)).unwrap_or_default();
    let detail = match error.integer("code") {
        Some(131_052) => "the customer sent a file that WhatsApp could not fetch".to_owned(),
        Some(131_060) => "this message can only be read in the WhatsApp Business app".to_owned(),
        _ if kind == "media_placeholder" => "a file of an earlier chat".to_owned(),
        _ if matches!(kind.as_str(), "" | "unsupported" | "unknown") => {
            "the customer sent something that WhatsApp does not pass on".to_owned()
        }
        _ => format!("the customer sent something that cannot be shown yet: {kind}"),
    };
    let kind = if kind.is_empty() {
        "malformed".to_owned()
    } else {
        kind
    };
    Content::Unsupported { kind, detail }
}
