//! Contacts and their addresses.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::{ContactId, IdentityId};
use interdesk_domain::scope::TenantScope;

row! {
    /// A person who writes.
    pub struct Contact {
        /// Who.
        pub id: ContactId,
        /// The name to show.
        pub name: Option<String>,
        /// The language of their app (BCP 47).
        pub locale: Option<String>,
        /// Counts their events.
        pub version: i64,
        /// When they first wrote.
        pub created_at: DateTime<Utc>,
    }
}

/// Finds contacts.
pub async fn find_many(
    conn: &Conn,
    _scope: TenantScope,
    ids: &[ContactId],
) -> Result<Vec<Contact>, Error> {
    let contacts =
        sql("SELECT id, name, locale, version, created_at FROM contacts WHERE id = ANY ($1)")
            .bind(many(ids, |id| *id))
            .load(&mut &*conn)
            .await?;
    Ok(contacts)
}

row! {
    /// One typed address of a contact.
    pub struct Identity {
        /// Which.
        pub id: IdentityId,
        /// Whose.
        pub contact_id: ContactId,
        /// Where the person is.
        pub network: String,
        /// What kind of value it is.
        pub namespace: String,
        /// The address.
        pub value: String,
        /// Who vouches for it.
        pub verified_by: String,
        /// Whether the person lets us write there.
        pub consent: String,
        /// Since when it is the contact's.
        pub valid_from: DateTime<Utc>,
        /// Until when it was.
        pub valid_to: Option<DateTime<Utc>>,
    }
}

/// Lists the addresses of contacts, valid and former ones, oldest first.
pub async fn list_identities(
    conn: &Conn,
    _scope: TenantScope,
    contacts: &[ContactId],
) -> Result<Vec<Identity>, Error> {
    let identities = sql(
        "SELECT id, contact_id, network, namespace, value, verified_by, consent,
            valid_from, valid_to
         FROM identities WHERE contact_id = ANY ($1) ORDER BY contact_id, id",
    )
    .bind(many(contacts, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(identities)
}
