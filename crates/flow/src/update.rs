//! What a webhook tells beside messages: receipts, edits, reactions, people who changed.

mod account;
mod app_link;
mod edit;
mod member;
mod notice;
mod person;
mod reaction;
pub(crate) mod receipt;
mod same;

use crate::key::stored_id;
use crate::receive::{Webhook, believable};
use crate::{Context, Desk, Effect, Error, Events, conflict, typing};
use chrono::{DateTime, Utc};
use interdesk_channels::channel;
use interdesk_domain::event::{Actor, Envelope};
use interdesk_domain::id::{ConversationId, InboxId};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{Address, Update, UpdateKind, storable};
use interdesk_domain::scope::TenantScope;
use interdesk_store::{Conn, conversations, early, outbox, raw, receive::Batch};
use sha2::{Digest, Sha256};

/// Applies what the webhooks tell beside messages, in one transaction.
pub(crate) async fn apply(
    desk: &Desk,
    scope: TenantScope,
    webhooks: &[Webhook],
) -> Result<(), Error> {
    for webhook in webhooks {
        typing::hear(desk, scope, webhook).await;
    }
    apply_those(desk, scope, webhooks, tells_more).await
}

/// Gives a known person the user name that they have now.
pub(crate) async fn take_name(
    desk: &Desk,
    scope: TenantScope,
    source: &Source,
    who: &Address,
    name: &Address,
) -> Result<(), Error> {
    conflict::retry(async || {
        let transaction = desk.database.begin(scope).await?;
        let change = Change {
            desk,
            scope,
            transaction: &transaction,
        };
        let events = change.take_name(source, who, name).await?;
        outbox::append(&transaction, &events).await?;
        transaction.commit().await?;
        if !events.is_empty() {
            desk.committed.notify_one();
        }
        Ok(())
    })
    .await
}

/// Looks after people whom messages showed by addresses that were two contacts' until then.
pub(crate) async fn meet(
    desk: &Desk,
    scope: TenantScope,
    met: &[(Source, Address, Address)],
) -> Result<(), Error> {
    if met.is_empty() {
        return Ok(());
    }
    conflict::retry(async || {
        let transaction = desk.database.begin(scope).await?;
        let change = Change {
            desk,
            scope,
            transaction: &transaction,
        };
        let mut events = Vec::new();
        for (source, known, also) in met {
            events.extend(change.come_together(source, known, also).await?);
        }
        outbox::append(&transaction, &events).await?;
        transaction.commit().await?;
        if !events.is_empty() {
            desk.committed.notify_one();
        }
        Ok(())
    })
    .await
}

/// Applies what decides where the messages belong, ahead of them: members tell whether a room is a
/// group, a link that was followed or a mail that was answered tells who somebody is.
pub(crate) async fn place_people(
    desk: &Desk,
    scope: TenantScope,
    webhooks: &[Webhook],
) -> Result<(), Error> {
    apply_those(desk, scope, webhooks, places).await
}

async fn apply_those(
    desk: &Desk,
    scope: TenantScope,
    webhooks: &[Webhook],
    wanted: fn(&Update) -> bool,
) -> Result<(), Error> {
    let mut told: Vec<(&Webhook, &Update)> = webhooks
        .iter()
        .flat_map(|webhook| webhook.updates.iter().map(move |update| (webhook, update)))
        .filter(|(_, update)| wanted(update))
        .collect();
    if told.is_empty() {
        return Ok(());
    }
    // One order over all batches keeps two of them from waiting for each other in a circle.
    told.sort_by(|(_, a), (_, b)| target(a).cmp(target(b)));
    conflict::retry(|| try_apply(desk, scope, &told)).await
}

async fn try_apply(
    desk: &Desk,
    scope: TenantScope,
    told: &[(&Webhook, &Update)],
) -> Result<(), Error> {
    let transaction = desk.database.begin(scope).await?;
    lock(&transaction, scope, told).await?;
    let change = Change {
        desk,
        scope,
        transaction: &transaction,
    };
    let mut events = Vec::new();
    for (webhook, update) in told {
        let source = Source {
            inbox: webhook.inbox.id,
            at: believable(update.at, webhook.received_at)
                .unwrap_or(webhook.received_at)
                .min(webhook.received_at),
            received_at: webhook.received_at,
            trace: webhook.trace.clone(),
        };
        events.extend(change.apply(webhook.inbox.channel, &source, update).await?);
    }
    outbox::append(&transaction, &events).await?;
    transaction.commit().await?;
    if !events.is_empty() {
        desk.committed.notify_one();
    }
    Ok(())
}

