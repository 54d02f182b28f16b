//! A small tree of what a mail's HTML holds; linear in time, bounded in depth and number.

use super::allow::{closes, is_dropped, is_kept, is_void};
use html5gum::emitters::default::DefaultEmitter;
use html5gum::{Token, Tokenizer};
use std::collections::BTreeMap;

/// The deepest nesting that is kept; deeper elements become siblings.
const DEPTH: usize = 128;

/// The most nodes that are kept.
const NODES: usize = 200_000;

/// A document.
#[derive(Debug)]
pub(super) struct Dom {
    pub(super) nodes: Vec<Node>,
    /// The nodes at the top.
    pub(super) roots: Vec<usize>,
    /// Whether there was more than is kept.
    pub(super) cut: bool,
}

/// A node: an element, or words.
#[derive(Debug)]
pub(super) enum Node {
    Element(Element),
    Text(String),
}

/// An element.
#[derive(Debug)]
pub(super) struct Element {
    /// In lower case.
    pub(super) name: String,
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) children: Vec<usize>,
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    fn has_class(&self, class: &str) -> bool {
        let mut classes = self.attribute("class").split_ascii_whitespace();
        classes.any(|known| known == class)
    }

    /// Returns whether the element holds an earlier mail.
    pub(super) fn is_quote(&self) -> bool {
        const CLASSES: [&str; 4] = [
            "gmail_quote",
            "yahoo_quoted",
            "protonmail_quote",
            "tutanota_quote",
        ];
        let cited = self.name == "blockquote" && self.attribute("type") == "cite";
        cited || CLASSES.iter().any(|class| self.has_class(class))
    }

    /// Returns whether an earlier mail follows, the element included.
    pub(super) fn starts_history(&self) -> bool {
        let id = self.attribute("id").trim_start_matches("x_");
        let reply = [
            "divRplyFwdMsg",
            "appendonsend",
            "mail-editor-reference-message-container",
        ];
        reply.contains(&id)
    }

    /// Returns whether the element introduces the quote behind it.
    pub(super) fn introduces_quote(&self) -> bool {
        self.has_class("moz-cite-prefix") || self.has_class("gmail_attr")
    }
}

/// Reads HTML as far as limits allow.
pub(super) fn parse(html: &str) -> Dom {
    let mut builder = Builder {
        dom: Dom {
            nodes: Vec::new(),
            roots: Vec::new(),
            cut: false,
        },
        open: Vec::new(),
        dropped: None,
    };
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    for token in Tokenizer::new_with_emitter(html, emitter) {
        if builder.dom.nodes.len() >= NODES {
            builder.dom.cut = true;
            break;
        }
        match token {
            Ok(Token::StartTag(tag)) => {
                let attributes = tag.attributes.into_iter().map(|(name, value)| {
                    let value: Vec<u8> = value.value.into();
                    let name: Vec<u8> = name.into();
                    (lossy(&name).to_lowercase(), lossy(&value))
                });
                let name = lossy(&tag.name).to_lowercase();
                builder.start(name, tag.self_closing, attributes.collect());
            }
            Ok(Token::EndTag(tag)) => builder.end(&lossy(&tag.name).to_lowercase()),
            Ok(Token::String(text)) => builder.text(&lossy(&text.value)),
            Ok(_) => {}
        }
    }
    builder.dom
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

struct Builder {
    dom: Dom,
    /// The open elements, outermost first.
    open: Vec<usize>,
    /// An element that is dropped with all that is in it, and how often it is open.
    dropped: Option<(String, usize)>,
}

impl Builder {
    fn start(&mut self, name: String, self_closing: bool, attributes: BTreeMap<String, String>) {
        if let Some((dropped, depth)) = &mut self.dropped {
            if *dropped == name && !self_closing {
                *depth += 1;
            }
            return;
        }
        if is_dropped(&name) {
            if !self_closing && !is_void(&name) {
                self.dropped = Some((name, 1));
            }
            return;
        }
        while let Some(at) = self.open.iter().rposition(|open| is_kept(self.name(*open))) {
            // Elements that will be opened are not there for those around them.
            if !closes(&name, self.name(self.open[at])) {
                break;
            }
            self.open.truncate(at);
        }
        let void = is_void(&name);
        let node = self.add(Node::Element(Element {
            name,
            attributes,
            children: Vec::new(),
        }));
        if !void && self.open.len() < DEPTH {
            self.open.push(node);
        }
    }

    fn end(&mut self, name: &str) {
        if let Some((dropped, depth)) = &mut self.dropped {
            if dropped == name {
                *depth -= 1;
                if *depth == 0 {
                    self.dropped = None;
                }
            }
            return;
        }
        let is =
            |node: &usize| matches!(&self.dom.nodes[*node], Node::Element(e) if e.name == name);
        if let Some(at) = self.open.iter().rposition(is) {
            self.open.truncate(at);
        }
    }

    fn name(&self, index: usize) -> &str {
        match &self.dom.nodes[index] {
            Node::Element(element) => &element.name,
            Node::Text(_) => "",
        }
    }

    fn text(&mut self, text: &str) {
        if self.dropped.is_none() && !text.is_empty() {
            self.add(Node::Text(text.to_owned()));
        }
    }

    fn add(&mut self, node: Node) -> usize {
        let index = self.dom.nodes.len();
        self.dom.nodes.push(node);
        match self.open.last() {
            Some(parent) => {
                if let Node::Element(parent) = &mut self.dom.nodes[*parent] {
                    parent.children.push(index);
                }
            }
            None => self.dom.roots.push(index),
        }
        index
    }
}
