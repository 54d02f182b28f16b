//! What agents are able to do.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::AgentId;
use interdesk_domain::scope::TenantScope;

row! {
    /// A skill of an agent.
    pub struct AgentSkill {
        /// Whose.
        pub agent_id: AgentId,
        /// Its name.
        pub skill: String,
        /// How well, from 1.
        pub level: i16,
    }
}

/// Lists the skills of agents, by name.
pub async fn list(
    conn: &Conn,
    _scope: TenantScope,
    agents: &[AgentId],
) -> Result<Vec<AgentSkill>, Error> {
    let skills = sql("SELECT agent_id, skill, level FROM agent_skills
         WHERE agent_id = ANY ($1) ORDER BY agent_id, skill")
    .bind(many(agents, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(skills)
}

/// Lists the skills of all agents who may sign in.
pub async fn list_all(conn: &Conn, _scope: TenantScope) -> Result<Vec<AgentSkill>, Error> {
    let skills = sql("SELECT s.agent_id, s.skill, s.level
         FROM agent_skills s JOIN agents a ON a.id = s.agent_id
         WHERE a.disabled_at IS NULL ORDER BY s.agent_id, s.skill")
    .load(&mut &*conn)
    .await?;
    Ok(skills)
}

row! {
    /// A skill that somebody has.
    pub struct SkillUse {
        /// Its name.
        pub skill: String,
        /// How many agents have it.
        pub agents: i64,
        /// The highest level that one of them has.
        pub highest: i16,
    }
}

/// Lists the skills that agents who may sign in have, by name.
pub async fn list_names(conn: &Conn, _scope: TenantScope) -> Result<Vec<SkillUse>, Error> {
    let skills = sql("SELECT s.skill, count(*) AS agents, max(s.level) AS highest
         FROM agent_skills s JOIN agents a ON a.id = s.agent_id
         WHERE a.disabled_at IS NULL GROUP BY s.skill ORDER BY s.skill")
    .load(&mut &*conn)
    .await?;
    Ok(skills)
}

/// Gives a locked agent these skills and no others.
pub async fn set(
    conn: &Conn,
    scope: TenantScope,
    agent: AgentId,
    skills: &[(String, i16)],
) -> Result<(), Error> {
    sql("DELETE FROM agent_skills WHERE agent_id = $1 AND NOT (skill = ANY ($2))")
        .bind(agent)
        .bind(many(skills, |(skill, _)| skill.clone()))
        .execute(&mut &*conn)
        .await?;
    sql(
        "INSERT INTO agent_skills (agent_id, skill, tenant_id, level)
         SELECT $1, s.skill, $2, s.level FROM unnest($3, $4) AS s (skill, level)
         ON CONFLICT (agent_id, skill) DO UPDATE SET level = excluded.level",
    )
    .bind(agent)
    .bind(scope.tenant())
    .bind(many(skills, |(skill, _)| skill.clone()))
    .bind(many(skills, |(_, level)| *level))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
