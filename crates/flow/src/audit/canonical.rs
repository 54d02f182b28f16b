//! The canonical bytes of an event: what is hashed.
//!
//! They are the stamped envelope as JSON in the canonical form of RFC 8785: UTF-8, no white space,
//! members sorted by the UTF-16 code units of their names, strings with the shortest escapes. Whole
//! numbers are written in decimal. RFC 8785 rounds what a double cannot hold and writes fractions as
//! JavaScript does; events hold neither, so for them the two forms are one. The bytes come from the
//! log's JSON, not from the types of this program: a field that this version does not know is part
//! of what happened too.

use interdesk_domain::id::{EventId, TenantId};
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::{Error, Value};
use std::cmp::Ordering;

/// Writes the canonical bytes of a logged envelope at its place in the tenant's order.
pub(super) fn to_leaf(body: &str, seq: u64) -> Result<Vec<u8>, Error> {
    let mut envelope: Value = serde_json::from_str(body)?;
    let members = envelope
        .as_object_mut()
        .ok_or_else(|| Error::custom("not an object"))?;
    members.insert("seq".to_owned(), seq.into());
    Ok(to_bytes(&envelope))
}

/// Tells whether bytes have the canonical form.
pub(super) fn is_canonical(leaf: &[u8]) -> bool {
    serde_json::from_slice::<Value>(leaf).is_ok_and(|value| to_bytes(&value) == leaf)
}

/// Which event a leaf tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) struct Identity {
    /// The event.
    pub(super) id: EventId,
    /// Whose.
    pub(super) tenant: TenantId,
    /// Its place in the tenant's order.
    pub(super) seq: u64,
}

impl Identity {
    /// Reads it from a leaf.
    pub(super) fn of(leaf: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(leaf)
    }
}

fn to_bytes(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Array(items) => {
            out.push(b'[');
            for (nth, item) in items.iter().enumerate() {
                separate(nth, out);
                write(item, out);
            }
            out.push(b']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by(|(one, _), (other, _)| order(one, other));
            out.push(b'{');
            for (nth, (name, member)) in sorted.into_iter().enumerate() {
                separate(nth, out);
                plain(name.as_str(), out);
                out.push(b':');
                write(member, out);
            }
            out.push(b'}');
        }
        lone => plain(lone, out),
    }
}

/// Orders names by their UTF-16 code units, which for ASCII are its bytes.
fn order(one: &str, other: &str) -> Ordering {
    if one.is_ascii() && other.is_ascii() {
        return one.cmp(other);
    }
    one.encode_utf16().cmp(other.encode_utf16())
}

/// Writes what has no form but the canonical one: a string, a number, a word.
fn plain(value: impl Serialize, out: &mut Vec<u8>) {
    // Neither can a value of these kinds be refused nor writing to memory fail.
    let _ = serde_json::to_writer(out, &value);
}

fn separate(nth: usize, out: &mut Vec<u8>) {
    if nth > 0 {
        out.push(b',');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_are_sorted_and_nothing_is_left_between_them() {
        let leaf = to_leaf(r#"{ "b": [1, {"z": null, "a": true}], "a" : "x" }"#, 7).unwrap();
        assert_eq!(leaf, br#"{"a":"x","b":[1,{"a":true,"z":null}],"seq":7}"#);
        assert!(is_canonical(&leaf));
    }

    #[test]
    fn names_and_strings_follow_rfc_8785() {
        // The orders of UTF-8 and UTF-16 differ for these two names; RFC 8785 section 3.2.3.
        let value = json!({ "\u{fb33}": 1, "\u{1f600}": 2, "\r": 3, "1": 4 });
        let expected = "{\"\\r\":3,\"1\":4,\"\u{1f600}\":2,\"\u{fb33}\":1}";
        assert_eq!(String::from_utf8(to_bytes(&value)).unwrap(), expected);
        let text = json!("\u{20ac}$\u{f}\nA'B\"\\\\\"/");
        let expected = "\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"";
        assert_eq!(String::from_utf8(to_bytes(&text)).unwrap(), expected);
    }

    #[test]
    fn large_whole_numbers_keep_every_digit() {
        let value = json!([u64::MAX, i64::MIN, 0]);
        assert_eq!(
            to_bytes(&value),
            b"[18446744073709551615,-9223372036854775808,0]"
        );
    }

    #[test]
    fn other_forms_of_the_same_are_not_canonical() {
        for leaf in [
            "{\"a\": 1}",
            "{\"b\":1,\"a\":1}",
            "{\"a\":\"\\u0041\"}",
            "{\"a\":1",
            "\u{feff}1",
        ] {
            assert!(!is_canonical(leaf.as_bytes()), "{leaf}");
        }
    }

    #[test]
    fn what_is_no_object_has_no_leaf() {
        assert!(to_leaf("[]", 1).is_err());
        assert!(to_leaf("{", 1).is_err());
    }
}
