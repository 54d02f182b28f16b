//! HTML as text: for search, for previews, for mails without plain text.

use super::allow::is_block;
use super::clean::{quoted, says_something};
use super::dom::{Dom, Node, parse};

/// Returns the words of HTML, at most about `limit` bytes; quoted mails are marked with `>`.
pub fn to_text(html: &str, limit: usize) -> String {
    let dom = parse(html);
    let quoted = quoted(&dom);
    let marks = says_something(&dom, &quoted);
    let mut writer = Writer {
        dom: &dom,
        quoted: &quoted,
        marks,
        limit,
        line: String::new(),
        blank: true,
        out: String::new(),
    };
    writer.siblings(&dom.roots, false, false);
    writer.end_line(false);
    writer.out.trim_end().to_owned()
}

struct Writer<'a> {
    dom: &'a Dom,
    quoted: &'a [bool],
    marks: bool,
    limit: usize,
    line: String,
    /// Whether the last line written was blank, or none was.
    blank: bool,
    out: String,
}

impl Writer<'_> {
    fn siblings(&mut self, siblings: &[usize], quote: bool, verbatim: bool) {
        for index in siblings {
            let begins = self.marks && !quote && self.quoted[*index];
            if begins {
                self.end_line(false);
            }
            self.node(*index, quote || begins, verbatim);
            if begins {
                self.end_line(true);
            }
        }
    }

    fn node(&mut self, index: usize, quote: bool, verbatim: bool) {
        let element = match &self.dom.nodes[index] {
            Node::Text(text) if verbatim => {
                for piece in text.split_inclusive('\n') {
                    self.line.push_str(piece.trim_end_matches(['\r', '\n']));
                    if piece.ends_with('\n') {
                        self.break_line(quote);
                    }
                }
                return;
            }
            Node::Text(text) => return self.words(text),
            Node::Element(element) => element,
        };
        let name = element.name.as_str();
        if is_block(name) {
            self.end_line(quote);
        }
        match name {
            "br" => self.break_line(quote),
            "hr" => self.line.push_str("---"),
            "li" => self.line.push_str("- "),
            "td" | "th" if !self.line.is_empty() => self.line.push_str("  "),
            "img" => self.words(element.attribute("alt")),
            _ => {}
        }
        self.siblings(&element.children, quote, verbatim || name == "pre");
        if is_block(name) {
            self.end_line(quote);
        }
        if matches!(
            name,
            "p" | "h1" | "h2" | "h3" | "ul" | "ol" | "table" | "blockquote"
        ) && !self.blank
        {
            self.break_line(quote);
        }
    }

    fn words(&mut self, text: &str) {
        let space = |c: char| c.is_whitespace() && c != '\u{A0}';
        if text.starts_with(space) && !self.line.is_empty() && !self.line.ends_with(' ') {
            self.line.push(' ');
        }
        let mut words = text.split(space).filter(|word| !word.is_empty()).peekable();
        while let Some(word) = words.next() {
            self.line
                .extend(word.chars().map(|c| if c == '\u{A0}' { ' ' } else { c }));
            if words.peek().is_some() || text.ends_with(space) {
                self.line.push(' ');
            }
        }
    }

    fn end_line(&mut self, quote: bool) {
        if !self.line.trim().is_empty() {
            self.break_line(quote);
        }
        self.line.clear();
    }

    fn break_line(&mut self, quote: bool) {
        let line = std::mem::take(&mut self.line);
        let line = line.trim_end();
        if self.out.len() + line.len() > self.limit {
            return;
        }
        if quote {
            self.out.push_str(if line.is_empty() { ">" } else { "> " });
        }
        self.out.push_str(line);
        self.out.push('\n');
        self.blank = line.is_empty();
    }
}

#[cfg(test)]
mod tests {
    use super::to_text;

    #[test]
    fn blocks_become_lines_and_quotes_are_marked() {
        let check =
            |html: &str, expected: &str| assert_eq!(to_text(html, 10_000), expected, "{html}");
        check("<p>one\n two</p><p>three</p>", "one two\n\nthree");
        check("a<br>b<br><br>c", "a\nb\n\nc");
        check("<ul><li>a<li>b</ul>c", "- a\n- b\n\nc");
        check("<b>a</b> <i>b</i>&nbsp;&amp;c", "a b &c");
        check("<pre>a\n  b</pre>", "a\n  b");
        check(
            "Hi<blockquote type=cite>old<br>mail</blockquote>",
            "Hi\n> old\n> mail\n>",
        );
        check("<title>t</title><style>s</style>x", "x");
        check("<div class=gmail_quote>all</div>", "all");
    }
}
