//! The roles that every tenant has, and who asks.

use super::{Grants, Permission, Visibility};
use crate::id::{AgentId, TenantId};
use crate::scope::TenantScope;
use serde::{Deserialize, Serialize};

/// What a person is at the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Answers what is offered.
    Agent,
    /// Sees and steers the work of others too.
    Supervisor,
    /// May do everything.
    Admin,
    /// Builds on the API: sees everything but the audit log, changes nothing but their own keys.
    Developer,
    /// Sees everything, changes nothing.
    Auditor,
    /// What a role of the tenant's own says.
    Custom,
}

use Permission::*;

const AGENT: Grants = Grants::of(
    &[
        ConversationsRead,
        ConversationsAnswer,
        ContactsRead,
        ContactsWrite,
        AgentsRead,
        WorkspaceRead,
        EventsRead,
    ],
    Visibility::Queue,
);

const SUPERVISOR: Grants = Grants::of(
    &[
        ConversationsRead,
        ConversationsAnswer,
        ConversationsSteer,
        ContactsRead,
        ContactsWrite,
        AgentsRead,
        AgentsLead,
        WorkspaceRead,
        TagsManage,
        ViewsShare,
        ReportsRead,
        EventsRead,
        SchemaRead,
    ],
    Visibility::All,
);

const DEVELOPER: Grants = Grants::of(
    &[
        ConversationsRead,
        ContactsRead,
        AgentsRead,
        WorkspaceRead,
        ReportsRead,
        EventsRead,
        ApiKeysCreate,
        SchemaRead,
    ],
    Visibility::All,
);

const AUDITOR: Grants = Grants::of(
    &[
        ConversationsRead,
        ContactsRead,
        AgentsRead,
        WorkspaceRead,
        ReportsRead,
        EventsRead,
        AuditRead,
        SchemaRead,
    ],
    Visibility::All,
);

impl Role {
    /// The roles that every tenant has.
    pub const BUILT_IN: [Self; 5] = [
        Self::Agent,
        Self::Supervisor,
        Self::Admin,
        Self::Developer,
        Self::Auditor,
    ];

    /// Returns the name that the database uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Admin => "admin",
            Self::Developer => "developer",
            Self::Auditor => "auditor",
            Self::Custom => "custom",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Option<Self> {
        let mut known = Self::BUILT_IN.into_iter().chain([Self::Custom]);
        known.find(|role| role.as_str() == text)
    }

    /// Returns what a built-in role allows; nothing for a tenant's own, whose row says it.
    pub fn grants(self) -> Grants {
        match self {
            Self::Agent => AGENT,
            Self::Supervisor => SUPERVISOR,
            Self::Admin => Grants::of(Permission::ALL, Visibility::All),
            Self::Developer => DEVELOPER,
            Self::Auditor => AUDITOR,
            Self::Custom => Grants::NONE,
        }
    }
}

/// Who asks: an agent who proved who they are, and what they may do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewer {
    /// Of which tenant.
    pub tenant: TenantId,
    /// Who.
    pub agent: AgentId,
    /// What they may do.
    pub grants: Grants,
}

impl Viewer {
    /// Returns the scope that the viewer is confined to.
    pub fn scope(&self) -> TenantScope {
        TenantScope::new(self.tenant)
    }

    /// Tells whether the viewer may do something.
    pub fn may(&self, permission: Permission) -> bool {
        self.grants.may(permission)
    }

    /// Tells whether the viewer may resolve and answer conversations assigned to somebody else.
    pub fn steers_others(&self) -> bool {
        self.may(ConversationsSteer)
    }
}
