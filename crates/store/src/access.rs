//! What an agent may do at this moment, by which proof, and which conversations they see.

use crate::sight::Sight;
use crate::sql::{row, sql};
use crate::{Conn, Error, api_keys};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::{AgentId, ApiKeyId, SessionId};
use interdesk_domain::inbox::ThirdPartyInbox;
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
    /// The key by which they speak; none with a token.
    pub key: Option<ApiKeyId>,
    /// Whether the operator keeps everybody of the tenant out.
    pub is_suspended: bool,
    /// How many points all of the tenant have in a minute, where it is not what the settings say.
    pub points_per_minute: Option<i32>,
    /// Where third-party apps are shown to them, by their own choice or else the workspace's.
    pub third_party_inbox: ThirdPartyInbox,
}

row! {
    #[allow(unreachable_pub, missing_docs, reason = "rows are written as public")]
    pub struct Found {
        pub id: AgentId,
        pub key_id: Option<ApiKeyId>,
        pub role: Role,
        pub permissions: Option<Vec<String>>,
        pub scopes: Option<Vec<String>>,
        pub visibility: String,
        pub keys: Option<Vec<Uuid>>,
        pub shown: Option<Vec<Uuid>>,
        pub is_suspended: bool,
        pub points_per_minute: Option<i32>,
        pub third_party_inbox: ThirdPartyInbox,
    }
}

/// By what somebody proves who they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Proof {
    /// A signed token.
    Token {
        /// Of whom.
        agent: AgentId,
        /// The session that it belongs to; none for tokens of the command line.
        session: Option<SessionId>,
        /// When it was issued.
        issued_at: DateTime<Utc>,
    },
    /// An API key.
    Key {
        /// Its SHA-256.
        digest: Vec<u8>,
    },
}

/// The end of the year 9999, in seconds since 1970.
const LATEST: i64 = 253_402_300_799;

impl Proof {
    /// Is that of an agent who is known without one: it is never too old.
    pub fn known(agent: AgentId) -> Self {
        Self::Token {
            agent,
            session: None,
            issued_at: DateTime::from_timestamp(LATEST, 0).unwrap_or_default(),
        }
    }
}

/// Finds what an agent may do and see who may sign in and work.
pub async fn find_of(
    conn: &Conn,
    scope: TenantScope,
    agent: AgentId,
) -> Result<Option<Access>, Error> {
    let found = find(conn, scope, &Proof::known(agent), DateTime::UNIX_EPOCH).await?;
    Ok(found.filter(|access| !access.is_suspended))
}

// The sets are read by whoever does not see everything, each as far as the visibility reaches.
macro_rules! access {
    ($who:literal) => {
        concat!(
            "WITH who AS (",
            $who,
            ")
         SELECT who.id, key_id, role, permissions, scopes, visibility,
            CASE WHEN visibility <> 'all' THEN ARRAY(
            SELECT mate.agent_id FROM team_members own
                JOIN team_members mate ON mate.team_id = own.team_id
            WHERE own.agent_id = who.id AND who.visibility IN ('team', 'queue')
            UNION ALL SELECT served.queue_id FROM team_members own
                JOIN queue_teams served ON served.team_id = own.team_id
            WHERE own.agent_id = who.id AND who.visibility = 'queue') END AS keys,
            CASE WHEN visibility <> 'all' THEN ARRAY(
            SELECT w.conversation_id FROM work_items w
            WHERE w.agent_id = who.id AND w.state IN ('offered', 'active', 'wrap_up')
            UNION ALL SELECT w.conversation_id FROM transfers t
                JOIN work_items w ON w.id = t.work_item_id
            WHERE t.to_agent_id = who.id AND t.state = 'asked') END AS shown,
            x.suspended_at IS NOT NULL AS is_suspended, x.points_per_minute,
            COALESCE(who.third_party_inbox, t.third_party_inbox) AS third_party_inbox
         FROM who JOIN tenants t ON t.id = who.tenant_id
            LEFT JOIN tenant_terms x ON x.tenant_id = who.tenant_id"
        )
    };
}

/// Finds what somebody may do at a moment who proves who they are; `None` where the proof holds no
/// more, or they may not sign in and work.
pub async fn find(
    conn: &Conn,
    scope: TenantScope,
    proof: &Proof,
    now: DateTime<Utc>,
) -> Result<Option<Access>, Error> {
    let found: Option<Found> = match proof {
        Proof::Token {
            agent,
            session,
            issued_at,
        } => sql(access!(
            "SELECT a.id, a.tenant_id, a.third_party_inbox, NULL::uuid AS key_id, a.role, r.permissions, NULL::text[] AS scopes,
                COALESCE(r.visibility, $2 ->> a.role, 'own') AS visibility
             FROM agents a LEFT JOIN roles r ON r.id = a.role_id
             WHERE a.id = $1 AND a.disabled_at IS NULL AND CASE WHEN $3 IS NULL
                THEN a.tokens_from <= $4 ELSE EXISTS (SELECT FROM sessions s
                    WHERE s.id = $3 AND s.agent_id = a.id AND s.ended_at IS NULL) END"
        ))
        .bind(*agent)
        .bind(built_in())
        .bind(*session)
        .bind(*issued_at)
        .get_result(&mut &*conn)
        .await
        .optional()?,
        Proof::Key { digest } => sql(access!(
            "SELECT a.id, a.tenant_id, a.third_party_inbox, k.id AS key_id, a.role, r.permissions, k.permissions AS scopes,
                COALESCE(r.visibility, $2 ->> a.role, 'own') AS visibility
             FROM api_keys k JOIN agents a ON a.id = k.agent_id LEFT JOIN roles r ON r.id = a.role_id
             WHERE k.digest = $1 AND k.revoked_at IS NULL AND k.expires_at > $3
                AND a.disabled_at IS NULL"
        ))
        .bind(digest.as_slice())
        .bind(built_in())
        .bind(now)
        .get_result(&mut &*conn)
        .await
        .optional()?,
    };
    if let Some(key) = found.as_ref().and_then(|found| found.key_id) {
        api_keys::mark_used(conn, scope, key, now).await?;
    }
    Ok(found.map(Found::read))
}

impl Found {
    fn read(self) -> Access {
        let role = read_grants(self.role, self.permissions.as_deref(), &self.visibility);
        // A key allows no more than its agent may, whatever it was made for.
        let grants = match &self.scopes {
            None => role,
            Some(words) => role.intersect(read_grants(Role::Custom, Some(words), "all")),
        };
        let sight = match self.keys {
            _ if !grants.may(Permission::ConversationsRead) => Sight::NONE,
            None => Sight::ALL,
            Some(mut keys) => {
                // Their own id goes first, see `Sight::sees`.
                keys.retain(|key| *key != self.id.0);
                keys.insert(0, self.id.0);
                Sight::of(keys).and_shown(self.shown.unwrap_or_default())
            }
        };
        Access {
            agent: self.id,
            grants,
            sight,
            key: self.key_id,
            is_suspended: self.is_suspended,
            points_per_minute: self.points_per_minute,
            third_party_inbox: self.third_party_inbox,
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
