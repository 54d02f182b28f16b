//! What verbs about work have in common: what becomes of them, whose work it is, and how it leaves the
//! hands that it is in.

use crate::wish::{Halt, Wish};
use crate::{Desk, Error, Events};
use chrono::{DateTime, Duration, Utc};
use interdesk_domain::event::Event;
use interdesk_domain::handover::{HandoverKind, HandoverState, ReleaseReason};
use interdesk_domain::id::*;
use interdesk_domain::permission::Viewer;
use interdesk_domain::policy::{Absence, Again, PolicyKind, QueuePolicy, is_in_share};
use interdesk_domain::routing::model::Rest;
use interdesk_domain::scope::TenantScope;
use interdesk_store::conversations::{self, Conversation};
use interdesk_store::hands::{self, Held, Requeue};
use interdesk_store::timers::{self, Timer, TimerKind};
use interdesk_store::transfers::{self, NewTransfer};
use interdesk_store::{Conn, loads, messages, policies, speakers};
use serde::{Deserialize, Serialize};

/// How many characters a reason may have.
pub const MAX_REASON: usize = 500;

/// What became of a wish about a conversation or its work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum WorkOutcome {
    /// It is done.
    Done {
        /// Which conversation.
        conversation: ConversationId,
        /// The conversation's version.
        version: i64,
        /// Which work, where it was about some.
        work_item: Option<WorkItemId>,
        /// The transfer, where work changed hands or somebody was asked.
        transfer: Option<TransferId>,
        /// The epoch of the right to speak, where it was about that.
        epoch: Option<i64>,
    },
    /// It may not be.
    Refused {
        /// Why.
        reason: WorkRefusal,
    },
    /// The key was used for something else.
    KeyReused,
}

/// Why a wish about a conversation or its work may not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WorkRefusal {
    /// No such conversation, work or transfer for the viewer.
    NotFound,
    /// No such agent.
    AgentNotFound,
    /// No such queue.
    QueueNotFound,
    /// Somebody else has it, or nobody, and the viewer does not steer others.
    NotYours,
    /// The conversation is resolved.
    ConversationResolved,
    /// It is what was wished for already.
    Unchanged,
    /// The customer or a colleague wrote since the viewer last looked.
    StaleContext {
        /// The conversation's version now.
        version: i64,
        /// How many messages were missed.
        missed: i64,
    },
    /// The conversation is not on hold.
    NotOnHold,
    /// The conversation is not snoozed.
    NotSnoozed,
    /// The moment lies in the past, or too far away.
    BadTime,
    /// No such priority.
    BadPriority,
    /// The reason is too long.
    ReasonTooLong,
    /// Nobody works on it now.
    NotActive,
    /// It does not wait any more: somebody was faster, or is asked at this moment.
    NotWaiting,
    /// Nothing waits in the queue that the viewer may have.
    NothingWaits,
    /// Whoever would get it holds as much as they may.
    AtCapacity,
    /// Whoever would get it does not take work now.
    NotAvailable,
    /// The viewer does not serve the queue.
    NotAMember,
    /// A colleague is asked to take it over already.
    AlreadyAsked,
    /// The transfer was answered or taken back before.
    TransferEnded,
    /// The time to answer is over.
    TransferExpired,
    /// Its paperwork is finished.
    NotWrappingUp,
    /// Somebody else has the right to speak.
    SpeakerTaken,
    /// All assistants are stopped.
    AssistantsStopped,
    /// No such conversation to merge into.
    IntoNotFound,
    /// The conversation to merge into is somebody else's.
    IntoNotYours,
    /// The conversation to merge into is resolved.
    IntoResolved,
    /// The conversation to merge into is itself merged into another one.
    IntoMerged,
    /// The customer or a colleague wrote in the conversation to merge into since the viewer last looked.
    IntoStale {
        /// That conversation's version now.
        version: i64,
        /// How many messages were missed.
        missed: i64,
    },
    /// It is merged into another conversation, which goes on for it.
    Merged,
    /// Others are merged into it.
    HasMerged,
    /// It is merged into none.
    NotMerged,
    /// The conversations are of different people.
    OtherPerson,
    /// One of the conversations is a group's.
    InGroup,
}

/// Ends a verb with a refusal.
pub(crate) fn refuse<T>(reason: WorkRefusal) -> Result<T, Halt<WorkOutcome>> {
    Err(Halt::Refused(WorkOutcome::Refused { reason }))
}

