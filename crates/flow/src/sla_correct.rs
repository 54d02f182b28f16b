//! The past is corrected: other hours apply since a moment that is over.
//!
//! A schedule's version with an earlier moment, such as a holiday that was forgotten, changes what
//! clocks counted. `watch_sla` counts the episodes that it concerns again, those that ended since
//! included; here it is written down what that changed: one event in the audit log, one row for each
//! clock, and the sums of reports, which are marked as restated.

use crate::{Context, Desk, Error, Events};
use chrono::{DateTime, Utc};
use interdesk_domain::event::{AggregateKind, Envelope, Event};
use interdesk_domain::id::{EpisodeId, ScheduleId};
use interdesk_domain::scope::TenantScope;
use interdesk_domain::sla::{Restated, Rollups};
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

/// Writes down what a correction changed, and returns the event that tells of it.
pub(crate) async fn record(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    correction: &Correction<'_>,
    restated: &[(EpisodeId, Vec<Restated>)],
    rollups: &Rollups,
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
    };
    let mut events = Events::of(desk, scope, aggregate, number - 1, &context);
    let clocks = restated
        .iter()
        .map(|(_, changed)| changed.len())
        .sum::<usize>();
    events.push(Event::SlaCorrected {
        schedule: correction.schedule,
        version,
        from: correction.from,
        episodes: u32::try_from(restated.len()).unwrap_or(u32::MAX),
        clocks: u32::try_from(clocks).unwrap_or(u32::MAX),
    });
    let events = events.into_list();
    let now = desk.now();
    for (event, (episode, changed)) in events.iter().cycle().zip(restated) {
        sla_restatements::insert(conn, scope, event.id, *episode, changed, now).await?;
    }
    sla_rollups::apply(conn, scope, rollups, Some(now)).await?;
    Ok(events)
}
