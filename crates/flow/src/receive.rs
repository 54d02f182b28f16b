//! Receiving: webhooks become messages, conversations and waiting work.
//!
//! Many webhooks share one commit, because the commit is what costs. Messages go together in one
//! planned batch; everything else that a webhook may tell (receipts, edits, reactions…) follows in
//! [`crate::update`]. A webhook is answered only after both are committed; a repeat of it then meets
//! what the first one stored.

mod names;
mod people;
mod place;
mod plan;
#[cfg(feature = "planted-bugs")]
mod planted;
mod rooms;
mod user_names;

use crate::key::stored_id;
use crate::update::Source;
use crate::{Desk, Error, conflict, expiry, update};
use chrono::{DateTime, Utc};
use interdesk_domain::id::{InboxId, MessageId, QueueId};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{Address, Expiry, InboundMessage, Update, UpdateKind, storable};
use interdesk_domain::scope::TenantScope;
use interdesk_store::{Conn, Transaction, early, merges, outbox, placing, raw, receive as rows};
use people::People;
pub(crate) use plan::{PREVIEW, believable, stored_content, stored_state};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::HashSet;

/// One proven and parsed webhook.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Where it came.
    pub inbox: Mailbox,
    /// What it tells.
    pub updates: Vec<Update>,
    /// The W3C `traceparent` of its request.
    pub trace: Option<String>,
    /// When it came.
    pub received_at: DateTime<Utc>,
}

/// What receiving has to know about an inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mailbox {
    /// Which inbox.
    pub id: InboxId,
    /// The kind of app.
    pub channel: ChannelKind,
    /// Where its conversations wait.
    pub queue: QueueId,
}

/// A message of a batch, with what its webhook says about it.
#[derive(Debug, Clone)]
struct Item<'a> {
    mailbox: Mailbox,
    message: &'a InboundMessage,
    provider_id: Cow<'a, str>,
    /// Further ids of it.
    other_ids: Vec<Cow<'a, str>>,
    /// The ids of earlier messages of its thread, the nearest first.
    thread: Vec<Cow<'a, str>>,
    /// By which addresses its author is recognised; never empty.
    keys: Vec<Address>,
    at: Option<DateTime<Utc>>,
    trace: Option<&'a str>,
    received_at: DateTime<Utc>,
}

impl Item<'_> {
    /// Returns every id by which somebody may name the message, the main one first.
    fn ids(&self) -> impl Iterator<Item = (InboxId, &str)> {
        let further = self.other_ids.iter().map(AsRef::as_ref);
        std::iter::once(self.provider_id.as_ref())
            .chain(further)
            .map(|id| (self.mailbox.id, id))
    }
}

/// Stores webhooks of one tenant; all are durable when it returns.
pub async fn receive(desk: &Desk, scope: TenantScope, webhooks: &[Webhook]) -> Result<(), Error> {
    update::place_people(desk, scope, webhooks).await?;
    let webhooks = &*rooms::settle(desk, scope, webhooks).await?;
    let items = messages(webhooks);
    if !items.is_empty() {
        let met = conflict::retry(|| store_messages(desk, scope, &items)).await?;
        update::meet(desk, scope, &met).await?;
        user_names::keep(desk, scope, &items).await?;
    }
    update::apply(desk, scope, webhooks).await
}

/// Keeps a body that was proven but not understood, once, as it came.
pub async fn keep_raw(
    desk: &Desk,
    scope: TenantScope,
    inbox: InboxId,
    body: &[u8],
    reason: &str,
) -> Result<(), Error> {
    let transaction = desk.database.begin(scope).await?;
    let raw = raw::RawWebhook {
        id: desk.id(),
        tenant_id: scope.tenant(),
        inbox_id: inbox,
        digest: Sha256::digest(body).to_vec(),
        body: body.to_vec(),
        reason: storable(reason).into_owned(),
        received_at: desk.now(),
        retried_at: None,
    };
    raw::insert_if_missing(&transaction, scope, &raw).await?;
    Ok(transaction.commit().await?)
}

fn messages(webhooks: &[Webhook]) -> Vec<Item<'_>> {
    let mut items = Vec::with_capacity(webhooks.len());
    for webhook in webhooks {
        for told in &webhook.updates {
            let UpdateKind::Message(message) = &told.kind else {
                continue;
            };
            let provider_id = stored_id(&message.provider_id);
            items.push(Item {
                mailbox: webhook.inbox,
                message,
                keys: people::keys(webhook.inbox, message, &provider_id),
                other_ids: names::further(message, &provider_id),
                thread: names::thread(message),
                provider_id,
                at: told.at,
                trace: webhook.trace.as_deref(),
                received_at: webhook.received_at,
            });
        }
    }
    items
}

