//! Which inbox a mail address leads to, remembered for a few seconds.

use crate::directory::{Error, OpenInbox};
use interdesk_domain::scope::TenantScope;
use interdesk_flow::receive::Mailbox;
use interdesk_store::vault::Vault;
use interdesk_store::{Database, inboxes, mail};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long an answer is believed: a changed inbox is seen after that at the latest.
const FRESH: Duration = Duration::from_secs(3);

/// How many answers are remembered; who guesses addresses pushes out nothing but other guesses.
const MOST: usize = 10_000;

type Found = Option<Arc<OpenInbox>>;

/// Finds inboxes by mail addresses.
pub struct MailDirectory {
    database: Database,
    vault: Arc<Vault>,
    known: Mutex<HashMap<String, (Found, Instant)>>,
}

impl MailDirectory {
    /// Looks in `database`, and opens secrets with `vault`.
    pub fn new(database: Database, vault: Arc<Vault>) -> Self {
        Self {
            database,
            vault,
            known: Mutex::default(),
        }
    }

    /// Finds the inbox that is switched on and has an address, with or without a token behind `+`.
    pub(crate) async fn find(&self, recipient: &str) -> Result<Found, Error> {
        let Some(address) = plain(recipient) else {
            return Ok(None);
        };
        if let Some(known) = self.remembered(&address) {
            return Ok(known);
        }
        let system = self.database.begin_system().await?;
        let found = mail::find_inbox(&system, &address).await?;
        system.commit().await?;
        let inbox = match found.filter(|inbox| inbox.enabled) {
            Some(inbox) => Some(Arc::new(self.open(inbox)?)),
            None => None,
        };
        self.remember(address, inbox.clone());
        Ok(inbox)
    }

    /// Opens the secrets of an inbox.
    pub(crate) fn open(&self, inbox: inboxes::Inbox) -> Result<OpenInbox, Error> {
        let opened = self.vault.open(&inbox.id.to_string(), &inbox.credentials);
        let credentials = opened
            .ok()
            .and_then(|opened| serde_json::from_slice(opened.expose()).ok());
        Ok(OpenInbox {
            scope: TenantScope::new(inbox.tenant_id),
            mailbox: Mailbox {
                id: inbox.id,
                channel: inbox.channel,
                queue: inbox.queue_id,
            },
            credentials: credentials.ok_or(Error::Sealed(inbox.id))?,
            account_id: inbox.account_id,
        })
    }

    fn remembered(&self, address: &str) -> Option<Found> {
        let known = self.known.lock().unwrap_or_else(|it| it.into_inner());
        let (found, until) = known.get(address)?;
        (*until > Instant::now()).then(|| found.clone())
    }

    fn remember(&self, address: String, found: Found) {
        let mut known = self.known.lock().unwrap_or_else(|it| it.into_inner());
        let now = Instant::now();
        if known.len() >= MOST {
            known.retain(|_, (found, until)| *until > now && found.is_some());
        }
        known.insert(address, (found, now + FRESH));
    }
}

/// Returns the address that an inbox has: without what is behind `+`, in lower case.
fn plain(recipient: &str) -> Option<String> {
    let (local, domain) = recipient.rsplit_once('@')?;
    let local = local.split('+').next().unwrap_or(local);
    let fits = !local.is_empty() && !domain.is_empty() && recipient.len() <= 320;
    fits.then(|| format!("{local}@{domain}").to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_token_and_the_case_of_letters_lead_to_the_same_inbox() {
        let own = Some("support@desk.example".to_owned());
        assert_eq!(plain("support@desk.example"), own);
        assert_eq!(plain("Support+token+more@Desk.example"), own);
        assert_eq!(plain("+token@desk.example"), None);
        assert_eq!(plain("nobody"), None);
    }
}
