//! One episode under the hand of whoever locked it: its history grows, and its clocks follow.

use crate::Error;
use chrono::{DateTime, Utc};
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::id::*;
use interdesk_domain::sla::{
    Book, Clock, Course, End, Figures, Instance, InstanceId, Moment, Outcome, Place, PolicyVersion,
    Report, Restated, Rollups, State, What, evaluate, restated,
};
use interdesk_store::sla;
use std::collections::{BTreeMap, BTreeSet};

/// One episode: its row, its history, and what its clocks said last.
#[derive(Debug)]
pub(crate) struct Track {
    pub(crate) row: sla::Episode,
    pub(crate) course: Course,
    pub(crate) history: Vec<Moment>,
    /// Who had it at each moment of the history.
    pub(crate) rows: Vec<sla::Moment>,
    /// How many of them are stored.
    stored: usize,
    /// What the clocks said last.
    kept: Vec<sla::Clock>,
    /// What a correction changed already and is not written yet.
    owed: Option<Owed>,
}

#[derive(Debug, Default)]
struct Owed {
    clocks: BTreeMap<InstanceId, sla::Clock>,
    gone: Vec<InstanceId>,
}

/// What is to be written after an episode's history grew, or its hours changed.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// Clocks whose figures changed.
    pub(crate) clocks: Vec<sla::Clock>,
    /// Clocks that are no more.
    pub(crate) gone: Vec<InstanceId>,
    /// What subscribers are told.
    pub(crate) events: Vec<Event>,
    /// By when it has to be answered, where that changed.
    pub(crate) deadline: Option<Option<DateTime<Utc>>>,
    /// Whether its timer has to be set anew.
    pub(crate) wake: bool,
}

impl Track {
    /// Begins with an episode that opens.
    pub(crate) fn open(
        conversation: ConversationId,
        episode: EpisodeId,
        at: DateTime<Utc>,
    ) -> Self {
        Self {
            row: sla::Episode {
                episode_id: episode,
                conversation_id: conversation,
                moments: 0,
                version: 0,
                told_until: None,
                opened_at: millis(at),
                resolved_at: None,
                state: State::New,
                priority: 0,
                policy_id: None,
                policy_version: None,
                schedule_id: None,
                queue_id: None,
                team_id: None,
                agent_id: None,
                asked: false,
                next_wake_up: None,
            },
            course: Course::default(),
            history: Vec::new(),
            rows: Vec::new(),
            stored: 0,
            kept: Vec::new(),
            owed: None,
        }
    }

