//! `POST /webhooks/{channel}/{inbox}`: proven, parsed, stored, answered.
//!
//! A channel that is called at several addresses has them below this one, with the methods that its
//! provider uses.

use crate::batcher::{Batcher, Refusal};
use crate::directory::{Directory, OpenInbox};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use interdesk_channels::{Channel, OwnedRequest, Reply, VerifyError, channel};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::Update;
use interdesk_flow::Desk;
use interdesk_flow::receive::{self, Mailbox, Webhook};
use interdesk_node::telemetry::{current_traceparent, set_parent};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use tracing::Instrument;

/// What the handlers need.
#[derive(Clone)]
pub struct Intake {
    /// The database and the clock.
    pub desk: Desk,
    /// Which inbox a path names.
    pub directory: Arc<Directory>,
    /// Stores webhooks, many in one commit.
    pub batcher: Batcher,
    /// The largest body that is taken, in bytes.
    pub max_body: usize,
}

/// Mounts the webhook paths.
pub fn configure(config: &mut web::ServiceConfig, intake: Intake) {
    let limit = web::PayloadConfig::new(intake.max_body);
    // The path is taken apart here: matching it by pattern costs as much as proving a webhook.
    let scope = web::scope("/webhooks")
        .app_data(web::Data::new(intake))
        .app_data(limit)
        .default_service(web::to(take));
    config.service(scope);
}

/// What a path names.
struct Address {
    channel: String,
    inbox: String,
    /// What follows the inbox, beginning with a slash.
    below: String,
}

impl Address {
    /// Reads what follows `/webhooks`.
    fn of(request: &HttpRequest) -> Self {
        let path = request.match_info().unprocessed();
        let path = path.strip_prefix('/').unwrap_or(path);
        let (channel, rest) = path.split_once('/').unwrap_or((path, ""));
        let (inbox, below) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        Self {
            channel: channel.to_owned(),
            inbox: inbox.to_owned(),
            below: below.to_owned(),
        }
    }
}

/// Why a webhook is not taken.
enum Answer {
    UnknownInbox,
    NotProven(String),
    NotTaken,
    Busy,
    Unstorable,
}

impl Answer {
    fn respond(self) -> HttpResponse {
        let (status, code, message) = match self {
            Self::NotTaken => {
                return HttpResponse::MethodNotAllowed()
                    .insert_header(("allow", "POST"))
                    .finish();
            }
            Self::UnknownInbox => (
                StatusCode::NOT_FOUND,
                "UNKNOWN_INBOX",
                "no inbox has this address".to_owned(),
            ),
            Self::NotProven(why) => (StatusCode::UNAUTHORIZED, "NOT_PROVEN", why),
            Self::Busy => {
                let text = "cannot store now; send it again".to_owned();
                (StatusCode::SERVICE_UNAVAILABLE, "BUSY", text)
            }
            Self::Unstorable => {
                let text = "cannot be stored; the operators were told".to_owned();
                (StatusCode::INTERNAL_SERVER_ERROR, "UNSTORABLE", text)
            }
        };
        let mut response = HttpResponse::build(status);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header(("retry-after", "1"));
        }
        response.json(json!({ "error": { "code": code, "message": message } }))
    }
}

async fn take(intake: web::Data<Intake>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let parent = request
        .headers()
        .get("traceparent")
        .and_then(|value| value.to_str().ok());
    let address = Address::of(&request);
    let channel = ChannelKind::parse(&address.channel).map_or("unknown", ChannelKind::as_str);
    let span = tracing::info_span!("webhook", otel.kind = "server", channel);
    set_parent(&span, parent);
    let query = web::Query::from_query(request.query_string());
    let asked = OwnedRequest {
        method: request.method().to_string(),
        path: address.below.clone(),
        query: query.map(web::Query::into_inner).unwrap_or_default(),
        headers: headers(&request),
        body,
    };
    let taken = store(&intake, &address, &asked).instrument(span).await;
    let outcome = match &taken {
        Ok(Taken::Understood(_)) => "stored",
        Ok(Taken::Raw(_)) => "kept_raw",
        Ok(Taken::Answered(_)) => "answered",
        Err(Answer::UnknownInbox) => "unknown_inbox",
        Err(Answer::NotProven(_)) => "not_proven",
        Err(Answer::NotTaken) => "not_taken",
        Err(Answer::Busy) => "busy",
        Err(Answer::Unstorable) => "unstorable",
    };
    metrics::counter!("interdesk_webhooks_total", "channel" => channel, "outcome" => outcome)
        .increment(1);
    match taken {
        Ok(Taken::Answered(reply) | Taken::Understood(reply) | Taken::Raw(reply)) => respond(reply),
        Err(answer) => answer.respond(),
    }
}

