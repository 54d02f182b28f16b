//! What a mail shows: its text, its HTML, its files.

use crate::email::html;
use crate::email::mail::{Attachment, Defect};
use crate::email::message_id::hex;
use crate::email::mime::{Part, Tree, decode, file, flowed};
use crate::email::{Limits, report};
use aws_lc_rs::digest::{SHA256, digest};
use std::collections::BTreeSet;

/// What a mail shows.
pub(super) struct Body {
    pub(super) text: String,
    pub(super) html: Option<String>,
    pub(super) attachments: Vec<Attachment>,
}

/// Parts that say nothing to a reader: signatures, and what machines tell each other.
const SKIPPED: [&str; 9] = [
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
    "application/pgp-signature",
    "application/pgp-encrypted",
    "message/delivery-status",
    "message/global-delivery-status",
    "message/disposition-notification",
    "message/global-disposition-notification",
    "message/feedback-report",
];

/// Words of one place in the mail, plain, as HTML, or both.
#[derive(Default)]
struct Words {
    plain: Option<String>,
    html: Option<String>,
}

/// Gathers what a mail shows.
pub(super) fn read(tree: &Tree<'_>, limits: &Limits, defects: &mut BTreeSet<Defect>) -> Body {
    let mut reader = Reader {
        tree,
        limits,
        defects,
        words: Vec::new(),
        files: Vec::new(),
    };
    reader.part(0);
    let Reader {
        words, mut files, ..
    } = reader;

    let mut shown = Vec::new();
    let mut cut = false;
    let html = join_html(&words, limits, &mut shown, &mut cut);
    let text = join_text(words, limits);
    for file in &mut files {
        let named = file.content_id.as_ref();
        file.inline = named.is_some_and(|id| shown.contains(id));
    }
    if cut || text.len() >= limits.text_bytes {
        defects.insert(Defect::TextCut);
    }
    Body {
        text,
        html,
        attachments: files,
    }
}

fn join_text(words: Vec<Words>, limits: &Limits) -> String {
    let mut text = String::new();
    for words in words {
        let html = words.html.as_deref();
        let plain = words
            .plain
            .filter(|plain| html.is_none() || !plain.trim().is_empty());
        let plain = plain.or_else(|| html.map(|html| html::to_text(html, limits.text_bytes)));
        let plain = plain.unwrap_or_default();
        if !text.is_empty() && !plain.is_empty() {
            text.push_str(if text.ends_with('\n') { "\n" } else { "\n\n" });
        }
        text.push_str(&plain);
    }
    text.truncate(text.floor_char_boundary(limits.text_bytes.min(text.len())));
    text
}

fn join_html(
    words: &[Words],
    limits: &Limits,
    shown: &mut Vec<String>,
    cut: &mut bool,
) -> Option<String> {
    words.iter().find(|words| words.html.is_some())?;
    let mut joined = String::new();
    for words in words {
        let room = limits.text_bytes.saturating_sub(joined.len());
        match (&words.html, &words.plain) {
            (Some(html), _) => {
                let cleaned = html::clean(html, room);
                joined.push_str(&cleaned.html);
                shown.extend(cleaned.content_ids);
                *cut |= cleaned.cut;
            }
            (None, Some(plain)) if plain.len() <= room => joined.push_str(&html::from_text(plain)),
            (None, Some(_)) => *cut = true,
            (None, None) => {}
        }
    }
    Some(joined)
}

struct Reader<'a, 'b> {
    tree: &'a Tree<'a>,
    limits: &'a Limits,
    defects: &'b mut BTreeSet<Defect>,
    words: Vec<Words>,
    files: Vec<Attachment>,
}

impl Reader<'_, '_> {
    /// Reads a part; the recursion is as deep as the tree, which is bounded.
    fn part(&mut self, index: usize) {
        let tree = self.tree;
        let part = &tree.parts[index];
        match part.media_type.as_str() {
            "multipart/alternative" => self.alternative(part),
            "multipart/encrypted" => {
                self.defects.insert(Defect::Encrypted);
                self.children(part);
            }
            "multipart/report" if index == 0 && report::is_known(part, tree) => self.report(part),
            kind if kind.starts_with("multipart/") && !part.children.is_empty() => {
                self.children(part)
            }
            kind if SKIPPED.contains(&kind) => {}
            _ => self.leaf(part, index == 0),
        }
    }

