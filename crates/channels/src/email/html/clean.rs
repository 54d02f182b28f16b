//! Writes HTML anew with what is allowed, quotes folded.

use super::allow::{Picture, is_kept, is_void, keeps, link, picture};
use super::dom::{Dom, Element, Node, parse};
use super::{FOLD, escape};

/// HTML that is safe to show, and what it wants to show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// The HTML. Images that lie elsewhere are not loaded: their address is in
    /// `data-remote-src`. Parts of the mail keep `cid:` addresses, which no browser loads; whoever
    /// shows them puts links to the stored files in their place.
    pub html: String,
    /// The content ids that it shows.
    pub content_ids: Vec<String>,
    /// How many images elsewhere it wants to load.
    pub remote_images: usize,
    /// Whether there was more than was made safe.
    pub cut: bool,
}

/// Makes HTML safe, at most `limit` bytes of it.
pub fn clean(html: &str, limit: usize) -> Cleaned {
    let dom = parse(html);
    let quoted = quoted(&dom);
    let folds = says_something(&dom, &quoted);
    let mut writer = Writer {
        dom: &dom,
        quoted: &quoted,
        folds,
        limit,
        cleaned: Cleaned {
            cut: dom.cut,
            ..Cleaned::default()
        },
    };
    writer.siblings(&dom.roots, false);
    writer.cleaned
}

/// Returns for each node whether an earlier mail begins with it.
pub(super) fn quoted(dom: &Dom) -> Vec<bool> {
    let mut quoted = vec![false; dom.nodes.len()];
    let lists = dom.nodes.iter().filter_map(|node| match node {
        Node::Element(element) => Some(&element.children),
        Node::Text(_) => None,
    });
    for siblings in lists.chain([&dom.roots]) {
        let mut history = false;
        for (at, index) in siblings.iter().enumerate() {
            if let Node::Element(element) = &dom.nodes[*index] {
                history |= element.starts_history();
                let mut behind = siblings[at + 1..].iter();
                let introduces = element.introduces_quote()
                    && behind
                        .find_map(|next| element_at(dom, *next))
                        .is_some_and(Element::is_quote);
                quoted[*index] = element.is_quote() || introduces;
            }
            quoted[*index] |= history;
        }
    }
    quoted
}

fn element_at(dom: &Dom, index: usize) -> Option<&Element> {
    match &dom.nodes[index] {
        Node::Element(element) => Some(element),
        Node::Text(_) => None,
    }
}

/// Returns whether anything is written outside of quotes.
pub(super) fn says_something(dom: &Dom, quoted: &[bool]) -> bool {
    let mut waiting = dom.roots.clone();
    while let Some(index) = waiting.pop() {
        if quoted[index] {
            continue;
        }
        match &dom.nodes[index] {
            Node::Text(text)
                if text.contains(|c: char| {
                    c.is_alphanumeric() || c > '\u{7F}' && !c.is_whitespace()
                }) =>
            {
                return true;
            }
            Node::Text(_) => {}
            Node::Element(element) if element.name == "img" => return true,
            Node::Element(element) => waiting.extend(&element.children),
        }
    }
    false
}

struct Writer<'a> {
    dom: &'a Dom,
    quoted: &'a [bool],
    folds: bool,
    limit: usize,
    cleaned: Cleaned,
}

