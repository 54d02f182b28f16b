//! What one does with a number beside writing by it: having what happens there brought to this desk, the
//! Business app's contacts and history once, looking after its groups and templates, and shutting people out.
//!
//! The pages are `embedded-signup/onboarding-business-app-users`, `groups/reference`, `templates/overview` and
//! `block-users` below <https://developers.facebook.com/documentation/business-messaging/whatsapp/>.

use super::send::refused;
use crate::json::Fields;
use crate::unfit::{said, short};
use crate::{Length, SendContext, SendError, http, refusal};
use interdesk_domain::delivery::FailureReason;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

/// What a group may be called, in characters (`groups/reference`).
const SUBJECT: usize = 128;

/// What may stand about a group, in characters (same page).
const DESCRIPTION: usize = 2048;

/// The longest address that webhooks are brought to (`webhooks/override`).
const CALLBACK: usize = 200;

/// The longest name of a template, in characters (`templates/overview`).
const TEMPLATE_NAME: usize = 512;

/// What a template may be for (same page); it decides the price.
const CATEGORIES: [&str; 3] = ["AUTHENTICATION", "MARKETING", "UTILITY"];

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

/// Hands a template to Meta, which approves it or not, and tells so by webhook: an object with `name`,
/// `category`, `language` and `components`, as `templates/overview` has it. Returns its id and its state.
pub async fn submit_template(
    context: &SendContext<'_>,
    business_account: &str,
    template: &Value,
) -> Result<(String, String), SendError> {
    fit_template(template).map_err(refusal::unsupported)?;
    let path = format!("{}/message_templates", named(business_account)?);
    let told = ask(
        context,
        Method::POST,
        &path,
        Some(template.clone()),
        |root| Some((root.id("id")?, root.words("status")?)),
    )
    .await?;
    told.ok_or_else(|| unreadable("what became of the template"))
}

/// Tells what is wrong with a template, by the member and the mend; Meta's own words name neither.
fn fit_template(template: &Value) -> Result<(), String> {
    let text = |name: &str| template[name].as_str().unwrap_or_default();
    let name = text("name");
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || name.len() > TEMPLATE_NAME || !name.chars().all(fits) {
        return Err(format!(
            "`name` is {name:?}: it takes 1 to {TEMPLATE_NAME} small letters, digits and underscores"
        ));
    }
    if !CATEGORIES.contains(&text("category")) {
        let all = CATEGORIES.join(", ");
        return Err(format!(
            "`category` is {:?}: it is one of {all}",
            text("category")
        ));
    }
    if text("language").is_empty() {
        return Err("`language` is missing: it is a code such as en_US".to_owned());
    }
    let components = template["components"].as_array();
    let body = |one: &Value| {
        one["type"]
            .as_str()
            .is_some_and(|it| it.eq_ignore_ascii_case("body"))
    };
    match components.is_some_and(|all| all.iter().any(body)) {
        true => Ok(()),
        false => Err("`components` have no BODY: it holds the words".to_owned()),
    }
}

/// Deletes a template in all its languages. What is on its way still arrives.
pub async fn delete_template(
    context: &SendContext<'_>,
    business_account: &str,
    name: &str,
) -> Result<(), SendError> {
    let path = format!(
        "{}/message_templates?name={}",
        named(business_account)?,
        named(name)?
    );
    ask(context, Method::DELETE, &path, None, |_| ()).await
}

/// Shuts people out, by number or user id, or lets them in again: who is shut out can neither write to the
/// number nor be written to. Takes those alone who wrote within a day. Returns with how many that failed.
pub async fn block(
    context: &SendContext<'_>,
    people: &[String],
    shut_out: bool,
) -> Result<usize, SendError> {
    let path = format!("{}/block_users", context.account_id);
    let users: Vec<_> = people.iter().map(|who| json!({ "user": who })).collect();
    let body = json!({ "messaging_product": "whatsapp", "block_users": users });
    let method = if shut_out {
        Method::POST
    } else {
        Method::DELETE
    };
    ask(context, method, &path, Some(body), |root| {
        let told = root.object("block_users").unwrap_or_default();
        told.objects("failed_users").len()
    })
    .await
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

/// Returns an id or a name as a part of an address.
fn named(id: &str) -> Result<String, SendError> {
    let id = id.trim();
    if id.is_empty() {
        return Err(refusal::unsupported("an id is missing"));
    }
    const SAFE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_');
    Ok(utf8_percent_encode(id, SAFE).to_string())
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
