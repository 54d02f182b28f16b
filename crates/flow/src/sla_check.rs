//! What is kept of the clocks is compared with what they are by their moments, or written anew.
//!
//! What is kept holds as of the last moment of an episode or the last step that was told, in the log's
//! own time. So the comparison needs no quiet moment: each page is read in one snapshot.

use crate::watch_sla::{Shelf, Track, Write};
use crate::{Desk, Error};
use chrono::Duration;
use interdesk_domain::id::{ConversationId, EpisodeId};
use interdesk_domain::scope::TenantScope;
use interdesk_domain::sla::{Restated, Rollups};
use interdesk_store::{Conn, audit, sla, sla_rollups};
use std::collections::BTreeMap;

/// Episodes that are looked at in one transaction.
const PAGE: i64 = 200;
/// How late a timer may be before it counts as lost.
const PATIENCE: Duration = Duration::seconds(60);

/// What the comparison found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// How many episodes were looked at.
    pub episodes: usize,
    /// How many clocks they have.
    pub clocks: usize,
    /// What is kept otherwise than it is.
    pub differences: Vec<Difference>,
}

/// An episode of which something else is kept than it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which episode.
    pub episode: EpisodeId,
    /// Of which conversation.
    pub conversation: ConversationId,
    /// What is wrong with it.
    pub wrong: Wrong,
}

/// What is wrong with what is kept of an episode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// These clocks are kept otherwise than they are.
    Clocks(Vec<Restated>),
    /// A moment is missing among its moments.
    Moments,
    /// Something came due more than a minute ago and was not told.
    Untold,
}

/// Compares all that is kept of a tenant's clocks with the pure function; changes nothing.
pub async fn check(desk: &Desk, scope: TenantScope, shelf: &Shelf) -> Result<Checked, Error> {
    let mut checked = Checked::default();
    let mut after = None;
    loop {
        let transaction = desk.database.begin(scope).await?;
        audit::freeze(&transaction).await?;
        let tracks = page(&transaction, scope, after).await?;
        let law = shelf.law(&transaction, scope).await?;
        transaction.rollback().await?;
        let Some(last) = tracks.last().map(|(track, _)| track.row.episode_id) else {
            return Ok(checked);
        };
        for (track, clocks) in tracks {
            checked.episodes += 1;
            checked.clocks += clocks;
            let late = desk.now() - PATIENCE;
            let differ = track.differences(&law.book)?;
            let wrong = [
                (!track.is_whole()).then_some(Wrong::Moments),
                (!differ.is_empty()).then_some(Wrong::Clocks(differ)),
                track
                    .row
                    .next_wake_up
                    .filter(|at| *at < late)
                    .map(|_| Wrong::Untold),
            ];
            let (episode, conversation) = (track.row.episode_id, track.row.conversation_id);
            let found = wrong.into_iter().flatten().map(|wrong| Difference {
                episode,
                conversation,
                wrong,
            });
            checked.differences.extend(found);
        }
        after = Some(last);
    }
}

/// Writes anew all that is kept of a tenant's clocks, sums included; returns what was changed.
pub async fn recompute(desk: &Desk, scope: TenantScope, shelf: &Shelf) -> Result<Checked, Error> {
    let found = check(desk, scope, shelf).await?;
    for difference in &found.differences {
        let transaction = desk.database.begin(scope).await?;
        let id = difference.episode;
        let rows = sla::lock_episodes(&transaction, scope, &[id]).await?;
        let law = shelf.law(&transaction, scope).await?;
        let mut rollups = Rollups::new(sla_rollups::share(&transaction, scope).await?);
        let mut write = Write::default();
        for (mut track, _) in load(&transaction, scope, rows).await? {
            let mut settled = track.settle(&law.book, &mut rollups)?;
            settled.wake = true;
            settled.events.clear();
            write.add(desk, &track, settled);
        }
        write.run(&transaction, scope, desk).await?;
        sla_rollups::apply(&transaction, scope, &rollups, None).await?;
        transaction.commit().await?;
    }
    Ok(found)
}

async fn page(
    conn: &Conn,
    scope: TenantScope,
    after: Option<EpisodeId>,
) -> Result<Vec<(Track, usize)>, Error> {
    let rows = sla::list_page(conn, scope, after, PAGE).await?;
    load(conn, scope, rows).await
}

async fn load(
    conn: &Conn,
    scope: TenantScope,
    rows: Vec<sla::Episode>,
) -> Result<Vec<(Track, usize)>, Error> {
    let ids: Vec<_> = rows.iter().map(|row| row.episode_id).collect();
    let mut moments: BTreeMap<EpisodeId, Vec<_>> = BTreeMap::new();
    for moment in sla::list_moments(conn, scope, &ids).await? {
        moments.entry(moment.episode_id).or_default().push(moment);
    }
    let mut clocks: BTreeMap<EpisodeId, Vec<_>> = BTreeMap::new();
    for clock in sla::list_clocks(conn, scope, &ids).await? {
        clocks.entry(clock.episode_id).or_default().push(clock);
    }
    let tracks = rows.into_iter().map(|row| {
        let id = row.episode_id;
        let clocks = clocks.remove(&id).unwrap_or_default();
        let count = clocks.len();
        let track = Track::load(row, moments.remove(&id).unwrap_or_default(), clocks)?;
        Ok((track, count))
    });
    tracks.collect()
}
