//! Sign-ins that were begun and wait for an identity provider's answer.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::IdentityProviderId;
use interdesk_domain::scope::TenantScope;

row! {
    /// A sign-in that was begun.
    pub struct Begun {
        /// Where.
        pub provider_id: IdentityProviderId,
        /// The verifier's SHA-256.
        pub challenge: Vec<u8>,
        /// What the ID token has to repeat.
        pub nonce: String,
        /// Where the provider sends the person.
        pub redirect_url: String,
        /// Until when its answer may come.
        pub expires_at: DateTime<Utc>,
    }
}

/// Keeps a sign-in until its answer comes, and forgets those of the tenant whose time is over.
pub async fn insert(
    conn: &Conn,
    scope: TenantScope,
    state: &[u8],
    begun: &Begun,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql("DELETE FROM provider_sign_ins WHERE tenant_id = $1 AND expires_at <= $2")
        .bind(scope.tenant())
        .bind(now)
        .execute(&mut &*conn)
        .await?;
    sql(
        "INSERT INTO provider_sign_ins (state, tenant_id, provider_id, challenge, nonce, redirect_url,
            expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(state)
    .bind(scope.tenant())
    .bind(begun.provider_id)
    .bind(begun.challenge.as_slice())
    .bind(begun.nonce.as_str())
    .bind(begun.redirect_url.as_str())
    .bind(begun.expires_at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Takes a sign-in out, for good: whoever comes with the same state again finds none.
pub async fn take(
    conn: &Conn,
    _scope: TenantScope,
    state: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<Begun>, Error> {
    let found: Option<Begun> = sql("DELETE FROM provider_sign_ins WHERE state = $1
         RETURNING provider_id, challenge, nonce, redirect_url, expires_at")
    .bind(state)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found.filter(|begun| begun.expires_at > now))
}