/// Takes every lock that the updates of messages need, in the order in which all flows take them.
async fn lock(conn: &Conn, scope: TenantScope, told: &[(&Webhook, &Update)]) -> Result<(), Error> {
    let mut targets = Vec::new();
    let mut attempts = Vec::new();
    for (webhook, update) in told {
        let id = target(update);
        if !id.is_empty() {
            targets.push((webhook.inbox.id, stored_id(id)));
        }
        if let UpdateKind::Reaction(reaction) = &update.kind
            && let Some(id) = &reaction.provider_id
            && reacts_by_event(webhook.inbox.channel)
        {
            // It may meet its own deletion.
            targets.push((webhook.inbox.id, stored_id(id)));
        }
        if let UpdateKind::Receipt(receipt) = &update.kind {
            attempts.extend(receipt::attempt(receipt));
        }
    }
    let targets: Vec<_> = targets
        .iter()
        .map(|(inbox, id)| (*inbox, id.as_ref()))
        .collect();
    if targets.is_empty() && attempts.is_empty() {
        return Ok(());
    }
    early::lock(conn, scope, &targets).await?;
    conversations::lock_by_messages(conn, scope, &targets, &attempts).await?;
    Ok(())
}

/// Returns whether reactions are events of their own on a channel.
fn reacts_by_event(kind: ChannelKind) -> bool {
    channel(kind).capabilities().inbound.reaction_events
}

// Of messages only those that are a word about consent.
fn tells_more(update: &Update) -> bool {
    match &update.kind {
        UpdateKind::Message(message) => person::said(message).is_some(),
        UpdateKind::Typing { .. } => false,
        _ => !places(update),
    }
}

fn places(update: &Update) -> bool {
    matches!(
        update.kind,
        UpdateKind::Membership(_)
            | UpdateKind::LinkFollowed { .. }
            | UpdateKind::AddressAnswered { .. }
    )
}

fn target(update: &Update) -> &str {
    match &update.kind {
        UpdateKind::Edit { target, .. }
        | UpdateKind::ContentArrived { target, .. }
        | UpdateKind::Delete { target } => target,
        UpdateKind::Reaction(reaction) => &reaction.target,
        UpdateKind::Receipt(receipt) => receipt.provider_id.as_deref().unwrap_or_default(),
        _ => "",
    }
}

/// Where an update came from.
pub(crate) struct Source {
    pub(crate) inbox: InboxId,
    pub(crate) at: DateTime<Utc>,
    pub(crate) received_at: DateTime<Utc>,
    pub(crate) trace: Option<String>,
}

/// The transaction that updates are applied in.
pub(crate) struct Change<'a> {
    pub(crate) desk: &'a Desk,
    pub(crate) scope: TenantScope,
    pub(crate) transaction: &'a Conn,
}

