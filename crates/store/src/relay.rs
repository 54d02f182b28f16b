//! The gapless order: each event gets its place once nothing can come before it any more.
//!
//! Positions are drawn when rows are inserted and become visible when transactions commit, which
//! is another order. Whoever reads "all beyond the last position" misses what was drawn early and
//! committed late. So events are stamped in sets, each the difference between two snapshots:
//!
//! - A set is all rows that are visible in a snapshot and were not visible in the one before. Sets
//!   are disjoint, none is cut short by a transaction that is still running, and such a transaction
//!   holds up nobody: it is in the first set after its commit.
//! - Between sets the order is right. Say two transactions write to one conversation, whose row the
//!   second can lock only after the first has committed. PostgreSQL shows a commit before it lets
//!   its locks go, so every snapshot that shows the second shows the first.
//! - Within a set the order is `pos`, since rows of one conversation get their position while its
//!   row is locked. The order of `xid` would be wrong: a transaction may draw its xid early and then
//!   wait for the lock behind one that drew its own later. For the same reason sets must not be
//!   ranges of xids, not even below `pg_snapshot_xmin`: the one that drew later may be above a
//!   bound that some third, running transaction holds down.
//!
//! A page of a set is stamped in one statement with the cursor, so a crash anywhere goes on where
//! it stopped: of the snapshot only its lower end is remembered (`from_xid`), and what was stamped
//! above it is found again among the stamps beyond `pos`. Stamps are durable before anything is
//! published.

use crate::outbox::Written;
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
        /// The first transaction of which not everything is known to be stamped.
        pub from_xid: i64,
        /// The first transaction of which nothing is stamped.
        pub to_xid: i64,
        /// A stamp up to which all belong to transactions below `from_xid`.
        pub pos: i64,
        /// The last stamp given.
        pub stamped: i64,
        /// The last stamp that the bus confirmed.
        pub published: i64,
    }
}

/// Which transactions had ended at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// All below had ended.
    pub xmin: i64,
    /// All from here on had not begun.
    pub xmax: i64,
    /// Those between that were running.
    pub running: Vec<i64>,
}

impl Snapshot {
    /// Returns the snapshot in which all transactions below `xid` had ended and no other.
    pub fn below(xid: i64) -> Self {
        Self {
            xmin: xid,
            xmax: xid,
            running: Vec::new(),
        }
    }

