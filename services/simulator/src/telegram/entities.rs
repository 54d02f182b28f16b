//! Telegram counts characters after it has taken the markup out.

use super::refusal::Refusal;

/// Takes the markup out of a text, as the named parse mode writes it.
pub(crate) fn plain(text: &str, parse_mode: Option<&str>) -> Result<String, Refusal> {
    match parse_mode.map(str::to_ascii_lowercase).as_deref() {
        Some("html") => html(text),
        Some("markdownv2") => markdown(text),
        Some("markdown") => Ok(text.replace(['*', '_', '`'], "")),
        Some("") | None => Ok(text.to_owned()),
        Some(_) => Err(Refusal::bad("unsupported parse_mode")),
    }
}

fn html(text: &str) -> Result<String, Refusal> {
    let mut plain = String::new();
    let mut open: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        plain.push_str(&rest[..at]);
        let end = rest[at..]
            .find('>')
            .ok_or_else(|| wrong("unclosed start tag"))?;
        let tag = &rest[at + 1..at + end];
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop().as_deref() != Some(name) {
                return Err(wrong("unmatched end tag"));
            }
        } else {
            open.push(tag.split_whitespace().next().unwrap_or_default().to_owned());
        }
        rest = &rest[at + end + 1..];
    }
    plain.push_str(rest);
    if !open.is_empty() {
        return Err(wrong("can't find end tag"));
    }
    let plain = plain
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"");
    Ok(plain.replace("&amp;", "&"))
}

fn markdown(text: &str) -> Result<String, Refusal> {
    let mut plain = String::new();
    let mut characters = text.chars();
    let mut in_code = false;
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            '`' => in_code = !in_code,
            '*' | '_' | '~' | '[' | ']' | '|' | '>' if !in_code => {}
            '(' | ')' if !in_code => {}
            '#' | '+' | '-' | '=' | '{' | '}' | '.' | '!' if !in_code => {
                return Err(wrong(&format!(
                    "character '{character}' is reserved and must be escaped"
                )));
            }
            other => plain.push(other),
        }
    }
    Ok(plain)
}

fn wrong(why: &str) -> Refusal {
    Refusal::bad(&format!("can't parse entities: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_does_not_count() {
        assert_eq!(
            plain("<b>a &lt; b</b>", Some("HTML")).expect("html"),
            "a < b"
        );
        assert_eq!(
            plain("*bold* 1\\.", Some("MarkdownV2")).expect("markdown"),
            "bold 1."
        );
        assert_eq!(plain("<b>", None).expect("plain"), "<b>");
    }

    #[test]
    fn broken_markup_is_refused() {
        for (text, mode) in [
            ("<b>a", "HTML"),
            ("a <", "HTML"),
            ("</i>", "HTML"),
            ("1.", "MarkdownV2"),
        ] {
            let refusal = plain(text, Some(mode)).expect_err(text);
            assert!(
                refusal.description.contains("can't parse entities"),
                "{text}"
            );
        }
    }
}