impl Writer<'_> {
    /// Writes siblings; the recursion is as deep as the tree, which is bounded.
    fn siblings(&mut self, siblings: &[usize], within_quote: bool) {
        let mut folding = false;
        for index in siblings {
            if self.cleaned.html.len() > self.limit {
                self.cleaned.cut = true;
                break;
            }
            let folds = self.folds && !within_quote && self.quoted[*index];
            if folds != folding {
                self.cleaned.html.push_str(match folds {
                    true => FOLD,
                    false => "</details>",
                });
                folding = folds;
            }
            self.node(*index, within_quote || folds);
        }
        if folding {
            self.cleaned.html.push_str("</details>");
        }
    }

    fn node(&mut self, index: usize, within_quote: bool) {
        match &self.dom.nodes[index] {
            Node::Text(text) => {
                let room = self.limit.saturating_sub(self.cleaned.html.len());
                let end = text.floor_char_boundary(room.min(text.len()));
                self.cleaned.cut |= end < text.len();
                escape(&text[..end], &mut self.cleaned.html);
            }
            Node::Element(element) if !is_kept(&element.name) => {
                self.siblings(&element.children, within_quote);
            }
            Node::Element(element) => {
                self.open(element);
                if !is_void(&element.name) {
                    self.siblings(&element.children, within_quote);
                    self.cleaned.html.push_str(&format!("</{}>", element.name));
                }
            }
        }
    }

    fn open(&mut self, element: &Element) {
        self.cleaned.html.push('<');
        self.cleaned.html.push_str(&element.name);
        for (name, value) in &element.attributes {
            if keeps(&element.name, name, value) {
                self.attribute(name, value);
            }
        }
        if element.name == "a"
            && let Some(target) = link(element.attribute("href"))
        {
            self.attribute("href", &target);
            self.attribute("rel", "noopener noreferrer nofollow");
            self.attribute("target", "_blank");
        }
        if element.name == "img" {
            self.image(element);
        }
        self.cleaned.html.push('>');
    }

    fn image(&mut self, element: &Element) {
        match picture(element.attribute("src")) {
            Picture::Part(id) => {
                self.attribute("src", &format!("cid:{id}"));
                if !self.cleaned.content_ids.contains(&id) {
                    self.cleaned.content_ids.push(id);
                }
            }
            Picture::Data(source) => self.attribute("src", &source),
            Picture::Remote(source) => {
                self.attribute("data-remote-src", &source);
                self.cleaned.remote_images += 1;
            }
            Picture::Nothing => {
                // HTML that was made safe before is made safe again without loss.
                if let Picture::Remote(source) = picture(element.attribute("data-remote-src")) {
                    self.attribute("data-remote-src", &source);
                    self.cleaned.remote_images += 1;
                }
            }
        }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.cleaned.html.push(' ');
        self.cleaned.html.push_str(name);
        self.cleaned.html.push_str("=\"");
        escape(value, &mut self.cleaned.html);
        self.cleaned.html.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, expected: &str) {
        assert_eq!(clean(html, 1_000_000).html, expected, "{html}");
    }

    #[test]
    fn what_could_act_is_gone() {
        check("a<script>alert(1)</script>b", "ab");
        check("<p onclick=x style='background:url(//a)'>a</p>", "<p>a</p>");
        check("<style>p{}</style><link rel=stylesheet href=//a>a", "a");
        check(
            "<form action=//a><input value=x>a<button>b</button></form>",
            "ab",
        );
        check("<iframe src=//a>x</iframe><object>y</object>z", "z");
        check(
            "<svg><style><img src=x onerror=alert(1)></style></svg>z",
            "z",
        );
        check("<math><mtext></math><script>x</script>z", "z");
        check("<a href='java\nscript:alert(1)'>a</a>", "<a>a</a>");
        check("<a href=' data:text/html,x'>a</a>", "<a>a</a>");
        check("<!-- <p> --><![CDATA[x]]>a", "a");
        check(
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
            "<img>&quot;&gt;",
        );
    }

    #[test]
    fn images_elsewhere_are_not_loaded_and_parts_are_named() {
        let cleaned = clean(
            "<img src=https://example.org/p.gif><img src='cid:<a@b>' alt=x>",
            1_000,
        );
        assert_eq!(
            cleaned.html,
            "<img data-remote-src=\"https://example.org/p.gif\"><img alt=\"x\" src=\"cid:a@b\">"
        );
        assert_eq!(
            (cleaned.remote_images, cleaned.content_ids),
            (1, vec!["a@b".to_owned()])
        );
        check(
            "<img src='data:image/svg+xml;base64,AAAA'><img src=data:image/png;base64,AAAA>",
            "<img><img src=\"data:image/png;base64,AAAA\">",
        );
    }

    #[test]
    fn content_ids_are_ids() {
        check(
            "<img src='cid:a%40b'><img src='cid:a b'>",
            "<img src=\"cid:a@b\"><img>",
        );
    }

    #[test]
    fn every_element_is_closed_within_the_mail() {
        check("</div></div><p>a<p>b<li>c", "<p>a</p><p>b</p><li>c</li>");
        check(
            "<table><tr><td>a<td>b<tr><td>c</table>",
            "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
        );
        check("<b><i>a</b>b", "<b><i>a</i></b>b");
    }

    #[test]
    fn quotes_are_folded_unless_they_are_all_there_is() {
        check(
            "Hi<div class=gmail_quote>old</div>",
            "Hi<details class=\"quoted\"><summary>…</summary><div>old</div></details>",
        );
        check(
            "Hi<div id=appendonsend></div><hr>old",
            "Hi<details class=\"quoted\"><summary>…</summary><div></div><hr>old</details>",
        );
        check("<div class=gmail_quote>all</div>", "<div>all</div>");
    }
}
