//! Reads the mailboxes of all tenants that have IMAP credentials, each by one process at a time.

use super::folder::{Folder, read_folder};
use super::{MailDirectory, MailIntake};
use interdesk_channels::email::submit::Forbids;
use interdesk_domain::id::InboxId;
use interdesk_store::inboxes::Inbox;
use interdesk_store::mail;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// How mailboxes are read.
#[derive(Debug, Clone)]
pub struct PollLimits {
    /// How often a folder is looked at although its server told nothing.
    pub every: Duration,
    /// Mailboxes that this process reads at once.
    pub most: usize,
    /// The largest mail, in bytes.
    pub max_bytes: usize,
    /// Tells addresses that nobody may call.
    pub forbids: Forbids,
}

/// A mailbox that is read here.
struct Reading {
    /// What it was set up as: a change begins anew.
    sealed: Vec<u8>,
    stop: CancellationToken,
}

/// Reads mailboxes until `soft`; what is being stored then is finished.
pub async fn poll(intake: MailIntake, limits: PollLimits, soft: CancellationToken) {
    let holder = intake.desk.clock.new_uuid();
    let mut readings: HashMap<InboxId, Reading> = HashMap::new();
    let tasks = TaskTracker::new();
    loop {
        match list(&intake).await {
            Ok(inboxes) => {
                let folders = inboxes.into_iter();
                let folders: Vec<_> = folders
                    .filter_map(|inbox| open(&intake.directory, inbox))
                    .collect();
                readings.retain(|id, reading| {
                    let same = |(sealed, folder): &(Vec<u8>, Folder)| {
                        folder.inbox.mailbox.id == *id && *sealed == reading.sealed
                    };
                    let stays = folders.iter().any(same);
                    if !stays {
                        reading.stop.cancel();
                    }
                    stays
                });
                for (sealed, folder) in folders {
                    let id = folder.inbox.mailbox.id;
                    if readings.contains_key(&id) || readings.len() >= limits.most {
                        continue;
                    }
                    let stop = soft.child_token();
                    spawn(&tasks, &intake, &limits, holder, folder, stop.clone());
                    readings.insert(id, Reading { sealed, stop });
                }
            }
            Err(error) => tracing::warn!(%error, "mailboxes cannot be listed"),
        }
        tokio::select! {
            () = soft.cancelled() => break,
            () = tokio::time::sleep(limits.every) => {}
        }
    }
    tasks.close();
    tasks.wait().await;
}

async fn list(intake: &MailIntake) -> Result<Vec<Inbox>, interdesk_store::Error> {
    let system = intake.desk.database.begin_system().await?;
    let inboxes = mail::list_inboxes(&system).await?;
    system.commit().await?;
    Ok(inboxes)
}

/// Returns the mailbox of an inbox with its sealed form; `None` where it has none to read.
fn open(directory: &Arc<MailDirectory>, inbox: Inbox) -> Option<(Vec<u8>, Folder)> {
    let (sealed, created_at) = (inbox.credentials.clone(), inbox.created_at);
    match directory.open(inbox) {
        Ok(inbox) => Some((sealed, Folder::of(inbox, created_at)?)),
        Err(error) => {
            tracing::warn!(%error, "a mailbox cannot be opened");
            None
        }
    }
}

fn spawn(
    tasks: &TaskTracker,
    intake: &MailIntake,
    limits: &PollLimits,
    holder: Uuid,
    folder: Folder,
    stop: CancellationToken,
) {
    let (intake, limits) = (intake.clone(), limits.clone());
    tasks.spawn(async move {
        Box::pin(read_folder(intake, limits, holder, folder, stop)).await;
    });
}
