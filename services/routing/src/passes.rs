//! Runs the passes that a set of events asks for, several queues at a time.

use futures::StreamExt;
use interdesk_domain::event::Envelope;
use interdesk_domain::id::{EventId, QueueId, TenantId, WorkItemId};
use interdesk_domain::scope::TenantScope;
use interdesk_flow::route::Reasons;
use interdesk_flow::{Context, Desk, Error, route};
use interdesk_node::telemetry;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};

/// How many queues are looked at at once.
const AT_ONCE: usize = 4;
/// How often a queue is passed in a row before it is left to the next sweep.
const IN_A_ROW: usize = 64;
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// A queue of a tenant.
pub(crate) type Key = (TenantId, QueueId);

/// The reason for a pass: the event that asked first, or nothing for a sweep, and the events that
/// let its items wait, where they are at hand.
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
    /// Begins with the event that asked first.
    pub(crate) fn of(event: &Envelope) -> Self {
        Self {
            first: Cause::of(event),
            items: HashMap::new(),
        }
    }

    /// Adds what an event says of the item that it lets wait.
    pub(crate) fn add(&mut self, event: &Envelope) {
        if let Some(item) = route::item_of_event(&event.event) {
            self.items.insert(item, Cause::of(event));
        }
    }
}

impl Cause {
    fn of(event: &Envelope) -> Self {
        Self {
            trace: event.trace.clone(),
            event: Some(event.id),
        }
    }

    /// Begins the span of a pass in the trace of this event.
    fn span(&self, (tenant, queue): Key) -> Span {
        let span = tracing::info_span!("route", tenant.id = %tenant, queue.id = %queue);
        telemetry::set_parent(&span, self.trace.as_deref());
        span
    }

    /// Returns what events of that pass say of their origin.
    fn context(&self, span: &Span) -> Context {
        let trace = telemetry::traceparent_of(span).or_else(|| self.trace.clone());
        Context::system(trace, self.event)
    }
}

/// Why nothing came of it.
pub(crate) enum Stopped {
    /// The process is ending.
    Shutdown,
    /// The same would fail again.
    Failed(String),
}

/// Passes each queue once and returns those that failed, with why; `None` on shutdown.
pub(crate) async fn run(
    desk: &Desk,
    wanted: &BTreeMap<Key, Reason>,
    shutdown: &CancellationToken,
) -> Option<HashMap<Key, String>> {
    // The list comes first: a stream over borrowed pairs is more than the compiler can prove sendable.
    let passes: Vec<_> = wanted
        .iter()
        .map(|(key, reason)| one(desk, *key, reason, shutdown))
        .collect();
    let mut ended = futures::stream::iter(passes).buffer_unordered(AT_ONCE);
    let mut failed = HashMap::new();
    while let Some((key, result)) = ended.next().await {
        match result {
            Ok(()) => {}
            Err(Stopped::Shutdown) => return None,
            Err(Stopped::Failed(why)) => {
                failed.insert(key, why);
            }
        }
    }
    Some(failed)
}

async fn one(
    desk: &Desk,
    key: Key,
    reason: &Reason,
    shutdown: &CancellationToken,
) -> (Key, Result<(), Stopped>) {
    let (tenant, queue) = key;
    let span = reason.first.span(key);
    let mut reasons = Reasons::from(reason.first.context(&span));
    // A pass over the items of several traces shows in each of them.
    let mut others = Vec::new();
    for (item, cause) in &reason.items {
        let is_first = cause.trace == reason.first.trace;
        let own = if is_first {
            span.clone()
        } else {
            cause.span(key)
        };
        reasons.items.insert(*item, cause.context(&own));
        others.push(own);
    }
    let scope = TenantScope::new(tenant);
    let passes = async {
        for _ in 0..IN_A_ROW {
            let pass = || route::pass(desk, scope, queue, &reasons);
            if !patiently(pass, shutdown).await?.again {
                break;
            }
        }
        Ok(())
    };
    let ended = passes.instrument(span).await;
    drop(others);
    (key, ended)
}

/// Tries until it works or fails for good: while the database is away, work waits and nobody's
/// tries are used up.
pub(crate) async fn patiently<T, F>(
    mut act: impl FnMut() -> F,
    shutdown: &CancellationToken,
) -> Result<T, Stopped>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut wait = FIRST_WAIT;
    loop {
        let error = match act().await {
            Ok(done) => return Ok(done),
            Err(error) if error.is_passing() => error,
            Err(error) => return Err(Stopped::Failed(error.to_string())),
        };
        tracing::warn!(error = %error, wait_ms = wait.as_millis() as u64, "routing waits");
        tokio::select! {
            () = shutdown.cancelled() => return Err(Stopped::Shutdown),
            () = tokio::time::sleep(wait) => wait = (wait * 2).min(LONGEST_WAIT),
        }
    }
}
