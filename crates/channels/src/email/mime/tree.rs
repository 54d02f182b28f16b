//! A mail's parts as a flat list; found without recursion, bounded in depth and number.

use crate::email::Limits;
use crate::email::header::{Headers, take_line};
use crate::email::mail::Defect;
use mail_parser::ContentType;
use std::collections::BTreeSet;

/// The parts of a mail; the first is the mail itself.
#[derive(Debug)]
pub(crate) struct Tree<'a> {
    pub(crate) parts: Vec<Part<'a>>,
}

/// One part: its fields, its bytes as they came, and the parts in it.
#[derive(Debug)]
pub(crate) struct Part<'a> {
    pub(crate) headers: Headers,
    /// In lower case; what the standard says where nothing is declared.
    pub(crate) media_type: String,
    pub(crate) content_type: Option<ContentType<'static>>,
    pub(crate) disposition: Option<ContentType<'static>>,
    pub(crate) body: &'a [u8],
    /// Indexes into the tree; empty for a leaf.
    pub(crate) children: Vec<usize>,
    depth: usize,
}

impl<'a> Part<'a> {
    fn new(
        bytes: &'a [u8],
        depth: usize,
        default_type: &str,
        limits: &Limits,
        defects: &mut BTreeSet<Defect>,
    ) -> Self {
        let (headers, body) = Headers::split(bytes, limits, defects);
        let content_type = headers.typed("content-type");
        let media_type = match &content_type {
            Some(declared) => match declared.subtype() {
                Some(subtype) => format!("{}/{subtype}", declared.ctype()).to_lowercase(),
                None if declared.ctype().eq_ignore_ascii_case("text") => "text/plain".to_owned(),
                None => "application/octet-stream".to_owned(),
            },
            None => default_type.to_owned(),
        };
        Self {
            media_type,
            disposition: headers.typed("content-disposition"),
            headers,
            content_type,
            body,
            children: Vec::new(),
            depth,
        }
    }

    /// Returns an attribute of the content type.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.content_type.as_ref()?.attribute(name)
    }

    /// Returns whether it is of a major type, for example `text/`.
    pub(crate) fn is(&self, prefix: &str) -> bool {
        self.media_type.starts_with(prefix)
    }

    fn boundary(&self) -> Option<String> {
        let multipart = self.is("multipart/");
        let declared = self.attribute("boundary").map(str::trim_end);
        let declared = declared.filter(|boundary| !boundary.is_empty());
        multipart.then_some(declared?.to_owned())
    }
}

impl<'a> Tree<'a> {
    /// Finds the parts of a mail.
    pub(crate) fn new(bytes: &'a [u8], limits: &Limits, defects: &mut BTreeSet<Defect>) -> Self {
        let mut parts = vec![Part::new(bytes, 0, "text/plain", limits, defects)];
        let mut next = 0;
        while next < parts.len() {
            let parent = &mut parts[next];
            next += 1;
            if !parent.is("multipart/") {
                continue;
            }
            let Some(boundary) = parent.boundary() else {
                single(parent, defects);
                continue;
            };
            if parent.depth == limits.depth {
                defects.insert(Defect::TooDeep);
                continue;
            }
            let (pieces, terminated) = split(parent.body, &boundary);
            if pieces.is_empty() {
                single(parent, defects);
                continue;
            }
            if !terminated {
                defects.insert(Defect::Unterminated);
            }
            let default_type = match parent.media_type.as_str() {
                "multipart/digest" => "message/rfc822",
                _ => "text/plain",
            };
            let depth = parent.depth + 1;
            let room = limits.parts.saturating_sub(parts.len());
            if pieces.len() > room {
                defects.insert(Defect::TooManyParts);
            }
            for piece in pieces.into_iter().take(room) {
                let child = parts.len();
                parts[next - 1].children.push(child);
                parts.push(Part::new(piece, depth, default_type, limits, defects));
            }
        }
        Self { parts }
    }

    /// Returns the first part of a type, the mail itself included.
    pub(crate) fn find(&self, media_types: &[&str]) -> Option<&Part<'a>> {
        let mut parts = self.parts.iter();
        parts.find(|part| media_types.contains(&part.media_type.as_str()))
    }
}

/// Takes a multipart without parts for what can be seen of it: text.
fn single(part: &mut Part<'_>, defects: &mut BTreeSet<Defect>) {
    defects.insert(Defect::BoundaryMissing);
    part.media_type = "text/plain".to_owned();
}

/// Splits a body at its boundary lines; the flag says whether the last one was there.
fn split<'a>(body: &'a [u8], boundary: &str) -> (Vec<&'a [u8]>, bool) {
    let mut pieces = Vec::new();
    let mut start: Option<usize> = None;
    let mut at = 0;
    while at < body.len() {
        let (line, rest) = take_line(&body[at..]);
        let behind = body.len() - rest.len();
        if let Some(last) = delimits(line, boundary.as_bytes()) {
            if let Some(start) = start {
                pieces.push(without_line_end(&body[start..at.max(start)]));
            }
            if last {
                return (pieces, true);
            }
            start = Some(behind);
        }
        at = behind;
    }
    if let Some(start) = start {
        pieces.push(&body[start.min(body.len())..]);
    }
    (pieces, false)
}

/// Returns whether a line is the boundary, and whether it is the last one.
fn delimits(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let behind = line.strip_prefix(b"--")?.strip_prefix(boundary)?;
    match behind.trim_ascii_end() {
        b"" => Some(false),
        b"--" => Some(true),
        _ => None,
    }
}

fn without_line_end(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}
