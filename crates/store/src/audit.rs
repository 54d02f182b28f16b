//! The tenants' Merkle logs: trees, leaves and checkpoints.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use interdesk_domain::id::{EventId, TenantId};
use interdesk_domain::scope::TenantScope;

row! {
    /// Where a tenant's log ends.
    pub struct Tree {
        /// The number of leaves.
        pub size: i64,
        /// The last event that is a leaf.
        pub last_seq: i64,
        /// The roots of the complete subtrees, largest first, 32 bytes each.
        pub frontier: Vec<u8>,
    }
}

row! {
    /// One event of a log, as it was hashed.
    pub struct Leaf {
        /// The place in the log, from 0.
        pub index: i64,
        /// Which event.
        pub event_id: EventId,
        /// The canonical bytes.
        pub leaf: Vec<u8>,
        /// Their hash.
        pub hash: Vec<u8>,
    }
}

row! {
    /// A signed statement of size and root.
    pub struct Checkpoint {
        /// The number of leaves.
        pub size: i64,
        /// The root hash over them.
        pub root: Vec<u8>,
        /// The signed note.
        pub note: String,
        /// When it was signed.
        pub signed_at: DateTime<Utc>,
    }
}

row! {
    /// What the event log holds of one seq.
    pub struct Logged {
        /// The place in the tenant's order.
        pub seq: i64,
        /// The envelope; absent where only its place is left.
        pub body: Option<String>,
    }
}

