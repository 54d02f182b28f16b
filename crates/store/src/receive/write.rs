//! What writes a batch of received messages.

use crate::sql::{Statement, many, row, sql};
use crate::{Conn, Error, Transaction, outbox};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::conversation::ConversationStatus;
use interdesk_domain::delivery::DeliveryState;
use interdesk_domain::event::Envelope;
use interdesk_domain::id::*;
use interdesk_domain::message::Address;
use interdesk_domain::scope::TenantScope;
use serde_json::Value;
use std::collections::HashSet;

/// Everything that a batch of received messages writes.
#[derive(Debug, Default)]
pub struct Batch {
    /// People who wrote for the first time.
    pub contacts: Vec<NewContact>,
    /// People known before who got another address: their versions after its event.
    pub linked: Vec<(ContactId, i64)>,
    /// Their addresses, and new ones of people known before.
    pub identities: Vec<NewIdentity>,
    /// Conversations that begin.
    pub conversations: Vec<NewConversation>,
    /// Conversations that go on.
    pub updates: Vec<ThreadUpdate>,
    /// Episodes that begin.
    pub episodes: Vec<NewEpisode>,
    /// The messages.
    pub messages: Vec<NewMessage>,
    /// Their files.
    pub attachments: Vec<NewAttachment>,
    /// Work that now waits.
    pub work_items: Vec<NewWorkItem>,
    /// What the adapters want to know again: one at most for each conversation and inbox.
    pub states: Vec<NewState>,
    /// Conversations that were put off until a moment: their work may be handed out again.
    pub woken: Vec<ConversationId>,
    /// What happened.
    pub events: Vec<Envelope>,
}

/// A person who wrote for the first time.
#[derive(Debug)]
pub struct NewContact {
    /// Names the contact.
    pub id: ContactId,
    /// The name they gave themselves.
    pub name: Option<String>,
    /// Whether somebody else vouches for the name.
    pub name_vouched: bool,
    /// The language of their app.
    pub locale: Option<String>,
    /// The version after the contact's first events.
    pub version: i64,
}

/// An address of a contact.
#[derive(Debug)]
pub struct NewIdentity {
    /// Names the identity.
    pub id: IdentityId,
    /// Whose address.
    pub contact_id: ContactId,
    /// The address.
    pub address: Address,
    /// Whether the provider vouches for it; otherwise the person says so.
    pub vouched: bool,
}

/// A conversation that begins.
#[derive(Debug)]
pub struct NewConversation {
    /// Names the conversation.
    pub id: ConversationId,
    /// Finds it again.
    pub thread_key: String,
    /// Who opened it.
    pub contact_id: ContactId,
    /// In which group.
    pub group_id: Option<String>,
    /// The queue that it belongs to.
    pub queue_id: QueueId,
}

/// How a conversation stands after the batch; also for those that begin with it.
#[derive(Debug)]
pub struct ThreadUpdate {
    /// Which.
    pub id: ConversationId,
    /// Where the customer wrote last; `None` leaves that as it is, for one that goes on.
    pub inbox_id: Option<InboxId>,
    /// Where it stands.
    pub status: ConversationStatus,
    /// Its version after the batch's last event.
    pub version: i64,
    /// The present episode.
    pub episode_id: EpisodeId,
    /// Counts the episodes.
    pub episode_number: i32,
    /// Who has it.
    pub assignee_id: Option<AgentId>,
    /// When the last message came.
    pub last_message_at: DateTime<Utc>,
    /// When the customer wrote last.
    pub last_customer_message_at: Option<DateTime<Utc>>,
    /// The beginning of the last message.
    pub last_text: String,
}

/// An episode that begins.
#[derive(Debug)]
pub struct NewEpisode {
    /// Names the episode.
    pub id: EpisodeId,
    /// Of which conversation.
    pub conversation_id: ConversationId,
    /// Counts within it; 0 for what was before the desk had it, which has ended.
    pub number: i32,
}

/// A received message.
#[derive(Debug)]
pub struct NewMessage {
    /// Names the message.
    pub id: MessageId,
    /// Of which conversation.
    pub conversation_id: ConversationId,
    /// Of which episode.
    pub episode_id: EpisodeId,
    /// Which app brought it.
    pub inbox_id: InboxId,
    /// The provider's id.
    pub provider_id: String,
    /// Further ids by which the provider names it.
    pub other_ids: Vec<String>,
    /// Who wrote; `None` for what one of us wrote in the provider's own app.
    pub contact_id: Option<ContactId>,
    /// The canonical content as JSON.
    pub content: Value,
    /// The words of it.
    pub text: String,
    /// The provider's id of what it answers.
    pub reply_to: Option<String>,
    /// When it was sent by the provider's clock.
    pub sent_at: DateTime<Utc>,
    /// The conversation's version at its event.
    pub version: i64,
    /// The provider's own JSON, where the content does not tell the whole.
    pub raw: Option<String>,
    /// The version, at its event, of the conversation that its own is merged into.
    pub shown_version: Option<i64>,
    /// Where it comes from, as JSON; `None` where nothing is told.
    pub origin: Option<Value>,
}

