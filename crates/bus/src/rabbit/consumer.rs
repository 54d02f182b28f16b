//! A reader's side of a broker's queue, through reconnects.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::StreamExt;
use lapin::{
    Channel,
    message::Delivery as Message,
    options::{BasicConsumeOptions, BasicQosOptions},
    types::FieldTable,
};
use tokio::sync::watch;

use super::{
    RabbitSettings,
    aside::{Aside, Receipt},
    declare, frame,
    link::{Link, ended},
};
use crate::{Delivery, Error, Item, QueueName, delivery};

pub(crate) struct Consumer {
    queue: QueueName,
    prefetch: u16,
    link: Arc<Link>,
    aside: Arc<Aside>,
    settings: Arc<RabbitSettings>,
    closed: watch::Receiver<bool>,
    /// Holds its channel open; dropping it closes the channel, and the broker takes back what
    /// was handed out on it.
    stream: Option<Stream>,
    /// Set when the broker took the queue away from under a living connection.
    undeclared: bool,
    wait: Duration,
}

struct Stream {
    channel: Channel,
    messages: lapin::Consumer,
}

impl Consumer {
    pub(super) fn new(
        queue: QueueName,
        prefetch: u16,
        link: Arc<Link>,
        aside: Arc<Aside>,
        settings: Arc<RabbitSettings>,
        closed: watch::Receiver<bool>,
    ) -> Self {
        let wait = settings.first_wait;
        Self {
            queue,
            prefetch,
            link,
            aside,
            settings,
            closed,
            stream: None,
            undeclared: false,
            wait,
        }
    }

    pub(crate) async fn next(&mut self) -> Option<Item> {
        let mut closed = self.closed.clone();
        tokio::select! {
            biased;
            _ = closed.wait_for(|closed| *closed) => None,
            item = self.read() => Some(item),
        }
    }

    /// Everything awaited in here may be dropped half way; the next call goes on from there.
    async fn read(&mut self) -> Item {
        loop {
            let Some(stream) = &mut self.stream else {
                match self.open().await {
                    Ok(()) => return Item::Reconnected,
                    Err(error) => self.back_off(&error).await,
                }
                continue;
            };
            let message = tokio::select! {
                message = stream.messages.next() => message,
                () = ended(&stream.channel) => None,
            };
            match message {
                Some(Ok(message)) => {
                    if let Some(delivery) = self.take(message).await {
                        return Item::Delivery(delivery);
                    }
                }
                Some(Err(error)) => {
                    tracing::warn!(queue = %self.queue, %error, "lost the connection to a queue");
                    self.stream = None;
                }
                None => {
                    tracing::warn!(queue = %self.queue, "the broker stopped delivering");
                    self.undeclared = stream.channel.status().connected();
                    self.stream = None;
                }
            }
        }
    }

    /// Begins to consume on a fresh channel.
    pub(super) async fn open(&mut self) -> Result<(), Error> {
        let (channel, turn) = self.link.channel().await?;
        let messages = self
            .link
            .answer_on(&channel, self.subscribe(&channel, turn))
            .await?;
        self.stream = Some(Stream { channel, messages });
        self.undeclared = false;
        self.wait = self.settings.first_wait;
        Ok(())
    }

    async fn subscribe(&self, channel: &Channel, turn: u64) -> Result<lapin::Consumer, Error> {
        channel
            .basic_qos(self.prefetch, BasicQosOptions::default())
            .await?;
        let topology = &self.aside.topology;
        if self.undeclared {
            declare::topology(channel, topology).await?;
        }
        let name = match &self.queue {
            QueueName::Live(instance) => {
                let (queue, binding) = topology.live(instance, turn);
                declare::queue(channel, &queue).await?;
                declare::binding(channel, &topology.exchange().name, &binding).await?;
                queue.name
            }
            durable => topology.name(durable),
        };
        let (name, tag) = (frame::short(&name)?, "".into());
        let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
        Ok(channel.basic_consume(name, tag, options, arguments).await?)
    }

    async fn back_off(&mut self, error: &Error) {
        tracing::warn!(queue = %self.queue, %error, wait = ?self.wait, "cannot consume yet");
        let wait = self.wait;
        self.wait = (wait * 2).min(self.settings.longest_wait);
        tokio::time::sleep(wait).await;
    }

    /// Reads a message; one that cannot be read goes to the dead letters and stops nobody.
    async fn take(&self, message: Message) -> Option<Delivery> {
        let Message {
            properties,
            data,
            acker,
            ..
        } = message;
        let body = Bytes::from(data);
        let receipt = Receipt {
            aside: self.aside.clone(),
            queue: self.queue.clone(),
            acker,
        };
        match frame::read(&properties, body.clone()) {
            Ok(letter) => {
                let queue = self.queue.kind();
                metrics::counter!("interdesk_bus_delivered_total", "queue" => queue).increment(1);
                Some(Delivery {
                    queue: self.queue.clone(),
                    attempt: letter.attempt,
                    redeliveries: frame::redeliveries(&properties),
                    publication: Arc::new(letter.publication),
                    receipt: delivery::Receipt::Rabbit(receipt),
                })
            }
            Err(reason) => {
                tracing::warn!(queue = %self.queue, reason, "put an unreadable message aside");
                if let Err(error) = receipt.dead_raw(&properties, body, &reason).await {
                    tracing::warn!(queue = %self.queue, %error, "could not put it aside yet");
                }
                None
            }
        }
    }
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Consumer({})", self.queue)
    }
}
