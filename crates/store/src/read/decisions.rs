//! Why routing chose as it did, for people who ask.

use crate::sql::{JsonText, many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::{DecisionId, WorkItemId};
use interdesk_domain::routing::Explanation;
use interdesk_domain::scope::TenantScope;

row! {
    /// A stored decision.
    pub struct Decision {
        /// Which.
        pub id: DecisionId,
        /// About which work.
        pub work_item_id: WorkItemId,
        /// The moment that it was decided for.
        pub decided_at: DateTime<Utc>,
        /// The whole explanation (`domain::routing::Explanation`).
        pub explanation: JsonText,
    }
}

/// Reads a stored explanation; `None` for the form of before there were engines, which tells too little.
pub fn read_explanation(stored: &JsonText) -> Result<Option<Explanation>, serde_json::Error> {
    match stored.as_str().contains("\"weighed\"") {
        true => stored.read().map(Some),
        false => Ok(None),
    }
}

/// Finds the latest decision about each work item.
pub async fn find_latest(
    conn: &Conn,
    _scope: TenantScope,
    work_items: &[WorkItemId],
) -> Result<Vec<Decision>, Error> {
    let found = sql(
        "SELECT DISTINCT ON (work_item_id) id, work_item_id, decided_at, explanation
         FROM decisions WHERE work_item_id = ANY ($1)
         ORDER BY work_item_id, decided_at DESC, id DESC",
    )
    .bind(many(work_items, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}
