//! What the operator of the installation decided about tenants, and what they use.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::TenantId;
use interdesk_domain::scope::TenantScope;

row! {
    /// How much a tenant may use; what is `None` goes by the settings, zero is any number.
    #[derive(Copy, Default)]
    pub struct Quotas {
        /// Agents who may sign in.
        pub agents: Option<i32>,
        /// Messages that agents send in a day.
        pub messages_per_day: Option<i32>,
        /// Bytes of files before agents may upload no more.
        pub storage_bytes: Option<i64>,
        /// Points of the API in a minute.
        pub points_per_minute: Option<i32>,
    }
}

row! {
    /// A tenant as its operator sees it.
    pub struct Tenant {
        /// Which.
        pub id: TenantId,
        /// The short name.
        pub slug: String,
        /// The name to show.
        pub name: String,
        /// Since when nobody of it gets in.
        pub suspended_at: Option<DateTime<Utc>>,
        /// Why they do not.
        pub reason: String,
        /// How many agents may sign in at most, where it is not what the settings say.
        pub agents: Option<i32>,
        /// How many messages agents may send in a day, likewise.
        pub messages_per_day: Option<i32>,
        /// How many bytes files may have, likewise.
        pub storage_bytes: Option<i64>,
        /// How many points of the API there are in a minute, likewise.
        pub points_per_minute: Option<i32>,
        /// Agents who may sign in.
        pub has_agents: i64,
        /// Inboxes that are connected.
        pub has_inboxes: i64,
        /// Bytes of files.
        pub has_bytes: i64,
    }
}

impl Tenant {
    /// Returns how much it may use.
    pub fn quotas(&self) -> Quotas {
        Quotas {
            agents: self.agents,
            messages_per_day: self.messages_per_day,
            storage_bytes: self.storage_bytes,
            points_per_minute: self.points_per_minute,
        }
    }
}

/// Finds how much the tenant of the scope may use.
pub async fn find_quotas(conn: &Conn, scope: TenantScope) -> Result<Quotas, Error> {
    let found = sql(
        "SELECT agents, messages_per_day, storage_bytes, points_per_minute FROM tenant_terms
         WHERE tenant_id = $1",
    )
    .bind(scope.tenant())
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found.unwrap_or_default())
}

row! {
    #[allow(unreachable_pub, missing_docs, reason = "rows are written as public")]
    pub struct Suspended {
        pub is_suspended: bool,
    }
}

/// Tells whether nobody of the tenant gets in.
pub async fn is_suspended(conn: &Conn, scope: TenantScope) -> Result<bool, Error> {
    let found: Option<Suspended> = sql(
        "SELECT suspended_at IS NOT NULL AS is_suspended FROM tenant_terms WHERE tenant_id = $1",
    )
    .bind(scope.tenant())
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found.is_some_and(|found| found.is_suspended))
}

/// Keeps others from adding agents until the transaction ends, and counts those who may sign in.
pub async fn lock_and_count_agents(conn: &Conn, scope: TenantScope) -> Result<i64, Error> {
    sql("SELECT 1 FROM tenants WHERE id = $1 FOR NO KEY UPDATE")
        .bind(scope.tenant())
        .execute(&mut &*conn)
        .await?;
    let counted: crate::messages::Count =
        sql("SELECT count(*) AS count FROM agents WHERE tenant_id = $1 AND disabled_at IS NULL")
            .bind(scope.tenant())
            .get_result(&mut &*conn)
            .await?;
    Ok(counted.count)
}

/// Sums up the bytes of the tenant's files.
pub async fn count_bytes(conn: &Conn, scope: TenantScope) -> Result<i64, Error> {
    let counted: crate::messages::Count =
        sql("SELECT COALESCE(sum(size), 0)::bigint AS count FROM files
         WHERE tenant_id = $1 AND state = 'stored'")
        .bind(scope.tenant())
        .get_result(&mut &*conn)
        .await?;
    Ok(counted.count)
}

macro_rules! tenants {
    ($rest:literal) => {
        concat!(
            "SELECT t.id, t.slug, t.name, x.suspended_at, COALESCE(x.reason, '') AS reason, x.agents,
                x.messages_per_day, x.storage_bytes, x.points_per_minute,
                (SELECT count(*) FROM agents a WHERE a.tenant_id = t.id AND a.disabled_at IS NULL)
                    AS has_agents,
                (SELECT count(i.id) FROM inboxes i WHERE i.tenant_id = t.id) AS has_inboxes,
                COALESCE(f.bytes, 0) AS has_bytes
             FROM tenants t LEFT JOIN tenant_terms x ON x.tenant_id = t.id
                LEFT JOIN file_totals() f ON f.tenant_id = t.id ",
            $rest
        )
    };
}

/// Lists all tenants by their short names; for the operator's role.
pub async fn list(conn: &Conn) -> Result<Vec<Tenant>, Error> {
    let found = sql(tenants!("ORDER BY t.slug")).load(&mut &*conn).await?;
    Ok(found)
}

/// Finds a tenant by its short name; for the operator's role.
pub async fn find(conn: &Conn, slug: &str) -> Result<Option<Tenant>, Error> {
    let found = sql(tenants!("WHERE t.slug = $1"))
        .bind(slug)
        .get_result(&mut &*conn)
        .await
        .optional()?;
    Ok(found)
}

/// Writes what was decided about a tenant; for the operator's role.
pub async fn set(
    conn: &Conn,
    tenant: TenantId,
    quotas: &Quotas,
    (suspended_at, reason): (Option<DateTime<Utc>>, &str),
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "INSERT INTO tenant_terms (tenant_id, suspended_at, reason, agents, messages_per_day,
            storage_bytes, points_per_minute, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (tenant_id) DO UPDATE SET suspended_at = excluded.suspended_at,
            reason = excluded.reason, agents = excluded.agents,
            messages_per_day = excluded.messages_per_day, storage_bytes = excluded.storage_bytes,
            points_per_minute = excluded.points_per_minute, changed_at = excluded.changed_at",
    )
    .bind(tenant)
    .bind(suspended_at)
    .bind(reason)
    .bind(quotas.agents)
    .bind(quotas.messages_per_day)
    .bind(quotas.storage_bytes)
    .bind(quotas.points_per_minute)
    .bind(at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
