//! A conversation is put off until a moment, or until the customer writes.

use crate::hands::{
    GiveBack, WorkOutcome, WorkRefusal, done, give_back, own, queue_policy, refuse, set_timer,
};
use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error, Events, resolve};
use chrono::{DateTime, Duration, Utc};
use interdesk_domain::conversation::ConversationStatus;
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::handover::{HandoverKind, ReleaseReason};
use interdesk_domain::id::*;
use interdesk_domain::permission::Viewer;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::work_item::WorkItemState;
use interdesk_store::conversations::{self, Conversation, Rest};
use interdesk_store::hands::{self, Held, Requeue};
use interdesk_store::timers::{self, Timer, TimerKind};
use interdesk_store::{Conn, outbox, work_items};
use serde::Serialize;

/// The longest time for which anything is put off.
const LONGEST: Duration = Duration::days(366);

/// To put a conversation off.
#[derive(Debug, Clone, Serialize)]
pub struct Snooze {
    /// Which.
    pub conversation: ConversationId,
    /// Until when.
    pub until: DateTime<Utc>,
    /// Whether its agent keeps the work meanwhile; else it sleeps in its queue, and they have room.
    pub keep: bool,
    /// The conversation's version that the agent had seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_version: Option<i64>,
}

/// Puts a conversation of the viewer off; said again with another moment, that one holds.
pub async fn snooze(
    desk: &Desk,
    viewer: &Viewer,
    snooze: &Snooze,
    key: Option<&str>,
    context: &Context,
) -> Result<WorkOutcome, Error> {
    Wish::new(desk, viewer, key, context).fulfil(snooze).await
}

impl Verb for Snooze {
    type Outcome = WorkOutcome;
    const OPERATION: &'static str = "conversation_snooze";
    const KEY_REUSED: WorkOutcome = WorkOutcome::KeyReused;

    async fn act(&self, wish: &Wish<'_>, conn: &Conn) -> Result<WorkOutcome, Halt<WorkOutcome>> {
        let (scope, id, now) = (wish.scope(), self.conversation, wish.now());
        if self.until <= now || self.until > now + LONGEST {
            return refuse(WorkRefusal::BadTime);
        }
        let conversation = own(wish, conn, id, self.last_seen_version).await?;
        let mut events = wish.events(&conversation);
        let mut assignee_id = conversation.assignee_id;
        let mut queue = None;
        if let Some(item) = hands::lock_live(conn, scope, id).await?
            && self.put_to_sleep(wish, conn, &item, &mut events).await?
        {
            (assignee_id, queue) = (None, Some(item.queue_id));
        }
        let version = events.push(Event::ConversationSnoozed {
            conversation: id,
            until: self.until,
            queue,
        });
        let rest = Rest {
            status: ConversationStatus::Snoozed,
            assignee_id,
            snoozed_until: Some(self.until),
            held_reason: None,
            version,
        };
        conversations::set_rest(conn, scope, id, &rest).await?;
        set_timer(
            wish.desk,
            conn,
            scope,
            (TimerKind::SnoozeEnds, id.0),
            self.until,
        )
        .await?;
        outbox::append(conn, events.list()).await?;
        Ok(done(id, version, None))
    }
}

impl Snooze {
    /// Lets the work sleep in its queue, unless its agent keeps it; tells whether it does.
    async fn put_to_sleep(
        &self,
        wish: &Wish<'_>,
        conn: &Conn,
        item: &Held,
        events: &mut Events<'_>,
    ) -> Result<bool, Error> {
        let (scope, at) = (wish.scope(), wish.now());
        match (item.state, item.agent_id) {
            (WorkItemState::Active, Some(_)) if self.keep => return Ok(false),
            (WorkItemState::Active, Some(agent)) => {
                let back = GiveBack {
                    kind: HandoverKind::Snooze,
                    why: Some(ReleaseReason::Snoozed),
                    words: "",
                    by: Some(wish.viewer.agent),
                    to: self.sleeping(wish, conn, item, agent).await?,
                    rest: None,
                    at,
                };
                give_back(wish.desk, conn, scope, (item, agent), &back, events).await?;
            }
            (WorkItemState::Offered, _) => {
                resolve::rescind(conn, scope, item, at, events).await?;
                work_items::mark_queued_again(conn, scope, item.id, item.epoch).await?;
                hands::set_sleep(conn, scope, item.id, Some(self.until)).await?;
            }
            _ => hands::set_sleep(conn, scope, item.id, Some(self.until)).await?,
        }
        Ok(true)
    }

