//! `POST /webhooks/{channel}/{inbox}`: proven, parsed, stored, answered.

use crate::batcher::{Batcher, Refusal};
use crate::directory::{Directory, OpenInbox};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use interdesk_channels::{Channel, OwnedRequest, channel};
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
    config.service(
        web::resource("/webhooks/{channel}/{inbox}")
            .app_data(web::Data::new(intake))
            .app_data(limit)
            .route(web::get().to(handshake))
            .route(web::post().to(take)),
    );
}

/// Why a webhook is not taken.
enum Answer {
    UnknownInbox,
    NotProven(String),
    Busy,
    Unstorable,
}

impl Answer {
    fn respond(self) -> HttpResponse {
        let (status, code, message) = match self {
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

async fn handshake(
    intake: web::Data<Intake>,
    path: web::Path<(String, String)>,
    query: web::Query<Vec<(String, String)>>,
) -> HttpResponse {
    let (inbox, adapter) = match find(&intake, &path).await {
        Ok(found) => found,
        Err(answer) => return answer.respond(),
    };
    match adapter.handshake(&query, &inbox.credentials) {
        Some(Ok(challenge)) => HttpResponse::Ok()
            .content_type("text/plain")
            .body(challenge),
        Some(Err(error)) => Answer::NotProven(error.to_string()).respond(),
        None => HttpResponse::MethodNotAllowed()
            .insert_header(("allow", "POST"))
            .finish(),
    }
}

async fn take(
    intake: web::Data<Intake>,
    path: web::Path<(String, String)>,
    request: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    let parent = request
        .headers()
        .get("traceparent")
        .and_then(|value| value.to_str().ok());
    let span = tracing::info_span!("webhook", otel.kind = "server", channel = %path.0);
    set_parent(&span, parent);
    let channel = path.0.clone();
    let taken = store(&intake, &path, &request, body).instrument(span).await;
    let outcome = match &taken {
        Ok(Taken::Understood) => "stored",
        Ok(Taken::Raw) => "kept_raw",
        Err(Answer::UnknownInbox) => "unknown_inbox",
        Err(Answer::NotProven(_)) => "not_proven",
        Err(Answer::Busy) => "busy",
        Err(Answer::Unstorable) => "unstorable",
    };
    let channel = ChannelKind::parse(&channel).map_or("unknown", ChannelKind::as_str);
    metrics::counter!("interdesk_webhooks_total", "channel" => channel, "outcome" => outcome)
        .increment(1);
    match taken {
        Ok(_) => HttpResponse::Ok().finish(),
        Err(answer) => answer.respond(),
    }
}

enum Taken {
    Understood,
    Raw,
}

async fn find(
    intake: &Intake,
    (kind, public_id): &(String, String),
) -> Result<(Arc<OpenInbox>, &'static dyn Channel), Answer> {
    let kind = ChannelKind::parse(kind).ok_or(Answer::UnknownInbox)?;
    let found = intake.directory.find(public_id).await.map_err(|error| {
        tracing::warn!(%error, "an inbox cannot be looked up");
        Answer::Busy
    })?;
    let inbox = found.filter(|inbox| inbox.mailbox.channel == kind);
    Ok((inbox.ok_or(Answer::UnknownInbox)?, channel(kind)))
}

async fn store(
    intake: &Intake,
    path: &(String, String),
    request: &HttpRequest,
    body: web::Bytes,
) -> Result<Taken, Answer> {
    let (inbox, adapter) = find(intake, path).await?;
    let request = OwnedRequest {
        headers: headers(request),
        body,
    };
    let now = intake.desk.now();
    let proven = adapter.verify(&request.as_request(), &inbox.credentials, now);
    proven.map_err(|error| Answer::NotProven(error.to_string()))?;
    let updates = match adapter.parse(&request.body) {
        Ok(updates) => updates,
        Err(error) => {
            keep_raw(intake, &inbox, &request.body, &error.to_string()).await?;
            return Ok(Taken::Raw);
        }
    };
    let mut taken = Taken::Understood;
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
            taken = Taken::Raw;
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
