//! Two conversations of one person are one matter: one goes on for both.
//!
//! Messages stay with the conversation by whose thread they came, so that replies go on to reach the right
//! app and the merge can be undone exactly ([`crate::unmerge`]). The merged one has no work and no clocks
//! of its own any more; who waits for an answer there waits in the other one.

use crate::hands::{WorkOutcome, WorkRefusal, done, fresh, refuse};
use crate::resolve::end_work_at_once;
use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error, Events, snooze};
use interdesk_domain::conversation::ConversationStatus;
use interdesk_domain::event::Event;
use interdesk_domain::id::*;
use interdesk_domain::permission::Viewer;
use interdesk_store::conversations::Conversation;
use interdesk_store::merges::{self, Merge as Merged, NewWork};
use interdesk_store::timers::{self, TimerKind};
use interdesk_store::{Conn, episodes, hands, outbox, speakers};
use serde::Serialize;

/// To merge a conversation into another one.
#[derive(Debug, Clone, Serialize)]
pub struct Merge {
    /// Which.
    pub conversation: ConversationId,
    /// Which one goes on for both.
    pub into: ConversationId,
    /// The version of the first that the agent had seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_version: Option<i64>,
    /// The version of the other that the agent had seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub into_last_seen_version: Option<i64>,
}

/// Merges a conversation into another one of the same person.
///
/// Who may steer both may merge them: the owner, whoever steers others, and anybody while nobody has it.
pub async fn merge(
    desk: &Desk,
    viewer: &Viewer,
    merge: &Merge,
    key: Option<&str>,
    context: &Context,
) -> Result<WorkOutcome, Error> {
    Wish::new(desk, viewer, key, context).fulfil(merge).await
}

impl Verb for Merge {
    type Outcome = WorkOutcome;
    const OPERATION: &'static str = "conversation_merge";
    const KEY_REUSED: WorkOutcome = WorkOutcome::KeyReused;

    async fn act(&self, wish: &Wish<'_>, conn: &Conn) -> Result<WorkOutcome, Halt<WorkOutcome>> {
        if self.conversation == self.into {
            return refuse(WorkRefusal::Unchanged);
        }
        let ids = (self.conversation, self.into);
        let (conversation, into) = match lock_pair(wish, conn, ids).await? {
            (Some(conversation), Some(into)) => (conversation, into),
            (None, _) => return refuse(WorkRefusal::NotFound),
            (_, None) => return refuse(WorkRefusal::IntoNotFound),
        };
        check(wish.viewer, &conversation, &into)?;
        let people = (conversation.contact_id, into.contact_id);
        if !merges::is_one_person(conn, wish.scope(), people.0, people.1).await? {
            return refuse(WorkRefusal::OtherPerson);
        }
        fresh(wish, conn, &conversation, self.last_seen_version).await?;
        let seen = fresh(wish, conn, &into, self.into_last_seen_version).await;
        seen.map_err(of_other)?;
        let own = [conversation.id];
        let unanswered = !conversation.status.is_done()
            && merges::is_waited(conn, wish.scope(), &own, None).await?;
        let told = Event::ConversationMerged {
            conversation: conversation.id,
            into: into.id,
            episode: conversation.episode_id,
            unanswered,
        };
        let version = go_on(wish, conn, (&conversation, &into), told.clone()).await?;
        end(wish, conn, &conversation, (&into, version), told).await?;
        Ok(done(into.id, version, None))
    }
}

/// Locks two conversations in the order in which all do.
pub(crate) async fn lock_pair(
    wish: &Wish<'_>,
    conn: &Conn,
    (one, other): (ConversationId, ConversationId),
) -> Result<(Option<Conversation>, Option<Conversation>), Error> {
    let locked = merges::lock_all(conn, wish.scope(), &[one, other]).await?;
    let find = |id| locked.iter().find(|found| found.id == id).cloned();
    Ok((find(one), find(other)))
}

/// Tells whether a conversation is the viewer's to merge.
pub(crate) fn may_merge(conversation: &Conversation, viewer: &Viewer) -> bool {
    let owner = conversation.assignee_id;
    owner.is_none_or(|owner| owner == viewer.agent) || viewer.steers_others()
}