/// What an adapter wants to know again when a conversation is answered.
#[derive(Debug)]
pub struct NewState {
    /// Of which conversation.
    pub conversation_id: ConversationId,
    /// Through which inbox.
    pub inbox_id: InboxId,
    /// Whose message told it.
    pub contact_id: ContactId,
    /// What it remembers.
    pub state: String,
}

/// A file of a received message.
#[derive(Debug)]
pub struct NewAttachment {
    /// Names the file.
    pub id: AttachmentId,
    /// Of which message.
    pub message_id: MessageId,
    /// Which of the message's files.
    pub position: i16,
    /// What the app shows it as.
    pub kind: &'static str,
    /// Where the bytes are, as JSON.
    pub source: Value,
    /// The bytes, where they are here already.
    pub file: Option<FileId>,
    /// The declared type.
    pub mime_type: Option<String>,
    /// The name that the customer gave.
    pub file_name: Option<String>,
    /// The size in bytes.
    pub size: Option<i64>,
    /// The SHA-256 in hex.
    pub sha256: Option<String>,
}

/// Work that now waits.
#[derive(Debug)]
pub struct NewWorkItem {
    /// Names the work item.
    pub id: WorkItemId,
    /// Of which conversation.
    pub conversation_id: ConversationId,
    /// Of which episode.
    pub episode_id: EpisodeId,
    /// Where it waits.
    pub queue_id: QueueId,
}

/// Writes a batch: what begins, the messages with their events, their files. Most batches hold
/// messages of known people alone, and then one statement writes it all.
///
/// Fails with [`Error::Conflict`] when somebody else stored one of its messages, people or
/// conversations at the same time: then the whole is planned again.
pub async fn write(
    conn: &Conn,
    scope: TenantScope,
    now: DateTime<Utc>,
    batch: &Batch,
) -> Result<(), Error> {
    let begun: HashSet<_> = batch.conversations.iter().map(|begun| begun.id).collect();
    let (new, continued): (Vec<_>, Vec<_>) = batch
        .updates
        .iter()
        .partition(|update| begun.contains(&update.id));
    if batch.begins_something() {
        write_beginnings(conn, scope, now, batch, &new).await?;
    }
    write_messages(conn, scope, now, batch, &continued).await?;
    if !batch.attachments.is_empty() {
        write_attachments(conn, scope, now, &batch.attachments).await?;
    }
    if batch.has_further_ids() {
        write_further_ids(conn, scope, &batch.messages).await?;
    }
    if !batch.states.is_empty() {
        write_states(conn, scope, now, &batch.states).await?;
    }
    if !batch.woken.is_empty() {
        wake(conn, &batch.woken).await?;
    }
    Ok(())
}

