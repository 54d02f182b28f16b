//! Roles of people within a tenant.

use serde::{Deserialize, Serialize};

/// What a person may do at the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Answers what is offered.
    Agent,
    /// Sees and steers the work of others too.
    Supervisor,
    /// Configures the tenant.
    Admin,
}

impl Role {
    /// Returns the name that database and tokens use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Admin => "admin",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Agent, Self::Supervisor, Self::Admin]
            .into_iter()
            .find(|known| known.as_str() == text)
    }

    /// Tells whether the role may resolve and answer conversations assigned to somebody else.
    pub fn steers_others(self) -> bool {
        matches!(self, Self::Supervisor | Self::Admin)
    }

    /// Tells whether the role may change how the workspace is set up.
    pub fn configures(self) -> bool {
        self == Self::Admin
    }
}

/// Who asks: an agent who proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewer {
    /// Of which tenant.
    pub tenant: crate::id::TenantId,
    /// Who.
    pub agent: crate::id::AgentId,
    /// What they may do.
    pub role: Role,
}

impl Viewer {
    /// Returns the scope that the viewer is confined to.
    pub fn scope(&self) -> crate::scope::TenantScope {
        crate::scope::TenantScope::new(self.tenant)
    }
}
