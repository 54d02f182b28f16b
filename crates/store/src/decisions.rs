//! Why work waits on: decisions without a winner. Those with one are written by
//! [`crate::reserve::hand`].

use crate::reserve::Decided;
use crate::sql::{many, sql};
use crate::{Conn, Error};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::WorkItemId;
use interdesk_domain::scope::TenantScope;

/// Stores why work items of an epoch wait on; what does not wait in it any more is left out.
pub async fn insert_waiting(
    conn: &Conn,
    scope: TenantScope,
    decisions: &[(WorkItemId, i32, Decided)],
) -> Result<(), Error> {
    sql("INSERT INTO decisions (id, tenant_id, work_item_id, epoch, decided_at, explanation, policies,
            router_id, step, cause_id)
         SELECT t.id, $1, t.work_item, t.epoch, t.at, t.explanation, t.policies, t.router, t.step, t.cause
         FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10)
            AS t (id, work_item, epoch, at, explanation, policies, router, step, cause)
         JOIN work_items w ON w.id = t.work_item AND w.epoch = t.epoch AND w.state = 'queued'")
    .bind(scope.tenant())
    .bind(many(decisions, |one| one.2.id))
    .bind(many(decisions, |one| one.0))
    .bind(many(decisions, |one| one.1))
    .bind(many(decisions, |one| one.2.at))
    .bind(many(decisions, |one| &one.2.explanation))
    .bind(many(decisions, |one| &one.2.policies))
    .bind(many(decisions, |one| one.2.router))
    .bind(many(decisions, |one| one.2.step))
    .bind(many(decisions, |one| one.2.cause))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
