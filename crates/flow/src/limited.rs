//! Tells customers what a queue's limit made of what they wrote.
//!
//! The limit and a timer are written together, so that nobody is forgotten. What is said goes the way of
//! every reply: by the app that the customer used last, if it lets the words through. Where it does not,
//! the reason stays with the work.

use crate::reply::{NewReply, Part, find, judge};
use crate::wish::{Halt, Voice};
use crate::{Context, Desk, Error, Events};
use interdesk_domain::conversation::ConversationStatus;
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::id::{MessageId, WorkItemId};
use interdesk_domain::message::Content;
use interdesk_domain::routing::limit::Limited;
use interdesk_domain::scope::TenantScope;
use interdesk_store::conversations::{self, Change, Conversation};
use interdesk_store::timers::Timer;
use interdesk_store::{Conn, episodes, hands, limits};

/// Tells the customer of the work of a claimed timer what became of it, and ends the episode where it
/// was refused.
///
/// Runs within the transaction in which the caller claimed the timer, and returns the events that the
/// caller appends to the outbox there.
pub async fn tell(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    timer: &Timer,
    context: &Context,
) -> Result<Vec<Envelope>, Error> {
    let work_item = WorkItemId(timer.subject_id);
    let Some(found) = limits::find_untold(conn, scope, work_item).await? else {
        return Ok(Vec::new());
    };
    let id = found.conversation_id;
    let Some(conversation) = conversations::lock(conn, scope, id).await? else {
        return Ok(Vec::new());
    };
    let Some(outcome) = Limited::of_name(&found.limited) else {
        return Ok(Vec::new());
    };
    let voice = Voice {
        desk,
        scope,
        context,
        viewer: None,
    };
    let mut events = Events::of_conversation(desk, scope, id, conversation.version, context);
    let status = match outcome {
        Limited::Answer => conversation.status.after_reply(),
        Limited::CallBack | Limited::Refuse => conversation.status,
    };
    let text = found
        .limited_text
        .filter(|_| !conversation.status.is_done());
    let told = match text {
        Some(text) => say(voice, conn, &conversation, (text, status), &mut events).await?,
        None => Err("NOTHING_TO_SAY"),
    };
    limits::note_told(conn, scope, work_item, told).await?;
    events.push(Event::WorkItemLimited {
        conversation: id,
        work_item,
        queue: found.queue_id,
        outcome,
        message: told.ok(),
        untold: told.err().map(str::to_owned),
    });
    let status = match outcome {
        Limited::Refuse => refuse(voice, conn, &conversation, &mut events).await?,
        // Nobody has work with it any more, and the customer has no answer: it is ours to look at.
        Limited::Answer if told.is_err() && status == ConversationStatus::WaitingForCustomer => {
            ConversationStatus::Open
        }
        Limited::Answer | Limited::CallBack => status,
    };
    let change = Change {
        status,
        assignee_id: conversation.assignee_id,
        version: events.version(),
    };
    conversations::update(conn, scope, id, &change).await?;
    Ok(events.into_list())
}

/// Says it by the app that lets it through; otherwise returns what is in its way.
async fn say(
    voice: Voice<'_>,
    conn: &Conn,
    conversation: &Conversation,
    (text, status): (String, ConversationStatus),
    events: &mut Events<'_>,
) -> Result<Result<MessageId, &'static str>, Error> {
    let new = NewReply {
        conversation: conversation.id,
        content: Content::Text { text },
        attachments: Vec::new(),
        to: None,
        reply_to: None,
        last_seen_version: None,
        speaker_epoch: None,
        expires_in: None,
    };
    let ways = match judge(voice, conn, &new).await {
        Ok(ways) => ways,
        Err(Halt::Failed(error)) => return Err(error),
        Err(Halt::Refused(_)) => return Ok(Err("UNSUPPORTED_CONTENT")),
    };
    let Some(way) = find(&ways, None).map(|place| &ways[place]) else {
        return Ok(Err("RECIPIENT_UNKNOWN"));
    };
    if let Some(obstacle) = &way.obstacle {
        return Ok(Err(obstacle.code()));
    }
    let mut first = None;
    for content in &way.parts {
        let part = Part {
            conversation,
            app: &way.app,
            content,
            reply_to: None,
            status,
        };
        let message = part.queue(voice, conn, events).await?;
        first.get_or_insert(message);
    }
    Ok(first.ok_or("UNSUPPORTED_CONTENT"))
}

/// Ends the episode, unless the customer's next words found a place meanwhile; returns where the
/// conversation stands after it.
async fn refuse(
    voice: Voice<'_>,
    conn: &Conn,
    conversation: &Conversation,
    events: &mut Events<'_>,
) -> Result<ConversationStatus, Error> {
    let (scope, episode) = (voice.scope, conversation.episode_id);
    let is_done = conversation.status.is_done();
    if is_done
        || hands::lock_live(conn, scope, conversation.id)
            .await?
            .is_some()
    {
        return Ok(conversation.status);
    }
    episodes::mark_resolved(conn, scope, episode, None, voice.desk.now()).await?;
    events.push(Event::ConversationResolved {
        conversation: conversation.id,
        episode,
    });
    Ok(ConversationStatus::Resolved)
}
