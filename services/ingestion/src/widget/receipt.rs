//! Receipts: the widget has our messages, or a visitor saw them.

use super::Widget;
use super::answer::Refusal;
use super::asked::{Asked, answer};
use super::{body, tell};
use actix_web::{HttpRequest, HttpResponse, web};
use interdesk_channels::webchat::told::{Event, Receipt};
use interdesk_domain::delivery::DeliveryState;
use interdesk_store::widget::{self as rows, Session};
use serde::Deserialize;
use std::time::Duration;

/// Receipts that one session may give in a minute.
const MOST_PER_MINUTE: u64 = 240;

/// How far the visitor is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    state: State,
    /// Everything up to this place.
    up_to: i64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Delivered,
    Read,
}

/// `POST /widget/{inbox}/receipts`: notes that everything up to a place arrived or was seen.
pub(super) async fn note(
    widget: web::Data<Widget>,
    request: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    answer(&widget, &request, async |asked| {
        let session = asked.session(&widget).await?;
        let (whose, minute) = (session.id.to_string(), Duration::from_secs(60));
        asked
            .limit(&widget, "receipts", &whose, MOST_PER_MINUTE, minute)
            .await?;
        let note: Note = body::read(&body)?;
        let messages = open(&widget, asked, &session, &note).await?;
        if !messages.is_empty() {
            let state = match note.state {
                State::Delivered => "delivered",
                State::Read => "read",
            };
            let receipt = Receipt { state, messages };
            tell::tell(&widget, asked, &session, Event::Receipt { receipt }).await?;
        }
        Ok(HttpResponse::NoContent().finish())
    })
    .await
}

/// Finds the messages that a receipt is news about; which these are the desk says, not the widget.
async fn open(
    widget: &Widget,
    asked: &Asked,
    session: &Session,
    note: &Note,
) -> Result<Vec<String>, Refusal> {
    let states: &[DeliveryState] = match note.state {
        State::Delivered => &[DeliveryState::Sent],
        State::Read => &[DeliveryState::Sent, DeliveryState::Delivered],
    };
    let (scope, inbox) = (asked.inbox.scope, session.inbox_id);
    let person = session.person();
    let begun = widget.intake.desk.database.begin_with(scope, async |conn| {
        rows::find_thread(conn, scope, inbox, &person).await
    });
    let (transaction, thread) = begun.await?;
    let found = match &thread {
        Some(thread) => {
            rows::list_unreceipted(&transaction, scope, inbox, thread, note.up_to, states).await?
        }
        None => Vec::new(),
    };
    transaction.commit().await?;
    Ok(found
        .into_iter()
        .filter_map(|one| one.provider_id)
        .collect())
}
