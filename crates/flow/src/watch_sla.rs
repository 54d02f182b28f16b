//! The clocks of service levels at work: they follow the event log, and tell what comes due.
//!
//! The event log is the queue. [`follow`] takes what follows the last event that was read, in the
//! tenant's one gapless order, so it does not matter how often it is called, by how many, or for how
//! long nobody called it. What an event means for an episode becomes its moments, kept for good; which
//! policy and which hours apply is decided here, when something happens that may change it, and
//! becomes a moment too. So the clocks can be computed again from moments, policies and schedules
//! alone. What they say is kept as a cache, as of the last moment in the log's own time: nothing is
//! breached because somebody looked.
//!
//! [`wake`] is what an episode's timer does: under the lock of the conversation it makes sure that all
//! of the conversation's events were read, and then tells what came due and acts on it, once for each
//! key. A moment that comes later is never put before what was told.

mod act;
mod batch;
mod law;
mod sweep;
mod track;
mod wake;

use crate::{Desk, Error};
use batch::Batch;
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::scope::TenantScope;
use interdesk_store::sla::{self, Concern};
use interdesk_store::{Conn, audit, outbox, relay, sla_rollups};

pub(crate) use batch::Write;
pub use law::Shelf;
pub(crate) use track::Track;
pub use wake::wake;

/// How many events are taken in one transaction.
const PAGE: i64 = 500;

/// What a step along the log came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Followed {
    /// The events that were read; none while one is taken page by page.
    pub events: usize,
    /// Whether there may be more at once.
    pub more: bool,
}

/// Lets the clocks of a tenant follow the next events of the log, up to five hundred, or lets the next
/// page of episodes take an event that concerns many.
pub async fn follow(desk: &Desk, scope: TenantScope, shelf: &Shelf) -> Result<Followed, Error> {
    let lock = async |conn: &Conn| sla::lock_cursor(conn, scope).await;
    let (transaction, seq) = desk.database.begin_with(scope, lock).await?;
    let page = read(&transaction, scope, seq).await?;
    if page.is_empty() {
        transaction.rollback().await?;
        let (events, more) = (0, false);
        return Ok(Followed { events, more });
    }
    let page = Page::of(page);
    let (told, last) = match (page.alone, page.events.first()) {
        (Some(Alone::Zone), Some(event)) => {
            zone_changed(&transaction, scope, event).await?;
            (Vec::new(), page.last)
        }
        (Some(Alone::Sweep(concern)), Some(event)) => {
            let batch = Batch::load(desk, &transaction, scope, shelf, &[]).await?;
            let event = (page.last, event, concern);
            let (told, all) = sweep::step(desk, &transaction, scope, batch, event).await?;
            (told, if all { page.last } else { seq })
        }
        _ => {
            let batch = Batch::load(desk, &transaction, scope, shelf, &page.events).await?;
            (take(batch, &page.events).await?, page.last)
        }
    };
    sla::update_cursor(&transaction, scope, last).await?;
    outbox::append(&transaction, &told).await?;
    transaction.commit().await?;
    if !told.is_empty() {
        desk.committed.notify_one();
    }
    metrics::counter!("interdesk_sla_events_total").increment(last - seq);
    Ok(Followed {
        events: usize::try_from(last - seq).unwrap_or(usize::MAX),
        more: page.more,
    })
}

async fn take(mut batch: Batch<'_>, events: &[Envelope]) -> Result<Vec<Envelope>, Error> {
    for event in events {
        batch.take(event).await?;
    }
    batch.finish().await
}

/// Lets days begin by another zone: all sums are counted anew by it, in the transaction that says so.
async fn zone_changed(conn: &Conn, scope: TenantScope, event: &Envelope) -> Result<(), Error> {
    let Event::WorkspaceZoneChanged { zone } = &event.event else {
        return Ok(());
    };
    // A zone that this program is too old to know is left to its successor's rebuild.
    if let Ok(zone) = zone.parse() {
        sla_rollups::update_zone(conn, scope, zone).await?;
        sla_rollups::rebuild(conn, scope).await?;
    }
    Ok(())
}

/// What is taken in one transaction: a part of the log, or an event alone.
struct Page {
    events: Vec<Envelope>,
    /// The place of the last of them.
    last: u64,
    /// Why an event is alone.
    alone: Option<Alone>,
    /// Whether there may be more at once.
    more: bool,
}

/// Why an event is taken in a transaction of its own.
enum Alone {
    /// It sweeps over episodes, page by page.
    Sweep(Concern),
    /// All sums change.
    Zone,
}

impl Alone {
    fn of(envelope: &Envelope) -> Option<Self> {
        match &envelope.event {
            Event::WorkspaceZoneChanged { .. } => Some(Self::Zone),
            _ => sweep::concern(envelope).map(Self::Sweep),
        }
    }
}

impl Page {
    fn of(mut read: Vec<(u64, Option<Envelope>)>) -> Self {
        let alone = |event: &Option<Envelope>| event.as_ref().and_then(Alone::of);
        let is_full = i64::try_from(read.len()).unwrap_or(i64::MAX) >= PAGE;
        let found = read.iter().position(|(_, event)| alone(event).is_some());
        let first = read.first().and_then(|(_, event)| alone(event));
        if let Some(found) = found {
            read.truncate(found.max(1));
        }
        Self {
            last: read.last().map_or(0, |(seq, _)| *seq),
            events: read.into_iter().filter_map(|(_, event)| event).collect(),
            alone: first,
            more: found.is_some() || is_full,
        }
    }
}

/// Reads what follows a seq: from the event log, or from the audit log where the event log does not
/// reach back so far. An event that this program is too old to read means nothing to it.
pub(crate) async fn read(
    conn: &Conn,
    scope: TenantScope,
    seq: u64,
) -> Result<Vec<(u64, Option<Envelope>)>, Error> {
    if let Some(logged) = logged(conn, scope, seq).await? {
        return Ok(logged);
    }
    // Nothing follows, or what follows is no longer in the event log.
    let (_, last) = relay::bounds(conn, scope).await?;
    if last <= seq {
        return Ok(Vec::new());
    }
    // What the relay wrote between the two looks is there by now.
    if let Some(logged) = logged(conn, scope, seq).await? {
        return Ok(logged);
    }
    let from = i64::try_from(seq).unwrap_or(i64::MAX);
    let leaves = audit::list_leaves(conn, scope, from, PAGE).await?;
    if leaves.first().is_none_or(|leaf| leaf.index != from) {
        return Err(Error::LogGap { expected: seq + 1 });
    }
    let read = |leaf: audit::Leaf| {
        let body = String::from_utf8_lossy(&leaf.leaf);
        (leaf.index.unsigned_abs() + 1, outbox::from_json(&body).ok())
    };
    Ok(leaves.into_iter().map(read).collect())
}

/// Reads what follows a seq from the event log; `None` where the next place is not there.
async fn logged(
    conn: &Conn,
    scope: TenantScope,
    seq: u64,
) -> Result<Option<Vec<(u64, Option<Envelope>)>>, Error> {
    let logged = relay::list_after(conn, scope, seq, PAGE).await?;
    if logged.first().is_none_or(|(first, _)| *first != seq + 1) {
        return Ok(None);
    }
    let read = |(seq, body): (u64, String)| (seq, outbox::from_json(&body).ok());
    Ok(Some(logged.into_iter().map(read).collect()))
}
