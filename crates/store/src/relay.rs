//! The gapless order: each event gets its place once nothing can come before it any more.
//!
//! Positions are drawn when rows are inserted and become visible when transactions commit, which
//! is another order. Whoever reads "all beyond the last position" misses what was drawn early and
//! committed late. So events are stamped in sets:
//!
//! - Every transaction below `hi = pg_snapshot_xmin(pg_current_snapshot())` has ended, and what it
//!   committed is visible. A set is all rows with `from <= xid < hi`, where `from` is the end of
//!   the set before: complete, and disjoint from every other set.
//! - Within a set the order is `pos`, not `xid`: a transaction may draw its xid early and wait for
//!   a conversation's row lock behind one that drew its own later. Rows of one conversation get
//!   their position while its row is locked, so the order of positions is the order of versions.
//! - Between sets the order is right because `hi` was a real horizon: a transaction at or above it
//!   was running when all below had ended, so it took any lock they shared after them. A set must
//!   therefore never be cut at another xid, however large it is; it is read in chunks instead.
//!
//! A page of a set is stamped in one statement with the cursor that remembers it, so a crash
//! anywhere goes on where it stopped. Stamps are durable before anything is published.

use crate::sql::{Statement, many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use interdesk_domain::id::{EventId, TenantId};
use interdesk_domain::scope::TenantScope;

/// The advisory lock of the one relay that is active in a database.
const LOCK: i64 = 7_230_147;

row! {
    /// How far the relay got.
    pub struct Cursor {
        /// The first transaction of the set that is being stamped.
        pub from_xid: i64,
        /// The first transaction behind that set; equal to the former where no set is begun.
        pub to_xid: i64,
        /// The last stamped position within the set.
        pub pos: i64,
        /// The last stamp given.
        pub stamped: i64,
        /// The last stamp that the bus confirmed.
        pub published: i64,
    }
}

row! {
    /// Where an event is that has no stamp yet.
    pub struct Place {
        /// Its position.
        pub pos: i64,
        /// Its partition.
        pub logged_at: DateTime<Utc>,
        /// Whose event.
        pub tenant_id: TenantId,
    }
}

row! {
    /// An event to publish.
    pub struct Stamped {
        /// Its place over all tenants.
        pub stamp: i64,
        /// Its place in the tenant's order.
        pub seq: i64,
        /// The event's id.
        pub event_id: EventId,
        /// Whose event.
        pub tenant_id: TenantId,
        /// What happened.
        pub kind: String,
        /// The envelope as JSON, without its seq.
        pub body: String,
    }
}

/// Takes the relay's lock for the life of the connection; `false` while another holds it.
pub async fn lock(conn: &Conn) -> Result<bool, Error> {
    let taken = sql("SELECT pg_try_advisory_lock($1)::integer::bigint AS number").bind(LOCK);
    Ok(number(conn, taken).await? == 1)
}

/// Lets marks return before they are on disk: a lost mark only repeats.
pub async fn relax(conn: &Conn) -> Result<(), Error> {
    Ok((&mut &*conn)
        .batch_execute("SET synchronous_commit = off")
        .await?)
}

/// Returns how far the relay got.
pub async fn find_cursor(conn: &Conn) -> Result<Cursor, Error> {
    let cursor = sql(
        "SELECT from_xid, to_xid, pos, stamped, published FROM relay_cursor
         WHERE id = 1",
    )
    .get_result(&mut &*conn)
    .await?;
    Ok(cursor)
}

/// Returns the transaction below which all have ended.
pub async fn find_horizon(conn: &Conn) -> Result<i64, Error> {
    number(
        conn,
        sql("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS number"),
    )
    .await
}

/// Lists the places of a set beyond `cursor.pos`, in order.
///
/// No index gives a set in the order of positions, so each call sorts what is left of it. Callers
/// ask for large chunks, which keeps that rare, and a small set costs one look into the index.
pub async fn list_places(conn: &Conn, cursor: &Cursor, limit: i64) -> Result<Vec<Place>, Error> {
    let places = sql("SELECT pos, logged_at, tenant_id FROM outbox
         WHERE xid >= $1 AND xid < $2 AND pos > $3 ORDER BY pos LIMIT $4")
    .bind(cursor.from_xid)
    .bind(cursor.to_xid)
    .bind(cursor.pos)
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(places)
}

/// Gives the next places their stamps and seqs and moves the cursor from `old` to `new`.
///
/// Should another relay have stamped meanwhile, the stamps are taken and the statement fails.
pub async fn stamp(conn: &Conn, places: &[Place], old: &Cursor, new: &Cursor) -> Result<(), Error> {
    let updated = sql("WITH page AS (
             SELECT * FROM unnest($1, $2, $3) WITH ORDINALITY AS p (pos, logged_at, tenant_id, nth)
         ), tally AS (
             SELECT tenant_id, count(*) AS events FROM page GROUP BY tenant_id
         ), given AS (
             INSERT INTO tenant_seqs AS t (tenant_id, seq) SELECT tenant_id, events FROM tally
             ON CONFLICT (tenant_id) DO UPDATE SET seq = t.seq + EXCLUDED.seq
             RETURNING t.tenant_id, t.seq
         ), stamps AS (
             INSERT INTO event_seqs (stamp, tenant_id, seq, pos, logged_at)
             SELECT $4 + nth, tenant_id,
                 given.seq - tally.events + row_number() OVER (PARTITION BY tenant_id ORDER BY nth),
                 pos, logged_at
             FROM page JOIN tally USING (tenant_id) JOIN given USING (tenant_id)
         )
         UPDATE relay_cursor SET from_xid = $5, to_xid = $6, pos = $7, stamped = $8
         WHERE id = 1 AND stamped = $4")
    .bind(many(places, |place| place.pos))
    .bind(many(places, |place| place.logged_at))
    .bind(many(places, |place| place.tenant_id))
    .bind(old.stamped)
    .bind(new.from_xid)
    .bind(new.to_xid)
    .bind(new.pos)
    .bind(new.stamped)
    .execute(&mut &*conn)
    .await?;
    match updated {
        1 => Ok(()),
        _ => Err(Error::Query(diesel::result::Error::NotFound)),
    }
}

/// Lists events with stamps beyond `after`, in order.
pub async fn list_stamped(conn: &Conn, after: i64, limit: i64) -> Result<Vec<Stamped>, Error> {
    // The limits inside keep the plan: stamps in order, then one look into one partition for each.
    let events = sql(
        "SELECT s.stamp, s.seq, o.event_id, s.tenant_id, o.kind, o.body
         FROM (SELECT stamp, seq, tenant_id, logged_at, pos FROM event_seqs
             WHERE stamp > $1 ORDER BY stamp LIMIT $2) s
         CROSS JOIN LATERAL (SELECT event_id, kind, body FROM outbox
             WHERE logged_at = s.logged_at AND pos = s.pos LIMIT 1) o
         ORDER BY s.stamp",
    )
    .bind(after)
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(events)
}

/// Notes that the bus confirmed everything up to `stamp`.
pub async fn mark_published(conn: &Conn, stamp: i64) -> Result<(), Error> {
    sql("UPDATE relay_cursor SET published = $1 WHERE id = 1 AND published < $1")
        .bind(stamp)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Makes the partitions of the days ahead, drops what is older than `days_kept`, returns how many
/// partitions went; for a transaction of the system's role.
pub async fn maintain(conn: &Conn, days_ahead: i32, days_kept: i32) -> Result<i64, Error> {
    // Partitions are made and dropped under a lock that everybody else would queue behind, so this
    // gives up early and comes back later.
    (&mut &*conn)
        .batch_execute("SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '10min'")
        .await?;
    let dropped = sql("SELECT maintain_outbox($1, $2)::bigint AS number");
    number(conn, dropped.bind(days_ahead).bind(days_kept)).await
}

/// Lists a tenant's events beyond `after_seq` in order: each seq and envelope without its seq.
pub async fn list_after(
    conn: &Conn,
    scope: TenantScope,
    after_seq: u64,
    limit: i64,
) -> Result<Vec<(u64, String)>, Error> {
    row! {
        /// An event as the log has it.
        #[allow(unreachable_pub, reason = "rows are written as public")]
        pub struct Logged {
            /// Its place.
            pub seq: i64,
            /// The envelope.
            pub body: String,
        }
    }
    let events: Vec<Logged> = sql("SELECT s.seq, o.body
         FROM (SELECT seq, logged_at, pos FROM event_seqs
             WHERE tenant_id = $1 AND seq > $2 ORDER BY seq LIMIT $3) s
         CROSS JOIN LATERAL (SELECT body FROM outbox
             WHERE logged_at = s.logged_at AND pos = s.pos LIMIT 1) o
         ORDER BY s.seq")
    .bind(scope.tenant())
    .bind(i64::try_from(after_seq).unwrap_or(i64::MAX))
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(events
        .into_iter()
        .map(|event| (event.seq.unsigned_abs(), event.body))
        .collect())
}

/// Returns a tenant's oldest seq that is still kept and the last one given.
///
/// Where nothing is kept the oldest is the next one to come. A reader whose last seq is below
/// `oldest - 1` has missed something for good.
pub async fn bounds(conn: &Conn, scope: TenantScope) -> Result<(u64, u64), Error> {
    row! {
        /// What is kept of a tenant's order.
        #[allow(unreachable_pub, reason = "rows are written as public")]
        pub struct Kept {
            /// The first one kept.
            pub oldest: Option<i64>,
            /// The last one given.
            pub last: i64,
        }
    }
    let kept: Kept = sql(
        "SELECT (SELECT min(seq) FROM event_seqs WHERE tenant_id = $1) AS oldest,
             COALESCE((SELECT seq FROM tenant_seqs WHERE tenant_id = $1), 0) AS last",
    )
    .bind(scope.tenant())
    .get_result(&mut &*conn)
    .await?;
    let last = kept.last.unsigned_abs();
    Ok((kept.oldest.map_or(last + 1, i64::unsigned_abs), last))
}

async fn number(conn: &Conn, query: Statement<'_>) -> Result<i64, Error> {
    row! {
        /// One number.
        #[allow(unreachable_pub, reason = "rows are written as public")]
        pub struct Number {
            /// The number.
            pub number: i64,
        }
    }
    let found: Number = query.get_result(&mut &*conn).await?;
    Ok(found.number)
}
