//! The half of the relay that gives events their places.

use super::{Settings, Shared};
use interdesk_store::relay::{self as log, Cursor, Place, Snapshot};
use interdesk_store::{Conn, Error};
use std::collections::{HashSet, VecDeque};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// How many places of a set are fetched at once; a larger set is sorted again for each chunk.
const CHUNK: usize = 50_000;
/// How long one statement may take before the connection counts as dead.
const PATIENCE: Duration = Duration::from_secs(60);

/// Stamps whatever is committed, until `stop` or until the connection that holds the lock dies.
pub(super) async fn run(
    conn: &Conn,
    settings: &Settings,
    shared: &Shared,
    stop: &CancellationToken,
) -> Result<(), Error> {
    let mut stamper = Stamper::start(conn, settings.page.max(1), shared).await?;
    while !stop.is_cancelled() {
        let begin = Instant::now();
        stamper.stamp_what_is_new(stop).await?;
        let took = begin.elapsed();
        tokio::select! {
            () = shared.wake.notified() => {}
            () = sleep(settings.poll) => {}
            () = stop.cancelled() => {}
        }
        // A lone event goes at once; events that come fast wait for one another, the longer the
        // more a turn costs, so that the relay takes no more than its share of a busy machine.
        sleep_until(begin + took + settings.rest(took)).await;
    }
    Ok(())
}

struct Stamper<'a> {
    conn: &'a Conn,
    page: usize,
    shared: &'a Shared,
    cursor: Cursor,
    /// All that is visible in it is stamped.
    seen: Snapshot,
    /// What a former relay stamped beyond `seen`; empty once the first set is done.
    known: HashSet<i64>,
    ends: Ends,
}

impl<'a> Stamper<'a> {
    async fn start(conn: &'a Conn, page: usize, shared: &'a Shared) -> Result<Self, Error> {
        let cursor = within(log::find_cursor(conn)).await?;
        let known = within(log::list_stamped_places(conn, &cursor))
            .await?
            .into_iter()
            .collect();
        shared.last.store(cursor.stamped, Ordering::SeqCst);
        shared.stamped.notify_one();
        let (seen, ends) = (Snapshot::below(cursor.from_xid), Ends::new(cursor.pos));
        Ok(Self {
            conn,
            page,
            shared,
            cursor,
            seen,
            known,
            ends,
        })
    }

    /// Stamps all that became visible since the last look.
    async fn stamp_what_is_new(&mut self, stop: &CancellationToken) -> Result<(), Error> {
        let now = within(log::find_snapshot(self.conn)).await?;
        if now == self.seen {
            return Ok(());
        }
        let mut after = 0;
        loop {
            let listing = log::list_places(self.conn, &self.seen, &now, after, CHUNK as i64);
            let mut places = within(listing).await?;
            let is_last = places.len() < CHUNK;
            after = places.last().map_or(after, |place| place.pos);
            places.retain(|place| !self.known.contains(&place.pos));
            let mut pages = places.chunks(self.page).peekable();
            while let Some(page) = pages.next() {
                let ends_set = is_last && pages.peek().is_none();
                self.stamp(page, ends_set.then_some(&now)).await?;
                if stop.is_cancelled() && !ends_set {
                    return Ok(());
                }
            }
            if is_last {
                break;
            }
        }
        self.ends.push(now.xmax, self.cursor.stamped);
        self.seen = now;
        self.known.clear();
        Ok(())
    }

    /// Stamps a page; with the last one of a set the cursor moves on to the snapshot `done`.
    async fn stamp(&mut self, page: &[Place], done: Option<&Snapshot>) -> Result<(), Error> {
        let mut next = self.cursor.clone();
        next.stamped += page.len() as i64;
        if let Some(done) = done {
            (next.from_xid, next.to_xid) = (done.xmin, done.xmax);
            next.pos = self.ends.find(done.xmin);
        }
        within(log::stamp(self.conn, page, &self.cursor, &next)).await?;
        self.cursor = next;
        self.shared
            .last
            .store(self.cursor.stamped, Ordering::SeqCst);
        self.shared.stamped.notify_one();
        Ok(())
    }
}

/// How many entries are kept; a long transaction makes the rest coarser.
const ENDS: usize = 1_024;

/// Remembers which stamp each set ended with: all stamps up to there belong to transactions below
/// the set's upper end.
struct Ends {
    sets: VecDeque<(i64, i64)>,
    passed: i64,
}

impl Ends {
    fn new(passed: i64) -> Self {
        Self {
            sets: VecDeque::new(),
            passed,
        }
    }

    fn push(&mut self, xmax: i64, stamped: i64) {
        if self.sets.back().is_some_and(|(_, last)| *last == stamped) {
            return;
        }
        if self.sets.len() >= ENDS {
            let mut number = 0;
            self.sets.retain(|_| {
                number += 1;
                number % 2 == 1
            });
        }
        self.sets.push_back((xmax, stamped));
    }

    /// Returns a stamp up to which all belong to transactions below `xid`, which never falls.
    fn find(&mut self, xid: i64) -> i64 {
        while let Some((xmax, stamped)) = self.sets.front().copied() {
            if xmax > xid {
                break;
            }
            self.passed = stamped;
            self.sets.pop_front();
        }
        self.passed
    }
}

async fn within<T>(query: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    match timeout(PATIENCE, query).await {
        Ok(result) => result,
        Err(_) => Err(Error::Unavailable(format!("no answer within {PATIENCE:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_passed_when_all_of_its_transactions_are() {
        let mut ends = Ends::new(3);
        ends.push(10, 5);
        ends.push(20, 9);
        assert_eq!(ends.find(9), 3);
        assert_eq!(ends.find(10), 5);
        assert_eq!(ends.find(19), 5);
        assert_eq!(ends.find(25), 9);
    }

    #[test]
    fn many_sets_under_one_long_transaction_are_thinned_out() {
        let mut ends = Ends::new(0);
        for number in 0..100_000 {
            ends.push(number, number + 1);
        }
        assert!(ends.sets.len() <= ENDS);
        let passed = ends.find(50_000);
        assert!((1..=50_001).contains(&passed), "{passed}");
    }
}
