//! A mail as the updates that every channel tells.

use super::classify::{Complaint, DeliveryReport, Nature, Outcome, RecipientReport};
use super::html::from_folded;
use super::token::Tokens;
use super::{Attachment, Mail, Mailbox, smtp, thread};
use interdesk_domain::delivery::DeliveryState;
use interdesk_domain::message::{
    Address, Author, Composite, Content, Disposition, InboundMessage, Media, MediaKind,
    MediaSource, Notice, NoticePlace, Part, PartBody, Receipt, Sender, Take, Update, UpdateKind,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The network of mail addresses.
pub const NETWORK: &str = "email";

/// The namespace of addresses that nobody contests.
pub const PROVEN: &str = "address";

/// The namespace of addresses whose domain says that the mail is not from there.
pub const DISOWNED: &str = "disowned_address";

/// What an answer has to know of the mail that it answers; kept with the conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ThreadState {
    /// The subject as it stood there.
    pub subject: String,
    /// The Message-ID of the last mail of the customer.
    pub message_id: String,
    /// The ids before it, oldest first.
    pub references: Vec<String>,
    /// Where an answer goes.
    pub answer_to: Option<String>,
    /// Who else takes part.
    pub cc: Vec<String>,
}

/// Returns what a mail tells.
///
/// `own` are the addresses of our inboxes. A mail that may open a conversation is a message; mail of
/// programs is a notice where it answers something, and kept as [`UpdateKind::Other`] elsewhere, so that
/// it never opens one; reports become receipts, one for each recipient they name.
pub fn updates(mail: &Mail, own: &[String], tokens: Option<&Tokens>) -> Vec<Update> {
    let kinds = match &mail.class.nature {
        Nature::Personal | Nature::List => {
            let answered = tokens.and_then(|tokens| answered(mail, tokens));
            answered
                .into_iter()
                .chain([message(mail, own, tokens)])
                .collect()
        }
        Nature::AutoReply => vec![notice(mail, "auto_reply", tokens)],
        Nature::Automatic => vec![notice(mail, "automatic", tokens)],
        Nature::Loop => vec![other(mail, "loop")],
        Nature::Delivery(report) => delivery(mail, report, tokens),
        Nature::Disposition(read) if read.displayed => {
            vec![
                receipt(
                    read.original_message_id.clone(),
                    attempt(mail, tokens),
                    DeliveryState::Read,
                    read.recipient.clone(),
                )
                .unwrap_or_else(|| other(mail, "disposition")),
            ]
        }
        Nature::Disposition(_) => vec![other(mail, "disposition")],
        Nature::Complaint(complaint) => vec![objection(mail, complaint, tokens)],
    };
    let update = |kind| Update {
        account: None,
        at: mail.date,
        kind,
    };
    kinds.into_iter().map(update).collect()
}

/// Returns an address as the desk keeps it.
pub fn address(value: &str) -> Address {
    Address {
        network: NETWORK.to_owned(),
        namespace: PROVEN.to_owned(),
        // Nobody is two people by the case of their address.
        value: value.to_lowercase(),
    }
}

/// Tells, ahead of a mail, that it answers a mail which only who reads its author's address can know.
fn answered(mail: &Mail, tokens: &Tokens) -> Option<UpdateKind> {
    let by = mail.from.as_ref().map(sender)?;
    let conversation = thread::proven(mail, tokens)?;
    Some(UpdateKind::AddressAnswered { by, conversation })
}

fn message(mail: &Mail, own: &[String], tokens: Option<&Tokens>) -> UpdateKind {
    let sender = mail.from.as_ref().map(sender).unwrap_or_default();
    let mut message = InboundMessage::new(
        mail.message_id.clone(),
        Author::Customer(sender),
        content(mail),
    );
    message.reply_to = mail.in_reply_to.first().cloned();
    message.thread = thread::named(mail, tokens);
    let state = state(mail, own);
    message.state = serde_json::to_string(&state).ok();
    UpdateKind::Message(Box::new(message))
}

/// Takes from a message what it has by an address that is not its author's.
pub(super) fn disown(message: &mut InboundMessage) {
    message.thread.clear();
    if let Author::Customer(sender) = &mut message.author {
        for address in &mut sender.addresses {
            address.namespace = DISOWNED.to_owned();
        }
    }
}

fn sender(mailbox: &Mailbox) -> Sender {
    Sender {
        addresses: vec![address(&mailbox.address)],
        name: mailbox.name.clone(),
        locale: None,
    }
}

fn state(mail: &Mail, own: &[String]) -> ThreadState {
    let answer_to = mail.answer_to().map(|mailbox| mailbox.address.clone());
    let from = mail
        .from
        .as_ref()
        .map(|from| from.address.as_str())
        .unwrap_or_default();
    let others = mail.participants(own).into_iter();
    let others = others.filter(|other| {
        !other.is(from)
            && answer_to
                .as_ref()
                .is_none_or(|answer_to| !other.is(answer_to))
    });
    ThreadState {
        subject: mail.subject.clone().unwrap_or_default(),
        message_id: mail.message_id.clone(),
        references: mail.references.clone(),
        cc: others
            .map(|mailbox| mailbox.address.clone())
            .take(50)
            .collect(),
        answer_to,
    }
}

