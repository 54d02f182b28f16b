//! Lanes: tasks that handle events in order, each aggregate's always in the same one.

use super::{FIRST_PAUSE, HandlerError, Meta, Options, Subject, count, rest, run};
use crate::telemetry;
use interdesk_bus::Delivery;
use interdesk_domain::event::Envelope;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

type Job = (Envelope, Delivery);

/// The lanes of one consumer; dropping them cuts what is under way.
pub(super) struct Lanes {
    inlets: Vec<mpsc::Sender<Job>>,
    tasks: JoinSet<()>,
}

impl Lanes {
    pub(super) fn start<H, F>(options: &Options, stop: &CancellationToken, handler: H) -> Self
    where
        H: Fn(Envelope, Meta) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), HandlerError>> + Send + 'static,
    {
        let handler = Arc::new(handler);
        let mut lanes = Self {
            inlets: Vec::new(),
            tasks: JoinSet::new(),
        };
        for _ in 0..options.lanes.max(1) {
            // The prefetch bounds what all lanes hold, so no lane's inlet can be full.
            let (inlet, jobs) = mpsc::channel(usize::from(options.prefetch.max(1)));
            let lane = Lane {
                options: options.clone(),
                stop: stop.clone(),
                handler: handler.clone(),
            };
            lanes.inlets.push(inlet);
            lanes.tasks.spawn(lane.run(jobs));
        }
        lanes
    }

    /// Hands an event to the lane of its aggregate.
    pub(super) async fn hand(&self, envelope: Envelope, delivery: Delivery) {
        let number = envelope.aggregate.id.as_u128() % self.inlets.len() as u128;
        // A lane ends only when its inlet is dropped; a delivery that is lost here comes again.
        let _ = self.inlets[number as usize]
            .send((envelope, delivery))
            .await;
    }

    /// Waits until every lane has finished what it holds.
    pub(super) async fn finish(mut self) {
        self.inlets.clear();
        while self.tasks.join_next().await.is_some() {}
    }
}

struct Lane<H> {
    options: Options,
    stop: CancellationToken,
    handler: Arc<H>,
}

impl<H, F> Lane<H>
where
    H: Fn(Envelope, Meta) -> F,
    F: Future<Output = Result<(), HandlerError>>,
{
    async fn run(self, mut jobs: mpsc::Receiver<Job>) {
        while let Some((envelope, delivery)) = jobs.recv().await {
            // What is not begun when the end comes goes back to its queue by being dropped.
            if !self.stop.is_cancelled() {
                let trace = delivery.trace.clone().or_else(|| envelope.trace.clone());
                let span = telemetry::consumer_span(self.options.consumer, trace.as_deref());
                self.handle(envelope, delivery).instrument(span).await;
            }
        }
    }

    async fn handle(&self, envelope: Envelope, delivery: Delivery) {
        let subject = Subject {
            tenant: envelope.tenant,
            event: envelope.id,
        };
        let meta = Meta {
            queue: delivery.queue.clone(),
            attempt: delivery.attempt,
            redeliveries: delivery.redeliveries,
        };
        let mut pause = FIRST_PAUSE;
        loop {
            match run((self.handler)(envelope.clone(), meta.clone())).await {
                Ok(()) => return self.acknowledge(subject, delivery).await,
                Err(HandlerError::Poison(error)) => {
                    return self.set_aside(subject, delivery, error).await;
                }
                Err(HandlerError::TryLater(error)) => {
                    count(&self.options, "later");
                    self.warn(
                        subject,
                        &format!("{error:#}"),
                        "cannot handle an event now, trying again",
                    );
                }
            }
            match rest(pause, self.options.longest_pause, &self.stop).await {
                Some(next) => pause = next,
                None => return,
            }
        }
    }

    async fn acknowledge(&self, subject: Subject, delivery: Delivery) {
        count(&self.options, "handled");
        if let Err(error) = delivery.ack().await {
            // Harmless: it comes again, and its handler remembers it.
            self.warn(
                subject,
                &error.to_string(),
                "could not acknowledge an event",
            );
        }
    }

    async fn set_aside(&self, subject: Subject, delivery: Delivery, error: anyhow::Error) {
        count(&self.options, "poison");
        let reason = format!("{error:#}");
        self.warn(subject, &reason, "cannot handle an event, setting it aside");
        if let Err(error) = delivery.retry(&reason).await {
            self.warn(
                subject,
                &error.to_string(),
                "could not set an event aside, it comes again",
            );
        }
    }

    fn warn(&self, subject: Subject, error: &str, message: &'static str) {
        tracing::warn!(
            consumer = self.options.consumer,
            tenant.id = %subject.tenant.0,
            event.id = %subject.event.0,
            error,
            "{message}"
        );
    }
}
