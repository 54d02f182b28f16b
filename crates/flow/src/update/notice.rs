//! What becomes of a group: a note on its timeline, which opens nothing and asks nobody.

use super::member::group_key;
use super::{Change, Source};
use crate::key::stored_id;
use crate::receive::stored_content;
use crate::{Context, Error, Events};
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::message::{Content, GroupNote, storable};
use interdesk_store::conversations;
use interdesk_store::messages::{self, NewNote};

impl Change<'_> {
    pub(super) async fn group_note(
        &self,
        source: &Source,
        note: &GroupNote,
    ) -> Result<Vec<Envelope>, Error> {
        let (conn, scope) = (self.transaction, self.scope);
        let key = group_key(source, &stored_id(&note.group));
        let Some(conversation) = conversations::lock_thread(conn, scope, &key).await? else {
            // Nobody wrote in it yet: there is no timeline that it could stand on.
            let reason = format!("not handled: {}", storable(&note.kind));
            return self.keep(source, reason, &note.raw).await;
        };
        let id = stored_id(&note.id);
        if messages::lock_by_provider_id(conn, scope, source.inbox, &id)
            .await?
            .is_some()
        {
            return Ok(Vec::new());
        }
        let content = Content::Notice {
            kind: note.kind.clone(),
            text: note.text.clone(),
        };
        let message = self.desk.id();
        let version = conversations::next_version(conn, scope, conversation.id).await?;
        let row = NewNote {
            id: message,
            conversation_id: conversation.id,
            episode_id: conversation.episode_id,
            inbox_id: source.inbox,
            provider_id: &id,
            content: stored_content(&content)?,
            text: &storable(&note.text),
            raw: &storable(&note.raw),
            sent_at: source.at,
            stored_at: self.desk.now(),
            version,
        };
        messages::insert_note(conn, scope, row).await?;
        let context = Context::system(source.trace.clone(), None);
        let mut events =
            Events::of_conversation(self.desk, scope, conversation.id, version - 1, &context);
        events.push(Event::GroupChanged {
            conversation: conversation.id,
            message,
            inbox: source.inbox,
        });
        Ok(events.into_list())
    }
}
