//! Who is in a group, and as what.

use super::Sender;
use serde::{Deserialize, Serialize};

/// What a provider tells of somebody in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The provider's id of the group.
    pub group: String,
    /// Who; the name is how the group shows them.
    pub who: Sender,
    /// How they stand to it now; `None` where only their role is told.
    pub standing: Option<Standing>,
    /// What they may do there; `None` where it is not told.
    pub role: Option<GroupRole>,
}

/// How somebody stands to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// They were asked in.
    Invited,
    /// They ask to come in.
    Asking,
    /// They are in.
    Joined,
    /// They went, or no longer want to come.
    Left,
    /// They were sent away.
    Removed,
}

impl Standing {
    /// Every standing.
    pub const ALL: [Self; 5] = [
        Self::Invited,
        Self::Asking,
        Self::Joined,
        Self::Left,
        Self::Removed,
    ];

    /// Returns the name that database and events use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Asking => "asking",
            Self::Joined => "joined",
            Self::Left => "left",
            Self::Removed => "removed",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }
}

/// What somebody may do in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupRole {
    /// Write.
    Member,
    /// Look after it.
    Admin,
    /// Decide about it.
    Owner,
}

impl GroupRole {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Member, Self::Admin, Self::Owner];

    /// Returns the name that database and events use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standings_and_roles_read_back_by_name() {
        for standing in Standing::ALL {
            assert_eq!(Standing::parse(standing.as_str()), Some(standing));
        }
        for role in GroupRole::ALL {
            assert_eq!(GroupRole::parse(role.as_str()), Some(role));
        }
    }
}
