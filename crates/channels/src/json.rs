//! Reading JSON that others wrote: any field may be missing, doubled or of another type.
//!
//! Nothing here fails for a single bad field. Values stay unparsed ([`RawValue`]) until somebody
//! asks for them, so a part that is broken hurts only whoever asks for that part.

use chrono::{DateTime, Utc};
use interdesk_domain::message::Address;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

use crate::ParseError;

/// The longest id that is kept as it came; PostgreSQL cannot index much longer ones.
const MAX_ID_BYTES: usize = 512;

/// Reads a body whose outermost value is an object: what every JSON webhook begins with.
pub(crate) fn read<T>(
    body: &[u8],
    translate: impl FnOnce(&RawValue, &Fields<'_>) -> Result<T, ParseError>,
) -> Result<T, ParseError> {
    let text = decode(body);
    let (raw, root) = root(&text)?;
    translate(raw, &root)
}

/// Returns a body as text, with U+FFFD where it is not UTF-8.
fn decode(body: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body))
}

/// Reads the outermost object of a body.
pub(crate) fn root(text: &str) -> Result<(&RawValue, Fields<'_>), ParseError> {
    let raw: &RawValue = serde_json::from_str(text)
        .map_err(|error| ParseError::Unreadable(format!("no JSON: {error}")))?;
    let fields =
        Fields::read(raw).ok_or_else(|| ParseError::Unreadable("no JSON object".to_owned()))?;
    Ok((raw, fields))
}

/// The members of an object, in the order they came.
#[derive(Debug, Default)]
pub(crate) struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Reads an object; `None` where it is something else.
    pub(crate) fn read(raw: &'a RawValue) -> Option<Self> {
        serde_json::from_str(raw.get()).ok()
    }

    /// Returns a member that is there and not null; the last one where it is doubled.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        let mut members = self.0.iter().rev();
        let (_, value) = members.find(|(key, _)| key == name)?;
        (value.get() != "null").then_some(*value)
    }

    /// Returns whether a member is there and not null.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Returns the names of all members.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_ref())
    }

    /// Returns a member that is an object.
    pub(crate) fn object(&self, name: &str) -> Option<Fields<'a>> {
        Self::read(self.get(name)?)
    }

    /// Returns the items of a member that is a list; none where it is something else.
    pub(crate) fn list(&self, name: &str) -> Vec<&'a RawValue> {
        self.get(name).map(items).unwrap_or_default()
    }

    /// Returns the objects of a member that is a list.
    pub(crate) fn objects(&self, name: &str) -> Vec<Fields<'a>> {
        let items = self.list(name).into_iter();
        items.filter_map(Fields::read).collect()
    }

    /// Returns a text, also where a number or a truth value stands in its place.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        text(self.get(name)?)
    }

    /// Returns a text that is not empty.
    pub(crate) fn words(&self, name: &str) -> Option<String> {
        self.text(name).filter(|text| !text.trim().is_empty())
    }

    /// Returns an id: not empty, and replaced by its digest where it is too long for an index.
    pub(crate) fn id(&self, name: &str) -> Option<String> {
        self.words(name).map(bounded)
    }

    /// Returns whether a member is true.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|raw| matches!(raw.get(), "true" | "\"true\"" | "1"))
    }

    /// Returns a finite number, also where it is written as a text.
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        let number: f64 = self.text(name)?.trim().parse().ok()?;
        number.is_finite().then_some(number)
    }

    /// Returns a whole number, also where it is written as a text.
    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        self.text(name)?.trim().parse().ok()
    }

    /// Returns a moment in seconds since 1970; `None` where no living provider could mean it.
    pub(crate) fn seconds(&self, name: &str) -> Option<DateTime<Utc>> {
        let seconds = self
            .integer(name)
            .or_else(|| self.number(name).map(|seconds| seconds as i64))?;
        believable(DateTime::from_timestamp(seconds, 0)?)
    }

    /// Returns a moment in milliseconds since 1970; `None` where no living provider could mean it.
    pub(crate) fn milliseconds(&self, name: &str) -> Option<DateTime<Utc>> {
        believable(DateTime::from_timestamp_millis(self.integer(name)?)?)
    }

    /// Returns a moment as RFC 3339 writes it; `None` where no living provider could mean it.
    pub(crate) fn rfc3339(&self, name: &str) -> Option<DateTime<Utc>> {
        let moment = DateTime::parse_from_rfc3339(&self.text(name)?).ok()?;
        believable(moment.to_utc())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(8);
                while let Some(Text(name)) = map.next_key()? {
                    members.push((name, map.next_value()?));
                }
                Ok(Fields(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Returns the items of a list; none where it is something else.
pub(crate) fn items(raw: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(raw.get()).unwrap_or_default()
}

/// Returns a scalar as text.
pub(crate) fn text(raw: &RawValue) -> Option<String> {
    let written = raw.get();
    match written.as_bytes().first()? {
        b'"' => {
            let Text(text) = serde_json::from_str(written).ok()?;
            Some(text.into_owned())
        }
        b'{' | b'[' | b'n' => None,
        _ => Some(written.to_owned()),
    }
}

/// A JSON string with U+FFFD where it holds what PostgreSQL or UTF-8 cannot: NUL and half
/// surrogate pairs.
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
                Ok(Text(without_nul(String::from_utf8_lossy(bytes))))
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                let text = String::from_utf8_lossy(bytes).into_owned();
                Ok(Text(without_nul(text.into())))
            }
        }
        // As bytes, because serde_json refuses half surrogate pairs in strings only.
        deserializer.deserialize_bytes(Bytes)
    }
}