/// Says that it is done to a conversation.
pub(crate) fn done(
    conversation: ConversationId,
    version: i64,
    work_item: Option<WorkItemId>,
) -> WorkOutcome {
    WorkOutcome::Done {
        conversation,
        version,
        work_item,
        transfer: None,
        epoch: None,
    }
}

/// Tells whether a conversation is the viewer's to steer.
pub(crate) fn is_theirs(conversation: &Conversation, viewer: &Viewer) -> bool {
    conversation.assignee_id == Some(viewer.agent) || viewer.steers_others()
}

/// Locks a conversation that is not over and is the viewer's to steer, of which they have seen all.
pub(crate) async fn own(
    wish: &Wish<'_>,
    conn: &Conn,
    id: ConversationId,
    seen: Option<i64>,
) -> Result<Conversation, Halt<WorkOutcome>> {
    let Some(conversation) = conversations::lock(conn, wish.scope(), id).await? else {
        return refuse(WorkRefusal::NotFound);
    };
    if conversation.status.is_done() {
        return refuse(WorkRefusal::ConversationResolved);
    }
    if !is_theirs(&conversation, wish.viewer) {
        return refuse(WorkRefusal::NotYours);
    }
    fresh(wish, conn, &conversation, seen).await?;
    Ok(conversation)
}

/// Refuses where others wrote since the viewer last looked, so that nothing is put aside unread.
pub(crate) async fn fresh(
    wish: &Wish<'_>,
    conn: &Conn,
    conversation: &Conversation,
    seen: Option<i64>,
) -> Result<(), Halt<WorkOutcome>> {
    let Some(seen) = seen else { return Ok(()) };
    let (id, version) = (conversation.id, conversation.version);
    let missed = messages::count_missed(conn, wish.scope(), id, seen, wish.viewer.agent).await?;
    match missed {
        0 => Ok(()),
        missed => refuse(WorkRefusal::StaleContext { version, missed }),
    }
}

/// Locks a work item, its conversation first.
pub(crate) async fn lock(
    conn: &Conn,
    scope: TenantScope,
    id: WorkItemId,
) -> Result<Option<(Conversation, Held)>, Error> {
    let Some(conversation) = hands::find_conversation(conn, scope, id).await? else {
        return Ok(None);
    };
    let Some(conversation) = conversations::lock(conn, scope, conversation).await? else {
        return Ok(None);
    };
    let item = hands::lock(conn, scope, id).await?;
    Ok(item.map(|item| (conversation, item)))
}

/// Refuses a reason that is too long.
pub(crate) fn check_reason(reason: &str) -> Result<(), Halt<WorkOutcome>> {
    match reason.chars().count() <= MAX_REASON && !reason.contains('\0') {
        true => Ok(()),
        false => refuse(WorkRefusal::ReasonTooLong),
    }
}

/// How work goes back to a queue.
pub(crate) struct GiveBack<'a> {
    /// As which kind of transfer it is written down.
    pub(crate) kind: HandoverKind,
    /// Why, as events say it; `None` for a transfer, which has an event of its own.
    pub(crate) why: Option<ReleaseReason>,
    /// Why, in words.
    pub(crate) words: &'a str,
    /// Who does it; nobody is a rule of the desk.
    pub(crate) by: Option<AgentId>,
    /// To which queue, and when somebody may have it.
    pub(crate) to: Requeue,
    /// Whether who had it may be offered it again.
    pub(crate) rest: Option<Rest>,
    /// When.
    pub(crate) at: DateTime<Utc>,
}

/// Puts locked work that an agent has into a queue: in one step it waits there, and they have room.
///
/// What the conversation says about its owner is the caller's to write.
pub(crate) async fn give_back(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    (item, agent): (&Held, AgentId),
    back: &GiveBack<'_>,
    events: &mut Events<'_>,
) -> Result<TransferId, Error> {
    let (conversation, work_item, queue) = (item.conversation_id, item.id, back.to.queue);
    end_asked(conn, scope, item, HandoverState::Cancelled, back.at, events).await?;
    loads::release(conn, scope, agent, item.units, Some(back.at)).await?;
    hands::mark_queued(conn, scope, work_item, &back.to).await?;
    speakers::follow(conn, scope, conversation, None, back.at).await?;
    timers::cancel(conn, scope, TimerKind::OwnerAbsent, work_item.0).await?;
    let transfer: TransferId = desk.id();
    let new = NewTransfer {
        id: transfer,
        work_item,
        kind: back.kind,
        from: agent,
        from_queue: item.queue_id,
        to: None,
        to_queue: queue,
        reason: back.words,
        made_by: back.by,
        made_at: back.at,
        expires_at: None,
        rest: back.rest,
    };
    transfers::insert(conn, scope, &new).await?;
    let epoch = item.epoch + 1;
    events.push(match back.why {
        Some(reason) => Event::WorkItemReleased {
            conversation,
            work_item,
            queue,
            agent,
            epoch,
            reason,
        },
        None => Event::WorkItemTransferred {
            conversation,
            work_item,
            transfer,
            queue,
            from: agent,
            to: None,
            epoch,
        },
    });
    Ok(transfer)
}