    /// Goes on with an episode that is kept.
    pub(crate) fn load(
        row: sla::Episode,
        rows: Vec<sla::Moment>,
        kept: Vec<sla::Clock>,
    ) -> Result<Self, Error> {
        let history = rows.iter().map(sla::Moment::read);
        let history = history.collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            course: course(&row),
            row,
            history,
            stored: rows.len(),
            rows,
            kept,
            owed: None,
        })
    }

    /// Tells whether nothing changes any more.
    pub(crate) fn is_over(&self) -> bool {
        self.course.state.is_done()
    }

    /// Returns the time of the last moment, or up to when all was told if that is later: what is
    /// kept of the clocks is what they said then.
    pub(crate) fn as_of(&self) -> DateTime<Utc> {
        let last = self.history.last().map(|last| last.at);
        last.max(self.row.told_until).unwrap_or(self.row.opened_at)
    }

    /// Adds a moment; it is never before the last, nor before what was told.
    pub(crate) fn push(&mut self, moment: Moment, agent: Option<AgentId>) -> Result<(), Error> {
        let at = millis(moment.at);
        let at = match self.history.is_empty() {
            true => at,
            false => at.max(self.as_of()),
        };
        self.course.follow(moment.what);
        let moment = Moment { at, ..moment };
        self.history.push(moment);
        self.rows.push(sla::Moment {
            episode_id: self.row.episode_id,
            position: i32::try_from(self.rows.len() + 1).unwrap_or(i32::MAX),
            at,
            event_id: moment.event,
            what: sla::Moment::write(moment.what)?,
            queue_id: self.course.queue,
            team_id: self.course.team,
            agent_id: agent.or(self.course.agent),
        });
        Ok(())
    }

    /// Returns the moments that are not stored yet.
    pub(crate) fn fresh(&self) -> &[sla::Moment] {
        &self.rows[self.stored..]
    }

    /// Computes the clocks.
    pub(crate) fn report<'b>(
        &self,
        book: &'b Book,
        at: DateTime<Utc>,
    ) -> Result<Report<'b>, Error> {
        evaluate(self.history.iter().copied(), book, at).map_err(Error::Clocks)
    }

    /// Computes what is to be kept of the clocks after so many moments.
    fn figures(&self, report: &Report<'_>, moments: usize) -> Vec<sla::Clock> {
        let of = |instance: &Instance<'_>| {
            let figures = instance.figures();
            let owner = self.owner(&figures, moments);
            sla::Clock {
                episode_id: self.row.episode_id,
                conversation_id: self.row.conversation_id,
                clock: figures.id.clock,
                started_by: figures.id.started_by,
                number: i32::try_from(figures.number).unwrap_or(i32::MAX),
                policy_id: figures.policy.map(|key| key.policy),
                policy_version: figures.policy.map(version),
                priority: figures.priority,
                within_ms: figures.within_ms,
                hours: figures.hours,
                schedule_id: figures.schedule,
                started_at: figures.started_at,
                ended_at: figures.ended.map(|ended| ended.at),
                ended_how: figures.ended.map(|ended| ended.how),
                ended_by: figures.ended.map(|ended| ended.event),
                counted_ms: figures.counted_ms,
                counting_since: figures.counting_since,
                paused_in: figures.paused_in,
                deadline: figures.deadline,
                breached_at: figures.breached_at,
                outcome: figures.outcome,
                queue_id: owner.and_then(|row| row.queue_id),
                team_id: owner.and_then(|row| row.team_id),
                agent_id: owner.and_then(|row| row.agent_id),
                next_wake_up: instance.next_wake_up(),
            }
        };
        report.instances.iter().map(of).collect()
    }

    /// Finds the moment that says who had the episode when a clock ended, or has it.
    ///
    /// An offer is the matter of whom it was made to, whatever became of it.
    fn owner(&self, figures: &Figures, moments: usize) -> Option<&sla::Moment> {
        let rows = &self.rows[..moments];
        if figures.id.clock == Clock::TimeToAccept {
            let started = figures.id.started_by;
            let offered = |row: &&sla::Moment| row.event_id == started;
            return rows.iter().rev().find(offered);
        }
        let until = match figures.ended {
            Some(ended) => {
                let by = |row: &sla::Moment| row.event_id == ended.event;
                rows.iter().rposition(by).map_or(moments, |at| at + 1)
            }
            None => moments,
        };
        let moments = self.rows[..until].iter().zip(&self.history[..until]);
        moments
            .rev()
            .find(|(_, moment)| !is_of_offer(moment.what))
            .map(|(row, _)| row)
    }

    /// Counts again what is stored by hours that were corrected, and lists what that changed.
    pub(crate) fn recount(
        &mut self,
        book: &Book,
        rollups: &mut Rollups,
    ) -> Result<Vec<Restated>, Error> {
        let Some(last) = self.stored.checked_sub(1) else {
            return Ok(Vec::new());
        };
        let history = self.history[..self.stored].iter().copied();
        let as_of = Some(self.history[last].at).max(self.row.told_until);
        let report = evaluate(history, book, as_of.unwrap_or(self.row.opened_at));
        let clocks = self.figures(&report.map_err(Error::Clocks)?, self.stored);
        let settled = self.compare(&clocks, rollups);
        let figures = |clocks: &[sla::Clock]| clocks.iter().map(sla::Clock::figures).collect();
        let (before, after): (Vec<_>, Vec<_>) = (figures(&self.kept), figures(&clocks));
        let owed = self.owed.get_or_insert_default();
        owed.clocks
            .extend(settled.clocks.into_iter().map(|clock| (clock.id(), clock)));
        owed.gone.extend(settled.gone);
        self.kept = clocks;
        Ok(restated(&before, &after))
    }

    /// Computes the clocks as of now in the log's own time, and finds out what to write.
    ///
    /// The sums of what ended change along.
    pub(crate) fn settle(&mut self, book: &Book, rollups: &mut Rollups) -> Result<Settled, Error> {
        let report = self.report(book, self.as_of())?;
        let clocks = self.figures(&report, self.rows.len());
        let mut settled = self.compare(&clocks, rollups);
        let owed = self.owed.take();
        let is_corrected = owed.is_some();
        if let Some(mut owed) = owed {
            let changed = settled.clocks.into_iter();
            owed.clocks.extend(changed.map(|clock| (clock.id(), clock)));
            settled.clocks = owed.clocks.into_values().collect();
            settled.gone.extend(owed.gone);
        }
        let before = urgent(&self.kept);
        let deadline = urgent(&clocks);
        let is_queued_anew = self.history[self.stored..]
            .iter()
            .any(|moment| moment.what == What::Queued);
        if before != deadline || (is_queued_anew && deadline.is_some()) {
            settled.deadline = Some(deadline);
            settled
                .events
                .extend(self.deadline_changed(&clocks, deadline));
        }
        let told = self.row.told_until;
        let untold = report.due().into_iter().map(|due| due.at);
        let untold = untold.filter(|at| told.is_none_or(|told| *at > told)).min();
        let wake = match (is_corrected, report.resolved) {
            // Who is done is not told what a correction found.
            (true, Some(_)) if self.fresh().is_empty() => self.row.next_wake_up,
            (true, None) => Some(report.now),
            _ => [untold, report.next_wake_up()].into_iter().flatten().min(),
        };
        settled.wake = wake != self.row.next_wake_up;
        self.row = sla::Episode {
            moments: i32::try_from(self.rows.len()).unwrap_or(i32::MAX),
            opened_at: report.opened.unwrap_or(self.row.opened_at),
            resolved_at: report.resolved,
            state: self.course.state,
            priority: self.course.priority,
            policy_id: self.course.policy.map(|key| key.policy),
            policy_version: self.course.policy.map(version),
            schedule_id: self.course.schedule,
            queue_id: self.course.queue,
            team_id: self.course.team,
            agent_id: self.course.agent,
            asked: self.course.asked,
            next_wake_up: wake,
            ..self.row.clone()
        };
        self.kept = clocks;
        Ok(settled)
    }

    fn compare(&self, clocks: &[sla::Clock], rollups: &mut Rollups) -> Settled {
        let mut settled = Settled::default();
        let mut kept: BTreeMap<InstanceId, &sla::Clock> =
            self.kept.iter().map(|clock| (clock.id(), clock)).collect();
        let mut changed = BTreeSet::new();
        for clock in clocks {
            let before = kept.remove(&clock.id());
            if before == Some(clock) {
                continue;
            }
            if let Some(before) = before {
                rollups.take(&before.figures(), place(before));
            }
            rollups.add(&clock.figures(), place(clock));
            let is_promised = clock.within_ms.is_some()
                || before.is_some_and(|before| before.within_ms.is_some());
            if is_promised && before.map(visible) != Some(visible(clock)) {
                changed.insert(clock.clock);
                settled.events.extend(self.fulfilled(before, clock));
            }
            settled.clocks.push(clock.clone());
        }
        for (id, gone) in kept {
            rollups.take(&gone.figures(), place(gone));
            settled.gone.push(id);
            changed.insert(id.clock);
        }
        if !changed.is_empty() {
            settled.events.push(Event::SlaClocksChanged {
                conversation: self.row.conversation_id,
                episode: self.row.episode_id,
                clocks: changed.into_iter().collect(),
            });
        }
        settled
    }

    /// Returns by when the customer has to be answered.
    pub(crate) fn urgent(&self) -> Option<DateTime<Utc>> {
        urgent(&self.kept)
    }

    /// Tells routing of the deadline of work that waits.
    fn deadline_changed(
        &self,
        clocks: &[sla::Clock],
        deadline: Option<DateTime<Utc>>,
    ) -> Option<Event> {
        let waits =
            |clock: &sla::Clock| clock.clock == Clock::QueueWait && clock.ended_at.is_none();
        let queue = self.course.queue.filter(|_| clocks.iter().any(waits))?;
        Some(Event::DeadlineChanged {
            conversation: self.row.conversation_id,
            queue,
            deadline,
        })
    }

    fn fulfilled(&self, before: Option<&sla::Clock>, clock: &sla::Clock) -> Option<Event> {
        let is_new = before.is_none_or(|before| before.ended_at.is_none());
        if !is_new || clock.ended_how != Some(End::Fulfilled) {
            return None;
        }
        Some(Event::SlaFulfilled {
            conversation: self.row.conversation_id,
            episode: self.row.episode_id,
            clock: clock.clock,
            started_by: clock.started_by,
            at: clock.ended_at?,
            in_time: clock.outcome == Outcome::Met,
        })
    }
}

