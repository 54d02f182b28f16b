//! Counts down the queues that have yet to settle a publication.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::oneshot;

/// Answers its publisher once every queue has settled; dropped before that, the publisher hears
/// an error.
#[derive(Debug)]
pub(super) struct Ticket {
    open: AtomicUsize,
    answer: Mutex<Option<oneshot::Sender<()>>>,
}

impl Ticket {
    pub(super) fn new(queues: usize) -> (Arc<Self>, oneshot::Receiver<()>) {
        let (sender, receiver) = oneshot::channel();
        let ticket = Self {
            open: AtomicUsize::new(queues),
            answer: Mutex::new(Some(sender)),
        };
        if queues == 0 {
            ticket.answer();
        }
        (Arc::new(ticket), receiver)
    }

    /// Says that one queue is done with the publication.
    pub(super) fn settle(&self) {
        if self.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.answer();
        }
    }

    fn answer(&self) {
        let sender = self
            .answer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(sender) = sender {
            // A publisher that stopped listening needs no answer.
            let _ = sender.send(());
        }
    }
}
