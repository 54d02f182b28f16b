//! What one does with a number beside writing by it: having what happens there brought to this desk, the
//! Business app's contacts and history once, and looking after its groups.
//!
//! The pages are `embedded-signup/onboarding-business-app-users` and `groups/reference` below
//! <https://developers.facebook.com/documentation/business-messaging/whatsapp/>.

use super::send::refused;
use crate::json::Fields;
use crate::unfit::{said, short};
use crate::{Length, SendContext, SendError, http, refusal};
use interdesk_domain::delivery::FailureReason;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

/// What a group may be called, in characters (`groups/reference`).
const SUBJECT: usize = 128;

/// What may stand about a group, in characters (same page).
const DESCRIPTION: usize = 2048;

/// The longest address that webhooks are brought to (`webhooks/override`).
const CALLBACK: usize = 200;

/// What can be brought from the Business app, each once and within a day of its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brought {
    /// Its address book.
    Contacts,
    /// Its chats of the last six months, where the business shares them.
    History,
}

/// A group to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGroup {
    /// How it is called.
    pub subject: String,
    /// What stands about it.
    pub description: Option<String>,
    /// Whether who follows the link has to be let in.
    pub approval: bool,
}

/// Somebody who asks to be let into a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinRequest {
    /// The request's id.
    pub id: String,
    /// The number or user id of who asks.
    pub who: String,
}

/// Asks WhatsApp to bring something of the Business app; it comes by webhooks. Returns the id of the
/// request.
pub async fn bring(context: &SendContext<'_>, what: Brought) -> Result<String, SendError> {
    let kind = match what {
        Brought::Contacts => "smb_app_state_sync",
        Brought::History => "history",
    };
    let path = format!("{}/smb_app_data", context.account_id);
    let body = json!({ "messaging_product": "whatsapp", "sync_type": kind });
    ask(context, Method::POST, &path, Some(body), |root| {
        root.id("request_id").unwrap_or_default()
    })
    .await
}

/// Has Meta bring what happens at a number to an address of its own, whatever its app's callback is; Meta
/// proves the address by the inbox's verify token before. One app serves several desks so.
pub async fn set_webhook(context: &SendContext<'_>, url: &str) -> Result<(), SendError> {
    let missing = |what: &str| refusal::permanent(FailureReason::AccountRefused, what);
    let token = context.credentials.verify_token.as_deref();
    let token = token.filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| missing("the inbox has no verify token"))?;
    if url.len() > CALLBACK {
        return Err(missing("Meta takes addresses of 200 characters at most"));
    }
    let body = json!({ "webhook_configuration": {
        "override_callback_uri": url,
        "verify_token": token,
    } });
    let path = context.account_id;
    ask(context, Method::POST, path, Some(body), |_| ()).await
}

/// Asks WhatsApp to make a group; its id and link come by webhook. Returns the id of the request.
pub async fn create_group(
    context: &SendContext<'_>,
    group: &NewGroup,
) -> Result<String, SendError> {
    said("subject", &group.subject)?;
    short("subject", &group.subject, Length::characters(SUBJECT))?;
    let description = group.description.as_deref().unwrap_or_default();
    short("description", description, Length::characters(DESCRIPTION))?;
    let approval = match group.approval {
        true => "approval_required",
        false => "auto_approve",
    };
    let mut body = json!({
        "messaging_product": "whatsapp",
        "subject": group.subject,
        "join_approval_mode": approval,
    });
    if let Some(description) = &group.description {
        body["description"] = description.as_str().into();
    }
    let path = format!("{}/groups", context.account_id);
    ask(context, Method::POST, &path, Some(body), |root| {
        root.id("request_id").unwrap_or_default()
    })
    .await
}

/// Returns the link by which people come into a group; `anew` makes the one before worthless.
pub async fn invite_link(
    context: &SendContext<'_>,
    group: &str,
    anew: bool,
) -> Result<String, SendError> {
    let path = format!("{}/invite_link", named(group)?);
    let (method, body) = match anew {
        true => (
            Method::POST,
            Some(json!({ "messaging_product": "whatsapp" })),
        ),
        false => (Method::GET, None),
    };
    let link = ask(context, method, &path, body, |root| {
        root.words("invite_link")
    })
    .await?;
    link.ok_or_else(|| unreadable("the link"))
}

/// Lists who asks to be let into a group.
pub async fn join_requests(
    context: &SendContext<'_>,
    group: &str,
) -> Result<Vec<JoinRequest>, SendError> {
    let path = format!("{}/join_requests", named(group)?);
    ask(context, Method::GET, &path, None, |root| {
        let found = root.objects("data");
        let found = found.iter().filter_map(|one| {
            Some(JoinRequest {
                id: one.id("join_request_id")?,
                who: one.id("wa_id").or_else(|| one.id("user_id"))?,
            })
        });
        found.collect()
    })
    .await
}

/// Lets people into a group who asked, or turns them away. Returns with how many that failed.
pub async fn answer_requests(
    context: &SendContext<'_>,
    group: &str,
    requests: &[String],
    let_in: bool,
) -> Result<usize, SendError> {
    let path = format!("{}/join_requests", named(group)?);
    let body = json!({ "messaging_product": "whatsapp", "join_requests": requests });
    let method = if let_in { Method::POST } else { Method::DELETE };
    ask(context, method, &path, Some(body), |root| {
        root.objects("failed_join_requests").len()
    })
    .await
}

/// Takes somebody out of a group, by their number or user id. They do not come back by the same link.
/// Returns with how many that failed.
pub async fn remove_participant(
    context: &SendContext<'_>,
    group: &str,
    who: &str,
) -> Result<usize, SendError> {
    let path = format!("{}/participants", named(group)?);
    let participants = json!([{ "user": who }]);
    let body = json!({ "messaging_product": "whatsapp", "participants": participants });
    ask(context, Method::DELETE, &path, Some(body), |root| {
        root.objects("failed_participants").len()
    })
    .await
}

/// Deletes a group; everybody leaves it. That it is gone comes by webhook.
pub async fn delete_group(context: &SendContext<'_>, group: &str) -> Result<(), SendError> {
    let path = named(group)?;
    ask(context, Method::DELETE, &path, None, |_| ()).await
}

/// Returns the id of a group as a part of an address.
fn named(group: &str) -> Result<String, SendError> {
    let group = group.trim();
    if group.is_empty() {
        return Err(refusal::unsupported("the group has no id"));
    }
    let safe = percent_encoding::NON_ALPHANUMERIC;
    Ok(percent_encoding::utf8_percent_encode(group, safe).to_string())
}

async fn ask<T>(
    context: &SendContext<'_>,
    method: Method,
    path: &str,
    body: Option<Value>,
    read: impl FnOnce(&Fields<'_>) -> T,
) -> Result<T, SendError> {
    let token = http::token(context, "access token")?;
    let base = context.endpoint.trim_end_matches('/');
    let request = context.client.request(method, format!("{base}/{path}"));
    let request: RequestBuilder = request.bearer_auth(token);
    let request = match &body {
        Some(body) => request.json(body),
        None => request,
    };
    let answer = http::call(request, context.now).await?;
    let root = answer.object("WhatsApp")?;
    match (answer.is_success(), root.object("error")) {
        (true, _) => Ok(read(&root)),
        (false, Some(error)) => Err(refused(&answer, &error)),
        (false, None) => Err(answer.unexplained()),
    }
}

fn unreadable(what: &str) -> SendError {
    SendError::NoAnswer(format!("WhatsApp did not tell {what}"))
}
