//! One mailbox: its new mails are stored, and how far is remembered after each.
//!
//! A mail counts as read once it is stored and its number is noted. Between the two a crash repeats
//! it, which has no effect; a folder that its server numbers anew is read again from the day on which
//! the inbox was connected, and Message-IDs tell what is known.

use super::imap::{Client, Door, Fetched};
use super::{MailIntake, PollLimits};
use crate::batcher::Refusal;
use crate::directory::OpenInbox;
use chrono::{DateTime, Utc};
use interdesk_channels::Mail;
use interdesk_channels::email::account::login;
use interdesk_channels::email::submit::{Login, Server};
use interdesk_domain::message::{Condition, HealthState};
use interdesk_flow::{inbox_health, receive};
use interdesk_store::mail;
use std::io::ErrorKind;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long after the last sign of life another process may read a folder.
const LEASE: chrono::Duration = chrono::Duration::seconds(180);

/// How long a process stays with a folder between two signs of life.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How many failures may pass before they are told.
const PATIENCE: usize = 2;

/// Between two tries after a failure.
const PAUSES: [u64; 5] = [2, 10, 30, 120, 300];

/// A folder to read.
pub(super) struct Folder {
    pub(super) inbox: OpenInbox,
    server: Server,
    login: Login,
    name: String,
    since: DateTime<Utc>,
}

impl Folder {
    /// Returns the folder of an inbox; `None` where its credentials name none.
    pub(super) fn of(inbox: OpenInbox, since: DateTime<Utc>) -> Option<Self> {
        let url = inbox.credentials.other("imap_url")?;
        let ca = inbox.credentials.other("tls_ca");
        let server = Server::parse(url).map(|server| server.proven_by(ca));
        let login = login("imap", &inbox.account_id, &inbox.credentials);
        let (Some(server), Some(login)) = (server, login) else {
            tracing::warn!(inbox.id = %inbox.mailbox.id, "a mailbox has no address or no login");
            return None;
        };
        let name = inbox.credentials.other("imap_folder").unwrap_or("INBOX");
        Some(Self {
            name: name.to_owned(),
            inbox,
            server,
            login,
            since,
        })
    }
}

/// Why reading stopped.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the mailbox: {0}")]
    Mailbox(#[from] std::io::Error),
    #[error(transparent)]
    Store(#[from] interdesk_store::Error),
    #[error("the desk cannot store mails now")]
    Busy,
    #[error("another process reads the mailbox")]
    Lost,
}

/// Reads a folder until `stop`, or waits while another process reads it.
pub(super) async fn read_folder(
    intake: MailIntake,
    limits: PollLimits,
    holder: Uuid,
    folder: Folder,
    stop: CancellationToken,
) {
    let reader = Reader {
        intake,
        limits,
        holder,
        folder,
    };
    let mut failures = 0;
    loop {
        let pause = match reader.visit(&stop, &mut failures).await {
            Ok(()) => break,
            Err(Error::Lost) => reader.limits.every,
            Err(error) => {
                let id = reader.folder.inbox.mailbox.id;
                tracing::warn!(%error, inbox.id = %id, "a mailbox cannot be read");
                reader.tell(&error, failures).await;
                let pause = PAUSES[PAUSES.len().min(failures + 1) - 1];
                failures += 1;
                Duration::from_secs(pause)
            }
        };
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(pause) => {}
        }
    }
    reader.release().await;
}

struct Reader {
    intake: MailIntake,
    limits: PollLimits,
    holder: Uuid,
    folder: Folder,
}

impl Reader {
    /// Reads until `stop`, the server or the desk ends it.
    async fn visit(&self, stop: &CancellationToken, failures: &mut usize) -> Result<(), Error> {
        let mut known = self.hold().await?;
        let door = Door {
            server: &self.folder.server,
            login: &self.folder.login,
            ca: self.folder.inbox.credentials.other("tls_ca"),
            forbids: self.limits.forbids,
            most: self.limits.max_bytes,
        };
        let mut client = Client::sign_in(&door).await?;
        let opened = client.open(&self.folder.name).await?;
        let begins_anew = known.uid_validity != Some(opened.uid_validity);
        if begins_anew {
            known.uid_validity = Some(opened.uid_validity);
            known.last_uid = 0;
        }
        let wait = self.limits.every.min(LONGEST_WAIT);
        let mut told = false;
        loop {
            // Nothing has to be finished but what is being stored.
            self.take_new(&mut client, &mut known, stop).await?;
            if !told {
                // Once for each visit: somebody may have been told otherwise before.
                let detail = "the mailbox is read";
                self.note_health(HealthState::Healthy, "read", detail).await;
                told = true;
            }
            *failures = 0;
            let waited = tokio::select! {
                () = stop.cancelled() => None,
                waited = client.wait(wait) => Some(waited),
            };
            let Some(waited) = waited else {
                return Ok(());
            };
            let by = if waited? { "server" } else { "time" };
            metrics::counter!("interdesk_mailbox_looks_total", "by" => by).increment(1);
            self.hold().await?;
            if stop.is_cancelled() {
                client.leave().await;
                return Ok(());
            }
        }
    }

