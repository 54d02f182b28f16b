//! Secrets that end are renewed ahead of their end, by one process at a time.

use crate::deliver::{Adapters, Courier, account};
use crate::{Desk, Error, conflict, inbox_health};
use interdesk_cache::Bucket;
use interdesk_channels::{Channel, Credentials, NoFiles, SendContext, SendError};
use interdesk_domain::message::{Condition, HealthState};
use interdesk_domain::scope::TenantScope;
use interdesk_store::inboxes::{self, Inbox};
use interdesk_store::mail;
use std::time::Duration;

/// How long one process has for a renewal before another may try.
const TURN: Duration = Duration::from_secs(60);

/// Renews what ends soon in the inboxes of all tenants; returns how many were renewed.
pub async fn renew(desk: &Desk, courier: &Courier, adapters: Adapters) -> Result<u32, Error> {
    let system = desk.database.begin_system().await?;
    // No other channel has secrets that end.
    let inboxes = mail::list_inboxes(&system).await?;
    system.commit().await?;
    let mut renewed = 0;
    for inbox in inboxes {
        match renew_one(desk, courier, adapters(inbox.channel), &inbox).await {
            Ok(true) => renewed += 1,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(inbox.id = %inbox.id, %error, "new secrets could not be kept");
            }
        }
    }
    Ok(renewed)
}

async fn renew_one(
    desk: &Desk,
    courier: &Courier,
    adapter: &dyn Channel,
    inbox: &Inbox,
) -> Result<bool, Error> {
    let Ok(account) = account(courier, inbox) else {
        // It is told wherever the inbox is used.
        return Ok(false);
    };
    let due = adapter.renewal_due(&account.credentials);
    if due.is_none_or(|due| due > desk.now()) {
        return Ok(false);
    }
    // A provider may take two renewals at once for a stolen secret.
    let turn = Bucket {
        key: format!("renew:{}", inbox.id),
        every: TURN,
        burst: 1,
    };
    if !desk
        .cache
        .take(&[turn])
        .await
        .is_ok_and(|wait| wait.is_zero())
    {
        return Ok(false);
    }
    let context = SendContext {
        client: &courier.client,
        account_id: &inbox.account_id,
        endpoint: &account.endpoint,
        credentials: &account.credentials,
        now: desk.now(),
        state: None,
        files: &NoFiles,
        forbids: courier.forbids,
    };
    let scope = TenantScope::new(inbox.tenant_id);
    let answer = tokio::time::timeout(courier.timeout, adapter.renew(&context)).await;
    let (state, reason, detail) = match answer {
        Ok(Ok(credentials)) => {
            if !conflict::retry(|| keep(desk, courier, scope, inbox, &credentials)).await? {
                return Ok(false);
            }
            (
                HealthState::Healthy,
                "renewed",
                "the token is renewed".to_owned(),
            )
        }
        Ok(Err(SendError::Refused { failure, .. })) if !failure.retryable => {
            (HealthState::Blocked, "not_renewed", failure.detail)
        }
        Ok(Err(error)) => {
            tracing::warn!(inbox.id = %inbox.id, %error, "a token was not renewed");
            return Ok(false);
        }
        Err(_) => return Ok(false),
    };
    let condition = Condition::new("token", state, reason, detail);
    inbox_health::note(desk, scope, inbox.id, condition).await;
    Ok(state == HealthState::Healthy)
}

/// Keeps new secrets; `false` where an administrator gave others meanwhile.
async fn keep(
    desk: &Desk,
    courier: &Courier,
    scope: TenantScope,
    inbox: &Inbox,
    credentials: &Credentials,
) -> Result<bool, Error> {
    let plain = serde_json::to_vec(credentials).map_err(|source| Error::Unreadable {
        what: "credentials",
        source,
    })?;
    let sealed = courier.vault.seal(&inbox.id.to_string(), &plain);
    let sealed = sealed.map_err(|_| Error::NoRandomNumbers)?;
    let transaction = desk.database.begin(scope).await?;
    let present = inboxes::lock_credentials(&transaction, scope, inbox.id).await?;
    if present.as_ref() != Some(&inbox.credentials) {
        transaction.rollback().await?;
        return Ok(false);
    }
    inboxes::set_credentials(&transaction, scope, inbox.id, &sealed).await?;
    transaction.commit().await?;
    Ok(true)
}
