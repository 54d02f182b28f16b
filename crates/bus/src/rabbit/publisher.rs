//! Publishes with confirms, a window of them at a time.

use std::{collections::HashSet, sync::Arc, task::Poll};

use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use lapin::{
    Channel, Confirmation,
    options::{BasicPublishOptions, ConfirmSelectOptions},
};
use tokio::sync::Mutex;

use super::{
    RabbitSettings,
    frame::{Parcel, short},
    link::Link,
};
use crate::{Error, PublishError};

pub(super) struct Publisher {
    link: Arc<Link>,
    settings: Arc<RabbitSettings>,
    /// Empty while a batch is on its way: a batch that ends badly or is abandoned takes its
    /// channel along, so that no late confirm or return meets the next batch.
    channel: Mutex<Option<Channel>>,
}

type Confirm = BoxFuture<'static, (usize, lapin::Result<Confirmation>)>;

/// A batch on its way.
struct Batch<'a> {
    settings: &'a RabbitSettings,
    results: Vec<Result<(), PublishError>>,
    window: FuturesUnordered<Confirm>,
    returned: HashSet<String>,
    failed: bool,
}

impl Publisher {
    pub(super) fn new(link: Arc<Link>, settings: Arc<RabbitSettings>) -> Self {
        Self {
            link,
            settings,
            channel: Mutex::default(),
        }
    }

    /// Sends in order and stops sending at the first failure.
    pub(super) async fn send(
        &self,
        parcels: Vec<Result<Parcel, PublishError>>,
    ) -> Vec<Result<(), PublishError>> {
        let mut slot = self.channel.lock().await;
        let channel = match self.ready(slot.take()).await {
            Ok(channel) => channel,
            Err(error) => return parcels.iter().map(|_| Err(no_connection(&error))).collect(),
        };
        let mut batch = Batch::new(&self.settings, parcels.len());
        for (index, parcel) in parcels.iter().enumerate() {
            match parcel {
                Ok(parcel) => batch.push(&channel, index, parcel).await,
                Err(error) => batch.results[index] = Err(error.clone()),
            }
            if batch.failed {
                break;
            }
        }
        batch.finish().await;
        batch.mark_returned(&parcels);
        if !batch.failed {
            *slot = Some(channel);
        }
        count(&batch.results);
        batch.results
    }

    /// Sends one parcel.
    pub(super) async fn send_one(&self, parcel: Parcel) -> Result<(), PublishError> {
        let results = self.send(vec![Ok(parcel)]).await;
        results
            .into_iter()
            .next()
            .unwrap_or(Err(PublishError::Held))
    }

    async fn ready(&self, held: Option<Channel>) -> Result<Channel, Error> {
        if let Some(channel) = held.filter(|channel| channel.status().connected()) {
            return Ok(channel);
        }
        let (channel, _) = self.link.channel().await?;
        self.link
            .answer(channel.confirm_select(ConfirmSelectOptions::default()))
            .await?;
        Ok(channel)
    }
}

impl<'a> Batch<'a> {
    fn new(settings: &'a RabbitSettings, size: usize) -> Self {
        Self {
            settings,
            results: vec![Err(PublishError::Held); size],
            window: FuturesUnordered::new(),
            returned: HashSet::new(),
            failed: false,
        }
    }

    async fn push(&mut self, channel: &Channel, index: usize, parcel: &Parcel) {
        if self.window.len() >= self.settings.window {
            self.settle_one().await;
            if self.failed {
                return;
            }
        }
        let limit = self.settings.confirm_timeout;
        self.results[index] = Err(PublishError::Timeout(limit));
        let mut confirm = hand_over(channel.clone(), index, parcel);
        // The first poll queues the frames, which keeps the order; waiting for the socket after
        // each of them would cost most of the speed.
        match futures::poll!(&mut confirm) {
            Poll::Ready((index, confirm)) => self.settle(index, confirm),
            Poll::Pending => self.window.push(confirm),
        }
    }

    /// Waits for all confirms that are still open; without one in time they count as failed.
    async fn finish(&mut self) {
        while !self.window.is_empty() && !self.timed_out().await {}
    }

    async fn settle_one(&mut self) {
        self.timed_out().await;
    }

    async fn timed_out(&mut self) -> bool {
        match tokio::time::timeout(self.settings.confirm_timeout, self.window.next()).await {
            Ok(Some((index, confirm))) => self.settle(index, confirm),
            Ok(None) => {}
            Err(_) => {
                self.failed = true;
                return true;
            }
        }
        false
    }

    fn settle(&mut self, index: usize, confirm: lapin::Result<Confirmation>) {
        match confirm {
            Ok(Confirmation::Ack(returned)) => {
                self.results[index] = Ok(());
                // With several in flight the return may hang on a neighbour's confirm; its own
                // id tells whose it is.
                if let Some(returned) = returned {
                    self.failed = true;
                    let id = returned.delivery.properties.message_id();
                    self.returned.extend(id.as_ref().map(ToString::to_string));
                }
            }
            Ok(_) => self.fail(index, PublishError::Refused),
            Err(error) => self.fail(index, error.into()),
        }
    }

    fn fail(&mut self, index: usize, error: PublishError) {
        self.failed = true;
        self.results[index] = Err(error);
    }

    fn mark_returned(&mut self, parcels: &[Result<Parcel, PublishError>]) {
        for (index, parcel) in parcels.iter().enumerate() {
            let Ok(parcel) = parcel else { continue };
            if parcel
                .message_id()
                .is_some_and(|id| self.returned.contains(id))
            {
                self.results[index] = Err(PublishError::Unroutable(parcel.key.clone()));
            }
        }
    }
}

fn hand_over(channel: Channel, index: usize, parcel: &Parcel) -> Confirm {
    let names = name(&parcel.exchange).and_then(|exchange| Ok((exchange, name(&parcel.key)?)));
    let (body, properties) = (parcel.body.clone(), parcel.properties.clone());
    let options = BasicPublishOptions {
        mandatory: true,
        immediate: false,
    };
    let publish = async move {
        let (exchange, key) = names?;
        channel
            .basic_publish(exchange, key, options, &body, properties)
            .await?
            .await
    };
    Box::pin(async move { (index, publish.await) })
}

fn name(text: &str) -> lapin::Result<lapin::types::ShortString> {
    short(text).map_err(|error| std::io::Error::other(error).into())
}

impl From<Error> for PublishError {
    fn from(error: Error) -> Self {
        match error {
            Error::Timeout(limit) => PublishError::Timeout(limit),
            Error::Broker(error) => PublishError::Broker(error),
            Error::Closed => PublishError::Closed,
            other => PublishError::NoConnection(other.to_string()),
        }
    }
}

fn no_connection(error: &Error) -> PublishError {
    match error {
        Error::Closed => PublishError::Closed,
        other => PublishError::NoConnection(other.to_string()),
    }
}

fn count(results: &[Result<(), PublishError>]) {
    let taken = results.iter().filter(|result| result.is_ok()).count();
    metrics::counter!("interdesk_bus_published_total").increment(taken as u64);
    let failed = results.len() - taken;
    metrics::counter!("interdesk_bus_publish_failed_total").increment(failed as u64);
}
