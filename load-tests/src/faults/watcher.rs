//! Somebody who watches the desk all the time and comes back after every cut with the last cursor.

use crate::graphql::{Agent, DeskEvent, Events};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// For how long nothing new is awaited.
const PATIENCE: Duration = Duration::from_secs(30);

/// What was seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// The event at each place.
    pub(super) events: BTreeMap<u64, String>,
    /// Places that were out of order: before, after.
    pub(super) jumps: Vec<(u64, u64)>,
    /// How often the subscription was begun.
    pub(super) begun: u64,
    last: Option<(u64, String)>,
}

impl Seen {
    fn note(&mut self, event: DeskEvent) {
        if let Some((last, _)) = &self.last
            && event.seq != last + 1
        {
            self.jumps.push((*last, event.seq));
        }
        self.last = Some((event.seq, event.cursor));
        self.events.insert(event.seq, event.id);
    }
}

/// A watcher at work.
pub(super) struct Watcher {
    seen: Arc<Mutex<Seen>>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Watcher {
    /// Begins to watch.
    pub(super) fn start(agent: Agent) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let stop = CancellationToken::new();
        let (own, end) = (seen.clone(), stop.clone());
        let task = tokio::spawn(async move {
            tokio::select! {
                () = end.cancelled() => {}
                () = watch(&agent, &own) => {}
            }
        });
        Self { seen, stop, task }
    }

    /// Waits until a place was seen, or nothing new for long enough; then ends and gives what was seen.
    ///
    /// Whether the place came is for the judge to see. A busy machine shows it late.
    pub(super) async fn finish(self, last: u64) -> Seen {
        let (mut place, mut moved) = (self.place(), Instant::now());
        while place < last && moved.elapsed() < PATIENCE {
            sleep(Duration::from_millis(100)).await;
            let now = self.place();
            if now > place {
                (place, moved) = (now, Instant::now());
            }
        }
        self.stop.cancel();
        let _ = self.task.await;
        lock(&self.seen).clone()
    }

    fn place(&self) -> u64 {
        lock(&self.seen).last.as_ref().map_or(0, |(seq, _)| *seq)
    }
}

async fn watch(agent: &Agent, seen: &Mutex<Seen>) {
    loop {
        let cursor = lock(seen).last.as_ref().map(|(_, cursor)| cursor.clone());
        if let Ok(events) = agent.subscribe(cursor.as_deref(), &[]).await {
            lock(seen).begun += 1;
            follow(events, seen).await;
        }
        sleep(Duration::from_millis(200)).await;
    }
}

async fn follow(mut events: Events, seen: &Mutex<Seen>) {
    while let Ok(event) = events.next().await {
        lock(seen).note(event);
    }
}

fn lock(seen: &Mutex<Seen>) -> std::sync::MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
