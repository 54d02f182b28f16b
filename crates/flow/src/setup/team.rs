//! Teams and who is in them.

use super::{Answer, Hand, Missing, SetupOutcome, fault, missing, name_faults, none, refuse};
use interdesk_domain::condition::{Fault, Problem};
use interdesk_domain::event::Event;
use interdesk_domain::id::{AgentId, ScheduleId, TeamId};
use interdesk_domain::permission::Permission;
use interdesk_domain::routing::validate::MAX_RANK;
use interdesk_store::{provision, setup};
use serde::Serialize;

/// A team that is created or changed; what is left out stays.
#[derive(Debug, Clone, Serialize)]
pub struct TeamChange {
    /// Which; a new one without it.
    pub team: Option<TeamId>,
    /// What it is called.
    pub name: Option<String>,
    /// When it is open; `Some(None)` is always.
    pub schedule: Option<Option<ScheduleId>>,
}

/// Who is, or is not any more, in a team.
#[derive(Debug, Clone, Serialize)]
pub struct TeamMember {
    /// In which.
    pub team: TeamId,
    /// Who.
    pub agent: AgentId,
    /// Added to the rank of the team in a queue: lower is asked first. `None` takes them out.
    pub rank: Option<i16>,
}

impl TeamChange {
    pub(super) async fn apply(&self, hand: &Hand<'_>) -> Answer {
        hand.needs(Permission::WorkspaceConfigure)?;
        let (conn, scope) = (hand.conn, hand.wish.scope());
        if let Some(name) = &self.name {
            none(name_faults("name", name))?;
            if setup::is_team_name_taken(conn, scope, name.trim(), self.team).await? {
                return refuse(SetupOutcome::NameTaken);
            }
        }
        let (id, before) = match self.team {
            Some(id) => {
                let found = setup::lock_team(conn, scope, id).await?;
                (id, found.ok_or(missing(Missing::Team))?)
            }
            None => {
                none(name_faults("name", self.name.as_deref().unwrap_or("")))?;
                let (id, name) = (hand.wish.desk.id(), self.name.as_deref().unwrap_or(""));
                provision::insert_team(conn, scope, id, name.trim(), hand.wish.now()).await?;
                let name = String::new();
                let schedule_id = None;
                (id, setup::Named { name, schedule_id })
            }
        };
        hand.check_schedule(self.schedule.flatten()).await?;
        let name = self.name.as_deref().map_or(before.name.as_str(), str::trim);
        let after = setup::Named {
            name: name.to_owned(),
            schedule_id: self.schedule.unwrap_or(before.schedule_id),
        };
        if after == before {
            return refuse(SetupOutcome::Unchanged { id: id.0 });
        }
        setup::set_team(conn, scope, id, &after).await?;
        hand.tell(Event::TeamChanged { team: id }).await?;
        Ok(SetupOutcome::Changed { id: id.0 })
    }
}

impl TeamMember {
    pub(super) async fn apply(&self, hand: &Hand<'_>) -> Answer {
        hand.needs(Permission::WorkspaceConfigure)?;
        let (conn, scope, team) = (hand.conn, hand.wish.scope(), self.team);
        let found = setup::lock_team(conn, scope, team).await?;
        found.ok_or(missing(Missing::Team))?;
        let found = setup::lock_agent(conn, scope, self.agent).await?;
        found.ok_or(missing(Missing::Agent))?;
        let changed = match self.rank {
            None => setup::remove_member(conn, scope, team, self.agent).await?,
            Some(rank) => {
                none(rank_faults(rank))?;
                setup::set_member(conn, scope, team, self.agent, rank).await?
            }
        };
        if !changed {
            return refuse(SetupOutcome::Unchanged { id: team.0 });
        }
        hand.tell(Event::TeamChanged { team }).await?;
        Ok(SetupOutcome::Changed { id: team.0 })
    }
}

/// Says what is wrong with a rank.
pub(super) fn rank_faults(rank: i16) -> Vec<Fault> {
    if (0..=i16::from(MAX_RANK)).contains(&rank) {
        return Vec::new();
    }
    let mend = format!("give a rank from 0 to {MAX_RANK}, here is {rank}");
    vec![fault("rank", Problem::NothingWithin, mend)]
}
