//! The bytes of a mail that goes out.

mod fields;

use super::address::{canonical, clean};
use super::message_id::hex;
use super::{Mailbox, html};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use fields::{addresses, ids, safe};
pub use fields::{references, reply_subject};
use mail_builder::MessageBuilder;
use mail_builder::headers::HeaderType;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use mail_builder::mime::{BodyPart, MimePart};

/// The field by which our own mails are recognised when they come back.
pub const LOOP_HEADER: &str = "X-Interdesk-Loop";

/// The most bytes that agents' HTML may have.
const MAX_HTML: usize = 1024 * 1024;

/// A mail to be written.
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    /// The inbox's address, with the name that the customer sees ("Agent at Company").
    pub from: Mailbox,
    /// Whom it is for.
    pub to: Vec<Mailbox>,
    /// Who else gets it.
    pub cc: Vec<Mailbox>,
    /// Where answers go: the inbox's address with a token.
    pub reply_to: Option<Mailbox>,
    /// What it is about, as it should stand there; see [`reply_subject`].
    pub subject: &'a str,
    /// When it was written: the same over all tries.
    pub date: DateTime<Utc>,
    /// Its Message-ID without brackets: the same over all tries.
    pub message_id: &'a str,
    /// The Message-ID of the mail that it answers.
    pub in_reply_to: Option<&'a str>,
    /// The ids before it, oldest first; see [`references`].
    pub references: &'a [String],
    /// The words.
    pub text: &'a str,
    /// The same words as HTML; it is made safe before it goes out.
    pub html: Option<&'a str>,
    /// The files.
    pub files: &'a [File],
    /// Who writes.
    pub author: Author,
    /// What [`LOOP_HEADER`] says: the inbox.
    pub loop_mark: &'a str,
    /// The envelope sender, with a token, by which bounces find back.
    pub bounces_to: &'a str,
}

/// Who writes a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// A person.
    Agent,
    /// A program that answers a mail.
    AutoReply,
    /// A program on its own account.
    Program,
}

/// A file to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Its type (RFC 6838).
    pub media_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The id by which the HTML shows it in place.
    pub content_id: Option<String>,
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "File({}, {}, {} bytes)",
            self.name,
            self.media_type,
            self.bytes.len()
        )
    }
}

/// A mail that is ready to go: envelope and bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Composed {
    /// The envelope sender; empty for automatic mail, so that nothing answers it.
    pub sender: String,
    /// The envelope recipients.
    pub recipients: Vec<String>,
    /// Whether the server has to offer SMTPUTF8 (RFC 6531).
    pub international: bool,
    /// The message.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Composed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Composed({} recipients, {} bytes)",
            self.recipients.len(),
            self.bytes.len()
        )
    }
}

/// Why a mail cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is for nobody.
    #[error("a mail needs at least one recipient in to or cc")]
    NoRecipient,
    /// Its Message-ID is none.
    #[error("message_id has not the form left@right")]
    MessageId,
    /// The envelope sender is no address.
    #[error("bounces_to is no mail address")]
    Bounces,
}

/// Writes a mail. The same draft gives the same bytes, so that a repeated try is a repetition.
pub fn compose(draft: &Draft<'_>) -> Result<Composed, Error> {
    let mut recipients: Vec<String> = Vec::new();
    for mailbox in draft.to.iter().chain(&draft.cc) {
        if !recipients.iter().any(|known| mailbox.is(known)) {
            recipients.push(fields::transportable(&mailbox.address));
        }
    }
    if recipients.is_empty() {
        return Err(Error::NoRecipient);
    }
    let id = super::message_id::parse(draft.message_id).ok_or(Error::MessageId)?;
    let sender = match draft.author {
        Author::Agent => canonical(draft.bounces_to).ok_or(Error::Bounces)?,
        Author::AutoReply | Author::Program => String::new(),
    };
    let message = head(draft, &id).body(body(draft, &id));
    let mut bytes = Vec::new();
    message.serialize(&mut bytes);
    let plain = recipients.iter().all(|recipient| recipient.is_ascii());
    Ok(Composed {
        international: !plain || !fields::transportable(&draft.from.address).is_ascii(),
        sender,
        recipients,
        bytes,
    })
}

