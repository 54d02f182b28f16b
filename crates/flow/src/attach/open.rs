//! Opening a file for whoever has its link.

use super::object_key;
use crate::{Desk, Error};
use interdesk_domain::id::AttachmentId;
use interdesk_domain::scope::TenantScope;
use interdesk_files::ByteStream;
use interdesk_store::attachments;
use std::ops::Range;

/// A file that is open for reading.
pub struct Opened {
    /// What the bytes are, by looking at them.
    pub mime_type: String,
    /// The name that its sender gave; never a path.
    pub file_name: Option<String>,
    /// How large the whole is.
    pub size: u64,
    /// The SHA-256 of the whole in lower-case hex.
    pub sha256: String,
    /// Which bytes come.
    pub range: Range<u64>,
    /// The bytes.
    pub bytes: ByteStream,
}

/// Opens an attachment whose bytes are here; `part` says of a size which bytes are wanted.
///
/// # Errors
///
/// Fails when the database or the file store does.
pub async fn open(
    desk: &Desk,
    scope: TenantScope,
    attachment: AttachmentId,
    part: impl FnOnce(u64) -> Option<Range<u64>>,
) -> Result<Option<Opened>, Error> {
    let transaction = desk.database.begin(scope).await?;
    let found = attachments::find(&transaction, scope, attachment).await?;
    transaction.commit().await?;
    let Some(found) = found.filter(|found| !found.withdrawn) else {
        return Ok(None);
    };
    let (Some(file), Some(mime_type), Some(size), Some(sha256)) = (
        found.file_id,
        found.stored_type,
        found.stored_size,
        found.stored_sha256,
    ) else {
        return Ok(None);
    };
    let part = part(u64::try_from(size).unwrap_or_default());
    let reading = desk.files.store.read(&object_key(scope, file), part).await;
    let reading = match reading {
        Err(interdesk_files::Error::NotFound) => return Ok(None),
        other => other?,
    };
    Ok(Some(Opened {
        mime_type,
        file_name: found.file_name,
        size: reading.size,
        sha256,
        range: reading.range,
        bytes: reading.bytes,
    }))
}
