//! Seals secrets anew under the installation's newest key, so that older ones can be taken away.
//!
//! Each secret is opened, sealed and written while its row is locked. It may be run at any time,
//! beside a running desk, and again after it broke off: what is sealed with the newest key is left
//! alone.

use crate::{Desk, Error, keys, notify, oidc, second_factor};
use interdesk_domain::scope::TenantScope;
use interdesk_store::audit;
use interdesk_store::inboxes::{self, Sealed};
use interdesk_store::vault::Vault;

/// What was sealed anew.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resealed {
    /// How many inboxes' credentials.
    pub inboxes: usize,
    /// How many signing keys, and secrets of addresses that are called, of authenticators and of identity
    /// providers.
    pub keys: usize,
    /// How many secrets had the newest key already.
    pub current: usize,
    /// What could not be opened with any key at hand, and why; it was left as it is.
    pub unreadable: Vec<String>,
}

/// Seals what an older key sealed.
pub async fn reseal(desk: &Desk, vault: &Vault) -> Result<Resealed, Error> {
    let mut resealed = Resealed::default();
    keys::reseal(desk, vault, &mut resealed).await?;
    let transaction = desk.database.begin_system().await?;
    let tenants = audit::list_tenants(&transaction).await?;
    let inboxes = inboxes::list_sealed(&transaction).await?;
    transaction.commit().await?;
    for scope in tenants.into_iter().map(TenantScope::new) {
        notify::reseal(desk, vault, scope, &mut resealed).await?;
        second_factor::reseal(desk, vault, scope, &mut resealed).await?;
        oidc::reseal(desk, vault, scope, &mut resealed).await?;
    }
    for inbox in inboxes {
        match vault.is_outdated(&inbox.credentials) {
            true => reseal_inbox(desk, vault, &inbox, &mut resealed).await?,
            false => resealed.current += 1,
        }
    }
    Ok(resealed)
}

async fn reseal_inbox(
    desk: &Desk,
    vault: &Vault,
    inbox: &Sealed,
    resealed: &mut Resealed,
) -> Result<(), Error> {
    let (scope, name) = (TenantScope::new(inbox.tenant_id), inbox.id.to_string());
    let transaction = desk.database.begin(scope).await?;
    // They may have been replaced since they were listed.
    let Some(sealed) = inboxes::lock_credentials(&transaction, scope, inbox.id).await? else {
        return Ok(transaction.rollback().await?);
    };
    match vault.reseal(&name, &sealed) {
        Ok(None) => resealed.current += 1,
        Ok(Some(anew)) => {
            inboxes::set_credentials(&transaction, scope, inbox.id, &anew).await?;
            resealed.inboxes += 1;
        }
        Err(error) => resealed.unreadable.push(format!("{name}: {error}")),
    }
    Ok(transaction.commit().await?)
}
