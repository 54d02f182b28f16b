//! What the outside world knows happened: every webhook message, every accepted
//! reply, every refusal. A checker compares the desk against this alone.

use std::{
    collections::{BTreeMap, VecDeque},
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    sync::Mutex,
};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{Error, chaos::lock};

/// Something that a customer did, sent to the desk as a webhook.
#[derive(Clone, Debug, Serialize)]
pub struct Written {
    /// The account's key.
    pub account: String,
    /// The customer's id.
    pub customer: String,
    /// The provider's id: wamid, `<chat>:<message_id>`, the app's message id.
    pub provider_id: String,
    /// The kind of content, e.g. `text` or `reaction`.
    pub kind: &'static str,
    /// The words in it.
    pub text: String,
    /// When the customer did it.
    pub at: DateTime<Utc>,
    /// How many times a webhook with it was sent.
    pub attempts: u32,
    /// When the desk first answered that it has it.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// The last HTTP status of the desk; none after a connection failure.
    pub last_status: Option<u16>,
}

/// A receipt for a reply, sent to the desk as a webhook.
#[derive(Clone, Debug, Serialize)]
pub struct Receipt {
    /// The account's key.
    pub account: String,
    /// The provider's id of the reply.
    pub provider_id: String,
    /// The desk's own id of the reply, where it gave one.
    pub attempt_id: Option<String>,
    /// `sent`, `delivered`, `read` or `failed`.
    pub status: &'static str,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Whether it was lost on purpose.
    pub lost: bool,
    /// How many times it was sent.
    pub attempts: u32,
    /// When the desk first answered that it has it.
    pub acknowledged_at: Option<DateTime<Utc>>,
}

/// Something that the desk sent and the provider took.
#[derive(Clone, Debug, Serialize)]
pub struct Accepted {
    /// The account's key.
    pub account: String,
    /// The desk's own id: `biz_opaque_callback_data` or the app's `message.id`.
    pub attempt_id: Option<String>,
    /// The id that the provider gave it.
    pub provider_id: String,
    /// The customer's id.
    pub to: String,
    /// The kind, e.g. `text`, `template`, `reaction`, `read_mark`.
    pub kind: String,
    /// The words in it.
    pub text: String,
    /// When it was taken.
    pub at: DateTime<Utc>,
    /// Whether the connection was cut instead of an answer.
    pub answer_cut: bool,
    /// How many repeats of the same message id came (the app's callback alone).
    pub repeats: u32,
}

/// Something that the desk sent and the provider refused.
#[derive(Clone, Debug, Serialize)]
pub struct Rejected {
    /// The account's key, or what the desk named instead.
    pub account: String,
    /// The desk's own id, where it could be read.
    pub attempt_id: Option<String>,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The provider's error code.
    pub code: u32,
    /// The provider's words.
    pub reason: String,
    /// When it was refused.
    pub at: DateTime<Utc>,
}

/// Counts of one account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Things that customers did.
    pub written: u64,
    /// Of these, the ones the desk acknowledged.
    pub acknowledged: u64,
    /// Receipts sent.
    pub receipts: u64,
    /// Receipts lost on purpose.
    pub receipts_lost: u64,
    /// Webhook requests that the desk did not answer as taken.
    pub failed_attempts: u64,
    /// Sends of the desk that were taken.
    pub accepted: u64,
    /// Of these, the ones whose answer was cut.
    pub answers_cut: u64,
    /// Repeats that the app recognised by the message id.
    pub repeats: u64,
    /// Sends of the desk that were refused, by code.
    pub rejected: BTreeMap<u32, u64>,
}

/// Points at an entry that a webhook carries.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mark {
    Written(u64),
    Receipt(u64),
}

/// The journal. The newest entries stay in memory; the file has all of them.
pub struct Journal {
    inner: Mutex<Inner>,
}

struct Inner {
    written: Pages<Written>,
    receipts: Pages<Receipt>,
    accepted: Pages<Accepted>,
    rejected: Pages<Rejected>,
    counts: BTreeMap<String, Counts>,
    file: Option<BufWriter<File>>,
}

