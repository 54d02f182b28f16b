//! Where third-party apps are shown: what the workspace chose, and what an agent chose.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::AgentId;
use interdesk_domain::inbox::ThirdPartyInbox;
use interdesk_domain::scope::TenantScope;

row! {
    /// An agent's choice.
    #[allow(unreachable_pub, missing_docs, reason = "rows are written as public")]
    pub struct Own {
        pub own: Option<ThirdPartyInbox>,
    }
}

/// Finds what an agent chose for themselves; `None` where the workspace's choice holds.
pub async fn find_of_agent(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
) -> Result<Option<ThirdPartyInbox>, Error> {
    let found: Own = sql("SELECT third_party_inbox AS own FROM agents WHERE id = $1")
        .bind(agent)
        .get_result(&mut &*conn)
        .await?;
    Ok(found.own)
}

/// Writes a locked agent's own choice and version; `None` is the workspace's choice again.
pub async fn save_of_agent(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    choice: Option<ThirdPartyInbox>,
    version: i64,
) -> Result<(), Error> {
    sql("UPDATE agents SET third_party_inbox = $2, version = $3 WHERE id = $1")
        .bind(agent)
        .bind(choice)
        .bind(version)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

row! {
    /// The workspace's version after a change.
    pub struct Saved {
        /// The version.
        pub version: i64,
    }
}

/// Writes the workspace's choice; returns its version after it, `None` where it was that already.
pub async fn save_of_workspace(
    conn: &Conn,
    scope: TenantScope,
    choice: ThirdPartyInbox,
) -> Result<Option<i64>, Error> {
    let saved: Vec<Saved> = sql(
        "UPDATE tenants SET third_party_inbox = $2, version = version + 1
         WHERE id = $1 AND third_party_inbox <> $2 RETURNING version",
    )
    .bind(scope.tenant())
    .bind(choice)
    .load(&mut &*conn)
    .await?;
    Ok(saved.into_iter().next().map(|saved| saved.version))
}
