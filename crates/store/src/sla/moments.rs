//! The clocks' own history.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::sla;

row! {
    /// A moment of an episode, and who had it then.
    pub struct Moment {
        /// Of which episode.
        pub episode_id: EpisodeId,
        /// Its place in the history, from 1.
        pub position: i32,
        /// When.
        pub at: DateTime<Utc>,
        /// The event that tells of it.
        pub event_id: EventId,
        /// What happened, as JSON.
        pub what: serde_json::Value,
        /// The queue that the episode is in from then on, or was last.
        pub queue_id: Option<QueueId>,
        /// The team that has it from then on, or had it last.
        pub team_id: Option<TeamId>,
        /// Who has it from then on, or had it last; of an offer to whom it was made.
        pub agent_id: Option<AgentId>,
    }
}

impl Moment {
    /// Returns what clocks are computed from.
    pub fn read(&self) -> Result<sla::Moment, Error> {
        let what = serde_json::from_value(self.what.clone());
        let what = what.map_err(|source| Error::Unreadable {
            what: "moment of a clock",
            source,
        })?;
        Ok(sla::Moment {
            at: self.at,
            event: self.event_id,
            what,
        })
    }

    /// Writes down what happened.
    pub fn write(what: sla::What) -> Result<serde_json::Value, Error> {
        serde_json::to_value(what).map_err(|source| Error::Unreadable {
            what: "moment of a clock",
            source,
        })
    }
}

/// Lists the moments of episodes, each in its order.
pub async fn list_moments(
    conn: &Conn,
    _scope: TenantScope,
    episodes: &[EpisodeId],
) -> Result<Vec<Moment>, Error> {
    let found = sql(
        "SELECT episode_id, position, at, event_id, what, queue_id, team_id, agent_id
         FROM sla_moments WHERE episode_id = ANY ($1) ORDER BY episode_id, position",
    )
    .bind(many(episodes, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Adds moments to locked episodes.
pub async fn insert_moments(conn: &Conn, scope: TenantScope, rows: &[Moment]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sql(
        "INSERT INTO sla_moments (tenant_id, episode_id, position, at, event_id, what, queue_id,
            team_id, agent_id)
         SELECT $1, t.* FROM unnest($2, $3, $4, $5, $6, $7, $8, $9) AS t",
    )
    .bind(scope.tenant())
    .bind(many(rows, |row| row.episode_id))
    .bind(many(rows, |row| row.position))
    .bind(many(rows, |row| row.at))
    .bind(many(rows, |row| row.event_id))
    .bind(many(rows, |row| &row.what))
    .bind(many(rows, |row| row.queue_id))
    .bind(many(rows, |row| row.team_id))
    .bind(many(rows, |row| row.agent_id))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
