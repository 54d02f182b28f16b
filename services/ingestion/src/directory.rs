//! Which inbox a webhook path names, remembered for a few seconds.

use interdesk_channels::Credentials;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::receive::Mailbox;
use interdesk_store::vault::Vault;
use interdesk_store::{Database, inboxes};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long an answer is believed: a changed inbox is seen after that at the latest.
const FRESH: Duration = Duration::from_secs(3);

/// How many answers are remembered; who guesses paths pushes out nothing but other guesses.
const MOST: usize = 10_000;

/// An inbox as webhooks need it.
#[derive(Debug)]
pub struct OpenInbox {
    /// Whose.
    pub scope: TenantScope,
    /// What receiving needs to know.
    pub mailbox: Mailbox,
    /// The provider's id of the account.
    pub account_id: String,
    /// The secrets, opened.
    pub credentials: Credentials,
}

/// Finds inboxes by the unguessable part of their path.
pub struct Directory {
    database: Database,
    vault: Arc<Vault>,
    known: Mutex<HashMap<String, Known>>,
}

#[derive(Clone)]
struct Known {
    inbox: Option<Arc<OpenInbox>>,
    until: Instant,
}

/// Why an inbox cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] interdesk_store::Error),
    /// Its secrets were sealed with another key.
    #[error("credentials of inbox {0} cannot be opened with the present secret key")]
    Sealed(interdesk_domain::id::InboxId),
}

impl Directory {
    /// Looks in `database`, and opens secrets with `vault`.
    pub fn new(database: Database, vault: Arc<Vault>) -> Self {
        Self {
            database,
            vault,
            known: Mutex::default(),
        }
    }

    /// Finds an inbox that is switched on; `None` where there is none of that name.
    pub async fn find(&self, public_id: &str) -> Result<Option<Arc<OpenInbox>>, Error> {
        if let Some(known) = self.remembered(public_id) {
            return Ok(known);
        }
        let system = self.database.begin_system().await?;
        let found = inboxes::find_by_public_id(&system, public_id).await?;
        system.commit().await?;
        let inbox = match found.filter(|inbox| inbox.enabled) {
            Some(inbox) => Some(Arc::new(self.open(inbox)?)),
            None => None,
        };
        self.remember(public_id, inbox.clone());
        Ok(inbox)
    }

    /// Finds the tenant's inbox of another account of the same channel: one callback of a provider
    /// may serve several.
    pub async fn find_account(
        &self,
        beside: &OpenInbox,
        account_id: &str,
    ) -> Result<Option<Mailbox>, Error> {
        let transaction = self.database.begin(beside.scope).await?;
        let inboxes = inboxes::list(&transaction, beside.scope).await?;
        transaction.commit().await?;
        let channel = beside.mailbox.channel;
        let is_it = |inbox: &inboxes::Inbox| {
            inbox.enabled && inbox.channel == channel && inbox.account_id == account_id
        };
        Ok(inboxes.into_iter().find(is_it).map(|inbox| mailbox(&inbox)))
    }

    /// Lists the tenant's other inboxes whose conversations wait in the same queue and that are switched
    /// on: somebody who goes on there stays in the conversation.
    pub async fn list_beside(&self, inbox: &OpenInbox) -> Result<Vec<OpenInbox>, Error> {
        let transaction = self.database.begin(inbox.scope).await?;
        let inboxes = inboxes::list(&transaction, inbox.scope).await?;
        transaction.commit().await?;
        let is_beside = |other: &inboxes::Inbox| {
            let own = &inbox.mailbox;
            other.enabled && other.queue_id == own.queue && other.id != own.id
        };
        let beside = inboxes.into_iter().filter(is_beside);
        let opened = beside.filter_map(|inbox| {
            let opened = self.open(inbox);
            opened
                .inspect_err(|error| tracing::warn!(%error, "an inbox is left out"))
                .ok()
        });
        Ok(opened.collect())
    }

    fn open(&self, inbox: inboxes::Inbox) -> Result<OpenInbox, Error> {
        let opened = self.vault.open(&inbox.id.to_string(), &inbox.credentials);
        let credentials = opened
            .ok()
            .and_then(|opened| serde_json::from_slice(opened.expose()).ok());
        Ok(OpenInbox {
            scope: TenantScope::new(inbox.tenant_id),
            mailbox: mailbox(&inbox),
            credentials: credentials.ok_or(Error::Sealed(inbox.id))?,
            account_id: inbox.account_id,
        })
    }

    fn remembered(&self, public_id: &str) -> Option<Option<Arc<OpenInbox>>> {
        let known = self
            .known
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let found = known
            .get(public_id)
            .filter(|known| known.until > Instant::now())?;
        Some(found.inbox.clone())
    }

    fn remember(&self, public_id: &str, inbox: Option<Arc<OpenInbox>>) {
        let mut known = self
            .known
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if known.len() >= MOST {
            let now = Instant::now();
            known.retain(|_, known| known.until > now && known.inbox.is_some());
        }
        let until = Instant::now() + FRESH;
        known.insert(public_id.to_owned(), Known { inbox, until });
    }
}

fn mailbox(inbox: &inboxes::Inbox) -> Mailbox {
    Mailbox {
        id: inbox.id,
        channel: inbox.channel,
        queue: inbox.queue_id,
    }
}
