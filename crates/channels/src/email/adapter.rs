//! The contract of a channel, as far as it needs no connection: what can be written, what came in,
//! and what an answer is before a server takes it.
//!
//! It is not a [`Channel`](crate::Channel) yet: handing a mail to a server is missing.

use super::compose::{self, Author, Composed, Draft, File, references, reply_subject};
use super::token::Tokens;
use super::update::{ThreadState, updates};
use super::{Envelope, Limits, Mailbox, read};
use crate::{
    Capabilities, Inbound, Incoming, Length, LongText, MediaLimit, Outgoing, Proof, Start,
};
use chrono::{DateTime, Utc};
use interdesk_domain::id::{AttemptId, ConversationId, MessageId};
use interdesk_domain::message::{Content, MediaKind, Update};

/// What can be written as a mail.
pub const CAPABILITIES: Capabilities = Capabilities {
    content: &["text", "media", "composite"],
    media: &[
        of(MediaKind::Image),
        of(MediaKind::Video),
        of(MediaKind::Audio),
        of(MediaKind::Document),
    ],
    max_text: Length::bytes(1024 * 1024),
    max_caption: Length::bytes(1024 * 1024),
    long_text: LongText::Refuse,
    start: Start::Anybody,
    replies: true,
    inbound: Inbound {
        proof: Proof::Transport,
        content: &["composite"],
        media: &[
            MediaKind::Image,
            MediaKind::Video,
            MediaKind::Audio,
            MediaKind::Document,
        ],
        replies: true,
        consent: true,
        ..Inbound::NONE
    },
    ..Capabilities::NONE
};

/// Many servers refuse more: larger files go as links.
const fn of(kind: MediaKind) -> MediaLimit {
    MediaLimit::of(kind, &[], 15 * 1024 * 1024)
}

/// One mailbox of a tenant.
#[derive(Debug)]
pub struct Mailroom<'a> {
    /// The address that customers write to, with the name they see.
    pub address: Mailbox,
    /// Every address of the tenant, its aliases too: mail from them is not a customer's.
    pub own: &'a [String],
    /// The address that bounces go to, before its token.
    pub bounces: &'a str,
    /// What marks our own mails.
    pub loop_mark: &'a str,
    /// Makes and checks tokens.
    pub tokens: &'a Tokens,
    /// How much is looked at.
    pub limits: &'a Limits,
}

/// Why a message cannot become a mail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An id of ours does not read.
    #[error("{0} is no id of ours")]
    Id(&'static str),
    /// There is nobody to write to.
    #[error("nobody is left to write to")]
    Nobody,
    /// Mails cannot carry it.
    #[error("a mail cannot carry a message of kind {0}")]
    Content(&'static str),
    /// The address has no room for a token, or no secret is set.
    #[error("the mailbox {0} has no room for a reply token, or no secret is set")]
    Token(&'static str),
    /// The mail could not be written.
    #[error(transparent)]
    Compose(#[from] compose::Error),
}

/// Translates a mail that came in. It never fails: what cannot be read is kept by the caller.
pub fn parse(incoming: &Incoming<'_>, room: &Mailroom<'_>) -> Vec<Update> {
    let envelope = match incoming.envelope {
        crate::Envelope::Mail(mail) => Envelope {
            sender: mail.from.map(str::to_owned),
            recipients: mail.to.to_vec(),
        },
        _ => Envelope::default(),
    };
    let mail = read(
        incoming.body,
        envelope,
        room.own,
        room.loop_mark,
        room.limits,
    );
    updates(&mail, room.own, Some(room.tokens))
}

/// Writes an agent's message as a mail. `written_at` is the moment of the message and not of the
/// try, so that a repeated try has the same bytes but for the envelope sender.
pub fn write(
    room: &Mailroom<'_>,
    outgoing: &Outgoing,
    content: &Content,
    files: &[File],
    state: Option<&str>,
    written_at: DateTime<Utc>,
) -> Result<Composed, Error> {
    let message: MessageId = outgoing.message.parse().map_err(|_| Error::Id("message"))?;
    let attempt: AttemptId = outgoing.attempt.parse().map_err(|_| Error::Id("attempt"))?;
    let conversation: ConversationId = outgoing
        .conversation
        .parse()
        .map_err(|_| Error::Id("conversation"))?;
    let state: ThreadState = state
        .and_then(|state| serde_json::from_str(state).ok())
        .unwrap_or_default();
    let words = Words::of(content)?;
    let (to, cc) = recipients(room, outgoing, &state)?;
    let tokens = room.tokens;
    let address = &room.address.address;
    let reply_to = tokens
        .reply_address(address, conversation)
        .ok_or(Error::Token("address"))?;
    let bounces = tokens
        .bounce_address(room.bounces, attempt)
        .ok_or(Error::Token("bounces"))?;
    let id = tokens.message_id(message, conversation, room.address.domain());
    let id = id.ok_or(Error::Token("address"))?;
    let answered = Some(state.message_id.as_str()).filter(|id| !id.is_empty());
    let references = answered.map(|answered| references(&state.references, answered));
    let subject = match (words.subject, state.subject.as_str()) {
        (Some(subject), _) => subject.to_owned(),
        (None, "") if answered.is_none() => String::new(),
        (None, subject) => reply_subject(subject),
    };
    Ok(compose::compose(&Draft {
        from: room.address.clone(),
        to,
        cc,
        reply_to: Mailbox::new(room.address.name.as_deref(), &reply_to),
        subject: &subject,
        date: written_at,
        message_id: &id,
        in_reply_to: answered,
        references: &references.unwrap_or_default(),
        text: words.text,
        html: words.html,
        files,
        author: Author::Agent,
        loop_mark: room.loop_mark,
        bounces_to: &bounces,
    })?)
}

/// The words of a message, as far as a mail can carry them.
struct Words<'a> {
    subject: Option<&'a str>,
    text: &'a str,
    html: Option<&'a str>,
}

impl<'a> Words<'a> {
    fn of(content: &'a Content) -> Result<Self, Error> {
        match content {
            Content::Text { text } => Ok(Self {
                subject: None,
                text,
                html: None,
            }),
            Content::Media { caption, .. } => Ok(Self {
                subject: None,
                text: caption.as_deref().unwrap_or_default(),
                html: None,
            }),
            Content::Composite(composite) => Ok(Self {
                subject: composite.subject.as_deref(),
                text: composite.text().unwrap_or_default(),
                html: composite.html(),
            }),
            other => Err(Error::Content(other.kind())),
        }
    }
}

/// Returns whom an answer is for: who wanted it, and who else takes part, without ourselves.
fn recipients(
    room: &Mailroom<'_>,
    outgoing: &Outgoing,
    state: &ThreadState,
) -> Result<(Vec<Mailbox>, Vec<Mailbox>), Error> {
    let ours = |mailbox: &Mailbox| {
        room.address.is(&mailbox.address) || room.own.iter().any(|own| mailbox.is(own))
    };
    let known = outgoing.to.first().map(|address| address.value.as_str());
    let to = state.answer_to.as_deref().or(known);
    let to = to.and_then(|address| Mailbox::new(None, address));
    let to = to.filter(|to| !ours(to)).ok_or(Error::Nobody)?;
    let cc = state
        .cc
        .iter()
        .filter_map(|address| Mailbox::new(None, address));
    let cc = cc
        .filter(|other| !ours(other) && !other.is(&to.address))
        .collect();
    Ok((vec![to], cc))
}
