//! The live side of the event log.
//!
//! The hub keeps one feed per tenant that somebody watches. A feed takes what the bus brings, puts
//! it in order, fills gaps from the log and shows every event once to all its subscribers: after a
//! lost connection the log is read once per tenant, not once per subscriber. Everything is bounded:
//! a feed that falls behind reads the log, and so does a subscriber.

mod feed;
mod follow;
mod hub;
mod lease;
mod look;
mod watch;

pub(crate) use follow::Follower;
pub use hub::Hub;
pub(crate) use look::{Looked, PATIENCE, patiently};
pub use watch::ResumeAfter;
pub(crate) use watch::{Open, View, Watch};

use interdesk_domain::event::Envelope;
use interdesk_store::read::agents::Agent;
use interdesk_store::sight::Place;
use std::sync::Arc;
use tokio::sync::OnceCell;
use tokio::time::Instant;

/// An event at its place in a tenant's log.
#[derive(Debug, Clone)]
pub struct Logged {
    /// Its place.
    pub seq: u64,
    /// When it came to this process: what it tells of was committed before.
    pub(crate) heard: Instant,
    /// What happened; absent where this program is too old to read it.
    pub envelope: Option<Arc<Envelope>>,
    /// Where its conversation lay when the first subscriber asked who sees it.
    pub(crate) place: OnceCell<Option<Place>>,
    /// The conversations that it changes, as they stood when the first subscriber asked.
    looked: OnceCell<Vec<Looked>>,
    /// The agent whom it is about, likewise.
    agent: OnceCell<Option<Agent>>,
}

impl Logged {
    /// Reads an event of the log.
    pub(crate) fn read(seq: u64, body: &[u8]) -> Self {
        let envelope = serde_json::from_slice::<Envelope>(body);
        if let Err(error) = &envelope {
            tracing::warn!(event.seq = seq, error = %error, "an event cannot be read");
        }
        Self {
            seq,
            heard: Instant::now(),
            envelope: envelope.ok().map(Arc::new),
            place: OnceCell::new(),
            looked: OnceCell::new(),
            agent: OnceCell::new(),
        }
    }
}

/// Where an event stands, in its JSON form.
#[derive(serde::Deserialize)]
struct Stand {
    seq: u64,
}
