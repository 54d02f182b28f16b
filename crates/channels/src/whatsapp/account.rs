//! What Meta tells of an account and its templates by webhook.

use super::{people, templates};
use crate::json::Fields;
use interdesk_domain::message::{
    AccountNews, Condition, HealthState, Shape, TemplateNews, Told, UpdateKind,
};
use serde_json::value::RawValue;

use HealthState::{Blocked, Degraded, Healthy};

/// Reads a change of an account; `None` for fields that tell nothing of one.
pub(super) fn read(
    field: &str,
    value: &Fields<'_>,
    business_account: Option<&str>,
    raw: &RawValue,
) -> Option<UpdateKind> {
    let told = match field {
        "message_template_status_update"
        | "message_template_quality_update"
        | "template_category_update"
        | "message_template_components_update" => Told::Template(template(value)?),
        "phone_number_quality_update" => number_quality(value)?,
        _ => Told::Health {
            condition: condition(field, value)?,
            per_second: None,
        },
    };
    // What is about one number is not about the others of the business.
    let number = value
        .id("display_phone_number")
        .or_else(|| value.id("phone_number"));
    let shared = business_account.filter(|_| number.is_none());
    Some(UpdateKind::Account(Box::new(AccountNews {
        business_account: shared.map(str::to_owned),
        number: number.map(people::digits).filter(|it| !it.is_empty()),
        told,
        raw: raw.get().to_owned(),
    })))
}

fn template(value: &Fields<'_>) -> Option<TemplateNews> {
    let word = |name: &str| Some(value.words(name)?.to_lowercase());
    let status = word("event").map(|event| match event.as_str() {
        // A template that may be sent again is approved.
        "reinstated" | "unpaused" => "approved".to_owned(),
        _ => event,
    });
    let refused = value.object("rejection_info").unwrap_or_default();
    let other = value.object("other_info").unwrap_or_default();
    let reason = refused
        .words("reason")
        .or_else(|| other.words("description"))
        .or_else(|| value.words("reason").filter(|it| it != "NONE"));
    let body = value.words("message_template_element");
    Some(TemplateNews {
        provider_id: value.id("message_template_id"),
        name: value.words("message_template_name")?,
        language: value.words("message_template_language")?,
        status,
        category: word("new_category").or_else(|| word("message_template_category")),
        quality: word("new_quality_score"),
        reason,
        shape: body.map(|text| Shape {
            slots: templates::slots_of_news(value, &text),
            text,
        }),
    })
}

/// `FLAGGED` and its opposite tell the quality, the others how many may be written to.
fn number_quality(value: &Fields<'_>) -> Option<Told> {
    let event = value.words("event")?.to_uppercase();
    let limit = value
        .words("current_limit")
        .or_else(|| value.words("max_daily_conversations_per_business"));
    let (state, words) = match event.as_str() {
        "FLAGGED" => (Degraded, "customers complain: the number's quality is low"),
        "DOWNGRADE" => (Degraded, "the number may write to fewer people a day"),
        _ => (Healthy, "the number is well"),
    };
    let detail = match limit {
        Some(limit) => format!("{words}; limit {limit}"),
        None => words.to_owned(),
    };
    Some(Told::Health {
        condition: Condition::new("quality", state, &event, detail),
        per_second: (event == "THROUGHPUT_UPGRADE").then_some(1_000),
    })
}

fn condition(field: &str, value: &Fields<'_>) -> Option<Condition> {
    match field {
        "account_update" => account(value),
        "account_review_update" => {
            let decision = value.words("decision")?;
            let (state, words) = match decision.to_uppercase().as_str() {
                "REJECTED" => (Blocked, "Meta rejected the account"),
                "PENDING" | "DEFERRED" => (Degraded, "Meta reviews the account"),
                _ => (Healthy, "Meta approved the account"),
            };
            Some(Condition::new("review", state, &decision, words))
        }
        "phone_number_name_update" => {
            let decision = value.words("decision")?;
            let (state, words) = match decision.to_uppercase().as_str() {
                "APPROVED" => (Healthy, "Meta approved the number's name"),
                "REJECTED" | "DECLINED" => (Degraded, "Meta rejected the number's name"),
                _ => (Degraded, "Meta reviews the number's name"),
            };
            let why = value.words("rejection_reason").filter(|it| it != "NONE");
            Some(Condition::new("name", state, &decision, with(words, why)))
        }
        "business_capability_update" => {
            let most = [
                "max_daily_conversations_per_business",
                "max_daily_conversation_per_phone",
            ];
            let most = most.iter().find_map(|name| value.id(name))?;
            let detail = format!("may begin conversations with {most} people a day");
            Some(Condition::new("capability", Healthy, &most, detail))
        }
        "security" => {
            let event = value.words("event")?;
            // Somebody who asks for another PIN can take the number away.
            let (state, words) = match event.to_uppercase().as_str() {
                "PIN_RESET_REQUEST" => (Degraded, "somebody asked to reset the number's PIN"),
                "PIN_CHANGED" => (Healthy, "the number's PIN was changed"),
                "PIN_RESET_SUCCESS" => (Healthy, "the number's PIN was reset"),
                _ => (Degraded, "something happened to the number's PIN"),
            };
            Some(Condition::new("security", state, &event, words))
        }
        "account_alerts" => alert(value),
        _ => None,
    }
}