impl Journal {
    pub(crate) fn open(path: Option<&Path>, limit: usize) -> Result<Self, Error> {
        let open = |path: &Path| {
            File::create(path).map_err(|source| Error::Open {
                what: format!("journal {}", path.display()),
                source,
            })
        };
        let file = path.map(open).transpose()?.map(BufWriter::new);
        let inner = Inner {
            written: Pages::new(limit),
            receipts: Pages::new(limit),
            accepted: Pages::new(limit),
            rejected: Pages::new(limit),
            counts: BTreeMap::new(),
            file,
        };
        Ok(Self {
            inner: Mutex::new(inner),
        })
    }

    /// Lists what customers did.
    pub fn written(&self) -> Vec<Written> {
        lock(&self.inner).written.all()
    }

    /// Lists the receipts.
    pub fn receipts(&self) -> Vec<Receipt> {
        lock(&self.inner).receipts.all()
    }

    /// Lists what the desk sent with success.
    pub fn accepted(&self) -> Vec<Accepted> {
        lock(&self.inner).accepted.all()
    }

    /// Lists what the desk sent in vain.
    pub fn rejected(&self) -> Vec<Rejected> {
        lock(&self.inner).rejected.all()
    }

    /// Counts per account.
    pub fn counts(&self) -> BTreeMap<String, Counts> {
        lock(&self.inner).counts.clone()
    }

    /// Reads one page of one list as JSON: entries from number `after` on, and the
    /// number to go on with.
    pub(crate) fn page(&self, list: &str, after: u64, limit: usize) -> Option<serde_json::Value> {
        let inner = lock(&self.inner);
        match list {
            "written" => Some(inner.written.page(after, limit)),
            "receipts" => Some(inner.receipts.page(after, limit)),
            "accepted" => Some(inner.accepted.page(after, limit)),
            "rejected" => Some(inner.rejected.page(after, limit)),
            _ => None,
        }
    }

    pub(crate) fn write(&self, entry: Written) -> Mark {
        let mut inner = lock(&self.inner);
        inner.count(&entry.account).written += 1;
        inner.line("written", &entry);
        Mark::Written(inner.written.push(entry))
    }

    pub(crate) fn receipt(&self, entry: Receipt) -> Mark {
        let mut inner = lock(&self.inner);
        let counts = inner.count(&entry.account);
        match entry.lost {
            true => counts.receipts_lost += 1,
            false => counts.receipts += 1,
        }
        inner.line("receipt", &entry);
        Mark::Receipt(inner.receipts.push(entry))
    }

    pub(crate) fn accept(&self, entry: Accepted) {
        let mut inner = lock(&self.inner);
        let counts = inner.count(&entry.account);
        counts.accepted += 1;
        counts.answers_cut += u64::from(entry.answer_cut);
        inner.line("accepted", &entry);
        inner.accepted.push(entry);
    }

    pub(crate) fn repeat(&self, account: &str, provider_id: &str) {
        let mut inner = lock(&self.inner);
        inner.count(account).repeats += 1;
        let same =
            |entry: &&mut Accepted| entry.account == account && entry.provider_id == provider_id;
        if let Some(entry) = inner.accepted.entries.iter_mut().rev().find(same) {
            entry.repeats += 1;
        }
        inner.line(
            "repeated",
            &serde_json::json!({ "account": account, "provider_id": provider_id }),
        );
    }

    pub(crate) fn reject(&self, entry: Rejected) {
        let mut inner = lock(&self.inner);
        let counts = inner.count(&entry.account);
        *counts.rejected.entry(entry.code).or_default() += 1;
        inner.line("rejected", &entry);
        inner.rejected.push(entry);
    }

    /// Says whether the desk has taken an entry.
    pub(crate) fn acknowledged(&self, mark: Mark) -> bool {
        let mut inner = lock(&self.inner);
        match mark {
            Mark::Written(number) => inner
                .written
                .get(number)
                .is_some_and(|entry| entry.acknowledged_at.is_some()),
            Mark::Receipt(number) => inner
                .receipts
                .get(number)
                .is_some_and(|entry| entry.acknowledged_at.is_some()),
        }
    }

