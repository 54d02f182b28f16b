//! What an agent may do at this moment, by which proof, and which conversations they see.

use crate::sight::Sight;
use crate::sql::{row, sql};
use crate::{Conn, Error};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::AgentId;
use interdesk_domain::permission::{Grants, Permission, Role, Visibility};
use interdesk_domain::scope::TenantScope;
use serde_json::Value;
use uuid::Uuid;

/// What an agent may do and see.
#[derive(Debug, Clone, PartialEq)]
pub struct Access {
    /// Who.
    pub agent: AgentId,
    /// What they may do.
    pub grants: Grants,
    /// Which conversations they see.
    pub sight: Sight,
}

row! {
    #[allow(unreachable_pub, missing_docs, reason = "rows are written as public")]
    pub struct Found {
        pub id: AgentId,
        pub role: Role,
        pub permissions: Option<Vec<String>>,
        pub visibility: String,
        pub keys: Option<Vec<Uuid>>,
    }
}

/// Finds what an agent may do who may sign in and work.
pub async fn find(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
) -> Result<Option<Access>, Error> {
    // The sets are read by whoever does not see everything, each as far as the visibility reaches.
    let found: Option<Found> = sql("WITH who AS (
            SELECT a.id, a.role, r.permissions, COALESCE(r.visibility, $2 ->> a.role, 'own') AS visibility
            FROM agents a LEFT JOIN roles r ON r.id = a.role_id
            WHERE a.id = $1 AND a.disabled_at IS NULL)
         SELECT id, role, permissions, visibility, CASE WHEN visibility <> 'all' THEN ARRAY(
            SELECT w.conversation_id FROM work_items w
            WHERE w.agent_id = who.id AND w.state IN ('offered', 'active', 'wrap_up')
            UNION ALL SELECT w.conversation_id FROM transfers t JOIN work_items w ON w.id = t.work_item_id
            WHERE t.to_agent_id = who.id AND t.state = 'asked'
            UNION ALL SELECT mate.agent_id FROM team_members own
                JOIN team_members mate ON mate.team_id = own.team_id
            WHERE own.agent_id = who.id AND who.visibility IN ('team', 'queue')
            UNION ALL SELECT served.queue_id FROM team_members own
                JOIN queue_teams served ON served.team_id = own.team_id
            WHERE own.agent_id = who.id AND who.visibility = 'queue') END AS keys
         FROM who")
    .bind(agent)
    .bind(built_in())
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found.map(Found::read))
}

impl Found {
    fn read(self) -> Access {
        let grants = read_grants(self.role, self.permissions.as_deref(), &self.visibility);
        let sight = match self.keys {
            _ if !grants.may(Permission::ConversationsRead) => Sight::NONE,
            None => Sight::ALL,
            Some(mut keys) => {
                // Their own id goes first, see `Sight::sees`.
                keys.retain(|key| *key != self.id.0);
                keys.insert(0, self.id.0);
                Sight::of(keys)
            }
        };
        Access {
            agent: self.id,
            grants,
            sight,
        }
    }
}

/// Reads what a role allows: a built-in one by its name, a tenant's own by its row. Words that this
/// program does not know allow nothing.
pub(crate) fn read_grants(role: Role, permissions: Option<&[String]>, visibility: &str) -> Grants {
    match permissions {
        None => role.grants(),
        Some(words) => {
            let known = words.iter().filter_map(|word| Permission::parse(word));
            let known: Vec<Permission> = known.collect();
            Grants::of(&known, Visibility::parse(visibility).unwrap_or_default())
        }
    }
}

/// Says which conversations the built-in roles see.
fn built_in() -> Value {
    let roles = Role::BUILT_IN.into_iter();
    let seen = roles.map(|role| {
        let word = role.grants().visibility.as_str();
        (role.as_str().to_owned(), Value::from(word))
    });
    Value::Object(seen.collect())
}
