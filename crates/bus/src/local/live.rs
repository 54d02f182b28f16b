//! A live queue: bounded, and honest about what it dropped.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::{Publication, QueueName, topology::LIVE_LIMIT};

/// What happens right now, for one instance to follow.
#[derive(Debug)]
pub(crate) struct Live {
    pub(super) name: QueueName,
    pub(super) wake: Notify,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Arc<Publication>>,
    overflowed: bool,
    closed: bool,
}

/// What a follower finds.
pub(super) enum Glance {
    Publication(Arc<Publication>),
    Missed,
    Nothing,
    Closed,
}

impl Live {
    pub(super) fn new(instance: String) -> Self {
        let (wake, state) = (Notify::new(), Mutex::default());
        Self {
            name: QueueName::Live(instance),
            wake,
            state,
        }
    }

    /// Offers a publication and never waits; a follower that is too slow learns that it missed
    /// some and scans the log again, which covers what waited here too.
    pub(super) fn show(&self, publication: Arc<Publication>) {
        let mut state = self.state();
        if state.waiting.len() >= LIVE_LIMIT {
            state.waiting.clear();
            state.overflowed = true;
        }
        state.waiting.push_back(publication);
        drop(state);
        self.wake.notify_waiters();
    }

    pub(super) fn glance(&self) -> Glance {
        let mut state = self.state();
        if state.closed {
            return Glance::Closed;
        }
        if std::mem::take(&mut state.overflowed) {
            return Glance::Missed;
        }
        state
            .waiting
            .pop_front()
            .map_or(Glance::Nothing, Glance::Publication)
    }

    pub(super) fn close(&self) {
        self.state().closed = true;
        self.wake.notify_waiters();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