    /// Reads PostgreSQL's form, `xmin:xmax:xip,xip,…`.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ':');
        let (xmin, xmax) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let running = parts.next()?.split(',').filter(|xid| !xid.is_empty());
        let running = running.map(|xid| xid.parse().ok()).collect::<Option<_>>()?;
        Some(Self {
            xmin,
            xmax,
            running,
        })
    }

    /// Lists the transactions that ran in this snapshot and have ended in a later one.
    fn ended_in(&self, later: &Snapshot) -> Vec<i64> {
        let ended = self
            .running
            .iter()
            .filter(|xid| !later.running.contains(xid));
        ended.copied().collect()
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

/// Lets the relay's few statements be planned once, by their indexes: planning them costs more than
/// running them, and they run many times a second.
pub async fn plan_once(conn: &Conn) -> Result<(), Error> {
    Ok((&mut &*conn)
        .batch_execute("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off")
        .await?)
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

/// Returns which transactions have ended by now.
pub async fn find_snapshot(conn: &Conn) -> Result<Snapshot, Error> {
    row! {
        /// A snapshot as PostgreSQL writes it.
        #[allow(unreachable_pub, reason = "rows are written as public")]
        pub struct Written {
            /// The text.
            pub snapshot: String,
        }
    }
    let written: Written = sql("SELECT pg_current_snapshot()::text AS snapshot")
        .get_result(&mut &*conn)
        .await?;
    Snapshot::parse(&written.snapshot).ok_or(Error::Query(diesel::result::Error::NotFound))
}

/// Lists the places beyond `after` that are visible in `new` and were not in `old`, in order.
///
/// No index gives a set in the order of positions, so each call sorts what is left of it. Callers
/// ask for large chunks, which keeps that rare, and a small set costs a look into the index.
pub async fn list_places(
    conn: &Conn,
    old: &Snapshot,
    new: &Snapshot,
    after: i64,
    limit: i64,
) -> Result<Vec<Place>, Error> {
    let ended = old.ended_in(new);
    let places = sql("SELECT pos, logged_at, tenant_id FROM (
             SELECT pos, logged_at, tenant_id FROM outbox
             WHERE xid >= $1 AND xid < $2 AND xid <> ALL ($3)
             UNION ALL
             SELECT pos, logged_at, tenant_id FROM outbox WHERE xid = ANY ($4)
         ) AS place
         WHERE pos > $5 ORDER BY pos LIMIT $6")
    .bind(old.xmax)
    .bind(new.xmax)
    .bind(many(&new.running, |xid| *xid))
    .bind(many(ended, |xid| xid))
    .bind(after)
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(places)
}

/// Lists the positions above the cursor's lower end that are stamped already.
pub async fn list_stamped_places(conn: &Conn, cursor: &Cursor) -> Result<Vec<i64>, Error> {
    row! {
        /// A position.
        #[allow(unreachable_pub, reason = "rows are written as public")]
        pub struct Position {
            /// The position.
            pub pos: i64,
        }
    }
    let positions: Vec<Position> = sql("SELECT s.pos FROM event_seqs s
         CROSS JOIN LATERAL (SELECT xid FROM outbox
             WHERE logged_at = s.logged_at AND pos = s.pos LIMIT 1) o
         WHERE s.stamp > $1 AND o.xid >= $2")
    .bind(cursor.pos)
    .bind(cursor.from_xid)
    .load(&mut &*conn)
    .await?;
    Ok(positions.into_iter().map(|position| position.pos).collect())
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
/// partitions went; for a connection of its own, which ends it by being dropped.
pub async fn maintain(conn: &Conn, days_ahead: i32, days_kept: i32) -> Result<i64, Error> {
    // Partitions are made and dropped under a lock that everybody else would queue behind, so this
    // gives up early and comes back later.
    (&mut &*conn)
        .batch_execute("SET lock_timeout = '2s'; SET statement_timeout = '10min'")
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
    #[cfg(feature = "planted-bugs")]
    if crate::planted::is_loose("missing_tenant_filter") {
        return crate::planted::list_after(conn, after_seq, limit).await;
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

/// Returns the seq of a transaction's last event; `None` while it has none.
pub async fn find_seq(
    conn: &Conn,
    scope: TenantScope,
    written: &Written,
) -> Result<Option<u64>, Error> {
    // What was written got its seq soon after the one before it, so few are looked at.
    let found = sql("SELECT seq AS number FROM event_seqs
         WHERE tenant_id = $1 AND seq > $2 AND pos = $3 ORDER BY seq LIMIT 1")
    .bind(scope.tenant())
    .bind(written.before)
    .bind(written.pos);
    match number(conn, found).await {
        Ok(seq) => Ok(Some(seq.unsigned_abs())),
        Err(Error::Query(diesel::result::Error::NotFound)) => Ok(None),
        Err(error) => Err(error),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_are_read_and_compared() {
        let old = Snapshot::parse("5:9:5,7").unwrap();
        assert_eq!(
            old,
            Snapshot {
                xmin: 5,
                xmax: 9,
                running: vec![5, 7]
            }
        );
        let new = Snapshot::parse("7:12:7,10").unwrap();
        assert_eq!(old.ended_in(&new), [5]);
        assert_eq!(Snapshot::parse("12:12:"), Some(Snapshot::below(12)));
        assert_eq!(Snapshot::parse("12:x:"), None);
    }
}
