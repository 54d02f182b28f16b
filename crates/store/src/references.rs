//! Whether what a policy names exists, and who uses a schedule.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use diesel_async::RunQueryDsl;
use interdesk_domain::policy::Names;
use interdesk_domain::scope::TenantScope;
use uuid::Uuid;

row! {
    /// Something that is named and does not exist.
    pub struct Missing {
        /// What kind of thing.
        pub kind: String,
        /// The id of what has one.
        pub id: Option<Uuid>,
        /// The name of what has none.
        pub name: Option<String>,
    }
}

/// Lists what is named and does not exist: queues, agents who may sign in, teams, inboxes, schedules
/// that are not retired, skills that somebody has.
pub async fn list_missing(
    conn: &Conn,
    _scope: TenantScope,
    names: &Names,
) -> Result<Vec<Missing>, Error> {
    let missing = sql(
        "SELECT 'queue' AS kind, id, NULL::text AS name FROM unnest($1) AS n (id)
            WHERE NOT EXISTS (SELECT FROM queues q WHERE q.id = n.id)
         UNION ALL SELECT 'agent', id, NULL FROM unnest($2) AS n (id)
            WHERE NOT EXISTS (SELECT FROM agents a WHERE a.id = n.id AND a.disabled_at IS NULL)
         UNION ALL SELECT 'team', id, NULL FROM unnest($3) AS n (id)
            WHERE NOT EXISTS (SELECT FROM teams t WHERE t.id = n.id)
         UNION ALL SELECT 'inbox', id, NULL FROM unnest($4) AS n (id)
            WHERE NOT EXISTS (SELECT FROM inboxes i WHERE i.id = n.id)
         UNION ALL SELECT 'schedule', id, NULL FROM unnest($5) AS n (id)
            WHERE NOT EXISTS (SELECT FROM policies p
                WHERE p.kind = 'schedule' AND p.id = n.id AND p.retired_at IS NULL)
         UNION ALL SELECT 'schedule', NULL, name FROM unnest($6) AS n (name)
            WHERE NOT EXISTS (SELECT FROM policies p
                WHERE p.kind = 'schedule' AND p.name = n.name AND p.retired_at IS NULL)
         UNION ALL SELECT 'skill', NULL, name FROM unnest($7) AS n (name)
            WHERE NOT EXISTS (SELECT FROM agent_skills s WHERE s.skill = n.name)",
    )
    .bind(many(names.queues.keys(), |id| *id))
    .bind(many(names.agents.keys(), |id| *id))
    .bind(many(names.teams.keys(), |id| *id))
    .bind(many(names.inboxes.keys(), |id| *id))
    .bind(many(names.schedules.keys(), |id| *id))
    .bind(many(names.schedule_names.keys(), Clone::clone))
    .bind(many(names.skills.keys(), Clone::clone))
    .load(&mut &*conn)
    .await?;
    Ok(missing)
}

row! {
    /// Something that keeps the hours of a schedule.
    pub struct Use {
        /// What kind of thing.
        pub kind: String,
        /// Which.
        pub id: Uuid,
    }
}

/// Lists what keeps the hours of a schedule, ten at most: queues, teams, agents who may sign in,
/// contacts.
pub async fn list_uses(
    conn: &Conn,
    _scope: TenantScope,
    schedule: Uuid,
) -> Result<Vec<Use>, Error> {
    let uses = sql(
        "SELECT 'queue' AS kind, id FROM queues WHERE schedule_id = $1
         UNION ALL SELECT 'team', id FROM teams WHERE schedule_id = $1
         UNION ALL SELECT 'agent', id FROM agents WHERE schedule_id = $1 AND disabled_at IS NULL
         UNION ALL SELECT 'contact', id FROM contacts WHERE schedule_id = $1 LIMIT 10",
    )
    .bind(schedule)
    .load(&mut &*conn)
    .await?;
    Ok(uses)
}

row! {
    /// Whether a thing exists.
    pub struct Found {
        /// Which.
        pub id: Uuid,
    }
}

/// Tells whether a queue exists.
pub async fn is_queue(conn: &Conn, _scope: TenantScope, id: Uuid) -> Result<bool, Error> {
    let found: Vec<Found> = sql("SELECT id FROM queues WHERE id = $1")
        .bind(id)
        .load(&mut &*conn)
        .await?;
    Ok(!found.is_empty())
}
