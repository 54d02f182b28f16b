//! E-mail hand-over: a visitor who does not want to wait leaves an address.
//!
//! The address is what the visitor says, so it finds nobody else's conversation and is nobody's proof.

use super::answer::Refusal;
use super::asked::answer;
use super::{Widget, body, tell, view};
use actix_web::{HttpRequest, HttpResponse, web};
use interdesk_channels::webchat::told::{Event, Message};
use interdesk_domain::message::Address;
use interdesk_flow::{Context, claim};
use interdesk_node::telemetry::current_traceparent;
use interdesk_store::widget as rows;
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// Addresses that one visitor may leave in an hour.
const MOST_PER_HOUR: u64 = 5;

/// The longest address (RFC 5321, section 4.5.3.1).
const LONGEST: usize = 254;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Leave {
    /// The widget's id of the message that tells of it.
    id: String,
    email: String,
}

/// `POST /widget/{inbox}/email`: keeps an address to answer at.
pub(super) async fn leave(
    widget: web::Data<Widget>,
    request: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    answer(&widget, &request, async |asked| {
        let mut session = asked.session(&widget).await?;
        let (whose, hour) = (session.person(), Duration::from_secs(3_600));
        asked
            .limit(&widget, "email", &whose, MOST_PER_HOUR, hour)
            .await?;
        let leave: Leave = body::read(&body)?;
        let id = body::message_id(&leave.id)?.to_owned();
        let email = leave.email.trim().to_lowercase();
        if !is_address(&email) {
            return Err(Refusal::Bad("email: is no address".to_owned()));
        }
        session.email = Some(email.clone());
        let message = Message {
            id: id.clone(),
            ..Message::default()
        };
        let event = Event::Email { message };
        let stored = tell::write(&widget, asked, &session, &id, event).await?;
        let (scope, inbox) = (asked.inbox.scope, session.inbox_id);
        let desk = &widget.intake.desk;
        let person = session.person();
        let begun = desk.database.begin_with(scope, async |conn| {
            rows::set_email(conn, scope, session.id, &email).await
        });
        let (transaction, ()) = begun.await?;
        let thread = rows::find_thread(&transaction, scope, inbox, &person).await?;
        transaction.commit().await?;
        if let Some(thread) = thread {
            let address = Address {
                network: "email".to_owned(),
                namespace: "address".to_owned(),
                value: email,
            };
            let context = Context::system(current_traceparent(), None);
            claim::claim(desk, scope, thread.contact_id, &address, &context).await?;
        }
        let shown = view::one(&widget, scope, &stored, &session).await?;
        Ok(HttpResponse::Ok().json(json!({ "message": shown })))
    })
    .await
}

/// Tells whether a text has the form of an address; whether it is one only a mail can tell.
pub(super) fn is_address(text: &str) -> bool {
    let plain = |part: &str| {
        let odd = |c: char| c.is_whitespace() || c.is_control() || "<>(),;:\"[]\\@".contains(c);
        !part.is_empty() && !part.contains(odd)
    };
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let dotted = domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.');
    text.len() <= LONGEST && plain(local) && plain(domain) && dotted
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn addresses_are_told_from_other_texts() {
        for yes in [
            "a@example.org",
            "first.last+tag@mail.example.org",
            "ü@example.org",
        ] {
            assert!(is_address(yes), "{yes}");
        }
        let long = format!("{}@example.org", "x".repeat(250));
        for no in [
            "",
            "a",
            "a@",
            "@example.org",
            "a@b",
            "a@b@example.org",
            "a b@example.org",
            "a@example.org\r\nbcc: x",
            "<a@example.org>",
            "a@.org",
            "a@example.",
            &long,
        ] {
            assert!(!is_address(no), "{no}");
        }
    }
}
