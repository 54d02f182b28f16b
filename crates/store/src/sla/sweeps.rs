//! How far an event was taken that concerns many episodes.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::{EpisodeId, EventId};
use interdesk_domain::scope::TenantScope;

row! {
    /// How far an event was taken that concerns many episodes.
    pub struct Sweep {
        /// Which event, by its place in the log.
        pub seq: i64,
        /// The last episode that has it.
        pub after_id: EpisodeId,
        /// The event that tells of it at the end, if it corrects the past.
        pub correction_id: EventId,
        /// How many episodes counted by the hours that changed.
        pub concerned: i32,
        /// How many of them have other numbers since.
        pub restated: i32,
        /// How many clocks have.
        pub clocks: i32,
    }
}

/// Finds the event that is taken page by page, if one is.
pub async fn find_sweep(conn: &Conn, scope: TenantScope) -> Result<Option<Sweep>, Error> {
    let found = sql(
        "SELECT seq, after_id, correction_id, concerned, restated, clocks FROM sla_sweeps
         WHERE tenant_id = $1",
    )
    .bind(scope.tenant())
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Writes down how far it was taken.
pub async fn upsert_sweep(conn: &Conn, scope: TenantScope, sweep: &Sweep) -> Result<(), Error> {
    sql(
        "INSERT INTO sla_sweeps (tenant_id, seq, after_id, correction_id, concerned, restated, clocks)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (tenant_id) DO UPDATE SET seq = EXCLUDED.seq, after_id = EXCLUDED.after_id,
            correction_id = EXCLUDED.correction_id, concerned = EXCLUDED.concerned,
            restated = EXCLUDED.restated, clocks = EXCLUDED.clocks",
    )
    .bind(scope.tenant())
    .bind(sweep.seq)
    .bind(sweep.after_id)
    .bind(sweep.correction_id)
    .bind(sweep.concerned)
    .bind(sweep.restated)
    .bind(sweep.clocks)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Says that all episodes have it.
pub async fn delete_sweep(conn: &Conn, scope: TenantScope) -> Result<(), Error> {
    sql("DELETE FROM sla_sweeps WHERE tenant_id = $1")
        .bind(scope.tenant())
        .execute(&mut &*conn)
        .await?;
    Ok(())
}