    async fn take_new(
        &self,
        client: &mut Client,
        known: &mut mail::Folder,
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        let found = match known.last_uid {
            // By day alone, and a day early: servers count days by clocks of their own.
            0 => {
                let day = self.folder.since - chrono::Duration::days(1);
                client
                    .search(&format!("SINCE {}", day.format("%-d-%b-%Y")))
                    .await?
            }
            // The last mail always comes, also when its number is smaller.
            last => client.search(&format!("UID {}:*", last + 1)).await?,
        };
        let first = known.last_uid;
        for (index, uid) in found.into_iter().filter(|uid| *uid > first).enumerate() {
            if stop.is_cancelled() {
                return Ok(());
            }
            // A full folder takes longer than a lease.
            if index % 50 == 49 {
                self.hold().await?;
            }
            self.take(client, uid).await?;
            known.last_uid = uid;
            self.note(known).await?;
        }
        Ok(())
    }

    async fn take(&self, client: &mut Client, uid: i64) -> Result<(), Error> {
        let inbox = &self.folder.inbox;
        let envelope = Mail {
            from: None,
            to: &[],
            peer: None,
        };
        match client.fetch(uid).await? {
            Fetched::Gone => Ok(()),
            Fetched::Whole(mail) => {
                let stored = self.intake.store(inbox, envelope, &mail).await;
                stored.map_err(|_: Refusal| Error::Busy)
            }
            Fetched::Beginning(mail) => {
                let (desk, id) = (&self.intake.desk, inbox.mailbox.id);
                let why = "too large; this is its beginning";
                let kept = receive::keep_raw(desk, inbox.scope, id, &mail, why).await;
                kept.map_err(|_| Error::Busy)
            }
        }
    }

    async fn hold(&self) -> Result<mail::Folder, Error> {
        let (desk, inbox) = (&self.intake.desk, &self.folder.inbox);
        let now = desk.now();
        let transaction = desk.database.begin(inbox.scope).await?;
        let (id, until) = (inbox.mailbox.id, now + LEASE);
        let held =
            mail::hold_folder(&transaction, inbox.scope, id, self.holder, now, until).await?;
        transaction.commit().await?;
        held.ok_or(Error::Lost)
    }

    /// Tells that the mailbox cannot be read, where that did not pass by itself.
    async fn tell(&self, error: &Error, failures: usize) {
        let Error::Mailbox(mailbox) = error else {
            return;
        };
        let refused = mailbox.kind() == ErrorKind::PermissionDenied;
        let (state, reason) = match refused {
            true => (HealthState::Blocked, "refused"),
            false if failures < PATIENCE => return,
            false => (HealthState::Degraded, "unreachable"),
        };
        let detail = format!("the mailbox cannot be read: {error}");
        self.note_health(state, reason, &detail).await;
    }

    async fn note_health(&self, state: HealthState, reason: &str, detail: &str) {
        let (desk, inbox) = (&self.intake.desk, &self.folder.inbox);
        let condition = Condition::new("mailbox", state, reason, detail);
        inbox_health::note(desk, inbox.scope, inbox.mailbox.id, condition).await;
    }

    async fn note(&self, known: &mail::Folder) -> Result<(), Error> {
        let (desk, inbox) = (&self.intake.desk, &self.folder.inbox);
        let transaction = desk.database.begin(inbox.scope).await?;
        let id = inbox.mailbox.id;
        let ours = mail::mark_read(&transaction, inbox.scope, id, self.holder, known).await?;
        transaction.commit().await?;
        ours.then_some(()).ok_or(Error::Lost)
    }

    async fn release(&self) {
        let (desk, inbox) = (&self.intake.desk, &self.folder.inbox);
        let Ok(transaction) = desk.database.begin(inbox.scope).await else {
            return;
        };
        let id = inbox.mailbox.id;
        let released = mail::release_folder(&transaction, inbox.scope, id, self.holder).await;
        if released.is_ok() {
            // Where this fails the lease ends by itself.
            let _ = transaction.commit().await;
        }
    }
}
