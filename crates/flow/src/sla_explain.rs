//! Why a clock says what it says: every interval of its life, and who owned the wait.
//!
//! Nothing is read here but the history that is kept, the policies and the schedules that it names;
//! what comes of them is the pure function's answer.

use crate::Error;
use chrono::{DateTime, Utc};
use interdesk_domain::id::{EpisodeId, EventId, ScheduleId};
use interdesk_domain::schedule::Kind;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::sla::{
    Because, Book, Entry, Hours, InstanceId, Ledger, Line, Moment, PolicyVersion, State, What,
    evaluate,
};
use interdesk_store::read::sla as rows;
use interdesk_store::{Conn, sla};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Why an interval counted, or did not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The state counts, and the team is open or all time counts.
    Counted,
    /// The state pauses the clock.
    Paused,
    /// The state would count, but the team is closed by its weekly hours.
    Closed,
    /// The state would count, but it is a holiday.
    Holiday(String),
}

/// An interval of a clock's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    /// When it begins.
    pub from: DateTime<Utc>,
    /// When it ends.
    pub to: DateTime<Utc>,
    /// Why it counted, or did not.
    pub why: Why,
    /// The state of the conversation.
    pub state: State,
    /// Which time counts.
    pub hours: Hours,
    /// The schedule.
    pub schedule: Option<ScheduleId>,
    /// The event that brought this state, schedule or promise.
    pub event: EventId,
    /// Whether a restart forgot it.
    pub forgotten: bool,
    /// The counted milliseconds up to its end.
    pub total_ms: i64,
}

/// Why a clock says what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Its life without a gap.
    pub intervals: Vec<Interval>,
    /// Its own history.
    pub entries: Vec<Entry>,
    /// The counted milliseconds, which the intervals sum to.
    pub elapsed_ms: i64,
}

/// Explains one clock of an episode; `None` where there is no such clock.
pub async fn explain(
    conn: &Conn,
    scope: TenantScope,
    episode: EpisodeId,
    clock: InstanceId,
    now: DateTime<Utc>,
) -> Result<Option<Explanation>, Error> {
    let mut histories = histories(conn, scope, &[episode]).await?;
    let history = histories.remove(&episode).unwrap_or_default();
    let book = book(conn, scope, history.iter()).await?;
    let report = evaluate(history, &book, now).map_err(Error::Clocks)?;
    Ok(report.instance(clock).map(|instance| Explanation {
        intervals: instance.explain(now).iter().map(Interval::of).collect(),
        entries: instance.entries.clone(),
        elapsed_ms: instance.elapsed(now).num_milliseconds(),
    }))
}

/// What happened in an episode, and all policies and schedules that this names.
#[derive(Debug, Clone)]
pub struct History {
    moments: Vec<Moment>,
    book: Arc<Book>,
}

impl History {
    /// Tells who owned the wait up to a moment.
    pub fn ledger(&self, now: DateTime<Utc>) -> Result<Ledger, Error> {
        let report = evaluate(self.moments.iter().copied(), &self.book, now);
        Ok(report.map_err(Error::Clocks)?.ledger())
    }
}

/// Finds the histories of episodes, in three statements; those that are not kept are left out.
pub async fn find_histories(
    conn: &Conn,
    scope: TenantScope,
    episodes: &[EpisodeId],
) -> Result<HashMap<EpisodeId, History>, Error> {
    let histories = histories(conn, scope, episodes).await?;
    let book = Arc::new(book(conn, scope, histories.values().flatten()).await?);
    let found = histories.into_iter().map(|(episode, moments)| {
        let book = book.clone();
        (episode, History { moments, book })
    });
    Ok(found.collect())
}

async fn histories(
    conn: &Conn,
    scope: TenantScope,
    episodes: &[EpisodeId],
) -> Result<HashMap<EpisodeId, Vec<Moment>>, Error> {
    let mut histories: HashMap<EpisodeId, Vec<Moment>> = HashMap::new();
    for moment in sla::list_moments(conn, scope, episodes).await? {
        let history = histories.entry(moment.episode_id).or_default();
        history.push(moment.read()?);
    }
    Ok(histories)
}

/// Gathers all policies and schedules that histories name, in two statements.
async fn book(
    conn: &Conn,
    scope: TenantScope,
    history: impl Iterator<Item = &Moment>,
) -> Result<Book, Error> {
    let (mut policies, mut schedules) = (BTreeSet::new(), BTreeSet::new());
    for moment in history {
        let _ = match moment.what {
            What::PolicyChanged(Some(policy)) => policies.insert(policy),
            What::ScheduleChanged(Some(schedule)) => schedules.insert(schedule),
            _ => false,
        };
    }
    let policies: Vec<PolicyVersion> = policies.into_iter().collect();
    let schedules: Vec<ScheduleId> = schedules.into_iter().collect();
    let policies = match policies.as_slice() {
        [] => Vec::new(),
        keys => rows::find_policies(conn, scope, keys).await?,
    };
    let timelines = match schedules.as_slice() {
        [] => HashMap::new(),
        ids => rows::find_schedules(conn, scope, ids).await?,
    };
    let timelines = timelines
        .into_iter()
        .map(|(id, hours)| (id, hours.timeline.clone()));
    Book::new(policies, timelines).map_err(Error::Clocks)
}

impl Interval {
    fn of(line: &Line<'_>) -> Self {
        Self {
            from: line.from,
            to: line.to,
            why: match line.because {
                Because::Counted | Because::Closed(Kind::Open) => Why::Counted,
                Because::Paused => Why::Paused,
                Because::Closed(Kind::OutsideHours) => Why::Closed,
                Because::Closed(Kind::Holiday(name)) => Why::Holiday(name.to_owned()),
            },
            state: line.state,
            hours: line.hours,
            schedule: line.schedule,
            event: line.event,
            forgotten: line.forgotten,
            total_ms: line.total.num_milliseconds(),
        }
    }
}
