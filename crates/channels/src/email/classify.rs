//! Whether a person wrote a mail, and what a machine wanted to tell (RFC 3834 and practice).

use super::header::Headers;
use super::mail::Trace;
use super::report::{self, Report};
use super::smtp::Enhanced;
use super::{Limits, Mailbox};
use crate::email::compose::LOOP_HEADER;

/// What a mail is, and the signs that say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// What it is.
    pub nature: Nature,
    /// The signs, strongest first.
    pub evidence: Vec<Sign>,
}

/// What a mail is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nature {
    /// A person wrote to us.
    Personal,
    /// It came over a mailing list, or is a newsletter: shown, never answered automatically.
    List,
    /// A program answered for a person.
    AutoReply,
    /// A program wrote on its own account.
    Automatic,
    /// A mail of ours did not arrive, is late, or did arrive.
    Delivery(DeliveryReport),
    /// A mail of ours was shown to somebody, or thrown away unread.
    Disposition(Disposition),
    /// Somebody called a mail of ours spam.
    Complaint(Complaint),
    /// Our own words came back.
    Loop,
}

impl Class {
    /// Returns whether a conversation may begin with it.
    pub fn may_open(&self) -> bool {
        matches!(self.nature, Nature::Personal | Nature::List)
    }

    /// Returns whether it may be answered automatically, count for service levels or ask for a
    /// rating.
    pub fn is_personal(&self) -> bool {
        self.nature == Nature::Personal
    }
}

/// A sign that a mail is not what it would be without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sign {
    /// It is a `multipart/report`.
    Report,
    /// The envelope sender is null.
    NullSender,
    /// A field says so: its lower-case name and its value.
    Field(&'static str, String),
    /// It is from an address that only programs write from.
    Role(String),
    /// The subject says so, and it answers a mail.
    Subject(String),
    /// It is from one of our own addresses.
    OwnAddress,
    /// It passed this many servers.
    Hops(usize),
}

/// What became of a mail of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryReport {
    /// The Message-ID of our mail, where the report returns it.
    pub original_message_id: Option<String>,
    /// What became of it for each recipient.
    pub recipients: Vec<RecipientReport>,
}

impl DeliveryReport {
    /// Returns whether it failed for good, for at least one recipient.
    pub fn failed(&self) -> bool {
        self.recipients
            .iter()
            .any(|report| report.outcome == Outcome::Failed)
    }
}

/// What became of a mail of ours for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientReport {
    /// The recipient as we knew them, else as the last server did.
    pub recipient: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// The status code (RFC 3463).
    pub status: Option<Enhanced>,
    /// What the server said, on one line.
    pub diagnostic: Option<String>,
}

/// What became of a mail for a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It will not arrive.
    Failed,
    /// It is late; servers go on trying.
    Delayed,
    /// It is in the mailbox.
    Delivered,
    /// It went on to where nobody reports.
    Relayed,
}

/// What a recipient's program did with a mail of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disposition {
    /// The Message-ID of our mail.
    pub original_message_id: Option<String>,
    /// Who it was for.
    pub recipient: Option<String>,
    /// Whether it was shown to them.
    pub displayed: bool,
    /// The word for it: `displayed`, `deleted`, `dispatched`, `processed`.
    pub kind: String,
}

/// Somebody's word that a mail of ours was unwanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// What they complain of: `abuse`, `fraud`, `virus`, `other`.
    pub kind: String,
    /// The Message-ID of our mail.
    pub original_message_id: Option<String>,
    /// Who complained, where it is not blacked out.
    pub recipient: Option<String>,
}

/// What is known of a mail when it is judged.
pub(super) struct Material<'a> {
    pub(super) headers: &'a Headers,
    pub(super) text: &'a str,
    pub(super) report: Option<Report>,
    pub(super) from: Option<&'a Mailbox>,
    pub(super) subject: Option<&'a str>,
    pub(super) answers: bool,
    pub(super) trace: &'a Trace,
    pub(super) own: &'a [String],
    pub(super) loop_mark: &'a str,
    pub(super) limits: &'a Limits,
}

/// Judges a mail.
pub(super) fn classify(mail: &Material<'_>) -> Class {
    let evidence = signs(mail);
    let nature = nature(mail, &evidence);
    Class { nature, evidence }
}

fn nature(mail: &Material<'_>, evidence: &[Sign]) -> Nature {
    let has = |wanted: fn(&Sign) -> bool| evidence.iter().any(wanted);
    match &mail.report {
        Some(Report::Delivery(report)) => return Nature::Delivery(report.clone()),
        Some(Report::Disposition(disposition)) => return Nature::Disposition(disposition.clone()),
        Some(Report::Complaint(complaint)) => return Nature::Complaint(complaint.clone()),
        None => {}
    }
    let looped = |sign: &Sign| {
        matches!(
            sign,
            Sign::OwnAddress | Sign::Hops(_) | Sign::Field("x-interdesk-loop", _)
        )
    };
    if has(looped) {
        return Nature::Loop;
    }
    let null = has(|sign| *sign == Sign::NullSender);
    let server = has(|sign| matches!(sign, Sign::Role(role) if is_server(role)));
    let failed = has(|sign| matches!(sign, Sign::Field("x-failed-recipients", _)));
    if null && server || failed {
        return Nature::Delivery(report::plain_bounce(mail.headers, mail.text, mail.limits));
    }
    let replied = has(|sign| match sign {
        Sign::Field("auto-submitted", value) => keyword(value) == "auto-replied",
        Sign::Field("precedence", value) => value == "auto_reply",
        Sign::Field(name, _) => REPLIES.contains(name),
        Sign::Subject(_) => true,
        _ => false,
    });
    if replied {
        return Nature::AutoReply;
    }
    let listed = |sign: &Sign| match sign {
        Sign::Field(name, _) => LISTS.contains(name) || *name == "precedence",
        _ => false,
    };
    match evidence.iter().any(|sign| !listed(sign)) {
        true => Nature::Automatic,
        false if evidence.is_empty() => Nature::Personal,
        false => Nature::List,
    }
}

