//! What a provider charges for, as an inbox shows it.

use crate::support::{Asked, operation};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_shows_the_last_twelve_months_of_its_own_workspace_the_latest_first() {
    let asked = Asked::fresh().await;
    let (workspace, other) = (asked.workspace().await, asked.workspace().await);
    let count = format!(
        "INSERT INTO service_messages (inbox_id, month, tenant_id, delivered)
         SELECT i.id, m::date, i.tenant_id, extract(month FROM m)::bigint
         FROM inboxes i, generate_series('2025-01-01'::date, '2026-03-01', '1 month') AS m
         WHERE i.tenant_id = '{}'",
        workspace.viewer.tenant.0
    );
    asked.world.test.execute_as_owner(&count).await;
    let query = operation("InboxHealth");
    let shown = asked.ask(&workspace.viewer, &query, json!({})).await;
    let months = shown["inboxes"][0]["serviceMessages"].as_array().cloned();
    let months = months.unwrap_or_default();
    assert_eq!(months.len(), 12, "{shown}");
    let delivered = |place: usize| -> Value { months[place].clone() };
    assert_eq!(
        delivered(0),
        json!({ "month": "2026-03-01", "delivered": 3 })
    );
    assert_eq!(
        delivered(11),
        json!({ "month": "2025-04-01", "delivered": 4 })
    );
    let foreign = asked.ask(&other.viewer, &query, json!({})).await;
    assert_eq!(foreign["inboxes"][0]["serviceMessages"], json!([]));
}
