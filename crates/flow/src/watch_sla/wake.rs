//! What an episode's timer does: it tells what came due, and acts on it.

use super::act::Acting;
use super::batch::{Write, told};
use super::{Shelf, Track, follow};
use crate::{Context, Desk, Error, Events};
use chrono::{DateTime, Duration, Utc};
use interdesk_domain::event::{AggregateKind, Envelope, Event};
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::sla::{ActionKey, Due, Rollups, Step};
use interdesk_store::conversations::{self, Conversation};
use interdesk_store::timers::Timer;
use interdesk_store::{Conn, provision, sla, sla_rollups};
use std::collections::HashSet;

/// How long a timer rests that found the log ahead of the clocks.
const REST: Duration = Duration::milliseconds(100);
/// How many pages of the log a timer reads on before it rests.
const PAGES: usize = 8;

/// Tells what came due in the timer's episode, each once; returns the events for the outbox.
///
/// Runs within the transaction in which the caller claimed the timer. A breach is told only when every
/// event of the conversation was read, under the lock that the next one needs: an answer that was in
/// time and is not read yet cannot be overlooked. A timer of the tenant says instead that the time of
/// other service levels came.
pub async fn wake(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    timer: &Timer,
    shelf: &Shelf,
    context: &Context,
) -> Result<Vec<Envelope>, Error> {
    if timer.subject_id == scope.tenant().0 {
        return in_force(desk, conn, scope, shelf, context).await;
    }
    let id = EpisodeId(timer.subject_id);
    let Some(episode) = sla::find_episode(conn, scope, id).await? else {
        return Ok(Vec::new());
    };
    let conversation = episode.conversation_id;
    catch_up(desk, conn, scope, shelf, conversation).await?;
    let Some(conversation) = conversations::lock(conn, scope, conversation).await? else {
        return Ok(Vec::new());
    };
    // While others get another policy, what this one gets may be wrong in a moment.
    let is_swept = sla::find_sweep(conn, scope).await?.is_none();
    let row = match is_swept && is_read(conn, scope, &conversation).await? {
        true => sla::try_lock_episode(conn, scope, id).await?,
        false => None,
    };
    let Some(row) = row else {
        let later = (id, desk.id(), desk.now() + REST);
        sla::add_wake_ups(conn, scope, [later]).await?;
        return Ok(Vec::new());
    };
    tell(desk, conn, scope, (conversation, row), shelf, context).await
}

/// Says that the time of other service levels came, so that episodes under way get them in the order
/// of the log.
async fn in_force(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    shelf: &Shelf,
    context: &Context,
) -> Result<Vec<Envelope>, Error> {
    let law = shelf.law(conn, scope).await?;
    let Some(version) = law.version(desk.now()) else {
        return Ok(Vec::new());
    };
    let number = provision::next_tenant_version(conn, scope).await?;
    let aggregate = (AggregateKind::Tenant, scope.tenant().0);
    let mut events = Events::of(desk, scope, aggregate, number - 1, context);
    events.push(Event::SlaInForce { version });
    Ok(events.into_list())
}

/// Reads on in the log where it goes on behind what was read of a conversation.
///
/// Each page is a transaction of its own: nothing is locked yet, so nobody waits in a circle.
async fn catch_up(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    shelf: &Shelf,
    conversation: ConversationId,
) -> Result<(), Error> {
    for _ in 0..PAGES {
        let version = sla::find_version(conn, scope, conversation).await?;
        let read = sla::list_conversations(conn, scope, &[conversation]).await?;
        let read = read.first().map_or(0, |read| read.version);
        if version.is_none_or(|version| version <= read) {
            return Ok(());
        }
        let followed = follow(desk, scope, shelf).await?;
        if followed.events == 0 && !followed.more {
            return Ok(());
        }
    }
    Ok(())
}

