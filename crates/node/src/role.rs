//! The services that one program can be.

use std::{
    collections::BTreeSet,
    fmt::{self, Display},
    str::FromStr,
};

/// One service of the desk. A process runs one or more of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Receives webhooks and delivers replies.
    Ingestion,
    /// Decides which agent is offered which work item.
    Routing,
    /// Serves agents: GraphQL, subscriptions, login.
    Agent,
    /// Appends every event to the tenant's audit log.
    Audit,
}

impl Role {
    /// Every role, in the order in which a message passes them.
    pub const ALL: [Role; 4] = [Role::Ingestion, Role::Routing, Role::Agent, Role::Audit];

    /// The name used on the command line, in logs and in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Role::Ingestion => "ingestion",
            Role::Routing => "routing",
            Role::Agent => "agent",
            Role::Audit => "audit",
        }
    }
}

impl Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown role `{0}`, use ingestion, routing, agent or audit")]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        Role::ALL
            .into_iter()
            .find(|role| role.name() == name)
            .ok_or_else(|| UnknownRole(name.to_owned()))
    }
}

/// The roles that this process runs; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles(BTreeSet<Role>);

impl Roles {
    /// Takes the chosen roles; none chosen means all of them.
    pub fn chosen(roles: impl IntoIterator<Item = Role>) -> Self {
        let chosen: BTreeSet<Role> = roles.into_iter().collect();
        if chosen.is_empty() {
            Self(Role::ALL.into())
        } else {
            Self(chosen)
        }
    }

    /// Whether this process runs `role`.
    pub fn contains(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// Whether this process is the whole desk.
    pub fn is_whole_desk(&self) -> bool {
        self.0.len() == Role::ALL.len()
    }

    /// The roles in the order in which a message passes them.
    pub fn iter(&self) -> impl Iterator<Item = Role> + '_ {
        self.0.iter().copied()
    }
}

impl Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_whole_desk() {
            return f.pad("all");
        }
        let names: Vec<&str> = self.iter().map(Role::name).collect();
        f.pad(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_reads_its_own_name() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse::<Role>(), Ok(role));
        }
    }

    #[test]
    fn an_unknown_role_is_refused_with_the_choices() {
        let error = "router".parse::<Role>().expect_err("not a role");
        assert_eq!(
            error.to_string(),
            "unknown role `router`, use ingestion, routing, agent or audit"
        );
    }

    #[test]
    fn no_choice_is_the_whole_desk() {
        assert!(Roles::chosen([]).is_whole_desk());
        assert_eq!(Roles::chosen([]).to_string(), "all");
    }

    #[test]
    fn a_choice_runs_only_what_was_chosen() {
        let roles = Roles::chosen([Role::Audit, Role::Routing, Role::Audit]);
        assert_eq!(roles.to_string(), "routing,audit");
        assert!(!roles.contains(Role::Agent));
    }
}
