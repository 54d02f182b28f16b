//! Where new work goes: the rules of the tenant, the limits of its queues, and who had it last.
//!
//! A tenant with neither rules nor policies of queues costs one look into an index for each batch that
//! opens work. What the rules said is kept with the work item, every rule that was read with its reason.

use super::Item;
use super::people::People;
use crate::{Context, Desk, Error, Events};
use chrono::{DateTime, TimeDelta, Utc};
use interdesk_domain::condition::Facts;
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::id::*;
use interdesk_domain::message::Author;
use interdesk_domain::policy::{PolicyKind, QueuePolicy};
use interdesk_domain::routing::limit::{Admission, Limited, Verdict, admit};
use interdesk_domain::routing::rules::{self, Addition, Placement, Rule};
use interdesk_domain::schedule::{Kind, Schedule, Timeline};
use interdesk_domain::scope::TenantScope;
use interdesk_store::Conn;
use interdesk_store::placing::{self, Contact, Full, Placed};
use interdesk_store::policies::{self, Active};
use interdesk_store::receive::Batch;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};

/// Places the work that a batch opens; the batch tells of it afterwards as it was placed.
///
/// Returns what is to be written once the batch is.
pub(super) async fn place(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    (fresh, people): (&[Item<'_>], &People),
    batch: &mut Batch,
) -> Result<Vec<Placed>, Error> {
    if batch.work_items.is_empty() || !placing::is_wanted(conn, scope).await? {
        return Ok(Vec::new());
    }
    let openings: Vec<Opening<'_>> = openings(fresh, people, batch);
    let book = Book::read(conn, scope, &openings, desk.now()).await?;
    let mut lengths = book.lengths.clone();
    let mut placed = Vec::new();
    for opening in &openings {
        placed.push(book.place(desk, opening, &mut lengths));
    }
    tell(desk, scope, batch, &placed);
    Ok(placed)
}

/// Work that begins to wait, and the message that opened it.
struct Opening<'a> {
    work_item: WorkItemId,
    conversation: ConversationId,
    queue: QueueId,
    contact: ContactId,
    item: &'a Item<'a>,
}

fn openings<'a>(fresh: &'a [Item<'a>], people: &People, batch: &Batch) -> Vec<Opening<'a>> {
    let openings = batch.work_items.iter().filter_map(|work| {
        let mut told = fresh.iter().zip(&batch.messages);
        let (item, _) = told.find(|(item, message)| {
            let is_theirs = matches!(item.message.author, Author::Customer(_));
            is_theirs && message.episode_id == work.episode_id
        })?;
        Some(Opening {
            work_item: work.id,
            conversation: work.conversation_id,
            queue: work.queue_id,
            contact: people.contact(item),
            item,
        })
    });
    openings.collect()
}

/// Everything that placing is decided by.
struct Book {
    now: DateTime<Utc>,
    rules: Vec<Rule>,
    queues: HashMap<QueueId, QueuePolicy>,
    schedules: BTreeMap<String, bool>,
    contacts: HashMap<ContactId, Contact>,
    owners: HashMap<ConversationId, AgentId>,
    lengths: HashMap<QueueId, usize>,
}

impl Book {
    async fn read(
        conn: &Conn,
        scope: TenantScope,
        openings: &[Opening<'_>],
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let tenant = scope.tenant().0;
        let rules = policies::active(conn, scope, PolicyKind::Rules, tenant, now).await?;
        let rules: Vec<Rule> = rules.and_then(readable).unwrap_or_default();
        let queues = policies::list_active(conn, scope, PolicyKind::Queue, now).await?;
        let queues: HashMap<QueueId, QueuePolicy> = queues
            .into_iter()
            .filter_map(|active| Some((QueueId(active.id), readable(active)?)))
            .collect();
        let contacts: Vec<ContactId> = openings.iter().map(|opening| opening.contact).collect();
        let contacts = placing::find_contacts(conn, scope, &contacts).await?;
        let schedules = match rules.is_empty() {
            true => BTreeMap::new(),
            false => open_schedules(conn, scope, now).await?,
        };
        let owners = match queues.values().any(|policy| policy.last_owner_seconds > 0) {
            true => {
                let of: Vec<_> = openings
                    .iter()
                    .map(|opening| opening.conversation)
                    .collect();
                placing::find_last_owners(conn, scope, &of).await?
            }
            false => Vec::new(),
        };
        let limited = queues
            .iter()
            .filter(|(_, policy)| policy.length_limit.is_some());
        let limited: Vec<QueueId> = limited.map(|(queue, _)| *queue).collect();
        let lengths = match limited.is_empty() {
            true => Vec::new(),
            false => placing::count_waiting(conn, scope, &limited).await?,
        };
        Ok(Self {
            now,
            rules,
            queues,
            schedules,
            contacts: contacts
                .into_iter()
                .map(|contact| (contact.id, contact))
                .collect(),
            owners: owners
                .into_iter()
                .map(|row| (row.conversation_id, row.agent_id))
                .collect(),
            lengths: lengths
                .into_iter()
                .map(|row| (row.queue_id, usize::try_from(row.waiting).unwrap_or(0)))
                .collect(),
        })
    }

    fn place(
        &self,
        desk: &Desk,
        opening: &Opening<'_>,
        lengths: &mut HashMap<QueueId, usize>,
    ) -> Placed {
        let contact = self.contacts.get(&opening.contact);
        let placement = match self.rules.is_empty() {
            true => None,
            false => Some(rules::place(&self.rules, &self.facts(opening, contact))),
        };
        let nothing = Addition::default();
        let said = placement
            .as_ref()
            .map_or(&nothing, |placement| &placement.addition);
        let (queue, limited) = self.admit(said.queue.unwrap_or(opening.queue), lengths);
        Placed {
            work_item: opening.work_item,
            conversation: opening.conversation,
            queue,
            priority: said.priority.unwrap_or(0),
            vip: contact.is_some_and(|contact| contact.vip),
            skills: said.skills.as_ref().map(|skills| json!(skills)),
            language: said.language.clone(),
            preferred: self.preferred(said, queue, opening.conversation),
            tags: json!(said.tags),
            placement: placement
                .as_ref()
                .map(|placement: &Placement| json!(placement)),
            limited: limited.map(|(limited, text)| Full {
                limited,
                text,
                timer: desk.id(),
            }),
        }
    }

    /// Finds the queue that takes one more, which may be one that a full one overflows to; where none
    /// does, returns what becomes of the work.
    fn admit(
        &self,
        first: QueueId,
        lengths: &mut HashMap<QueueId, usize>,
    ) -> (QueueId, Option<(Limited, Option<String>)>) {
        let mut queue = first;
        let mut limited = None;
        // A ring of full queues ends where it began, and there the work waits.
        for _ in 0..=self.queues.len() {
            let waiting = lengths.get(&queue).copied().unwrap_or(0);
            let policy = self
                .queues
                .get(&queue)
                .map(|policy| policy.queue(queue, 0, true));
            match policy.as_ref().map(|policy| admit(policy, waiting)) {
                Some(Admission::Full(Verdict::Overflow(next))) => queue = next,
                Some(Admission::Full(Verdict::Told(said, text))) => {
                    limited = Some((said, text.map(str::to_owned)));
                    break;
                }
                Some(Admission::Taken) | None => break,
            }
        }
        if limited.is_none() {
            *lengths.entry(queue).or_default() += 1;
        }
        (queue, limited)
    }

    /// Returns who should have it: whom a rule names, or who had the conversation last.
    fn preferred(
        &self,
        said: &Addition,
        queue: QueueId,
        conversation: ConversationId,
    ) -> Option<(AgentId, DateTime<Utc>)> {
        let seconds = self
            .queues
            .get(&queue)
            .map_or(0, |policy| policy.last_owner_seconds);
        let until = self.now + TimeDelta::seconds(seconds.into());
        let owner = || {
            self.owners
                .get(&conversation)
                .copied()
                .filter(|_| seconds > 0)
        };
        said.preferred.or_else(owner).map(|agent| (agent, until))
    }

    fn facts(&self, opening: &Opening<'_>, contact: Option<&Contact>) -> Facts {
        let item = opening.item;
        let attributes = contact.map(|contact| contact.attributes.clone());
        let attributes = attributes.and_then(|value| serde_json::from_value(value).ok());
        let locale = item.message.author.customer().locale.clone();
        Facts {
            inbox: Some(item.mailbox.id),
            channel: Some(item.mailbox.channel),
            network: item.keys.first().map(|key| key.network.clone()),
            language: contact
                .and_then(|contact| contact.locale.clone())
                .or(locale),
            attributes: attributes.unwrap_or_default(),
            text: item.message.content.text().to_owned(),
            segments: contact
                .into_iter()
                .flat_map(|it| it.segments.iter().cloned())
                .collect(),
            vip: contact.is_some_and(|contact| contact.vip),
            queue: Some(opening.queue),
            schedules: self.schedules.clone(),
            ..Facts::at(self.now)
        }
    }
}

/// Lets the batch tell of work as it was placed: in its queue, or ended at once where that is full. The
/// customer is told of it by a timer, in [`crate::limited`].
fn tell(desk: &Desk, scope: TenantScope, batch: &mut Batch, placed: &[Placed]) {
    let by_item: HashMap<WorkItemId, &Placed> = placed
        .iter()
        .map(|placed| (placed.work_item, placed))
        .collect();
    for envelope in &mut batch.events {
        if let Event::WorkItemQueued {
            work_item, queue, ..
        } = &mut envelope.event
            && let Some(placed) = by_item.get(work_item)
        {
            *queue = placed.queue;
        }
    }
    for placed in placed {
        let Some(full) = &placed.limited else {
            continue;
        };
        let limited = full.limited;
        metrics::counter!("interdesk_route_limited_total", "outcome" => limited.as_str())
            .increment(1);
        if !limited.ends_work() {
            continue;
        }
        let state = batch
            .updates
            .iter_mut()
            .find(|state| state.id == placed.conversation);
        let Some(state) = state else { continue };
        let context = Context::system(None, None);
        let (conversation, version) = (placed.conversation, state.version);
        let mut events = Events::of_conversation(desk, scope, conversation, version, &context);
        state.version = events.push(Event::WorkItemCancelled {
            conversation,
            work_item: placed.work_item,
            queue: placed.queue,
        });
        let ended: Vec<Envelope> = events.into_list();
        batch.events.extend(ended);
    }
}

async fn open_schedules(
    conn: &Conn,
    scope: TenantScope,
    now: DateTime<Utc>,
) -> Result<BTreeMap<String, bool>, Error> {
    let schedules = policies::list_active(conn, scope, PolicyKind::Schedule, now).await?;
    let open = schedules.into_iter().filter_map(|active| {
        let name = active.name.clone();
        let timeline = Timeline::new(readable::<Schedule>(active)?);
        Some((name, timeline.kind_at(now) == Kind::Open))
    });
    Ok(open.collect())
}

/// Reads a document that was checked when it was saved; one that cannot be read counts as not there,
/// since a message that comes in is never held up by it.
fn readable<T: serde::de::DeserializeOwned>(active: Active) -> Option<T> {
    match serde_json::from_value(active.body) {
        Ok(document) => Some(document),
        Err(error) => {
            tracing::error!(policy.kind = active.kind.as_str(), policy.version = active.version,
                error = %error, "a policy cannot be read");
            None
        }
    }
}