/// Lets the waiting work of conversations be handed out again that slept with them.
async fn wake(conn: &Conn, conversations: &[ConversationId]) -> Result<(), Error> {
    sql("UPDATE work_items SET not_before = NULL
         WHERE conversation_id = ANY ($1) AND state = 'queued'")
    .bind(many(conversations, |id| *id))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Writes a batch as the last of its transaction and makes it durable.
///
/// Where nothing but messages is written, which is most often, both are one round trip.
pub async fn write_and_commit(
    transaction: Transaction,
    scope: TenantScope,
    now: DateTime<Utc>,
    batch: &Batch,
) -> Result<(), Error> {
    if !batch.is_plain() {
        write(&transaction, scope, now, batch).await?;
        return transaction.commit().await;
    }
    let continued: Vec<_> = batch.updates.iter().collect();
    transaction
        .commit_with("messages", async |conn| {
            write_messages(conn, scope, now, batch, &continued).await
        })
        .await
}

impl Batch {
    /// Tells whether one statement writes it all.
    fn is_plain(&self) -> bool {
        !self.begins_something()
            && self.attachments.is_empty()
            && self.states.is_empty()
            && self.woken.is_empty()
            && !self.has_further_ids()
    }

    fn has_further_ids(&self) -> bool {
        let mut messages = self.messages.iter();
        messages.any(|message| !message.other_ids.is_empty())
    }

    fn begins_something(&self) -> bool {
        // Nobody comes without an address, and no conversation without an episode.
        !(self.identities.is_empty() && self.episodes.is_empty() && self.work_items.is_empty())
    }
}

/// Writes people, conversations, episodes and work; foreign keys are checked at the statement's
/// end, so the order within it is free.
async fn write_beginnings(
    conn: &Conn,
    scope: TenantScope,
    now: DateTime<Utc>,
    batch: &Batch,
    new: &[&ThreadUpdate],
) -> Result<(), Error> {
    let identities = &batch.identities;
    let address = |part: fn(&Address) -> &String| {
        many(identities, move |identity| part(&identity.address).as_str())
    };
    sql(include_str!("beginnings.sql"))
        .bind(scope.tenant())
        .bind(now)
        // Contacts: $3 to $6, and $37.
        .bind(many(&batch.contacts, |contact| contact.id))
        .bind(many(&batch.contacts, |contact| contact.name.as_deref()))
        .bind(many(&batch.contacts, |contact| contact.locale.as_deref()))
        .bind(many(&batch.contacts, |contact| contact.version))
        // Identities: $7 to $12.
        .bind(many(identities, |identity| identity.id))
        .bind(many(identities, |identity| identity.contact_id))
        .bind(address(|address| &address.network))
        .bind(address(|address| &address.namespace))
        .bind(address(|address| &address.value))
        .bind(many(identities, |identity| identity.vouched))
        // Conversations: $13 to $17, and how they stand: $18 to $27.
        .bind(many(&batch.conversations, |begun| begun.id))
        .bind(many(&batch.conversations, |begun| {
            begun.thread_key.as_str()
        }))
        .bind(many(&batch.conversations, |begun| begun.contact_id))
        .bind(many(&batch.conversations, |begun| {
            begun.group_id.as_deref()
        }))
        .bind(many(&batch.conversations, |begun| begun.queue_id))
        .bind_standings(new)
        // Episodes: $28 to $30.
        .bind(many(&batch.episodes, |episode| episode.id))
        .bind(many(&batch.episodes, |episode| episode.conversation_id))
        .bind(many(&batch.episodes, |episode| episode.number))
        // Work items: $31 to $34.
        .bind(many(&batch.work_items, |item| item.id))
        .bind(many(&batch.work_items, |item| item.conversation_id))
        .bind(many(&batch.work_items, |item| item.episode_id))
        .bind(many(&batch.work_items, |item| item.queue_id))
        // People known before: $35, $36.
        .bind(many(&batch.linked, |linked| linked.0))
        .bind(many(&batch.linked, |linked| linked.1))
        .bind(many(&batch.contacts, |contact| contact.name_vouched))
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Writes the messages, how the conversations that they continue stand, and all events.
async fn write_messages(
    conn: &Conn,
    scope: TenantScope,
    now: DateTime<Utc>,
    batch: &Batch,
    continued: &[&ThreadUpdate],
) -> Result<(), Error> {
    let bodies = batch
        .events
        .iter()
        .map(outbox::to_json)
        .collect::<Result<Vec<_>, _>>()?;
    let messages = &batch.messages;
    sql(include_str!("messages.sql"))
        .bind(scope.tenant())
        .bind(now)
        // How conversations stand: $3 to $12.
        .bind_standings(continued)
        // Messages: $13 to $26.
        .bind(many(messages, |message| message.id))
        .bind(many(messages, |message| message.conversation_id))
        .bind(many(messages, |message| message.episode_id))
        .bind(many(messages, |message| message.inbox_id))
        .bind(many(messages, |message| message.provider_id.as_str()))
        .bind(many(messages, |message| message.contact_id))
        .bind(many(messages, |message| &message.content))
        .bind(many(messages, |message| message.text.as_str()))
        .bind(many(messages, |message| message.reply_to.as_deref()))
        .bind(many(messages, |message| message.sent_at))
        .bind(many(messages, |message| message.version))
        .bind(many(messages, |message| message.raw.as_deref()))
        .bind(many(messages, direction))
        .bind(many(messages, delivery))
        // Events: $27 to $29.
        .bind(many(&batch.events, |event| event.id))
        .bind(many(&batch.events, |event| event.event.kind()))
        .bind(many(bodies, |body| body))
        // More of messages: $30, $31.
        .bind(many(messages, |message| message.shown_version))
        .bind(many(messages, |message| message.origin.as_ref()))
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Files whose bytes are here are referred to from now on; all others wait to be fetched.
async fn write_attachments(
    conn: &Conn,
    scope: TenantScope,
    now: DateTime<Utc>,
    files: &[NewAttachment],
) -> Result<(), Error> {
    sql(include_str!("attachments.sql"))
        .bind(scope.tenant())
        .bind(now)
        .bind(many(files, |file| file.id))
        .bind(many(files, |file| file.message_id))
        .bind(many(files, |file| file.position))
        .bind(many(files, |file| file.kind))
        .bind(many(files, |file| &file.source))
        .bind(many(files, |file| file.file))
        .bind(many(files, |file| file.mime_type.as_deref()))
        .bind(many(files, |file| file.file_name.as_deref()))
        .bind(many(files, |file| file.size))
        .bind(many(files, |file| file.sha256.as_deref()))
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Puts the files of a message's new version in the place of those of the former one: what both have
/// stays as it is, what the former one alone had leaves its place and is kept.
pub async fn replace_attachments(
    conn: &Conn,
    scope: TenantScope,
    now: DateTime<Utc>,
    message: MessageId,
    mut files: Vec<NewAttachment>,
) -> Result<(), Error> {
    row! {
        /// Where the bytes of a file are.
        #[allow(unreachable_pub, reason = "rows are written as public")]
        pub struct Known {
            /// As JSON.
            pub source: Value,
        }
    }
    let known: Vec<Known> = sql("UPDATE attachments
         SET position = CASE WHEN source = ANY ($2) THEN position ELSE -1 END
         WHERE message_id = $1 AND position >= 0
         RETURNING source")
    .bind(message)
    .bind(many(&files, |file| &file.source))
    .load(&mut &*conn)
    .await?;
    files.retain(|file| !known.iter().any(|known| known.source == file.source));
    if files.is_empty() {
        return Ok(());
    }
    write_attachments(conn, scope, now, &files).await
}

// One that somebody else took meanwhile is a conflict: then the whole is planned again.
async fn write_further_ids(
    conn: &Conn,
    scope: TenantScope,
    messages: &[NewMessage],
) -> Result<(), Error> {
    let ids: Vec<_> = messages
        .iter()
        .flat_map(|message| message.other_ids.iter().map(move |id| (message, id)))
        .collect();
    sql(
        "INSERT INTO message_ids (inbox_id, provider_id, message_id, tenant_id)
         SELECT inbox_id, provider_id, message_id, $1
         FROM unnest($2, $3, $4) AS r (inbox_id, provider_id, message_id)",
    )
    .bind(scope.tenant())
    .bind(many(&ids, |(message, _)| message.inbox_id))
    .bind(many(&ids, |(_, id)| id.as_str()))
    .bind(many(&ids, |(message, _)| message.id))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

async fn write_states(
    conn: &Conn,
    scope: TenantScope,
    now: DateTime<Utc>,
    states: &[NewState],
) -> Result<(), Error> {
    sql("INSERT INTO channel_states
            (conversation_id, inbox_id, tenant_id, contact_id, state, changed_at)
         SELECT conversation_id, inbox_id, $1, contact_id, state, $2
         FROM unnest($3, $4, $5, $6) AS r (conversation_id, inbox_id, state, contact_id)
         ON CONFLICT (conversation_id, inbox_id) DO UPDATE
         SET state = excluded.state, changed_at = excluded.changed_at,
            contact_id = excluded.contact_id")
    .bind(scope.tenant())
    .bind(now)
    .bind(many(states, |told| told.conversation_id))
    .bind(many(states, |told| told.inbox_id))
    .bind(many(states, |told| told.state.as_str()))
    .bind(many(states, |told| told.contact_id))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

impl<'a> Statement<'a> {
    /// Binds how conversations stand: ten values.
    fn bind_standings(self, updates: &'a [&ThreadUpdate]) -> Self {
        self.bind(many(updates, |update| update.id))
            .bind(many(updates, |update| update.inbox_id))
            .bind(many(updates, |update| update.status))
            .bind(many(updates, |update| update.version))
            .bind(many(updates, |update| update.episode_id))
            .bind(many(updates, |update| update.episode_number))
            .bind(many(updates, |update| update.assignee_id))
            .bind(many(updates, |update| update.last_message_at))
            .bind(many(updates, |update| update.last_customer_message_at))
            .bind(many(updates, |update| update.last_text.as_str()))
    }
}

fn direction(message: &NewMessage) -> &'static str {
    if message.contact_id.is_some() {
        "in"
    } else {
        "out"
    }
}

// What one of us wrote in the provider's own app is with the provider already.
fn delivery(message: &NewMessage) -> Option<DeliveryState> {
    message.contact_id.is_none().then_some(DeliveryState::Sent)
}
