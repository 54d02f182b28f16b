//! A conversation is done for good: the customer's next message begins another one.

use crate::hands::{WorkOutcome, WorkRefusal, done, fresh, refuse};
use crate::resolve::end_episode;
use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error};
use interdesk_domain::conversation::ConversationStatus;
use interdesk_domain::event::Event;
use interdesk_domain::id::ConversationId;
use interdesk_domain::permission::Viewer;
use interdesk_store::conversations::{self, Change};
use interdesk_store::{Conn, merges, outbox};
use serde::Serialize;

/// To close a conversation.
#[derive(Debug, Clone, Serialize)]
pub struct Close {
    /// Which.
    pub conversation: ConversationId,
    /// The conversation's version that the agent had seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_version: Option<i64>,
}

/// Closes a conversation; one that is not resolved is resolved by it.
///
/// Who may resolve it may close it: its owner, whoever steers others, and anybody while nobody has it.
pub async fn close(
    desk: &Desk,
    viewer: &Viewer,
    close: &Close,
    key: Option<&str>,
    context: &Context,
) -> Result<WorkOutcome, Error> {
    Wish::new(desk, viewer, key, context).fulfil(close).await
}

impl Verb for Close {
    type Outcome = WorkOutcome;
    const OPERATION: &'static str = "conversation_close";
    const KEY_REUSED: WorkOutcome = WorkOutcome::KeyReused;

    async fn act(&self, wish: &Wish<'_>, conn: &Conn) -> Result<WorkOutcome, Halt<WorkOutcome>> {
        let (scope, id, viewer) = (wish.scope(), self.conversation, wish.viewer);
        let Some(conversation) = conversations::lock(conn, scope, id).await? else {
            return refuse(WorkRefusal::NotFound);
        };
        if conversation.status == ConversationStatus::Closed {
            return refuse(WorkRefusal::Unchanged);
        }
        if conversation.merged_into.is_some() {
            return refuse(WorkRefusal::Merged);
        }
        let owner = conversation.assignee_id;
        if owner.is_some_and(|owner| owner != viewer.agent) && !viewer.steers_others() {
            return refuse(WorkRefusal::NotYours);
        }
        fresh(wish, conn, &conversation, self.last_seen_version).await?;
        let mut events = wish.events(&conversation);
        if !conversation.status.is_done() {
            end_episode(wish, conn, &conversation, &mut events).await?;
        }
        let version = events.push(Event::ConversationClosed {
            conversation: id,
            episode: conversation.episode_id,
        });
        let change = Change {
            status: ConversationStatus::Closed,
            assignee_id: owner,
            version,
        };
        conversations::update(conn, scope, id, &change).await?;
        outbox::append(conn, events.list()).await?;
        if conversation.has_merged {
            close_merged(wish, conn, id).await?;
        }
        Ok(done(id, version, None))
    }
}

/// Closes what is merged into a closed conversation, so that the customer's next message begins another
/// one by those threads too.
async fn close_merged(wish: &Wish<'_>, conn: &Conn, id: ConversationId) -> Result<(), Error> {
    let scope = wish.scope();
    let merged = merges::list(conn, scope, &[id]).await?;
    let merged: Vec<_> = merged.iter().map(|one| one.id).collect();
    for one in merges::lock_all(conn, scope, &merged).await? {
        if one.status == ConversationStatus::Closed {
            continue;
        }
        let mut events = wish.events(&one);
        let version = events.push(Event::ConversationClosed {
            conversation: one.id,
            episode: one.episode_id,
        });
        let change = Change {
            status: ConversationStatus::Closed,
            assignee_id: one.assignee_id,
            version,
        };
        conversations::update(conn, scope, one.id, &change).await?;
        outbox::append(conn, events.list()).await?;
    }
    Ok(())
}