fn respond(reply: Reply) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    match reply.body.is_empty() {
        true => response.finish(),
        false => response.content_type(reply.content_type).body(reply.body),
    }
}

/// What became of a request, with what its provider wants to hear.
enum Taken {
    Answered(Reply),
    Understood(Reply),
    Raw(Reply),
}

async fn find(
    intake: &Intake,
    address: &Address,
) -> Result<(Arc<OpenInbox>, &'static dyn Channel), Answer> {
    let kind = ChannelKind::parse(&address.channel).ok_or(Answer::UnknownInbox)?;
    let adapter = channel(kind);
    if !adapter.serves(&address.below) {
        return Err(Answer::UnknownInbox);
    }
    let found = intake
        .directory
        .find(&address.inbox)
        .await
        .map_err(|error| {
            tracing::warn!(%error, "an inbox cannot be looked up");
            Answer::Busy
        })?;
    let inbox = found.filter(|inbox| inbox.mailbox.channel == kind);
    Ok((inbox.ok_or(Answer::UnknownInbox)?, adapter))
}

async fn store(
    intake: &Intake,
    address: &Address,
    request: &OwnedRequest,
) -> Result<Taken, Answer> {
    let (inbox, adapter) = find(intake, address).await?;
    let incoming = request.as_incoming();
    let not_proven = |error: VerifyError| Answer::NotProven(error.to_string());
    if let Some(answer) = adapter.handshake(&incoming, &inbox.credentials) {
        return answer.map(Taken::Answered).map_err(not_proven);
    }
    if !matches!(request.method.as_str(), "POST" | "PUT") {
        return Err(Answer::NotTaken);
    }
    let now = intake.desk.now();
    let proven = adapter.verify(&incoming, &inbox.credentials, now);
    proven.map_err(not_proven)?;
    let updates = match adapter.parse(&incoming, &inbox.credentials) {
        Ok(updates) => updates,
        Err(error) => {
            keep_raw(intake, &inbox, &request.body, &error.to_string()).await?;
            return Ok(Taken::Raw(adapter.acknowledgement()));
        }
    };
    let mut taken = Taken::Understood(adapter.acknowledgement());
    let trace = current_traceparent();
    for (account, updates) in by_account(&inbox, updates) {
        let mailbox = match &account {
            None => Some(inbox.mailbox),
            Some(account) => intake
                .directory
                .find_account(&inbox, account)
                .await
                .map_err(|error| {
                    tracing::warn!(%error, "an inbox cannot be looked up");
                    Answer::Busy
                })?,
        };
        let Some(mailbox) = mailbox else {
            // An answer other than 200 would make the provider send it for days.
            keep_raw(
                intake,
                &inbox,
                &request.body,
                "names an account that no inbox has",
            )
            .await?;
            taken = Taken::Raw(adapter.acknowledgement());
            continue;
        };
        let webhook = Webhook {
            inbox: mailbox,
            updates,
            trace: trace.clone(),
            received_at: now,
        };
        intake
            .batcher
            .store(inbox.scope, webhook)
            .await
            .map_err(|refusal| match refusal {
                Refusal::Busy => Answer::Busy,
                Refusal::Unstorable => Answer::Unstorable,
            })?;
    }
    Ok(taken)
}

/// Sorts the updates by the account that they are for; `None` is the inbox's own.
fn by_account(inbox: &OpenInbox, updates: Vec<Update>) -> BTreeMap<Option<String>, Vec<Update>> {
    let mut sorted: BTreeMap<Option<String>, Vec<Update>> = BTreeMap::new();
    for update in updates {
        let other = update
            .account
            .clone()
            .filter(|account| *account != inbox.account_id);
        sorted.entry(other).or_default().push(update);
    }
    sorted
}

async fn keep_raw(
    intake: &Intake,
    inbox: &OpenInbox,
    body: &[u8],
    reason: &str,
) -> Result<(), Answer> {
    let Mailbox { id, .. } = inbox.mailbox;
    let kept = receive::keep_raw(&intake.desk, inbox.scope, id, body, reason).await;
    kept.map_err(|error| {
        tracing::warn!(%error, inbox.id = %id, "a raw webhook cannot be kept");
        Answer::Busy
    })
}

fn headers(request: &HttpRequest) -> Vec<(String, String)> {
    let text = |value: &actix_web::http::header::HeaderValue| {
        String::from_utf8_lossy(value.as_bytes()).into_owned()
    };
    request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(value)))
        .collect()
}
