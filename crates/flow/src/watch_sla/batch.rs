//! A page of the log, taken into the episodes that it concerns.

use super::law::{Law, Shelf};
use super::track::{Track, course};
use crate::sla_correct;
use crate::{Context, Desk, Error, Events};
use chrono::{DateTime, Utc};
use interdesk_domain::condition::Facts;
use interdesk_domain::event::{AggregateKind, Envelope, Event};
use interdesk_domain::id::*;
use interdesk_domain::schedule::Candidates;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::sla::{Course, Moment, Rollups, What};
use interdesk_store::sla::{self, Concern};
use interdesk_store::{Conn, sla_rollups};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use uuid::Uuid;

/// Conversations whose facts are read by one statement.
const PART: usize = 500;

/// A page of the log, taken into the episodes that it concerns.
pub(crate) struct Batch<'a> {
    desk: &'a Desk,
    conn: &'a Conn,
    scope: TenantScope,
    law: Arc<Law>,
    conversations: BTreeMap<ConversationId, sla::Conversation>,
    tracks: BTreeMap<EpisodeId, Track>,
    /// Episodes that hours of other versions apply to.
    recount: BTreeSet<EpisodeId>,
    places: HashMap<ConversationId, sla::Place>,
    serving: HashMap<QueueId, Vec<sla::Serving>>,
    members: HashMap<AgentId, Vec<TeamId>>,
    rollups: Rollups,
}

impl<'a> Batch<'a> {
    /// Loads and locks what a page of the log concerns.
    pub(crate) async fn load(
        desk: &'a Desk,
        conn: &'a Conn,
        scope: TenantScope,
        shelf: &Shelf,
        page: &[Envelope],
    ) -> Result<Self, Error> {
        let of_conversation =
            |envelope: &&Envelope| envelope.aggregate.kind == AggregateKind::Conversation;
        let ids: BTreeSet<_> = page
            .iter()
            .filter(of_conversation)
            .map(|envelope| ConversationId(envelope.aggregate.id))
            .collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let known = sla::lock_conversations(conn, scope, &ids).await?;
        let law = shelf.law(conn, scope).await?;
        let zone = sla_rollups::share(conn, scope).await?;
        let mut batch = Self {
            desk,
            conn,
            scope,
            law,
            conversations: known
                .into_iter()
                .map(|one| (one.conversation_id, one))
                .collect(),
            tracks: BTreeMap::new(),
            recount: BTreeSet::new(),
            places: HashMap::new(),
            serving: HashMap::new(),
            members: HashMap::new(),
            rollups: Rollups::new(zone),
        };
        let episodes = batch.concerned(page).await?;
        batch.load_tracks(&episodes).await?;
        batch.load_teams(page).await?;
        if !batch.law.is_empty() {
            let chooses = page.iter().filter(|envelope| may_choose(&envelope.event));
            let ids: BTreeSet<_> = chooses
                .map(|envelope| ConversationId(envelope.aggregate.id))
                .collect();
            batch
                .load_places(&ids.into_iter().collect::<Vec<_>>())
                .await?;
        }
        Ok(batch)
    }

    /// Finds the episodes whose history a page may let grow; for most messages of a customer who waits
    /// already the episode's row is enough to know that it does not.
    async fn concerned(&self, page: &[Envelope]) -> Result<Vec<EpisodeId>, Error> {
        let conversations = self.conversations.values();
        let ids: Vec<_> = conversations.map(|one| one.episode_id).collect();
        let mut events: BTreeMap<ConversationId, Vec<&Envelope>> = BTreeMap::new();
        for envelope in page {
            if envelope.aggregate.kind == AggregateKind::Conversation {
                let id = ConversationId(envelope.aggregate.id);
                events.entry(id).or_default().push(envelope);
            }
        }
        let mut concerned = Vec::new();
        for part in ids.chunks(PART) {
            for row in sla::find_episodes(self.conn, self.scope, part).await? {
                let read = self.conversations.get(&row.conversation_id);
                let read = read.map_or(0, |known| known.version);
                let mut course = course(&row);
                let mut all = events.get(&row.conversation_id).into_iter().flatten();
                if all.any(|event| event.aggregate.version > read && matters(&mut course, event)) {
                    concerned.push(row.episode_id);
                }
            }
        }
        Ok(concerned)
    }

