//! A third party has to act before a conversation can go on.

use crate::hands::{WorkOutcome, WorkRefusal, check_reason, done, own, refuse};
use crate::snooze::wake_work;
use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error};
use interdesk_domain::conversation::ConversationStatus;
use interdesk_domain::event::Event;
use interdesk_domain::id::ConversationId;
use interdesk_domain::permission::Viewer;
use interdesk_store::conversations::{self, Rest};
use interdesk_store::{Conn, outbox};
use serde::Serialize;

/// To put a conversation on hold.
#[derive(Debug, Clone, Serialize)]
pub struct Hold {
    /// Which.
    pub conversation: ConversationId,
    /// What it waits for.
    pub reason: String,
    /// The conversation's version that the agent had seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_version: Option<i64>,
}

/// Puts a conversation of the viewer on hold; said again with another reason, that one holds.
pub async fn hold(
    desk: &Desk,
    viewer: &Viewer,
    hold: &Hold,
    key: Option<&str>,
    context: &Context,
) -> Result<WorkOutcome, Error> {
    Wish::new(desk, viewer, key, context).fulfil(hold).await
}

impl Verb for Hold {
    type Outcome = WorkOutcome;
    const OPERATION: &'static str = "conversation_hold";
    const KEY_REUSED: WorkOutcome = WorkOutcome::KeyReused;

    async fn act(&self, wish: &Wish<'_>, conn: &Conn) -> Result<WorkOutcome, Halt<WorkOutcome>> {
        check_reason(&self.reason)?;
        let (scope, id) = (wish.scope(), self.conversation);
        let conversation = own(wish, conn, id, self.last_seen_version).await?;
        let is_held = conversation.status == ConversationStatus::OnHold;
        if is_held && conversation.held_reason.as_deref() == Some(self.reason.as_str()) {
            return refuse(WorkRefusal::Unchanged);
        }
        let mut events = wish.events(&conversation);
        wake_work(conn, scope, &conversation, &mut events).await?;
        let version = events.push(Event::ConversationHeld { conversation: id });
        let rest = Rest {
            status: ConversationStatus::OnHold,
            assignee_id: conversation.assignee_id,
            snoozed_until: None,
            held_reason: Some(&self.reason),
            version,
        };
        conversations::set_rest(conn, scope, id, &rest).await?;
        outbox::append(conn, events.list()).await?;
        Ok(done(id, version, None))
    }
}

/// To let a conversation go on.
#[derive(Serialize)]
struct Unhold(ConversationId);

/// Lets a conversation go on that was on hold: it is open.
pub async fn unhold(
    desk: &Desk,
    viewer: &Viewer,
    conversation: ConversationId,
    key: Option<&str>,
    context: &Context,
) -> Result<WorkOutcome, Error> {
    let wish = Wish::new(desk, viewer, key, context);
    wish.fulfil(&Unhold(conversation)).await
}

impl Verb for Unhold {
    type Outcome = WorkOutcome;
    const OPERATION: &'static str = "conversation_unhold";
    const KEY_REUSED: WorkOutcome = WorkOutcome::KeyReused;

    async fn act(&self, wish: &Wish<'_>, conn: &Conn) -> Result<WorkOutcome, Halt<WorkOutcome>> {
        let (scope, id) = (wish.scope(), self.0);
        let conversation = own(wish, conn, id, None).await?;
        let (from, to) = (conversation.status, ConversationStatus::Open);
        if from != ConversationStatus::OnHold {
            return refuse(WorkRefusal::NotOnHold);
        }
        let mut events = wish.events(&conversation);
        let version = events.push(Event::ConversationStatusChanged {
            conversation: id,
            from,
            to,
        });
        let rest = Rest {
            status: to,
            assignee_id: conversation.assignee_id,
            snoozed_until: None,
            held_reason: None,
            version,
        };
        conversations::set_rest(conn, scope, id, &rest).await?;
        outbox::append(conn, events.list()).await?;
        Ok(done(id, version, None))
    }
}
