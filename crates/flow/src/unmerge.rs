//! A merge was wrong: the conversation stands for itself again.
//!
//! Nothing has to be put back, since no message ever left its thread. What it owed its customer when it was
//! merged, and what came since, it owes again, in an episode of its own.

use crate::hands::{WorkOutcome, WorkRefusal, done, refuse, set_timer};
use crate::merge::{lock_pair, may_merge, queue_work};
use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error, Events, take};
use interdesk_domain::conversation::ConversationStatus;
use interdesk_domain::event::Event;
use interdesk_domain::id::*;
use interdesk_domain::permission::Viewer;
use interdesk_domain::routing::model::AgentKind;
use interdesk_store::conversations::Conversation;
use interdesk_store::merges::{self, Restored, Since};
use interdesk_store::read::conversations;
use interdesk_store::timers::TimerKind;
use interdesk_store::{Conn, hands, outbox, speakers};
use serde::Serialize;

/// To undo a merge.
#[derive(Debug, Clone, Serialize)]
pub struct Unmerge {
    /// The conversation that was merged into another one.
    pub conversation: ConversationId,
}

/// Undoes a merge.
///
/// Who may merge two conversations may undo it.
pub async fn unmerge(
    desk: &Desk,
    viewer: &Viewer,
    unmerge: &Unmerge,
    key: Option<&str>,
    context: &Context,
) -> Result<WorkOutcome, Error> {
    Wish::new(desk, viewer, key, context).fulfil(unmerge).await
}

impl Verb for Unmerge {
    type Outcome = WorkOutcome;
    const OPERATION: &'static str = "conversation_unmerge";
    const KEY_REUSED: WorkOutcome = WorkOutcome::KeyReused;

    async fn act(&self, wish: &Wish<'_>, conn: &Conn) -> Result<WorkOutcome, Halt<WorkOutcome>> {
        let (scope, id) = (wish.scope(), self.conversation);
        let found = conversations::find_many(conn, scope, &[id]).await?;
        let Some(found) = found.first() else {
            return refuse(WorkRefusal::NotFound);
        };
        let Some(from) = found.merged_into else {
            return refuse(WorkRefusal::NotMerged);
        };
        let (Some(conversation), Some(from)) = lock_pair(wish, conn, (id, from)).await? else {
            return refuse(WorkRefusal::NotFound);
        };
        if conversation.merged_into != Some(from.id) {
            return refuse(WorkRefusal::NotMerged);
        }
        if !may_merge(&conversation, wish.viewer) {
            return refuse(WorkRefusal::NotYours);
        }
        if !may_merge(&from, wish.viewer) {
            return refuse(WorkRefusal::IntoNotYours);
        }
        let rest = merges::list(conn, scope, &[from.id]).await?;
        let mut rest: Vec<_> = rest.iter().map(|one| one.id).collect();
        rest.retain(|one| *one != id);
        rest.push(from.id);
        let together: Vec<_> = rest.iter().copied().chain([id]).collect();
        let Some(before) = merges::find_before(conn, scope, id).await? else {
            return refuse(WorkRefusal::NotMerged);
        };
        let since = Since {
            together: &together,
            shown_in: from.id,
            version: before.into_version,
        };
        let is_waited = merges::is_waited(conn, scope, &[id], Some(since)).await?;
        let waits_there = merges::is_waited(conn, scope, &rest, Some(since)).await?;
        let restoring = Restoring {
            conversation: &conversation,
            from: from.id,
            before: before.status,
            is_waited,
        };
        let version = restoring.restore(wish, conn).await?;
        go_on_alone(wish, conn, (&from, id), &rest, waits_there).await?;
        Ok(done(id, version, None))
    }
}

/// A conversation that stands for itself again.
struct Restoring<'a> {
    conversation: &'a Conversation,
    from: ConversationId,
    before: ConversationStatus,
    /// Whether its customer wrote last, of all that was shown together.
    is_waited: bool,
}

