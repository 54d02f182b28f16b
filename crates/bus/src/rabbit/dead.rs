//! Looks through the dead-letter twins.

use std::{sync::Arc, time::Duration};

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
use crate::{DeadLetter, Error, Publication, QueueName, Topology, wire};

/// How often to look whether the broker put everything back: for two seconds.
const GIVE_BACK_LOOKS: u32 = 100;
const GIVE_BACK_PAUSE: Duration = Duration::from_millis(20);

/// Lists dead letters and gives them back.
pub(super) async fn list(
    link: &Link,
    topology: &Topology,
    limit: usize,
) -> Result<Vec<DeadLetter>, Error> {
    let (channel, _) = link.channel().await?;
    let (mut letters, mut held) = (Vec::new(), Vec::new());
    for queue in topology.queue_names() {
        let (dead, before) = (topology.dead(&queue), letters.len());
        while letters.len() < limit {
            let Some(message) = get(link, &channel, &dead).await? else {
                break;
            };
            letters.push(letter(&queue, message));
        }
        held.push((dead, letters.len() - before));
    }
    give_back(link, channel, held).await?;
    Ok(letters)
}

/// Publishes dead letters to their queues again and acknowledges them after the confirm.
pub(super) async fn retry(link: &Link, aside: &Arc<Aside>, ids: &[Uuid]) -> Result<usize, Error> {
    let (channel, _) = link.channel().await?;
    let (mut revived, mut held) = (0, Vec::new());
    for queue in aside.topology.queue_names() {
        let dead = aside.topology.dead(&queue);
        let mut kept = 0;
        // One that dies again meanwhile waits for the next call.
        for _ in 0..length(link, &channel, &dead).await? {
            let Some(message) = get(link, &channel, &dead).await? else {
                break;
            };
            let Some(publication) = wanted(&message, ids) else {
                kept += 1;
                continue;
            };
            let parcel = frame::to_queue(aside.topology.name(&queue), &publication, 1, None);
            aside.publisher.send_one(parcel).await?;
            link.answer(message.acker.ack(BasicAckOptions::default()))
                .await?;
            revived += 1;
        }
        held.push((dead, kept));
    }
    give_back(link, channel, held).await?;
    Ok(revived)
}

/// Reads a dead letter that is to be retried; one that cannot be read would only come back.
fn wanted(message: &Message, ids: &[Uuid]) -> Option<Publication> {
    let body = Bytes::from(message.data.clone());
    let publication = frame::read(&message.properties, body).ok()?.publication;
    (ids.is_empty() || ids.contains(&publication.id)).then_some(publication)
}

/// Closes the channel, upon which the broker puts back what was held on it, and waits until it
/// did: it answers the close earlier, and the next look would find the queues empty.
async fn give_back(link: &Link, channel: Channel, held: Vec<(String, usize)>) -> Result<(), Error> {
    link.answer(channel.close(200, "done".into())).await?;
    let (channel, _) = link.channel().await?;
    for (queue, count) in held.into_iter().filter(|(_, count)| *count > 0) {
        for _ in 0..GIVE_BACK_LOOKS {
            if length(link, &channel, &queue).await? as usize >= count {
                break;
            }
            tokio::time::sleep(GIVE_BACK_PAUSE).await;
        }
    }
    Ok(())
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
