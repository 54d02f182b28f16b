//! What an inbox has to know to be a mailbox, from its account and credentials.
//!
//! | Credential | What it is |
//! |---|---|
//! | `webhook_secrets` | sign reply tokens and Message-IDs; the first makes them, all are believed |
//! | `access_token` | OAuth 2 token for SMTP and IMAP, where no password is set |
//! | `others.address` | the address that customers write to; the inbox's account |
//! | `others.name` | the name that customers see |
//! | `others.show_agents` | `yes` puts the name of the agent who writes before it |
//! | `others.own_addresses` | further addresses of the tenant, separated by commas |
//! | `others.bounces_to` | where bounces go; the address itself unless set |
//! | `others.smtp_user`, `others.smtp_password` | how we sign in to send |
//! | `others.imap_url` | the mailbox to read: `imaps://` or `imap://`, with the port |
//! | `others.imap_user`, `others.imap_password`, `others.imap_folder` | how we sign in to read, and which folder |
//! | `others.tls_ca` | certificates in PEM that are believed instead of the public ones |
//! | `others.dkim_domain`, `others.dkim_selector`, `others.dkim_key` | the signature of what goes out |
//! | `others.trusted_servers` | whose `Authentication-Results` are believed, separated by commas |

use super::adapter::Mailroom;
use super::dkim::Signer;
use super::submit::Login;
use super::token::Tokens;
use super::{Limits, Mailbox, address};
use crate::Credentials;

/// One mailbox of a tenant, as its inbox is set up.
#[derive(Debug)]
pub struct Account {
    /// The address that customers write to, with the name they see.
    pub address: Mailbox,
    /// Every address of the tenant that the inbox knows, its own first.
    pub own: Vec<String>,
    /// Where bounces go, before the token.
    pub bounces: String,
    /// Makes and checks tokens.
    pub tokens: Tokens,
    /// Whether mails bear the name of the agent who writes.
    pub shows_agents: bool,
    /// Servers whose checks of the sender are believed.
    pub trusted: Vec<String>,
    /// How much of a mail is looked at.
    pub limits: Limits,
}

impl Account {
    /// Reads what parsing and writing need; `None` where the inbox's own address is none.
    pub fn read(account_id: &str, credentials: &Credentials) -> Option<Self> {
        let own = credentials.other("address").unwrap_or(account_id);
        let address = Mailbox::new(credentials.other("name"), own)?;
        let mut all = vec![address.address.clone()];
        all.extend(list(credentials, "own_addresses").filter_map(|own| address::canonical(&own)));
        let bounces = credentials.other("bounces_to").unwrap_or(&address.address);
        Some(Self {
            bounces: bounces.to_owned(),
            tokens: Tokens::of_address(&address.address, &credentials.webhook_secrets),
            shows_agents: credentials.shows_agents(),
            trusted: list(credentials, "trusted_servers").collect(),
            limits: Limits::default(),
            own: all,
            address,
        })
    }

    /// Returns it as the adapter's pure half wants it.
    pub fn room(&self) -> Mailroom<'_> {
        Mailroom {
            address: self.address.clone(),
            own: &self.own,
            bounces: &self.bounces,
            // Whoever writes it into a mail of theirs silences nobody but themselves.
            loop_mark: &self.address.address,
            tokens: &self.tokens,
            shows_agents: self.shows_agents,
            trusted: &self.trusted,
            limits: &self.limits,
        }
    }
}

/// Returns what signs outgoing mails; `None` where nothing is set.
pub fn signer(credentials: &Credentials) -> Option<Result<Signer, super::dkim::Error>> {
    let key = credentials.other("dkim_key")?;
    let part = |name| credentials.other(name).unwrap_or_default();
    Some(Signer::new(part("dkim_domain"), part("dkim_selector"), key))
}

/// Returns how we sign in to the server that `purpose` (`smtp`, `imap`) names; `None` where it wants
/// no login.
pub fn login(purpose: &str, account_id: &str, credentials: &Credentials) -> Option<Login> {
    let own = |name: &str| credentials.other(&format!("{purpose}_{name}"));
    let user = own("user").unwrap_or(account_id).to_owned();
    if let Some(password) = own("password") {
        return Some(Login::Password {
            user,
            password: password.to_owned(),
        });
    }
    let token = credentials.access_token.as_deref();
    let token = token.filter(|token| !token.is_empty())?.to_owned();
    Some(Login::Token { user, token })
}

fn list(credentials: &Credentials, name: &str) -> impl Iterator<Item = String> {
    let words = credentials.other(name).unwrap_or_default().split(',');
    let words = words.map(|word| word.trim().to_owned());
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .into_iter()
}
