//! The files of a message, as they are noted when it is stored.

use crate::{Desk, Error};
use interdesk_domain::id::MessageId;
use interdesk_domain::message::{Content, MediaSource, storable};
use interdesk_store::receive::NewAttachment;

/// Returns the rows for the files of a message, each in its place.
pub(crate) fn note(
    desk: &Desk,
    content: &Content,
    message_id: MessageId,
) -> Result<Vec<NewAttachment>, Error> {
    let storable = |text: &String| storable(text).into_owned();
    let mut noted = Vec::new();
    for (position, media) in content.files().into_iter().enumerate() {
        let (source, file) = match &media.source {
            MediaSource::ProviderId(id) => (MediaSource::ProviderId(storable(id)), None),
            MediaSource::Url(url) => (MediaSource::Url(storable(url)), None),
            MediaSource::Stored(file) => (MediaSource::Stored(*file), Some(*file)),
        };
        let source = serde_json::to_value(source).map_err(|source| Error::Unreadable {
            what: "media source",
            source,
        })?;
        noted.push(NewAttachment {
            id: desk.id(),
            message_id,
            position: i16::try_from(position).unwrap_or(i16::MAX),
            kind: media.kind.as_str(),
            source,
            file,
            mime_type: media.mime_type.as_ref().map(storable),
            file_name: media.file_name.as_ref().map(storable),
            size: media.size.and_then(|size| i64::try_from(size).ok()),
            sha256: media.sha256.as_ref().map(storable),
        });
    }
    Ok(noted)
}
