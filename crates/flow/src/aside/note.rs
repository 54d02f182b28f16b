//! Agents write things down for each other, and call each other in.

use super::{Answer, AsideRefusal, done, refuse, seen};
use crate::wish::Wish;
use interdesk_domain::event::Event;
use interdesk_domain::id::*;
use interdesk_store::aside::{self, NewNote};
use interdesk_store::{Conn, conversations, outbox};
use serde::Serialize;

/// To write a note.
#[derive(Debug, Clone, Serialize)]
pub struct NoteWrite {
    /// In which conversation; it may be resolved.
    pub conversation: ConversationId,
    /// The words.
    pub text: String,
    /// Which agents it calls in.
    pub mentions: Vec<AgentId>,
}

/// To take a note back.
#[derive(Debug, Clone, Serialize)]
pub struct NoteDelete {
    /// Which.
    pub note: NoteId,
}

impl NoteWrite {
    pub(super) async fn apply(&self, wish: &Wish<'_>, conn: &Conn) -> Answer {
        let (scope, id) = (wish.scope(), self.conversation);
        let conversation = seen(wish, conn, id).await?;
        let mut mentions = self.mentions.clone();
        mentions.sort_unstable();
        mentions.dedup();
        if aside::rank_agents(conn, scope, &mentions).await? != mentions {
            return refuse(AsideRefusal::AgentNotFound);
        }
        let note: NoteId = wish.desk.id();
        let mut events = wish.events(&conversation);
        let version = events.push(Event::NoteWritten {
            conversation: id,
            note,
            mentions: mentions.clone(),
        });
        let new = NewNote {
            id: note,
            conversation: id,
            agent: wish.viewer.agent,
            text: &self.text,
            mentions: &mentions,
            version,
            at: wish.now(),
        };
        aside::insert_note(conn, scope, &new).await?;
        if !mentions.is_empty() {
            let told = mentions.iter().map(|agent| (wish.desk.id(), *agent));
            let told: Vec<(NotificationId, AgentId)> = told.collect();
            aside::insert_mentions(conn, scope, &new, &told).await?;
        }
        conversations::set_version(conn, scope, id, version).await?;
        outbox::append(conn, events.list()).await?;
        done(note.0, version)
    }
}

impl NoteDelete {
    pub(super) async fn apply(&self, wish: &Wish<'_>, conn: &Conn) -> Answer {
        let scope = wish.scope();
        let find = async || aside::find_notes(conn, scope, &[self.note]).await;
        let Some(note) = find().await?.into_iter().next() else {
            return refuse(AsideRefusal::NotFound);
        };
        let conversation = seen(wish, conn, note.conversation_id).await?;
        if note.agent_id != wish.viewer.agent && !wish.viewer.steers_others() {
            return refuse(AsideRefusal::NotYours);
        }
        // Who waited for the conversation's lock looks again.
        let found = find().await?.into_iter().next();
        if found.is_none_or(|note| note.deleted_at.is_some()) {
            return refuse(AsideRefusal::Unchanged);
        }
        let mut events = wish.events(&conversation);
        let version = events.push(Event::NoteDeleted {
            conversation: conversation.id,
            note: self.note,
        });
        aside::delete_note(conn, scope, self.note, wish.now()).await?;
        conversations::set_version(conn, scope, conversation.id, version).await?;
        outbox::append(conn, events.list()).await?;
        done(self.note.0, version)
    }
}
