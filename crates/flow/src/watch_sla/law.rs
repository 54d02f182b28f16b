//! What a tenant promises and when it is open, read once for each of its versions.

use crate::Error;
use chrono::{DateTime, Utc};
use interdesk_domain::condition::Facts;
use interdesk_domain::id::{PolicyId, ScheduleId, TenantId};
use interdesk_domain::policy::{Document, PolicyKind, ServiceLevel};
use interdesk_domain::schedule::{Kind, Timeline};
use interdesk_domain::scope::TenantScope;
use interdesk_domain::sla::{Book, Policy, PolicyVersion};
use interdesk_store::sla::{self, Effective};
use interdesk_store::{Conn, policies};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// Tenants whose law is remembered; beyond it all are read anew.
const MOST: usize = 1_000;

/// Remembers what tenants promise, so that it is read once for each version.
#[derive(Debug, Clone, Default)]
pub struct Shelf(Arc<Mutex<HashMap<TenantId, Arc<Law>>>>);

/// What a tenant promises and when it is open, over all versions.
#[derive(Debug)]
pub(crate) struct Law {
    /// The versions that it was read from.
    versions: Vec<Effective>,
    /// All that moments may name.
    pub(crate) book: Book,
    /// Lists of service levels in the order in which they came into force.
    lists: Vec<List>,
    /// The names of schedules, which conditions use.
    names: BTreeMap<String, ScheduleId>,
}

#[derive(Debug)]
struct List {
    version: i32,
    from: DateTime<Utc>,
    levels: Vec<(Policy, ServiceLevel)>,
}

/// What applies to an episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Chosen {
    /// The policy.
    pub(crate) policy: Option<PolicyVersion>,
    /// The hours that the policy itself names.
    pub(crate) contract: Option<ScheduleId>,
}

impl Shelf {
    /// Returns the law of a tenant as the database has it now.
    pub(crate) async fn law(&self, conn: &Conn, scope: TenantScope) -> Result<Arc<Law>, Error> {
        let versions = sla::list_effective(conn, scope).await?;
        let known = self.lock().get(&scope.tenant()).cloned();
        if let Some(law) = known.filter(|law| law.versions == versions) {
            return Ok(law);
        }
        let law = Arc::new(Law::read(conn, scope, versions).await?);
        let mut shelf = self.lock();
        if shelf.len() >= MOST {
            shelf.clear();
        }
        shelf.insert(scope.tenant(), law.clone());
        Ok(law)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<TenantId, Arc<Law>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Law {
    async fn read(
        conn: &Conn,
        scope: TenantScope,
        versions: Vec<Effective>,
    ) -> Result<Self, Error> {
        let (mut lists, mut schedules, mut names) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        for one in &versions {
            match read(conn, scope, one).await? {
                Some(Document::Schedule(schedule)) => {
                    let id = ScheduleId(one.id);
                    let of_it: &mut Vec<_> = schedules.entry(id).or_default();
                    of_it.push((one.effective_from, Arc::new(schedule)));
                    names.insert(one.name.clone(), id);
                }
                Some(Document::Sla(levels)) => lists.push(List::new(one, levels)),
                _ => {}
            }
        }
        let timelines = schedules
            .into_iter()
            .filter_map(|(id, versions)| Some((id, Timeline::from_versions(versions).ok()?)));
        let policies = lists
            .iter()
            .flat_map(|list| list.levels.iter().map(|level| level.0.clone()));
        let book = Book::new(policies, timelines).map_err(Error::Clocks)?;
        Ok(Self {
            versions,
            book,
            lists,
            names,
        })
    }

    /// Tells whether nothing was ever promised and everything is always open.
    pub(crate) fn is_empty(&self) -> bool {
        self.versions.is_empty()
    }

    /// Returns the version of the list in force at a moment.
    pub(crate) fn version(&self, at: DateTime<Utc>) -> Option<i32> {
        self.list(at).map(|list| list.version)
    }

    /// Returns the moments after one at which other service levels begin or end to be chosen.
    pub(crate) fn changes_after(&self, at: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let levels = self.lists.iter().flat_map(|list| {
            let of_levels = list.levels.iter();
            of_levels.flat_map(|(policy, _)| [Some(policy.effective_from), policy.effective_until])
        });
        let lists = self.lists.iter().map(|list| Some(list.from));
        let mut moments: Vec<_> = levels
            .chain(lists)
            .flatten()
            .filter(|one| *one > at)
            .collect();
        moments.sort_unstable();
        moments.dedup();
        moments
    }

    /// Chooses what applies at a moment, and keeps what governs if it says the same.
    pub(crate) fn choose(
        &self,
        at: DateTime<Utc>,
        governs: Option<PolicyVersion>,
        facts: impl FnOnce() -> Facts,
    ) -> Chosen {
        let Some(list) = self.list(at).filter(|list| !list.levels.is_empty()) else {
            return Chosen::default();
        };
        let facts = facts();
        let by_id: HashMap<PolicyId, &ServiceLevel> = list
            .levels
            .iter()
            .map(|(_, level)| (level.id, level))
            .collect();
        let ordered = list.levels.iter().map(|(policy, _)| policy);
        let chosen = Policy::choose(ordered, at, |policy| {
            let level = by_id.get(&policy.key.policy);
            level.is_some_and(|level| level.when.holds(&facts))
        });
        let Some(chosen) = chosen else {
            return Chosen::default();
        };
        let same = governs.filter(|key| {
            let old = self.book.policy(*key);
            key.policy == chosen.key.policy
                && old.is_ok_and(|old| old.targets == chosen.targets && old.rules == chosen.rules)
        });
        let level = by_id.get(&chosen.key.policy);
        Chosen {
            policy: same.or(Some(chosen.key)),
            contract: level.and_then(|level| level.schedule),
        }
    }

    /// Tells which of the named schedules are open at a moment.
    pub(crate) fn open(&self, at: DateTime<Utc>) -> BTreeMap<String, bool> {
        let of = |id| self.book.schedule(Some(id)).ok();
        let open = self.names.iter().filter_map(|(name, id)| {
            let timeline = of(*id)?;
            Some((name.clone(), timeline.kind_at(at) == Kind::Open))
        });
        open.collect()
    }

    /// Tells whether there is such a schedule.
    pub(crate) fn has(&self, schedule: ScheduleId) -> bool {
        self.book.schedule(Some(schedule)).is_ok()
    }

    fn list(&self, at: DateTime<Utc>) -> Option<&List> {
        self.lists.iter().rev().find(|list| list.from <= at)
    }
}

impl List {
    fn new(one: &Effective, levels: Vec<ServiceLevel>) -> Self {
        let version = one.version.unsigned_abs();
        let policy = |level: &ServiceLevel| level.policy(version, one.effective_from);
        Self {
            version: one.version,
            from: one.effective_from,
            levels: levels
                .into_iter()
                .map(|level| (policy(&level), level))
                .collect(),
        }
    }
}

async fn read(conn: &Conn, scope: TenantScope, one: &Effective) -> Result<Option<Document>, Error> {
    let kind = match one.kind {
        kind @ (PolicyKind::Schedule | PolicyKind::Sla) => kind,
        _ => return Ok(None),
    };
    let Some(found) = policies::version(conn, scope, kind, one.id, one.version).await? else {
        return Ok(None);
    };
    let document = Document::read(kind, found.body);
    document.map(Some).map_err(|source| Error::Unreadable {
        what: "policy",
        source,
    })
}
