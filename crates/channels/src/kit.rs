//! The conformance kit: what every adapter must do, as cases with names.
//!
//! An adapter brings a [`Subject`]: its fixtures, how to sign, how its provider answers. The kit runs
//! the cases and tells what held. A case that does not apply says which declared capability makes it
//! so, and where the adapter declares that it cannot do something the kit checks that it does not.

mod answers;
mod case;
mod contents;
mod contract;
mod files;
mod hostile;
mod proof;
pub mod provider;
mod reading;
mod sample;
mod writing;

use crate::{Channel, Credentials, OwnedRequest};
use chrono::{DateTime, Utc};
use interdesk_domain::delivery::FailureReason;
use interdesk_domain::id::{ConversationId, MessageId};
use interdesk_domain::message::{Address, Content};
use std::fmt::Write;
use std::path::Path;
use uuid::Uuid;

pub use case::{Case, Miss, Verdict};
pub use files::{Fetched, FileAnswers};
pub use hostile::mutate;

/// An adapter and what the kit has to know about its provider.
pub struct Subject {
    /// The adapter.
    pub channel: &'static dyn Channel,
    /// Secrets that suffice to send; those of webhooks are put in by the kit.
    pub credentials: Credentials,
    /// Two secrets as the provider would have them.
    pub secrets: [String; 2],
    /// Makes the request that brings a body, proven with a secret.
    pub sign: fn(secret: &str, at: DateTime<Utc>, body: &[u8]) -> OwnedRequest,
    /// A body of every documented kind, by name.
    pub fixtures: Vec<(String, Vec<u8>)>,
    /// Makes the body of messages given as id and text, sent at [`Subject::moment`]; more than one
    /// where the channel has batches.
    pub texts: fn(&[(String, String)]) -> Vec<u8>,
    /// The account that messages leave through.
    pub account_id: &'static str,
    /// A customer.
    pub to: Vec<Address>,
    /// A group, where there are any.
    pub group: &'static str,
    /// The id of a message as parsing gives it, to quote and to react to.
    pub target: &'static str,
    /// How the provider answers.
    pub answers: Answers,
    /// How the provider speaks of files.
    pub files: FileAnswers,
    /// Starts a provider that reacts so; [`provider::over_http`] unless another protocol is spoken.
    pub start: fn(Vec<provider::Reaction>) -> provider::Starting,
    /// An address of that protocol where nobody listens.
    pub nowhere: &'static str,
}

/// Our message that the kit sends.
pub const MESSAGE: MessageId = MessageId(Uuid::from_u128(3));

/// The conversation that it belongs to.
pub const CONVERSATION: ConversationId = ConversationId(Uuid::from_u128(4));

/// Where nobody listens, by HTTP.
pub const NOWHERE: &str = "http://127.0.0.1:1";

/// How a provider answers.
pub struct Answers {
    /// The body that accepts anything.
    pub accepted: &'static str,
    /// The id that this body gives to a message.
    pub accepted_id: &'static str,
    /// Too much at once, with the seconds to wait: status, headers, body, seconds.
    pub busy_until: (u16, &'static str, &'static str, i64),
    /// Too much at once, without a time: status, body.
    pub busy: (u16, &'static str),
    /// The provider says itself that it is unwell: status, body.
    pub unwell: (u16, &'static str),
    /// Refusals for good: which, status, body, and the reason that the agent is told.
    pub refusals: Vec<(Refusal, u16, String, FailureReason)>,
}

/// A refusal for good that every provider has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The customer blocked us.
    Blocked,
    /// The customer never allowed us to write, or no longer does.
    NotOptedIn,
    /// Nobody has this address.
    RecipientUnknown,
    /// The time for free replies is over.
    WindowClosed,
    /// The provider does not want this content.
    Content,
    /// The provider does not want us.
    Account,
}

impl Subject {
    /// The moment at which everything happens.
    pub fn moment() -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default()
    }

    /// Returns secrets under which what comes in is proven with one of `secrets`.
    fn proven_by(&self, secrets: &[String]) -> Credentials {
        Credentials {
            webhook_secrets: secrets.to_vec(),
            ..self.credentials.clone()
        }
    }
}

/// Reads all files of a folder, by their names without the ending.
pub fn fixtures(folder: &Path) -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            found.push((name.into_owned(), std::fs::read(&path)?));
        }
    }
    found.sort();
    Ok(found)
}

/// Returns all cases, in the order to show.
pub fn cases() -> Vec<Case> {
    let groups = [
        proof::cases(),
        reading::cases(),
        contents::cases(),
        hostile::cases(),
        writing::cases(),
        files::cases(),
        answers::cases(),
        contract::cases(),
    ];
    groups.into_iter().flatten().collect()
}

/// What became of all cases with one adapter.
pub struct Report {
    /// The channel's name.
    pub channel: String,
    /// Each case with what became of it, in the order of [`cases`].
    pub verdicts: Vec<(Case, Verdict)>,
}

impl Report {
    /// Returns what failed, one line each.
    pub fn failures(&self) -> Vec<String> {
        let failed = |(case, verdict): &(Case, Verdict)| match verdict {
            Err(Miss::Failed(why)) => Some(format!("{}: {}: {why}", self.channel, case.name)),
            _ => None,
        };
        self.verdicts.iter().filter_map(failed).collect()
    }
}

/// Runs all cases with one adapter.
pub async fn run(subject: &Subject) -> Report {
    let mut verdicts = Vec::new();
    for case in cases() {
        let verdict = case.run(subject).await;
        verdicts.push((case, verdict));
    }
    let channel = subject.channel.kind().as_str().to_owned();
    Report { channel, verdicts }
}

/// Writes the table of cases by channels.
pub fn table(reports: &[Report]) -> String {
    let mut table = "| Case |".to_owned();
    for report in reports {
        let _ = write!(table, " `{}` |", report.channel);
    }
    table.push_str("\n|---|");
    table.push_str(&"---|".repeat(reports.len()));
    let Some(first) = reports.first() else {
        return String::new();
    };
    for (index, (case, _)) in first.verdicts.iter().enumerate() {
        let _ = write!(table, "\n| {}: {} |", case.group, case.name);
        for report in reports {
            let cell = match report.verdicts.get(index).map(|(_, verdict)| verdict) {
                Some(Ok(())) => "holds".to_owned(),
                Some(Err(Miss::NotApplicable(why))) => format!("– ({why})"),
                Some(Err(Miss::Failed(_))) | None => "**fails**".to_owned(),
            };
            let _ = write!(table, " {cell} |");
        }
    }
    table.push('\n');
    table
}

/// The adapters of this package.
pub fn subjects() -> Vec<Subject> {
    vec![
        crate::whatsapp::subject(),
        crate::telegram::subject(),
        crate::webhook::subject(),
        crate::email::subject(),
        crate::webchat::subject(),
        crate::matrix::subject(),
    ]
}

fn text(words: &str) -> Content {
    Content::Text {
        text: words.to_owned(),
    }
}
