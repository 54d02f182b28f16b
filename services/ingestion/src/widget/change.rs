//! What a visitor changes of what was said: other words, a message taken back, a reaction.
//!
//! Which message it is the desk finds out among those that the visitor sees, and whose it is too; the
//! adapter is told an id that was found. To say the same twice has the effect of once.

use super::answer::Refusal;
use super::asked::{Asked, answer};
use super::{Widget, body, tell, view};
use actix_web::{HttpRequest, HttpResponse, web};
use interdesk_channels::webchat::MOST_CHARACTERS;
use interdesk_channels::webchat::told::{Deletion, Edit, Event, Reaction};
use interdesk_store::widget::{self as rows, Session, Shown};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// The longest emoji, in bytes: families of many joined signs are shorter.
const LONGEST_EMOJI: usize = 64;

/// Other words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    text: String,
}

/// What stands from now on; nothing withdraws it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct React {
    emoji: Option<String>,
}

/// `PUT /widget/{inbox}/messages/{message}`: puts other words in the place of the visitor's.
pub(super) async fn edit(
    widget: web::Data<Widget>,
    request: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    answer(&widget, &request, async |asked| {
        let session = begin(&widget, asked).await?;
        let words: Words = body::read(&body)?;
        let text = body::words("text", Some(words.text), MOST_CHARACTERS)?;
        let text = text.ok_or_else(|| Refusal::Bad("text: needs words".to_owned()))?;
        let message = own(&widget, asked, &session, named(&request)).await?;
        if message.deleted_at.is_some() {
            return Err(Refusal::MessageGone);
        }
        let content = serde_json::from_value(message.content.clone()).ok();
        if !view::is_words(content.as_ref()) {
            return Err(Refusal::NotChangeable);
        }
        let target = id_of(&message)?;
        let edit = Edit { target, text };
        change(&widget, asked, &session, &message, Event::Edit { edit }).await
    })
    .await
}

/// `DELETE /widget/{inbox}/messages/{message}`: takes a message of the visitor's back.
pub(super) async fn take_back(widget: web::Data<Widget>, request: HttpRequest) -> HttpResponse {
    answer(&widget, &request, async |asked| {
        let session = begin(&widget, asked).await?;
        let message = own(&widget, asked, &session, named(&request)).await?;
        let target = id_of(&message)?;
        let deletion = Deletion { target };
        let event = Event::Delete { deletion };
        change(&widget, asked, &session, &message, event).await
    })
    .await
}

/// `PUT /widget/{inbox}/messages/{message}/reaction`: reacts to a message of either side.
pub(super) async fn react(
    widget: web::Data<Widget>,
    request: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    answer(&widget, &request, async |asked| {
        let session = begin(&widget, asked).await?;
        let react: React = body::read(&body)?;
        let fits = |emoji: &String| !emoji.trim().is_empty() && emoji.len() <= LONGEST_EMOJI;
        if !react.emoji.as_ref().is_none_or(fits) {
            let why = "emoji: takes one, or null to withdraw it";
            return Err(Refusal::Bad(why.to_owned()));
        }
        let message = seen(&widget, asked, &session, named(&request)).await?;
        if message.deleted_at.is_some() {
            return Err(Refusal::MessageGone);
        }
        let reaction = Reaction {
            target: id_of(&message)?,
            emojis: react.emoji.into_iter().collect(),
        };
        let event = Event::Reaction { reaction };
        change(&widget, asked, &session, &message, event).await
    })
    .await
}

/// Finds a message that the visitor sees.
pub(super) async fn seen(
    widget: &Widget,
    asked: &Asked,
    session: &Session,
    id: &str,
) -> Result<Shown, Refusal> {
    let (scope, inbox) = (asked.inbox.scope, session.inbox_id);
    let person = session.person();
    let begun = widget.intake.desk.database.begin_with(scope, async |conn| {
        rows::find_thread(conn, scope, inbox, &person).await
    });
    let (transaction, thread) = begun.await?;
    let found = match &thread {
        Some(thread) => rows::find_visible(&transaction, scope, inbox, thread, id).await?,
        None => None,
    };
    transaction.commit().await?;
    found.ok_or(Refusal::UnknownMessage)
}

/// Finds a message that the visitor wrote.
async fn own(
    widget: &Widget,
    asked: &Asked,
    session: &Session,
    id: &str,
) -> Result<Shown, Refusal> {
    let message = seen(widget, asked, session, id).await?;
    match message.direction.as_str() {
        "in" => Ok(message),
        _ => Err(Refusal::NotYours),
    }
}

async fn begin(widget: &Widget, asked: &Asked) -> Result<Session, Refusal> {
    let session = asked.session(widget).await?;
    let (most, minute) = (widget.settings.messages_per_minute, Duration::from_secs(60));
    asked
        .limit(widget, "changes", &session.person(), most, minute)
        .await?;
    Ok(session)
}

/// Stores a change and answers with the message as it is from now on.
async fn change(
    widget: &Widget,
    asked: &Asked,
    session: &Session,
    message: &Shown,
    event: Event,
) -> Result<HttpResponse, Refusal> {
    tell::tell(widget, asked, session, event).await?;
    widget.live.wake_person(session.inbox_id, &session.person());
    let message = seen(widget, asked, session, &id_of(message)?).await?;
    let shown = view::one(widget, asked.inbox.scope, &message, session).await?;
    Ok(HttpResponse::Ok().json(json!({ "message": shown })))
}

fn named(request: &HttpRequest) -> &str {
    request.match_info().get("message").unwrap_or_default()
}

/// Returns the inbox's id of a message; what was found by it has one.
fn id_of(message: &Shown) -> Result<String, Refusal> {
    message.provider_id.clone().ok_or(Refusal::UnknownMessage)
}
