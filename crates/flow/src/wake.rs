//! A rest after a refusal is over: the queue is worth another look.

use crate::{Context, Desk, Error, Events};
use interdesk_domain::event::{AggregateKind, Envelope, Event};
use interdesk_domain::id::QueueId;
use interdesk_domain::scope::TenantScope;
use interdesk_store::Conn;
use interdesk_store::provision;
use interdesk_store::timers::Timer;

/// Tells routing to look at the timer's queue again; returns the events for the outbox.
pub async fn wake(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    timer: &Timer,
    context: &Context,
) -> Result<Vec<Envelope>, Error> {
    let version = provision::next_tenant_version(conn, scope).await?;
    let aggregate = (AggregateKind::Tenant, scope.tenant().0);
    let mut events = Events::of(desk, scope, aggregate, version - 1, context);
    events.push(Event::RoutingRetryDue {
        queue: QueueId(timer.subject_id),
    });
    Ok(events.into_list())
}
