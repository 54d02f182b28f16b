//! What a number brings that is shared with the WhatsApp Business app: its address book, and the chats of
//! before. Chats come in parts of no order, and files by themselves, as Meta's pages
//! `webhooks/reference/history` and `webhooks/reference/smb_app_state_sync` show them.

use crate::account::WhatsApp;
use crate::clock::now;
use crate::customer::Media;
use crate::media::File;
use crate::{json, world::World};
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::sync::Arc;

/// Whom the business wrote with before.
pub(super) const CUSTOMER: &str = "15550100099";

/// Brings the address book.
pub(super) fn contacts(world: &Arc<World>, account: &WhatsApp) {
    let entry = json!({
        "type": "contact",
        "contact": { "full_name": "Customer 99, blue parcel", "phone_number": CUSTOMER },
        "action": "add",
        "metadata": { "timestamp": now().timestamp().to_string() },
    });
    bring(world, account, "smb_app_state_sync", "state_sync", entry);
}

/// Brings the chats: the later part first, then the earlier one, then the file that it speaks of.
pub(super) fn history(world: &Arc<World>, account: &WhatsApp) {
    let file = File::sample(Media::Image, world.ids.digits());
    world.files.keep(file.clone());
    let photo = world.ids.wamid();
    let said = |days: i64, ours: bool, id: String, content: Value| {
        let mut message = content;
        let from = match ours {
            true => account.display_phone_number.as_str(),
            false => CUSTOMER,
        };
        message["from"] = from.into();
        message["id"] = id.into();
        let at = now() - TimeDelta::days(days);
        message["timestamp"] = at.timestamp().to_string().into();
        message
    };
    let text = |text: &str| json!({ "type": "text", "text": { "body": text } });
    let placeholder = json!({ "type": "media_placeholder" });
    let earlier = vec![
        said(9, false, world.ids.wamid(), text("Do you have this lamp?")),
        said(9, false, photo.clone(), placeholder),
    ];
    let later = vec![said(8, true, world.ids.wamid(), text("We do, in red."))];
    for (order, mut messages) in [(2, later), (1, earlier)] {
        for message in &mut messages {
            message["history_context"] = json!({ "status": "READ" });
        }
        let chunk = json!({
            "metadata": { "phase": 0, "chunk_order": order, "progress": 50 * order },
            "threads": [{ "id": CUSTOMER, "messages": messages }],
        });
        bring(world, account, "history", "history", chunk);
    }
    let image = json!({ "type": "image", "image": {
        "id": file.id,
        "mime_type": file.mime_type,
        "sha256": file.sha256_base64(),
    } });
    bring(
        world,
        account,
        "history",
        "messages",
        said(9, false, photo, image),
    );
}

fn bring(world: &Arc<World>, account: &WhatsApp, field: &str, list: &str, item: Value) {
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": account.display_phone_number,
            "phone_number_id": account.phone_number_id,
        },
        list: [item],
    });
    let body = json::meta(&json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": account.waba_id, "changes": [{ "value": value, "field": field }] }],
    }));
    // One lane: they come in the order in which they are brought.
    let lane = Some(format!("{field} of {}", account.phone_number_id));
    let key = account.phone_number_id.as_str();
    world.post(key, lane, String::new(), body, Vec::new());
}
