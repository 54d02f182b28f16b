//! What writes a batch of received messages.

use crate::sql::{Statement, many, sql};
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
use uuid::Uuid;

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
    /// Where the customer wrote last.
    pub inbox_id: InboxId,
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
    /// Counts within it.
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
}

/// A file of a received message.
#[derive(Debug)]
pub struct NewAttachment {
    /// Names the file.
    pub id: AttachmentId,
    /// Of which message.
    pub message_id: MessageId,
    /// What the app shows it as.
    pub kind: &'static str,
    /// Where the bytes are, as JSON.
    pub source: Value,
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
        write_attachments(conn, scope, &batch.attachments).await?;
    }
    Ok(())
}

/// Writes a batch as the last of its transaction and makes it durable.
///
/// Where nothing begins and no file comes, which is most often, both are one round trip.
pub async fn write_and_commit(
    transaction: Transaction,
    scope: TenantScope,
    now: DateTime<Utc>,
    batch: &Batch,
) -> Result<(), Error> {
    if batch.begins_something() || !batch.attachments.is_empty() {
        write(&transaction, scope, now, batch).await?;
        return transaction.commit().await;
    }
    let continued: Vec<_> = batch.updates.iter().collect();
    transaction
        .commit_with(async |conn| write_messages(conn, scope, now, batch, &continued).await)
        .await
}

/// Prepares what [`write_and_commit`] sends along with a commit, by writing nothing.
pub(crate) async fn prepare(conn: &Conn) -> Result<(), Error> {
    let (scope, now) = (
        TenantScope::new(TenantId(Uuid::nil())),
        DateTime::UNIX_EPOCH,
    );
    match write_messages(conn, scope, now, &Batch::default(), &[]).await {
        Err(error) if error.is_passing() => Err(error),
        // What else can fail is a database without tables yet, and there nobody receives.
        _ => Ok(()),
    }
}

impl Batch {
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
        // Contacts: $3 to $6.
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
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

async fn write_attachments(
    conn: &Conn,
    scope: TenantScope,
    files: &[NewAttachment],
) -> Result<(), Error> {
    sql("INSERT INTO attachments (id, tenant_id, message_id, kind, source, mime_type, file_name, size, sha256)
         SELECT id, $1, message_id, kind, source, mime_type, file_name, size, sha256
         FROM unnest($2, $3, $4, $5, $6, $7, $8, $9)
            AS r (id, message_id, kind, source, mime_type, file_name, size, sha256)")
    .bind(scope.tenant())
    .bind(many(files, |file| file.id))
    .bind(many(files, |file| file.message_id))
    .bind(many(files, |file| file.kind))
    .bind(many(files, |file| &file.source))
    .bind(many(files, |file| file.mime_type.as_deref()))
    .bind(many(files, |file| file.file_name.as_deref()))
    .bind(many(files, |file| file.size))
    .bind(many(files, |file| file.sha256.as_deref()))
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
