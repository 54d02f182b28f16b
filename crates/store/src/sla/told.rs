//! The breaches and steps that were told and acted on.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::sla::{self, ActionKey, InstanceId};

row! {
    /// A breach or a step that was told.
    pub struct Told {
        /// Of which episode.
        pub episode_id: EpisodeId,
        /// Of which conversation.
        pub conversation_id: ConversationId,
        /// Which clock.
        pub clock: sla::Clock,
        /// Which run of it.
        pub started_by: EventId,
        /// The name of the step; empty for the breach itself.
        pub step: String,
        /// When it came, as computed.
        pub at: DateTime<Utc>,
        /// When it was told.
        pub told_at: DateTime<Utc>,
        /// What became of each of its actions.
        pub done: serde_json::Value,
    }
}

impl Told {
    /// Returns the key under which it is done once.
    pub fn key(&self) -> ActionKey {
        ActionKey {
            instance: InstanceId {
                clock: self.clock,
                started_by: self.started_by,
            },
            step: (!self.step.is_empty()).then(|| self.step.clone()),
        }
    }
}

/// Lists what was told of an episode.
pub async fn list_told(
    conn: &Conn,
    _scope: TenantScope,
    episode: EpisodeId,
) -> Result<Vec<Told>, Error> {
    let found = sql(
        "SELECT episode_id, conversation_id, clock, started_by, step, at, told_at, done
         FROM sla_actions WHERE episode_id = $1 ORDER BY at, clock, step",
    )
    .bind(episode)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Writes down what is told now; `false` if it was told before.
pub async fn insert_told(conn: &Conn, scope: TenantScope, told: &Told) -> Result<bool, Error> {
    let inserted = sql(
        "INSERT INTO sla_actions (tenant_id, episode_id, conversation_id, clock,
            started_by, step, at, told_at, done) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT DO NOTHING",
    )
    .bind(scope.tenant())
    .bind(told.episode_id)
    .bind(told.conversation_id)
    .bind(told.clock)
    .bind(told.started_by)
    .bind(told.step.as_str())
    .bind(told.at)
    .bind(told.told_at)
    .bind(&told.done)
    .execute(&mut &*conn)
    .await?;
    Ok(inserted == 1)
}
