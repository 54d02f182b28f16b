//! Contacts and their identities, as later changes need them.

use crate::persons::person_of;
use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::message::Address;
use interdesk_domain::scope::TenantScope;

row! {
    /// An identity with its contact's version, both locked.
    pub struct Owned {
        /// Which identity.
        pub id: IdentityId,
        /// Whose.
        pub contact_id: ContactId,
        /// Counts the contact's events.
        pub version: i64,
        /// Since when it is theirs.
        pub valid_from: DateTime<Utc>,
    }
}

/// Finds whose an address is, as far as the provider vouches for it, and locks the contact.
pub async fn lock_owner(
    conn: &Conn,
    _scope: TenantScope,
    address: &Address,
) -> Result<Option<Owned>, Error> {
    let found = sql("SELECT i.id, i.contact_id, c.version, i.valid_from
         FROM identities i JOIN contacts c ON c.id = i.contact_id
         WHERE i.network = $1 AND i.namespace = $2 AND i.value = $3
            AND i.valid_to IS NULL AND i.verified_by = 'provider'
         FOR NO KEY UPDATE")
    .bind(address.network.as_str())
    .bind(address.namespace.as_str())
    .bind(address.value.as_str())
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Tells whether an address belongs to one of these contacts or to another contact of the same person,
/// as far as the provider vouches for it.
pub async fn is_of_any(
    conn: &Conn,
    _scope: TenantScope,
    contacts: &[ContactId],
    address: &Address,
) -> Result<bool, Error> {
    let found: IsOwned = sql(concat!(
        "SELECT EXISTS (SELECT FROM identities i
            JOIN unnest($4) AS c (id) ON ",
        person_of!("c.id"),
        " = ",
        person_of!("i.contact_id"),
        " WHERE i.network = $1 AND i.namespace = $2 AND i.value = $3
            AND i.valid_to IS NULL AND i.verified_by = 'provider') AS is_owned"
    ))
    .bind(address.network.as_str())
    .bind(address.namespace.as_str())
    .bind(address.value.as_str())
    .bind(many(contacts, |id| *id))
    .get_result(&mut &*conn)
    .await?;
    Ok(found.is_owned)
}

row! {
    /// Whether an address is somebody's.
    pub struct IsOwned {
        /// Whether it is.
        pub is_owned: bool,
    }
}

/// Tells whether an address is somebody's, as far as the provider vouches for it.
pub async fn is_owned(conn: &Conn, _scope: TenantScope, address: &Address) -> Result<bool, Error> {
    let found: IsOwned = sql("SELECT EXISTS (
            SELECT 1 FROM identities
            WHERE network = $1 AND namespace = $2 AND value = $3
                AND valid_to IS NULL AND verified_by = 'provider'
         ) AS is_owned")
    .bind(address.network.as_str())
    .bind(address.namespace.as_str())
    .bind(address.value.as_str())
    .get_result(&mut &*conn)
    .await?;
    Ok(found.is_owned)
}

/// Adds an address that the provider vouches for.
pub async fn insert_identity(
    conn: &Conn,
    scope: TenantScope,
    id: IdentityId,
    contact: ContactId,
    address: &Address,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "INSERT INTO identities (id, tenant_id, contact_id, network, namespace, value, valid_from)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(id)
    .bind(scope.tenant())
    .bind(contact)
    .bind(address.network.as_str())
    .bind(address.namespace.as_str())
    .bind(address.value.as_str())
    .bind(at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Adds somebody whom one of us has in the address book of the provider's app.
pub async fn insert_called(
    conn: &Conn,
    scope: TenantScope,
    id: ContactId,
    name: &str,
    version: i64,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "INSERT INTO contacts (id, tenant_id, name, name_source, version, created_at)
         VALUES ($1, $2, $3, 'address_book', $4, $5)",
    )
    .bind(id)
    .bind(scope.tenant())
    .bind(name)
    .bind(version)
    .bind(at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Adds somebody who was met in a group, under the name that they gave themselves.
pub async fn insert_met(
    conn: &Conn,
    scope: TenantScope,
    id: ContactId,
    name: Option<&str>,
    version: i64,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "INSERT INTO contacts (id, tenant_id, name, name_source, version, created_at)
         VALUES ($1, $2, $3, CASE WHEN $3 IS NULL THEN 'none' ELSE 'self_asserted' END, $4, $5)",
    )
    .bind(id)
    .bind(scope.tenant())
    .bind(name.map(str::to_owned))
    .bind(version)
    .bind(at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Gives a locked contact the name that an address book has, or takes that back; `true` when it
/// changed. A name that an agent gave stays.
pub async fn set_called(
    conn: &Conn,
    _scope: TenantScope,
    id: ContactId,
    name: Option<&str>,
) -> Result<bool, Error> {
    let changed = sql("UPDATE contacts SET name = $2,
            name_source = CASE WHEN $2 IS NULL THEN 'none' ELSE 'address_book' END
         WHERE id = $1 AND CASE WHEN $2 IS NULL THEN name_source = 'address_book'
            ELSE name_source <> 'agent' AND (name_source <> 'address_book' OR name <> $2) END")
    .bind(id)
    .bind(name.map(str::to_owned))
    .execute(&mut &*conn)
    .await?;
    Ok(changed == 1)
}

/// Notes that an address is no longer the contact's.
pub async fn retire_identity(
    conn: &Conn,
    _scope: TenantScope,
    id: IdentityId,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql("UPDATE identities SET valid_to = $2 WHERE id = $1")
        .bind(id)
        .bind(at)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Writes the version of a locked contact.
pub async fn set_version(
    conn: &Conn,
    _scope: TenantScope,
    id: ContactId,
    version: i64,
) -> Result<(), Error> {
    sql("UPDATE contacts SET version = $2 WHERE id = $1")
        .bind(id)
        .bind(version)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

row! {
    /// An address that a reply may go to.
    pub struct ReplyAddress {
        /// Where the person is.
        pub network: String,
        /// What kind of value it is.
        pub namespace: String,
        /// The address.
        pub value: String,
    }
}

impl ReplyAddress {
    /// Returns network and namespace.
    pub fn place(&self) -> (&str, &str) {
        (&self.network, &self.namespace)
    }
}

/// The addresses that may be written to, as a condition in SQL over `identities`: what a provider
/// vouches for, and an e-mail address that the person asked to be answered at. The latter is nobody's
/// proof, so it finds nobody who writes.
macro_rules! answerable {
    () => {
        "valid_to IS NULL AND (verified_by = 'provider'
            OR (verified_by = 'self_asserted' AND network = 'email' AND namespace = 'address'))"
    };
}

pub(crate) use answerable;

/// Lists the valid addresses of a contact that may be written to, oldest first.
pub async fn list_addresses(
    conn: &Conn,
    _scope: TenantScope,
    contact: ContactId,
) -> Result<Vec<ReplyAddress>, Error> {
    let found = sql(concat!(
        "SELECT network, namespace, value FROM identities WHERE contact_id = $1 AND ",
        answerable!(),
        " ORDER BY id"
    ))
    .bind(contact)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

row! {
    /// A claim that was found to be true.
    pub struct Confirmed {
        /// Which identity.
        pub id: IdentityId,
        /// Whose.
        pub contact_id: ContactId,
    }
}

/// Vouches from now on for an address that the contact of a conversation claims, unless it is
/// somebody's already.
pub async fn confirm_claim(
    conn: &Conn,
    _scope: TenantScope,
    conversation: ConversationId,
    address: &Address,
) -> Result<Option<Confirmed>, Error> {
    let confirmed = sql("UPDATE identities SET verified_by = 'provider' WHERE id = (
            SELECT i.id FROM conversations c JOIN identities i ON i.contact_id = c.contact_id
            WHERE c.id = $1 AND c.group_id IS NULL AND i.network = $2 AND i.namespace = $3
                AND i.value = $4 AND i.valid_to IS NULL AND i.verified_by = 'self_asserted'
            ORDER BY i.id LIMIT 1)
         AND NOT EXISTS (SELECT FROM identities o WHERE o.network = $2 AND o.namespace = $3
            AND o.value = $4 AND o.valid_to IS NULL AND o.verified_by = 'provider')
         RETURNING id, contact_id")
    .bind(conversation)
    .bind(address.network.as_str())
    .bind(address.namespace.as_str())
    .bind(address.value.as_str())
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(confirmed)
}

row! {
    /// What a contact says that they are called.
    pub struct Claim {
        /// Which identity.
        pub id: IdentityId,
        /// The name.
        pub value: String,
    }
}

/// Lists what a contact is called at present, as they say, where an address is.
pub async fn list_claims(
    conn: &Conn,
    _scope: TenantScope,
    contact: ContactId,
    beside: &Address,
) -> Result<Vec<Claim>, Error> {
    let found = sql("SELECT id, value FROM identities
         WHERE contact_id = $1 AND network = $2 AND namespace = $3
            AND valid_to IS NULL AND verified_by = 'self_asserted' ORDER BY id")
    .bind(contact)
    .bind(beside.network.as_str())
    .bind(beside.namespace.as_str())
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Adds an address that the contact claims and nobody has checked, unless it stands there already;
/// `true` when it was added.
pub async fn insert_claim(
    conn: &Conn,
    scope: TenantScope,
    id: IdentityId,
    contact: ContactId,
    address: &Address,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let added = sql(
        "INSERT INTO identities (id, tenant_id, contact_id, network, namespace, value, verified_by,
            valid_from)
         SELECT $1, $2, $3, $4, $5, $6, 'self_asserted', $7
         WHERE NOT EXISTS (SELECT FROM identities WHERE contact_id = $3 AND network = $4
            AND namespace = $5 AND value = $6 AND valid_to IS NULL)",
    )
    .bind(id)
    .bind(scope.tenant())
    .bind(contact)
    .bind(address.network.as_str())
    .bind(address.namespace.as_str())
    .bind(address.value.as_str())
    .bind(at)
    .execute(&mut &*conn)
    .await?;
    Ok(added == 1)
}
