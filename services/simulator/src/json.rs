//! JSON as providers write it on the wire.

use std::fmt::Write;

use serde_json::Value;

/// Writes JSON with non-ASCII characters as lower-case `\uXXXX`.
pub(crate) fn ascii(value: &Value) -> Vec<u8> {
    escape(&value.to_string(), false)
}

/// Writes JSON as Meta does: [`ascii`], and slashes as `\/`.
pub(crate) fn meta(value: &Value) -> Vec<u8> {
    escape(&value.to_string(), true)
}

fn escape(json: &str, slashes: bool) -> Vec<u8> {
    let mut out = String::with_capacity(json.len() + json.len() / 8);
    for character in json.chars() {
        if character == '/' && slashes {
            out.push_str("\\/");
        } else if character.is_ascii() {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn characters_outside_ascii_become_lower_case_escapes_and_surrogate_pairs() {
        let written = meta(&json!({ "text": "ä/😀" }));
        assert_eq!(written, br#"{"text":"\u00e4\/\ud83d\ude00"}"#);
        let read: Value = serde_json::from_slice(&written).expect("valid json");
        assert_eq!(read["text"], "ä/😀");
    }
}
