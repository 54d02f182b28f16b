//! Finds replies that nobody began to deliver in time.
//!
//! Events make delivery quick, the sweep makes it sure: it heals what no event tells of any more,
//! because the event was lost or the bus is away. It claims like everybody else, so a reply that
//! is found here and by its event is handed over once.

use super::{Courier, deliver};
use crate::{Context, Desk, Error};
use futures::StreamExt;
use interdesk_domain::scope::TenantScope;
use interdesk_store::message_changes;
use interdesk_store::messages::{self, Overdue};

/// Conversations that one sweep looks after at most.
const PAGE: i64 = 1_000;

/// Delivers what has waited for longer than the settings allow, `at_once` conversations at a time,
/// and returns how many calls were made.
///
/// A conversation that fails is left to the next sweep.
pub async fn sweep(desk: &Desk, courier: &Courier, at_once: usize) -> Result<u32, Error> {
    let written_before = desk.now() - desk.settings.delivery_overdue_after;
    let transaction = desk.database.begin_system().await?;
    let mut overdue = messages::list_overdue(&transaction, written_before, PAGE).await?;
    overdue.extend(message_changes::list_due(&transaction, written_before, PAGE).await?);
    transaction.commit().await?;
    // The list comes first: a stream over borrowed rows is more than the compiler can prove sendable.
    let deliveries: Vec<_> = overdue
        .into_iter()
        .map(|one| heal(desk, courier, one))
        .collect();
    let calls = futures::stream::iter(deliveries).buffer_unordered(at_once.max(1));
    Ok(calls.fold(0, async |sum, calls| sum + calls).await)
}

async fn heal(desk: &Desk, courier: &Courier, one: Overdue) -> u32 {
    let (scope, context) = (TenantScope::new(one.tenant_id), Context::system(None, None));
    match deliver(desk, courier, scope, one.conversation_id, &context).await {
        Ok(calls) => {
            metrics::counter!("interdesk_deliveries_overdue_total").increment(calls.into());
            calls
        }
        Err(error) => {
            tracing::warn!(tenant.id = %one.tenant_id, conversation.id = %one.conversation_id,
                %error, "an overdue reply could not be delivered");
            0
        }
    }
}
