//! Files that a visitor attaches: kept first, named by a ticket in the message after.

use super::Widget;
use super::answer::Refusal;
use super::asked::{Asked, answer};
use actix_web::{HttpRequest, HttpResponse, web};
use interdesk_channels::webchat::ticket::{self, Upload};
use interdesk_channels::webchat::told::File;
use interdesk_flow::attach::{self, Unkept};
use interdesk_store::widget::Session;
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// Files that one visitor may upload in an hour.
const MOST_PER_HOUR: u64 = 60;

/// The longest name that is kept, in characters.
const LONGEST_NAME: usize = 200;

/// What the file is called.
#[derive(Debug, Deserialize)]
pub(super) struct Named {
    name: Option<String>,
}

/// `POST /widget/{inbox}/files`: keeps the body, and answers with the ticket for a message.
pub(super) async fn upload(
    widget: web::Data<Widget>,
    request: HttpRequest,
    named: web::Query<Named>,
    body: web::Payload,
) -> HttpResponse {
    answer(&widget, &request, async |asked| {
        let session = asked.session(&widget).await?;
        let (whose, hour) = (session.person(), Duration::from_secs(3_600));
        asked
            .limit(&widget, "files", &whose, MOST_PER_HOUR, hour)
            .await?;
        let (desk, scope) = (&widget.intake.desk, asked.inbox.scope);
        let rules = attach::rules(desk, scope, session.inbox_id).await?;
        let announced = request.headers().get("content-length");
        let announced = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > rules.most) {
            let refusal = attach::Refusal::TooLarge { most: rules.most };
            return Err(Refusal::TooLarge(refusal.to_string()));
        }
        let kept = attach::keep(desk, scope, &rules, body).await;
        let kept = kept.map_err(|unkept| match unkept {
            Unkept::Refused(refusal @ attach::Refusal::TooLarge { .. }) => {
                Refusal::TooLarge(refusal.to_string())
            }
            Unkept::Refused(refusal) => Refusal::TypeRefused(refusal.to_string()),
            Unkept::Broken(_) => Refusal::Bad("body: ended early; send it again".to_owned()),
            Unkept::Failed(error) => error.into(),
        })?;
        let upload = Upload {
            visitor: session.visitor_id,
            file: kept.file.to_string(),
            mime_type: kept.mime_type,
            name: named.name.as_deref().and_then(plain),
            size: kept.size,
            sha256: kept.sha256,
        };
        let secrets = &asked.inbox.credentials.webhook_secrets;
        let ticket = ticket::issue(&upload, secrets, desk.now());
        let ticket = ticket.map_err(|_| Refusal::Unstorable)?;
        Ok(HttpResponse::Created().json(json!({ "file": {
            "id": ticket, "name": upload.name, "type": upload.mime_type, "size": upload.size,
        } })))
    })
    .await
}

/// Reads the ticket that a message brings.
pub(super) fn take(
    widget: &Widget,
    asked: &Asked,
    session: &Session,
    ticket: &str,
) -> Result<File, Refusal> {
    let secrets = &asked.inbox.credentials.webhook_secrets;
    let now = widget.intake.desk.now();
    let read = ticket::read(ticket, session.visitor_id, secrets, now);
    let upload = read.map_err(|error| Refusal::Bad(format!("file: {error}; upload it again")))?;
    Ok(File {
        id: upload.file,
        mime_type: upload.mime_type,
        name: upload.name,
        size: upload.size,
        sha256: Some(upload.sha256),
    })
}

/// Returns a name without folders and signs that no name should have.
fn plain(name: &str) -> Option<String> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = name.replace(|c: char| c.is_control(), "");
    let name: String = name
        .trim()
        .trim_matches('.')
        .chars()
        .take(LONGEST_NAME)
        .collect();
    (!name.is_empty()).then_some(name)
}
