//! The one statement that writes a batch of received messages.

use crate::sql::{many, sql};
use crate::{Conn, Error, outbox};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::conversation::ConversationStatus;
use interdesk_domain::delivery::DeliveryState;
use interdesk_domain::event::Envelope;
use interdesk_domain::id::*;
use interdesk_domain::message::Address;
use interdesk_domain::scope::TenantScope;
use serde_json::Value;

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

/// Writes a batch in one statement; foreign keys are checked at its end, so the order is free.
///
/// Fails with [`Error::Conflict`] when somebody else stored one of its messages, people or
/// conversations at the same time: then the whole is planned again.
pub async fn write(
    conn: &Conn,
    scope: TenantScope,
    now: DateTime<Utc>,
    batch: &Batch,
) -> Result<(), Error> {
    let bodies = batch
        .events
        .iter()
        .map(outbox::to_json)
        .collect::<Result<Vec<_>, _>>()?;
    sql(include_str!("write.sql"))
        .bind(scope.tenant())
        .bind(now)
        // Contacts: $3 to $6.
        .bind(many(&batch.contacts, |contact| contact.id))
        .bind(many(&batch.contacts, |contact| contact.name.clone()))
        .bind(many(&batch.contacts, |contact| contact.locale.clone()))
        .bind(many(&batch.contacts, |contact| contact.version))
        // Identities: $7 to $12.
        .bind(many(&batch.identities, |identity| identity.id))
        .bind(many(&batch.identities, |identity| identity.contact_id))
        .bind(many(&batch.identities, |identity| {
            identity.address.network.as_str()
        }))
        .bind(many(&batch.identities, |identity| {
            identity.address.namespace.as_str()
        }))
        .bind(many(&batch.identities, |identity| {
            identity.address.value.as_str()
        }))
        .bind(many(&batch.identities, |identity| identity.vouched))
        // Conversations that begin: $13 to $17.
        .bind(many(&batch.conversations, |conversation| conversation.id))
        .bind(many(&batch.conversations, |conversation| {
            conversation.thread_key.as_str()
        }))
        .bind(many(&batch.conversations, |conversation| {
            conversation.contact_id
        }))
        .bind(many(&batch.conversations, |conversation| {
            conversation.group_id.clone()
        }))
        .bind(many(&batch.conversations, |conversation| {
            conversation.queue_id
        }))
        // How conversations stand: $18 to $27.
        .bind(many(&batch.updates, |update| update.id))
        .bind(many(&batch.updates, |update| update.inbox_id))
        .bind(many(&batch.updates, |update| update.status))
        .bind(many(&batch.updates, |update| update.version))
        .bind(many(&batch.updates, |update| update.episode_id))
        .bind(many(&batch.updates, |update| update.episode_number))
        .bind(many(&batch.updates, |update| update.assignee_id))
        .bind(many(&batch.updates, |update| update.last_message_at))
        .bind(many(&batch.updates, |update| {
            update.last_customer_message_at
        }))
        .bind(many(&batch.updates, |update| update.last_text.as_str()))
        // Episodes: $28 to $30.
        .bind(many(&batch.episodes, |episode| episode.id))
        .bind(many(&batch.episodes, |episode| episode.conversation_id))
        .bind(many(&batch.episodes, |episode| episode.number))
        // Messages: $31 to $44.
        .bind(many(&batch.messages, |message| message.id))
        .bind(many(&batch.messages, |message| message.conversation_id))
        .bind(many(&batch.messages, |message| message.episode_id))
        .bind(many(&batch.messages, |message| message.inbox_id))
        .bind(many(&batch.messages, |message| {
            message.provider_id.as_str()
        }))
        .bind(many(&batch.messages, |message| message.contact_id))
        .bind(many(&batch.messages, |message| message.content.clone()))
        .bind(many(&batch.messages, |message| message.text.as_str()))
        .bind(many(&batch.messages, |message| message.reply_to.clone()))
        .bind(many(&batch.messages, |message| message.sent_at))
        .bind(many(&batch.messages, |message| message.version))
        .bind(many(&batch.messages, |message| message.raw.clone()))
        .bind(many(&batch.messages, direction))
        .bind(many(&batch.messages, delivery))
        // Attachments: $45 to $52.
        .bind(many(&batch.attachments, |file| file.id))
        .bind(many(&batch.attachments, |file| file.message_id))
        .bind(many(&batch.attachments, |file| file.kind))
        .bind(many(&batch.attachments, |file| file.source.clone()))
        .bind(many(&batch.attachments, |file| file.mime_type.clone()))
        .bind(many(&batch.attachments, |file| file.file_name.clone()))
        .bind(many(&batch.attachments, |file| file.size))
        .bind(many(&batch.attachments, |file| file.sha256.clone()))
        // Work items: $53 to $56.
        .bind(many(&batch.work_items, |item| item.id))
        .bind(many(&batch.work_items, |item| item.conversation_id))
        .bind(many(&batch.work_items, |item| item.episode_id))
        .bind(many(&batch.work_items, |item| item.queue_id))
        // People known before: $57, $58.
        .bind(many(&batch.linked, |linked| linked.0))
        .bind(many(&batch.linked, |linked| linked.1))
        // Events: $59 to $61.
        .bind(many(&batch.events, |event| event.id))
        .bind(many(&batch.events, |event| event.event.kind()))
        .bind(many(bodies, |body| body))
        .execute(&mut &*conn)
        .await?;
    Ok(())
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
