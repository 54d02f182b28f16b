//! Tenants, as somebody who signs in names them.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::TenantId;

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
