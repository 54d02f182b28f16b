//! Edits and deletions by the author: what was said before stays on record.

use super::{Change, Source};
use crate::Error;
use crate::attach;
use crate::receive::stored_content;
use chrono::{DateTime, Utc};
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::message::{Content, storable};
use interdesk_store::{messages, receive};
use serde::{Deserialize, Serialize};

/// An edit that waits for its message.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Early {
    pub(super) at: DateTime<Utc>,
    pub(super) content: Content,
}

impl Change<'_> {
    pub(super) async fn edit(
        &self,
        source: &Source,
        target: &str,
        content: &Content,
    ) -> Result<Vec<Envelope>, Error> {
        let stored = stored_content(content)?;
        let found =
            messages::lock_by_provider_id(self.transaction, self.scope, source.inbox, target)
                .await?;
        let Some(message) = found else {
            let early = serde_json::json!({ "at": source.at, "content": stored });
            return self.wait(source, target, "edit", early).await;
        };
        // What was withdrawn is not said again.
        if message.expired_at.is_some() || message.content == stored {
            return Ok(Vec::new());
        }
        let known =
            messages::compare_edit(self.transaction, self.scope, message.id, &stored, source.at)
                .await?;
        if known.seen {
            return Ok(Vec::new());
        }
        let (conversation, revision) = (message.conversation_id, message.revision + 1);
        let event = Event::MessageEdited {
            conversation,
            message: message.id,
            revision,
        };
        if known.outdated {
            messages::keep_outdated(self.transaction, self.scope, &message, stored).await?;
            return self.tell(source, conversation, event).await;
        }
        let text = storable(content.text());
        messages::replace_content(
            self.transaction,
            self.scope,
            &message,
            stored,
            &text,
            source.at,
        )
        .await?;
        let files = attach::note(self.desk, content, message.id)?;
        let now = self.desk.now();
        receive::replace_attachments(self.transaction, self.scope, now, message.id, files).await?;
        self.tell_of_change(source, &message, event).await
    }

    /// Puts what a message holds in the place of the words that it holds something. Nobody changed
    /// anything by that, so an agent who answers has overlooked nothing.
    pub(super) async fn complete(
        &self,
        source: &Source,
        target: &str,
        content: &Content,
    ) -> Result<Vec<Envelope>, Error> {
        let (conn, scope) = (self.transaction, self.scope);
        let stored = stored_content(content)?;
        let found = messages::lock_by_provider_id(conn, scope, source.inbox, target).await?;
        let Some(message) = found else {
            let early = serde_json::json!({ "at": source.at, "content": stored });
            return self.wait(source, target, "content", early).await;
        };
        let is_waiting = message.expired_at.is_none()
            && message.deleted_at.is_none()
            && message.content["type"] == "unsupported";
        if !is_waiting {
            return Ok(Vec::new());
        }
        let text = storable(content.text());
        messages::replace_content(conn, scope, &message, stored, &text, source.at).await?;
        let files = attach::note(self.desk, content, message.id)?;
        receive::replace_attachments(conn, scope, self.desk.now(), message.id, files).await?;
        let event = Event::MessageEdited {
            conversation: message.conversation_id,
            message: message.id,
            revision: message.revision + 1,
        };
        self.tell(source, message.conversation_id, event).await
    }

    /// Tells of changed words, and notes when: an agent who has not seen them is told.
    async fn tell_of_change(
        &self,
        source: &Source,
        message: &messages::MessageState,
        event: Event,
    ) -> Result<Vec<Envelope>, Error> {
        let told = self.tell(source, message.conversation_id, event).await?;
        if let Some(last) = told.last() {
            let version = last.aggregate.version;
            messages::mark_changed(self.transaction, self.scope, message.id, version).await?;
        }
        Ok(told)
    }

    pub(super) async fn delete(
        &self,
        source: &Source,
        target: &str,
    ) -> Result<Vec<Envelope>, Error> {
        let found =
            messages::lock_by_provider_id(self.transaction, self.scope, source.inbox, target)
                .await?;
        let Some(message) = found else {
            return self
                .wait(source, target, "delete", serde_json::Value::Null)
                .await;
        };
        if message.deleted_at.is_some() {
            return Ok(Vec::new());
        }
        messages::mark_deleted(self.transaction, self.scope, message.id, source.at).await?;
        let conversation = message.conversation_id;
        let event = Event::MessageDeleted {
            conversation,
            message: message.id,
        };
        self.tell_of_change(source, &message, event).await
    }
}
