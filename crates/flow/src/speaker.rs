//! Who may speak in a conversation: one at a time, a person or an assistant.
//!
//! Between people it is whose work it is. Once an assistant has a conversation, the right to speak is a
//! lease with an epoch: it changes hands under the lock of the conversation, under which replies are
//! written too, so that whoever lost it says nothing more.

use crate::hands::{WorkOutcome, WorkRefusal, refuse};
use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error};
use interdesk_domain::event::Event;
use interdesk_domain::id::*;
use interdesk_domain::permission::Viewer;
use interdesk_domain::routing::machine::Speaker;
use interdesk_domain::routing::model::AgentKind;
use interdesk_store::conversations::{self, Conversation};
use interdesk_store::speakers::{self, Lease};
use interdesk_store::{Conn, hands, outbox};
use serde::Serialize;

/// To have the right to speak, or to give it back.
#[derive(Serialize)]
enum Speak {
    /// The viewer has it from now on.
    Take(ConversationId),
    /// Whose work it is has it from now on.
    GiveBack(ConversationId),
}

/// Gives the right to speak to the viewer; whoever had it has it no more.
///
/// A person may take it from an assistant, from anybody in work of their own, and wherever they steer
/// others. An assistant may have it in its own work, while no person holds it.
pub async fn take(
    desk: &Desk,
    viewer: &Viewer,
    conversation: ConversationId,
    key: Option<&str>,
    context: &Context,
) -> Result<WorkOutcome, Error> {
    let wish = Wish::new(desk, viewer, key, context);
    wish.fulfil(&Speak::Take(conversation)).await
}

/// Gives the right to speak from the viewer back to whose work it is.
pub async fn give_back(
    desk: &Desk,
    viewer: &Viewer,
    conversation: ConversationId,
    key: Option<&str>,
    context: &Context,
) -> Result<WorkOutcome, Error> {
    let wish = Wish::new(desk, viewer, key, context);
    wish.fulfil(&Speak::GiveBack(conversation)).await
}

impl Verb for Speak {
    type Outcome = WorkOutcome;
    const OPERATION: &'static str = "speaker";
    const KEY_REUSED: WorkOutcome = WorkOutcome::KeyReused;

    async fn act(&self, wish: &Wish<'_>, conn: &Conn) -> Result<WorkOutcome, Halt<WorkOutcome>> {
        let (Self::Take(id) | Self::GiveBack(id)) = *self;
        let scope = wish.scope();
        let Some(conversation) = conversations::lock(conn, scope, id).await? else {
            return refuse(WorkRefusal::NotFound);
        };
        if conversation.status.is_done() {
            return refuse(WorkRefusal::ConversationResolved);
        }
        let lease = speakers::find(conn, scope, id).await?;
        let agent = match self {
            Self::Take(_) => taker(wish, conn, &conversation, lease.as_ref()).await?,
            Self::GiveBack(_) => owner(wish, &conversation, lease.as_ref())?,
        };
        let epoch = speakers::take(conn, scope, id, agent, wish.now()).await?;
        let mut events = wish.events(&conversation);
        let version = events.push(Event::SpeakerTaken {
            conversation: id,
            agent,
            epoch,
        });
        conversations::set_version(conn, scope, id, version).await?;
        outbox::append(conn, events.list()).await?;
        Ok(WorkOutcome::Done {
            conversation: id,
            version,
            work_item: None,
            transfer: None,
            epoch: Some(epoch),
        })
    }
}

/// Judges whether the viewer may take the right to speak.
async fn taker(
    wish: &Wish<'_>,
    conn: &Conn,
    conversation: &Conversation,
    lease: Option<&Lease>,
) -> Result<AgentId, Halt<WorkOutcome>> {
    let viewer = wish.viewer;
    let owns = conversation.assignee_id == Some(viewer.agent);
    let holder = lease.and_then(|lease| Some((lease.agent_id?, lease.kind?)));
    if wish.standing().kind == AgentKind::Assistant {
        return match holder {
            _ if wish.standing().is_stopped() => refuse(WorkRefusal::AssistantsStopped),
            _ if !owns => refuse(WorkRefusal::NotYours),
            Some((other, AgentKind::Person)) if other != viewer.agent => {
                refuse(WorkRefusal::SpeakerTaken)
            }
            _ => Ok(viewer.agent),
        };
    }
    let from_assistant = match (holder, conversation.assignee_id) {
        (Some((_, kind)), _) => kind == AgentKind::Assistant,
        (None, Some(owner)) => {
            let owner = hands::find_worker(conn, wish.scope(), owner).await?;
            owner.is_some_and(|owner| owner.kind == AgentKind::Assistant)
        }
        (None, None) => false,
    };
    match owns || from_assistant || viewer.steers_others() {
        true => Ok(viewer.agent),
        false => refuse(WorkRefusal::NotYours),
    }
}

/// Finds who gets the right that the viewer gives back.
fn owner(
    wish: &Wish<'_>,
    conversation: &Conversation,
    lease: Option<&Lease>,
) -> Result<AgentId, Halt<WorkOutcome>> {
    let holder = lease.and_then(|lease| lease.agent_id);
    if holder != Some(wish.viewer.agent) && !wish.viewer.steers_others() {
        return refuse(WorkRefusal::NotYours);
    }
    match conversation.assignee_id {
        Some(owner) if holder != Some(owner) => Ok(owner),
        _ => refuse(WorkRefusal::Unchanged),
    }
}

/// Whether somebody may speak in a conversation.
pub(crate) enum May {
    /// As whoever has the work may.
    AsOwner,
    /// Whoever has the work, since they hold the right.
    Holds,
    /// Somebody else holds the right, or the words carry an epoch that is over.
    NotSpeaker,
    /// All assistants are stopped.
    Stopped,
}

/// Judges whether the viewer may speak in a locked conversation, with words that carry an epoch.
pub(crate) async fn may_say(
    wish: &Wish<'_>,
    conn: &Conn,
    conversation: ConversationId,
    epoch: Option<i64>,
) -> Result<May, Error> {
    let lease = speakers::find(conn, wish.scope(), conversation).await?;
    let is_assistant = wish.standing().kind == AgentKind::Assistant;
    if wish.standing().is_stopped() {
        return Ok(May::Stopped);
    }
    let Some(Lease {
        agent_id: Some(holder),
        epoch: now,
        ..
    }) = lease
    else {
        return Ok(match is_assistant {
            true => May::NotSpeaker,
            false => May::AsOwner,
        });
    };
    let speaker = Speaker {
        epoch: now.unsigned_abs(),
        holder: Some(holder),
    };
    // People are known to hold it by their name; what an assistant prepared may be older than the
    // moment at which somebody took over.
    let carried = match (epoch, is_assistant) {
        (None, false) => Some(speaker.epoch),
        (epoch, _) => epoch.map(i64::unsigned_abs),
    };
    let said = carried.is_some_and(|epoch| speaker.may_say(wish.viewer.agent, epoch).is_ok());
    Ok(if said { May::Holds } else { May::NotSpeaker })
}
