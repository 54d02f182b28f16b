//! What a message holds: `msgtype` names it.

use super::id;
use crate::json::Fields;
use interdesk_domain::message::{Content, Location, Media, MediaKind, MediaSource};

/// Reads the content of an `m.room.message`; `author` is shown where the words speak of them.
pub(super) fn read(content: &Fields<'_>, author: Option<&str>, answers: bool) -> Content {
    let kind = content.words("msgtype");
    let words = || {
        let body = content.text("body")?;
        Some(match answers {
            true => without_fallback(&body).to_owned(),
            false => body,
        })
    };
    let read = match kind.as_deref() {
        // Some clients leave the type out; words are words.
        Some("m.text") | None => words().map(|text| Content::Text { text }),
        Some("m.emote") => words().map(|text| Content::Text {
            text: format!("* {} {text}", author.unwrap_or_default()),
        }),
        Some(kind @ ("m.notice" | "m.server_notice")) => words().map(|text| Content::Notice {
            kind: kind.to_owned(),
            text,
        }),
        Some("m.image") => file(content, MediaKind::Image),
        Some("m.video") => file(content, MediaKind::Video),
        Some("m.audio") => file(content, sound(content)),
        Some("m.file") => file(content, MediaKind::Document),
        Some("m.location") => place(content),
        Some(_) => None,
    };
    read.unwrap_or_else(|| unsupported(kind.as_deref().unwrap_or("malformed")))
}

/// Reads an `m.sticker`.
pub(super) fn sticker(content: &Fields<'_>) -> Content {
    file(content, MediaKind::Sticker).unwrap_or_else(|| unsupported("m.sticker"))
}

/// Says that something cannot be shown.
pub(super) fn unsupported(kind: &str) -> Content {
    let kind: String = kind.chars().take(64).collect();
    let detail = match kind.as_str() {
        "m.room.encrypted" => {
            "the customer wrote in an encrypted room, which this desk cannot read".to_owned()
        }
        _ => format!("the customer sent something that cannot be shown yet: {kind}"),
    };
    Content::Unsupported { kind, detail }
}

/// A spoken note is marked by those who send one; the mark is not part of the specification yet.
fn sound(content: &Fields<'_>) -> MediaKind {
    match content.has("org.matrix.msc3245.voice") || content.has("m.voice") {
        true => MediaKind::Voice,
        false => MediaKind::Audio,
    }
}

/// Reads a file; one that is encrypted has no `url` and cannot be shown.
fn file(content: &Fields<'_>, kind: MediaKind) -> Option<Content> {
    let url = content.text("url")?;
    id::mxc(&url)?;
    let info = content.object("info").unwrap_or_default();
    let (body, named) = (content.words("body"), content.words("filename"));
    // The words are a caption only where the file has a name beside them.
    let (file_name, caption) = match named {
        Some(name) => (Some(name.clone()), body.filter(|body| *body != name)),
        None => (body, None),
    };
    let media = Media {
        kind,
        source: MediaSource::ProviderId(url),
        mime_type: info.words("mimetype"),
        file_name,
        size: info.integer("size").and_then(|size| size.try_into().ok()),
        sha256: None,
    };
    Some(Content::Media { media, caption })
}

/// Reads a `geo:` address (RFC 5870).
fn place(content: &Fields<'_>) -> Option<Content> {
    let uri = content.text("geo_uri")?;
    let point = uri.strip_prefix("geo:")?.split(';').next()?;
    let mut numbers = point.split(',').map(|number| number.trim().parse::<f64>());
    let (latitude, longitude) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    let on_earth = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
    on_earth.then(|| {
        Content::Location(Location {
            latitude,
            longitude,
            name: content.words("body"),
            address: None,
        })
    })
}

/// Takes away what clients before version 1.13 of the specification put before an answer: the
/// message that it answers, line by line behind `> `, the first one beginning with its author.
fn without_fallback(body: &str) -> &str {
    let quotes = body.starts_with("> <@") || body.starts_with("> * <@");
    if !quotes {
        return body;
    }
    let mut rest = body;
    while rest.starts_with('>') {
        let Some((_, behind)) = rest.split_once('\n') else {
            // Nothing but a quotation: better that than nothing.
            return body;
        };
        rest = behind;
    }
    rest.strip_prefix('\n').unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quotation_before_an_answer_goes_and_the_authors_own_stays() {
        let cases = [
            ("> <@a:example.org> one\n> two\n\nanswer", "answer"),
            (
                "> * <@a:example.org> waves\n\nanswer\n> mine",
                "answer\n> mine",
            ),
            (
                "> my own quotation\n\nanswer",
                "> my own quotation\n\nanswer",
            ),
            (
                "> <@a:example.org> nothing else",
                "> <@a:example.org> nothing else",
            ),
            ("plain", "plain"),
        ];
        for (body, expected) in cases {
            assert_eq!(without_fallback(body), expected);
        }
    }
}