fn check(
    viewer: &Viewer,
    conversation: &Conversation,
    into: &Conversation,
) -> Result<(), Halt<WorkOutcome>> {
    let reasons = [
        (conversation.merged_into.is_some(), WorkRefusal::Merged),
        (conversation.has_merged, WorkRefusal::HasMerged),
        (into.merged_into.is_some(), WorkRefusal::IntoMerged),
        (into.status.is_done(), WorkRefusal::IntoResolved),
        (
            conversation.group_id.is_some() || into.group_id.is_some(),
            WorkRefusal::InGroup,
        ),
        (!may_merge(conversation, viewer), WorkRefusal::NotYours),
        (!may_merge(into, viewer), WorkRefusal::IntoNotYours),
    ];
    match reasons.into_iter().find(|(holds, _)| *holds) {
        Some((_, reason)) => refuse(reason),
        None => Ok(()),
    }
}

/// Says of a refusal that it is about the conversation that is merged into.
fn of_other(halt: Halt<WorkOutcome>) -> Halt<WorkOutcome> {
    match halt {
        Halt::Refused(WorkOutcome::Refused {
            reason: WorkRefusal::StaleContext { version, missed },
        }) => Halt::Refused(WorkOutcome::Refused {
            reason: WorkRefusal::IntoStale { version, missed },
        }),
        other => other,
    }
}

/// Lets the one conversation go on for both, and returns its version: where somebody waits for an answer in
/// the other one, it is as if they had written here.
async fn go_on(
    wish: &Wish<'_>,
    conn: &Conn,
    (conversation, into): (&Conversation, &Conversation),
    told: Event,
) -> Result<i64, Error> {
    let scope = wish.scope();
    let mut events = wish.events(into);
    let mut status = into.status;
    let is_waited = matches!(
        told,
        Event::ConversationMerged {
            unanswered: true,
            ..
        }
    );
    if is_waited {
        snooze::wake_work(conn, scope, into, &mut events).await?;
        status = status.after_customer_message();
        if into.status == ConversationStatus::OnHold {
            events.push(Event::ConversationStatusChanged {
                conversation: into.id,
                from: into.status,
                to: status,
            });
        }
    }
    events.push(told);
    if is_waited && hands::lock_live(conn, scope, into.id).await?.is_none() {
        let place = (into.id, into.episode_id, into.queue_id);
        queue_work(wish, conn, place, &mut events).await?;
    }
    let ids = (into.id, conversation.id);
    let version = events.version();
    merges::set_has_merged(conn, scope, ids, status, version).await?;
    outbox::append(conn, events.list()).await?;
    Ok(version)
}

/// Ends work and episode of the conversation that is merged.
async fn end(
    wish: &Wish<'_>,
    conn: &Conn,
    conversation: &Conversation,
    (into, into_version): (&Conversation, i64),
    told: Event,
) -> Result<(), Error> {
    let (scope, now, id) = (wish.scope(), wish.now(), conversation.id);
    let mut events = wish.events(conversation);
    let mut status = conversation.status;
    if !status.is_done() {
        if let Some(item) = hands::lock_live(conn, scope, id).await? {
            end_work_at_once(wish, conn, &item, &mut events).await?;
        }
        timers::cancel(conn, scope, TimerKind::SnoozeEnds, id.0).await?;
        speakers::follow(conn, scope, id, None, now).await?;
        let by = Some(wish.viewer.agent);
        episodes::mark_resolved(conn, scope, conversation.episode_id, by, now).await?;
        status = ConversationStatus::Resolved;
    }
    let version = events.push(told);
    let merged = Merged {
        into: into.id,
        into_version,
        before: conversation.status,
        status,
        version,
    };
    merges::set_merged(conn, scope, id, &merged).await?;
    outbox::append(conn, events.list()).await?;
    Ok(())
}

/// Lets work of a locked conversation wait in a queue.
pub(crate) async fn queue_work(
    wish: &Wish<'_>,
    conn: &Conn,
    (conversation, episode, queue): (ConversationId, EpisodeId, QueueId),
    events: &mut Events<'_>,
) -> Result<WorkItemId, Error> {
    let work = NewWork {
        id: wish.desk.id(),
        conversation,
        episode,
        queue,
        not_before: None,
        now: wish.now(),
    };
    merges::insert_work(conn, wish.scope(), &work).await?;
    events.push(Event::WorkItemQueued {
        conversation,
        work_item: work.id,
        queue,
        epoch: 1,
    });
    Ok(work.id)
}
