//! An agent gives work back to its queue; it keeps its age.

use crate::hands::{
    GiveBack, WorkOutcome, WorkRefusal, check_reason, give_back, is_theirs, lock, queue_policy,
    refuse, rest_from,
};
use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error};
use interdesk_domain::handover::{HandoverKind, ReleaseReason};
use interdesk_domain::id::WorkItemId;
use interdesk_domain::permission::Viewer;
use interdesk_domain::work_item::WorkItemState;
use interdesk_store::conversations::{self, Change};
use interdesk_store::hands::Requeue;
use interdesk_store::{Conn, outbox};
use serde::Serialize;

/// To give work back.
#[derive(Debug, Clone, Serialize)]
pub struct Release {
    /// Which work.
    pub work_item: WorkItemId,
    /// Why, in words; may be empty.
    pub reason: String,
}

/// Puts work of the viewer back into its queue, at the place of its age; they rest from it as from
/// something that they declined.
pub async fn release(
    desk: &Desk,
    viewer: &Viewer,
    release: &Release,
    key: Option<&str>,
    context: &Context,
) -> Result<WorkOutcome, Error> {
    Wish::new(desk, viewer, key, context).fulfil(release).await
}

impl Verb for Release {
    type Outcome = WorkOutcome;
    const OPERATION: &'static str = "work_release";
    const KEY_REUSED: WorkOutcome = WorkOutcome::KeyReused;

    async fn act(&self, wish: &Wish<'_>, conn: &Conn) -> Result<WorkOutcome, Halt<WorkOutcome>> {
        check_reason(&self.reason)?;
        let (scope, at) = (wish.scope(), wish.now());
        let Some((conversation, item)) = lock(conn, scope, self.work_item).await? else {
            return refuse(WorkRefusal::NotFound);
        };
        let (WorkItemState::Active, Some(agent)) = (item.state, item.agent_id) else {
            return refuse(WorkRefusal::NotActive);
        };
        if !is_theirs(&conversation, wish.viewer) {
            return refuse(WorkRefusal::NotYours);
        }
        let work = (item.queue_id, item.id);
        let policy = queue_policy(wish.desk, conn, scope, work, at).await?;
        let back = GiveBack {
            kind: HandoverKind::Release,
            why: Some(ReleaseReason::Released),
            words: &self.reason,
            by: Some(wish.viewer.agent),
            to: Requeue {
                queue: item.queue_id,
                entered_at: None,
                not_before: conversation.asleep_until(),
                preferred: None,
            },
            rest: Some(rest_from(policy.after_decline, at)),
            at,
        };
        let mut events = wish.events(&conversation);
        let work = (&item, agent);
        let transfer = give_back(wish.desk, conn, scope, work, &back, &mut events).await?;
        let change = Change {
            status: conversation.status,
            assignee_id: None,
            version: events.version(),
        };
        conversations::update(conn, scope, conversation.id, &change).await?;
        outbox::append(conn, events.list()).await?;
        Ok(WorkOutcome::Done {
            conversation: conversation.id,
            version: events.version(),
            work_item: Some(item.id),
            transfer: Some(transfer),
            epoch: None,
        })
    }
}
