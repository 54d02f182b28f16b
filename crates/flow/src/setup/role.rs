//! Roles of a tenant's own, and who has which. Nobody hands out more than they have themselves.

use super::{Answer, Hand, Missing, SetupOutcome, fault, missing, name_faults, none, refuse};
use crate::Events;
use crate::wish::Halt;
use interdesk_domain::condition::Problem;
use interdesk_domain::event::{AggregateKind, Event};
use interdesk_domain::id::{AgentId, RoleId};
use interdesk_domain::permission::{Grants, Permission, Role, Visibility};
use interdesk_store::roles::{self, OwnRole};
use interdesk_store::{outbox, setup};
use serde::Serialize;

/// The longest description, in bytes.
const LONGEST: usize = 1_000;

/// A role that is created or changed; what is left out stays.
#[derive(Debug, Clone, Serialize)]
pub struct RoleChange {
    /// Which; a new one without it.
    pub role: Option<RoleId>,
    /// What it is called.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// What it allows.
    pub permissions: Option<Vec<Permission>>,
    /// Which conversations it shows.
    pub visibility: Option<Visibility>,
}

/// A role that nobody may get any more.
#[derive(Debug, Clone, Serialize)]
pub struct RoleRetire {
    /// Which.
    pub role: RoleId,
}

/// Which role an agent has from now on.
#[derive(Debug, Clone, Serialize)]
pub struct RoleGive {
    /// Who.
    pub agent: AgentId,
    /// A built-in role.
    pub role: Role,
    /// The tenant's own, where the role is custom.
    pub own: Option<RoleId>,
}

impl RoleChange {
    pub(super) async fn apply(&self, hand: &Hand<'_>) -> Answer {
        hand.needs(Permission::RolesManage)?;
        let (conn, scope) = (hand.conn, hand.wish.scope());
        let before = match self.role {
            Some(id) => {
                let found = roles::lock(conn, scope, id).await?;
                let found = found.ok_or(missing(Missing::Role))?;
                hand.covers(found.grants())?;
                Some(found)
            }
            None => None,
        };
        let after = self.after(hand, before.as_ref());
        let mut faults = name_faults("name", &after.name);
        if after.description.len() > LONGEST {
            let mend = format!("say it in at most {LONGEST} bytes");
            faults.push(fault("description", Problem::TooLarge, mend));
        }
        none(faults)?;
        hand.covers(after.grants())?;
        if roles::is_name_taken(conn, scope, &after.name, self.role).await? {
            return refuse(SetupOutcome::NameTaken);
        }
        if before.as_ref() == Some(&after) {
            return refuse(SetupOutcome::Unchanged { id: after.id.0 });
        }
        roles::set(conn, scope, &after).await?;
        hand.tell(Event::RoleChanged { role: after.id }).await?;
        Ok(SetupOutcome::Changed { id: after.id.0 })
    }

    fn after(&self, hand: &Hand<'_>, before: Option<&OwnRole>) -> OwnRole {
        let fresh = || OwnRole {
            id: hand.wish.desk.id(),
            name: String::new(),
            description: String::new(),
            permissions: Vec::new(),
            visibility: Visibility::Own.as_str().to_owned(),
            created_at: hand.wish.now(),
            retired_at: None,
        };
        let mut role = before.cloned().unwrap_or_else(fresh);
        if let Some(name) = &self.name {
            name.trim().clone_into(&mut role.name);
        }
        if let Some(description) = &self.description {
            description.trim().clone_into(&mut role.description);
        }
        if let Some(permissions) = &self.permissions {
            // In one order and each once, so that the same set is the same row.
            let set = Grants::of(permissions, Visibility::Own).permissions();
            role.permissions = set.map(|one| one.as_str().to_owned()).collect();
        }
        if let Some(visibility) = self.visibility {
            visibility.as_str().clone_into(&mut role.visibility);
        }
        role
    }
}

