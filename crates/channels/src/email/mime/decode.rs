//! Bytes of a part to bytes, and bytes to text.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use mail_parser::decoders::charsets::map::charset_decoder;
use std::borrow::Cow;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Undoes a transfer encoding; the flag says whether the bytes were of that encoding throughout.
pub(crate) fn transfer<'a>(encoding: &str, bytes: &'a [u8]) -> (Cow<'a, [u8]>, bool) {
    let (decoded, clean) = match encoding.trim().to_ascii_lowercase().as_str() {
        "base64" => base64(bytes),
        "quoted-printable" => quoted_printable(bytes),
        "x-uuencode" | "uuencode" | "x-uue" => match uuencode(bytes) {
            Some(decoded) => (decoded, true),
            None => return (bytes.into(), false),
        },
        _ => return (bytes.into(), true),
    };
    (decoded.into(), clean)
}

/// Returns the text that bytes of a charset mean; the flag says whether all of them mean something.
pub(crate) fn text(charset: Option<&str>, bytes: &[u8]) -> (String, bool) {
    let label = charset.unwrap_or_default().trim().to_ascii_lowercase();
    let vague = [
        "",
        "us-ascii",
        "ascii",
        "unknown-8bit",
        "x-unknown",
        "default",
        "none",
    ];
    let text = match charset_decoder(label.as_bytes()) {
        _ if vague.contains(&label.as_str()) => guess(bytes),
        _ if label == "utf-8" || label == "utf8" => String::from_utf8_lossy(bytes).into_owned(),
        Some(decode) => decode(bytes),
        None => guess(bytes),
    };
    let text = text
        .strip_prefix('\u{FEFF}')
        .unwrap_or(&text)
        .replace('\0', "\u{FFFD}");
    let clean = !text.contains('\u{FFFD}');
    (text, clean)
}

/// Returns bytes as UTF-8, or as windows-1252 where they are none.
pub(crate) fn guess(bytes: &[u8]) -> String {
    match (std::str::from_utf8(bytes), charset_decoder(b"windows-1252")) {
        (Ok(text), _) => text.to_owned(),
        (Err(_), Some(decode)) => decode(bytes),
        (Err(_), None) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn base64(bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut clean = true;
    let mut letters = Vec::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => letters.push(*byte),
            // Some writers encode pieces one by one; padding in the middle ends a piece.
            b'=' => {
                if letters.len() % 4 == 1 {
                    letters.pop();
                }
                while letters.len() % 4 != 0 {
                    letters.push(b'=');
                }
            }
            byte if byte.is_ascii_whitespace() => {}
            _ => clean = false,
        }
    }
    if letters.len() % 4 == 1 {
        letters.pop();
        clean = false;
    }
    let mut decoded = Vec::with_capacity(letters.len() / 4 * 3);
    for piece in letters.split_inclusive(|byte| *byte == b'=') {
        let piece = piece.trim_ascii_start();
        if piece != b"=" {
            clean &= LENIENT.decode_vec(piece, &mut decoded).is_ok();
        }
    }
    (decoded, clean)
}

fn quoted_printable(bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut clean = true;
    let mut decoded = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let content = line.trim_ascii_end();
        let ended = line.ends_with(b"\n");
        let (content, soft) = match content.strip_suffix(b"=") {
            Some(content) => (content, true),
            None => (content, false),
        };
        let mut rest = content;
        while let Some(at) = rest.iter().position(|byte| *byte == b'=') {
            decoded.extend(&rest[..at]);
            let pair = rest.get(at + 1..at + 3).and_then(hex);
            match pair {
                Some(byte) => decoded.push(byte),
                None => {
                    clean = false;
                    decoded.push(b'=');
                }
            }
            rest = &rest[at + if pair.is_some() { 3 } else { 1 }..];
        }
        decoded.extend(rest);
        if ended && !soft {
            decoded.push(b'\n');
        }
    }
    (decoded, clean)
}

fn hex(pair: &[u8]) -> Option<u8> {
    let pair = std::str::from_utf8(pair).ok()?;
    let plain = pair.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| u8::from_str_radix(pair, 16).ok()).flatten()
}

fn uuencode(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    lines.find(|line| line.starts_with(b"begin "))?;
    let mut decoded = Vec::new();
    for line in lines {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Some((length, letters)) = line.split_first() else {
            continue;
        };
        let value = |byte: u8| byte.wrapping_sub(32) & 63;
        let length = value(*length).into();
        if length == 0 || line == b"end" {
            break;
        }
        let mut row = Vec::with_capacity(48);
        for group in letters.chunks(4) {
            let letter = |at: usize| u32::from(group.get(at).map_or(0, |byte| value(*byte)));
            let bits = letter(0) << 18 | letter(1) << 12 | letter(2) << 6 | letter(3);
            row.extend(&bits.to_be_bytes()[1..]);
        }
        row.resize(length, 0);
        decoded.extend(row);
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(encoding: &str, given: &str, expected: &[u8], expect_clean: bool) {
        let (decoded, clean) = transfer(encoding, given.as_bytes());
        assert_eq!(
            (&*decoded, clean),
            (expected, expect_clean),
            "{encoding} {given:?}"
        );
    }

    #[test]
    fn encodings_are_undone_leniently() {
        check("BASE64", "aGk=\r\n", b"hi", true);
        check("base64", "aGk\naA==", b"hi\x1a", true);
        check("base64", "aGk=aGk=", b"hihi", true);
        check("base64", "a!Gk=", b"hi", false);
        check("base64", "a", b"", false);
        check(
            "quoted-printable",
            "caf=C3=A9 =\r\nx  \r\n",
            "café x\n".as_bytes(),
            true,
        );
        check("quoted-printable", "1=2=", b"1=2", false);
        check("x-uuencode", "begin 644 a\n#86)C\n`\nend\n", b"abc", true);
        check("x-uuencode", "no such thing", b"no such thing", false);
        check("8bit", "as it is", b"as it is", true);
    }

    #[test]
    fn charsets_fall_back_to_utf8_then_windows_1252() {
        let check = |label: Option<&str>, bytes: &[u8], expected: &str| {
            assert_eq!(text(label, bytes).0, expected, "{label:?}");
        };
        check(None, "é".as_bytes(), "é");
        check(Some("us-ascii"), b"caf\xe9 \x80", "café €");
        check(Some("no-such-charset"), b"caf\xe9", "café");
        check(Some("windows-1251"), b"\xcf\xf0\xe8", "При");
        check(Some("utf-8"), b"\xef\xbb\xbfa\0\xff", "a\u{FFFD}\u{FFFD}");
    }
}