fn account(value: &Fields<'_>) -> Option<Condition> {
    let event = value.words("event")?.to_uppercase();
    let restrictions = value.objects("restriction_info");
    let ban = value.object("ban_info").unwrap_or_default();
    let violation = value.object("violation_info").unwrap_or_default();
    let left = value.object("disconnection_info").unwrap_or_default();
    let kinds: Vec<_> = restrictions
        .iter()
        .filter_map(|one| one.words("restriction_type"))
        .collect();
    // All that customers write is still answered while only what we begin is restricted.
    let whole = kinds
        .iter()
        .any(|kind| kind.contains("CUSTOMER_INITIATED") || kind == "RESTRICTED_ALL");
    let banned = ban.text("waba_ban_state").or_else(|| {
        let states = ban.list("waba_ban_state");
        states.first().and_then(|raw| crate::json::text(raw))
    });
    let why = (!kinds.is_empty())
        .then(|| kinds.join(", "))
        .or_else(|| violation.words("violation_type"))
        .or_else(|| left.words("reason"))
        .or_else(|| banned.clone());
    let (subject, state, words) = match event.as_str() {
        "ACCOUNT_RESTRICTION" if whole => {
            ("account", Blocked, "Meta lets the account send nothing")
        }
        "ACCOUNT_RESTRICTION" => ("account", Degraded, "Meta restricts the account"),
        "ACCOUNT_VIOLATION" => ("account", Degraded, "the account broke a rule of WhatsApp"),
        "DISABLED_UPDATE" => match banned.as_deref() {
            Some("REINSTATE") => ("account", Healthy, "the account is back"),
            Some("SCHEDULE_FOR_DISABLE") => ("account", Degraded, "Meta will disable the account"),
            _ => ("account", Blocked, "Meta disabled the account"),
        },
        "ACCOUNT_DELETED" => ("account", Blocked, "the account was deleted"),
        "PARTNER_REMOVED" | "PARTNER_APP_UNINSTALLED" => (
            "connection",
            Blocked,
            "the number was disconnected from this desk: connect it again",
        ),
        "PARTNER_ADDED" | "PARTNER_APP_INSTALLED" | "ACCOUNT_RECONNECTED" => {
            ("connection", Healthy, "the number is connected")
        }
        "VERIFIED_ACCOUNT" => ("account", Healthy, "Meta verified the account"),
        _ => (
            "notice",
            Healthy,
            "Meta changed something about the account",
        ),
    };
    Some(Condition::new(subject, state, &event, with(words, why)))
}

fn alert(value: &Fields<'_>) -> Option<Condition> {
    let inner = value.object("alert_info");
    let alert = inner.as_ref().unwrap_or(value);
    let kind = alert.words("alert_type")?;
    let over = matches!(
        alert.text("alert_status").as_deref(),
        Some("NONE" | "RESOLVED")
    );
    let state = match alert.text("alert_severity").as_deref() {
        _ if over => Healthy,
        Some("INFORMATIONAL" | "INFO") => Healthy,
        _ => Degraded,
    };
    let detail = alert.words("alert_description");
    let words = with("Meta has something to say about the account", detail);
    Some(Condition::new("alert", state, &kind, words))
}

fn with(words: &str, why: Option<String>) -> String {
    match why {
        Some(why) => format!("{words} ({})", crate::http::excerpt(&why)),
        None => words.to_owned(),
    }
}
