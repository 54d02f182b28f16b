//! The past is corrected: other hours apply since a moment that is over.
//!
//! A schedule's version with an earlier moment, such as a holiday that was forgotten, changes what
//! clocks counted. `watch_sla` counts the episodes that it concerns again, those that ended since
//! included; here it is written down what that changed: one event in the audit log, one row for each
//! clock, and the sums of reports, which are marked as restated.

use crate::{Context, Desk, Effect, Error, Events};
use chrono::{DateTime, Utc};
use interdesk_domain::event::{AggregateKind, Envelope, Event};
use interdesk_domain::id::{EpisodeId, ScheduleId};
use interdesk_domain::scope::TenantScope;
use interdesk_domain::sla::{Restated, Rollups};
use interdesk_store::sla::Sweep;
use interdesk_store::{Conn, provision, sla_restatements, sla_rollups};

/// A correction of the past.
pub(crate) struct Correction<'a> {
    /// Which hours.
    pub(crate) schedule: ScheduleId,
    /// Since when.
    pub(crate) from: DateTime<Utc>,
    /// The event that tells of the hours.
    pub(crate) cause: &'a Envelope,
}

/// Writes down what a correction changed in a page of episodes.
pub(crate) async fn record(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    sweep: &mut Sweep,
    restated: &[(EpisodeId, Vec<Restated>)],
    rollups: &Rollups,
) -> Result<(), Error> {
    let now = desk.now();
    let count = |many: usize| i32::try_from(many).unwrap_or(i32::MAX);
    for (episode, changed) in restated {
        let correction = sweep.correction_id;
        sla_restatements::insert(conn, scope, correction, *episode, changed, now).await?;
        sweep.clocks += count(changed.len());
    }
    sweep.restated += count(restated.len());
    sla_rollups::apply(conn, scope, rollups, Some(now)).await?;
    Ok(())
}

/// Returns the one event that tells of a correction, when all episodes have it.
pub(crate) async fn tell(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    correction: &Correction<'_>,
    sweep: &Sweep,
) -> Result<Vec<Envelope>, Error> {
    let version = match &correction.cause.event {
        Event::ScheduleChanged { version, .. } => *version,
        _ => 0,
    };
    let number = provision::next_tenant_version(conn, scope).await?;
    let aggregate = (AggregateKind::Tenant, scope.tenant().0);
    let context = Context {
        actor: correction.cause.actor,
        trace: correction.cause.trace.clone(),
        cause: Some(correction.cause.id),
        effect: Effect::default(),
    };
    let mut events = Events::of(desk, scope, aggregate, number - 1, &context);
    events.push(Event::SlaCorrected {
        schedule: correction.schedule,
        version,
        from: correction.from,
        episodes: sweep.restated.unsigned_abs(),
        clocks: sweep.clocks.unsigned_abs(),
    });
    let mut events = events.into_list();
    // The rows that were written before bear this name.
    events
        .iter_mut()
        .for_each(|event| event.id = sweep.correction_id);
    Ok(events)
}
