//! What each kind of timer does.

use interdesk_domain::event::Envelope;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::watch_sla::Shelf;
use interdesk_flow::{
    Context, Desk, absence, deliver, expire, expiry, limited, snooze, transfer_answer, watch_sla,
    wrap_up,
};
use interdesk_node::timers::{OnTimer, Runner, Settings};
use interdesk_store::Transaction;
use interdesk_store::timers::{Timer, TimerKind};
use std::sync::Arc;

/// Returns what lets the desk's timers go off.
pub(crate) fn runner(desk: &Desk, shelf: &Shelf) -> Runner {
    Runner {
        database: desk.database.clone(),
        clock: desk.clock.clone(),
        committed: desk.committed.clone(),
        on_timer: Arc::new(DeskTimers(desk.clone(), shelf.clone())),
        settings: Settings::default(),
    }
}

struct DeskTimers(Desk, Shelf);

#[async_trait::async_trait]
impl OnTimer for DeskTimers {
    async fn fire(
        &self,
        timer: &Timer,
        transaction: &mut Transaction,
    ) -> anyhow::Result<Vec<Envelope>> {
        let (desk, scope) = (&self.0, TenantScope::new(timer.tenant_id));
        let context = Context::system(interdesk_node::telemetry::current_traceparent(), None);
        let events = match timer.kind {
            TimerKind::OfferExpires => {
                expire::expire(desk, transaction, scope, timer, &context).await
            }
            TimerKind::SnoozeEnds => {
                snooze::snooze_ends(desk, transaction, scope, timer, &context).await
            }
            TimerKind::WrapUpEnds => {
                wrap_up::wrap_up_ends(desk, transaction, scope, timer, &context).await
            }
            TimerKind::TransferExpires => {
                transfer_answer::transfer_expires(desk, transaction, scope, timer, &context).await
            }
            TimerKind::OwnerAbsent => {
                absence::owner_absent(desk, transaction, scope, timer, &context).await
            }
            TimerKind::AgentGone => {
                absence::agent_gone(desk, transaction, scope, timer, &context).await
            }
            TimerKind::LimitTold => limited::tell(desk, transaction, scope, timer, &context).await,
            TimerKind::SlaWake => {
                watch_sla::wake(desk, transaction, scope, timer, &self.1, &context).await
            }
            TimerKind::DeliveryRetry => {
                deliver::retry_due(desk, transaction, scope, timer, &context).await
            }
            TimerKind::DeliveryUnknown => {
                deliver::unknown_due(desk, transaction, scope, timer, &context).await
            }
            TimerKind::MessageExpires => {
                expiry::due(desk, transaction, scope, timer, &context).await
            }
        };
        Ok(events?)
    }
}