    /// Notes one webhook request and the desk's answer to it.
    pub(crate) fn attempt(&self, account: &str, marks: &[Mark], attempt: Attempt) {
        let mut inner = lock(&self.inner);
        inner.count(account).failed_attempts += u64::from(!attempt.taken);
        for &mark in marks {
            match mark {
                Mark::Written(number) => inner.written_attempt(number, attempt),
                Mark::Receipt(number) => {
                    if let Some(entry) = inner.receipts.get(number) {
                        entry.attempts += 1;
                        if attempt.taken && entry.acknowledged_at.is_none() {
                            entry.acknowledged_at = Some(attempt.at);
                        }
                    }
                }
            }
        }
    }
}

/// The outcome of one webhook request.
#[derive(Clone, Copy)]
pub(crate) struct Attempt {
    pub(crate) status: Option<u16>,
    pub(crate) taken: bool,
    pub(crate) at: DateTime<Utc>,
}

impl Inner {
    fn count(&mut self, account: &str) -> &mut Counts {
        self.counts.entry(account.to_owned()).or_default()
    }

    fn written_attempt(&mut self, number: u64, attempt: Attempt) {
        let Some(entry) = self.written.get(number) else {
            return;
        };
        entry.attempts += 1;
        entry.last_status = attempt.status;
        if !attempt.taken || entry.acknowledged_at.is_some() {
            return;
        }
        entry.acknowledged_at = Some(attempt.at);
        let entry = entry.clone();
        self.count(&entry.account).acknowledged += 1;
        self.line("acknowledged", &entry);
    }

    fn line(&mut self, event: &str, entry: &impl Serialize) {
        let Some(file) = &mut self.file else {
            return;
        };
        let line = serde_json::json!({ "event": event, "entry": entry });
        if let Err(error) = writeln!(file, "{line}").and_then(|()| file.flush()) {
            tracing::error!(%error, "the journal file cannot be written, it ends here");
            self.file = None;
        }
    }
}

/// A list whose oldest entries go beyond a bound while numbers stay.
struct Pages<T> {
    entries: VecDeque<T>,
    dropped: u64,
    limit: usize,
}

impl<T: Clone + Serialize> Pages<T> {
    fn new(limit: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            dropped: 0,
            limit: limit.max(1),
        }
    }

    fn push(&mut self, entry: T) -> u64 {
        if self.entries.len() == self.limit {
            self.entries.pop_front();
            self.dropped += 1;
        }
        self.entries.push_back(entry);
        self.dropped + self.entries.len() as u64 - 1
    }

    fn get(&mut self, number: u64) -> Option<&mut T> {
        let index = usize::try_from(number.checked_sub(self.dropped)?).ok()?;
        self.entries.get_mut(index)
    }

    fn all(&self) -> Vec<T> {
        self.entries.iter().cloned().collect()
    }

    fn page(&self, after: u64, limit: usize) -> serde_json::Value {
        let first = usize::try_from(after.saturating_sub(self.dropped)).unwrap_or(usize::MAX);
        let entries: Vec<&T> = self.entries.iter().skip(first).take(limit).collect();
        let next = after.max(self.dropped) + entries.len() as u64;
        let total = self.dropped + self.entries.len() as u64;
        serde_json::json!({ "entries": entries, "next": next, "total": total })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_keep_their_numbers_when_the_oldest_go() {
        let mut pages = Pages::new(3);
        let numbers: Vec<u64> = (0..5).map(|n| pages.push(n)).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4]);
        assert_eq!(pages.get(1), None);
        assert_eq!(pages.get(4), Some(&mut 4));
        let page = pages.page(3, 10);
        assert_eq!(
            page,
            serde_json::json!({ "entries": [3, 4], "next": 5, "total": 5 })
        );
    }
}
