//! Links to files: whoever has one may read one attachment for a short time, and nothing else.

use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use interdesk_domain::id::{AttachmentId, TenantId};
use interdesk_domain::scope::TenantScope;
use interdesk_domain::secret::Secret;
use interdesk_store::vault::{KEY_LEN, Vault};
use std::sync::Arc;
use uuid::Uuid;

/// What the keys of links are derived for.
const PURPOSE: &str = "links to files";

/// The parts of a link's token: key, tenant, attachment, end, and the signature over them.
const SIGNED: usize = 1 + 16 + 16 + 8;
const WHOLE: usize = SIGNED + 32;

/// Makes links and reads them back.
#[derive(Clone)]
pub struct Links {
    /// The newest signs; all are believed.
    keys: Arc<[(u8, hmac::Key)]>,
    base: String,
    lasting: Duration,
}

/// What a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Linked {
    /// In which tenant.
    pub scope: TenantScope,
    /// To which attachment.
    pub attachment: AttachmentId,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// Why a link leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It is none of ours, or was changed.
    #[error("the link is none of this desk's")]
    Unknown,
    /// Its time is over.
    #[error("the link has expired; ask for a new one")]
    Expired,
}

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Links({})", self.base)
    }
}

impl Links {
    /// How long a link for people is good where nobody says otherwise.
    pub const SHORT: Duration = Duration::minutes(10);

    /// How long a link for a provider is good: it may fetch late.
    pub const FOR_PROVIDERS: Duration = Duration::hours(24);

    /// Makes links below an address with keys, the newest first.
    pub fn new(keys: Vec<(u8, Secret<[u8; KEY_LEN]>)>, base: &str, lasting: Duration) -> Self {
        let keys = keys.into_iter();
        let keys =
            keys.map(|(number, key)| (number, hmac::Key::new(hmac::HMAC_SHA256, key.expose())));
        Self {
            keys: keys.collect(),
            base: base.trim_end_matches('/').to_owned(),
            lasting,
        }
    }

    /// Makes links with keys of the vault.
    pub fn of_vault(vault: &Vault, base: &str, lasting: Duration) -> Self {
        Self::new(vault.derive(PURPOSE), base, lasting)
    }

    /// Returns a link for people, and when it ends.
    pub fn make(
        &self,
        scope: TenantScope,
        attachment: AttachmentId,
        now: DateTime<Utc>,
    ) -> (String, DateTime<Utc>) {
        self.make_until(scope, attachment, now + self.lasting)
    }

    /// Returns a link that a provider has time to follow.
    pub fn make_for_provider(
        &self,
        scope: TenantScope,
        attachment: AttachmentId,
        now: DateTime<Utc>,
    ) -> String {
        self.make_until(scope, attachment, now + Self::FOR_PROVIDERS)
            .0
    }

    fn make_until(
        &self,
        scope: TenantScope,
        attachment: AttachmentId,
        end: DateTime<Utc>,
    ) -> (String, DateTime<Utc>) {
        // Whole seconds, as the token keeps them.
        let end = DateTime::from_timestamp(end.timestamp(), 0).unwrap_or(end);
        let (number, key) = &self.keys[0];
        let mut token = Vec::with_capacity(WHOLE);
        token.push(*number);
        token.extend_from_slice(scope.tenant().0.as_bytes());
        token.extend_from_slice(attachment.0.as_bytes());
        token.extend_from_slice(&end.timestamp().to_be_bytes());
        let signature = hmac::sign(key, &token);
        token.extend_from_slice(signature.as_ref());
        let token = BASE64_URL_SAFE_NO_PAD.encode(token);
        (format!("{}/files/{token}", self.base), end)
    }

    /// Reads the last part of a link's path.
    ///
    /// # Errors
    ///
    /// Fails when it is none of ours, or its time is over.
    pub fn read(&self, token: &str, now: DateTime<Utc>) -> Result<Linked, LinkError> {
        let token = BASE64_URL_SAFE_NO_PAD.decode(token);
        let token = token.map_err(|_| LinkError::Unknown)?;
        let token: [u8; WHOLE] = token.try_into().map_err(|_| LinkError::Unknown)?;
        let (signed, signature) = token.split_at(SIGNED);
        let mut keys = self.keys.iter();
        let key = keys.find(|(number, _)| *number == signed[0]);
        let (_, key) = key.ok_or(LinkError::Unknown)?;
        hmac::verify(key, signed, signature).map_err(|_| LinkError::Unknown)?;
        let id = |at: usize| Uuid::from_slice(&signed[at..at + 16]).map_err(|_| LinkError::Unknown);
        let end = signed[33..].try_into().map_err(|_| LinkError::Unknown)?;
        let end = DateTime::from_timestamp(i64::from_be_bytes(end), 0);
        let expires_at = end.ok_or(LinkError::Unknown)?;
        if expires_at <= now {
            return Err(LinkError::Expired);
        }
        Ok(Linked {
            scope: TenantScope::new(TenantId(id(1)?)),
            attachment: AttachmentId(id(17)?),
            expires_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(key: u8) -> Links {
        let keys = vec![(key, Secret::new([key; 32]))];
        Links::new(keys, "https://desk.example.org/", Links::SHORT)
    }

    fn moment(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("a moment")
    }

    fn made(links: &Links) -> (TenantScope, AttachmentId, String) {
        let scope = TenantScope::new(TenantId(Uuid::from_u128(1)));
        let attachment = AttachmentId(Uuid::from_u128(2));
        let (link, end) = links.make(scope, attachment, moment(0));
        assert_eq!(end, moment(600));
        let token = link.strip_prefix("https://desk.example.org/files/");
        (scope, attachment, token.expect("a link of ours").to_owned())
    }

    #[test]
    fn a_link_leads_to_its_attachment_until_it_ends() {
        let links = links(1);
        let (scope, attachment, token) = made(&links);
        let linked = links.read(&token, moment(599)).expect("a link");
        assert_eq!((linked.scope, linked.attachment), (scope, attachment));
        assert_eq!(links.read(&token, moment(600)), Err(LinkError::Expired));
    }

    #[test]
    fn a_link_with_any_part_changed_is_none() {
        let links = links(1);
        let (_, _, token) = made(&links);
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&token).expect("bytes");
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let changed = BASE64_URL_SAFE_NO_PAD.encode(changed);
            assert_eq!(
                links.read(&changed, moment(0)),
                Err(LinkError::Unknown),
                "{at}"
            );
        }
        for other in ["", "x", &token[1..]] {
            assert_eq!(links.read(other, moment(0)), Err(LinkError::Unknown));
        }
    }

    #[test]
    fn a_former_key_is_believed_as_long_as_it_is_kept() {
        let (_, _, token) = made(&links(1));
        let keys = |numbers: &[u8]| {
            let keys = numbers.iter().map(|key| (*key, Secret::new([*key; 32])));
            Links::new(keys.collect(), "https://desk.example.org", Links::SHORT)
        };
        assert!(keys(&[2, 1]).read(&token, moment(0)).is_ok());
        assert_eq!(keys(&[2]).read(&token, moment(0)), Err(LinkError::Unknown));
    }
}
