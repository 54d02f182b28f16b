//! Where a mail belongs: what to look up, in which order. The first that is found wins.

use super::Mail;
use super::token::Tokens;
use interdesk_domain::id::{ConversationId, MessageId};

/// How many look-ups a mail may cause.
const MAX_CANDIDATES: usize = 100;

/// Something to look up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Candidate {
    /// The mail was sent to an address that was made for this conversation; the token is checked.
    Token(ConversationId),
    /// The mail answers a mail with this Message-ID, sent or received by this inbox.
    Answers(String),
    /// The mail answers a Message-ID that we made; the token in it is checked.
    Made {
        /// Our message.
        message: MessageId,
        /// Its conversation.
        conversation: ConversationId,
    },
    /// The subject names this number; counts only where the sender already takes part.
    Number(u64),
}

impl Candidate {
    /// Returns whether it is no proof: it counts only where the sender already takes part.
    pub fn needs_participant(&self) -> bool {
        matches!(self, Self::Number(_))
    }
}

/// Returns what to look up for a mail, in order. A mail for which nothing is found begins a new
/// conversation; the subject's words alone never thread.
pub fn candidates(mail: &Mail, tokens: &Tokens) -> Vec<Candidate> {
    let mut found = Vec::new();
    let mut add = |candidate: Candidate| {
        if found.len() < MAX_CANDIDATES && !found.contains(&candidate) {
            found.push(candidate);
        }
    };
    for recipient in recipients(mail) {
        if let Some(conversation) = tokens.conversation_of(recipient) {
            add(Candidate::Token(conversation));
        }
    }
    let answered: Vec<&String> = answered(mail).take(MAX_CANDIDATES).collect();
    for id in &answered {
        add(Candidate::Answers((*id).clone()));
    }
    for id in answered {
        if let Some((message, conversation)) = tokens.ids_of(id) {
            add(Candidate::Made {
                message,
                conversation,
            });
        }
    }
    if let Some(number) = mail.subject.as_deref().and_then(number) {
        add(Candidate::Number(number));
    }
    found
}

/// Returns the ids of earlier messages that a mail names, as the desk looks for them: nearest first,
/// tokens before. Numbers are left out, as conversations have none.
pub fn named(mail: &Mail, tokens: Option<&Tokens>) -> Vec<String> {
    let mut ids = Vec::new();
    let mut add = |id: String| {
        if !ids.contains(&id) {
            ids.push(id);
        }
    };
    let Some(tokens) = tokens else {
        answered(mail).cloned().for_each(add);
        return ids;
    };
    for candidate in candidates(mail, tokens) {
        match candidate {
            Candidate::Answers(id) => add(id),
            Candidate::Token(conversation) | Candidate::Made { conversation, .. } => {
                add(of_conversation(conversation));
            }
            Candidate::Number(_) => {}
        }
    }
    ids
}

/// Returns the conversation in which a mail answers one that went to its author's address alone.
pub(super) fn proven(mail: &Mail, tokens: &Tokens) -> Option<ConversationId> {
    let from = &mail.from.as_ref()?.address;
    let mut ids = answered(mail).take(MAX_CANDIDATES);
    ids.find_map(|id| tokens.conversation_written_to(from, id))
}

/// Returns the further id that the first mail of a conversation is known by; whoever brings a token
/// of the conversation names it. No Message-ID has this form.
pub fn of_conversation(conversation: ConversationId) -> String {
    format!("token:{conversation}")
}

/// Returns all recipients, as servers told them before as the author did.
fn recipients(mail: &Mail) -> impl Iterator<Item = &str> {
    let told = mail
        .trace
        .envelope
        .recipients
        .iter()
        .chain(&mail.trace.delivered_to);
    let written = mail
        .to
        .iter()
        .chain(&mail.cc)
        .map(|mailbox| &mailbox.address);
    told.chain(written).map(String::as_str)
}

/// Returns the ids that a mail answers, nearest first.
pub(super) fn answered(mail: &Mail) -> impl Iterator<Item = &String> {
    mail.in_reply_to.iter().chain(mail.references.iter().rev())
}

/// Returns the number of `[#12345]`.
fn number(subject: &str) -> Option<u64> {
    let mut rest = subject;
    while let Some(at) = rest.find("[#") {
        rest = &rest[at + 2..];
        let digits = rest
            .split(']')
            .next()
            .filter(|digits| digits.len() < rest.len())?;
        let plain =
            !digits.is_empty() && digits.len() <= 18 && digits.bytes().all(|b| b.is_ascii_digit());
        if plain {
            return digits.parse().ok();
        }
    }
    None
}