/// Returns the message: the words written now as text, the whole mail folded as HTML, the files.
fn content(mail: &Mail) -> Content {
    let visible = mail.folded.visible();
    let folds = visible != mail.text.trim();
    let html = mail
        .html
        .clone()
        .or_else(|| folds.then(|| from_folded(&mail.folded)));
    let words = match html {
        None => Part::new(PartBody::Text { text: visible }),
        Some(html) => Part::new(PartBody::Several {
            take: Take::One,
            parts: vec![
                Part::new(PartBody::Text { text: visible }),
                Part::new(PartBody::Html { html }),
            ],
        }),
    };
    let files = mail.attachments.iter().enumerate();
    let files = files.map(|(number, file)| Part {
        disposition: match file.inline {
            true => Disposition::Inline,
            false => Disposition::Attachment,
        },
        id: file.content_id.clone(),
        ..Part::new(PartBody::File {
            media: media(number, file),
        })
    });
    Content::Composite(Composite {
        subject: mail.subject.clone(),
        parts: std::iter::once(words).chain(files).collect(),
    })
}

/// Returns a file by its place in the kept mail: who reads that again finds the bytes there.
fn media(number: usize, file: &Attachment) -> Media {
    let kind = file.sniffed_type.unwrap_or(&file.declared_type);
    Media {
        kind: match kind.split('/').next() {
            Some("image") if kind != "image/svg+xml" => MediaKind::Image,
            Some("audio") => MediaKind::Audio,
            Some("video") => MediaKind::Video,
            _ => MediaKind::Document,
        },
        source: MediaSource::ProviderId(format!("attachment:{number}")),
        mime_type: Some(file.declared_type.clone()),
        file_name: Some(file.name.clone()),
        size: u64::try_from(file.bytes.len()).ok(),
        sha256: Some(file.sha256.clone()),
    }
}

/// Returns what a program wrote: a notice in the conversation that it names, or something that is kept.
fn notice(mail: &Mail, kind: &str, tokens: Option<&Tokens>) -> UpdateKind {
    let earlier = thread::named(mail, tokens);
    let by = mail.from.as_ref();
    let Some(by) = by.filter(|_| !earlier.is_empty()) else {
        return other(mail, kind);
    };
    UpdateKind::Notice(Box::new(Notice {
        id: mail.message_id.clone(),
        kind: kind.to_owned(),
        text: mail.folded.visible(),
        raw: told(mail).to_string(),
        place: NoticePlace::Thread {
            earlier,
            by: address(&by.address),
        },
    }))
}

fn other(mail: &Mail, kind: &str) -> UpdateKind {
    UpdateKind::Other {
        kind: kind.to_owned(),
        raw: told(mail).to_string(),
    }
}

fn told(mail: &Mail) -> Value {
    json!({
        "message_id": mail.message_id,
        "from": mail.from.as_ref().map(|from| &from.address),
        "subject": mail.subject,
        "answers": thread::answered(mail).collect::<Vec<_>>(),
        "text": mail.text,
    })
}

/// Returns that a customer wants no more mail: only where the complaint returns an id that we made,
/// or anybody could silence us towards anybody.
fn objection(mail: &Mail, complaint: &Complaint, tokens: Option<&Tokens>) -> UpdateKind {
    let id = complaint.original_message_id.as_deref();
    let ours = id.and_then(|id| tokens?.ids_of(id)).is_some();
    match &complaint.recipient {
        Some(recipient) if ours => UpdateKind::Consent {
            who: address(recipient),
            // The customer took the complaint back (RFC 6430).
            allowed: complaint.kind == "not-spam",
            marketing: false,
            detail: format!("complaint: {}", complaint.kind),
        },
        _ => other(mail, "complaint"),
    }
}

fn delivery(mail: &Mail, report: &DeliveryReport, tokens: Option<&Tokens>) -> Vec<UpdateKind> {
    let attempt = attempt(mail, tokens);
    let receipts: Option<Vec<_>> = report
        .recipients
        .iter()
        .map(|about| bounced(report, about, attempt.clone()))
        .collect();
    match receipts {
        Some(receipts) if !receipts.is_empty() => receipts,
        // It names no message of ours: nothing can be done but keep it.
        _ => vec![other(mail, "delivery_report")],
    }
}

fn bounced(
    report: &DeliveryReport,
    about: &RecipientReport,
    attempt: Option<String>,
) -> Option<UpdateKind> {
    let state = match about.outcome {
        Outcome::Failed => DeliveryState::Failed,
        Outcome::Delivered => DeliveryState::Delivered,
        Outcome::Delayed | Outcome::Relayed => DeliveryState::Sent,
    };
    let recipient = about.recipient.clone();
    let kind = receipt(
        report.original_message_id.clone(),
        attempt,
        state,
        recipient,
    )?;
    let UpdateKind::Receipt(mut receipt) = kind else {
        return Some(kind);
    };
    receipt.failure = match about.outcome {
        Outcome::Failed => Some(smtp::bounced(about.status)),
        _ => None,
    };
    Some(UpdateKind::Receipt(receipt))
}

fn receipt(
    provider_id: Option<String>,
    attempt: Option<String>,
    state: DeliveryState,
    recipient: Option<String>,
) -> Option<UpdateKind> {
    if provider_id.is_none() && attempt.is_none() {
        return None;
    }
    Some(UpdateKind::Receipt(Receipt {
        provider_id,
        attempt,
        state,
        failure: None,
        recipient,
    }))
}

/// Returns our attempt where the mail was sent to its bounce address.
fn attempt(mail: &Mail, tokens: Option<&Tokens>) -> Option<String> {
    let recipients = mail.trace.envelope.recipients.iter();
    let mut recipients = recipients.chain(&mail.trace.delivered_to);
    let attempt = recipients.find_map(|recipient| tokens?.bounced_attempt(recipient))?;
    Some(attempt.to_string())
}