    async fn load_tracks(&mut self, episodes: &[EpisodeId]) -> Result<(), Error> {
        let (conn, scope) = (self.conn, self.scope);
        let missing: Vec<_> = episodes
            .iter()
            .copied()
            .filter(|id| !self.tracks.contains_key(id))
            .collect();
        for part in missing.chunks(PART) {
            let rows = sla::lock_episodes(conn, scope, part).await?;
            let mut moments = grouped(sla::list_moments(conn, scope, part).await?, |one| {
                one.episode_id
            });
            let mut clocks = grouped(sla::list_clocks(conn, scope, part).await?, |one| {
                one.episode_id
            });
            for row in rows {
                let id = row.episode_id;
                let moments = moments.remove(&id).unwrap_or_default();
                let clocks = clocks.remove(&id).unwrap_or_default();
                self.tracks.insert(id, Track::load(row, moments, clocks)?);
            }
        }
        Ok(())
    }

    async fn load_places(&mut self, conversations: &[ConversationId]) -> Result<(), Error> {
        for part in conversations.chunks(PART) {
            let places = sla::list_facts(self.conn, self.scope, part).await?;
            let places = places
                .into_iter()
                .map(|place| (place.conversation_id, place));
            self.places.extend(places);
        }
        Ok(())
    }

    /// Finds who serves the queues and which teams the agents are in, that the page or its episodes
    /// name.
    async fn load_teams(&mut self, page: &[Envelope]) -> Result<(), Error> {
        let mut queues: BTreeSet<QueueId> = self
            .tracks
            .values()
            .filter_map(|track| track.course.queue)
            .collect();
        let mut agents: BTreeSet<AgentId> = self
            .tracks
            .values()
            .filter_map(|track| track.course.agent)
            .collect();
        for envelope in page {
            match &envelope.event {
                Event::WorkItemQueued { queue, .. } | Event::WorkItemReleased { queue, .. } => {
                    queues.insert(*queue);
                }
                Event::WorkItemTaken { queue, agent, .. }
                | Event::OfferAccepted { queue, agent, .. } => {
                    queues.insert(*queue);
                    agents.insert(*agent);
                }
                Event::WorkItemTransferred { queue, to, .. } => {
                    queues.insert(*queue);
                    agents.extend(*to);
                }
                _ => {}
            }
        }
        queues.retain(|queue| !self.serving.contains_key(queue));
        agents.retain(|agent| !self.members.contains_key(agent));
        let queues: Vec<_> = queues.into_iter().collect();
        let agents: Vec<_> = agents.into_iter().collect();
        if !queues.is_empty() {
            for one in sla::list_serving(self.conn, self.scope, &queues).await? {
                self.serving.entry(one.queue_id).or_default().push(one);
            }
        }
        if !agents.is_empty() {
            for one in sla::list_members(self.conn, self.scope, &agents).await? {
                self.members
                    .entry(one.agent_id)
                    .or_default()
                    .push(one.team_id);
            }
        }
        Ok(())
    }

    /// Takes the next event of the log.
    pub(crate) async fn take(&mut self, envelope: &Envelope) -> Result<(), Error> {
        match (&envelope.aggregate.kind, &envelope.event) {
            (AggregateKind::Conversation, _) => self.take_conversation(envelope),
            (_, Event::ContactUpdated { contact, .. }) => {
                let (concern, first) = (Concern::Contact(*contact), EpisodeId(Uuid::nil()));
                let all = sla::list_concerned(self.conn, self.scope, concern, first, i64::MAX);
                let ids = all.await?;
                self.choose_again(envelope, &ids).await
            }
            _ => Ok(()),
        }
    }