impl Restoring<'_> {
    async fn restore(&self, wish: &Wish<'_>, conn: &Conn) -> Result<i64, Error> {
        let (scope, conversation) = (wish.scope(), self.conversation);
        let mut events = wish.events(conversation);
        let told = Event::ConversationUnmerged {
            conversation: conversation.id,
            from: self.from,
            unanswered: self.is_waited,
        };
        let mut restored = Restored {
            status: conversation.status,
            assignee: conversation.assignee_id,
            episode: conversation.episode_id,
            number: conversation.episode_number,
            version: 0,
        };
        let is_closed = conversation.status == ConversationStatus::Closed;
        if is_closed || (self.before.is_done() && !self.came_since(conn, wish).await?) {
            let told = match told {
                Event::ConversationUnmerged {
                    conversation, from, ..
                } => Event::ConversationUnmerged {
                    conversation,
                    from,
                    unanswered: false,
                },
                other => other,
            };
            restored.version = events.push(told);
        } else {
            self.reopen(wish, conn, told, &mut restored, &mut events)
                .await?;
            restored.version = events.version();
        }
        merges::set_restored(conn, scope, conversation.id, &restored).await?;
        outbox::append(conn, events.list()).await?;
        Ok(restored.version)
    }

    /// Tells whether its customer wrote after the merge, and waits.
    async fn came_since(&self, conn: &Conn, wish: &Wish<'_>) -> Result<bool, Error> {
        let id = self.conversation.id;
        Ok(self.is_waited && merges::came_since(conn, wish.scope(), id).await?)
    }

    /// Begins the next episode, with its work in the hands that it was in where they have room.
    async fn reopen(
        &self,
        wish: &Wish<'_>,
        conn: &Conn,
        told: Event,
        restored: &mut Restored,
        events: &mut Events<'_>,
    ) -> Result<(), Error> {
        let (scope, conversation) = (wish.scope(), self.conversation);
        let number = conversation.episode_number + 1;
        (restored.episode, restored.number) = (wish.desk.id(), number);
        let episode = (restored.episode, number);
        merges::insert_episode(conn, scope, conversation.id, episode, wish.now()).await?;
        events.push(Event::ConversationReopened {
            conversation: conversation.id,
            episode: restored.episode,
            number,
        });
        events.push(told);
        let place = (conversation.id, restored.episode, conversation.queue_id);
        let work = queue_work(wish, conn, place, events).await?;
        restored.assignee = self.give_back(wish, conn, work, events).await?;
        restored.status = self
            .put_off(wish, conn, work, restored.assignee, events)
            .await?;
        Ok(())
    }

    /// Gives the work to who had it, where they may have it now; else it waits.
    async fn give_back(
        &self,
        wish: &Wish<'_>,
        conn: &Conn,
        work: WorkItemId,
        events: &mut Events<'_>,
    ) -> Result<Option<AgentId>, Error> {
        let (scope, now) = (wish.scope(), wish.now());
        let owner = self
            .conversation
            .assignee_id
            .filter(|_| !self.before.is_done());
        let (Some(agent), Some(item)) = (owner, hands::lock(conn, scope, work).await?) else {
            return Ok(None);
        };
        let worker = hands::find_worker(conn, scope, agent).await?;
        let may = worker.is_some_and(|it| !it.assistants_stopped || it.kind == AgentKind::Person);
        if !may || !take::has_room(conn, scope, &item, agent, now).await? {
            return Ok(None);
        }
        hands::mark_taken(conn, scope, (item.id, item.epoch), agent).await?;
        speakers::follow(conn, scope, item.conversation_id, Some(agent), now).await?;
        events.push(Event::WorkItemTaken {
            conversation: item.conversation_id,
            work_item: item.id,
            queue: item.queue_id,
            agent,
        });
        Ok(Some(agent))
    }

    /// Returns where it stands: open where its customer waits, else where it stood.
    async fn put_off(
        &self,
        wish: &Wish<'_>,
        conn: &Conn,
        work: WorkItemId,
        owner: Option<AgentId>,
        events: &mut Events<'_>,
    ) -> Result<ConversationStatus, Error> {
        let (scope, conversation) = (wish.scope(), self.conversation.id);
        let open = ConversationStatus::Open;
        let until = self.conversation.snoozed_until;
        let until = until.filter(|until| *until > wish.now());
        let (to, until) = match (self.is_waited, self.before, until) {
            (false, ConversationStatus::Snoozed, Some(until)) => (self.before, Some(until)),
            (_, ConversationStatus::Snoozed, _) => (open, None),
            (true, ConversationStatus::New, _) if owner.is_none() => (self.before, None),
            // It was answered with the other one.
            (false, ConversationStatus::New | ConversationStatus::Open, _) => {
                (ConversationStatus::WaitingForCustomer, None)
            }
            (false, before, _) if !before.is_done() => (before, None),
            _ => (open, None),
        };
        match (to, until) {
            (ConversationStatus::Snoozed, Some(until)) => {
                let timer = (TimerKind::SnoozeEnds, conversation.0);
                set_timer(wish.desk, conn, scope, timer, until).await?;
                if owner.is_none() {
                    hands::set_sleep(conn, scope, work, Some(until)).await?;
                }
                let queue = owner.is_none().then_some(self.conversation.queue_id);
                events.push(Event::ConversationSnoozed {
                    conversation,
                    until,
                    queue,
                });
            }
            (ConversationStatus::OnHold, _) => {
                events.push(Event::ConversationHeld { conversation });
            }
            (to, _) if to != open => {
                events.push(Event::ConversationStatusChanged {
                    conversation,
                    from: open,
                    to,
                });
            }
            _ => {}
        }
        Ok(to)
    }
}

/// Lets the other conversation go on without the one that left.
async fn go_on_alone(
    wish: &Wish<'_>,
    conn: &Conn,
    (from, left): (&Conversation, ConversationId),
    rest: &[ConversationId],
    is_waited: bool,
) -> Result<(), Error> {
    let mut events = wish.events(from);
    events.push(Event::ConversationUnmerged {
        conversation: left,
        from: from.id,
        unanswered: is_waited,
    });
    let mut status = from.status;
    // Who was waited for left, and the others are answered.
    if !is_waited && status == ConversationStatus::Open {
        status = ConversationStatus::WaitingForCustomer;
        events.push(Event::ConversationStatusChanged {
            conversation: from.id,
            from: from.status,
            to: status,
        });
    }
    let version = events.version();
    merges::set_rest_merged(conn, wish.scope(), from.id, rest, status, version).await?;
    outbox::append(conn, events.list()).await?;
    Ok(())
}
