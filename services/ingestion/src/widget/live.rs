//! Who waits for what: this process's part of the live feeds.
//!
//! Each process hears the events of all on a live queue of its own, as the agent role does, and wakes
//! the feeds of the conversation. An event says only that there is something to read; what, a feed reads
//! from the database, so a lost event delays and never loses. While nobody waits, nothing is heard.

use interdesk_bus::{Bus, Error, Item, QueueName};
use interdesk_domain::id::{ConversationId, InboxId};
use interdesk_flow::{Desk, typing};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long to wait before the queue of a broker that is away is asked for again.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long nobody may wait before the queue is left.
const IDLE: Duration = Duration::from_secs(30);
/// How often it is asked who is typing.
const TICK: Duration = Duration::from_secs(1);
/// Events that may be on their way to this process.
const PREFETCH: u16 = 256;
/// Conversations that the cache is asked about at once.
const PAGE: usize = 500;

/// Wakes feeds; clones are the same.
#[derive(Clone, Default)]
pub struct Live(Arc<Inner>);

#[derive(Default)]
struct Inner {
    watched: Mutex<HashMap<Key, watch::Sender<Pulse>>>,
    begun: Notify,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Conversation(ConversationId),
    Person(InboxId, String),
}

/// What a feed is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Pulse {
    /// Counts the reasons to look.
    beat: u64,
    /// Whether an agent is typing.
    pub(super) typing: bool,
}

/// A feed's ear for one thing; dropping it ends that.
pub(super) struct Ear {
    live: Live,
    key: Key,
    heard: Option<watch::Receiver<Pulse>>,
}

impl Ear {
    /// Waits for the next pulse.
    pub(super) async fn next(&mut self) -> Pulse {
        if let Some(heard) = &mut self.heard
            && heard.changed().await.is_ok()
        {
            return *heard.borrow_and_update();
        }
        // Whoever holds the other end keeps it as long as this one is there.
        std::future::pending().await
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.heard = None;
        let mut watched = self.live.watched();
        let last = watched
            .get(&self.key)
            .is_some_and(|it| it.receiver_count() == 0);
        if last {
            watched.remove(&self.key);
        }
    }
}

impl Live {
    /// Listens to a conversation.
    pub(super) fn conversation(&self, id: ConversationId) -> Ear {
        self.listen(Key::Conversation(id))
    }

    /// Listens to what a visitor does on another browser or request.
    pub(super) fn person(&self, inbox: InboxId, person: &str) -> Ear {
        self.listen(Key::Person(inbox, person.to_owned()))
    }

    /// Wakes a visitor's feeds in this process.
    pub(super) fn wake_person(&self, inbox: InboxId, person: &str) {
        self.wake(&Key::Person(inbox, person.to_owned()));
    }

    fn listen(&self, key: Key) -> Ear {
        let heard = {
            let mut watched = self.watched();
            watched.entry(key.clone()).or_default().subscribe()
        };
        self.0.begun.notify_one();
        Ear {
            live: self.clone(),
            key,
            heard: Some(heard),
        }
    }

    fn wake(&self, key: &Key) {
        if let Some(feeds) = self.watched().get(key) {
            feeds.send_modify(|pulse| pulse.beat += 1);
        }
    }

    fn wake_all(&self) {
        let watched = self.watched();
        let wake = |feeds: &watch::Sender<Pulse>| feeds.send_modify(|pulse| pulse.beat += 1);
        watched.values().for_each(wake);
    }

    fn is_watched(&self) -> bool {
        !self.watched().is_empty()
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<Key, watch::Sender<Pulse>>> {
        self.0
            .watched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows events and typing for as long as somebody waits, until `stop`.
    pub async fn run(self, desk: Desk, bus: Arc<dyn Bus>, stop: CancellationToken) {
        let instance = format!("widget-{}", desk.clock.new_uuid());
        while !stop.is_cancelled() {
            while !self.is_watched() {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = self.0.begun.notified() => {}
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.hear(bus.as_ref(), &instance) => {}
                () = self.tick(&desk) => {}
            }
        }
    }

    /// Hears events until nobody waits any more.
    async fn hear(&self, bus: &dyn Bus, instance: &str) {
        while self.is_watched() {
            let queue = QueueName::Live(instance.to_owned());
            match self.consume(bus, queue).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::warn!(%error, "widgets hear no events, trying again");
                    tokio::time::sleep(PATIENCE).await;
                }
            }
        }
    }

    async fn consume(&self, bus: &dyn Bus, queue: QueueName) -> Result<(), Error> {
        let mut consumer = bus.consume(queue, PREFETCH).await?;
        // What happened before the queue existed is in the database only.
        self.wake_all();
        let mut idle = tokio::time::interval(IDLE);
        loop {
            let item = tokio::select! {
                item = consumer.next() => item,
                _ = idle.tick() => match self.is_watched() {
                    true => continue,
                    false => return Ok(()),
                },
            };
            match item {
                Some(Item::Delivery(delivery)) => {
                    if let Some(conversation) = conversation(&delivery.body) {
                        self.wake(&Key::Conversation(conversation));
                    }
                    if let Err(error) = delivery.ack().await {
                        tracing::debug!(%error, "a live event comes again");
                    }
                }
                Some(Item::Reconnected) => self.wake_all(),
                None => return Err(Error::Closed),
            }
        }
    }

    /// Asks who is typing; never ends by itself.
    async fn tick(&self, desk: &Desk) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let watched: Vec<ConversationId> = {
                let watched = self.watched();
                let ids = watched.keys().filter_map(|key| match key {
                    Key::Conversation(id) => Some(*id),
                    Key::Person(..) => None,
                });
                ids.collect()
            };
            for page in watched.chunks(PAGE) {
                // The cache may be away; then nobody is seen typing.
                let typing = typing::is_agent_typing(desk, page).await;
                let typing = typing.unwrap_or_else(|_| vec![false; page.len()]);
                for (id, typing) in page.iter().zip(typing) {
                    self.note_typing(*id, typing);
                }
            }
        }
    }

    fn note_typing(&self, conversation: ConversationId, typing: bool) {
        if let Some(feeds) = self.watched().get(&Key::Conversation(conversation)) {
            feeds.send_if_modified(|pulse| {
                let changed = pulse.typing != typing;
                pulse.typing = typing;
                changed
            });
        }
    }
}

/// Reads of which conversation an event tells.
fn conversation(body: &[u8]) -> Option<ConversationId> {
    #[derive(Deserialize)]
    struct Event<'a> {
        #[serde(borrow)]
        aggregate: Aggregate<'a>,
    }
    #[derive(Deserialize)]
    struct Aggregate<'a> {
        kind: &'a str,
        id: Uuid,
    }
    let event: Event<'_> = serde_json::from_slice(body).ok()?;
    let aggregate = event.aggregate;
    (aggregate.kind == "conversation").then_some(ConversationId(aggregate.id))
}
