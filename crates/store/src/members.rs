//! Which agents serve which queue.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::agent::Presence;
use interdesk_domain::id::{AgentId, QueueId};
use interdesk_domain::scope::TenantScope;

row! {
    /// An agent who serves a queue.
    pub struct Member {
        /// Who.
        pub agent_id: AgentId,
        /// What they chose to be.
        pub presence: Presence,
        /// Units of work held.
        pub load: i32,
        /// Units of work that may be held.
        pub capacity: i32,
        /// When they last got or finished work.
        pub idle_since: DateTime<Utc>,
    }
}

/// Lists the agents of all teams that serve a queue, each once; disabled ones are left out.
pub async fn list(conn: &Conn, _scope: TenantScope, queue: QueueId) -> Result<Vec<Member>, Error> {
    let members = sql(
        "SELECT a.id AS agent_id, a.presence, l.load, l.capacity, l.idle_since
         FROM agents a JOIN agent_loads l ON l.agent_id = a.id
         WHERE a.disabled_at IS NULL AND a.id IN (
            SELECT m.agent_id FROM queue_teams t JOIN team_members m ON m.team_id = t.team_id
            WHERE t.queue_id = $1)
         ORDER BY a.id",
    )
    .bind(queue)
    .load(&mut &*conn)
    .await?;
    Ok(members)
}

row! {
    /// A queue that an agent serves.
    pub struct Served {
        /// Which.
        pub queue_id: QueueId,
    }
}

/// Lists the queues that an agent serves through their teams.
pub async fn list_queues(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
) -> Result<Vec<QueueId>, Error> {
    let served: Vec<Served> = sql("SELECT DISTINCT t.queue_id
         FROM team_members m JOIN queue_teams t ON t.team_id = m.team_id WHERE m.agent_id = $1")
    .bind(agent)
    .load(&mut &*conn)
    .await?;
    Ok(served.into_iter().map(|one| one.queue_id).collect())
}

row! {
    /// How much an agent may hold by a queue.
    pub struct Most {
        /// How many units; `None` for no limit of the queue's.
        pub most: Option<i32>,
    }
}

/// Finds how many units an agent may hold by a queue, by the team of theirs that is asked first; without
/// a limit where they do not serve it.
pub async fn find_most(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    queue: QueueId,
) -> Result<Option<u32>, Error> {
    let found: Option<Most> = sql("SELECT q.most
         FROM team_members m JOIN queue_teams q ON q.team_id = m.team_id
         WHERE m.agent_id = $1 AND q.queue_id = $2
         ORDER BY q.rank + m.rank, q.most DESC NULLS FIRST LIMIT 1")
    .bind(agent)
    .bind(queue)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found.and_then(|found| u32::try_from(found.most?).ok()))
}