impl RoleRetire {
    pub(super) async fn apply(&self, hand: &Hand<'_>) -> Answer {
        hand.needs(Permission::RolesManage)?;
        let (conn, scope, id) = (hand.conn, hand.wish.scope(), self.role);
        let found = roles::lock(conn, scope, id).await?;
        let found = found.ok_or(missing(Missing::Role))?;
        hand.covers(found.grants())?;
        if roles::is_held(conn, scope, id).await? {
            let mend = "give those who have it another role first";
            let faults = vec![fault("roleId", Problem::Contradiction, mend)];
            return refuse(SetupOutcome::Invalid { faults });
        }
        let retired = OwnRole {
            retired_at: Some(hand.wish.now()),
            ..found
        };
        roles::set(conn, scope, &retired).await?;
        hand.tell(Event::RoleChanged { role: id }).await?;
        Ok(SetupOutcome::Changed { id: id.0 })
    }
}

impl RoleGive {
    pub(super) async fn apply(&self, hand: &Hand<'_>) -> Answer {
        hand.needs(Permission::AgentsManage)?;
        let (wish, conn, scope, id) = (hand.wish, hand.conn, hand.wish.scope(), self.agent);
        let locked = setup::lock_agent(conn, scope, id).await?;
        let locked = locked.ok_or(missing(Missing::Agent))?;
        let held = roles::find_of(conn, scope, id).await?;
        let (role, own, grants) = held.ok_or(missing(Missing::Agent))?;
        hand.covers(grants)?;
        // The lock keeps the role from being retired or widened until it is given.
        let wanted = match (self.role, self.own) {
            (Role::Custom, Some(own)) => roles::lock(conn, scope, own).await?,
            (Role::Custom, None) => None,
            _ => None,
        };
        let (wanted_own, wanted_grants) = match (self.role, wanted) {
            (Role::Custom, Some(found)) => (Some(found.id), found.grants()),
            (Role::Custom, None) => return Err(missing(Missing::Role)),
            (built_in, _) => (None, built_in.grants()),
        };
        hand.covers(wanted_grants)?;
        if (role, own) == (self.role, wanted_own) {
            return refuse(SetupOutcome::Unchanged { id: id.0 });
        }
        if role == Role::Admin && setup::count_admins(conn, scope, id).await? == 0 {
            return refuse(SetupOutcome::LastAdmin);
        }
        let aggregate = (AggregateKind::Agent, id.0);
        let mut events = Events::of(wish.desk, scope, aggregate, locked.version, wish.context);
        let version = events.push(Event::AgentUpdated {
            agent: id,
            changed: vec!["role".to_owned()],
        });
        roles::give(conn, scope, id, (self.role, wanted_own), version).await?;
        outbox::append(conn, events.list()).await?;
        Ok(SetupOutcome::Changed { id: id.0 })
    }
}

impl Hand<'_> {
    /// Refuses to touch or hand out what allows more than the viewer may themselves.
    pub(super) fn covers(&self, grants: Grants) -> Result<(), Halt<SetupOutcome>> {
        match self.wish.viewer.grants.covers(grants) {
            true => Ok(()),
            false => Err(Halt::Refused(SetupOutcome::NotAllowed)),
        }
    }

    /// Refuses to change agents who may more than the viewer.
    pub(super) async fn covers_agent(&self, agent: AgentId) -> Result<(), Halt<SetupOutcome>> {
        let held = roles::find_of(self.conn, self.wish.scope(), agent).await?;
        held.map_or(Ok(()), |(_, _, grants)| self.covers(grants))
    }

    /// Refuses to hand out a built-in role that allows more than the viewer may; a tenant's own
    /// role is given on its own.
    pub(super) fn covers_role(&self, role: Role) -> Result<(), Halt<SetupOutcome>> {
        if role == Role::Custom {
            let mend = "give a role of the workspace's own by agentRoleSet";
            let faults = vec![fault("role", Problem::Contradiction, mend)];
            return refuse(SetupOutcome::Invalid { faults });
        }
        self.covers(role.grants())
    }
}