/// Ends the question to a colleague that a locked work item may be in: whatever becomes of the item,
/// nobody can take it over any more.
pub(crate) async fn end_asked(
    conn: &Conn,
    scope: TenantScope,
    item: &Held,
    state: HandoverState,
    at: DateTime<Utc>,
    events: &mut Events<'_>,
) -> Result<(), Error> {
    let Some(asked) = transfers::lock_asked(conn, scope, item.id).await? else {
        return Ok(());
    };
    transfers::mark_ended(conn, scope, asked.id, state, at).await?;
    timers::cancel(conn, scope, TimerKind::TransferExpires, asked.id.0).await?;
    let Some(to) = asked.to_agent_id else {
        return Ok(());
    };
    events.push(Event::TransferEnded {
        conversation: item.conversation_id,
        work_item: item.id,
        transfer: asked.id,
        queue: item.queue_id,
        from: asked.from_agent_id,
        to,
        state,
    });
    Ok(())
}

/// Sets a timer in place of the one of its kind that the subject may have.
pub(crate) async fn set_timer(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    (kind, subject_id): (TimerKind, uuid::Uuid),
    due_at: DateTime<Utc>,
) -> Result<(), Error> {
    timers::cancel(conn, scope, kind, subject_id).await?;
    let timer = Timer {
        id: desk.id(),
        tenant_id: scope.tenant(),
        kind,
        subject_id,
        due_at,
    };
    timers::insert(conn, &timer).await?;
    Ok(())
}

/// Returns how a queue is served, for one work item of it: where a version is staged to a share of the
/// work, the item may be in that share.
pub(crate) async fn queue_policy(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    (queue, item): (QueueId, WorkItemId),
    at: DateTime<Utc>,
) -> Result<QueuePolicy, Error> {
    let found = policies::active(conn, scope, PolicyKind::Queue, queue.0, at).await?;
    let Some(active) = found else {
        let seconds = desk.settings.decline_cooldown.num_seconds();
        let again = Again::AfterSeconds(u32::try_from(seconds).unwrap_or(0));
        return Ok(QueuePolicy {
            after_decline: again,
            after_expiry: again,
            ..QueuePolicy::default()
        });
    };
    let permille = active
        .staged_permille
        .and_then(|one| u32::try_from(one).ok());
    let is_staged = permille.is_some_and(|permille| is_in_share(active.id, item, permille));
    let body = match active.staged_body {
        Some(staged) if is_staged => staged,
        _ => active.body,
    };
    read(body, "a queue's policy")
}

/// Returns what becomes of work whose owner is away: as its queue has it, else as the tenant has it.
pub(crate) async fn absence_policy(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    work: (QueueId, WorkItemId),
    at: DateTime<Utc>,
) -> Result<Absence, Error> {
    if let Some(own) = queue_policy(desk, conn, scope, work, at).await?.absence {
        return Ok(own);
    }
    let tenant = scope.tenant().0;
    let found = policies::active(conn, scope, PolicyKind::Absence, tenant, at).await?;
    match found {
        Some(active) => read(active.body, "the absence policy"),
        None => Ok(Absence::default()),
    }
}

fn read<T: serde::de::DeserializeOwned>(
    body: serde_json::Value,
    what: &'static str,
) -> Result<T, Error> {
    serde_json::from_value(body).map_err(|source| Error::Unreadable { what, source })
}

/// Returns how long somebody rests from what they refused at a moment.
pub(crate) fn rest_from(again: Again, at: DateTime<Utc>) -> Rest {
    match again {
        Again::Never => Rest::Never,
        Again::AfterSeconds(seconds) => Rest::Until(at + Duration::seconds(seconds.into())),
        Again::LastResort => Rest::LastResort,
    }
}
