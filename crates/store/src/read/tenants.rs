//! Tenants, as somebody who signs in names them.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::TenantId;
use interdesk_domain::inbox::ThirdPartyInbox;
use interdesk_domain::scope::TenantScope;

row! {
    /// A tenant.
    pub struct Tenant {
        /// Which.
        pub id: TenantId,
    }
}

/// Finds the tenant by the short name that people type at sign-in; for the system's role.
pub async fn find_by_slug(conn: &Conn, slug: &str) -> Result<Option<TenantId>, Error> {
    let found: Option<Tenant> = sql("SELECT id FROM tenants WHERE slug = $1")
        .bind(slug)
        .get_result(&mut &*conn)
        .await
        .optional()?;
    Ok(found.map(|tenant| tenant.id))
}

row! {
    /// What holds for everybody of a tenant.
    pub struct Workspace {
        /// Which.
        pub id: TenantId,
        /// The short name that people type at sign-in.
        pub slug: String,
        /// The name to show.
        pub name: String,
        /// The zone by which the days of its reports begin.
        pub zone: String,
        /// Where third-party apps are shown unless an agent chose otherwise.
        pub third_party_inbox: ThirdPartyInbox,
    }
}

/// Finds the tenant of the scope.
pub async fn find(conn: &Conn, scope: TenantScope) -> Result<Option<Workspace>, Error> {
    let found = sql("SELECT id, slug, name, zone, third_party_inbox FROM tenants WHERE id = $1")
        .bind(scope.tenant())
        .get_result(&mut &*conn)
        .await
        .optional()?;
    Ok(found)
}
