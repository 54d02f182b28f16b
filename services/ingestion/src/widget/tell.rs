//! What a visitor did goes the way of every webhook: proven, parsed, stored.

use super::Widget;
use super::answer::Refusal;
use super::asked::Asked;
use crate::batcher;
use interdesk_channels::webchat::parse::provider_id;
use interdesk_channels::webchat::told::{Event, Told, Visitor};
use interdesk_channels::{OwnedRequest, channel};
use interdesk_domain::inbox::ChannelKind;
use interdesk_flow::receive::Webhook;
use interdesk_node::telemetry::current_traceparent;
use interdesk_store::widget::{self as rows, Session, Shown};

/// Stores what a visitor did; it is durable when this returns.
pub(super) async fn tell(
    widget: &Widget,
    asked: &Asked,
    session: &Session,
    event: Event,
) -> Result<(), Refusal> {
    let now = widget.intake.desk.now();
    let visitor = visitor(session);
    let told = Told {
        visitor: &visitor,
        at: now,
        event,
    };
    let token = asked.token.as_deref().unwrap_or_default();
    let request = OwnedRequest {
        method: "POST".to_owned(),
        headers: vec![("authorization".to_owned(), format!("Bearer {token}"))],
        body: told.body().into(),
        ..OwnedRequest::default()
    };
    let adapter = channel(ChannelKind::Webchat);
    let credentials = &asked.inbox.credentials;
    let refused = |error: &dyn std::fmt::Display| {
        tracing::warn!(%error, inbox.id = %asked.inbox.mailbox.id, "a visitor's word is not taken");
        Refusal::Bad("the request cannot be read".to_owned())
    };
    let proven = adapter.verify(&request.as_incoming(), credentials, now);
    proven.map_err(|error| refused(&error))?;
    let updates = adapter.parse(&request.as_incoming(), credentials);
    let webhook = Webhook {
        inbox: asked.inbox.mailbox,
        updates: updates.map_err(|error| refused(&error))?,
        trace: current_traceparent(),
        received_at: now,
    };
    let stored = widget
        .intake
        .batcher
        .store(asked.inbox.scope, webhook)
        .await;
    stored.map_err(|refusal| match refusal {
        batcher::Refusal::Busy => Refusal::Busy,
        batcher::Refusal::Unstorable => Refusal::Unstorable,
    })
}

/// Stores a message of a visitor, and returns it as it is kept: a repeat finds the first.
pub(super) async fn write(
    widget: &Widget,
    asked: &Asked,
    session: &Session,
    id: &str,
    event: Event,
) -> Result<Shown, Refusal> {
    tell(widget, asked, session, event).await?;
    let (scope, inbox) = (asked.inbox.scope, session.inbox_id);
    let id = provider_id(&session.visitor_id.to_string(), id);
    let begun = widget.intake.desk.database.begin_with(scope, async |conn| {
        rows::find_own(conn, scope, inbox, &id).await
    });
    let (transaction, found) = begun.await?;
    let Some(message) = found else {
        tracing::error!(inbox.id = %inbox, "a stored message of a visitor is not found");
        return Err(Refusal::Unstorable);
    };
    let person = session.person();
    rows::note_thread(&transaction, scope, inbox, &person, &message).await?;
    transaction.commit().await?;
    widget.live.wake_person(inbox, &person);
    Ok(message)
}

fn visitor(session: &Session) -> Visitor {
    Visitor {
        id: session.visitor_id,
        user: session.user_id.clone(),
        name: session.name.clone(),
        email: session.email.clone(),
        locale: session.locale.clone(),
    }
}
