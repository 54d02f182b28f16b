//! What stands on a timeline and opens nothing, asks nobody: what became of a group, what a program
//! answered for a customer.

use super::member::group_key;
use super::{Change, Source};
use crate::key::{stored_address, stored_id};
use crate::receive::stored_content;
use crate::{Context, Error, Events};
use interdesk_channels::channel;
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::id::{ConversationId, MessageId};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{Address, Content, Notice, NoticePlace, storable};
use interdesk_store::contacts;
use interdesk_store::conversations::{self, Conversation};
use interdesk_store::messages::{self, NewNote};
use interdesk_store::receive as rows;

impl Change<'_> {
    pub(super) async fn notice(
        &self,
        kind: ChannelKind,
        source: &Source,
        notice: &Notice,
    ) -> Result<Vec<Envelope>, Error> {
        let (conn, scope) = (self.transaction, self.scope);
        let Some(conversation) = self.place_of(kind, source, &notice.place).await? else {
            // There is no timeline that it could stand on.
            let reason = format!("not handled: {}", storable(&notice.kind));
            return self.keep(source, reason, &notice.raw).await;
        };
        let id = stored_id(&notice.id);
        if messages::lock_by_provider_id(conn, scope, source.inbox, &id)
            .await?
            .is_some()
        {
            return Ok(Vec::new());
        }
        let content = Content::Notice {
            kind: notice.kind.clone(),
            text: notice.text.clone(),
        };
        let message = self.desk.id();
        let tell = async |id| self.tell_of(source, notice, id, message).await;
        let (version, mut events) = tell(conversation.id).await?;
        let mut shown_version = None;
        if let Some(goes_on) = conversation.merged_into {
            let (version, told) = tell(goes_on).await?;
            shown_version = Some(version);
            events.extend(told);
        }
        let row = NewNote {
            id: message,
            conversation_id: conversation.id,
            episode_id: conversation.episode_id,
            inbox_id: source.inbox,
            provider_id: &id,
            content: stored_content(&content)?,
            text: &storable(&notice.text),
            raw: &storable(&notice.raw),
            sent_at: source.at,
            stored_at: self.desk.now(),
            version,
            shown_version,
        };
        messages::insert_note(conn, scope, row).await?;
        Ok(events)
    }

    /// Finds the conversation of a notice and locks it.
    async fn place_of(
        &self,
        kind: ChannelKind,
        source: &Source,
        place: &NoticePlace,
    ) -> Result<Option<Conversation>, Error> {
        let (conn, scope) = (self.transaction, self.scope);
        let key = match place {
            NoticePlace::Group(group) => Some(group_key(source, &stored_id(group))),
            NoticePlace::Thread { earlier, by } => {
                self.thread_of(kind, source, earlier, by).await?
            }
        };
        match key {
            Some(key) => Ok(conversations::lock_thread(conn, scope, &key).await?),
            None => Ok(None),
        }
    }

    /// Returns what finds the conversation of the nearest message in which whoever tells takes part:
    /// it is theirs, they wrote that message, or they were copied in. Anybody can name ids.
    async fn thread_of(
        &self,
        kind: ChannelKind,
        source: &Source,
        earlier: &[String],
        by: &Address,
    ) -> Result<Option<String>, Error> {
        let (conn, scope, by) = (self.transaction, self.scope, stored_address(by));
        let ids: Vec<_> = earlier.iter().map(|id| stored_id(id)).collect();
        let asked: Vec<_> = ids.iter().map(|id| (source.inbox, id.as_ref())).collect();
        let named = rows::find_named(conn, scope, &asked).await?;
        for id in &ids {
            let Some(place) = named.iter().find(|one| one.provider_id == id.as_ref()) else {
                continue;
            };
            let copied_in = |state: &str| channel(kind).admits(state, &by);
            let people: Vec<_> = place.author.into_iter().chain([place.owner]).collect();
            if place.state.as_deref().is_some_and(copied_in)
                || contacts::is_of_any(conn, scope, &people, &by).await?
            {
                return Ok(Some(place.thread_key.clone()));
            }
        }
        Ok(None)
    }

    async fn tell_of(
        &self,
        source: &Source,
        notice: &Notice,
        conversation: ConversationId,
        message: MessageId,
    ) -> Result<(i64, Vec<Envelope>), Error> {
        let (conn, scope, inbox) = (self.transaction, self.scope, source.inbox);
        let version = conversations::next_version(conn, scope, conversation).await?;
        let context = Context::system(source.trace.clone(), None);
        let mut events =
            Events::of_conversation(self.desk, scope, conversation, version - 1, &context);
        events.push(match notice.place {
            NoticePlace::Group(_) => Event::GroupChanged {
                conversation,
                message,
                inbox,
            },
            NoticePlace::Thread { .. } => Event::NoticeReceived {
                conversation,
                message,
                inbox,
            },
        });
        Ok((version, events.into_list()))
    }
}
