//! W3C trace context across processes, as the text of a `traceparent` header.
//!
//! With a collector, spans carry OpenTelemetry contexts and a traceparent is
//! read from them. Without one, no span ids exist; then the text that came in
//! from outside is kept beside the span and handed on unchanged by everything
//! below it, so a sender's trace survives the passage through the desk.

use std::collections::HashMap;

use opentelemetry::{propagation::TextMapPropagator, trace::TraceContextExt};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::{Dispatch, Span, span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{Layer, Registry, registry::LookupSpan};

/// A layer that does nothing but keep spans alive, for contexts to ride on.
pub(super) struct Carrier;

impl Layer<Registry> for Carrier {}

/// The traceparent that came in from outside, kept beside a span.
struct Carried(String);

/// Gives the trace context of the current span, to be sent along with an event
/// or a request.
pub fn current_traceparent() -> Option<String> {
    traceparent_of(&Span::current())
}

/// Gives the trace context of `span`.
pub fn traceparent_of(span: &Span) -> Option<String> {
    let context = span.context();
    let own = context.span().span_context().clone();
    if own.is_valid() {
        let flags = own.trace_flags().to_u8();
        return Some(format!(
            "00-{}-{}-{flags:02x}",
            own.trace_id(),
            own.span_id()
        ));
    }
    span.with_subscriber(|(id, dispatch)| carried(id, dispatch))
        .flatten()
}

/// Continues the trace that `traceparent` names in `span`. A missing or
/// malformed one changes nothing. Call it before the span is entered.
pub fn set_parent(span: &Span, traceparent: Option<&str>) {
    let Some(text) = traceparent else { return };
    let carrier = HashMap::from([("traceparent".to_owned(), text.to_owned())]);
    let context = TraceContextPropagator::new().extract(&carrier);
    if !context.span().span_context().is_valid() {
        return;
    }
    if span.set_parent(context).is_err() {
        span.with_subscriber(|(id, dispatch)| carry(id, dispatch, text));
    }
}

/// Makes the span of sending an event or a request to `destination`.
pub fn producer_span(destination: &str) -> Span {
    tracing::info_span!(
        "publish",
        otel.kind = "producer",
        messaging.destination.name = destination
    )
}

/// Makes the span of handling what came from `source`, continuing its trace.
pub fn consumer_span(source: &str, traceparent: Option<&str>) -> Span {
    let span = tracing::info_span!(
        "process",
        otel.kind = "consumer",
        messaging.destination.name = source
    );
    set_parent(&span, traceparent);
    span
}

fn carry(id: &span::Id, dispatch: &Dispatch, text: &str) {
    if let Some(span) = dispatch
        .downcast_ref::<Registry>()
        .and_then(|registry| registry.span(id))
    {
        span.extensions_mut().replace(Carried(text.to_owned()));
    }
}

fn carried(id: &span::Id, dispatch: &Dispatch) -> Option<String> {
    let span = dispatch.downcast_ref::<Registry>()?.span(id)?;
    span.scope().find_map(|span| {
        span.extensions()
            .get::<Carried>()
            .map(|carried| carried.0.clone())
    })
}
