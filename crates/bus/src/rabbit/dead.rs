//! Looks through the dead-letter twins.

use std::sync::Arc;

use bytes::Bytes;
use lapin::{
    Channel,
    message::Delivery as Message,
    options::{BasicAckOptions, BasicGetOptions, QueueDeclareOptions},
    types::FieldTable,
};
use uuid::Uuid;

use super::{
    aside::Aside,
    frame::{self, short},
    link::Link,
};
use crate::{DeadLetter, Error, QueueName, Topology, wire};

/// Lists dead letters; the broker puts them back when the channel closes.
pub(super) async fn list(
    link: &Link,
    topology: &Topology,
    limit: usize,
) -> Result<Vec<DeadLetter>, Error> {
    let (channel, _) = link.channel().await?;
    let mut letters = Vec::new();
    for queue in topology.queue_names() {
        let dead = topology.dead(&queue);
        while letters.len() < limit {
            let Some(message) = get(link, &channel, &dead).await? else {
                break;
            };
            letters.push(letter(&queue, message));
        }
    }
    link.answer(channel.close(200, "listed".into())).await?;
    Ok(letters)
}

/// Publishes dead letters to their queues again and acknowledges them after the confirm.
pub(super) async fn retry(link: &Link, aside: &Arc<Aside>, ids: &[Uuid]) -> Result<usize, Error> {
    let (channel, _) = link.channel().await?;
    let mut revived = 0;
    for queue in aside.topology.queue_names() {
        let dead = aside.topology.dead(&queue);
        // One that dies again meanwhile waits for the next call.
        for _ in 0..length(link, &channel, &dead).await? {
            let Some(message) = get(link, &channel, &dead).await? else {
                break;
            };
            let body = Bytes::from(message.data);
            // One that cannot be read would only come back.
            let Ok(letter) = frame::read(&message.properties, body) else {
                continue;
            };
            if !ids.is_empty() && !ids.contains(&letter.publication.id) {
                continue;
            }
            let name = aside.topology.name(&queue);
            let parcel = frame::to_queue(name, &letter.publication, 1, None);
            aside.publisher.send_one(parcel).await?;
            link.answer(message.acker.ack(BasicAckOptions::default()))
                .await?;
            revived += 1;
        }
    }
    link.answer(channel.close(200, "retried".into())).await?;
    Ok(revived)
}

async fn length(link: &Link, channel: &Channel, queue: &str) -> Result<u32, Error> {
    let options = QueueDeclareOptions {
        passive: true,
        ..Default::default()
    };
    let declared = channel.queue_declare(short(queue)?, options, FieldTable::default());
    Ok(link.answer(declared).await?.message_count())
}

async fn get(link: &Link, channel: &Channel, queue: &str) -> Result<Option<Message>, Error> {
    let got = channel.basic_get(short(queue)?, BasicGetOptions::default());
    Ok(link.answer(got).await?.map(|got| got.delivery))
}

fn letter(queue: &QueueName, message: Message) -> DeadLetter {
    let body = Bytes::from(message.data);
    let reason = frame::reason(&message.properties);
    let (publication, attempts) = match frame::read(&message.properties, body.clone()) {
        Ok(letter) => (letter.publication, letter.attempt),
        Err(_) => (wire::unreadable(body), 1),
    };
    DeadLetter {
        queue: queue.clone(),
        publication,
        attempts,
        reason,
    }
}
