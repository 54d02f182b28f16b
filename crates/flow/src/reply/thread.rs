//! A reply by the thread of a conversation that is merged into another one.
//!
//! It belongs to its thread, where the provider's ids and the adapter's state are, and is delivered there;
//! what it means for the matter is said in the conversation that goes on.

use super::Part;
use crate::wish::Wish;
use crate::{Error, Events};
use interdesk_domain::event::Event;
use interdesk_domain::id::MessageId;
use interdesk_domain::message::storable;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::sla::Party;
use interdesk_store::apps::App;
use interdesk_store::conversations::{self, Conversation};
use interdesk_store::merges::{self, Answered};
use interdesk_store::{Conn, outbox};

/// Finds the merged conversation by whose thread a reply goes, and locks it: the one by which the person
/// was last in touch through the app, or that of the message which is answered.
pub(super) async fn find(
    conn: &Conn,
    scope: TenantScope,
    conversation: &Conversation,
    app: &App,
    quoted: Option<MessageId>,
) -> Result<Option<Conversation>, Error> {
    if !conversation.has_merged {
        return Ok(None);
    }
    let place = (app.inbox_id, app.contact_id);
    match merges::find_thread(conn, scope, conversation.id, place, quoted).await? {
        Some(thread) => Ok(conversations::lock(conn, scope, thread).await?),
        None => Ok(None),
    }
}

/// Messages that go by a merged thread.
pub(super) struct ByThread<'a> {
    thread: &'a Conversation,
    events: Events<'a>,
}

impl<'a> ByThread<'a> {
    pub(super) fn begin(wish: &Wish<'a>, thread: &'a Conversation) -> Self {
        Self {
            thread,
            events: wish.events(thread),
        }
    }

    /// Stores a part, to be delivered after the commit, and tells of it in the conversation that goes on.
    pub(super) async fn queue(
        &mut self,
        wish: &Wish<'_>,
        conn: &Conn,
        part: Part<'_>,
        events: &mut Events<'_>,
    ) -> Result<MessageId, Error> {
        let (shown, status, content) = (part.conversation, part.status, part.content);
        // It counts in the episode that it answers.
        let thread = Conversation {
            episode_id: shown.episode_id,
            ..self.thread.clone()
        };
        let inbox = part.app.inbox_id;
        let part = Part {
            conversation: &thread,
            status: thread.status,
            ..part
        };
        let message = part.queue(wish.voice(), conn, &mut self.events).await?;
        let version = events.push(Event::MessageThreaded {
            conversation: shown.id,
            thread: thread.id,
            message,
            inbox,
            by: Party::Agent,
        });
        let preview: String = content.text().chars().take(super::PREVIEW).collect();
        let answered = Answered {
            status,
            version,
            at: wish.now(),
            preview: &storable(&preview),
        };
        let place = (shown.id, message);
        merges::note_answer(conn, wish.scope(), place, &answered).await?;
        Ok(message)
    }

    /// Writes what the thread tells of.
    pub(super) async fn end(self, conn: &Conn) -> Result<(), Error> {
        Ok(outbox::append(conn, self.events.list()).await?)
    }
}
