//! Events of a tenant: how it is set up changed.

use crate::{Context, Desk, Effect, Error, Events};
use interdesk_domain::event::{Actor, AggregateKind, Event};
use interdesk_domain::scope::TenantScope;
use interdesk_store::{Conn, outbox, provision};

/// Returns the context of somebody at the command line of the installation.
pub(crate) fn operator() -> Context {
    Context {
        actor: Actor::Operator,
        trace: None,
        cause: None,
        effect: Effect::default(),
    }
}

/// Adds events to the tenant and counts its version up.
pub(crate) async fn tell(
    desk: &Desk,
    scope: TenantScope,
    conn: &Conn,
    context: &Context,
    list: Vec<Event>,
) -> Result<(), Error> {
    let aggregate = (AggregateKind::Tenant, scope.tenant().0);
    for event in list {
        let version = provision::next_tenant_version(conn, scope).await?;
        let mut events = Events::of(desk, scope, aggregate, version - 1, context);
        events.push(event);
        outbox::append(conn, events.list()).await?;
    }
    Ok(())
}
