//! Header sections: fields found leniently, then read by their grammar.

use super::address::{Mailbox, clean, mailboxes};
use super::mail::Defect;
use super::mime::decode;
use super::{Limits, message_id};
use chrono::{DateTime, Utc};
use mail_parser::parsers::MessageStream;
use mail_parser::{ContentType, HeaderValue};
use std::collections::BTreeSet;

/// The longest encoded word that is looked at; the standard has 75 bytes.
const MAX_WORD: usize = 2_048;

/// The fields of one header section, in their order.
#[derive(Debug, Clone, Default)]
pub(super) struct Headers(Vec<Field>);

#[derive(Debug, Clone)]
struct Field {
    /// In lower case.
    name: String,
    /// Unfolded; UTF-8, or what windows-1252 makes of it.
    value: String,
}

impl Headers {
    /// Splits a header section from what follows it.
    ///
    /// Lines before the first field and lines that are no field are passed over; the section ends
    /// at the first empty line.
    pub(super) fn split<'a>(
        bytes: &'a [u8],
        limits: &Limits,
        defects: &mut BTreeSet<Defect>,
    ) -> (Self, &'a [u8]) {
        let mut fields: Vec<Field> = Vec::new();
        let mut current: Vec<u8> = Vec::new();
        let mut rest = bytes;
        let mut used = 0;
        while !rest.is_empty() {
            let (line, behind) = take_line(rest);
            let begun = !current.is_empty() || !fields.is_empty();
            if line.is_empty() && (begun || used == 0) {
                rest = behind;
                if begun {
                    break;
                }
                continue;
            }
            if !begun && line.iter().all(u8::is_ascii_whitespace) {
                rest = behind;
                continue;
            }
            if !begun && name(line).is_none() && !line.starts_with(b"From ") {
                // No header section at all: everything is body.
                break;
            }
            rest = behind;
            used += line.len();
            if used > limits.header_bytes || fields.len() >= limits.header_fields {
                defects.insert(Defect::HeaderCut);
            } else if line.starts_with(b" ") || line.starts_with(b"\t") {
                if !current.is_empty() {
                    current.push(b' ');
                    current.extend(line.trim_ascii_start());
                }
            } else {
                push(&mut fields, &mut current);
                if name(line).is_some() {
                    current.extend(line);
                } else if !line.starts_with(b"From ") {
                    defects.insert(Defect::HeaderMalformed);
                }
            }
        }
        push(&mut fields, &mut current);
        (Self(fields), rest)
    }

    /// Returns the first value of a field, trimmed, by its lower-case name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let field = self.0.iter().find(|field| field.name == name)?;
        Some(field.value.trim())
    }

    /// Returns all values of a field, top first.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let fields = self.0.iter().filter(move |field| field.name == name);
        fields.map(|field| field.value.trim())
    }

    /// Returns the words of a field with encoded words decoded.
    pub(super) fn words(&self, name: &str) -> Option<String> {
        let line = format!("{}\n", join_words(self.get(name)?));
        let decoded = MessageStream::new(line.as_bytes()).parse_unstructured();
        let words = match decoded {
            HeaderValue::Text(text) => clean_line(&text),
            _ => return None,
        };
        (!words.is_empty()).then_some(words)
    }

    /// Returns the mailboxes of all fields of a name.
    pub(super) fn mailboxes(
        &self,
        name: &str,
        limits: &Limits,
        defects: &mut BTreeSet<Defect>,
    ) -> Vec<Mailbox> {
        let mut found = Vec::new();
        for value in self.all(name) {
            let line = format!("{}\n", join_words(value));
            let HeaderValue::Address(address) = MessageStream::new(line.as_bytes()).parse_address()
            else {
                continue;
            };
            let room = limits.entries - found.len();
            let (mailboxes, cut) = mailboxes(&address, room);
            found.extend(mailboxes);
            if cut {
                defects.insert(Defect::TooManyEntries);
            }
        }
        found
    }

    /// Returns every id of all fields of a name, in order and once.
    pub(super) fn ids(
        &self,
        name: &str,
        limits: &Limits,
        defects: &mut BTreeSet<Defect>,
    ) -> Vec<String> {
        let mut ids = Vec::new();
        for value in self.all(name) {
            for id in message_id::extract(value) {
                if ids.len() == limits.entries {
                    defects.insert(Defect::TooManyEntries);
                    return ids;
                }
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
        }
        ids
    }

    /// Returns the moment that a field names.
    pub(super) fn moment(&self, name: &str) -> Option<DateTime<Utc>> {
        let line = format!("{}\n", self.get(name)?);
        let HeaderValue::DateTime(date) = MessageStream::new(line.as_bytes()).parse_date() else {
            return None;
        };
        let plausible = date.is_valid() && (1970..=9999).contains(&date.year);
        plausible
            .then(|| DateTime::from_timestamp(date.to_timestamp(), 0))
            .flatten()
    }

    /// Returns a field of the form `type/subtype; attribute=value`.
    pub(super) fn typed(&self, name: &str) -> Option<ContentType<'static>> {
        let line = format!("{}\n", self.get(name)?);
        match MessageStream::new(line.as_bytes()).parse_content_type() {
            value @ HeaderValue::ContentType(_) => value.into_owned().into_content_type(),
            _ => None,
        }
    }
}

