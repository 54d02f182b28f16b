//! Several parts as one message: a mail with two renditions of its words and its files.

use super::Media;
use serde::{Deserialize, Serialize};

/// How deep parts may hold parts.
pub const MAX_DEPTH: usize = 4;

/// How many parts one message may have, on all levels.
pub const MAX_PARTS: usize = 1024;

/// Several parts as one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Composite {
    /// What it is about, on channels whose messages have a subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The parts, in the order to show.
    pub parts: Vec<Part>,
}

/// One part of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What it is for.
    #[serde(default, skip_serializing_if = "Disposition::is_unspecified")]
    pub disposition: Disposition,
    /// The languages of it (BCP 47, divided by commas).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The id by which other parts refer to it, as `cid:` in HTML does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What it holds.
    #[serde(flatten)]
    pub body: PartBody,
}

/// What a part holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "part", rename_all = "snake_case")]
pub enum PartBody {
    /// Words without formatting.
    Text {
        /// The words.
        text: String,
    },
    /// Words as HTML, exactly as they came: never to be put into a page before they were made safe.
    Html {
        /// The document.
        html: String,
    },
    /// A file.
    File {
        /// The file.
        media: Media,
    },
    /// Parts within a part.
    Several {
        /// Which of them are meant.
        take: Take,
        /// The parts; of alternatives the plainest first.
        parts: Vec<Part>,
    },
}

/// Which of several parts are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Take {
    /// The best one that can be shown: they say the same.
    One,
    /// All or none: they make sense together alone.
    All,
    /// As many as can be shown.
    AsManyAsPossible,
}

/// What a part is for; unknown purposes are shown, never dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", from = "String")]
pub enum Disposition {
    /// Not said.
    #[default]
    Unspecified,
    /// To be shown as the message.
    Render,
    /// A reaction.
    Reaction,
    /// A profile.
    Profile,
    /// To be shown where another part refers to it.
    Inline,
    /// An icon.
    Icon,
    /// To be offered beside the message.
    Attachment,
    /// An invitation to a call or conference.
    Session,
    /// A preview of something linked.
    Preview,
}

impl Disposition {
    fn is_unspecified(&self) -> bool {
        *self == Self::Unspecified
    }
}

impl From<String> for Disposition {
    fn from(name: String) -> Self {
        match name.as_str() {
            "unspecified" => Self::Unspecified,
            "reaction" => Self::Reaction,
            "profile" => Self::Profile,
            "inline" => Self::Inline,
            "icon" => Self::Icon,
            "attachment" => Self::Attachment,
            "session" => Self::Session,
            "preview" => Self::Preview,
            _ => Self::Render,
        }
    }
}

impl Part {
    /// Makes a part of which only the body is told.
    pub fn new(body: PartBody) -> Self {
        Self {
            disposition: Disposition::Unspecified,
            language: None,
            id: None,
            body,
        }
    }
}

impl Composite {
    /// Makes what a mail mostly is: words, perhaps also as HTML, and files beside them.
    pub fn of(
        subject: Option<String>,
        text: Option<String>,
        html: Option<String>,
        files: Vec<Media>,
    ) -> Self {
        let text = text.map(|text| Part::new(PartBody::Text { text }));
        let html = html.map(|html| Part::new(PartBody::Html { html }));
        let mut parts: Vec<Part> = text.into_iter().chain(html).collect();
        if parts.len() > 1 {
            let take = Take::One;
            parts = vec![Part::new(PartBody::Several { take, parts })];
        }
        parts.extend(files.into_iter().map(|media| Part {
            disposition: Disposition::Attachment,
            ..Part::new(PartBody::File { media })
        }));
        Self { subject, parts }
    }

    /// Returns all parts that hold no parts, in the order to show.
    pub fn leaves(&self) -> Vec<&Part> {
        let mut leaves = Vec::new();
        collect(&self.parts, 1, &mut leaves);
        leaves
    }

    /// Returns the words without formatting, where a part holds them.
    pub fn text(&self) -> Option<&str> {
        self.leaves().into_iter().find_map(|part| match &part.body {
            PartBody::Text { text } => Some(text.as_str()),
            _ => None,
        })
    }

    /// Returns the words as HTML, where a part holds them.
    pub fn html(&self) -> Option<&str> {
        self.leaves().into_iter().find_map(|part| match &part.body {
            PartBody::Html { html } => Some(html.as_str()),
            _ => None,
        })
    }

