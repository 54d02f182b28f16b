//! Reports of machines: delivery (RFC 3464), disposition (RFC 8098), feedback (RFC 5965).

use super::Limits;
use super::classify::{Complaint, DeliveryReport, Disposition, Outcome, RecipientReport};
use super::header::Headers;
use super::mime::{Part, Tree, decode};
use super::{address, message_id, smtp};
use std::collections::BTreeSet;

/// What a report says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Report {
    Delivery(DeliveryReport),
    Disposition(Disposition),
    Complaint(Complaint),
}

const DELIVERY: [&str; 2] = ["message/delivery-status", "message/global-delivery-status"];
const DISPOSITION: [&str; 2] = [
    "message/disposition-notification",
    "message/global-disposition-notification",
];
const FEEDBACK: [&str; 1] = ["message/feedback-report"];
const ORIGINAL: [&str; 5] = [
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "message/global-headers",
    "message/rfc822-headers",
];

/// Reads the report that a mail is; `None` for mails that are none.
///
/// A report is told by its type. Its machine part may be missing: then its words have to do.
pub(super) fn read(tree: &Tree<'_>, text: &str, limits: &Limits) -> Option<Report> {
    let root = &tree.parts[0];
    if root.content_type.as_ref()?.ctype() != "multipart" {
        return None;
    }
    let kind = kind(root, tree)?;
    let original = original(tree, limits);
    Some(match kind {
        Kind::Delivery => {
            let recipients = tree.find(&DELIVERY).map(|part| recipients(part, limits));
            let recipients = recipients.filter(|recipients| !recipients.is_empty());
            Report::Delivery(DeliveryReport {
                original_message_id: original,
                recipients: recipients.unwrap_or_else(|| from_words(text, &[], limits)),
            })
        }
        Kind::Disposition => {
            let fields = tree.find(&DISPOSITION).map(|part| fields(part, limits));
            Report::Disposition(disposition(fields.as_ref(), original))
        }
        Kind::Feedback => {
            let fields = tree.find(&FEEDBACK).map(|part| fields(part, limits));
            Report::Complaint(complaint(fields.as_ref(), original))
        }
    })
}

enum Kind {
    Delivery,
    Disposition,
    Feedback,
}

/// Returns whether a multipart is a report that is understood: its words are for people, its other
/// parts are in the report.
pub(super) fn is_known(part: &Part<'_>, tree: &Tree<'_>) -> bool {
    kind(part, tree).is_some()
}

/// Returns what a report says that it is, or what its parts show where it says nothing.
fn kind(root: &Part<'_>, tree: &Tree<'_>) -> Option<Kind> {
    let declared = root
        .attribute("report-type")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let shows = |types: &[&str]| {
        declared.is_empty() && root.is("multipart/report") && tree.find(types).is_some()
    };
    match declared.as_str() {
        "delivery-status" => Some(Kind::Delivery),
        "disposition-notification" => Some(Kind::Disposition),
        "feedback-report" => Some(Kind::Feedback),
        _ if shows(&DELIVERY) => Some(Kind::Delivery),
        _ if shows(&DISPOSITION) => Some(Kind::Disposition),
        _ if shows(&FEEDBACK) => Some(Kind::Feedback),
        _ => None,
    }
}

/// Reads a bounce that is plain text: whom it is about and why, as far as its words tell.
pub(super) fn plain_bounce(headers: &Headers, text: &str, limits: &Limits) -> DeliveryReport {
    let failed = headers
        .all("x-failed-recipients")
        .flat_map(|value| value.split(','));
    let failed: Vec<String> = failed.filter_map(address::canonical).collect();
    let returned = text.lines().filter_map(|line| {
        let (name, value) = line.trim_start_matches(['>', ' ']).split_once(':')?;
        name.eq_ignore_ascii_case("message-id")
            .then(|| message_id::extract(value))
    });
    DeliveryReport {
        original_message_id: returned.flatten().next(),
        recipients: from_words(text, &failed, limits),
    }
}

fn original(tree: &Tree<'_>, limits: &Limits) -> Option<String> {
    let part = tree.find(&ORIGINAL)?;
    let headers = fields(part, limits);
    headers.get("message-id").and_then(message_id::parse)
}

/// Reads the fields that a part's body begins with.
fn fields(part: &Part<'_>, limits: &Limits) -> Headers {
    groups(part, limits).into_iter().next().unwrap_or_default()
}

