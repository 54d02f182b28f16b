//! What a mail says, as plain data.

use super::Mailbox;
use super::classify::Class;
use super::quote::Folded;
use chrono::{DateTime, Utc};

/// Who handed the mail over and for whom, as the server saw it (RFC 5321), not as the mail claims.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// The envelope sender; `Some("")` is the null sender `<>`, `None` where nobody told.
    pub sender: Option<String>,
    /// The envelope recipients that are ours.
    pub recipients: Vec<String>,
}

/// A mail that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Mail {
    /// The Message-ID without brackets, or one made from the mail where it has none.
    pub message_id: String,
    /// Whether the id was made here.
    pub message_id_made: bool,
    /// The ids of `In-Reply-To`, in their order.
    pub in_reply_to: Vec<String>,
    /// The ids of `References`, oldest first.
    pub references: Vec<String>,
    /// Who wrote: the first mailbox of `From`, or `Sender` where `From` has none or several.
    pub from: Option<Mailbox>,
    /// Where an answer should go; never a proof of who wrote.
    pub reply_to: Option<Mailbox>,
    /// Whom it was addressed to.
    pub to: Vec<Mailbox>,
    /// Who else was addressed.
    pub cc: Vec<Mailbox>,
    /// What its author says it is about.
    pub subject: Option<String>,
    /// When its author says it was written.
    pub date: Option<DateTime<Utc>>,
    /// The whole text, from plain text or made from the HTML.
    pub text: String,
    /// The text in parts: what was written now, what was quoted, the signature.
    pub folded: Folded,
    /// The whole HTML made safe, quotes folded into `details`; `None` for plain mails.
    pub html: Option<String>,
    /// The files, inline images among them.
    pub attachments: Vec<Attachment>,
    /// Whether a person wrote it, and how that is known.
    pub class: Class,
    /// How it travelled.
    pub trace: Trace,
    /// What could not be read as it should be.
    pub defects: Vec<Defect>,
}

impl Mail {
    /// Returns where an answer goes: `Reply-To` where it is usable, else who wrote.
    pub fn answer_to(&self) -> Option<&Mailbox> {
        self.reply_to.as_ref().or(self.from.as_ref())
    }

    /// Returns everybody outside who takes part, the author first, without `own` addresses.
    pub fn participants(&self, own: &[String]) -> Vec<&Mailbox> {
        let mut seen: Vec<&Mailbox> = Vec::new();
        let everybody = self.from.iter().chain(&self.to).chain(&self.cc);
        for mailbox in everybody {
            let ours = own.iter().any(|own| mailbox.is(own));
            if !ours && !seen.iter().any(|known| known.is(&mailbox.address)) {
                seen.push(mailbox);
            }
        }
        seen
    }
}

/// A file of a mail, with its bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// A name without path and control characters; never empty.
    pub name: String,
    /// The type that the mail declares, never to be trusted.
    pub declared_type: String,
    /// The type that the first bytes show, where they show one.
    pub sniffed_type: Option<&'static str>,
    /// The `Content-ID` without brackets.
    pub content_id: Option<String>,
    /// Whether the HTML shows it in place.
    pub inline: bool,
    /// The SHA-256 of the bytes in lower-case hex.
    pub sha256: String,
    /// The bytes, decoded.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Attachment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attachment")
            .field("name", &self.name)
            .field("declared_type", &self.declared_type)
            .field("sniffed_type", &self.sniffed_type)
            .field("content_id", &self.content_id)
            .field("inline", &self.inline)
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// How a mail travelled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// The envelope as the server told it.
    pub envelope: Envelope,
    /// The recipients that servers on the way wrote into the mail: `Delivered-To`,
    /// `X-Original-To`, `X-Forwarded-To`, `Envelope-To`.
    pub delivered_to: Vec<String>,
    /// The envelope sender, or what `Return-Path` says it was; `Some("")` is the null sender.
    pub return_path: Option<String>,
    /// The `Received` fields.
    pub received: usize,
    /// The `Authentication-Results` fields, top first, untrusted as they are.
    pub authentication_results: Vec<String>,
}

/// What could not be read as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Defect {
    /// The mail is longer than we read.
    MessageCut,
    /// A header section is longer than we read.
    HeaderCut,
    /// A line of a header section is no field.
    HeaderMalformed,
    /// `From` names nobody.
    NoAuthor,
    /// The Message-ID is missing or no id.
    NoMessageId,
    /// A multipart has no part where its boundary says.
    BoundaryMissing,
    /// The last boundary is missing.
    Unterminated,
    /// Parts lie deeper than we look.
    TooDeep,
    /// There are more parts than we look at.
    TooManyParts,
    /// There are more addresses or ids than we look at.
    TooManyEntries,
    /// Bytes are no text of the declared charset.
    Charset,
    /// Bytes are not of the declared encoding.
    Encoding,
    /// The text is longer than we show; the files are whole.
    TextCut,
    /// The content is encrypted; it is kept as a file.
    Encrypted,
    /// Files are in Outlook's own wrapping; it is kept as a file.
    Tnef,
}
