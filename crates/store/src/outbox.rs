//! The event log: written in the transaction of the state that it tells of.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use diesel_async::RunQueryDsl;
use interdesk_domain::event::Envelope;
use interdesk_domain::scope::TenantScope;

row! {
    /// Where in the log the events of a transaction are, before they have their places.
    #[derive(Copy)]
    pub struct Written {
        /// The tenant's last seq that was given before.
        pub before: i64,
        /// The position of the last event.
        pub pos: i64,
    }
}

/// Appends events; they are published once the transaction commits.
pub async fn append(conn: &Conn, events: &[Envelope]) -> Result<(), Error> {
    if events.is_empty() {
        return Ok(());
    }
    let bodies = events.iter().map(to_json).collect::<Result<Vec<_>, _>>()?;
    sql("INSERT INTO outbox (event_id, tenant_id, kind, body)
         SELECT id, tenant, kind, body FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS e (id, tenant, kind, body, n)
         ORDER BY n")
    .bind(many(events, |event| event.id))
    .bind(many(events, |event| event.tenant))
    .bind(many(events, |event| event.event.kind()))
    .bind(many(bodies, |body| body))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Returns where the events are that this transaction wrote so far; `None` where it wrote none.
pub async fn find_written(conn: &Conn, scope: TenantScope) -> Result<Option<Written>, Error> {
    // By the moment of the transaction it looks into one partition, by the primary key.
    let found: Vec<Written> = sql("SELECT pos,
             COALESCE((SELECT seq FROM tenant_seqs WHERE tenant_id = $1), 0) AS before
         FROM outbox
         WHERE logged_at = now() AND xid = pg_current_xact_id()::text::bigint AND tenant_id = $1
         ORDER BY pos DESC LIMIT 1")
    .bind(scope.tenant())
    .load(&mut &*conn)
    .await?;
    Ok(found.into_iter().next())
}

/// Writes an envelope as the JSON that the log keeps.
pub fn to_json(event: &Envelope) -> Result<String, Error> {
    serde_json::to_string(event).map_err(|source| Error::Unreadable {
        what: "event",
        source,
    })
}

/// Reads an envelope from the JSON that the log keeps.
pub fn from_json(body: &str) -> Result<Envelope, Error> {
    serde_json::from_str(body).map_err(|source| Error::Unreadable {
        what: "event",
        source,
    })
}
