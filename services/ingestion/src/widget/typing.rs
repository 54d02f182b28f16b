//! A visitor is typing: a note that passes by itself.

use super::Widget;
use super::answer::Refusal;
use super::asked::answer;
use actix_web::{HttpRequest, HttpResponse, web};
use interdesk_flow::typing;
use interdesk_store::widget as rows;
use std::time::Duration;

/// How often it may be said.
const EVERY: Duration = Duration::from_secs(3);

/// `POST /widget/{inbox}/typing`: shows agents that the visitor writes.
pub(super) async fn note(widget: web::Data<Widget>, request: HttpRequest) -> HttpResponse {
    answer(&widget, &request, async |asked| {
        let session = asked.session(&widget).await?;
        asked
            .limit(&widget, "typing", &session.id.to_string(), 1, EVERY)
            .await?;
        let (scope, inbox) = (asked.inbox.scope, session.inbox_id);
        let person = session.person();
        let begun = widget.intake.desk.database.begin_with(scope, async |conn| {
            rows::find_thread(conn, scope, inbox, &person).await
        });
        let (transaction, thread) = begun.await?;
        transaction.commit().await?;
        if let Some(thread) = thread {
            let noted = typing::note_customer(&widget.intake.desk, thread.conversation_id).await;
            noted.map_err(|error| {
                tracing::warn!(%error, "that somebody is typing cannot be noted");
                Refusal::Busy
            })?;
        }
        Ok(HttpResponse::NoContent().finish())
    })
    .await
}