    /// Returns the files.
    pub fn files(&self) -> Vec<&Media> {
        let leaves = self.leaves().into_iter();
        let files = leaves.filter_map(|part| match &part.body {
            PartBody::File { media } => Some(media),
            _ => None,
        });
        files.collect()
    }

    /// Returns the files, to put other sources in.
    pub fn files_mut(&mut self) -> Vec<&mut Media> {
        let mut files = Vec::new();
        collect_files(&mut self.parts, 1, &mut files);
        files
    }

    /// Returns whether it has a part, no more than [`MAX_PARTS`] and none deeper than [`MAX_DEPTH`].
    pub fn is_sound(&self) -> bool {
        !self.parts.is_empty() && count(&self.parts, 1).is_some_and(|count| count <= MAX_PARTS)
    }
}

fn collect<'a>(parts: &'a [Part], depth: usize, leaves: &mut Vec<&'a Part>) {
    for part in parts {
        match &part.body {
            PartBody::Several { parts, .. } if depth < MAX_DEPTH => {
                collect(parts, depth + 1, leaves);
            }
            PartBody::Several { .. } => {}
            _ => leaves.push(part),
        }
    }
}

fn collect_files<'a>(parts: &'a mut [Part], depth: usize, files: &mut Vec<&'a mut Media>) {
    for part in parts {
        match &mut part.body {
            PartBody::Several { parts, .. } if depth < MAX_DEPTH => {
                collect_files(parts, depth + 1, files);
            }
            PartBody::File { media } => files.push(media),
            _ => {}
        }
    }
}

/// Counts the parts of all levels; `None` where there are too many levels.
fn count(parts: &[Part], depth: usize) -> Option<usize> {
    if depth > MAX_DEPTH {
        return None;
    }
    let mut sum = parts.len();
    for part in parts {
        if let PartBody::Several { parts, .. } = &part.body {
            sum += count(parts, depth + 1)?;
        }
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::super::{Content, MediaKind, MediaSource};
    use super::*;

    fn file(name: &str) -> Media {
        Media {
            kind: MediaKind::Document,
            source: MediaSource::Url(format!("https://example.org/{name}")),
            mime_type: None,
            file_name: Some(name.to_owned()),
            size: None,
            sha256: None,
        }
    }

    #[test]
    fn a_mail_with_two_renditions_and_two_files_reads_back() {
        let mail = Composite::of(
            Some("Order 12".to_owned()),
            Some("Hello".to_owned()),
            Some("<p>Hello</p>".to_owned()),
            vec![file("a.pdf"), file("b.pdf")],
        );
        let json = serde_json::to_value(Content::Composite(mail.clone())).expect("JSON");
        assert_eq!(json["type"], "composite");
        assert_eq!(json["parts"][0]["take"], "one");
        assert_eq!(json["parts"][1]["disposition"], "attachment");
        let read: Content = serde_json::from_value(json).expect("content");
        assert_eq!(read, Content::Composite(mail.clone()));
        assert_eq!(
            (mail.text(), mail.html()),
            (Some("Hello"), Some("<p>Hello</p>"))
        );
        assert_eq!(mail.files().len(), 2);
        assert!(mail.is_sound());
    }

    #[test]
    fn an_unknown_purpose_is_shown() {
        let json = r#"{"part":"text","text":"Hello","disposition":"hologram"}"#;
        let part: Part = serde_json::from_str(json).expect("a part");
        assert_eq!(part.disposition, Disposition::Render);
    }

    #[test]
    fn too_deep_too_many_and_none_are_not_sound() {
        let nest = |parts| {
            let take = Take::All;
            vec![Part::new(PartBody::Several { take, parts })]
        };
        let leaf = || {
            Part::new(PartBody::Text {
                text: "x".to_owned(),
            })
        };
        let composite = |parts| Composite {
            subject: None,
            parts,
        };
        let mut parts = vec![leaf()];
        for depth in 1..=5 {
            assert_eq!(composite(parts.clone()).is_sound(), depth <= MAX_DEPTH);
            parts = nest(parts);
        }
        assert!(composite(parts).leaves().is_empty());
        assert!(!composite(Vec::new()).is_sound());
        assert!(composite(vec![leaf(); MAX_PARTS]).is_sound());
        assert!(!composite(vec![leaf(); MAX_PARTS + 1]).is_sound());
    }
}
