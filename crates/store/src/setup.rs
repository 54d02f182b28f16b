//! Writing how a workspace is set up: teams, queues, who serves what, and what is known of contacts.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use serde_json::Value;

row! {
    /// A team or a queue as it is called, and when it is open.
    pub struct Named {
        /// The name to show.
        pub name: String,
        /// When it is open.
        pub schedule_id: Option<ScheduleId>,
    }
}

/// Finds a team and locks the row.
pub async fn lock_team(
    conn: &Conn,
    _scope: TenantScope,
    id: TeamId,
) -> Result<Option<Named>, Error> {
    let found = sql("SELECT name, schedule_id FROM teams WHERE id = $1 FOR NO KEY UPDATE")
        .bind(id)
        .get_result(&mut &*conn)
        .await
        .optional()?;
    Ok(found)
}

/// Writes what a locked team is called and when it is open.
pub async fn set_team(
    conn: &Conn,
    _scope: TenantScope,
    id: TeamId,
    team: &Named,
) -> Result<(), Error> {
    sql("UPDATE teams SET name = $2, schedule_id = $3 WHERE id = $1")
        .bind(id)
        .bind(team.name.as_str())
        .bind(team.schedule_id)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

row! {
    /// A queue as it is set up beside its policy, locked.
    pub struct LockedQueue {
        /// The name to show.
        pub name: String,
        /// When it is open.
        pub schedule_id: Option<ScheduleId>,
        /// How long an offer waits where the policy does not say.
        pub offer_seconds: i32,
    }
}

/// Finds a queue and locks the row.
pub async fn lock_queue(
    conn: &Conn,
    _scope: TenantScope,
    id: QueueId,
) -> Result<Option<LockedQueue>, Error> {
    let found =
        sql("SELECT name, schedule_id, offer_seconds FROM queues WHERE id = $1 FOR NO KEY UPDATE")
            .bind(id)
            .get_result(&mut &*conn)
            .await
            .optional()?;
    Ok(found)
}

/// Writes how a locked queue is set up.
pub async fn set_queue(
    conn: &Conn,
    _scope: TenantScope,
    id: QueueId,
    queue: &LockedQueue,
) -> Result<(), Error> {
    sql("UPDATE queues SET name = $2, schedule_id = $3, offer_seconds = $4 WHERE id = $1")
        .bind(id)
        .bind(queue.name.as_str())
        .bind(queue.schedule_id)
        .bind(queue.offer_seconds)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Tells whether another team has a name.
pub async fn is_team_name_taken(
    conn: &Conn,
    _scope: TenantScope,
    name: &str,
    but: Option<TeamId>,
) -> Result<bool, Error> {
    let found = sql("SELECT 1 FROM teams WHERE name = $1 AND id IS DISTINCT FROM $2")
        .bind(name)
        .bind(but)
        .execute(&mut &*conn)
        .await?;
    Ok(found > 0)
}

/// Tells whether another queue has a name.
pub async fn is_queue_name_taken(
    conn: &Conn,
    _scope: TenantScope,
    name: &str,
    but: Option<QueueId>,
) -> Result<bool, Error> {
    let found = sql("SELECT 1 FROM queues WHERE name = $1 AND id IS DISTINCT FROM $2")
        .bind(name)
        .bind(but)
        .execute(&mut &*conn)
        .await?;
    Ok(found > 0)
}

/// Tells whether an agent, even a disabled one, has an address at sign-in.
pub async fn is_email_taken(conn: &Conn, _scope: TenantScope, email: &str) -> Result<bool, Error> {
    let found = sql("SELECT 1 FROM agents WHERE email = $1")
        .bind(email)
        .execute(&mut &*conn)
        .await?;
    Ok(found > 0)
}

/// Puts an agent into a team or changes their rank there; returns whether that changed anything.
pub async fn set_member(
    conn: &Conn,
    scope: TenantScope,
    team: TeamId,
    agent: AgentId,
    rank: i16,
) -> Result<bool, Error> {
    let changed = sql(
        "INSERT INTO team_members (team_id, agent_id, tenant_id, rank) VALUES ($1, $2, $3, $4)
         ON CONFLICT (team_id, agent_id) DO UPDATE SET rank = excluded.rank
         WHERE team_members.rank <> excluded.rank",
    )
    .bind(team)
    .bind(agent)
    .bind(scope.tenant())
    .bind(rank)
    .execute(&mut &*conn)
    .await?;
    Ok(changed == 1)
}

/// Takes an agent out of a team; returns whether they were in it.
pub async fn remove_member(
    conn: &Conn,
    _scope: TenantScope,
    team: TeamId,
    agent: AgentId,
) -> Result<bool, Error> {
    let removed = sql("DELETE FROM team_members WHERE team_id = $1 AND agent_id = $2")
        .bind(team)
        .bind(agent)
        .execute(&mut &*conn)
        .await?;
    Ok(removed == 1)
}

/// Lets a team serve a queue, in a line and with a limit per member; returns whether that changed
/// anything.
pub async fn set_queue_team(
    conn: &Conn,
    scope: TenantScope,
    queue: QueueId,
    team: TeamId,
    rank: i16,
    most: Option<i32>,
) -> Result<bool, Error> {
    let changed = sql(
        "INSERT INTO queue_teams (queue_id, team_id, tenant_id, rank, most)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (queue_id, team_id) DO UPDATE SET rank = excluded.rank, most = excluded.most
         WHERE queue_teams.rank <> excluded.rank
            OR queue_teams.most IS DISTINCT FROM excluded.most",
    )
    .bind(queue)
    .bind(team)
    .bind(scope.tenant())
    .bind(rank)
    .bind(most)
    .execute(&mut &*conn)
    .await?;
    Ok(changed == 1)
}

/// Lets a team serve a queue no more; returns whether it did.
pub async fn remove_queue_team(
    conn: &Conn,
    _scope: TenantScope,
    queue: QueueId,
    team: TeamId,
) -> Result<bool, Error> {
    let removed = sql("DELETE FROM queue_teams WHERE queue_id = $1 AND team_id = $2")
        .bind(queue)
        .bind(team)
        .execute(&mut &*conn)
        .await?;
    Ok(removed == 1)
}

/// Tells whether two agents are in one team.
pub async fn share_a_team(
    conn: &Conn,
    _scope: TenantScope,
    one: AgentId,
    other: AgentId,
) -> Result<bool, Error> {
    let found = sql(
        "SELECT 1 FROM team_members a JOIN team_members b ON b.team_id = a.team_id
         WHERE a.agent_id = $1 AND b.agent_id = $2 LIMIT 1",
    )
    .bind(one)
    .bind(other)
    .execute(&mut &*conn)
    .await?;
    Ok(found == 1)
}

/// Tells whether a schedule may be used.
pub async fn is_schedule(conn: &Conn, _scope: TenantScope, id: ScheduleId) -> Result<bool, Error> {
    let found = sql(
        "SELECT 1 FROM policies WHERE kind = 'schedule' AND id = $1 AND retired_at IS NULL
            AND version IS NOT NULL",
    )
    .bind(id)
    .execute(&mut &*conn)
    .await?;
    Ok(found == 1)
}

row! {
    /// Who an agent is, even one who may not sign in, locked.
    pub struct LockedAgent {
        /// Counts their events.
        pub version: i64,
    }
}

/// Finds an agent, even one who may not sign in, and locks the row.
pub async fn lock_agent(
    conn: &Conn,
    _scope: TenantScope,
    id: AgentId,
) -> Result<Option<LockedAgent>, Error> {
    let found = sql("SELECT version FROM agents WHERE id = $1 FOR NO KEY UPDATE")
        .bind(id)
        .get_result(&mut &*conn)
        .await
        .optional()?;
    Ok(found)
}

/// Counts the administrators who may sign in, but for one agent.
pub async fn count_admins(conn: &Conn, _scope: TenantScope, but: AgentId) -> Result<i64, Error> {
    row! {
        /// How many.
        #[allow(unreachable_pub, reason = "rows are written as public")]
        pub struct Count {
            /// How many.
            pub count: i64,
        }
    }
    let found: Count = sql("SELECT count(*) AS count FROM agents
         WHERE role = 'admin' AND disabled_at IS NULL AND id <> $1")
    .bind(but)
    .get_result(&mut &*conn)
    .await?;
    Ok(found.count)
}

row! {
    /// What is known about a contact, locked.
    pub struct Knowledge {
        /// Names with texts, whole numbers, or yes and no.
        pub attributes: Value,
        /// Whether they are very important.
        pub vip: bool,
        /// The segments that they are in.
        pub segments: Vec<String>,
        /// The hours that were promised to them.
        pub schedule_id: Option<ScheduleId>,
        /// Counts their events.
        pub version: i64,
    }
}

/// Finds what is known about a contact and locks the row.
pub async fn lock_contact(
    conn: &Conn,
    _scope: TenantScope,
    id: ContactId,
) -> Result<Option<Knowledge>, Error> {
    let found = sql(
        "SELECT attributes, vip, segments, schedule_id, version FROM contacts
         WHERE id = $1 FOR NO KEY UPDATE",
    )
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Writes what is known about a locked contact.
pub async fn set_contact(
    conn: &Conn,
    _scope: TenantScope,
    id: ContactId,
    known: &Knowledge,
) -> Result<(), Error> {
    sql(
        "UPDATE contacts SET attributes = $2, vip = $3, segments = $4, schedule_id = $5,
            version = $6 WHERE id = $1",
    )
    .bind(id)
    .bind(&known.attributes)
    .bind(known.vip)
    .bind(many(&known.segments, Clone::clone))
    .bind(known.schedule_id)
    .bind(known.version)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
