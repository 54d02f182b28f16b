//! An agent asks once more for a file that could not be had.

use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error, Events};
use interdesk_domain::event::Event;
use interdesk_domain::id::AttachmentId;
use interdesk_domain::permission::Viewer;
use interdesk_store::{Conn, attachments, conversations, messages, outbox};
use serde::{Deserialize, Serialize};

/// Which file to ask for again.
#[derive(Debug, Clone, Serialize)]
pub struct Retry {
    /// Which.
    pub attachment: AttachmentId,
}

/// What became of the wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum RetryOutcome {
    /// It is asked for at once.
    Waiting {
        /// The conversation's version.
        version: i64,
    },
    /// No such file.
    NotFound,
    /// It is here, or is on its way already.
    NotFailed,
    /// The key was used for something else.
    KeyReused,
}

/// Asks once more for a file.
///
/// # Errors
///
/// Fails when the database does.
pub async fn retry(
    desk: &Desk,
    viewer: &Viewer,
    retry: &Retry,
    key: Option<&str>,
    context: &Context,
) -> Result<RetryOutcome, Error> {
    Wish::new(desk, viewer, key, context).fulfil(retry).await
}

impl Verb for Retry {
    type Outcome = RetryOutcome;
    const OPERATION: &'static str = "attachment_retry";
    const KEY_REUSED: RetryOutcome = RetryOutcome::KeyReused;

    async fn act(&self, wish: &Wish<'_>, conn: &Conn) -> Result<RetryOutcome, Halt<RetryOutcome>> {
        let (scope, not_found) = (wish.scope(), || Halt::Refused(RetryOutcome::NotFound));
        let found = attachments::find(conn, scope, self.attachment).await?;
        let message = found.and_then(|it| it.message_id).ok_or_else(not_found)?;
        let place = messages::find_place(conn, scope, message).await?;
        let conversation = place.ok_or_else(not_found)?.conversation_id;
        let locked = conversations::lock(conn, scope, conversation).await?;
        let locked = locked.ok_or_else(not_found)?;
        if !attachments::try_again(conn, scope, self.attachment, wish.now()).await? {
            return Err(Halt::Refused(RetryOutcome::NotFailed));
        }
        let (desk, context) = (wish.desk, wish.context);
        let mut events =
            Events::of_conversation(desk, scope, conversation, locked.version, context);
        let version = events.push(Event::AttachmentRetried {
            conversation,
            message,
            attachment: self.attachment,
        });
        conversations::set_version(conn, scope, conversation, version).await?;
        outbox::append(conn, events.list()).await?;
        Ok(RetryOutcome::Waiting { version })
    }
}
