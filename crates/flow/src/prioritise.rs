//! A conversation is made more or less important.

use crate::hands::{WorkOutcome, WorkRefusal, done, refuse};
use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error};
use interdesk_domain::event::Event;
use interdesk_domain::id::ConversationId;
use interdesk_domain::permission::Viewer;
use interdesk_domain::work_item::WorkItemState;
use interdesk_store::{Conn, conversations, hands, outbox};
use serde::Serialize;

/// The priorities that there are; work weighs double for each step.
pub const PRIORITIES: std::ops::RangeInclusive<i16> = -5..=10;

/// To give a conversation another priority.
#[derive(Serialize)]
struct Prioritise {
    conversation: ConversationId,
    priority: i16,
}

/// Gives a conversation and its work another priority.
///
/// Its owner may, whoever steers others, and anybody while nobody has it.
pub async fn prioritise(
    desk: &Desk,
    viewer: &Viewer,
    conversation: ConversationId,
    priority: i16,
    key: Option<&str>,
    context: &Context,
) -> Result<WorkOutcome, Error> {
    let wish = Wish::new(desk, viewer, key, context);
    let verb = Prioritise {
        conversation,
        priority,
    };
    wish.fulfil(&verb).await
}

impl Verb for Prioritise {
    type Outcome = WorkOutcome;
    const OPERATION: &'static str = "conversation_priority_set";
    const KEY_REUSED: WorkOutcome = WorkOutcome::KeyReused;

    async fn act(&self, wish: &Wish<'_>, conn: &Conn) -> Result<WorkOutcome, Halt<WorkOutcome>> {
        let (scope, id, viewer) = (wish.scope(), self.conversation, wish.viewer);
        if !PRIORITIES.contains(&self.priority) {
            return refuse(WorkRefusal::BadPriority);
        }
        let Some(conversation) = conversations::lock(conn, scope, id).await? else {
            return refuse(WorkRefusal::NotFound);
        };
        if conversation.status.is_done() {
            return refuse(WorkRefusal::ConversationResolved);
        }
        let owner = conversation.assignee_id;
        if owner.is_some_and(|owner| owner != viewer.agent) && !viewer.steers_others() {
            return refuse(WorkRefusal::NotYours);
        }
        if conversation.priority == self.priority {
            return refuse(WorkRefusal::Unchanged);
        }
        let item = hands::lock_live(conn, scope, id).await?;
        if let Some(item) = &item {
            hands::set_priority(conn, scope, item.id, self.priority).await?;
        }
        let waiting = item.filter(|item| item.state == WorkItemState::Queued);
        let mut events = wish.events(&conversation);
        let version = events.push(Event::PriorityChanged {
            conversation: id,
            from: conversation.priority,
            to: self.priority,
            queue: waiting.map(|item| item.queue_id),
        });
        conversations::set_priority(conn, scope, id, self.priority, version).await?;
        outbox::append(conn, events.list()).await?;
        Ok(done(id, version, None))
    }
}
