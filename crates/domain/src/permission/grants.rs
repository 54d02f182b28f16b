//! What somebody may do, and which conversations they see.

use super::Permission;
use serde::{Deserialize, Serialize};

/// Which conversations a role sees; each one sees what those before it do.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// What one has, is offered or is asked to take over.
    #[default]
    Own,
    /// What somebody of one's teams has.
    Team,
    /// What is in the queues that one's teams serve.
    Queue,
    /// All of the workspace.
    All,
}

impl Visibility {
    /// Every visibility, from the narrowest on.
    pub const ALL: [Self; 4] = [Self::Own, Self::Team, Self::Queue, Self::All];

    /// Returns the word that the database uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Team => "team",
            Self::Queue => "queue",
            Self::All => "all",
        }
    }

    /// Reads the word back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// A set of permissions with a visibility: what a role allows, or somebody who has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Grants {
    permissions: u64,
    /// Which conversations are seen.
    pub visibility: Visibility,
}

impl Grants {
    /// Allows nothing.
    pub const NONE: Self = Self::of(&[], Visibility::Own);

    /// Allows these permissions, and no others.
    pub const fn of(permissions: &[Permission], visibility: Visibility) -> Self {
        let (mut bits, mut index) = (0, 0);
        while index < permissions.len() {
            bits |= 1 << permissions[index] as u32;
            index += 1;
        }
        Self {
            permissions: bits,
            visibility,
        }
    }

    /// Tells whether something is allowed.
    pub fn may(self, permission: Permission) -> bool {
        self.permissions & (1 << permission as u32) != 0
    }

    /// Lists what is allowed.
    pub fn permissions(self) -> impl Iterator<Item = Permission> {
        let all = Permission::ALL.iter().copied();
        all.filter(move |permission| self.may(*permission))
    }

    /// Tells whether everything that `other` allows is allowed here too.
    pub fn covers(self, other: Self) -> bool {
        other.permissions & !self.permissions == 0 && other.visibility <= self.visibility
    }

    /// Returns what both allow, with the narrower visibility.
    pub fn intersect(self, other: Self) -> Self {
        Self {
            permissions: self.permissions & other.permissions,
            visibility: self.visibility.min(other.visibility),
        }
    }

    /// Returns the same with other permissions taken away that are not in the list.
    pub fn only(self, permissions: &[Permission]) -> Self {
        self.intersect(Self::of(permissions, Visibility::All))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permission::Role;

    #[test]
    fn a_set_holds_what_was_put_in_and_nothing_else() {
        for one in Permission::ALL {
            let set = Grants::of(&[*one], Visibility::Team);
            assert_eq!(set.permissions().collect::<Vec<_>>(), [*one]);
            assert_eq!(Permission::parse(one.as_str()), Some(*one));
        }
        assert_eq!(Grants::NONE.permissions().count(), 0);
        assert!(Permission::ALL.len() <= 64, "they are bits of a word");
    }

    #[test]
    fn less_is_covered_by_more_and_never_the_other_way() {
        let (agent, admin) = (Role::Agent.grants(), Role::Admin.grants());
        assert!(admin.covers(agent) && admin.covers(admin) && agent.covers(agent));
        assert!(!agent.covers(admin));
        let wide = Grants {
            visibility: Visibility::All,
            ..agent
        };
        assert!(!agent.covers(wide), "a wider visibility is more");
        assert_eq!(wide.intersect(agent), agent);
        let read = agent.only(&[Permission::ConversationsRead, Permission::AuditRead]);
        assert_eq!(
            read.permissions().collect::<Vec<_>>(),
            [Permission::ConversationsRead],
            "nothing is won by asking for it"
        );
    }
}
