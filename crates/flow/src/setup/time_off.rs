//! Time that an agent has off.

use super::{Answer, Hand, Missing, SetupOutcome, fault, missing, none};
use crate::{Error, Events};
use chrono::{DateTime, TimeDelta, Utc};
use interdesk_domain::condition::Problem;
use interdesk_domain::event::{AggregateKind, Event};
use interdesk_domain::id::{AbsenceId, AgentId};
use interdesk_store::absences::{self, Absence};
use interdesk_store::workspace::{self, ProfileChange};
use interdesk_store::{outbox, setup};
use serde::Serialize;

/// Who has time off, and when.
#[derive(Debug, Clone, Serialize)]
pub struct TimeOffAdd {
    /// Who.
    pub agent: AgentId,
    /// From when on.
    pub from: DateTime<Utc>,
    /// Until when; itself not included.
    pub until: DateTime<Utc>,
    /// What is to be said about it.
    pub note: String,
}

/// Which time off is taken back.
#[derive(Debug, Clone, Serialize)]
pub struct TimeOffRemove {
    /// Which.
    pub absence: AbsenceId,
}

impl TimeOffAdd {
    pub(super) async fn apply(&self, hand: &Hand<'_>) -> Answer {
        let scope = hand.wish.scope();
        let locked = setup::lock_agent(hand.conn, scope, self.agent).await?;
        let locked = locked.ok_or(missing(Missing::Agent))?;
        hand.only_above(self.agent).await?;
        let mut faults = Vec::new();
        if self.until <= self.from {
            let mend = "let it end after it begins";
            faults.push(fault("until", Problem::NothingWithin, mend));
        } else if self.until <= hand.wish.now() {
            let mend = "it is over already; name a time to come";
            faults.push(fault("until", Problem::NothingWithin, mend));
        } else if self.until - self.from > TimeDelta::days(2 * 366) {
            let mend = "let it last at most two years; disable who does not come back";
            faults.push(fault("until", Problem::TooLarge, mend));
        }
        if self.note.chars().count() > 1000 {
            let mend = "use at most 1000 characters";
            faults.push(fault("note", Problem::TooLarge, mend));
        }
        none(faults)?;
        let id: AbsenceId = hand.wish.desk.id();
        let absence = Absence {
            id,
            agent_id: self.agent,
            starts_at: self.from,
            ends_at: self.until,
            note: self.note.trim().to_owned(),
            made_by: Some(hand.wish.viewer.agent),
        };
        absences::insert(hand.conn, scope, &absence, hand.wish.now()).await?;
        tell(hand, self.agent, locked.version).await?;
        Ok(SetupOutcome::Changed { id: self.agent.0 })
    }
}

impl TimeOffRemove {
    pub(super) async fn apply(&self, hand: &Hand<'_>) -> Answer {
        let scope = hand.wish.scope();
        let gone = || missing(Missing::TimeOff);
        let found = absences::find(hand.conn, scope, self.absence).await?;
        let agent = found.ok_or_else(gone)?.agent_id;
        let locked = setup::lock_agent(hand.conn, scope, agent).await?;
        let locked = locked.ok_or_else(gone)?;
        hand.only_above(agent).await?;
        absences::remove(hand.conn, scope, self.absence, hand.wish.now()).await?;
        tell(hand, agent, locked.version).await?;
        Ok(SetupOutcome::Changed { id: agent.0 })
    }
}

/// Tells that the time off of a locked agent changed.
async fn tell(hand: &Hand<'_>, agent: AgentId, version: i64) -> Result<(), Error> {
    let (wish, scope) = (hand.wish, hand.wish.scope());
    let aggregate = (AggregateKind::Agent, agent.0);
    let mut events = Events::of(wish.desk, scope, aggregate, version, wish.context);
    let version = events.push(Event::AgentUpdated {
        agent,
        changed: vec!["time_off".to_owned()],
    });
    let found = workspace::find_profiles(hand.conn, scope, &[agent]).await?;
    for before in &found {
        let same = ProfileChange {
            id: agent,
            name: &before.name,
            role: before.role,
            kind: before.kind,
            languages: &before.languages,
            schedule: before.schedule_id,
            disabled_at: before.disabled_at,
            version,
        };
        workspace::set_profile(hand.conn, scope, &same).await?;
    }
    outbox::append(hand.conn, events.list()).await?;
    Ok(())
}
