//! Queues and which teams serve them.

use super::team::rank_faults;
use super::{Answer, Hand, Missing, SetupOutcome, fault, missing, name_faults, none, refuse};
use interdesk_domain::condition::Problem;
use interdesk_domain::event::Event;
use interdesk_domain::id::{QueueId, ScheduleId, TeamId};
use interdesk_domain::permission::Permission;
use interdesk_store::setup::LockedQueue;
use interdesk_store::{provision, setup};
use serde::Serialize;

/// A queue that is created or changed; what is left out stays.
#[derive(Debug, Clone, Serialize)]
pub struct QueueChange {
    /// Which; a new one without it.
    pub queue: Option<QueueId>,
    /// What it is called.
    pub name: Option<String>,
    /// When it is open; `Some(None)` is always.
    pub schedule: Option<Option<ScheduleId>>,
    /// How long an offer waits where the queue's policy does not say; 30 seconds for a new one.
    pub offer_seconds: Option<i32>,
}

/// Which team serves, or does not any more, a queue.
#[derive(Debug, Clone, Serialize)]
pub struct QueueTeam {
    /// Which queue.
    pub queue: QueueId,
    /// Which team.
    pub team: TeamId,
    /// Which line of the queue it is: lower is asked first. `None` lets it serve no more.
    pub rank: Option<i16>,
    /// How many units each member may hold by this queue.
    pub most: Option<i32>,
}

impl QueueChange {
    pub(super) async fn apply(&self, hand: &Hand<'_>) -> Answer {
        hand.needs(Permission::WorkspaceConfigure)?;
        let (conn, scope) = (hand.conn, hand.wish.scope());
        if let Some(seconds) = self.offer_seconds.filter(|it| !(1..=86_400).contains(it)) {
            let mend = format!("give from 1 to 86400 seconds, here are {seconds}");
            none(vec![fault("offerSeconds", Problem::NothingWithin, mend)])?;
        }
        if let Some(name) = &self.name {
            none(name_faults("name", name))?;
            if setup::is_queue_name_taken(conn, scope, name.trim(), self.queue).await? {
                return refuse(SetupOutcome::NameTaken);
            }
        }
        let (id, before) = match self.queue {
            Some(id) => {
                let found = setup::lock_queue(conn, scope, id).await?;
                (id, found.ok_or(missing(Missing::Queue))?)
            }
            None => {
                none(name_faults("name", self.name.as_deref().unwrap_or("")))?;
                let (id, name) = (hand.wish.desk.id(), self.name.as_deref().unwrap_or(""));
                let now = hand.wish.now();
                provision::insert_queue(conn, scope, id, name.trim(), 30, now).await?;
                let new = LockedQueue {
                    name: String::new(),
                    schedule_id: None,
                    offer_seconds: 30,
                };
                (id, new)
            }
        };
        hand.check_schedule(self.schedule.flatten()).await?;
        let name = self.name.as_deref().map_or(before.name.as_str(), str::trim);
        let after = LockedQueue {
            name: name.to_owned(),
            schedule_id: self.schedule.unwrap_or(before.schedule_id),
            offer_seconds: self.offer_seconds.unwrap_or(before.offer_seconds),
        };
        if after == before {
            return refuse(SetupOutcome::Unchanged { id: id.0 });
        }
        setup::set_queue(conn, scope, id, &after).await?;
        hand.tell(Event::QueueChanged { queue: id }).await?;
        Ok(SetupOutcome::Changed { id: id.0 })
    }
}

impl QueueTeam {
    pub(super) async fn apply(&self, hand: &Hand<'_>) -> Answer {
        hand.needs(Permission::WorkspaceConfigure)?;
        let (conn, scope) = (hand.conn, hand.wish.scope());
        let (queue, team) = (self.queue, self.team);
        let found = setup::lock_queue(conn, scope, queue).await?;
        found.ok_or(missing(Missing::Queue))?;
        let found = setup::lock_team(conn, scope, team).await?;
        found.ok_or(missing(Missing::Team))?;
        let changed = match self.rank {
            None => setup::remove_queue_team(conn, scope, queue, team).await?,
            Some(rank) => {
                let mut faults = rank_faults(rank);
                if let Some(most) = self.most.filter(|it| !(0..=1000).contains(it)) {
                    let mend = format!("give from 0 to 1000 units, here are {most}");
                    faults.push(fault("most", Problem::NothingWithin, mend));
                }
                none(faults)?;
                setup::set_queue_team(conn, scope, queue, team, rank, self.most).await?
            }
        };
        if !changed {
            return refuse(SetupOutcome::Unchanged { id: queue.0 });
        }
        hand.tell(Event::QueueChanged { queue }).await?;
        Ok(SetupOutcome::Changed { id: queue.0 })
    }
}
