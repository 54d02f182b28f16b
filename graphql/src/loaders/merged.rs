//! What conversations show of those that are merged into them.

use super::{Reader, grouped};
use crate::Error;
use async_graphql::dataloader::Loader;
use interdesk_domain::id::ConversationId;
use interdesk_store::aside::Note;
use interdesk_store::conversations::Conversation;
use interdesk_store::merges;
use interdesk_store::read::Window;
use interdesk_store::read::messages::Message;
use interdesk_store::read::shown::{self, Spot};
use std::collections::HashMap;

/// The conversations that are merged into one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct MergedFrom(pub(crate) ConversationId);

/// A part of the messages of a conversation that others are merged into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ShownIn(pub(crate) ConversationId, pub(crate) Window<Spot>);

/// A part of the notes of a conversation that others are merged into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct NotesShownIn(pub(crate) ConversationId, pub(crate) Window<Spot>);

#[async_graphql::async_trait::async_trait]
impl Loader<MergedFrom> for Reader {
    type Value = Vec<Conversation>;
    type Error = Error;

    async fn load(&self, keys: &[MergedFrom]) -> Result<HashMap<MergedFrom, Self::Value>, Error> {
        let into: Vec<ConversationId> = keys.iter().map(|key| key.0).collect();
        let found = self
            .read(async |conn| merges::list(conn, self.scope, &into).await)
            .await?;
        // Whoever sees the one sees what is merged into it.
        Ok(grouped(found, |one| {
            MergedFrom(one.merged_into.unwrap_or(one.id))
        }))
    }
}

macro_rules! shown {
    ($key:ident, $row:ty, $list:path) => {
        #[async_graphql::async_trait::async_trait]
        impl Loader<$key> for Reader {
            type Value = Vec<$row>;
            type Error = Error;

            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, Self::Value>, Error> {
                let mut windows: HashMap<Window<Spot>, Vec<ConversationId>> = HashMap::new();
                for $key(conversation, window) in keys {
                    windows.entry(*window).or_default().push(*conversation);
                }
                let pages = self.read(async |conn| {
                    let mut pages: HashMap<$key, Self::Value> = HashMap::new();
                    for (window, asked) in &windows {
                        for (of, row) in $list(conn, self.scope, asked, window).await? {
                            pages.entry($key(of, *window)).or_default().push(row);
                        }
                    }
                    Ok(pages)
                });
                pages.await
            }
        }
    };
}

shown!(ShownIn, Message, shown::list_messages);
shown!(NotesShownIn, Note, shown::list_notes);
