//! Reading what a widget sends.

use super::answer::Refusal;
use actix_web::web::Bytes;
use serde::de::DeserializeOwned;

/// The longest body, in bytes: the longest message as JSON may escape it.
pub(super) const LONGEST: usize = 65_536;

/// The longest id that a widget gives to a message, in characters.
const LONGEST_ID: usize = 64;

/// Reads a body; an empty one is an empty object.
pub(super) fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refusal> {
    let body: &[u8] = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| Refusal::Bad(format!("body: {error}")))
}

/// Takes a widget's id of a message.
pub(super) fn message_id(id: &str) -> Result<&str, Refusal> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    match (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(plain) {
        true => Ok(id),
        false => Err(Refusal::Bad(
            "id: takes 1 to 64 letters, digits, hyphens and underscores".to_owned(),
        )),
    }
}

/// Takes words of at most so many characters; none where there are none.
pub(super) fn words(
    field: &str,
    text: Option<String>,
    most: usize,
) -> Result<Option<String>, Refusal> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    match text.chars().count() <= most {
        true => Ok(Some(text)),
        false => Err(Refusal::Bad(format!(
            "{field}: takes at most {most} characters"
        ))),
    }
}
