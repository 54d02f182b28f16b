//! Content lines: unfolded, cut into name, parameters and value.

use super::Error;

/// One line of a calendar.
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) name: String,
    params: Vec<(String, String)>,
    pub(super) value: String,
}

impl Line {
    /// Returns the first value of a parameter.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        let found = self.params.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn unsupported(&self, what: &str) -> Error {
        Error::Unsupported {
            line: self.number,
            what: what.chars().take(64).collect(),
        }
    }

    pub(super) fn value(&self, what: &'static str, value: &str) -> Error {
        Error::Value {
            line: self.number,
            what,
            value: value.chars().take(64).collect(),
        }
    }

    fn read(number: usize, text: &str) -> Result<Self, Error> {
        let refuse = Error::Line { line: number };
        let Some((head, value)) = split_outside_quotes(text, ':') else {
            return Err(refuse);
        };
        let mut parts = Vec::new();
        let mut rest = head;
        while let Some((part, more)) = split_outside_quotes(rest, ';') {
            parts.push(part);
            rest = more;
        }
        parts.push(rest);
        let name = parts.remove(0).to_ascii_uppercase();
        let is_name = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if name.is_empty() || !is_name(&name) {
            return Err(refuse);
        }
        let mut params = Vec::new();
        for part in parts {
            let (key, value) = part.split_once('=').ok_or(Error::Line { line: number })?;
            params.push((key.to_ascii_uppercase(), value.trim_matches('"').to_owned()));
        }
        Ok(Self {
            number,
            name,
            params,
            value: value.to_owned(),
        })
    }
}

/// Walks over the lines of a text; those that go on in the next are put together.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Result<Line, Error>> + '_ {
    let text = text.trim_start_matches('\u{feff}');
    let mut rest = text.lines().zip(1..).peekable();
    std::iter::from_fn(move || {
        let (first, number) = rest.find(|(line, _)| !line.trim().is_empty())?;
        let mut whole = first.to_owned();
        while let Some((next, _)) = rest.next_if(|(line, _)| line.starts_with([' ', '\t'])) {
            whole.push_str(&next[1..]);
        }
        Some(Line::read(number, &whole))
    })
}

/// Resolves the escapes of a text value.
pub(super) fn unescape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n' | 'N') => text.push(' '),
                Some(other) => text.push(other),
                None => {}
            },
            other => text.push(other),
        }
    }
    text.trim().chars().take(200).collect()
}

fn split_outside_quotes(text: &str, separator: char) -> Option<(&str, &str)> {
    let mut quoted = false;
    for (place, letter) in text.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            _ if letter == separator && !quoted => {
                return Some((&text[..place], &text[place + letter.len_utf8()..]));
            }
            _ => {}
        }
    }
    None
}