    fn take_conversation(&mut self, envelope: &Envelope) -> Result<(), Error> {
        let conversation = ConversationId(envelope.aggregate.id);
        let version = envelope.aggregate.version;
        let opened = match &envelope.event {
            Event::ConversationOpened { episode, .. }
            | Event::ConversationReopened { episode, .. } => Some(*episode),
            _ => None,
        };
        if let Some(episode) = opened {
            let at = envelope.occurred_at;
            self.tracks
                .entry(episode)
                .or_insert_with(|| Track::open(conversation, episode, at));
        }
        let known = self.conversations.get_mut(&conversation);
        let episode = match (known, opened) {
            // Twice or late: what was read is not read again.
            (Some(known), _) if version <= known.version => return Ok(()),
            (Some(known), opened) => {
                known.version = version;
                known.episode_id = opened.unwrap_or(known.episode_id);
                known.episode_id
            }
            (None, Some(episode)) => {
                let row = sla::Conversation {
                    conversation_id: conversation,
                    episode_id: episode,
                    version,
                };
                self.conversations.insert(conversation, row);
                episode
            }
            // It began before anything was read; its next episode is the first that is known.
            (None, None) => return Ok(()),
        };
        let Some(mut track) = self.tracks.remove(&episode) else {
            return Ok(());
        };
        let taken = self.read(&mut track, envelope);
        self.tracks.insert(episode, track);
        taken
    }

    fn read(&self, track: &mut Track, envelope: &Envelope) -> Result<(), Error> {
        if track.is_over() {
            return Ok(());
        }
        let mut held = Vec::new();
        let taken = track.take(envelope, |queue, agent| self.team(queue, agent), &mut held);
        let (at, event) = (envelope.occurred_at, envelope.id);
        if taken.opens {
            self.choose(track, at, event)?;
        }
        for (moment, agent) in held {
            track.push(moment, agent)?;
        }
        if taken.choose && !taken.opens && !track.is_over() {
            self.choose(track, at, event)?;
        }
        Ok(())
    }

    /// Finds the team of an agent among those that serve a queue, the first line first.
    fn team(&self, queue: Option<QueueId>, agent: Option<AgentId>) -> Option<TeamId> {
        let teams = self.members.get(&agent?)?;
        let mut serving = self
            .serving
            .get(&queue?)?
            .iter()
            .filter_map(|one| one.team_id);
        serving.find(|team| teams.contains(team))
    }

    /// Writes into the history which policy and which schedule apply, where others do than before.
    fn choose(&self, track: &mut Track, at: DateTime<Utc>, event: EventId) -> Result<(), Error> {
        if self.law.is_empty() {
            return Ok(());
        }
        let place = self.places.get(&track.row.conversation_id);
        let chosen = self
            .law
            .choose(at, track.course.policy, || self.facts(track, place, at));
        let queue = track.course.queue.or(place.map(|place| place.queue_id));
        let serving = queue.and_then(|queue| self.serving.get(&queue));
        let team = track.course.team;
        let of_team = serving.and_then(|serving| {
            let own = serving
                .iter()
                .find(|one| team.is_some() && one.team_id == team);
            own.or(serving.first())
        });
        let known = |schedule: Option<ScheduleId>| schedule.filter(|id| self.law.has(*id));
        let schedule = Candidates {
            contract: known(chosen.contract),
            contact: known(place.and_then(|place| place.schedule_id)),
            queue: known(serving.and_then(|all| all.first()?.queue_schedule)),
            team: known(of_team.and_then(|one| one.team_schedule)),
        }
        .choose();
        let changes = [
            (chosen.policy != track.course.policy).then_some(What::PolicyChanged(chosen.policy)),
            (schedule != track.course.schedule).then_some(What::ScheduleChanged(schedule)),
        ];
        for what in changes.into_iter().flatten() {
            track.push(Moment { at, event, what }, None)?;
        }
        Ok(())
    }

    fn facts(&self, track: &Track, place: Option<&sla::Place>, at: DateTime<Utc>) -> Facts {
        let mut facts = Facts::at(at);
        let course = &track.course;
        (facts.queue, facts.team) = (course.queue, course.team);
        facts.status = Some(course.status());
        facts.assignee = course.agent;
        facts.priority = Some(course.priority);
        facts.schedules = self.law.open(at);
        if let Some(place) = place {
            facts.inbox = Some(place.inbox_id);
            facts.channel = Some(place.channel);
            facts.network = place.network.clone();
            facts.language = place.locale.clone();
            facts.attributes = serde_json::from_value(place.attributes.clone()).unwrap_or_default();
            facts.text = place.text.clone().unwrap_or_default();
            facts.segments = place.segments.iter().cloned().collect();
            facts.vip = place.vip;
            facts.tags = place.tags.iter().cloned().collect();
            facts.queue = facts.queue.or(Some(place.queue_id));
            facts.waiting_since = place.waiting_since;
        }
        facts
    }

