//! The bodies of Meta's webhooks.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::{
    account::WhatsApp,
    clock::now,
    customer::{Content, Customer, Media},
    json,
    media::File,
};

/// Scrambles phone numbers into business-scoped user ids and back.
const SCRAMBLE: u64 = 0x0005_deec_e66d_2b17;

/// One message or one status, with the contact that Meta puts beside it.
#[derive(Clone, Debug)]
pub struct Update {
    list: &'static str,
    contact: Option<Value>,
    item: Value,
}

/// Writes the body of a webhook with one text.
pub fn text_webhook(
    account: &WhatsApp,
    customer: &Customer,
    wamid: &str,
    text: &str,
    at: DateTime<Utc>,
) -> Vec<u8> {
    let content = json!({ "type": "text", "text": { "body": text } });
    webhook(account, &message(account, customer, wamid, at, content))
}

/// Writes the body of a webhook with one update.
pub fn webhook(account: &WhatsApp, update: &Update) -> Vec<u8> {
    batch(account, std::slice::from_ref(update))
}

/// Writes the body of a webhook with many updates: messages and statuses apart,
/// as Meta does, and over several changes of two entries.
pub fn batch(account: &WhatsApp, updates: &[Update]) -> Vec<u8> {
    let mut changes: Vec<Value> = Vec::new();
    for list in ["messages", "statuses"] {
        let same: Vec<&Update> = updates
            .iter()
            .filter(|update| update.list == list)
            .collect();
        changes.extend(same.chunks(100).map(|part| change(account, list, part)));
    }
    let second = changes.split_off(changes.len().div_ceil(2));
    let entries: Vec<Value> = [changes, second]
        .into_iter()
        .filter(|changes| !changes.is_empty())
        .map(|changes| json!({ "id": account.waba_id, "changes": changes }))
        .collect();
    json::meta(&json!({ "object": "whatsapp_business_account", "entry": entries }))
}

fn change(account: &WhatsApp, list: &str, updates: &[&Update]) -> Value {
    let mut contacts: Vec<&Value> = Vec::new();
    for contact in updates.iter().filter_map(|update| update.contact.as_ref()) {
        if !contacts.contains(&contact) {
            contacts.push(contact);
        }
    }
    let items: Vec<&Value> = updates.iter().map(|update| &update.item).collect();
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": account.display_phone_number,
            "phone_number_id": account.phone_number_id,
        },
        list: items,
    });
    if !contacts.is_empty() {
        value["contacts"] = json!(contacts);
    }
    json!({ "value": value, "field": "messages" })
}

/// Makes an inbound message; `content` holds `type` and the object named after it,
/// and may hold `context` or `errors`.
pub fn message(
    account: &WhatsApp,
    customer: &Customer,
    wamid: &str,
    at: DateTime<Utc>,
    content: Value,
) -> Update {
    let mut item = content;
    item["id"] = wamid.into();
    item["timestamp"] = at.timestamp().to_string().into();
    if !customer.hide_phone {
        item["from"] = customer.id.as_str().into();
    }
    if account.user_ids || customer.hide_phone {
        item["from_user_id"] = user_id(customer).into();
    }
    let contact = Some(contact(account, customer));
    Update {
        list: "messages",
        contact,
        item,
    }
}

/// Makes a status of one of our messages. `reason` is the error of a failed one.
pub fn receipt(
    account: &WhatsApp,
    customer: &Customer,
    wamid: &str,
    status: &str,
    at: DateTime<Utc>,
    tracker: Option<&str>,
    reason: Option<Value>,
) -> Update {
    let mut item = json!({
        "id": wamid,
        "status": status,
        "timestamp": at.timestamp().to_string(),
    });
    if !customer.hide_phone {
        item["recipient_id"] = customer.id.as_str().into();
    }
    if account.user_ids || customer.hide_phone {
        item["recipient_user_id"] = user_id(customer).into();
    }
    if let Some(tracker) = tracker {
        item["biz_opaque_callback_data"] = tracker.into();
    }
    if matches!(status, "sent" | "delivered") {
        item["pricing"] = json!({
            "billable": false,
            "pricing_model": "PMP",
            "type": "free_customer_service",
            "category": "service",
        });
    }
    let failed = reason.is_some();
    if let Some(reason) = reason {
        item["errors"] = json!([reason]);
    }
    let contact = (account.user_ids && !failed).then(|| contact(account, customer));
    Update {
        list: "statuses",
        contact,
        item,
    }
}

fn contact(account: &WhatsApp, customer: &Customer) -> Value {
    let mut contact = json!({ "profile": { "name": customer.name } });
    if customer.hide_phone {
        contact["profile"]["username"] = format!("@{}", user_id(customer).to_lowercase()).into();
    } else {
        contact["wa_id"] = customer.id.as_str().into();
    }
    if account.user_ids || customer.hide_phone {
        contact["user_id"] = user_id(customer).into();
    }
    contact
}

/// Derives the business-scoped user id of a customer.
pub fn user_id(customer: &Customer) -> String {
    let phone: u64 = customer.id.parse().unwrap_or_default();
    format!("US.{:020}", phone ^ SCRAMBLE)
}