/// Splits a line from what follows; the line has neither CR nor LF at its end.
pub(super) fn take_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (line, rest) = match bytes.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&bytes[..end], &bytes[end + 1..]),
        None => (bytes, &bytes[bytes.len()..]),
    };
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}

fn name(line: &[u8]) -> Option<&[u8]> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = line[..colon].trim_ascii_end();
    let fits = !name.is_empty() && name.len() <= 128;
    (fits && name.iter().all(u8::is_ascii_graphic)).then_some(name)
}

fn push(fields: &mut Vec<Field>, current: &mut Vec<u8>) {
    let line = std::mem::take(current);
    if let Some(name) = name(&line) {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(0);
        fields.push(Field {
            name: String::from_utf8_lossy(name).to_lowercase(),
            value: decode::guess(&line[colon + 1..]).replace(['\0', '\r'], "\u{FFFD}"),
        });
    }
}

/// Joins neighbouring encoded words of one charset and encoding: some writers cut characters in two.
fn join_words(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(start) = rest.find("=?") {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let Some((head, mut payload, mut behind)) = word(rest) else {
            out.push_str("=?");
            rest = &rest[2..];
            continue;
        };
        let whole = |payload: &str| {
            !head.ends_with(['b', 'B'])
                || payload.len().is_multiple_of(4) && !payload.ends_with('=')
        };
        let mut joined = String::new();
        while let Some((next, more, after)) = word(behind.trim_start()) {
            if behind == behind.trim_start() || !next.eq_ignore_ascii_case(head) || !whole(payload)
            {
                break;
            }
            joined.push_str(payload);
            (payload, behind) = (more, after);
        }
        out.push_str(&format!("=?{head}?{joined}{payload}?="));
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Splits `=?charset?encoding?payload?=` into its head, its payload and what follows.
fn word(text: &str) -> Option<(&str, &str, &str)> {
    let inner = text.strip_prefix("=?")?;
    // Longer than any writer makes them; without an end every word would search the whole field.
    let inner = &inner[..inner.floor_char_boundary(MAX_WORD.min(inner.len()))];
    let charset = inner.find('?')?;
    let head = charset + 2;
    let encoding = inner.get(charset + 1..head)?;
    let payload = inner.get(head..)?.strip_prefix('?')?;
    let end = payload.find("?=")?;
    let fits = "bBqQ".contains(encoding) && !payload[..end].contains(char::is_whitespace);
    let behind = 2 + head + 1 + end + 2;
    fits.then(|| (&inner[..head], &payload[..end], &text[behind..]))
}

fn clean_line(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    match line.trim() {
        line if line.chars().count() <= 1_000 => line.to_owned(),
        line => clean(line).chars().chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> (Headers, String) {
        let mut defects = BTreeSet::new();
        let (headers, body) = Headers::split(text.as_bytes(), &Limits::default(), &mut defects);
        (headers, String::from_utf8_lossy(body).into_owned())
    }

    #[test]
    fn fields_are_found_among_rubble() {
        let (headers, body) =
            split("  \r\nFrom bob\r\nA: 1\r\n 2\r\nrubble\r\nB : 3\r\n\r\nbody: x");
        assert_eq!(headers.get("a"), Some("1 2"));
        assert_eq!(headers.get("b"), Some("3"));
        assert_eq!(body, "body: x");
    }

    #[test]
    fn text_without_a_header_section_is_all_body() {
        let (headers, body) = split("Hello there\nA: 1\n\nB: 2");
        assert!(headers.get("a").is_none());
        assert_eq!(body, "Hello there\nA: 1\n\nB: 2");
    }

    #[test]
    fn a_character_cut_in_two_between_encoded_words_is_whole() {
        let (headers, _) =
            split("Subject: =?utf-8?q?caf=C3?= =?UTF-8?Q?=A9?= x =?utf-8?B?w6k=?=\n\n");
        assert_eq!(headers.words("subject").as_deref(), Some("café x é"));
    }

    #[test]
    fn a_defective_encoded_word_is_shown_as_it_is() {
        let (headers, _) = split("Subject: =?utf-8?Q?half and more\n\n");
        assert!(
            headers
                .words("subject")
                .expect("words")
                .contains("half and more")
        );
    }
}
