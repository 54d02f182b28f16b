//! `setWebhook`: where Telegram brings a bot's updates, and which.

use super::send::read;
use crate::{SendContext, SendError, http, refusal};
use interdesk_domain::delivery::FailureReason;
use serde_json::json;

/// The updates that the desk wants. Named one by one, since Telegram leaves reactions out where
/// nobody asks for them and keeps an earlier list where none is sent.
pub const UPDATES: [&str; 12] = [
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "callback_query",
    "message_reaction",
    "my_chat_member",
    "chat_member",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
];

/// How many updates Telegram may bring at once.
const AT_ONCE: u32 = 40;

/// Tells Telegram to bring a bot's updates to an address, with the inbox's first secret as proof.
pub async fn set(context: &SendContext<'_>, url: &str) -> Result<(), SendError> {
    let missing = |what: &str| refusal::permanent(FailureReason::AccountRefused, what);
    let secret = context.credentials.webhook_secrets.first();
    let secret = secret.ok_or_else(|| missing("the inbox has no webhook secret"))?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if secret.is_empty() || secret.len() > 256 || !secret.bytes().all(fits) {
        return Err(missing(
            "Telegram takes webhook secrets of 1 to 256 letters, digits, _ and -",
        ));
    }
    let token = http::token(context, "bot token")?;
    let base = context.endpoint.trim_end_matches('/');
    let body = json!({
        "url": url,
        "secret_token": secret,
        "allowed_updates": UPDATES,
        "max_connections": AT_ONCE,
    });
    let request = context.client.post(format!("{base}/bot{token}/setWebhook"));
    read(&http::call(request.json(&body), context.now).await?).map(|_| ())
}
