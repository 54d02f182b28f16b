//! Which event and which trace a decision goes back to.

use interdesk_domain::event::Envelope;
use interdesk_domain::id::{EventId, TenantId, WorkItemId};
use interdesk_flow::Context;
use interdesk_flow::route::{self, Reasons};
use interdesk_node::telemetry;
use std::collections::HashMap;
use tracing::Span;

/// The reason for a look at a tenant: the event that asked first, or nothing for a sweep, and the
/// events that let items wait.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reason {
    first: Cause,
    items: HashMap<WorkItemId, Cause>,
}

/// An event and its trace.
#[derive(Debug, Clone, Default)]
struct Cause {
    trace: Option<String>,
    event: Option<EventId>,
}

impl Reason {
    /// Gathers what events say of their origin.
    pub(crate) fn of(events: &[Envelope]) -> Self {
        let items = events.iter().filter_map(|event| {
            let item = route::item_of_event(&event.event)?;
            Some((item, Cause::of(event)))
        });
        Self {
            first: events.first().map(Cause::of).unwrap_or_default(),
            items: items.collect(),
        }
    }

    /// Begins the span of a look, and of its part in every other trace; returns the first, what the
    /// decisions say of their origin, and the others, which end with it.
    pub(crate) fn begin(&self, tenant: TenantId) -> (Span, Reasons, Vec<Span>) {
        let span = self.first.span(tenant);
        let mut reasons = Reasons::from(self.first.context(&span));
        let mut others: HashMap<Option<String>, Span> = HashMap::new();
        for (item, cause) in &self.items {
            let own = match cause.trace == self.first.trace {
                true => span.clone(),
                false => others
                    .entry(cause.trace.clone())
                    .or_insert_with(|| cause.span(tenant))
                    .clone(),
            };
            reasons.items.insert(*item, cause.context(&own));
        }
        (span, reasons, others.into_values().collect())
    }
}

impl Cause {
    fn of(event: &Envelope) -> Self {
        Self {
            trace: event.trace.clone(),
            event: Some(event.id),
        }
    }

    fn span(&self, tenant: TenantId) -> Span {
        let span = tracing::info_span!("route", tenant.id = %tenant);
        telemetry::set_parent(&span, self.trace.as_deref());
        span
    }

    fn context(&self, span: &Span) -> Context {
        let trace = telemetry::traceparent_of(span).or_else(|| self.trace.clone());
        Context::system(trace, self.event)
    }
}
