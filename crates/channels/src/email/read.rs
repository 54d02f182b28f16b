//! Reads a mail: bytes and envelope in, what it says out. It never fails.

mod body;

use super::classify::{self, Material};
use super::header::Headers;
use super::mail::{Attachment, Defect, Envelope, Mail, Trace};
use super::mime::Tree;
use super::{Limits, Mailbox, address, message_id, quote, report};
use body::Body;
use std::collections::BTreeSet;

/// Reads a mail.
///
/// `own` are the addresses of our inboxes and `loop_mark` what our own mails carry in
/// [`LOOP_HEADER`](super::compose::LOOP_HEADER): both tell a loop.
pub fn read(
    bytes: &[u8],
    envelope: Envelope,
    own: &[String],
    loop_mark: &str,
    limits: &Limits,
) -> Mail {
    let mut defects = BTreeSet::new();
    let mut bytes = bytes;
    if bytes.len() > limits.message_bytes {
        defects.insert(Defect::MessageCut);
        bytes = &bytes[..limits.message_bytes];
    }
    let tree = Tree::new(bytes, limits, &mut defects);
    let headers = &tree.parts[0].headers;
    let Body {
        text,
        html,
        attachments,
    } = body::read(&tree, limits, &mut defects);

    let from = author(headers, limits, &mut defects);
    if from.is_none() {
        defects.insert(Defect::NoAuthor);
    }
    let given_id = headers.get("message-id").and_then(message_id::parse);
    if given_id.is_none() {
        defects.insert(Defect::NoMessageId);
    }
    let trace = trace(headers, envelope, limits);
    let in_reply_to = headers.ids("in-reply-to", limits, &mut defects);
    let references = headers.ids("references", limits, &mut defects);
    let subject = headers.words("subject");
    let class = classify::classify(&Material {
        headers,
        text: &text,
        report: report::read(&tree, &text, limits),
        from: from.as_ref(),
        subject: subject.as_deref(),
        answers: !in_reply_to.is_empty() || !references.is_empty(),
        trace: &trace,
        own,
        loop_mark,
        limits,
    });
    Mail {
        message_id_made: given_id.is_none(),
        message_id: given_id.unwrap_or_else(|| made_id(headers, tree.parts[0].body)),
        in_reply_to,
        references,
        reply_to: headers
            .mailboxes("reply-to", limits, &mut defects)
            .into_iter()
            .next(),
        to: headers.mailboxes("to", limits, &mut defects),
        cc: headers.mailboxes("cc", limits, &mut defects),
        from,
        subject,
        date: headers.moment("date"),
        folded: quote::fold(&text),
        text,
        html,
        attachments,
        class,
        trace,
        defects: defects.into_iter().collect(),
    }
}

/// Reads the files of a mail alone, in the order in which its message names them.
pub fn files(bytes: &[u8]) -> Vec<Attachment> {
    let limits = Limits::default();
    let bytes = &bytes[..bytes.len().min(limits.message_bytes)];
    let mut defects = BTreeSet::new();
    let tree = Tree::new(bytes, &limits, &mut defects);
    body::read(&tree, &limits, &mut defects).attachments
}

/// Returns who wrote: the one mailbox of `From`, else `Sender`, else the first of `From`.
fn author(headers: &Headers, limits: &Limits, defects: &mut BTreeSet<Defect>) -> Option<Mailbox> {
    let mut from = headers.mailboxes("from", limits, defects).into_iter();
    let first = from.next();
    if first.is_some() && from.next().is_none() {
        return first;
    }
    let sender = headers
        .mailboxes("sender", limits, defects)
        .into_iter()
        .next();
    sender.or(first)
}

fn made_id(headers: &Headers, body: &[u8]) -> String {
    let field = |name| headers.get(name).unwrap_or_default();
    message_id::made(field("from"), field("date"), field("subject"), body)
}

fn trace(headers: &Headers, envelope: Envelope, limits: &Limits) -> Trace {
    const RECIPIENTS: [&str; 4] = [
        "delivered-to",
        "x-original-to",
        "x-forwarded-to",
        "envelope-to",
    ];
    let told = RECIPIENTS.iter().flat_map(|name| headers.all(name));
    let told = told
        .flat_map(|value| value.split(','))
        .filter_map(address::canonical);
    let return_path = headers.get("return-path").map(|path| {
        let path = path.trim_matches(['<', '>', ' ']);
        address::canonical(path).unwrap_or_default()
    });
    Trace {
        delivered_to: told.take(limits.entries).collect(),
        return_path: envelope.sender.clone().or(return_path),
        envelope,
        received: headers.all("received").count(),
        authentication_results: headers
            .all("authentication-results")
            .take(limits.entries)
            .map(str::to_owned)
            .collect(),
    }
}
