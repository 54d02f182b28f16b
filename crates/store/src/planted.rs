//! Bugs that exist in test builds alone, one at a time, so that the fault harness can prove that it
//! would find them. The feature `planted-bugs` is never on by default.

use crate::Error;
use crate::loads::{Debited, Load};
use crate::sql::{many, row, sql};
use chrono::{DateTime, Utc};
use diesel_async::{AsyncPgConnection as Conn, RunQueryDsl, SimpleAsyncConnection};
use interdesk_domain::id::AgentId;

/// Tells whether the bug of this name is let loose.
pub fn is_loose(bug: &str) -> bool {
    std::env::var("INTERDESK_TEST_BUG").is_ok_and(|loose| loose == bug)
}

/// `capacity_outside_transaction`: reads loads without locking them, as if the room of an agent
/// could not change before the commit.
pub(crate) async fn read_online(conn: &Conn, agents: &[AgentId]) -> Result<Vec<Load>, Error> {
    let loads = sql("SELECT l.agent_id, l.load, l.capacity
         FROM agent_loads l JOIN agents a ON a.id = l.agent_id
         WHERE l.agent_id = ANY ($1) AND a.presence = 'online' AND a.disabled_at IS NULL")
    .bind(many(agents, |agent| *agent))
    .load(&mut &*conn)
    .await?;
    Ok(loads)
}

/// `capacity_outside_transaction`: raises loads without another look at the capacity.
pub(crate) async fn debit(
    conn: &Conn,
    units: &[(AgentId, i32)],
    now: DateTime<Utc>,
) -> Result<Vec<AgentId>, Error> {
    let debited: Vec<Debited> = sql("UPDATE agent_loads l
         SET load = l.load + t.units, idle_since = $3
         FROM unnest($1, $2) AS t (agent_id, units) WHERE l.agent_id = t.agent_id
         RETURNING l.agent_id")
    .bind(many(units, |one| one.0))
    .bind(many(units, |one| one.1))
    .bind(now)
    .load(&mut &*conn)
    .await?;
    Ok(debited.into_iter().map(|one| one.agent_id).collect())
}

/// `missing_tenant_filter`: reads the event log in the system's role and forgets the tenant.
pub(crate) async fn list_after(
    conn: &Conn,
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
    (&mut &*conn)
        .batch_execute("SET LOCAL ROLE interdesk_system")
        .await?;
    let events: Vec<Logged> = sql("SELECT s.seq, o.body FROM event_seqs s
         JOIN outbox o ON o.logged_at = s.logged_at AND o.pos = s.pos
         WHERE s.seq > $1 ORDER BY s.seq LIMIT $2")
    .bind(i64::try_from(after_seq).unwrap_or(i64::MAX))
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(events
        .into_iter()
        .map(|event| (event.seq.unsigned_abs(), event.body))
        .collect())
}