fn head<'a>(draft: &Draft<'_>, id: &str) -> MessageBuilder<'a> {
    let raw = |value: String| HeaderType::from(Raw::new(value));
    let mut head = MessageBuilder::new()
        .header("From", addresses(std::slice::from_ref(&draft.from)))
        .header("Subject", Text::new(clean(draft.subject)))
        .header("Date", Date::new(draft.date.timestamp()))
        .header("Message-ID", ids(&[id.to_owned()]))
        .header("MIME-Version", raw("1.0".to_owned()));
    for (name, mailboxes) in [("To", &draft.to), ("Cc", &draft.cc)] {
        if !mailboxes.is_empty() {
            head = head.header(name, addresses(mailboxes));
        }
    }
    if let Some(reply_to) = &draft.reply_to {
        head = head.header("Reply-To", addresses(std::slice::from_ref(reply_to)));
    }
    if let Some(answered) = draft.in_reply_to.and_then(super::message_id::parse) {
        head = head.header("In-Reply-To", ids(&[answered]));
    }
    if !draft.references.is_empty() {
        head = head.header("References", ids(draft.references));
    }
    if !draft.loop_mark.is_empty() {
        head = head.header(LOOP_HEADER, raw(safe(draft.loop_mark)));
    }
    let automatic = match draft.author {
        Author::Agent => return head,
        Author::AutoReply => "auto-replied",
        Author::Program => "auto-generated",
    };
    head.header("Auto-Submitted", raw(automatic.to_owned()))
        .header("X-Auto-Response-Suppress", raw("All".to_owned()))
}

/// Returns the parts: words, as HTML too; images of the HTML beside it; files behind.
fn body<'a>(draft: &Draft<'_>, id: &str) -> MimePart<'a> {
    let text = MimePart::new("text/plain", BodyPart::from(lines(draft.text)));
    let mut root = match draft.html {
        None => text,
        Some(given) => {
            let html = html::clean(given, MAX_HTML).html;
            let html = MimePart::new("text/html", BodyPart::from(lines(&html)));
            multipart("alternative", id, vec![text, html])
        }
    };
    let shown = |file: &&File| draft.html.is_some() && file.content_id.is_some();
    let (shown, files): (Vec<&File>, Vec<&File>) = draft.files.iter().partition(shown);
    if !shown.is_empty() {
        let mut parts = vec![root];
        parts.extend(shown.into_iter().map(part));
        root = multipart("related", id, parts);
    }
    if !files.is_empty() {
        let mut parts = vec![root];
        parts.extend(files.into_iter().map(part));
        root = multipart("mixed", id, parts);
    }
    root
}

fn multipart<'a>(kind: &str, id: &str, parts: Vec<MimePart<'a>>) -> MimePart<'a> {
    // Of the id and not of chance, so that every try has the same bytes.
    let hash = hex(digest(&SHA256, format!("{kind} {id}").as_bytes()).as_ref());
    let content_type = ContentType::new(format!("multipart/{kind}"))
        .attribute("boundary", format!("=_{}", &hash[..40]));
    MimePart::new(content_type, parts)
}

fn part<'a>(file: &File) -> MimePart<'a> {
    let name = super::mime::file::clean(&file.name, 255);
    let name = match name.is_empty() {
        true => "file".to_owned(),
        false => name,
    };
    // As base64 whatever they are: text files too have to arrive byte for byte.
    let content_type = ContentType::new(fields::media_type(&file.media_type));
    let part = MimePart::new(content_type, BodyPart::from(wrapped(&file.bytes)))
        .transfer_encoding("base64");
    match &file.content_id {
        Some(id) => part.inline().cid(safe(id)),
        None => part.attachment(name),
    }
}

fn wrapped(bytes: &[u8]) -> Vec<u8> {
    let letters = STANDARD.encode(bytes);
    let mut out = Vec::with_capacity(letters.len() + letters.len() / 36);
    for line in letters.as_bytes().chunks(76) {
        out.extend(line);
        out.extend(b"\r\n");
    }
    out
}

fn lines(text: &str) -> String {
    let text = text
        .replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace('\0', "\u{FFFD}");
    text.replace('\n', "\r\n")
}
