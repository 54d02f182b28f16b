//! The trace of one operation: what joins spans, events, log lines and the errors that a client sees.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use async_graphql::{Request, Response};
use futures::{Stream, stream::BoxStream};
use interdesk_domain::clock::Clock;
use interdesk_graphql::Trace;
use interdesk_node::{
    clock::SystemClock,
    telemetry::{set_parent, traceparent_of},
};
use tracing::Span;

use crate::{RequestInfo, operation};

/// The span of an operation and the name of its trace.
#[derive(Clone, Debug)]
pub(crate) struct Traced {
    pub(crate) span: Span,
    /// What errors carry as `traceId` and log lines as `trace_id`.
    pub(crate) id: String,
    parent: Option<String>,
}

impl Traced {
    /// Continues the caller's trace or begins one.
    pub(crate) fn of(info: &RequestInfo) -> Self {
        let span = tracing::info_span!(
            "graphql",
            otel.kind = "server",
            trace_id = tracing::field::Empty
        );
        set_parent(&span, info.trace_parent.as_deref());
        let parent = traceparent_of(&span);
        let known = parent.as_deref().or(info.trace_parent.as_deref());
        let id = known.and_then(trace_id).map(str::to_owned);
        let id = id.unwrap_or_else(|| SystemClock.new_uuid().simple().to_string());
        span.record("trace_id", id.as_str());
        Self { span, id, parent }
    }

    /// Tells the resolvers of it, so that their events carry it on.
    pub(crate) fn tell(&self, request: &mut Request) {
        if let Some(parent) = &self.parent {
            request.data.insert(Trace(parent.clone()));
        }
    }

    /// Lets the results of an operation run within it and carry its name.
    pub(crate) fn follow(
        self,
        results: BoxStream<'static, Response>,
    ) -> BoxStream<'static, Response> {
        Box::pin(Followed {
            traced: self,
            results,
        })
    }
}

/// Reads the trace's name in a `traceparent`.
fn trace_id(parent: &str) -> Option<&str> {
    let id = parent.split('-').nth(1)?;
    let is_hex = id.bytes().all(|byte| byte.is_ascii_hexdigit());
    (id.len() == 32 && is_hex).then_some(id)
}

struct Followed {
    traced: Traced,
    results: BoxStream<'static, Response>,
}

impl Stream for Followed {
    type Item = Response;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Response>> {
        let this = self.get_mut();
        let _within = this.traced.span.enter();
        let result = this.results.as_mut().poll_next(context);
        result.map(|response| {
            response.map(|mut response| {
                operation::complete(&mut response, &this.traced.id);
                response
            })
        })
    }
}