/// Begins a tree without leaves where the tenant has none.
pub async fn insert_tree_if_missing(conn: &Conn, scope: TenantScope) -> Result<(), Error> {
    sql(
        "INSERT INTO audit_trees (tenant_id, size, last_seq, frontier) VALUES ($1, 0, 0, '')
         ON CONFLICT DO NOTHING",
    )
    .bind(scope.tenant())
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Locks the tenant's tree and returns it; one appender at a time gets past here.
pub async fn lock_tree(conn: &Conn, scope: TenantScope) -> Result<Option<Tree>, Error> {
    let trees = sql("SELECT size, last_seq, frontier FROM audit_trees
         WHERE tenant_id = $1 FOR UPDATE")
    .bind(scope.tenant())
    .load(&mut &*conn)
    .await?;
    Ok(trees.into_iter().next())
}

/// Returns the tenant's tree.
pub async fn find_tree(conn: &Conn, scope: TenantScope) -> Result<Option<Tree>, Error> {
    let trees = sql("SELECT size, last_seq, frontier FROM audit_trees WHERE tenant_id = $1")
        .bind(scope.tenant())
        .load(&mut &*conn)
        .await?;
    Ok(trees.into_iter().next())
}

/// Writes down where the tenant's log ends now.
pub async fn update_tree(conn: &Conn, scope: TenantScope, tree: &Tree) -> Result<(), Error> {
    sql("UPDATE audit_trees SET size = $2, last_seq = $3, frontier = $4 WHERE tenant_id = $1")
        .bind(scope.tenant())
        .bind(tree.size)
        .bind(tree.last_seq)
        .bind(tree.frontier.as_slice())
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Inserts leaves.
pub async fn insert_leaves(conn: &Conn, scope: TenantScope, leaves: &[Leaf]) -> Result<(), Error> {
    sql(
        "INSERT INTO audit_leaves (tenant_id, index, event_id, leaf, hash)
         SELECT $1, l.index, l.event_id, l.leaf, l.hash
         FROM unnest($2, $3, $4, $5) AS l (index, event_id, leaf, hash)",
    )
    .bind(scope.tenant())
    .bind(many(leaves, |leaf| leaf.index))
    .bind(many(leaves, |leaf| leaf.event_id))
    .bind(many(leaves, |leaf| leaf.leaf.as_slice()))
    .bind(many(leaves, |leaf| leaf.hash.as_slice()))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Lists leaves from `index` on, in order.
pub async fn list_leaves(
    conn: &Conn,
    scope: TenantScope,
    index: i64,
    limit: i64,
) -> Result<Vec<Leaf>, Error> {
    let leaves = sql("SELECT index, event_id, leaf, hash FROM audit_leaves
         WHERE tenant_id = $1 AND index >= $2 ORDER BY index LIMIT $3")
    .bind(scope.tenant())
    .bind(index)
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(leaves)
}

/// Lists leaves before `index`, the latest first.
pub async fn list_latest(
    conn: &Conn,
    scope: TenantScope,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Leaf>, Error> {
    let leaves = sql("SELECT index, event_id, leaf, hash FROM audit_leaves
         WHERE tenant_id = $1 AND index < CASE WHEN $2 IS NULL THEN 9223372036854775807 ELSE $2 END
         ORDER BY index DESC LIMIT $3")
    .bind(scope.tenant())
    .bind(before)
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(leaves)
}

/// Inserts a checkpoint.
pub async fn insert_checkpoint(
    conn: &Conn,
    scope: TenantScope,
    checkpoint: &Checkpoint,
) -> Result<(), Error> {
    sql(
        "INSERT INTO audit_checkpoints (tenant_id, size, root, note, signed_at)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(scope.tenant())
    .bind(checkpoint.size)
    .bind(checkpoint.root.as_slice())
    .bind(checkpoint.note.as_str())
    .bind(checkpoint.signed_at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Returns the tenant's last checkpoint.
pub async fn find_last_checkpoint(
    conn: &Conn,
    scope: TenantScope,
) -> Result<Option<Checkpoint>, Error> {
    let checkpoints = sql("SELECT size, root, note, signed_at FROM audit_checkpoints
         WHERE tenant_id = $1 ORDER BY size DESC LIMIT 1")
    .bind(scope.tenant())
    .load(&mut &*conn)
    .await?;
    Ok(checkpoints.into_iter().next())
}

/// Lists checkpoints of `size` or more, smallest first.
pub async fn list_checkpoints(
    conn: &Conn,
    scope: TenantScope,
    size: i64,
    limit: i64,
) -> Result<Vec<Checkpoint>, Error> {
    let checkpoints = sql("SELECT size, root, note, signed_at FROM audit_checkpoints
         WHERE tenant_id = $1 AND size >= $2 ORDER BY size LIMIT $3")
    .bind(scope.tenant())
    .bind(size)
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(checkpoints)
}

/// Lists what the event log still holds of the seqs beyond `after` up to `last`, in order.
pub async fn list_logged(
    conn: &Conn,
    scope: TenantScope,
    after: i64,
    last: i64,
) -> Result<Vec<Logged>, Error> {
    let logged = sql("SELECT s.seq, o.body
         FROM (SELECT seq, logged_at, pos FROM event_seqs
             WHERE tenant_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq) s
         LEFT JOIN LATERAL (SELECT body FROM outbox
             WHERE logged_at = s.logged_at AND pos = s.pos LIMIT 1) o ON true
         ORDER BY s.seq")
    .bind(scope.tenant())
    .bind(after)
    .bind(last)
    .load(&mut &*conn)
    .await?;
    Ok(logged)
}

/// Makes the transaction, in which nothing was read yet, see one moment of the database only.
pub async fn freeze(conn: &Conn) -> Result<(), Error> {
    const FREEZE: &str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
    Ok((&mut &*conn).batch_execute(FREEZE).await?)
}

/// Lists the tenants that have events beyond their last leaf; for the system's role.
pub async fn list_behind(conn: &Conn) -> Result<Vec<TenantId>, Error> {
    tenants(
        conn,
        "SELECT s.tenant_id FROM tenant_seqs s
         LEFT JOIN audit_trees t ON t.tenant_id = s.tenant_id
         WHERE s.seq > COALESCE(t.last_seq, 0) ORDER BY s.tenant_id",
    )
    .await
}

/// Lists the tenants that have a log or will have one; for the system's role.
pub async fn list_tenants(conn: &Conn) -> Result<Vec<TenantId>, Error> {
    tenants(
        conn,
        "SELECT tenant_id FROM tenant_seqs UNION SELECT tenant_id FROM audit_trees
         ORDER BY tenant_id",
    )
    .await
}

async fn tenants(conn: &Conn, query: &'static str) -> Result<Vec<TenantId>, Error> {
    row! {
        /// A tenant.
        #[allow(unreachable_pub, reason = "rows are written as public")]
        pub struct Tenant {
            /// Its id.
            pub tenant_id: TenantId,
        }
    }
    let found: Vec<Tenant> = sql(query).load(&mut &*conn).await?;
    Ok(found.into_iter().map(|tenant| tenant.tenant_id).collect())
}