/// Tells whether every event of a locked conversation was read.
async fn is_read(
    conn: &Conn,
    scope: TenantScope,
    conversation: &Conversation,
) -> Result<bool, Error> {
    let read = sla::list_conversations(conn, scope, &[conversation.id]).await?;
    Ok(read
        .first()
        .is_some_and(|read| read.version >= conversation.version))
}

async fn tell(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    (conversation, row): (Conversation, sla::Episode),
    shelf: &Shelf,
    context: &Context,
) -> Result<Vec<Envelope>, Error> {
    let id = row.episode_id;
    let moments = sla::list_moments(conn, scope, &[id]).await?;
    let clocks = sla::list_clocks(conn, scope, &[id]).await?;
    let mut track = Track::load(row, moments, clocks)?;
    let before: HashSet<ActionKey> = sla::list_told(conn, scope, id)
        .await?
        .iter()
        .map(sla::Told::key)
        .collect();
    let law = shelf.law(conn, scope).await?;
    let now = desk.now().max(track.as_of());
    let report = track.report(&law.book, now)?;
    let mut acting = Acting::new(desk, conn, scope, &law, conversation, context);
    let mut events = Vec::new();
    for due in report.due() {
        if before.contains(&due.key) {
            // Told when its time was another: nothing is owed for the new one, or the timer never rests.
            track.row.told_until = track.row.told_until.max(Some(due.at));
            continue;
        }
        let deadline = report
            .instance(due.key.instance)
            .and_then(|instance| instance.figures().deadline);
        let done = acting.act(&track, &due, deadline).await?;
        let row = sla::Told {
            episode_id: id,
            conversation_id: track.row.conversation_id,
            clock: due.key.instance.clock,
            started_by: due.key.instance.started_by,
            step: due.key.step.clone().unwrap_or_default(),
            at: due.at,
            told_at: desk.now(),
            done: done.into(),
        };
        sla::insert_told(conn, scope, &row).await?;
        let event = event(&track, &due, deadline);
        events.extend(told(desk, scope, &mut track, vec![event], Some(due.at)));
        let notified = acting.take_notified();
        events.extend(told(desk, scope, &mut track, notified, None));
        track.row.told_until = track.row.told_until.max(Some(due.at));
    }
    let (acted, conversation) = acting.finish();
    events.extend(acted);
    events.extend(keep(desk, conn, scope, &law.book, track, &conversation).await?);
    Ok(events)
}

/// Writes what the clocks say now, when to look again, and by when the work has to be answered.
async fn keep(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    book: &interdesk_domain::sla::Book,
    mut track: Track,
    conversation: &Conversation,
) -> Result<Vec<Envelope>, Error> {
    let mut rollups = Rollups::new(sla_rollups::share(conn, scope).await?);
    let mut settled = track.settle(book, &mut rollups)?;
    // The timer went off, so another has to be set whatever was kept.
    settled.wake = true;
    if conversation.episode_id == track.row.episode_id {
        settled.deadline = Some(track.urgent());
    }
    let events = told(
        desk,
        scope,
        &mut track,
        std::mem::take(&mut settled.events),
        None,
    );
    let mut write = Write::default();
    write.add(desk, &track, settled);
    write.run(conn, scope, desk).await?;
    sla_rollups::apply(conn, scope, &rollups, None).await?;
    Ok(events)
}

fn event(track: &Track, due: &Due<'_>, deadline: Option<DateTime<Utc>>) -> Event {
    let (conversation, episode) = (track.row.conversation_id, track.row.episode_id);
    let (clock, started_by, at) = (due.key.instance.clock, due.key.instance.started_by, due.at);
    match due.step {
        None => Event::SlaBreached {
            conversation,
            episode,
            clock,
            started_by,
            at,
        },
        Some(Step { name, .. }) if due.step.is_some_and(Step::is_warning) => Event::SlaWarned {
            conversation,
            episode,
            clock,
            started_by,
            step: name.clone(),
            at,
            deadline,
        },
        Some(Step { name, .. }) => Event::SlaStepped {
            conversation,
            episode,
            clock,
            started_by,
            step: name.clone(),
            at,
        },
    }
}
