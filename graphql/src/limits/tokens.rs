//! Counts the tokens of a document before it is parsed.

use crate::Error;

/// Refuses a text of more tokens than `limit`.
///
/// # Errors
///
/// Fails with [`Error::TooLarge`] as soon as one token too many is seen. What is no GraphQL is for the
/// parser to say.
pub fn check_tokens(text: &str, limit: usize) -> Result<(), Error> {
    let mut rest = text.as_bytes();
    let mut count = 0;
    while let Some(first) = rest.first() {
        let (length, is_token) = match first {
            b'#' => (line(rest), false),
            b' ' | b'\t' | b'\r' | b'\n' | b',' => (1, false),
            b'"' => (string(rest), true),
            _ if is_word(*first) => (rest.iter().take_while(|byte| is_word(**byte)).count(), true),
            _ if rest.starts_with(b"...") => (3, true),
            _ => (1, true),
        };
        count += usize::from(is_token);
        if count > limit {
            return super::size::refuse("tokens", count, limit);
        }
        rest = &rest[length..];
    }
    Ok(())
}

/// Names and numbers, with their signs and dots.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' || byte >= 0x80
}

fn line(text: &[u8]) -> usize {
    let end = text.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    end.unwrap_or(text.len())
}

fn string(text: &[u8]) -> usize {
    let (quotes, start): (&[u8], usize) = match text.starts_with(b"\"\"\"") {
        true => (b"\"\"\"", 3),
        false => (b"\"", 1),
    };
    let mut at = start;
    while at < text.len() {
        if text[at] == b'\\' {
            at += 2;
        } else if text[at..].starts_with(quotes) {
            return at + quotes.len();
        } else {
            at += 1;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::check_tokens;

    fn count(text: &str) -> usize {
        (0..)
            .find(|limit| check_tokens(text, *limit).is_ok())
            .expect("some number")
    }

    #[test]
    fn names_numbers_strings_and_signs_are_tokens_and_nothing_else_is() {
        for (text, tokens) in [
            ("", 0),
            (" ,\n\t\u{feff}", 1),
            ("{ me { id } }", 6),
            ("query($a:Int=-12){a(b:$a)}", 18),
            ("# a comment { with } braces\n{ a }", 3),
            (r#"{ a(b: "with \" and { inside") }"#, 8),
            (r#"{ a(b: """block " and \""" too""") }"#, 8),
            ("{ ...Part ... on Agent { id } }", 10),
            (r#"{ a(b: "never ends"#, 6),
            (r#"{ a(b: "ends in \"#, 6),
        ] {
            assert_eq!(count(text), tokens, "{text}");
        }
    }
}
