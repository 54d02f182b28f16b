//! What groups at somebody else's mean here.

use super::Role;
use crate::id::RoleId;
use serde::{Deserialize, Serialize};

/// A role: one that every tenant has, or one of the tenant's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenRole {
    /// Which one that every tenant has.
    pub role: Role,
    /// Which of the tenant's own, where `role` is custom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<RoleId>,
}

/// Which role a group gives to who is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRule {
    /// What the identity provider calls the group.
    pub group: String,
    /// What its people get.
    #[serde(flatten)]
    pub gives: GivenRole,
}

/// Returns the role of somebody by their groups: that of the first rule that fits, or else the
/// fallback. Without any there is no role for them.
pub fn role_of_groups(
    rules: &[GroupRule],
    fallback: Option<GivenRole>,
    groups: &[String],
) -> Option<GivenRole> {
    let fits = |rule: &&GroupRule| groups.contains(&rule.group);
    let first = rules.iter().find(fits).map(|rule| rule.gives);
    first.or(fallback)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(group: &str, role: Role) -> GroupRule {
        GroupRule {
            group: group.to_owned(),
            gives: GivenRole { role, own: None },
        }
    }

    #[test]
    fn the_first_rule_that_fits_decides_whatever_the_order_of_the_groups() {
        let rules = [rule("leads", Role::Supervisor), rule("staff", Role::Agent)];
        let fallback = Some(GivenRole {
            role: Role::Auditor,
            own: None,
        });
        for (groups, with, without) in [
            (
                vec!["staff", "leads"],
                Some(Role::Supervisor),
                Some(Role::Supervisor),
            ),
            (
                vec!["leads", "staff"],
                Some(Role::Supervisor),
                Some(Role::Supervisor),
            ),
            (vec!["staff"], Some(Role::Agent), Some(Role::Agent)),
            (vec!["Staff", "guests"], Some(Role::Auditor), None),
            (vec![], Some(Role::Auditor), None),
        ] {
            let groups: Vec<String> = groups.into_iter().map(str::to_owned).collect();
            let role = |fallback| role_of_groups(&rules, fallback, &groups).map(|it| it.role);
            assert_eq!((role(fallback), role(None)), (with, without), "{groups:?}");
        }
    }
}
