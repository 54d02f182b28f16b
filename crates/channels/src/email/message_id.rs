//! Message-IDs: found leniently, made where a mail has none.

use aws_lc_rs::digest::{SHA256, digest};

/// The longest id that is taken for one.
const MAX_BYTES: usize = 900;

/// Returns every `<…@…>` of a field, without brackets; comments and broken ids are passed over.
pub fn extract(value: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut rest = value;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let Some(end) = rest.find(['<', '>']) else {
            break;
        };
        if rest[end..].starts_with('>') && is_valid(&rest[..end]) {
            ids.push(rest[..end].to_owned());
        }
        rest = &rest[end..];
    }
    ids
}

/// Returns the id of a `Message-ID` field, also where the brackets were forgotten.
pub fn parse(value: &str) -> Option<String> {
    let value = value.trim();
    let bracketed = extract(value).into_iter().next();
    bracketed.or_else(|| is_valid(value).then(|| value.to_owned()))
}

/// Returns an id for a mail that has none: the same for the same mail, whenever and wherever it
/// is read again.
pub fn made(from: &str, date: &str, subject: &str, body: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(body.len() + 256);
    for field in [from, date, subject] {
        bytes.extend(field.trim().as_bytes());
        bytes.push(0);
    }
    // Servers on the way turn line ends around; the same mail has the same id all the same.
    bytes.extend(body.iter().filter(|byte| **byte != b'\r'));
    let hash = hex(digest(&SHA256, &bytes).as_ref());
    format!("{}@missing-message-id.invalid", &hash[..40])
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_valid(id: &str) -> bool {
    let fits = !id.is_empty() && id.len() <= MAX_BYTES;
    let visible = |c: char| !c.is_whitespace() && !c.is_control() && !"<>".contains(c);
    let split = id.split_once('@');
    fits && id.chars().all(visible) && split.is_some_and(|(l, r)| !l.is_empty() && !r.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_among_comments_and_broken_ones() {
        let check =
            |value: &str, expected: &[&str]| assert_eq!(extract(value), expected, "{value}");
        check("<a@b>, (old) <c@d><e@f>", &["a@b", "c@d", "e@f"]);
        check("<broken. <a@b> <no at> <@x> <y@>", &["a@b"]);
        check("Your mail of Monday", &[]);
        check(
            "<p05100307b863befdfb67@[192.0.2.1]>",
            &["p05100307b863befdfb67@[192.0.2.1]"],
        );
    }

    #[test]
    fn a_made_id_does_not_depend_on_line_ends() {
        let unix = made("a@example.org", "today", "hi", b"one\ntwo\n");
        assert_eq!(
            unix,
            made("a@example.org ", "today", "hi", b"one\r\ntwo\r\n")
        );
        assert_ne!(unix, made("b@example.org", "today", "hi", b"one\ntwo\n"));
        assert!(is_valid(&unix));
    }
}
