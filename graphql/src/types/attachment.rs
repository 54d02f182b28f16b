//! Files of messages.

use super::{Nullable, object};
use crate::viewer::{desk, outside, viewer};
use crate::{Error, Long};
use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_store::attachments as rows;

object! {
    /// A file of a message.
    Attachment(rows::Attachment)
}

/// A file of a message.
#[Object]
impl Attachment {
    /// Names the file.
    pub(crate) async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// Whether its bytes are here.
    async fn state(&self) -> AttachmentState {
        match self.0.state.as_str() {
            "stored" => AttachmentState::Stored,
            "failed" => AttachmentState::Failed,
            _ => AttachmentState::Waiting,
        }
    }

    /// What the app shows it as: `image`, `video`, `animation`, `audio`, `voice`, `sticker` or
    /// `document`.
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// The name that its sender gave; never a path.
    async fn file_name(&self) -> Option<&str> {
        self.0.file_name.as_deref()
    }

    /// The media type that its bytes have; the one that its sender declared until they are here.
    async fn mime_type(&self) -> Option<&str> {
        let stored = self.0.stored_type.as_deref();
        stored.or(self.0.mime_type.as_deref())
    }

    /// The size in bytes; the one that its sender told until they are here.
    async fn size(&self) -> Option<Long> {
        self.0.stored_size.or(self.0.size).map(Long::from)
    }

    /// The SHA-256 of the bytes in lower-case hex; null until they are here.
    async fn sha256(&self) -> Option<&str> {
        self.0.stored_sha256.as_deref()
    }

    /// A link to the bytes, good for a short time; null until they are here.
    async fn link(&self, context: &Context<'_>) -> Nullable<FileLink> {
        self.0.file_id?;
        Some(link(context, &self.0))
    }

    /// Why the bytes are not here; null while nothing went wrong.
    async fn failure(&self) -> Option<AttachmentFailure> {
        let code = self.0.failure.clone()?;
        let waits = self.0.state == "waiting";
        Some(AttachmentFailure {
            message: self.0.failure_detail.clone().unwrap_or_default(),
            tries: self.0.tries,
            next_try_at: waits.then_some(self.0.next_try_at),
            code,
        })
    }
}

/// Whether the bytes of a file are here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum AttachmentState {
    /// They are still to be fetched from the provider.
    Waiting,
    /// They are here.
    Stored,
    /// They cannot be had, unless `attachmentRetry` finds otherwise.
    Failed,
}

/// A link to the bytes of a file: whoever has it may read them until it expires.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct FileLink {
    /// The address.
    pub(crate) url: String,
    /// When it ends.
    pub(crate) expires_at: DateTime<Utc>,
}

/// Why the bytes of a file are not here.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct AttachmentFailure {
    /// The reason in one word: `unavailable`, `unreachable`, `too_large`, `type_refused`, `gone`.
    pub(crate) code: String,
    /// What to tell people.
    pub(crate) message: String,
    /// How often they were asked for.
    pub(crate) tries: i32,
    /// When they are asked for again; null where they are not.
    pub(crate) next_try_at: Option<DateTime<Utc>>,
}

fn link(context: &Context<'_>, row: &rows::Attachment) -> Result<FileLink, Error> {
    let (desk, viewer) = (desk(context)?, viewer(context)?);
    let links = &desk.files.links;
    let (url, expires_at) = links.make(viewer.scope(), row.id, desk.now());
    Ok(FileLink { url, expires_at })
}
