//! Puts deliveries aside: on the retry ladder, among the dead, or back.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use futures::FutureExt;
use lapin::{
    Acker, BasicProperties,
    options::{BasicAckOptions, BasicNackOptions},
};

use super::{
    frame::{self, Parcel},
    publisher::Publisher,
};
use crate::{Error, Publication, QueueName, Topology};

/// Publishes to queues by name, beside the stream of events.
pub(super) struct Aside {
    pub(super) topology: Arc<Topology>,
    pub(super) publisher: Publisher,
}

/// The way back to the broker; dropped unanswered it returns its delivery to the queue.
pub(crate) struct Receipt {
    pub(super) aside: Arc<Aside>,
    pub(super) queue: QueueName,
    pub(super) acker: Acker,
}

impl Receipt {
    /// Hands the acknowledgement to the connection. The broker answers none, so waiting for the
    /// socket would prove nothing; one that a cut swallows brings the delivery again.
    pub(crate) fn ack(self) -> Result<(), Error> {
        match self.acker.ack(BasicAckOptions::default()).now_or_never() {
            Some(Ok(false)) => Err(Error::Lost),
            Some(Err(error)) => Err(error.into()),
            Some(Ok(true)) | None => Ok(()),
        }
    }

    pub(crate) async fn retry(
        self,
        publication: &Publication,
        attempt: u32,
        reason: &str,
    ) -> Result<(), Error> {
        if self.is_live() {
            return self.ack();
        }
        let Some((rung, wait)) = self.aside.topology.rung(&self.queue, attempt) else {
            return self.dead(publication, attempt, reason).await;
        };
        metrics::counter!("interdesk_bus_retried_total", "queue" => self.queue.kind()).increment(1);
        let parcel = frame::to_queue(rung, publication, attempt + 1, Some(reason)).waiting(wait);
        self.put_aside(parcel).await
    }

    pub(crate) async fn dead(
        self,
        publication: &Publication,
        attempt: u32,
        reason: &str,
    ) -> Result<(), Error> {
        if self.is_live() {
            return self.ack();
        }
        metrics::counter!("interdesk_bus_dead_total", "queue" => self.queue.kind()).increment(1);
        let dead = self.aside.topology.dead(&self.queue);
        self.put_aside(frame::to_queue(dead, publication, attempt, Some(reason)))
            .await
    }

    /// Puts a message that cannot be read among the dead, as it is.
    pub(super) async fn dead_raw(
        self,
        properties: &BasicProperties,
        body: Bytes,
        reason: &str,
    ) -> Result<(), Error> {
        if self.is_live() {
            return self.ack();
        }
        metrics::counter!("interdesk_bus_dead_total", "queue" => self.queue.kind()).increment(1);
        let dead = self.aside.topology.dead(&self.queue);
        self.put_aside(frame::raw_to_queue(dead, properties, body, reason))
            .await
    }

    /// Publishes first and acknowledges after the confirm: a crash in between doubles it, which
    /// readers bear, and never loses it.
    async fn put_aside(self, parcel: Parcel) -> Result<(), Error> {
        self.aside.publisher.send_one(parcel).await?;
        self.ack()
    }

    fn is_live(&self) -> bool {
        self.queue.reader().is_none()
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        if self.acker.usable() {
            let options = BasicNackOptions {
                requeue: !self.is_live(),
                multiple: false,
            };
            // The first poll hands the frame to the connection; nobody needs the rest.
            let _ = self.acker.nack(options).now_or_never();
        }
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Receipt({})", self.queue)
    }
}