    /// Says how given-back work sleeps; whoever had it has the first right to it afterwards, for as
    /// long as the queue keeps work for its last owner.
    async fn sleeping(
        &self,
        wish: &Wish<'_>,
        conn: &Conn,
        item: &Held,
        agent: AgentId,
    ) -> Result<Requeue, Error> {
        let work = (item.queue_id, item.id);
        let policy = queue_policy(wish.desk, conn, wish.scope(), work, wish.now()).await?;
        let kept = Duration::seconds(policy.last_owner_seconds.into());
        Ok(Requeue {
            queue: item.queue_id,
            entered_at: None,
            not_before: Some(self.until),
            preferred: (policy.last_owner_seconds > 0).then(|| (agent, self.until + kept)),
        })
    }
}

/// To end a snooze early.
#[derive(Serialize)]
struct Wake(ConversationId);

/// Ends the snooze of a conversation of the viewer before its time: it is open.
pub async fn wake(
    desk: &Desk,
    viewer: &Viewer,
    conversation: ConversationId,
    key: Option<&str>,
    context: &Context,
) -> Result<WorkOutcome, Error> {
    let wish = Wish::new(desk, viewer, key, context);
    wish.fulfil(&Wake(conversation)).await
}

impl Verb for Wake {
    type Outcome = WorkOutcome;
    const OPERATION: &'static str = "conversation_wake";
    const KEY_REUSED: WorkOutcome = WorkOutcome::KeyReused;

    async fn act(&self, wish: &Wish<'_>, conn: &Conn) -> Result<WorkOutcome, Halt<WorkOutcome>> {
        let (scope, id) = (wish.scope(), self.0);
        let conversation = own(wish, conn, id, None).await?;
        if conversation.status != ConversationStatus::Snoozed {
            return refuse(WorkRefusal::NotSnoozed);
        }
        let mut events = wish.events(&conversation);
        open(conn, scope, &conversation, &mut events).await?;
        timers::cancel(conn, scope, TimerKind::SnoozeEnds, id.0).await?;
        outbox::append(conn, events.list()).await?;
        Ok(done(id, events.version(), None))
    }
}

/// Wakes the conversation of a claimed timer, unless it is put off until another moment by now, or
/// not at all.
///
/// Runs within the transaction in which the caller claimed the timer, and returns the events that the
/// caller appends to the outbox there. It is open from the moment that was chosen, not from that at
/// which somebody noticed it.
pub async fn snooze_ends(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    timer: &Timer,
    context: &Context,
) -> Result<Vec<Envelope>, Error> {
    let id = ConversationId(timer.subject_id);
    let Some(conversation) = conversations::lock(conn, scope, id).await? else {
        return Ok(Vec::new());
    };
    let is_over = conversation
        .snoozed_until
        .is_some_and(|until| until <= timer.due_at);
    if conversation.status != ConversationStatus::Snoozed || !is_over {
        return Ok(Vec::new());
    }
    let mut events = Events::of_conversation(desk, scope, id, conversation.version, context);
    open(conn, scope, &conversation, &mut events).await?;
    let mut events = events.into_list();
    let at = timer.due_at;
    events.iter_mut().for_each(|event| event.occurred_at = at);
    Ok(events)
}

/// Opens a locked conversation that is put off until a moment.
async fn open(
    conn: &Conn,
    scope: TenantScope,
    conversation: &Conversation,
    events: &mut Events<'_>,
) -> Result<(), Error> {
    wake_work(conn, scope, conversation, events).await?;
    let rest = Rest {
        status: ConversationStatus::Open,
        assignee_id: conversation.assignee_id,
        snoozed_until: None,
        held_reason: None,
        version: events.version(),
    };
    conversations::set_rest(conn, scope, conversation.id, &rest).await?;
    Ok(())
}

/// Wakes the work of a locked conversation and says so, where the conversation is put off until a
/// moment.
pub(crate) async fn wake_work(
    conn: &Conn,
    scope: TenantScope,
    conversation: &Conversation,
    events: &mut Events<'_>,
) -> Result<(), Error> {
    if conversation.status != ConversationStatus::Snoozed {
        return Ok(());
    }
    let item = hands::lock_live(conn, scope, conversation.id).await?;
    let waiting = item.filter(|item| item.state == WorkItemState::Queued);
    if let Some(item) = &waiting {
        hands::set_sleep(conn, scope, item.id, None).await?;
    }
    events.push(Event::ConversationWoken {
        conversation: conversation.id,
        queue: waiting.map(|item| item.queue_id),
    });
    Ok(())
}