    fn children(&mut self, part: &Part<'_>) {
        for child in &part.children {
            self.part(*child);
        }
    }

    /// Shows the one thing that several parts say, plain and as HTML; keeps other forms as files.
    fn alternative(&mut self, part: &Part<'_>) {
        let begun = self.words.len();
        self.children(part);
        let mut all = self.words.drain(begun..);
        let mut one = all.next().unwrap_or_default();
        for words in all {
            one.plain = one
                .plain
                .take()
                .filter(|plain| !plain.trim().is_empty())
                .or(words.plain);
            one.html = words.html.or(one.html.take());
        }
        self.words.push(one);
    }

    /// Shows what a report says to people; what it returns is in the report, not among the files.
    fn report(&mut self, part: &Part<'_>) {
        if let Some(first) = part.children.first() {
            self.part(*first);
        }
    }

    fn leaf(&mut self, part: &Part<'_>, whole: bool) {
        let name = file::name(
            part.disposition.as_ref(),
            part.content_type.as_ref(),
            self.limits.file_name_bytes,
        );
        let attached = part.disposition.as_ref().is_some_and(|d| d.is_attachment());
        let worded = part.is("text/plain") || part.is("text/html") || part.is("text/enriched");
        if worded && !attached && (whole || name.is_none()) {
            self.text(part);
        } else {
            self.file(part, name);
        }
    }

    fn text(&mut self, part: &Part<'_>) {
        let bytes = self.decoded(part);
        let most = self.limits.text_bytes.saturating_mul(4);
        if bytes.len() > most {
            self.defects.insert(Defect::TextCut);
        }
        let bytes = &bytes[..bytes.len().min(most)];
        let (text, clean) = decode::text(part.attribute("charset"), bytes);
        if !clean {
            self.defects.insert(Defect::Charset);
        }
        let text = text.replace("\r\n", "\n");
        let says = |name, value: &str| {
            part.attribute(name)
                .is_some_and(|given| given.eq_ignore_ascii_case(value))
        };
        if part.is("text/html") {
            self.words.push(Words {
                html: Some(text),
                plain: None,
            });
            return;
        }
        let text = match says("format", "flowed") {
            true => flowed::unfold(&text, says("delsp", "yes")),
            false => text,
        };
        self.words.push(Words {
            plain: Some(text),
            html: None,
        });
    }

    fn file(&mut self, part: &Part<'_>, name: Option<String>) {
        let kind = part.media_type.as_str();
        let tnef = ["application/ms-tnef", "application/vnd.ms-tnef"].contains(&kind);
        if tnef {
            self.defects.insert(Defect::Tnef);
        }
        if ["application/pkcs7-mime", "application/x-pkcs7-mime"].contains(&kind) {
            self.defects.insert(Defect::Encrypted);
        }
        let bytes = self.decoded(part);
        if bytes.is_empty() && name.is_none() {
            return;
        }
        let number = self.files.len() + 1;
        let id = part.headers.get("content-id");
        self.files.push(Attachment {
            name: name.unwrap_or_else(|| match tnef {
                true => "winmail.dat".to_owned(),
                false => file::given(kind, number),
            }),
            declared_type: kind.to_owned(),
            sniffed_type: file::sniff(&bytes),
            content_id: id.map(|id| id.trim_matches(['<', '>', ' ']).to_owned()),
            inline: false,
            sha256: hex(digest(&SHA256, &bytes).as_ref()),
            bytes,
        });
    }

    fn decoded(&mut self, part: &Part<'_>) -> Vec<u8> {
        let encoding = part
            .headers
            .get("content-transfer-encoding")
            .unwrap_or_default();
        let (bytes, clean) = decode::transfer(encoding, part.body);
        if !clean {
            self.defects.insert(Defect::Encoding);
        }
        bytes.into_owned()
    }
}
