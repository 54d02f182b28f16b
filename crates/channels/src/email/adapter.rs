//! The contract of a channel, as far as it needs no connection: what can be written, what came in,
//! and what an answer is before a server takes it.

use super::compose::{self, Author, Composed, Draft, File, references, reply_subject};
use super::evidence::Evidence;
use super::html::escape;
use super::thread;
use super::token::Tokens;
use super::update::{DISOWNED, NETWORK, PROVEN, ThreadState, disown, updates};
use super::{Envelope, Limits, Mailbox, read};
use crate::{
    Capabilities, Inbound, Incoming, Length, LongText, MediaLimit, Outgoing, Proof, Start,
};
use chrono::{DateTime, Utc};
use interdesk_domain::id::{AttemptId, ConversationId, MessageId};
use interdesk_domain::message::{Content, Media, MediaKind, MediaSource, Update, UpdateKind};
use serde_json::json;

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
    delivery_receipts: true,
    read_receipts: true,
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
    /// Whether mails bear the name of the agent who writes.
    pub shows_agents: bool,
    /// Servers whose checks of the sender are believed.
    pub trusted: &'a [String],
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
    /// Nothing signs what is made.
    #[error("the mailbox has no secret that signs its ids")]
    Secret,
    /// The mail could not be written.
    #[error(transparent)]
    Compose(#[from] compose::Error),
}

/// A mail that is ready to go, and what is to be remembered of it.
#[derive(Debug, Clone)]
pub struct Written {
    /// Envelope and bytes.
    pub mail: Composed,
    /// Its Message-ID, the same at every try.
    pub message_id: String,
    /// What an answer to its reply address names it by.
    pub reply_id: String,
    /// What the next answer has to know.
    pub state: ThreadState,
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
    let evidence = Evidence::of(&mail, room.trusted);
    let mut updates = updates(&mail, room.own, Some(room.tokens));
    if evidence.disowned() {
        updates.retain(|update| !matches!(update.kind, UpdateKind::AddressAnswered { .. }));
    }
    for update in &mut updates {
        if evidence.disowned()
            && let UpdateKind::Notice(notice) = &update.kind
        {
            // Nor do they add to a timeline of theirs by saying that they are a program.
            update.kind = UpdateKind::Other {
                kind: notice.kind.clone(),
                raw: notice.raw.clone(),
            };
        }
        let UpdateKind::Message(message) = &mut update.kind else {
            continue;
        };
        if evidence.disowned() {
            // Who claims another's address gets neither their name in the desk nor their thread.
            disown(message);
        }
        let known = json!({
            "authentication": evidence,
            "return_path": mail.trace.return_path,
            "received": mail.trace.received,
            "defects": mail.defects.iter().map(|it| format!("{it:?}")).collect::<Vec<_>>(),
        });
        message.raw = Some(known.to_string());
    }
    updates
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
) -> Result<Written, Error> {
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
    let only_to = match (to.as_slice(), cc.is_empty()) {
        ([to], true) => Some(to.address.as_str()),
        _ => None,
    };
    let id = tokens.message_id(message, conversation, only_to, room.address.domain());
    let id = id.ok_or(Error::Secret)?;
    // A long address has no room for a token: then the ids alone lead back.
    let reply_to = tokens.reply_address(address, conversation);
    let reply_to = reply_to.unwrap_or_else(|| address.clone());
    let bounces = tokens.bounce_address(room.bounces, attempt);
    let bounces = bounces.unwrap_or_else(|| room.bounces.to_owned());
    let last = Some(state.message_id.as_str()).filter(|id| !id.is_empty());
    // A mail that is quoted is a mail of the thread; what came by another app has no Message-ID.
    let quoted = outgoing.reply_to.as_deref().filter(|id| id.contains('@'));
    let answered = quoted.or(last);
    let mut earlier = state.references.clone();
    earlier.extend(last.map(str::to_owned));
    let references = answered.map(|answered| references(&earlier, answered));
    let subject = match (words.subject, state.subject.as_str()) {
        (Some(subject), _) => subject.to_owned(),
        (None, "") if answered.is_none() => String::new(),
        (None, subject) => reply_subject(subject),
    };
    let mail = compose::compose(&Draft {
        from: from(room, outgoing),
        to,
        cc,
        reply_to: Mailbox::new(room.address.name.as_deref(), &reply_to),
        subject: &subject,
        date: written_at,
        message_id: &id,
        in_reply_to: answered,
        references: references.as_deref().unwrap_or_default(),
        text: &words.text,
        html: words.html.as_deref(),
        files,
        author: Author::Agent,
        loop_mark: room.loop_mark,
        bounces_to: &bounces,
    })?;
    Ok(Written {
        mail,
        reply_id: thread::of_conversation(conversation),
        state: ThreadState {
            subject,
            references: references.unwrap_or_default(),
            message_id: id.clone(),
            ..state
        },
        message_id: id,
    })
}

/// Returns whom the customer sees: the inbox, behind the agent's name where that is shown.
fn from(room: &Mailroom<'_>, outgoing: &Outgoing) -> Mailbox {
    let own = &room.address;
    let writer = outgoing.writer.as_ref().filter(|_| room.shows_agents);
    let Some(writer) = writer else {
        return own.clone();
    };
    let name = match &own.name {
        Some(own) => format!("{} ({own})", writer.name),
        None => writer.name.clone(),
    };
    Mailbox::new(Some(&name), &own.address).unwrap_or_else(|| own.clone())
}

/// The words of a message, as far as a mail can carry them.
struct Words<'a> {
    subject: Option<&'a str>,
    text: String,
    html: Option<String>,
}

impl<'a> Words<'a> {
    fn of(content: &'a Content) -> Result<Self, Error> {
        let (subject, text, html) = match content {
            Content::Text { text } => (None, text.as_str(), None),
            Content::Media { caption, .. } => (None, caption.as_deref().unwrap_or_default(), None),
            Content::Composite(composite) => (
                composite.subject.as_deref(),
                composite.text().unwrap_or_default(),
                composite.html(),
            ),
            other => return Err(Error::Content(other.kind())),
        };
        let (mut text, mut html) = (text.to_owned(), html.map(str::to_owned));
        for (name, link) in content.files().into_iter().filter_map(link) {
            if !text.is_empty() {
                text.push_str("\n\n");
            }
            text.push_str(&format!("{name}: {link}"));
            if let Some(html) = &mut html {
                html.push_str("<p><a href=\"");
                escape(link, html);
                html.push_str("\">");
                escape(name, html);
                html.push_str("</a></p>");
            }
        }
        Ok(Self {
            subject,
            text,
            html,
        })
    }
}

/// Returns name and link of a file that goes as one.
fn link(media: &Media) -> Option<(&str, &str)> {
    let MediaSource::Url(link) = &media.source else {
        return None;
    };
    let name = media.file_name.as_deref().unwrap_or(media.kind.as_str());
    Some((name, link))
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
    let mut known = outgoing.to.iter().filter(|address| {
        address.network == NETWORK && [PROVEN, DISOWNED].contains(&address.namespace.as_str())
    });
    let known = known.next().map(|address| address.value.as_str());
    // Without an address of theirs nobody is written to, whatever a mail said once.
    let to = known.map(|known| state.answer_to.as_deref().unwrap_or(known));
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
