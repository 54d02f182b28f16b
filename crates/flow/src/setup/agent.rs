//! Who answers: added, changed, kept from signing in.

use super::{
    Answer, Hand, Missing, SetupOutcome, fault, missing, name_faults, none, refuse, word_faults,
};
use crate::wish::Halt;
use crate::{Error, Events, absence, provision, quota};
use interdesk_domain::agent::Presence;
use interdesk_domain::condition::{Fault, Problem};
use interdesk_domain::event::{AggregateKind, Event};
use interdesk_domain::id::{AgentId, PresenceReasonId, ScheduleId};
use interdesk_domain::permission::{Permission, Role};
use interdesk_domain::routing::model::{AgentKind, Capacity};
use interdesk_store::provision::NewAgent;
use interdesk_store::workspace::{self, Profile, ProfileChange};
use interdesk_store::{agents, outbox, presence_reasons, provision as rows, setup, skills};
use serde::Serialize;
use std::collections::BTreeMap;

/// The most units that anybody may hold.
const MOST_UNITS: u32 = 1000;
/// The highest level of a skill.
const HIGHEST: i16 = 100;

/// Who is added.
#[derive(Debug, Clone, Serialize)]
pub struct AgentAdd {
    /// The name at sign-in.
    pub email: String,
    /// The name that colleagues see.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// A person or an assistant.
    pub kind: AgentKind,
    /// The password; without one they sign in otherwise.
    pub password: Option<String>,
}

/// What changes about an agent; what is left out stays.
#[derive(Debug, Clone, Serialize)]
pub struct AgentUpdate {
    /// Who.
    pub agent: AgentId,
    /// The name that colleagues see.
    pub name: Option<String>,
    /// What they may do.
    pub role: Option<Role>,
    /// A person or an assistant.
    pub kind: Option<AgentKind>,
    /// The languages that they answer in.
    pub languages: Option<Vec<String>>,
    /// All their skills with levels.
    pub skills: Option<BTreeMap<String, i16>>,
    /// What they may hold.
    pub capacity: Option<Capacity>,
    /// When they are at work; `Some(None)` is always.
    pub schedule: Option<Option<ScheduleId>>,
    /// Whether they may not sign in.
    pub disabled: Option<bool>,
    /// What they are.
    pub presence: Option<Presence>,
    /// What they are, in a word of the workspace's own.
    pub reason: Option<PresenceReasonId>,
}

impl AgentAdd {
    pub(super) async fn apply(&self, hand: &Hand<'_>) -> Answer {
        hand.needs(Permission::AgentsManage)?;
        hand.covers_role(self.role)?;
        let (wish, scope) = (hand.wish, hand.wish.scope());
        let email = self.email.trim().to_lowercase();
        let mut faults = name_faults("name", &self.name);
        if !email.contains('@') || email.len() > 254 || email.contains(char::is_whitespace) {
            let mend = "give an address of the form name@example.org";
            faults.push(fault("email", Problem::Contradiction, mend));
        }
        none(faults)?;
        if setup::is_email_taken(hand.conn, scope, &email).await? {
            return refuse(SetupOutcome::NameTaken);
        }
        if !quota::has_room_for_agent(wish.desk, hand.conn, scope).await? {
            return refuse(SetupOutcome::QuotaExceeded);
        }
        let hash = match &self.password {
            None => None,
            Some(password) => match provision::hash(password) {
                Some(hash) => Some(hash),
                None => {
                    let mend = "choose a password of 1 to 1,000 characters";
                    return refuse(SetupOutcome::Invalid {
                        faults: vec![fault("password", Problem::TooLarge, mend)],
                    });
                }
            },
        };
        let id: AgentId = wish.desk.id();
        let agent = NewAgent {
            id,
            email: &email,
            name: self.name.trim(),
            role: self.role,
            password_hash: hash.as_deref(),
            capacity: 3,
        };
        rows::insert_agent(hand.conn, scope, &agent, wish.now()).await?;
        let change = ProfileChange {
            id,
            name: self.name.trim(),
            role: self.role,
            kind: self.kind,
            languages: &[],
            schedule: None,
            disabled_at: None,
            version: 1,
        };
        workspace::set_profile(hand.conn, scope, &change).await?;
        let aggregate = (AggregateKind::Agent, id.0);
        let mut events = Events::of(wish.desk, scope, aggregate, 0, wish.context);
        events.push(Event::AgentAdded { agent: id });
        outbox::append(hand.conn, events.list()).await?;
        Ok(SetupOutcome::Changed { id: id.0 })
    }
}