/// Reads the conversation's event into a track; whom it names and what it may change is returned.
pub(crate) struct Taken {
    /// Whether policy and schedule have to be chosen anew.
    pub(crate) choose: bool,
    /// Whether it opens the episode.
    pub(crate) opens: bool,
}

impl Track {
    /// Follows an event of its conversation; `team` finds the team of an agent in a queue.
    ///
    /// The moments of the opening wait in `held` until policy and schedule stand before them.
    pub(crate) fn take(
        &mut self,
        envelope: &Envelope,
        team: impl FnOnce(Option<QueueId>, Option<AgentId>) -> Option<TeamId>,
        held: &mut Vec<(Moment, Option<AgentId>)>,
    ) -> Taken {
        let (queue, agent) = (self.course.queue, self.course.agent);
        let read = self.course.read(envelope);
        if (queue, agent) != (self.course.queue, self.course.agent) {
            self.course.team = team(self.course.queue, self.course.agent);
        }
        let opens = matches!(
            envelope.event,
            Event::ConversationOpened { .. } | Event::ConversationReopened { .. }
        );
        held.extend(read.moments.into_iter().map(|moment| (moment, read.asked)));
        Taken {
            choose: read.choose,
            opens,
        }
    }
}

/// Returns where an episode stands, as its row says.
pub(super) fn course(row: &sla::Episode) -> Course {
    let policy = row.policy_id.zip(row.policy_version);
    Course {
        state: row.state,
        priority: row.priority,
        policy: policy.map(|(policy, version)| PolicyVersion {
            policy,
            version: version.unsigned_abs(),
        }),
        schedule: row.schedule_id,
        queue: row.queue_id,
        team: row.team_id,
        agent: row.agent_id,
        asked: row.asked,
    }
}

