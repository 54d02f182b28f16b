//! What corrections of the past changed.

use crate::sql::{Many, many, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::{EpisodeId, EventId};
use interdesk_domain::scope::TenantScope;
use interdesk_domain::sla::{Figures, InstanceId, Restated};

/// Keeps what a correction changed in an episode; `correction` is the event that tells of it.
pub async fn insert(
    conn: &Conn,
    scope: TenantScope,
    correction: EventId,
    episode: EpisodeId,
    restated: &[Restated],
    made_at: DateTime<Utc>,
) -> Result<(), Error> {
    let ids: Vec<InstanceId> = restated
        .iter()
        .filter_map(|one| one.after.as_ref().or(one.before.as_ref()))
        .map(|figures| figures.id)
        .collect();
    let before = json(restated.iter().map(|one| one.before.as_ref()))?;
    let after = json(restated.iter().map(|one| one.after.as_ref()))?;
    sql(
        "INSERT INTO sla_restatements (tenant_id, correction_id, episode_id, clock, started_by,
            made_at, before, after)
         SELECT $1, $2, $3, r.clock, r.started_by, $4, r.before, r.after
         FROM unnest($5, $6, $7, $8) AS r (clock, started_by, before, after)
         ON CONFLICT DO NOTHING",
    )
    .bind(scope.tenant())
    .bind(correction)
    .bind(episode)
    .bind(made_at)
    .bind(many(&ids, |id| id.clock.as_str()))
    .bind(many(&ids, |id| id.started_by))
    .bind(Many(before))
    .bind(Many(after))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

fn json<'a>(
    figures: impl Iterator<Item = Option<&'a Figures>>,
) -> Result<Vec<Option<serde_json::Value>>, Error> {
    let written = figures.map(|one| one.map(serde_json::to_value).transpose());
    written
        .collect::<Result<_, _>>()
        .map_err(|source| Error::Unreadable {
            what: "figures",
            source,
        })
}