fn without_nul(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains('\0') {
        text.replace('\0', "\u{FFFD}").into()
    } else {
        text
    }
}

/// Returns an address on a network; `None` where the value is missing.
pub(crate) fn address(network: &str, namespace: &str, value: Option<String>) -> Option<Address> {
    Some(Address {
        network: network.to_owned(),
        namespace: namespace.to_owned(),
        value: value?,
    })
}

/// Returns the id of something that has none: the same for the same JSON.
pub(crate) fn synthetic_id(raw: &str) -> String {
    format!("raw:{}", digest(raw.as_bytes()))
}

/// Returns JSON text as it is, and any other text as a JSON string.
pub(crate) fn as_json(text: String) -> String {
    match serde_json::from_str::<&RawValue>(&text) {
        Ok(_) => text,
        Err(_) => serde_json::Value::String(text).to_string(),
    }
}

/// Returns bytes in lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .map(|digit| DIGITS[usize::from(digit)] as char)
        .collect()
}

fn digest(bytes: &[u8]) -> String {
    hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref())
}

/// Returns an id that an index can hold: its digest where it is too long.
pub(crate) fn bounded(id: String) -> String {
    if id.len() <= MAX_ID_BYTES {
        return id;
    }
    format!("sha256:{}", digest(id.as_bytes()))
}

/// The desk did not exist before 2000 and will not be read after 2100.
fn believable(moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
    const YEAR_2000: i64 = 946_684_800;
    const YEAR_2100: i64 = 4_102_444_800;
    (YEAR_2000..YEAR_2100)
        .contains(&moment.timestamp())
        .then_some(moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(json: &str) -> Fields<'_> {
        root(json).expect("an object").1
    }

    #[test]
    fn the_last_of_doubled_members_counts() {
        assert_eq!(
            fields(r#"{"a":1,"a":"two"}"#).text("a").as_deref(),
            Some("two")
        );
    }

    #[test]
    fn half_a_surrogate_pair_and_nul_become_visible_marks() {
        let read = fields(r#"{"a":"x\ud800y","b":"x\u0000y","\udfff":1}"#);
        let marked = read.text("a").expect("text");
        assert!(marked.starts_with('x') && marked.ends_with('y') && marked.contains('\u{FFFD}'));
        assert_eq!(read.text("b").as_deref(), Some("x\u{FFFD}y"));
    }

    #[test]
    fn numbers_stand_in_for_texts_and_texts_for_numbers() {
        let read = fields(r#"{"a":12,"b":"1.5","c":true,"d":null,"e":[],"f":1e999}"#);
        assert_eq!(read.text("a").as_deref(), Some("12"));
        assert_eq!(read.number("b"), Some(1.5));
        assert_eq!(read.text("c").as_deref(), Some("true"));
        assert_eq!((read.text("d"), read.text("e")), (None, None));
        assert_eq!(read.number("f"), None);
    }

    #[test]
    fn absurd_moments_are_no_moments() {
        let read = fields(
            r#"{"a":"1700000000","b":0,"c":"99999999999999999999","d":-5,"e":1700000000000,"f":1.7e9}"#,
        );
        assert_eq!(read.seconds("a"), read.seconds("f"));
        assert!(read.seconds("a").is_some());
        for name in ["b", "c", "d", "e", "missing"] {
            assert_eq!(read.seconds(name), None, "{name}");
        }
    }

    #[test]
    fn ids_that_no_index_can_hold_become_digests() {
        let json = format!(r#"{{"a":"{}","b":"short","c":"  "}}"#, "x".repeat(3000));
        let read = fields(&json);
        assert_eq!(read.id("a").expect("id").len(), "sha256:".len() + 64);
        assert_eq!(read.id("b").as_deref(), Some("short"));
        assert_eq!(read.id("c"), None);
    }

    #[test]
    fn depth_does_not_matter_where_nobody_looks() {
        let deep = format!(
            r#"{{"a":{}1{},"b":"seen"}}"#,
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        assert_eq!(fields(&deep).text("b").as_deref(), Some("seen"));
    }
}
