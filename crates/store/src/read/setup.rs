//! How a workspace is set up, as people look at it.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use serde_json::Value;

row! {
    /// A group of agents.
    pub struct Team {
        /// Which.
        pub id: TeamId,
        /// The name to show.
        pub name: String,
        /// When it is open.
        pub schedule_id: Option<ScheduleId>,
        /// When it was created.
        pub created_at: DateTime<Utc>,
    }
}

/// Finds teams.
pub async fn find_teams(
    conn: &Conn,
    _scope: TenantScope,
    ids: &[TeamId],
) -> Result<Vec<Team>, Error> {
    let teams = sql("SELECT id, name, schedule_id, created_at FROM teams WHERE id = ANY ($1)")
        .bind(many(ids, |id| *id))
        .load(&mut &*conn)
        .await?;
    Ok(teams)
}

/// Lists all teams by name.
pub async fn list_teams(conn: &Conn, _scope: TenantScope) -> Result<Vec<Team>, Error> {
    let teams = sql("SELECT id, name, schedule_id, created_at FROM teams ORDER BY name, id")
        .load(&mut &*conn)
        .await?;
    Ok(teams)
}

row! {
    /// An agent in a team.
    pub struct TeamMember {
        /// The team.
        pub team_id: TeamId,
        /// Who.
        pub agent_id: AgentId,
        /// Their rank in it.
        pub rank: i16,
    }
}

/// Lists who is in teams and may sign in, by rank and name.
pub async fn list_members(
    conn: &Conn,
    _scope: TenantScope,
    teams: &[TeamId],
) -> Result<Vec<TeamMember>, Error> {
    let members = sql("SELECT m.team_id, m.agent_id, m.rank
         FROM team_members m JOIN agents a ON a.id = m.agent_id
         WHERE m.team_id = ANY ($1) AND a.disabled_at IS NULL ORDER BY m.rank, a.name, a.id")
    .bind(many(teams, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(members)
}

/// Lists in which teams agents are, by the names of the teams.
pub async fn list_teams_of(
    conn: &Conn,
    _scope: TenantScope,
    agents: &[AgentId],
) -> Result<Vec<TeamMember>, Error> {
    let members = sql("SELECT m.team_id, m.agent_id, m.rank
         FROM team_members m JOIN teams t ON t.id = m.team_id
         WHERE m.agent_id = ANY ($1) ORDER BY t.name, t.id")
    .bind(many(agents, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(members)
}

row! {
    /// A team that serves a queue.
    pub struct QueueTeam {
        /// The queue.
        pub queue_id: QueueId,
        /// The team.
        pub team_id: TeamId,
        /// Which line of the queue it is.
        pub rank: i16,
        /// How many units each member may hold by this queue.
        pub most: Option<i32>,
    }
}

/// Lists the teams that serve queues, by line and name.
pub async fn list_queue_teams(
    conn: &Conn,
    _scope: TenantScope,
    queues: &[QueueId],
) -> Result<Vec<QueueTeam>, Error> {
    let teams = sql("SELECT q.queue_id, q.team_id, q.rank, q.most
         FROM queue_teams q JOIN teams t ON t.id = q.team_id
         WHERE q.queue_id = ANY ($1) ORDER BY q.rank, t.name, t.id")
    .bind(many(queues, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(teams)
}

row! {
    /// When a queue is open.
    pub struct QueueHours {
        /// The queue.
        pub id: QueueId,
        /// Its schedule.
        pub schedule_id: Option<ScheduleId>,
    }
}

/// Finds when queues are open.
pub async fn find_queue_hours(
    conn: &Conn,
    _scope: TenantScope,
    queues: &[QueueId],
) -> Result<Vec<QueueHours>, Error> {
    let hours = sql("SELECT id, schedule_id FROM queues WHERE id = ANY ($1)")
        .bind(many(queues, |id| *id))
        .load(&mut &*conn)
        .await?;
    Ok(hours)
}

row! {
    /// What is known of a contact.
    pub struct ContactFacts {
        /// Whom.
        pub id: ContactId,
        /// Names with texts, whole numbers, or yes and no.
        pub attributes: Value,
        /// Whether they are very important.
        pub vip: bool,
        /// The segments that they are in.
        pub segments: Vec<String>,
        /// The hours that were promised to them.
        pub schedule_id: Option<ScheduleId>,
    }
}

/// Finds what is known of contacts.
pub async fn find_contact_facts(
    conn: &Conn,
    _scope: TenantScope,
    contacts: &[ContactId],
) -> Result<Vec<ContactFacts>, Error> {
    let facts = sql(
        "SELECT id, attributes, vip, segments, schedule_id FROM contacts
         WHERE id = ANY ($1)",
    )
    .bind(many(contacts, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(facts)
}