impl Change<'_> {
    async fn apply(
        &self,
        kind: ChannelKind,
        source: &Source,
        update: &Update,
    ) -> Result<Vec<Envelope>, Error> {
        let by_event = reacts_by_event(kind);
        match &update.kind {
            UpdateKind::Message(message) => self.word(source, message).await,
            UpdateKind::Edit { target, content } => {
                self.edit(source, &stored_id(target), content).await
            }
            UpdateKind::ContentArrived { target, content } => {
                self.complete(source, &stored_id(target), content).await
            }
            UpdateKind::Delete { target } if by_event => {
                self.take_back(source, &stored_id(target)).await
            }
            UpdateKind::Delete { target } => self.delete(source, &stored_id(target)).await,
            UpdateKind::Reaction(reaction) if by_event => self.react_too(source, reaction).await,
            UpdateKind::Reaction(reaction) => self.react(source, reaction).await,
            UpdateKind::Receipt(receipt) => self.receipt(source, receipt).await,
            UpdateKind::AddressChanged { from, to } => self.change_address(source, from, to).await,
            UpdateKind::AddressAdded { known, also } => self.add_address(source, known, also).await,
            UpdateKind::AddressAnswered { by, conversation } => {
                self.confirm_claim(source, by, *conversation).await
            }
            UpdateKind::LinkFollowed { by, session, until } => {
                self.follow_link(source, by, *session, *until).await
            }
            UpdateKind::Called { who, name } => self.call(source, who, name.as_deref()).await,
            UpdateKind::Notice(notice) => self.notice(kind, source, notice).await,
            UpdateKind::Membership(told) => self.membership(source, told).await,
            UpdateKind::GroupMoved { from, to } => self.move_group(source, from, to).await,
            UpdateKind::Account(news) => self.account(source, news).await,
            UpdateKind::Consent {
                who,
                allowed,
                marketing,
                ..
            } => self.consent(source, who, *allowed, *marketing).await,
            UpdateKind::Typing { .. } => Ok(Vec::new()),
            UpdateKind::Other { kind: word, raw } => {
                let asks = channel(kind).asks().contains(&word.as_str());
                let reason = match asks {
                    true => format!("{}{word}", raw::ASKS),
                    false => format!("not handled: {}", storable(word)),
                };
                self.keep(source, reason, raw).await
            }
        }
    }

    /// Adds one event to a conversation, under its lock.
    pub(crate) async fn tell(
        &self,
        source: &Source,
        conversation: ConversationId,
        event: interdesk_domain::event::Event,
    ) -> Result<Vec<Envelope>, Error> {
        let version =
            conversations::next_version(self.transaction, self.scope, conversation).await?;
        let context = Context {
            actor: Actor::System,
            trace: source.trace.clone(),
            cause: None,
            effect: Effect::default(),
        };
        let mut events =
            Events::of_conversation(self.desk, self.scope, conversation, version - 1, &context);
        events.push(event);
        Ok(events.into_list())
    }

    async fn wait(
        &self,
        source: &Source,
        target: &str,
        kind: &str,
        data: serde_json::Value,
    ) -> Result<Vec<Envelope>, Error> {
        let early = early::Early {
            id: self.desk.clock.new_uuid(),
            inbox_id: source.inbox,
            target: target.to_owned(),
            kind: kind.to_owned(),
            data,
            arrived_at: source.received_at,
        };
        early::insert(self.transaction, self.scope, &early).await?;
        Ok(Vec::new())
    }

    async fn keep(
        &self,
        source: &Source,
        reason: String,
        raw: &str,
    ) -> Result<Vec<Envelope>, Error> {
        let body = raw::RawWebhook {
            id: self.desk.id(),
            tenant_id: self.scope.tenant(),
            inbox_id: source.inbox,
            digest: Sha256::digest(raw.as_bytes()).to_vec(),
            body: raw.as_bytes().to_vec(),
            reason,
            received_at: source.received_at,
            retried_at: None,
        };
        raw::insert_if_missing(self.transaction, self.scope, &body).await?;
        Ok(Vec::new())
    }
}

/// Applies what came before the messages of a batch that was just written.
pub(crate) async fn take_early(
    desk: &Desk,
    transaction: &Conn,
    scope: TenantScope,
    batch: &Batch,
    waiting: Vec<early::Early>,
) -> Result<Vec<Envelope>, Error> {
    let change = Change {
        desk,
        scope,
        transaction,
    };
    let mut events = Vec::new();
    let mut done = Vec::new();
    for early in waiting {
        let is_here = |message: &interdesk_store::receive::NewMessage| {
            message.inbox_id == early.inbox_id
                && (message.provider_id == early.target
                    || message.other_ids.contains(&early.target))
        };
        if batch.messages.iter().any(is_here) {
            done.push(early.id);
            events.extend(change.settle(&early).await?);
        }
    }
    if !done.is_empty() {
        early::delete(transaction, scope, done).await?;
    }
    Ok(events)
}

impl Change<'_> {
    /// Applies an update that waited for its message.
    pub(crate) async fn settle(&self, early: &early::Early) -> Result<Vec<Envelope>, Error> {
        let source = Source {
            inbox: early.inbox_id,
            at: early.arrived_at,
            received_at: early.arrived_at,
            trace: None,
        };
        match early.kind.as_str() {
            kind @ ("edit" | "content") => {
                let edit: edit::Early =
                    serde_json::from_value(early.data.clone()).map_err(|source| {
                        Error::Unreadable {
                            what: "early edit",
                            source,
                        }
                    })?;
                let source = Source {
                    at: edit.at,
                    ..source
                };
                let (target, content) = (&early.target, &edit.content);
                match kind {
                    "edit" => self.edit(&source, target, content).await,
                    _ => self.complete(&source, target, content).await,
                }
            }
            "delete" => self.delete(&source, &early.target).await,
            _ => {
                let receipt = serde_json::from_value(early.data.clone()).map_err(|source| {
                    Error::Unreadable {
                        what: "early receipt",
                        source,
                    }
                })?;
                self.receipt(&source, &receipt).await
            }
        }
    }
}
