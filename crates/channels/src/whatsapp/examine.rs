//! Asks Meta how a number is, and which templates its business account has.

use super::{people, templates};
use crate::http;
use crate::json::Fields;
use crate::{SendContext, SendError};
use interdesk_domain::message::{Condition, Examined, HealthState};

/// What is asked of a number.
const FIELDS: &str =
    "display_phone_number,quality_rating,throughput,name_status,status,is_on_biz_app,platform_type";

/// How many messages a second a number sends that is shared with the Business app.
const WITH_APP: u32 = 20;

/// Asks; the business account is the inbox's own setting or what webhooks told of it.
pub(super) async fn examine(
    context: &SendContext<'_>,
    learnt: Option<&str>,
) -> Result<Examined, SendError> {
    let token = http::token(context, "access token")?;
    let base = context.endpoint.trim_end_matches('/');
    let request = context
        .client
        .get(format!("{base}/{}", context.account_id))
        .query(&[("fields", FIELDS)])
        .bearer_auth(token);
    let answer = http::call(request, context.now).await?;
    let number = templates::read(&answer)?;
    let mut examined = Examined {
        conditions: conditions(&number),
        per_second: per_second(&number),
        number: number.id("display_phone_number").map(people::digits),
        ..Examined::default()
    };
    let own = context.credentials.other("business_account");
    let Some(account) = own.or(learnt).filter(|it| is_id(it)) else {
        return Ok(examined);
    };
    examined.business_account = Some(account.to_owned());
    match templates::list(context, account).await {
        Ok(listed) => {
            examined.templates = Some(listed);
            let condition = ("listed", HealthState::Healthy, "the templates are known");
            examined.conditions.push(of_templates(condition));
        }
        // A token that may send but not manage still sends.
        Err(SendError::Refused { failure, .. }) if !failure.retryable => {
            let detail =
                "the templates cannot be listed: the token needs whatsapp_business_management";
            let condition = ("refused", HealthState::Degraded, detail);
            examined.conditions.push(of_templates(condition));
        }
        Err(_) => {}
    }
    Ok(examined)
}

fn of_templates((reason, state, detail): (&str, HealthState, &str)) -> Condition {
    Condition::new("templates", state, reason, detail)
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn per_second(number: &Fields<'_>) -> Option<u32> {
    if number.flag("is_on_biz_app") {
        return Some(WITH_APP);
    }
    match number.object("throughput")?.text("level")?.as_str() {
        "HIGH" => Some(1_000),
        "STANDARD" => Some(80),
        _ => None,
    }
}

fn conditions(number: &Fields<'_>) -> Vec<Condition> {
    use HealthState::{Blocked, Degraded, Healthy};
    // Whoever is answered has access.
    let mut conditions = vec![Condition::new(
        "access",
        Healthy,
        "answered",
        "WhatsApp answers",
    )];
    if let Some(rating) = number.words("quality_rating") {
        let state = match rating.to_uppercase().as_str() {
            "RED" => Degraded,
            _ => Healthy,
        };
        let detail = format!(
            "customers' opinion of the number: {}",
            rating.to_lowercase()
        );
        conditions.push(Condition::new("quality", state, &rating, detail));
    }
    if let Some(status) = number.words("status") {
        let state = match status.to_uppercase().as_str() {
            "CONNECTED" => Healthy,
            "FLAGGED" | "RESTRICTED" | "RATE_LIMITED" | "PENDING" => Degraded,
            _ => Blocked,
        };
        let detail = format!("the number is {}", status.to_lowercase());
        conditions.push(Condition::new("connection", state, &status, detail));
    }
    conditions
}
