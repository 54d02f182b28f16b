//! What an agent began to write is kept, for whichever device they go on at.

use super::{Answer, AsideRefusal, done, is_seen, refuse};
use crate::wish::Wish;
use interdesk_domain::id::ConversationId;
use interdesk_store::Conn;
use interdesk_store::aside::{self, Draft};
use serde::Serialize;

/// To keep what one began to write.
#[derive(Debug, Clone, Serialize)]
pub struct DraftSave {
    /// In which conversation.
    pub conversation: ConversationId,
    /// The words so far; none throws the draft away.
    pub text: String,
    /// The version that the writer had before them; without it whatever is there is replaced.
    pub expected: Option<i64>,
}

impl DraftSave {
    /// No event tells of it and no lock is taken: it is nobody else's.
    pub(super) async fn apply(&self, wish: &Wish<'_>, conn: &Conn) -> Answer {
        let id = self.conversation;
        if !is_seen(wish, conn, id).await? {
            return refuse(AsideRefusal::NotFound);
        }
        let draft = Draft {
            conversation_id: id,
            text: self.text.clone(),
            version: 0,
            changed_at: wish.now(),
        };
        let (scope, agent) = (wish.scope(), wish.viewer.agent);
        match aside::save_draft(conn, scope, agent, &draft, self.expected).await? {
            Some(saved) => done(id.0, saved.version),
            None => refuse(AsideRefusal::Stale),
        }
    }
}