impl AgentUpdate {
    pub(super) async fn apply(&self, hand: &Hand<'_>) -> Answer {
        let (wish, scope, id) = (hand.wish, hand.wish.scope(), self.agent);
        let locked = setup::lock_agent(hand.conn, scope, id).await?;
        let locked = locked.ok_or(missing(Missing::Agent))?;
        match self.is_for_admins() {
            true => {
                hand.needs(Permission::AgentsManage)?;
                hand.covers_agent(id).await?;
                self.role.map_or(Ok(()), |role| hand.covers_role(role))?;
            }
            false => hand.only_above(id).await?,
        }
        none(self.faults())?;
        hand.check_schedule(self.schedule.flatten()).await?;
        let presence = self.wanted_presence(hand).await?;
        let found = workspace::find_profiles(hand.conn, scope, &[id]).await?;
        let before = found.into_iter().next().ok_or(missing(Missing::Agent))?;
        self.keep_an_admin(hand, &before).await?;
        let comes_back = self.disabled == Some(false) && before.disabled_at.is_some();
        if comes_back && !quota::has_room_for_agent(wish.desk, hand.conn, scope).await? {
            return refuse(SetupOutcome::QuotaExceeded);
        }

        let aggregate = (AggregateKind::Agent, id.0);
        let mut events = Events::of(wish.desk, scope, aggregate, locked.version, wish.context);
        let mut changed = self.changed(&before);
        if let Some(wanted) = &self.skills {
            let has = skills::list(hand.conn, scope, &[id]).await?;
            let has: BTreeMap<String, i16> =
                has.into_iter().map(|one| (one.skill, one.level)).collect();
            if has != *wanted {
                let list: Vec<_> = wanted.clone().into_iter().collect();
                skills::set(hand.conn, scope, id, &list).await?;
                changed.push("skills");
            }
        }
        if let Some(capacity) = self.capacity.filter(|it| *it != before.capacity()) {
            let value = serde_json::to_value(capacity).map_err(|source| Error::Unreadable {
                what: "a capacity",
                source,
            })?;
            let total = i32::try_from(capacity.total).unwrap_or(i32::MAX);
            workspace::set_capacity(hand.conn, scope, id, &value, total).await?;
            changed.push("capacity");
        }
        if !changed.is_empty() {
            let changed = changed.into_iter().map(str::to_owned).collect();
            events.push(Event::AgentUpdated { agent: id, changed });
        }
        if let Some((to, reason)) = presence
            && (to, reason) != (before.presence, before.presence_reason)
        {
            let version = events.push(Event::AgentPresenceChanged {
                agent: id,
                from: before.presence,
                to,
                reason,
            });
            agents::mark_presence(hand.conn, scope, id, to, version).await?;
            presence_reasons::mark(hand.conn, scope, id, reason).await?;
            absence::note(wish.desk, hand.conn, scope, id, to).await?;
        }
        if events.list().is_empty() {
            return refuse(SetupOutcome::Unchanged { id: id.0 });
        }
        self.write(hand, &before, events.version()).await?;
        outbox::append(hand.conn, events.list()).await?;
        Ok(SetupOutcome::Changed { id: id.0 })
    }

    /// Tells whether more than a supervisor may is to be changed.
    fn is_for_admins(&self) -> bool {
        self.name.is_some()
            || self.role.is_some()
            || self.kind.is_some()
            || self.capacity.is_some()
            || self.schedule.is_some()
            || self.disabled.is_some()
    }

    fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if let Some(name) = &self.name {
            faults.extend(name_faults("name", name));
        }
        for (place, language) in self.languages.iter().flatten().enumerate() {
            let is_tag = !language.is_empty()
                && language.len() <= 35
                && language.split('-').all(|part| {
                    (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
                });
            if !is_tag {
                let mend = format!("{language:?} is not a language tag such as de or pt-BR");
                let path = format!("languages[{place}]");
                faults.push(fault(&path, Problem::Contradiction, mend));
            }
        }
        if let Some(skills) = &self.skills {
            faults.extend(word_faults("skills", skills.keys()));
            for (skill, level) in skills {
                if !(1..=HIGHEST).contains(level) {
                    let mend = format!("give a level from 1 to {HIGHEST}, here is {level}");
                    let path = format!("skills[{skill:?}].level");
                    faults.push(fault(&path, Problem::NothingWithin, mend));
                }
            }
        }
        if let Some(capacity) = &self.capacity {
            let most = &capacity.most;
            let numbers = [
                ("capacity.total", capacity.total),
                ("capacity.most.message", most.message),
                ("capacity.most.email", most.email),
                ("capacity.most.call", most.call),
                ("capacity.most.task", most.task),
                ("capacity.openOffers", capacity.open_offers),
            ];
            for (path, units) in numbers.into_iter().filter(|(_, units)| *units > MOST_UNITS) {
                let mend = format!("give from 0 to {MOST_UNITS}, here are {units}");
                faults.push(fault(path, Problem::TooLarge, mend));
            }
        }
        faults
    }

    /// Returns what they are to be.
    async fn wanted_presence(
        &self,
        hand: &Hand<'_>,
    ) -> Result<Option<(Presence, Option<PresenceReasonId>)>, Halt<SetupOutcome>> {
        let Some(reason) = self.reason else {
            return Ok(self.presence.map(|presence| (presence, None)));
        };
        let found = presence_reasons::find(hand.conn, hand.wish.scope(), reason).await?;
        match found.filter(|found| found.retired_at.is_none()) {
            Some(found) => Ok(Some((found.presence, Some(reason)))),
            None => Err(missing(Missing::Reason)),
        }
    }

    /// Refuses to leave nobody who may change how the workspace is set up.
    async fn keep_an_admin(
        &self,
        hand: &Hand<'_>,
        before: &Profile,
    ) -> Result<(), Halt<SetupOutcome>> {
        let was = before.role == Role::Admin && before.disabled_at.is_none();
        let is = self.role.unwrap_or(before.role) == Role::Admin && self.disabled != Some(true);
        if !was || is {
            return Ok(());
        }
        let scope = hand.wish.scope();
        match setup::count_admins(hand.conn, scope, self.agent).await? {
            0 => refuse(SetupOutcome::LastAdmin),
            _ => Ok(()),
        }
    }

    /// Names what the row holds that is to be different.
    fn changed(&self, before: &Profile) -> Vec<&'static str> {
        let is_disabled = before.disabled_at.is_some();
        let name = self.name.as_deref().map(str::trim);
        let parts = [
            ("name", name.is_some_and(|name| name != before.name)),
            ("role", self.role.is_some_and(|role| role != before.role)),
            ("kind", self.kind.is_some_and(|kind| kind != before.kind)),
            (
                "languages",
                self.languages
                    .as_ref()
                    .is_some_and(|list| *list != before.languages),
            ),
            (
                "schedule",
                self.schedule.is_some_and(|id| id != before.schedule_id),
            ),
            (
                "disabled",
                self.disabled.is_some_and(|wanted| wanted != is_disabled),
            ),
        ];
        let changed = parts.into_iter().filter(|(_, is)| *is);
        changed.map(|(name, _)| name).collect()
    }

    async fn write(&self, hand: &Hand<'_>, before: &Profile, version: i64) -> Result<(), Error> {
        let now = hand.wish.now();
        let name = self.name.as_deref().map_or(before.name.as_str(), str::trim);
        let change = ProfileChange {
            id: self.agent,
            name,
            role: self.role.unwrap_or(before.role),
            kind: self.kind.unwrap_or(before.kind),
            languages: self.languages.as_ref().unwrap_or(&before.languages),
            schedule: self.schedule.unwrap_or(before.schedule_id),
            disabled_at: match self.disabled {
                Some(true) => before.disabled_at.or(Some(now)),
                Some(false) => None,
                None => before.disabled_at,
            },
            version,
        };
        workspace::set_profile(hand.conn, hand.wish.scope(), &change).await?;
        Ok(())
    }
}
