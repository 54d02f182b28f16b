//! An agent uploads a file for a reply to come.

use super::{Kept, Refusal, Rules, Unkept, keep};
use crate::{Desk, Error, quota};
use bytes::Bytes;
use futures::Stream;
use interdesk_domain::id::AttachmentId;
use interdesk_domain::message::{MediaKind, MediaSource, storable};
use interdesk_domain::permission::Viewer;
use interdesk_store::agents;
use interdesk_store::attachments::{self, NewStored};

/// The longest name that is kept, in characters.
const NAME: usize = 200;

/// What an agent uploads.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// The name to show; a path is cut to its last part.
    pub file_name: Option<String>,
}

/// Keeps an upload until a reply takes it.
///
/// # Errors
///
/// Fails when it may not be kept, cannot be, or stops coming.
pub async fn upload<E>(
    desk: &Desk,
    viewer: &Viewer,
    new: &NewUpload,
    bytes: impl Stream<Item = Result<Bytes, E>>,
) -> Result<(AttachmentId, Kept), Unkept<E>> {
    let scope = viewer.scope();
    let begin = || async { desk.database.begin(scope).await.map_err(Error::from) };
    let transaction = begin().await?;
    let enabled = agents::is_enabled(&transaction, scope, viewer.agent).await;
    let enabled = enabled.map_err(Error::from)?;
    let has_room = quota::has_room_for_files(desk, &transaction, scope).await?;
    transaction.commit().await.map_err(Error::from)?;
    if !enabled {
        return Err(Error::Disabled.into());
    }
    if !has_room {
        return Err(Unkept::Refused(Refusal::QuotaExceeded));
    }
    let kept = keep(desk, scope, &Rules::of(&desk.settings.files), bytes).await?;
    let source = serde_json::to_value(MediaSource::Stored(kept.file));
    let source = source.map_err(|source| Error::Unreadable {
        what: "media source",
        source,
    })?;
    let id: AttachmentId = desk.id();
    let upload = NewStored {
        id,
        message_id: None,
        position: 0,
        agent_id: Some(viewer.agent),
        kind: kind_of(&kept.mime_type).as_str(),
        source,
        file_id: kept.file,
        file_name: new.file_name.as_deref().and_then(plain_name),
        at: desk.now(),
    };
    let transaction = begin().await?;
    let written = attachments::insert_stored(&transaction, scope, &[upload]).await;
    let written = written.map_err(Error::from)?;
    transaction.commit().await.map_err(Error::from)?;
    if written == 0 {
        return Err(Error::from(interdesk_files::Error::NotFound).into());
    }
    Ok((id, kept))
}

/// Returns what apps show a type as.
pub(super) fn kind_of(mime_type: &str) -> MediaKind {
    match mime_type.split('/').next() {
        // A browser shows no others, nor do apps.
        Some("image") if mime_type != "image/svg+xml" => MediaKind::Image,
        Some("video") => MediaKind::Video,
        Some("audio") => MediaKind::Audio,
        _ => MediaKind::Document,
    }
}

/// Returns a name without folders and signs that no name should have.
fn plain_name(name: &str) -> Option<String> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = storable(name).replace(|c: char| c.is_control(), "");
    let name: String = name.trim().trim_matches('.').chars().take(NAME).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_a_path() {
        for (given, expected) in [
            ("offer.pdf", Some("offer.pdf")),
            ("../../etc/passwd", Some("passwd")),
            ("C:\\temp\\a b.txt", Some("a b.txt")),
            ("a\r\nb\0.txt", Some("ab\u{FFFD}.txt")),
            ("..", None),
            ("", None),
        ] {
            assert_eq!(plain_name(given).as_deref(), expected, "{given:?}");
        }
    }
}