/// Finds the phone number behind a user id that [`user_id`] made.
pub(crate) fn phone_of(user_id: &str) -> Option<String> {
    let number: u64 = user_id.strip_prefix("US.")?.parse().ok()?;
    Some((number ^ SCRAMBLE).to_string())
}

/// Writes what a customer did as the content of [`message`]. Blocking has none.
pub(crate) fn content(
    account: &WhatsApp,
    customer: &Customer,
    content: &Content,
    file: Option<(&File, String)>,
) -> Option<Value> {
    let ours = |id: &str| json!({ "from": account.display_phone_number, "id": id });
    Some(match content {
        Content::Text { text } => json!({ "type": "text", "text": { "body": text } }),
        Content::Media { media, caption } => {
            let (file, url) = file?;
            media_content(*media, caption.as_deref(), file, &url)
        }
        Content::Location {
            latitude,
            longitude,
            name,
        } => {
            let mut location = json!({ "latitude": latitude, "longitude": longitude });
            if let Some(name) = name {
                location["name"] = name.as_str().into();
                location["address"] = "1 Example Street".into();
            }
            json!({ "type": "location", "location": location })
        }
        Content::Contact { name, phone } => json!({
            "type": "contacts",
            "contacts": [{
                "name": { "formatted_name": name, "first_name": name },
                "phones": [{ "phone": phone, "type": "MOBILE" }],
            }],
        }),
        Content::OwnCard { message_id } => json!({
            "type": "contacts",
            "origin": "contact_request",
            "context": ours(message_id),
            "contacts": [own_card(customer)],
        }),
        Content::Form { message_id, json } => json!({
            "type": "interactive",
            "context": ours(message_id),
            "interactive": {
                "type": "nfm_reply",
                "nfm_reply": { "name": "flow", "body": "Sent", "response_json": json },
            },
        }),
        Content::CallPermission {
            message_id,
            allowed,
        } => {
            let mut reply = json!({ "response": "reject", "response_source": "user_action" });
            if *allowed {
                let week = now() + TimeDelta::days(7);
                reply["response"] = "accept".into();
                reply["expiration_timestamp"] = week.timestamp().into();
            }
            json!({
                "type": "interactive",
                "context": ours(message_id),
                "interactive": {
                    "type": "call_permission_reply",
                    "call_permission_reply": reply,
                },
            })
        }
        Content::Reaction { message_id, emoji } => {
            let mut reaction = json!({ "message_id": message_id });
            if !emoji.is_empty() {
                reaction["emoji"] = emoji.as_str().into();
            }
            json!({ "type": "reaction", "reaction": reaction })
        }
        Content::Button {
            message_id,
            id,
            title,
        } => json!({
            "type": "interactive",
            "context": ours(message_id),
            "interactive": {
                "type": "button_reply",
                "button_reply": { "id": id, "title": title },
            },
        }),
        Content::Edit { message_id, text } if account.coexistence => json!({
            "type": "edit",
            "edit": {
                "original_message_id": message_id,
                "message": {
                    "context": { "id": "M0" },
                    "type": "text",
                    "text": { "body": text },
                },
            },
        }),
        Content::Delete { message_id } if account.coexistence => json!({
            "type": "revoke",
            "revoke": { "original_message_id": message_id },
        }),
        Content::Edit { .. } => unsupported("edit"),
        Content::Delete { .. } => unsupported("delete"),
        Content::NumberChange { to } => {
            let body = format!("{} changed their number", customer.name);
            let mut system = json!({ "type": "user_changed_number", "body": body, "wa_id": to });
            if account.user_ids {
                system["user_id"] = user_id(&Customer::new(to.as_str())).into();
            }
            json!({ "type": "system", "system": system })
        }
        Content::Unknown => unsupported("poll"),
        Content::Block | Content::Unblock => return None,
    })
}

fn own_card(customer: &Customer) -> Value {
    let (name, phone) = (&customer.name, format!("+{}", customer.id));
    json!({
        "name": { "formatted_name": name, "first_name": name },
        "phones": [{ "phone": phone, "wa_id": customer.id, "type": "CELL" }],
        "vcard": format!("BEGIN:VCARD\nVERSION:3.0\nFN:{name}\nTEL:{phone}\nEND:VCARD"),
    })
}

fn media_content(kind: Media, caption: Option<&str>, file: &File, url: &str) -> Value {
    let mut media = json!({
        "id": file.id,
        "mime_type": file.mime_type,
        "sha256": file.sha256_base64(),
        "url": url,
    });
    match kind {
        Media::Audio | Media::Voice => media["voice"] = (kind == Media::Voice).into(),
        Media::Sticker => media["animated"] = false.into(),
        Media::Document => media["filename"] = file.name.as_str().into(),
        Media::Image | Media::Video => {}
    }
    if let Some(caption) = caption
        && matches!(kind, Media::Image | Media::Video | Media::Document)
    {
        media["caption"] = caption.into();
    }
    let name = if kind == Media::Voice {
        "audio"
    } else {
        kind.name()
    };
    json!({ "type": name, name: media })
}

fn unsupported(kind: &str) -> Value {
    json!({
        "type": "unsupported",
        "unsupported": { "type": kind },
        "errors": [{
            "code": 131051,
            "title": "Message type unknown",
            "message": "Message type unknown",
            "error_data": { "details": "Message type is currently not supported." },
        }],
    })
}