/// Returns what people see change; when a clock will be looked at next is none of it.
fn visible(clock: &sla::Clock) -> sla::Clock {
    sla::Clock {
        queue_id: None,
        team_id: None,
        agent_id: None,
        next_wake_up: None,
        ..clock.clone()
    }
}

/// Returns by when the customer has to be answered.
fn urgent(clocks: &[sla::Clock]) -> Option<DateTime<Utc>> {
    let replies = clocks.iter().filter(|clock| {
        matches!(clock.clock, Clock::FirstReply | Clock::NextReply) && clock.ended_at.is_none()
    });
    replies.filter_map(|clock| clock.deadline).min()
}

fn is_of_offer(what: What) -> bool {
    matches!(
        what,
        What::Offered { .. }
            | What::Declined { .. }
            | What::Expired { .. }
            | What::Rescinded { .. }
    )
}

fn place(clock: &sla::Clock) -> Place {
    Place {
        queue: clock.queue_id,
        team: clock.team_id,
    }
}

fn version(key: PolicyVersion) -> i32 {
    i32::try_from(key.version).unwrap_or(i32::MAX)
}

/// Cuts a moment to the millisecond that clocks read.
pub(crate) fn millis(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.timestamp_millis()).unwrap_or(at)
}

impl Track {
    /// Compares what is kept with what the history says, as of the moment that it was kept for.
    pub(crate) fn differences(&self, book: &Book) -> Result<Vec<Restated>, Error> {
        let report = self.report(book, self.as_of())?;
        let clocks = self.figures(&report, self.rows.len());
        let known: BTreeMap<InstanceId, &sla::Clock> =
            self.kept.iter().map(|clock| (clock.id(), clock)).collect();
        let now: BTreeMap<InstanceId, &sla::Clock> =
            clocks.iter().map(|clock| (clock.id(), clock)).collect();
        let ids: BTreeSet<InstanceId> = known.keys().chain(now.keys()).copied().collect();
        // Owners and the next look are compared too, though the figures do not show them.
        let differ = ids.into_iter().filter(|id| known.get(id) != now.get(id));
        let figures = |clock: &&sla::Clock| clock.figures();
        let pair = |id: InstanceId| Restated {
            before: known.get(&id).map(figures),
            after: now.get(&id).map(figures),
        };
        Ok(differ.map(pair).collect())
    }

    /// Tells whether the row says as many moments as there are, without a gap.
    pub(crate) fn is_whole(&self) -> bool {
        let places = (1..).zip(&self.rows);
        usize::try_from(self.row.moments) == Ok(self.rows.len())
            && places
                .into_iter()
                .all(|(place, row): (i32, _)| row.position == place)
    }
}
