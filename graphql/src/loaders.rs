//! Loaders: whatever hangs on a list is read in one statement, in one transaction per batch.
//!
//! Nothing is cached: a batch reads a key once, the next batch reads it anew, so that a socket that
//! stays open for a day never shows yesterday's rows.

mod aside;
mod batched;
mod merged;
mod queue_stats;
mod related;
mod setup;

pub(crate) use aside::*;
pub(crate) use batched::Batched;
pub(crate) use merged::*;
pub(crate) use queue_stats::StatsOf;
pub(crate) use related::PersonOf;
pub(crate) use setup::*;

use crate::Error;
use async_graphql::Context;
use async_graphql::dataloader::Loader;
use interdesk_domain::id::*;
use interdesk_domain::permission::Viewer;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::sla::PolicyVersion;
use interdesk_flow::sla_explain::{self, History};
use interdesk_store::apps::{self, App};
use interdesk_store::attachments;
use interdesk_store::conversations::Conversation;
use interdesk_store::message_changes;
use interdesk_store::message_recipients;
use interdesk_store::read::{self, Window};
use interdesk_store::sight::{self, Sight};
use interdesk_store::sla::{self, Clock};
use interdesk_store::{
    Conn, Database, Transaction, api_keys, identity_providers, roles, speakers, transfers,
};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

/// Reads rows of one tenant by sets.
#[derive(Clone)]
pub struct Reader {
    database: Database,
    scope: TenantScope,
    agent: AgentId,
    sight: Arc<Sight>,
    related: related::Gathering,
}

/// Where a contact can be reached, and whether it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct KnownOf(pub(crate) ContactId);

/// The contacts that were linked into a contact, directly or through others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LinkedTo(pub(crate) ContactId);

/// What agents wrote down about a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct NotesOf(pub(crate) ContactId);

/// How much waits in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct WaitingIn(pub(crate) QueueId);

/// The latest work item of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct WorkOf(pub(crate) ConversationId);

/// The apps by which the person of a conversation can be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct AppsOf(pub(crate) ConversationId);

/// The customers who wrote in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ParticipantsOf(pub(crate) ConversationId);

/// How a work item left the hands that it was in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TransfersOf(pub(crate) WorkItemId);

/// Who has the right to speak in a conversation, where that is a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SpeakerOf(pub(crate) ConversationId);

/// The latest decision about a work item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct DecisionOn(pub(crate) WorkItemId);

/// A part of a conversation's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct MessagesOf(pub(crate) ConversationId, pub(crate) Window<i64>);

/// The files of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct AttachmentsOf(pub(crate) MessageId);

/// What agents changed about a message since it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ChangesOf(pub(crate) MessageId);

/// How far a message got with each of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RecipientsOf(pub(crate) MessageId);

/// What is kept beside a customer's mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct MailTraceOf(pub(crate) MessageId);

/// What a message held before its edits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RevisionsOf(pub(crate) MessageId);

/// The message with a provider's id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ProviderId(pub(crate) InboxId, pub(crate) String);

/// What stands on the message with a provider's id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ReactionsTo(pub(crate) InboxId, pub(crate) String);

/// The clocks of the last episode of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ClocksOf(pub(crate) ConversationId);

/// The clocks of an episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ClocksOfEpisode(pub(crate) EpisodeId);

/// What happened in an episode, as far as clocks care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct HistoryOf(pub(crate) EpisodeId);

impl Reader {
    /// Makes the loaders of one viewer.
    pub fn loaders(database: Database, viewer: &Viewer, sight: Arc<Sight>) -> Batched<Self> {
        Batched::of(Self {
            database,
            scope: viewer.scope(),
            agent: viewer.agent,
            sight,
            related: related::Gathering::default(),
        })
    }

    async fn read<T>(
        &self,
        find: impl AsyncFnOnce(&Conn) -> Result<T, interdesk_store::Error>,
    ) -> Result<T, Error> {
        Ok(self.database.read(self.scope, find).await?)
    }

    async fn begin(&self) -> Result<Transaction, Error> {
        Ok(self.database.begin(self.scope).await?)
    }
}

