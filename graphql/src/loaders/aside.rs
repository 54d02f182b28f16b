//! What hangs on conversations beside their messages.

use super::{Reader, grouped};
use crate::Error;
use async_graphql::dataloader::Loader;
use interdesk_domain::id::ConversationId;
use interdesk_store::aside::{self, Draft, Note};
use interdesk_store::read::Window;
use interdesk_store::sight;
use std::collections::HashMap;

/// A part of a conversation's notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct NotesIn(pub(crate) ConversationId, pub(crate) Window<i64>);

/// The tags of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TagsOf(pub(crate) ConversationId);

/// What the viewer began to write in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct DraftIn(pub(crate) ConversationId);

#[async_graphql::async_trait::async_trait]
impl Loader<NotesIn> for Reader {
    type Value = Vec<Note>;
    type Error = Error;

    async fn load(&self, keys: &[NotesIn]) -> Result<HashMap<NotesIn, Self::Value>, Error> {
        let mut windows: HashMap<Window<i64>, Vec<ConversationId>> = HashMap::new();
        for NotesIn(conversation, window) in keys {
            windows.entry(*window).or_default().push(*conversation);
        }
        let transaction = self.begin().await?;
        let mut pages = HashMap::new();
        for (window, conversations) in windows {
            let found =
                aside::list_notes(&transaction, self.scope, &conversations, &window).await?;
            pages.extend(grouped(found, |note| NotesIn(note.conversation_id, window)));
        }
        transaction.commit().await?;
        Ok(pages)
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<TagsOf> for Reader {
    type Value = Vec<String>;
    type Error = Error;

    async fn load(&self, keys: &[TagsOf]) -> Result<HashMap<TagsOf, Self::Value>, Error> {
        let ids: Vec<ConversationId> = keys.iter().map(|key| key.0).collect();
        let found = self
            .read(async |conn| aside::tags_of(conn, self.scope, &ids).await)
            .await?;
        let found = found.into_iter();
        Ok(found.map(|one| (TagsOf(one.id), one.tags)).collect())
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<DraftIn> for Reader {
    type Value = Draft;
    type Error = Error;

    async fn load(&self, keys: &[DraftIn]) -> Result<HashMap<DraftIn, Draft>, Error> {
        let ids: Vec<ConversationId> = keys.iter().map(|key| key.0).collect();
        let transaction = self.begin().await?;
        let found = aside::find_drafts(&transaction, self.scope, self.agent, &ids).await?;
        let (scope, sight) = (self.scope, &self.sight);
        let found = sight::keep(&transaction, scope, sight, found, |one| one.conversation_id);
        let found = found.await?;
        transaction.commit().await?;
        let found = found.into_iter();
        Ok(found
            .map(|one| (DraftIn(one.conversation_id), one))
            .collect())
    }
}
