//! What bytes are, by looking at them: what somebody declared is never trusted.

/// How many bytes at the beginning are looked at; some formats name themselves late.
pub(crate) const HEAD: usize = 8 * 1024;

/// The type of bytes that nobody can name.
pub const OCTETS: &str = "application/octet-stream";

/// Types that a browser may show in place: pictures, sounds and films that hold no script.
const SAFE_INLINE: [&str; 14] = [
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "image/avif",
    "image/bmp",
    "audio/mpeg",
    "audio/ogg",
    "audio/m4a",
    "audio/aac",
    "audio/x-wav",
    "audio/amr",
    "video/mp4",
    "video/webm",
];

/// Tells whether a browser may show a type in place.
pub fn is_safe_inline(mime_type: &str) -> bool {
    SAFE_INLINE.contains(&mime_type)
}

/// Names the type of a file by its first bytes (RFC 6838).
///
/// Words are told apart by what a browser might make of them: HTML, SVG and XML are named as such,
/// so that nobody serves them as something harmless.
pub fn sniff(head: &[u8]) -> &'static str {
    let head = &head[..head.len().min(HEAD)];
    if head.is_empty() {
        return OCTETS;
    }
    if let Some(markup) = markup(head) {
        return markup;
    }
    match infer::get(head) {
        // A voice note of an app is Ogg whatever runs in it; what it is shown as is known elsewhere.
        Some(kind) => kind.mime_type(),
        None if is_text(head) => "text/plain",
        None => OCTETS,
    }
}

/// Tells markup that a browser would run from other words, also where a byte order mark or space
/// stands before it.
fn markup(head: &[u8]) -> Option<&'static str> {
    let words = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let words = words.trim_ascii_start();
    if words.first() != Some(&b'<') {
        return None;
    }
    let lower = String::from_utf8_lossy(&words[..words.len().min(2048)]).to_ascii_lowercase();
    if lower.contains("<svg") {
        return Some("image/svg+xml");
    }
    let html = [
        "<!doctype html",
        "<html",
        "<head",
        "<body",
        "<script",
        "<iframe",
        "<title",
    ];
    if html.iter().any(|tag| lower.contains(tag)) {
        return Some("text/html");
    }
    lower.starts_with("<?xml").then_some("text/xml")
}

/// Tells words in UTF-8 from other bytes; the last letter may be cut.
fn is_text(head: &[u8]) -> bool {
    let readable = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}' | '\u{1b}');
    !readable.is_empty() && !readable.contains(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_named_by_what_they_are() {
        for (head, expected) in [
            (&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], "image/png"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
            (b"GIF89a\x01\0", "image/gif"),
            (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
            (b"%PDF-1.7\n", "application/pdf"),
            (b"OggS\0\x02", "audio/ogg"),
            (b"PK\x03\x04\x14\0\0\0", "application/zip"),
            (
                b"MZ\x90\0\x03\0\0\0",
                "application/vnd.microsoft.portable-executable",
            ),
            (b"plain words", "text/plain"),
            ("Wörter".as_bytes(), "text/plain"),
            (b"a\0b", OCTETS),
            (b"", OCTETS),
            (b"\xc3\x28", OCTETS),
        ] {
            assert_eq!(sniff(head), expected, "{head:?}");
        }
    }

    #[test]
    fn markup_is_never_taken_for_something_harmless() {
        for (head, expected) in [
            (&b"<html><script>"[..], "text/html"),
            (b"\xef\xbb\xbf \n<!DOCTYPE HTML>", "text/html"),
            (b"<!-- words --><script>alert(1)</script>", "text/html"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'>", "image/svg+xml"),
            (b"<?xml version='1.0'?><svg onload='x'>", "image/svg+xml"),
            (b"<?xml version='1.0'?><a/>", "text/xml"),
        ] {
            assert_eq!(sniff(head), expected, "{head:?}");
            assert!(!is_safe_inline(sniff(head)));
        }
    }

    #[test]
    fn a_letter_cut_at_the_end_is_still_text() {
        assert_eq!(sniff(&"Wör".as_bytes()[..2]), "text/plain");
    }
}
