//! What becomes of work that waited for too long.

use super::{Router, staged};
use crate::{Context, Desk, Error, Events, conflict};
use chrono::{DateTime, TimeDelta, Utc};
use interdesk_domain::event::Event;
use interdesk_domain::id::{QueueId, WorkItemId};
use interdesk_domain::routing::limit::{self, Verdict};
use interdesk_domain::routing::model::WaitLimit;
use interdesk_domain::scope::TenantScope;
use interdesk_store::outbox;
use interdesk_store::reserve::{self, Limit};

/// How often it is looked.
const PERIOD: TimeDelta = TimeDelta::seconds(1);

/// A work item whose time to wait is over.
struct Overdue {
    item: WorkItemId,
    epoch: i32,
    queue: QueueId,
    limit: WaitLimit,
}

impl Router {
    /// Returns when it is looked for overdue work again; never, where no queue has a limit.
    pub(super) fn next_overdue(&self) -> Option<DateTime<Utc>> {
        let state = self.engine.state();
        let is_limited = state
            .queues
            .values()
            .any(|queue| queue.wait_limit.is_some());
        (is_limited && !state.items.is_empty()).then(|| self.limits_at + PERIOD)
    }

    /// Ends the waiting of what waited for too long, as its queue says.
    pub(super) async fn end_overdue(&mut self, desk: &Desk) -> Result<(), Error> {
        let now = desk.now();
        if self.next_overdue().is_none_or(|at| at > now) {
            return Ok(());
        }
        self.limits_at = now;
        let state = self.engine.state();
        let overdue = state.items.values().filter_map(|item| {
            let queue = state.queue_of(item)?;
            limit::overdue(queue, item, now)?;
            Some(Overdue {
                item: item.id,
                epoch: item.epoch,
                queue: staged::real(item.queue),
                limit: queue.wait_limit.clone()?,
            })
        });
        let overdue: Vec<Overdue> = overdue.collect();
        for one in &overdue {
            let context = Context::system(None, None);
            conflict::retry(|| end(desk, self.scope, one, &context)).await?;
            self.engine.remove_item(one.item);
            self.untold.remove(&one.item);
        }
        Ok(())
    }
}

/// Moves an overdue item to the queue that takes it, makes it a call, or ends it; what waits no more is
/// left alone. The customer is told by a timer, in [`crate::limited`].
///
/// An item that waits on comes back to the router by its event, as whatever is queued does.
async fn end(
    desk: &Desk,
    scope: TenantScope,
    overdue: &Overdue,
    context: &Context,
) -> Result<(), Error> {
    let (work_item, now) = (overdue.item, desk.now());
    let transaction = desk.database.begin(scope).await?;
    let wanted = [(work_item, overdue.epoch)];
    let locked = reserve::lock_waiting(&transaction, scope, &wanted, now).await?;
    let Some(item) = locked.into_iter().next() else {
        return Ok(transaction.rollback().await?);
    };
    let conversation = item.conversation_id;
    let mut events = Events::of_conversation(desk, scope, conversation, item.version, context);
    let queued = |queue| Event::WorkItemQueued {
        conversation,
        work_item,
        queue,
        epoch: item.epoch + 1,
    };
    let outcome = match overdue.limit.verdict() {
        // A queue that overflows into itself is refused when it is saved.
        Verdict::Overflow(to) if to == overdue.queue => return Ok(transaction.rollback().await?),
        Verdict::Overflow(to) => {
            let version = events.push(queued(to));
            reserve::overflow(&transaction, scope, (work_item, to), version, now).await?;
            "overflow"
        }
        Verdict::Told(limited, text) => {
            let version = events.push(match limited.ends_work() {
                true => Event::WorkItemCancelled {
                    conversation,
                    work_item,
                    queue: item.queue_id,
                },
                false => queued(item.queue_id),
            });
            let limit = Limit {
                item: work_item,
                limited,
                text,
                timer: desk.id(),
                version,
            };
            reserve::limit(&transaction, scope, limit, now).await?;
            limited.as_str()
        }
    };
    outbox::append(&transaction, events.list()).await?;
    transaction.commit().await?;
    desk.committed.notify_one();
    metrics::counter!("interdesk_route_limited_total", "outcome" => outcome).increment(1);
    Ok(())
}
