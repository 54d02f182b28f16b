//! The event log: written in the transaction of the state that it tells of.

use crate::sql::{many, sql};
use crate::{Conn, Error};
use diesel_async::RunQueryDsl;
use interdesk_domain::event::Envelope;

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
