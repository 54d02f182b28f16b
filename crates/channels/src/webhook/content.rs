//! What a message holds: our canonical `content`, or the short form of text and attachments.

use crate::json::Fields;
use interdesk_domain::message::{Content, Media, MediaKind, MediaSource};
use serde_json::Value;
use serde_json::value::RawValue;

/// Reads the contents of a message: one, or one per attachment.
pub(super) fn read(message: &Fields<'_>) -> Vec<Content> {
    if let Some(raw) = message.get("content") {
        return vec![canonical(raw)];
    }
    let mut caption = message.words("text");
    let attachments = message.list("attachments");
    if attachments.is_empty() {
        return vec![match message.text("text") {
            Some(text) => Content::Text { text },
            None => unsupported("empty", "the app sent a message without content"),
        }];
    }
    let contents = attachments.into_iter().map(|raw| {
        let attachment = Fields::read(raw).unwrap_or_default();
        match media(&attachment) {
            Some(media) => Content::Media {
                media,
                caption: caption.take(),
            },
            None => unsupported("attachment", "the app sent a file without a web address"),
        }
    });
    let mut contents: Vec<_> = contents.collect();
    if let Some(text) = caption {
        contents.insert(0, Content::Text { text });
    }
    contents
}

fn canonical(raw: &RawValue) -> Content {
    let value = serde_json::from_str::<Value>(raw.get()).map(without_nul);
    match value.and_then(serde_json::from_value) {
        Ok(Content::Composite(composite)) if !composite.is_sound() => unsupported(
            "composite",
            "the app sent a message of too many parts or of none",
        ),
        Ok(content) => content,
        Err(_) => unsupported(
            "content",
            "the app sent content that is not of the documented form",
        ),
    }
}

fn without_nul(value: Value) -> Value {
    match value {
        Value::String(text) => text.replace('\0', "\u{FFFD}").into(),
        Value::Array(items) => items.into_iter().map(without_nul).collect(),
        Value::Object(members) => {
            let members = members.into_iter();
            members
                .map(|(name, value)| (name, without_nul(value)))
                .collect()
        }
        scalar => scalar,
    }
}

fn media(attachment: &Fields<'_>) -> Option<Media> {
    let url = attachment.words("url")?;
    let parsed = url::Url::parse(&url).ok()?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return None;
    }
    let mime_type = attachment.words("mime_type");
    Some(Media {
        kind: kind(mime_type.as_deref().unwrap_or_default()),
        source: MediaSource::Url(url),
        mime_type,
        file_name: attachment.words("name"),
        size: attachment
            .integer("size")
            .and_then(|size| size.try_into().ok()),
        sha256: None,
    })
}

fn kind(mime_type: &str) -> MediaKind {
    match mime_type.split('/').next() {
        Some("image") => MediaKind::Image,
        Some("video") => MediaKind::Video,
        Some("audio") => MediaKind::Audio,
        _ => MediaKind::Document,
    }
}

fn unsupported(kind: &str, detail: &str) -> Content {
    Content::Unsupported {
        kind: kind.to_owned(),
        detail: detail.to_owned(),
    }
}
