//! `format=flowed` (RFC 3676): lines that end in a blank go on in the next.

/// Returns the text with its paragraphs on one line each; quote marks stay.
pub(crate) fn unfold(text: &str, delete_space: bool) -> String {
    let mut out = String::with_capacity(text.len());
    // The depth of the paragraph that is still open.
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let content = line.trim_start_matches('>');
        let depth = line.len() - content.len();
        let content = content.strip_prefix(' ').unwrap_or(content);
        let signature = content == "-- ";
        if open != Some(depth) || signature {
            if open.take().is_some() {
                out.push('\n');
            }
            out.push_str(&">".repeat(depth.min(100)));
            if depth > 0 && !content.is_empty() {
                out.push(' ');
            }
        }
        let flows = content.ends_with(' ') && !signature;
        match content.strip_suffix(' ') {
            Some(content) if flows && delete_space => out.push_str(content),
            _ => out.push_str(content),
        }
        open = flows.then_some(depth);
        if !flows {
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::unfold;

    #[test]
    fn paragraphs_are_joined_within_their_depth() {
        let check = |given: &str, delete: bool, expected: &str| {
            assert_eq!(unfold(given, delete), expected, "{given:?}");
        };
        check("one \ntwo\nthree\n", false, "one two\nthree\n");
        check("日本 \n語\n", true, "日本語\n");
        check("> a \n> b\nc\n", false, "> a b\nc\n");
        check(">> a \n> b\n", false, ">> a \n> b\n");
        check("bye \n-- \nC12\n", false, "bye \n-- \nC12\n");
        check(" From here\n >no quote\n", false, "From here\n>no quote\n");
    }
}
