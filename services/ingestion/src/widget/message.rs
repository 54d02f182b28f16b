//! Messages of a visitor: writing one, and reading what was said.

use super::answer::Refusal;
use super::asked::answer;
use super::view::Beside;
use super::{Widget, body, change, tell, upload, view};
use actix_web::{HttpRequest, HttpResponse, web};
use interdesk_channels::webchat::MOST_CHARACTERS;
use interdesk_channels::webchat::told::{self, Event};
use interdesk_store::widget as rows;
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// The most messages of one page.
const LARGEST_PAGE: i64 = 100;

/// What a visitor wants to say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Write {
    /// The widget's id of it: a repeat under the same one changes nothing.
    id: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    answer: Option<Answer>,
    /// The ticket of an upload.
    #[serde(default)]
    file: Option<String>,
    /// The message that it quotes.
    #[serde(default)]
    reply_to: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    id: String,
    title: String,
}

/// `POST /widget/{inbox}/messages`: stores a message.
pub(super) async fn write(
    widget: web::Data<Widget>,
    request: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    answer(&widget, &request, async |asked| {
        let session = asked.session(&widget).await?;
        let most = widget.settings.messages_per_minute;
        let minute = Duration::from_secs(60);
        asked
            .limit(&widget, "messages", &session.person(), most, minute)
            .await?;
        let write: Write = body::read(&body)?;
        let id = body::message_id(&write.id)?.to_owned();
        let message = told::Message {
            text: body::words("text", write.text, MOST_CHARACTERS)?,
            answer: picked(write.answer)?,
            file: match &write.file {
                Some(ticket) => Some(upload::take(&widget, asked, &session, ticket)?),
                None => None,
            },
            reply_to: match &write.reply_to {
                Some(quoted) => {
                    change::seen(&widget, asked, &session, quoted)
                        .await?
                        .provider_id
                }
                None => None,
            },
            id: id.clone(),
        };
        let words = message.text.is_some() || message.file.is_some();
        if words == message.answer.is_some() {
            let why = "text, file, answer: give words, a file or both, or else an answer";
            return Err(Refusal::Bad(why.to_owned()));
        }
        let event = Event::Message { message };
        let stored = tell::write(&widget, asked, &session, &id, event).await?;
        let shown = view::one(&widget, asked.inbox.scope, &stored, &session).await?;
        Ok(HttpResponse::Ok().json(json!({ "message": shown })))
    })
    .await
}

fn picked(answer: Option<Answer>) -> Result<Option<told::Answer>, Refusal> {
    let Some(answer) = answer else {
        return Ok(None);
    };
    let id = body::words("answer.id", Some(answer.id), 256)?;
    let title = body::words("answer.title", Some(answer.title), 256)?;
    match (id, title) {
        (Some(id), Some(title)) => Ok(Some(told::Answer { id, title })),
        _ => Err(Refusal::Bad("answer: needs id and title".to_owned())),
    }
}

/// Which part of what was said.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    /// What comes before this place.
    before: Option<i64>,
    limit: Option<i64>,
}

/// `GET /widget/{inbox}/messages`: what was said, a page at a time, the latest first to be asked for.
pub(super) async fn list(
    widget: web::Data<Widget>,
    request: HttpRequest,
    page: web::Query<Page>,
) -> HttpResponse {
    answer(&widget, &request, async |asked| {
        let session = asked.session(&widget).await?;
        let limit = page.limit.unwrap_or(50).clamp(1, LARGEST_PAGE);
        let before = page.before.unwrap_or(i64::MAX);
        let (scope, inbox) = (asked.inbox.scope, session.inbox_id);
        let person = session.person();
        let begun = widget.intake.desk.database.begin_with(scope, async |conn| {
            rows::find_thread(conn, scope, inbox, &person).await
        });
        let (transaction, thread) = begun.await?;
        let mut shown = match &thread {
            Some(thread) => {
                rows::list_shown(&transaction, scope, inbox, thread, before, limit + 1).await?
            }
            None => Vec::new(),
        };
        let has_more = shown.len() as i64 > limit;
        shown.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let beside = Beside::of(&transaction, &widget, scope, &session, &shown).await?;
        transaction.commit().await?;
        let messages = shown
            .iter()
            .rev()
            .map(|one| view::message(one, &session, &beside));
        let messages: Vec<_> = messages.collect();
        Ok(HttpResponse::Ok().json(json!({ "messages": messages, "has_more": has_more })))
    })
    .await
}
