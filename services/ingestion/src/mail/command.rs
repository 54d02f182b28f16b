//! What a server says, one line each (RFC 5321 §4.1, RFC 2033).

/// A command that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    /// `EHLO`, `LHLO` or `HELO`, by its own word.
    Hello(&'static str),
    /// `MAIL FROM`.
    Mail {
        /// The envelope sender, empty for bounces.
        from: String,
        /// The size that is announced.
        size: Option<usize>,
    },
    /// `RCPT TO`.
    Recipient(String),
    /// `DATA`.
    Data,
    /// `RSET`.
    Reset,
    /// `NOOP`.
    Nothing,
    /// `VRFY`.
    Verify,
    /// `QUIT`.
    Quit,
    /// A path that is none.
    BadPath,
    /// Anything else.
    Unknown,
}

impl Command {
    /// Reads a line without its end.
    pub(super) fn parse(line: &str) -> Self {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => Self::Hello("EHLO"),
            "LHLO" => Self::Hello("LHLO"),
            "HELO" => Self::Hello("HELO"),
            "MAIL" => mail(rest),
            "RCPT" => match path(rest, "TO:") {
                Some((to, _)) if !to.is_empty() => Self::Recipient(to),
                _ => Self::BadPath,
            },
            "DATA" => Self::Data,
            "RSET" => Self::Reset,
            "NOOP" => Self::Nothing,
            "VRFY" => Self::Verify,
            "QUIT" => Self::Quit,
            _ => Self::Unknown,
        }
    }
}

fn mail(rest: &str) -> Command {
    let Some((from, parameters)) = path(rest, "FROM:") else {
        return Command::BadPath;
    };
    let mut words = parameters.split(' ');
    let size = words.find_map(|word| {
        let (name, value) = word.split_once('=')?;
        name.eq_ignore_ascii_case("SIZE")
            .then(|| value.parse().ok())?
    });
    Command::Mail { from, size }
}

/// Returns the address of `FROM:<…>` and what follows it. Routes before it (`@a,@b:`) are left out.
fn path<'a>(rest: &'a str, word: &str) -> Option<(String, &'a str)> {
    let head = rest.get(..word.len())?;
    let rest = head
        .eq_ignore_ascii_case(word)
        .then(|| rest[word.len()..].trim_start())?;
    let inner = rest.strip_prefix('<')?;
    let end = closing(inner)?;
    let (address, behind) = (&inner[..end], &inner[end + 1..]);
    let address = match address.strip_prefix('@') {
        Some(route) => route.split_once(':').map(|(_, address)| address)?,
        None => address,
    };
    let sound = address.len() <= 320 && !address.chars().any(char::is_control);
    sound.then(|| (address.to_owned(), behind.trim_start()))
}

/// Finds the bracket that ends a path; one within quotes is none.
fn closing(path: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, letter) in path.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '>' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(from: &str, size: Option<usize>) -> Command {
        Command::Mail {
            from: from.to_owned(),
            size,
        }
    }

    #[test]
    fn commands_are_read_in_any_case_and_with_parameters() {
        let cases = [
            ("LHLO mx.example", Command::Hello("LHLO")),
            ("mail from:<a@example.org>", sender("a@example.org", None)),
            (
                "MAIL FROM: <a@example.org> BODY=8BITMIME SIZE=12",
                sender("a@example.org", Some(12)),
            ),
            ("MAIL FROM:<>", sender("", None)),
            (
                "RCPT TO:<@a.example,@b.example:c@example.org>",
                Command::Recipient("c@example.org".to_owned()),
            ),
            (
                "RCPT TO:<\"a>b\"@example.org>",
                Command::Recipient("\"a>b\"@example.org".to_owned()),
            ),
            ("RCPT TO:<>", Command::BadPath),
            ("RCPT TO:a@example.org", Command::BadPath),
            ("MAIL FROM:<a@example.org", Command::BadPath),
            ("DATA", Command::Data),
            ("BDAT 5", Command::Unknown),
            ("é", Command::Unknown),
        ];
        for (line, expected) in cases {
            assert_eq!(Command::parse(line), expected, "{line}");
        }
    }
}