/// Stores messages; returns whom they show by two addresses that belong to two contacts.
async fn store_messages(
    desk: &Desk,
    scope: TenantScope,
    items: &[Item<'_>],
) -> Result<Vec<(Source, Address, Address)>, Error> {
    let (transaction, found) = begin(desk, scope, items).await?;
    #[cfg(feature = "planted-bugs")]
    let found = planted::forget(found);
    let fresh = without_repeats(&found.known, items);
    #[cfg(feature = "planted-bugs")]
    let fresh = planted::dedupe_in_cache(fresh);
    if fresh.is_empty() {
        transaction.rollback().await?;
        return Ok(Vec::new());
    }
    let Found {
        known,
        named,
        belonging: rows::Belonging { people, threads },
    } = found;
    let mut people = People::gather(desk, &transaction, scope, &fresh, people).await?;
    let mut batch = plan::plan(desk, scope, &fresh, &people, threads, named)?;
    people.write_into(&mut batch);
    let placed = place::place(desk, &transaction, scope, (&fresh, &people), &mut batch).await?;
    let awaited: Vec<_> = known
        .iter()
        .filter(|message| message.awaited)
        .map(|message| (message.inbox_id, message.provider_id.as_str()))
        .collect();
    let expiring = expiring(&fresh, &batch);
    if awaited.is_empty() && expiring.is_empty() && placed.is_empty() {
        rows::write_and_commit(transaction, scope, desk.now(), &batch).await?;
    } else {
        let waiting = early::list(&transaction, scope, &awaited).await?;
        rows::write(&transaction, scope, desk.now(), &batch).await?;
        if !placed.is_empty() {
            placing::place(&transaction, scope, &placed, desk.now()).await?;
        }
        for (message, expires) in expiring {
            expiry::note(desk, &transaction, scope, message, expires).await?;
        }
        let early = update::take_early(desk, &transaction, scope, &batch, waiting).await?;
        outbox::append(&transaction, &early).await?;
        transaction.commit().await?;
    }
    desk.committed.notify_one();
    metrics::histogram!("interdesk_receive_batch_size").record(fresh.len() as f64);
    let met = people.take_met().into_iter();
    let met = met.map(|(place, also)| (source(&fresh[place]), fresh[place].keys[0].clone(), also));
    Ok(met.collect())
}

fn source(item: &Item<'_>) -> Source {
    Source {
        inbox: item.mailbox.id,
        at: believable(item.at, item.received_at).unwrap_or(item.received_at),
        received_at: item.received_at,
        trace: item.trace.map(str::to_owned),
    }
}

/// Begins with everything that storing the messages depends on, looked up and locked.
async fn begin(
    desk: &Desk,
    scope: TenantScope,
    items: &[Item<'_>],
) -> Result<(Transaction, Found), Error> {
    let look = async |going_on: &[String]| {
        let look_up = async |conn: &_| look_up(conn, scope, items, going_on).await;
        desk.database.begin_with(scope, look_up).await
    };
    let (transaction, found) = look(&[]).await?;
    let threads = found.belonging.threads.iter();
    let into: Vec<_> = threads.filter_map(|thread| thread.merged_into).collect();
    if into.is_empty() {
        return Ok((transaction, found));
    }
    // What is merged goes on in another conversation, which has to be locked in its turn.
    let going_on = merges::list_keys(&transaction, scope, &into).await?;
    transaction.rollback().await?;
    Ok(look(&going_on).await?)
}

/// Returns the messages that their author wants gone, and when.
fn expiring(fresh: &[Item<'_>], batch: &rows::Batch) -> Vec<(MessageId, Expiry)> {
    let planned = fresh.iter().zip(&batch.messages);
    planned
        .filter_map(|(item, message)| Some((message.id, item.message.expires?)))
        .collect()
}

/// What the database knows of a batch before it is stored.
struct Found {
    known: Vec<rows::KnownMessage>,
    named: Vec<rows::Named>,
    belonging: rows::Belonging,
}

/// Locks and looks up everything that storing the messages depends on, in one round trip.
async fn look_up(
    conn: &Conn,
    scope: TenantScope,
    items: &[Item<'_>],
    going_on: &[String],
) -> Result<Found, interdesk_store::Error> {
    let asked: Vec<_> = items.iter().flat_map(Item::ids).collect();
    let named: Vec<_> = items
        .iter()
        .flat_map(|item| item.thread.iter().map(|id| (item.mailbox.id, id.as_ref())))
        .collect();
    let authors: Vec<_> = items
        .iter()
        .flat_map(|item| item.keys.iter().map(|key| (key, item.mailbox.queue)))
        .collect();
    let groups: Vec<_> = items
        .iter()
        .filter_map(|item| Some(people::group_key(item, item.message.group.as_deref()?)))
        .chain(going_on.iter().cloned())
        .collect();
    // PostgreSQL takes them in this order. Whoever brings an update of one of these messages at the
    // same time comes before or after, so the lock is first. A conversation is looked for after its
    // people: one that a neighbour makes in between is met as a conflict, never overlooked.
    let ((), known, named, belonging) = futures::try_join!(
        early::lock(conn, scope, &asked),
        rows::find_messages(conn, scope, &asked),
        rows::find_named(conn, scope, &named),
        rows::lock_threads(conn, scope, &authors, &groups, &named),
    )?;
    Ok(Found {
        known,
        named,
        belonging,
    })
}

/// Leaves out what is stored already and what the batch holds twice.
fn without_repeats<'a>(known: &[rows::KnownMessage], items: &[Item<'a>]) -> Vec<Item<'a>> {
    let mut seen: HashSet<(InboxId, &str)> = known
        .iter()
        .filter(|known| known.stored)
        .map(|known| (known.inbox_id, known.provider_id.as_str()))
        .collect();
    let mut fresh = Vec::with_capacity(items.len());
    for item in items {
        // A message is known by any of its ids.
        if item.ids().any(|id| seen.contains(&id)) {
            continue;
        }
        seen.extend(item.ids());
        fresh.push(item.clone());
    }
    fresh
}
