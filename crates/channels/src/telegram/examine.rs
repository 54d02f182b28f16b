//! `getWebhookInfo`: whether Telegram can bring a bot's updates.

use super::errors;
use super::webhook::UPDATES;
use crate::http;
use crate::json::{self, Fields};
use crate::{SendContext, SendError};
use chrono::{DateTime, Duration, Utc};
use interdesk_domain::message::{Condition, Examined, HealthState};

/// For how long an error of Telegram's is worth telling.
const RECENT: Duration = Duration::minutes(15);

/// How many updates may wait with Telegram before somebody should look.
const MANY: i64 = 100;

/// Asks how the bot's webhook is.
pub(super) async fn examine(context: &SendContext<'_>) -> Result<Examined, SendError> {
    let token = http::token(context, "bot token")?;
    let base = context.endpoint.trim_end_matches('/');
    let request = context
        .client
        .get(format!("{base}/bot{token}/getWebhookInfo"));
    let answer = http::call(request, context.now).await?;
    let root = answer.object("Telegram")?;
    if !root.flag("ok") {
        return Err(errors::refused(&answer, &root));
    }
    let info = root.object("result").unwrap_or_default();
    let access = Condition::new(
        "access",
        HealthState::Healthy,
        "answered",
        "Telegram answers",
    );
    Ok(Examined {
        conditions: vec![access, webhook(&info, context.now)],
        ..Examined::default()
    })
}

fn webhook(info: &Fields<'_>, now: DateTime<Utc>) -> Condition {
    let told =
        |state, reason: &str, detail: String| Condition::new("webhook", state, reason, detail);
    if info.words("url").is_none() {
        let detail = "no webhook is set: run interdesk telegram webhook set";
        return told(HealthState::Blocked, "not_set", detail.to_owned());
    }
    let failed = info
        .seconds("last_error_date")
        .filter(|at| now - *at < RECENT);
    if failed.is_some() {
        let words = info.words("last_error_message").unwrap_or_default();
        let detail = format!("Telegram cannot bring updates ({})", http::excerpt(&words));
        return told(HealthState::Degraded, "failing", detail);
    }
    let waiting = info.integer("pending_update_count").unwrap_or_default();
    if waiting > MANY {
        let detail = format!("{waiting} updates wait with Telegram");
        return told(HealthState::Degraded, "waiting", detail);
    }
    let allowed = info.list("allowed_updates");
    let allowed: Vec<_> = allowed.into_iter().filter_map(json::text).collect();
    let missing = UPDATES
        .iter()
        .find(|name| !allowed.iter().any(|it| it == *name));
    // No list is everything but reactions, and those are a courtesy.
    match missing.filter(|_| !allowed.is_empty()) {
        Some(name) => {
            let detail =
                format!("the webhook does not bring {name}: run interdesk telegram webhook set");
            told(HealthState::Degraded, "incomplete", detail)
        }
        None => {
            let detail = "Telegram brings all updates".to_owned();
            told(HealthState::Healthy, "set", detail)
        }
    }
}
