//! What concerns many episodes at once is taken page by page.
//!
//! Another policy, other hours, another team may concern everything that runs. Each page is a
//! transaction of its own, so that nothing is locked for long and whoever dies loses one page. The
//! cursor stays before the event until all have it: nothing that happened later is read meanwhile, and
//! no timer tells anything ([`super::wake`]), so that the result is that of one transaction.

use super::batch::Batch;
use crate::sla_correct::{self, Correction};
use crate::{Desk, Error};
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::id::EpisodeId;
use interdesk_domain::policy::PolicyKind;
use interdesk_domain::scope::TenantScope;
use interdesk_store::Conn;
use interdesk_store::sla::{self, Concern, Sweep};
use uuid::Uuid;

/// Returns which episodes an event of the tenant may concern; none for what concerns one alone.
pub(super) fn concern(envelope: &Envelope) -> Option<Concern> {
    match &envelope.event {
        Event::PolicyChanged {
            policy_kind: PolicyKind::Sla,
            active: true,
            ..
        }
        | Event::SlaInForce { .. }
        | Event::TeamChanged { .. } => Some(Concern::Running),
        Event::QueueChanged { queue } => Some(Concern::Queue(*queue)),
        // A timeline of one version also applies before it, and so may the first of several.
        Event::ScheduleChanged { from, .. } => Some(match *from < envelope.occurred_at {
            true => Concern::EndedAfter(*from),
            false => Concern::Running,
        }),
        _ => None,
    }
}

/// Lets the next page of episodes take an event. Returns what is told, and whether all have it.
pub(super) async fn step(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    mut batch: Batch<'_>,
    (seq, envelope, concern): (u64, &Envelope, Concern),
) -> Result<(Vec<Envelope>, bool), Error> {
    let mut sweep = begun(desk, conn, scope, seq).await?;
    let (after, most) = (sweep.after_id, desk.settings.sla_page);
    let ids = sla::list_concerned(conn, scope, concern, after, most).await?;
    let correction = take(&mut batch, &mut sweep, envelope, &ids).await?;
    let told = batch.finish().await?;
    let is_last = i64::try_from(ids.len()).unwrap_or(i64::MAX) < most;
    match ids.last().filter(|_| !is_last) {
        Some(last) => {
            sweep.after_id = *last;
            sla::upsert_sweep(conn, scope, &sweep).await?;
            Ok((told, false))
        }
        None => {
            sla::delete_sweep(conn, scope).await?;
            // What nobody counted by yet corrects nothing.
            let Some(correction) = correction.filter(|_| sweep.concerned > 0) else {
                return Ok((told, true));
            };
            let mut all = sla_correct::tell(desk, conn, scope, &correction, &sweep).await?;
            all.extend(told);
            Ok((all, true))
        }
    }
}

async fn begun(desk: &Desk, conn: &Conn, scope: TenantScope, seq: u64) -> Result<Sweep, Error> {
    let seq = i64::try_from(seq).unwrap_or(i64::MAX);
    let found = sla::find_sweep(conn, scope).await?;
    Ok(found.filter(|found| found.seq == seq).unwrap_or(Sweep {
        seq,
        after_id: EpisodeId(Uuid::nil()),
        correction_id: desk.id(),
        concerned: 0,
        restated: 0,
        clocks: 0,
    }))
}

async fn take<'e>(
    batch: &mut Batch<'_>,
    sweep: &mut Sweep,
    envelope: &'e Envelope,
    ids: &[EpisodeId],
) -> Result<Option<Correction<'e>>, Error> {
    let Event::ScheduleChanged { schedule, from, .. } = &envelope.event else {
        let is_first = sweep.after_id == EpisodeId(Uuid::nil());
        if is_first && matches!(envelope.event, Event::PolicyChanged { .. }) {
            batch.plan_changes(envelope.occurred_at).await?;
        }
        batch.choose_again(envelope, ids).await?;
        return Ok(None);
    };
    let is_past = *from < envelope.occurred_at;
    batch.count_again(sweep, *schedule, is_past, ids).await?;
    Ok(is_past.then_some(Correction {
        schedule: *schedule,
        from: *from,
        cause: envelope,
    }))
}
