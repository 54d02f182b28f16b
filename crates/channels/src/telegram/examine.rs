//! `getMe` and `getWebhookInfo`: which bot the token is of, and whether Telegram can bring its updates.

use super::errors;
use super::webhook::UPDATES;
use crate::http::{self, Answer};
use crate::json::{self, Fields};
use crate::{SendContext, SendError};
use chrono::{DateTime, Duration, Utc};
use interdesk_domain::message::{Condition, Examined, HealthState};

/// For how long an error of Telegram's is worth telling.
const RECENT: Duration = Duration::minutes(15);

/// How many updates may wait with Telegram before somebody should look.
const MANY: i64 = 100;

/// Asks which bot it is, and how its webhook is.
pub(super) async fn examine(context: &SendContext<'_>) -> Result<Examined, SendError> {
    let bot = ask(context, "getMe").await?;
    let bot = answered(&bot)?;
    let own = bot.id("id").is_none_or(|id| id == context.account_id);
    let (state, reason, detail) = match own {
        true => (HealthState::Healthy, "answered", "Telegram answers"),
        false => (
            HealthState::Blocked,
            "another_bot",
            "the token is another bot's than the inbox's account_id says",
        ),
    };
    let access = Condition::new("access", state, reason, detail);
    let info = ask(context, "getWebhookInfo").await?;
    let webhook = webhook(&answered(&info)?, context.now);
    Ok(Examined {
        conditions: vec![access, webhook],
        ..Examined::default()
    })
}

async fn ask(context: &SendContext<'_>, method: &str) -> Result<Answer, SendError> {
    let token = http::token(context, "bot token")?;
    let base = context.endpoint.trim_end_matches('/');
    let request = context.client.get(format!("{base}/bot{token}/{method}"));
    http::call(request, context.now).await
}

fn answered(answer: &Answer) -> Result<Fields<'_>, SendError> {
    let root = answer.object("Telegram")?;
    match root.flag("ok") {
        true => Ok(root.object("result").unwrap_or_default()),
        false => Err(errors::refused(answer, &root)),
    }
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