fn groups(part: &Part<'_>, limits: &Limits) -> Vec<Headers> {
    let encoding = part
        .headers
        .get("content-transfer-encoding")
        .unwrap_or_default();
    let (bytes, _) = decode::transfer(encoding, part.body);
    let mut rest: &[u8] = bytes.trim_ascii_start();
    let mut groups = Vec::new();
    while !rest.is_empty() && groups.len() <= limits.entries {
        let (headers, behind) = Headers::split(rest, limits, &mut BTreeSet::new());
        groups.push(headers);
        if behind.len() == rest.len() {
            break;
        }
        rest = behind.trim_ascii_start();
    }
    groups
}

fn recipients(part: &Part<'_>, limits: &Limits) -> Vec<RecipientReport> {
    let mut reports = Vec::new();
    for group in groups(part, limits) {
        let address = |name| typed_value(group.get(name)?).and_then(address::canonical);
        let status = group.get("status").and_then(smtp::Enhanced::find);
        let action = group.get("action").map(|action| {
            let word = action.split([' ', ';', '(']).next().unwrap_or_default();
            word.to_ascii_lowercase()
        });
        let outcome = match action.as_deref() {
            Some("failed") => Outcome::Failed,
            Some("delayed") => Outcome::Delayed,
            Some("delivered") => Outcome::Delivered,
            Some("relayed" | "expanded") => Outcome::Relayed,
            _ => match status.map(|status| status.class) {
                Some(2) => Outcome::Delivered,
                Some(4) => Outcome::Delayed,
                Some(_) => Outcome::Failed,
                // A group without action and status is about the message, not about a recipient.
                None => continue,
            },
        };
        reports.push(RecipientReport {
            recipient: address("original-recipient").or_else(|| address("final-recipient")),
            outcome,
            status,
            diagnostic: group
                .get("diagnostic-code")
                .map(|code| super::address::clean(typed_value(code).unwrap_or(code))),
        });
    }
    reports
}

/// Returns what stands behind `type;`.
fn typed_value(value: &str) -> Option<&str> {
    let value = value
        .split_once(';')
        .map_or(value, |(_, value)| value)
        .trim();
    (!value.is_empty()).then_some(value)
}

/// Makes a report of words: addresses known to have failed, or the first that the words name.
fn from_words(text: &str, failed: &[String], limits: &Limits) -> Vec<RecipientReport> {
    let head: String = text.lines().take(100).collect::<Vec<_>>().join("\n");
    let head = head.split("riginal message").next().unwrap_or_default();
    let status = smtp::Enhanced::find(head);
    let outcome = match status.map(|status| status.class) {
        Some(4) => Outcome::Delayed,
        _ => Outcome::Failed,
    };
    let mut addresses = failed.to_vec();
    if addresses.is_empty() {
        let words = head.split(|c: char| c.is_whitespace() || "<>()[]:;,\"'".contains(c));
        addresses.extend(words.filter_map(address::canonical).take(1));
    }
    let about = addresses.into_iter().take(limits.entries);
    let report = |recipient| RecipientReport {
        recipient,
        outcome,
        status,
        diagnostic: None,
    };
    let reports: Vec<_> = about.map(|address| report(Some(address))).collect();
    match reports.is_empty() {
        true => vec![report(None)],
        false => reports,
    }
}

fn disposition(fields: Option<&Headers>, original: Option<String>) -> Disposition {
    let field = |name| fields.and_then(|fields| fields.get(name));
    let kind = field("disposition").and_then(|value| value.rsplit(';').next());
    let kind = kind
        .unwrap_or_default()
        .split('/')
        .next()
        .unwrap_or_default()
        .trim();
    Disposition {
        original_message_id: field("original-message-id")
            .and_then(message_id::parse)
            .or(original),
        recipient: field("final-recipient")
            .and_then(typed_value)
            .and_then(address::canonical),
        displayed: kind.eq_ignore_ascii_case("displayed"),
        kind: kind.to_ascii_lowercase(),
    }
}

fn complaint(fields: Option<&Headers>, original: Option<String>) -> Complaint {
    let field = |name| fields.and_then(|fields| fields.get(name));
    Complaint {
        kind: field("feedback-type")
            .unwrap_or("abuse")
            .to_ascii_lowercase(),
        original_message_id: original,
        recipient: field("original-rcpt-to").and_then(address::canonical),
    }
}