    /// Chooses anew for episodes that something beside their conversation concerns.
    pub(super) async fn choose_again(
        &mut self,
        envelope: &Envelope,
        ids: &[EpisodeId],
    ) -> Result<(), Error> {
        if self.law.is_empty() {
            return Ok(());
        }
        self.load_tracks(ids).await?;
        let of = |id: &EpisodeId| Some(self.tracks.get(id)?.row.conversation_id);
        let conversations: Vec<_> = ids.iter().filter_map(of).collect();
        self.load_places(&conversations).await?;
        self.load_teams(&[]).await?;
        for id in ids {
            let Some(mut track) = self.tracks.remove(id) else {
                continue;
            };
            let is_begun = !track.history.is_empty() && !track.is_over();
            let chosen = match is_begun {
                true => self.choose(&mut track, envelope.occurred_at, envelope.id),
                false => Ok(()),
            };
            self.tracks.insert(*id, track);
            chosen?;
        }
        Ok(())
    }

    /// Sets timers for the moments at which other service levels come into force.
    pub(super) async fn plan_changes(&self, at: DateTime<Utc>) -> Result<(), Error> {
        let due = self.law.changes_after(at);
        let subject = EpisodeId(self.scope.tenant().0);
        let mut wake_ups = due.into_iter().map(|at| (subject, self.desk.id(), at));
        let first = wake_ups.next().map(|(_, id, at)| (id, at));
        sla::set_wake_ups(self.conn, self.scope, &[(subject, first)]).await?;
        sla::add_wake_ups(self.conn, self.scope, wake_ups).await?;
        Ok(())
    }

    /// Counts again what other hours change, of those episodes that count by them. What is over is
    /// corrected.
    pub(super) async fn count_again(
        &mut self,
        sweep: &mut sla::Sweep,
        schedule: ScheduleId,
        is_past: bool,
        ids: &[EpisodeId],
    ) -> Result<(), Error> {
        self.load_tracks(ids).await?;
        let used = |moment: &Moment| moment.what == What::ScheduleChanged(Some(schedule));
        let uses = |id: &&EpisodeId| {
            let track = self.tracks.get(id);
            track.is_some_and(|track| track.history.iter().any(used))
        };
        let concerned: Vec<_> = ids.iter().filter(uses).copied().collect();
        sweep.concerned += i32::try_from(concerned.len()).unwrap_or(i32::MAX);
        if is_past {
            self.correct(sweep, &concerned).await?;
        }
        self.recount.extend(concerned);
        Ok(())
    }

    async fn correct(
        &mut self,
        sweep: &mut sla::Sweep,
        concerned: &[EpisodeId],
    ) -> Result<(), Error> {
        let mut rollups = self.rollups.emptied();
        let mut restated = Vec::new();
        for id in concerned {
            if let Some(track) = self.tracks.get_mut(id) {
                let changed = track.recount(&self.law.book, &mut rollups)?;
                if !changed.is_empty() {
                    restated.push((*id, changed));
                }
            }
        }
        let (desk, conn, scope) = (self.desk, self.conn, self.scope);
        sla_correct::record(desk, conn, scope, sweep, &restated, &rollups).await
    }

    /// Writes everything: moments, clocks, timers, deadlines and sums. Returns the events.
    pub(crate) async fn finish(mut self) -> Result<Vec<Envelope>, Error> {
        let (conn, scope, desk) = (self.conn, self.scope, self.desk);
        let mut events = Vec::new();
        let mut write = Write::default();
        for (id, track) in &mut self.tracks {
            if track.fresh().is_empty() && !self.recount.contains(id) {
                continue;
            }
            let settled = track.settle(&self.law.book, &mut self.rollups)?;
            write.moments.extend_from_slice(track.fresh());
            events.extend(told(desk, scope, track, settled.events.clone(), None));
            write.add(desk, track, settled);
        }
        let conversations: Vec<_> = self.conversations.into_values().collect();
        if !conversations.is_empty() {
            sla::upsert_conversations(conn, scope, &conversations).await?;
        }
        write.run(conn, scope, desk).await?;
        sla_rollups::apply(conn, scope, &self.rollups, None).await?;
        Ok(events)
    }
}

