//! The relaxed form of fields and body (RFC 6376 §3.4): what servers on the way may change is
//! taken out before it is signed.

use crate::email::header::take_line;

/// Splits a message into its fields, as they stand there, and its body.
pub(super) fn split(message: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    let mut fields = Vec::new();
    let mut rest = message;
    let mut start = message;
    loop {
        let (line, behind) = take_line(rest);
        let taken = start.len() - rest.len();
        let continues = line.starts_with(b" ") || line.starts_with(b"\t");
        if !continues && taken > 0 {
            fields.push(&start[..taken]);
            start = rest;
        }
        if line.is_empty() {
            return (fields, behind);
        }
        rest = behind;
    }
}

/// Returns whether a field has a name, given in lower case.
pub(super) fn is(field: &[u8], name: &str) -> bool {
    let known = field.split(|byte| *byte == b':').next().unwrap_or_default();
    known.trim_ascii_end().eq_ignore_ascii_case(name.as_bytes())
}

/// Returns the named fields in their order, each name taking the last of its fields that is left.
pub(super) fn fields(fields: &[&[u8]], names: &[&str]) -> Vec<u8> {
    let mut left: Vec<&[u8]> = fields.to_vec();
    let mut out = Vec::new();
    for name in names {
        if let Some(at) = left.iter().rposition(|known| is(known, name)) {
            out.extend(field(left.remove(at)));
            out.extend(b"\r\n");
        }
    }
    out
}

/// Returns a field without its line end: name in lower case, blanks joined, none at the ends.
pub(super) fn field(field: &[u8]) -> Vec<u8> {
    let colon = field
        .iter()
        .position(|byte| *byte == b':')
        .unwrap_or(field.len());
    let (name, value) = field.split_at(colon);
    let mut out = name.trim_ascii_end().to_ascii_lowercase();
    out.push(b':');
    out.extend(joined(
        value.strip_prefix(b":").unwrap_or(value).trim_ascii_start(),
    ));
    out
}

/// Returns a body: blanks joined, none at the ends of lines, no empty lines at the end.
pub(super) fn body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut empty = 0;
    let mut rest = body;
    while !rest.is_empty() {
        let (line, behind) = take_line(rest);
        rest = behind;
        let leading = line
            .first()
            .is_some_and(|byte| matches!(byte, b' ' | b'\t'));
        let words = joined(line.trim_ascii_start());
        if words.is_empty() {
            empty += 1;
            continue;
        }
        for _ in 0..std::mem::take(&mut empty) {
            out.extend(b"\r\n");
        }
        if leading {
            out.push(b' ');
        }
        out.extend(words);
        out.extend(b"\r\n");
    }
    out
}

fn joined(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            b'\r' | b'\n' => {}
            b' ' | b'\t' if out.last() == Some(&b' ') => {}
            b'\t' => out.push(b' '),
            byte => out.push(*byte),
        }
    }
    if out.last() == Some(&b' ') {
        out.pop();
    }
    out
}
