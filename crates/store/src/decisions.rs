//! Why routing chose as it did.

use crate::sql::{many, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::DecisionId;
use interdesk_domain::routing::Decision;
use interdesk_domain::scope::TenantScope;

/// Stores decisions under their ids.
pub async fn insert_many(
    conn: &Conn,
    scope: TenantScope,
    decisions: &[(DecisionId, &Decision)],
    decided_at: DateTime<Utc>,
) -> Result<(), Error> {
    let explanations = decisions
        .iter()
        .map(|(_, decision)| serde_json::to_value(decision))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| Error::Unreadable {
            what: "decision",
            source,
        })?;
    sql(
        "INSERT INTO decisions (id, tenant_id, work_item_id, epoch, decided_at, explanation)
         SELECT t.id, $5, t.work_item, t.epoch, $6, t.explanation
         FROM unnest($1, $2, $3, $4) AS t (id, work_item, epoch, explanation)",
    )
    .bind(many(decisions, |one| one.0))
    .bind(many(decisions, |one| one.1.work_item))
    .bind(many(decisions, |one| one.1.epoch))
    .bind(many(explanations, |explanation| explanation))
    .bind(scope.tenant())
    .bind(decided_at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