/// What is written of episodes that changed.
#[derive(Default)]
pub(crate) struct Write {
    pub(crate) moments: Vec<sla::Moment>,
    pub(crate) episodes: Vec<sla::Episode>,
    clocks: Vec<sla::Clock>,
    gone: Vec<(EpisodeId, interdesk_domain::sla::InstanceId)>,
    wake_ups: Vec<sla::WakeUp>,
    deadlines: Vec<(ConversationId, Option<DateTime<Utc>>)>,
}

impl Write {
    /// Adds what became of an episode.
    pub(crate) fn add(&mut self, desk: &Desk, track: &Track, settled: super::track::Settled) {
        let id = track.row.episode_id;
        self.episodes.push(track.row.clone());
        self.clocks.extend(settled.clocks);
        self.gone
            .extend(settled.gone.into_iter().map(|gone| (id, gone)));
        if settled.wake {
            let wake = track.row.next_wake_up.map(|at| (desk.id(), at));
            self.wake_ups.push((id, wake));
        }
        if let Some(deadline) = settled.deadline {
            self.deadlines.push((track.row.conversation_id, deadline));
        }
    }

    /// Writes it all.
    pub(crate) async fn run(
        self,
        conn: &Conn,
        scope: TenantScope,
        desk: &Desk,
    ) -> Result<(), Error> {
        sla::upsert_episodes(conn, scope, &self.episodes).await?;
        sla::insert_moments(conn, scope, &self.moments).await?;
        sla::upsert_clocks(conn, scope, &self.clocks).await?;
        sla::delete_clocks(conn, scope, &self.gone).await?;
        sla::set_wake_ups(conn, scope, &self.wake_ups).await?;
        if self.deadlines.is_empty() {
            return Ok(());
        }
        // Whoever has the work locked may wait for what is locked here: their rows are left out, and
        // a timer writes them, which locks in everybody's order.
        let marked = sla::mark_deadlines(conn, scope, &self.deadlines).await?;
        let marked: BTreeSet<_> = marked.into_iter().collect();
        let now = desk.now();
        let late = self.episodes.iter().filter(|row| {
            let of_it = |one: &(ConversationId, _)| one.0 == row.conversation_id;
            row.resolved_at.is_none()
                && self.deadlines.iter().any(of_it)
                && !marked.contains(&row.conversation_id)
        });
        let late = late.map(|row| (row.episode_id, desk.id(), now));
        sla::add_wake_ups(conn, scope, late).await?;
        Ok(())
    }
}

/// Writes events of an episode's clocks into envelopes.
pub(crate) fn told(
    desk: &Desk,
    scope: TenantScope,
    track: &mut Track,
    events: Vec<Event>,
    at: Option<DateTime<Utc>>,
) -> Vec<Envelope> {
    if events.is_empty() {
        return Vec::new();
    }
    let aggregate = (AggregateKind::Episode, track.row.episode_id.0);
    let context = Context::system(None, None);
    let mut list = Events::of(desk, scope, aggregate, track.row.version, &context);
    for event in events {
        track.row.version = list.push(event);
    }
    let mut list = list.into_list();
    if let Some(at) = at {
        list.iter_mut().for_each(|event| event.occurred_at = at);
    }
    list
}

/// Tells whether an event adds anything to an episode, or changes who has it.
fn matters(course: &mut Course, event: &Envelope) -> bool {
    let before = *course;
    let read = course.read(event);
    read.choose || !read.moments.is_empty() || *course != before
}

/// Tells whether an event may change which policy or schedule applies to its conversation.
fn may_choose(event: &Event) -> bool {
    matches!(
        event,
        Event::ConversationOpened { .. }
            | Event::ConversationReopened { .. }
            | Event::WorkItemQueued { .. }
            | Event::WorkItemReleased { .. }
            | Event::WorkItemTransferred { .. }
            | Event::WorkItemTaken { .. }
            | Event::OfferAccepted { .. }
            | Event::PriorityChanged { .. }
            | Event::ConversationTagged { .. }
            | Event::ConversationUntagged { .. }
    )
}

fn grouped<T, K: Ord>(rows: Vec<T>, key: impl Fn(&T) -> K) -> BTreeMap<K, Vec<T>> {
    let mut groups: BTreeMap<K, Vec<T>> = BTreeMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}
