//! Names and types of files.

use crate::email::address::redirects;
use mail_parser::ContentType;

/// Returns the name that a part gives its file, without path, control characters and length.
pub(crate) fn name(
    disposition: Option<&ContentType<'_>>,
    content_type: Option<&ContentType<'_>>,
    limit: usize,
) -> Option<String> {
    let of = |typed: Option<&ContentType<'_>>, attribute| {
        let name = typed?.attribute(attribute)?;
        Some(clean(name, limit)).filter(|name| !name.is_empty())
    };
    of(disposition, "filename").or_else(|| of(content_type, "name"))
}

/// Returns a name that is safe to write to a disk and to show.
pub(crate) fn clean(name: &str, limit: usize) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name
        .chars()
        .filter(|c| !c.is_control() && !redirects(*c) && *c != '\u{FFFE}')
        .collect();
    let name = name
        .trim()
        .trim_start_matches('.')
        .trim_end_matches(['.', ' ']);
    shorten(name, limit)
}

/// Cuts in front of the extension, so that the kind of the file stays visible.
fn shorten(name: &str, limit: usize) -> String {
    if name.len() <= limit {
        return name.to_owned();
    }
    let extension = name.rfind('.').map_or("", |dot| &name[dot..]);
    let extension = if extension.len() <= 16 { extension } else { "" };
    let end = name.floor_char_boundary(limit.saturating_sub(extension.len()));
    format!("{}{extension}", &name[..end])
}

/// Returns a name for a file that has none.
pub(crate) fn given(declared_type: &str, number: usize) -> String {
    let extension = match declared_type {
        "message/rfc822" | "message/global" => "eml",
        "text/plain" => "txt",
        "text/html" => "html",
        "text/calendar" => "ics",
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/gif" => "gif",
        "application/pdf" => "pdf",
        _ => "bin",
    };
    format!("attachment-{number}.{extension}")
}

/// Returns the type that the first bytes show.
pub(crate) fn sniff(bytes: &[u8]) -> Option<&'static str> {
    const MARKS: [(&[u8], &str); 19] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"BM", "image/bmp"),
        (b"II*\0", "image/tiff"),
        (b"MM\0*", "image/tiff"),
        (b"%PDF-", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
        (b"\x1f\x8b", "application/gzip"),
        (b"Rar!\x1a\x07", "application/vnd.rar"),
        (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "application/x-ole-storage",
        ),
        (b"\x78\x9f\x3e\x22", "application/vnd.ms-tnef"),
        (b"MZ", "application/vnd.microsoft.portable-executable"),
        (b"\x7fELF", "application/x-elf"),
        (b"OggS", "audio/ogg"),
        (b"ID3", "audio/mpeg"),
        (b"{\\rtf", "application/rtf"),
    ];
    let boxed = bytes.get(4..8) == Some(b"ftyp");
    let riff = |kind: &[u8]| bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(kind);
    if riff(b"WEBP") {
        return Some("image/webp");
    }
    if riff(b"WAVE") {
        return Some("audio/wav");
    }
    if boxed {
        return Some("video/mp4");
    }
    let known = MARKS.iter().find(|(mark, _)| bytes.starts_with(mark));
    known.map(|(_, kind)| *kind).or_else(|| markup(bytes))
}

/// Finds HTML and SVG, which must never be served as if they were harmless.
fn markup(bytes: &[u8]) -> Option<&'static str> {
    let head = &bytes[..bytes.len().min(512)];
    let head = String::from_utf8_lossy(head)
        .trim_start()
        .to_ascii_lowercase();
    if head.contains("<svg") {
        return Some("image/svg+xml");
    }
    let html = ["<!doctype html", "<html", "<head", "<script", "<body"];
    html.iter()
        .any(|mark| head.starts_with(mark))
        .then_some("text/html")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_a_path_nor_a_trick() {
        let check =
            |given: &str, expected: &str| assert_eq!(clean(given, 255), expected, "{given:?}");
        check("../../etc/passwd", "passwd");
        check("C:\\temp\\bill.pdf", "bill.pdf");
        check("a\r\nb\0.txt", "ab.txt");
        check("invoice\u{202E}fdp.exe", "invoicefdp.exe");
        check("..", "");
        check(" .hidden. ", "hidden");
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let short = clean(&format!("{}.pdf", "é".repeat(300)), 255);
        assert!(short.len() <= 255 && short.ends_with("é.pdf"), "{short}");
    }

    #[test]
    fn bytes_show_what_they_are() {
        assert_eq!(sniff(b"\x89PNG\r\n\x1a\nrest"), Some("image/png"));
        assert_eq!(sniff(b"  <HTML><body>"), Some("text/html"));
        assert_eq!(sniff(b"RIFF\0\0\0\0WEBPVP8 "), Some("image/webp"));
        assert_eq!(sniff(b"Hello"), None);
    }
}