/// Loads one thing and shows it as `T`; absent where it does not exist for the viewer.
pub(crate) async fn one<T, K, V>(context: &Context<'_>, key: K) -> Option<Result<T, Error>>
where
    T: From<V>,
    K: Send + Sync + Hash + Eq + Clone + 'static,
    Reader: Loader<K, Value = V, Error = Error>,
    V: Send + Sync + Clone + 'static,
{
    let loaded = match context.data_opt::<Batched<Reader>>() {
        Some(loaders) => loaders.load(key).await,
        None => Err(Error::Unauthenticated),
    };
    loaded.transpose().map(|found| found.map(T::from))
}

/// Loads what hangs on a thing; nothing is an empty value.
pub(crate) async fn all<K, V>(context: &Context<'_>, key: K) -> Result<V, Error>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    Reader: Loader<K, Value = V, Error = Error>,
    V: Default + Send + Sync + Clone + 'static,
{
    one::<V, K, V>(context, key)
        .await
        .unwrap_or_else(|| Ok(V::default()))
}

macro_rules! by_id {
    ($($id:ident => $row:ty, $find:path $(, in $conversation:ident)?;)*) => {$(
        #[async_graphql::async_trait::async_trait]
        impl Loader<$id> for Reader {
            type Value = $row;
            type Error = Error;

            async fn load(&self, ids: &[$id]) -> Result<HashMap<$id, $row>, Error> {
                let found = self.read(async |conn| {
                    let found = $find(conn, self.scope, ids).await?;
                    $(
                        let of = |row: &$row| row.$conversation;
                        let (scope, sight) = (self.scope, &self.sight);
                        let found = sight::keep(conn, scope, sight, found, of).await?;
                    )?
                    Ok(found)
                });
                let found = found.await?;
                Ok(found.into_iter().map(|row| (row.id, row)).collect())
            }
        }
    )*};
}

by_id! {
    IdentityProviderId => identity_providers::IdentityProvider, identity_providers::find_many;
    RoleId => roles::OwnRole, roles::find_many;
    ApiKeyId => api_keys::ApiKey, api_keys::find_many;
    ContactId => read::contacts::Contact, read::contacts::find_many;
    ConversationId => Conversation, read::conversations::find_many, in id;
    EpisodeId => read::episodes::Episode, read::episodes::find_many, in conversation_id;
    ChangeId => message_changes::MessageChange, message_changes::find_many;
    MessageId => read::messages::Message, read::messages::find_many, in conversation_id;
    NoteId => interdesk_store::aside::Note, interdesk_store::aside::find_notes, in conversation_id;
    OfferId => read::offers::Offer, read::offers::find_many, in conversation_id;
    TransferId => transfers::Transfer, transfers::find_many, in conversation_id;
    WorkItemId => read::work_items::WorkItem, read::work_items::find_many, in conversation_id;
}

#[async_graphql::async_trait::async_trait]
impl Loader<AttachmentId> for Reader {
    type Value = attachments::Attachment;
    type Error = Error;

    async fn load(
        &self,
        ids: &[AttachmentId],
    ) -> Result<HashMap<AttachmentId, Self::Value>, Error> {
        let transaction = self.begin().await?;
        let found = attachments::find_many(&transaction, self.scope, ids).await?;
        let messages: Vec<MessageId> = found.iter().filter_map(|row| row.message_id).collect();
        let (scope, sight) = (self.scope, &self.sight);
        let seen = sight::filter_messages(&transaction, scope, sight, &messages).await?;
        transaction.commit().await?;
        let is_seen = |row: &Self::Value| row.message_id.is_none_or(|id| seen.contains(&id));
        let rows = found.into_iter().filter(is_seen);
        Ok(rows.map(|row| (row.id, row)).collect())
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<ChangesOf> for Reader {
    type Value = Vec<message_changes::MessageChange>;
    type Error = Error;

    async fn load(&self, keys: &[ChangesOf]) -> Result<HashMap<ChangesOf, Self::Value>, Error> {
        let messages: Vec<MessageId> = keys.iter().map(|key| key.0).collect();
        let found = self
            .read(async |conn| message_changes::list(conn, self.scope, &messages).await)
            .await?;
        Ok(grouped(found, |change| ChangesOf(change.message_id)))
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<RecipientsOf> for Reader {
    type Value = Vec<message_recipients::MessageRecipient>;
    type Error = Error;

    async fn load(
        &self,
        keys: &[RecipientsOf],
    ) -> Result<HashMap<RecipientsOf, Self::Value>, Error> {
        let messages: Vec<MessageId> = keys.iter().map(|key| key.0).collect();
        let found = self
            .read(async |conn| message_recipients::list(conn, self.scope, &messages).await)
            .await?;
        Ok(grouped(found, |one| RecipientsOf(one.message_id)))
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<MailTraceOf> for Reader {
    type Value = Option<String>;
    type Error = Error;

    async fn load(&self, keys: &[MailTraceOf]) -> Result<HashMap<MailTraceOf, Self::Value>, Error> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = self
            .read(async |conn| read::messages::list_mail_traces(conn, self.scope, &ids).await)
            .await?;
        let found = found.into_iter();
        Ok(found.map(|kept| (MailTraceOf(kept.id), kept.raw)).collect())
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<RevisionsOf> for Reader {
    type Value = Vec<read::messages::Revision>;
    type Error = Error;

    async fn load(&self, keys: &[RevisionsOf]) -> Result<HashMap<RevisionsOf, Self::Value>, Error> {
        let messages: Vec<MessageId> = keys.iter().map(|key| key.0).collect();
        let found = self
            .read(async |conn| read::messages::list_revisions(conn, self.scope, &messages).await)
            .await?;
        Ok(grouped(found, |revision| RevisionsOf(revision.message_id)))
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<TransfersOf> for Reader {
    type Value = Vec<transfers::Transfer>;
    type Error = Error;

    async fn load(&self, keys: &[TransfersOf]) -> Result<HashMap<TransfersOf, Self::Value>, Error> {
        let items: Vec<WorkItemId> = keys.iter().map(|key| key.0).collect();
        let found = self
            .read(async |conn| transfers::list_of(conn, self.scope, &items).await)
            .await?;
        Ok(grouped(found, |transfer| {
            TransfersOf(transfer.work_item_id)
        }))
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<SpeakerOf> for Reader {
    type Value = speakers::Speaker;
    type Error = Error;

    async fn load(&self, keys: &[SpeakerOf]) -> Result<HashMap<SpeakerOf, Self::Value>, Error> {
        let ids: Vec<ConversationId> = keys.iter().map(|key| key.0).collect();
        let found = self
            .read(async |conn| speakers::list(conn, self.scope, &ids).await)
            .await?;
        let by_conversation = found
            .into_iter()
            .map(|one| (SpeakerOf(one.conversation_id), one));
        Ok(by_conversation.collect())
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<LinkedTo> for Reader {
    type Value = Vec<read::contacts::Linked>;
    type Error = Error;

    async fn load(&self, keys: &[LinkedTo]) -> Result<HashMap<LinkedTo, Self::Value>, Error> {
        let contacts: Vec<ContactId> = keys.iter().map(|key| key.0).collect();
        let found = self
            .read(async |conn| read::contacts::list_linked(conn, self.scope, &contacts).await)
            .await?;
        Ok(grouped(found, |linked| LinkedTo(linked.person_id)))
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<KnownOf> for Reader {
    type Value = read::contacts::Known;
    type Error = Error;

    async fn load(&self, keys: &[KnownOf]) -> Result<HashMap<KnownOf, Self::Value>, Error> {
        let contacts: Vec<ContactId> = keys.iter().map(|key| key.0).collect();
        let found = self
            .read(async |conn| read::contacts::list_known(conn, self.scope, &contacts).await)
            .await?;
        let found = found.into_iter();
        Ok(found.map(|(id, known)| (KnownOf(id), known)).collect())
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<NotesOf> for Reader {
    type Value = Vec<read::contacts::Note>;
    type Error = Error;

    async fn load(&self, keys: &[NotesOf]) -> Result<HashMap<NotesOf, Self::Value>, Error> {
        let contacts: Vec<ContactId> = keys.iter().map(|key| key.0).collect();
        let found = self
            .read(async |conn| read::contacts::list_notes(conn, self.scope, &contacts).await)
            .await?;
        Ok(grouped(found, |note| NotesOf(note.contact_id)))
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<WaitingIn> for Reader {
    type Value = i64;
    type Error = Error;

    async fn load(&self, keys: &[WaitingIn]) -> Result<HashMap<WaitingIn, i64>, Error> {
        let queues: Vec<QueueId> = keys.iter().map(|key| key.0).collect();
        let found = self
            .read(async |conn| read::queues::count_waiting(conn, self.scope, &queues).await)
            .await?;
        Ok(found
            .into_iter()
            .map(|depth| (WaitingIn(depth.queue_id), depth.waiting))
            .collect())
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<WorkOf> for Reader {
    type Value = read::work_items::WorkItem;
    type Error = Error;

    async fn load(&self, keys: &[WorkOf]) -> Result<HashMap<WorkOf, Self::Value>, Error> {
        let conversations: Vec<ConversationId> = keys.iter().map(|key| key.0).collect();
        let found = self
            .read(async |conn| {
                read::work_items::find_latest(conn, self.scope, &conversations).await
            })
            .await?;
        Ok(found
            .into_iter()
            .map(|item| (WorkOf(item.conversation_id), item))
            .collect())
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<AppsOf> for Reader {
    type Value = Vec<App>;
    type Error = Error;

    async fn load(&self, keys: &[AppsOf]) -> Result<HashMap<AppsOf, Self::Value>, Error> {
        let conversations: Vec<ConversationId> = keys.iter().map(|key| key.0).collect();
        let found = self
            .read(async |conn| apps::list(conn, self.scope, &conversations).await)
            .await?;
        Ok(grouped(found, |app| AppsOf(app.conversation_id)))
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<ParticipantsOf> for Reader {
    type Value = Vec<read::participants::Participant>;
    type Error = Error;

    async fn load(
        &self,
        keys: &[ParticipantsOf],
    ) -> Result<HashMap<ParticipantsOf, Self::Value>, Error> {
        let asked: Vec<ConversationId> = keys.iter().map(|key| key.0).collect();
        let found = self
            .read(async |conn| {
                read::participants::list_participants(conn, self.scope, &asked).await
            })
            .await?;
        Ok(grouped(found, |one| ParticipantsOf(one.conversation_id)))
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<DecisionOn> for Reader {
    type Value = read::decisions::Decision;
    type Error = Error;

    async fn load(&self, keys: &[DecisionOn]) -> Result<HashMap<DecisionOn, Self::Value>, Error> {
        let items: Vec<WorkItemId> = keys.iter().map(|key| key.0).collect();
        let found = self
            .read(async |conn| read::decisions::find_latest(conn, self.scope, &items).await)
            .await?;
        Ok(found
            .into_iter()
            .map(|one| (DecisionOn(one.work_item_id), one))
            .collect())
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<MessagesOf> for Reader {
    type Value = Vec<read::messages::Message>;
    type Error = Error;

    async fn load(&self, keys: &[MessagesOf]) -> Result<HashMap<MessagesOf, Self::Value>, Error> {
        // A list asks the same part of each of its conversations, so there is one window per field.
        let mut windows: HashMap<Window<i64>, Vec<ConversationId>> = HashMap::new();
        for MessagesOf(conversation, window) in keys {
            windows.entry(*window).or_default().push(*conversation);
        }
        let pages = self.read(async |conn| {
            let mut pages = HashMap::new();
            for (window, conversations) in &windows {
                let found = read::messages::list(conn, self.scope, conversations, window).await?;
                let of = |message: &read::messages::Message| {
                    MessagesOf(message.conversation_id, *window)
                };
                pages.extend(grouped(found, of));
            }
            Ok(pages)
        });
        pages.await
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<AttachmentsOf> for Reader {
    type Value = Vec<attachments::Attachment>;
    type Error = Error;

    async fn load(
        &self,
        keys: &[AttachmentsOf],
    ) -> Result<HashMap<AttachmentsOf, Self::Value>, Error> {
        let messages: Vec<MessageId> = keys.iter().map(|key| key.0).collect();
        let found = self
            .read(async |conn| attachments::list_of_messages(conn, self.scope, &messages).await)
            .await?;
        let of =
            |one: &attachments::Attachment| AttachmentsOf(one.message_id.unwrap_or(messages[0]));
        Ok(grouped(found, of))
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<ProviderId> for Reader {
    type Value = read::messages::Message;
    type Error = Error;

    async fn load(&self, keys: &[ProviderId]) -> Result<HashMap<ProviderId, Self::Value>, Error> {
        let asked: Vec<_> = keys.iter().map(|key| (key.0, key.1.clone())).collect();
        let found = self
            .read(async |conn| read::messages::find_by_provider_ids(conn, self.scope, &asked).await)
            .await?;
        let keyed = |message: read::messages::Message| {
            let id = message.provider_id.clone()?;
            Some((ProviderId(message.inbox_id, id), message))
        };
        Ok(found.into_iter().filter_map(keyed).collect())
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<ReactionsTo> for Reader {
    type Value = Vec<read::messages::Reaction>;
    type Error = Error;

    async fn load(&self, keys: &[ReactionsTo]) -> Result<HashMap<ReactionsTo, Self::Value>, Error> {
        let asked: Vec<_> = keys.iter().map(|key| (key.0, key.1.clone())).collect();
        let found = self
            .read(async |conn| read::messages::list_reactions(conn, self.scope, &asked).await)
            .await?;
        Ok(grouped(found, |one| {
            ReactionsTo(one.inbox_id, one.target.clone())
        }))
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<ClocksOf> for Reader {
    type Value = Vec<Clock>;
    type Error = Error;

    async fn load(&self, keys: &[ClocksOf]) -> Result<HashMap<ClocksOf, Self::Value>, Error> {
        let conversations: Vec<ConversationId> = keys.iter().map(|key| key.0).collect();
        let found = self
            .read(async |conn| read::sla::list_clocks(conn, self.scope, &conversations).await)
            .await?;
        Ok(grouped(found, |clock| ClocksOf(clock.conversation_id)))
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<ClocksOfEpisode> for Reader {
    type Value = Vec<Clock>;
    type Error = Error;

    async fn load(
        &self,
        keys: &[ClocksOfEpisode],
    ) -> Result<HashMap<ClocksOfEpisode, Self::Value>, Error> {
        let episodes: Vec<EpisodeId> = keys.iter().map(|key| key.0).collect();
        let found = self
            .read(async |conn| sla::list_clocks(conn, self.scope, &episodes).await)
            .await?;
        Ok(grouped(found, |clock| ClocksOfEpisode(clock.episode_id)))
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<HistoryOf> for Reader {
    type Value = History;
    type Error = Error;

    async fn load(&self, keys: &[HistoryOf]) -> Result<HashMap<HistoryOf, Self::Value>, Error> {
        let episodes: Vec<EpisodeId> = keys.iter().map(|key| key.0).collect();
        let transaction = self.begin().await?;
        let found = sla_explain::find_histories(&transaction, self.scope, &episodes).await?;
        transaction.commit().await?;
        let found = found.into_iter();
        Ok(found
            .map(|(id, history)| (HistoryOf(id), history))
            .collect())
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<ScheduleId> for Reader {
    type Value = Arc<read::sla::Hours>;
    type Error = Error;

    async fn load(&self, ids: &[ScheduleId]) -> Result<HashMap<ScheduleId, Self::Value>, Error> {
        let found = self
            .read(async |conn| read::sla::find_schedules(conn, self.scope, ids).await)
            .await?;
        Ok(found)
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<PolicyVersion> for Reader {
    type Value = String;
    type Error = Error;

    async fn load(&self, keys: &[PolicyVersion]) -> Result<HashMap<PolicyVersion, String>, Error> {
        let found = self
            .read(async |conn| read::sla::find_policies(conn, self.scope, keys).await)
            .await?;
        let named = found.into_iter().map(|policy| (policy.key, policy.name));
        Ok(named.collect())
    }
}

fn grouped<K: Hash + Eq, V>(rows: Vec<V>, key: impl Fn(&V) -> K) -> HashMap<K, Vec<V>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}