/// Fields that only programs that answer for somebody write.
const REPLIES: [&str; 5] = [
    "x-auto-response-suppress",
    "x-autoreply",
    "x-autorespond",
    "x-autoreply-from",
    "x-apple-action",
];

/// Fields of mailing lists and newsletters.
const LISTS: [&str; 3] = ["list-id", "list-unsubscribe", "list-post"];

fn signs(mail: &Material<'_>) -> Vec<Sign> {
    let mut signs = Vec::new();
    if mail.report.is_some() {
        signs.push(Sign::Report);
    }
    if mail.trace.return_path.as_deref() == Some("") {
        signs.push(Sign::NullSender);
    }
    signs.extend(field_signs(mail));
    let from = mail
        .from
        .map(|from| from.address.as_str())
        .unwrap_or_default();
    if mail.own.iter().any(|own| own.eq_ignore_ascii_case(from)) {
        signs.push(Sign::OwnAddress);
    }
    let role = mail
        .from
        .map(|from| from.local().to_ascii_lowercase())
        .unwrap_or_default();
    if is_server(&role) || is_deaf(&role) {
        signs.push(Sign::Role(role));
    }
    if mail.trace.received > mail.limits.received {
        signs.push(Sign::Hops(mail.trace.received));
    }
    let subject = mail.subject.unwrap_or_default();
    if mail.answers && announces_absence(subject) {
        signs.push(Sign::Subject(subject.to_owned()));
    }
    signs
}

fn field_signs(mail: &Material<'_>) -> Vec<Sign> {
    let mut signs = Vec::new();
    let mut field = |name: &'static str, counts: fn(&str) -> bool| {
        let value = mail.headers.all(name).find(|value| counts(value));
        if let Some(value) = value {
            signs.push(Sign::Field(
                name,
                super::address::clean(value).to_lowercase(),
            ));
        }
    };
    field("auto-submitted", |value| {
        keyword(value) != "no" && !value.is_empty()
    });
    field("x-auto-response-suppress", |value| keyword(value) != "none");
    field("x-autoreply", |value| keyword(value) != "no");
    field("x-autorespond", |_| true);
    field("x-autoreply-from", |_| true);
    field("x-apple-action", |value| {
        value.eq_ignore_ascii_case("vacation")
    });
    field("x-failed-recipients", |value| !value.is_empty());
    field("precedence", |value| {
        ["bulk", "junk", "list", "auto_reply"].contains(&keyword(value).as_str())
    });
    for name in LISTS {
        field(name, |value| !value.is_empty());
    }
    let marks = mail.headers.all(LOOP_NAME);
    let ours = marks
        .into_iter()
        .any(|mark| !mail.loop_mark.is_empty() && mark == mail.loop_mark);
    if ours {
        signs.push(Sign::Field(LOOP_NAME, mail.loop_mark.to_owned()));
    }
    signs
}

/// [`LOOP_HEADER`] as fields are named here.
const LOOP_NAME: &str = "x-interdesk-loop";
const _: () = assert!(LOOP_HEADER.eq_ignore_ascii_case(LOOP_NAME));

/// Returns the word before comments and parameters.
fn keyword(value: &str) -> String {
    let word = value.split([';', '(', ' ', '\t', ',']).next();
    word.unwrap_or_default().trim().to_ascii_lowercase()
}

/// Returns whether mail servers write from it.
fn is_server(role: &str) -> bool {
    matches!(
        role,
        "mailer-daemon" | "postmaster" | "mail-daemon" | "mailerdaemon"
    )
}

/// Returns whether nobody reads what is sent to it.
fn is_deaf(role: &str) -> bool {
    const DEAF: [&str; 6] = [
        "noreply",
        "no-reply",
        "no_reply",
        "donotreply",
        "do-not-reply",
        "do_not_reply",
    ];
    let role = role.split('+').next().unwrap_or_default();
    DEAF.iter().any(|deaf| {
        role == *deaf
            || role.starts_with(&format!("{deaf}-"))
            || role.ends_with(&format!("-{deaf}"))
    })
}

/// Returns whether a subject is what programs write that answer for somebody.
fn announces_absence(subject: &str) -> bool {
    const BEGINNINGS: [&str; 19] = [
        "auto reply:",
        "auto-reply:",
        "autoreply:",
        "auto:",
        "automatic reply",
        "out of office",
        "out of the office",
        "abwesenheitsnotiz",
        "automatische antwort",
        "abwesend:",
        "automatisch antwoord",
        "réponse automatique",
        "respuesta automática",
        "risposta automatica",
        "resposta automática",
        "automatiskt svar",
        "automatisk svar",
        "автоответ",
        "自動返信",
    ];
    let subject = subject.to_lowercase();
    BEGINNINGS.iter().any(|words| subject.starts_with(words))
}
