//! What a step does to the conversation and its work.

use super::{Acting, Done};
use crate::Error;
use crate::hands::{GiveBack, give_back, queue_policy};
use chrono::TimeDelta;
use interdesk_domain::event::Event;
use interdesk_domain::handover::{HandoverKind, ReleaseReason};
use interdesk_domain::routing::model::Rest;
use interdesk_domain::work_item::WorkItemState;
use interdesk_store::conversations::{self, Change};
use interdesk_store::hands::{self, Requeue};
use interdesk_store::sla;

impl Acting<'_> {
    /// Raises the priority, never lowers it.
    pub(super) async fn raise_priority(&mut self, to: i16) -> Result<Done, Error> {
        let (conn, scope, id) = (self.conn, self.scope, self.conversation.id);
        let to = to.min(*crate::prioritise::PRIORITIES.end());
        if self.conversation.priority >= to {
            return Ok(Done::Nothing);
        }
        let item = hands::lock_live(conn, scope, id).await?;
        if let Some(item) = &item {
            hands::set_priority(conn, scope, item.id, to).await?;
        }
        let waiting = item.filter(|item| item.state == WorkItemState::Queued);
        let version = self.events.push(Event::PriorityChanged {
            conversation: id,
            from: self.conversation.priority,
            to,
            queue: waiting.map(|item| item.queue_id),
        });
        conversations::set_priority(conn, scope, id, to, version).await?;
        (self.conversation.priority, self.conversation.version) = (to, version);
        Ok(Done::CarriedOut { told: 0 })
    }

    /// Lets waiting work be as old as the next step of its queue's ladder asks.
    pub(super) async fn widen_ladder(&mut self) -> Result<Done, Error> {
        let (desk, conn, scope) = (self.desk, self.conn, self.scope);
        let item = hands::lock_live(conn, scope, self.conversation.id).await?;
        let Some(item) = item.filter(|item| item.state == WorkItemState::Queued) else {
            return Ok(Done::Nothing);
        };
        let now = desk.now();
        let policy = queue_policy(desk, conn, scope, (item.queue_id, item.id), now).await?;
        let Some(entered) = sla::find_entered(conn, scope, item.id).await? else {
            return Ok(Done::Nothing);
        };
        let waits = policy
            .ladder
            .iter()
            .map(|step| TimeDelta::seconds(step.after_seconds.into()));
        let Some(next) = waits.filter(|wait| entered + *wait > now).min() else {
            return Ok(Done::Nothing);
        };
        sla::set_entered(conn, scope, item.id, now - next).await?;
        let id = self.conversation.id;
        let version = self.events.push(Event::LadderWidened {
            conversation: id,
            work_item: item.id,
            queue: item.queue_id,
        });
        conversations::set_version(conn, scope, id, version).await?;
        self.conversation.version = version;
        Ok(Done::CarriedOut { told: 0 })
    }

    /// Puts a tag on the conversation.
    pub(super) async fn tag(&mut self, tag: &str) -> Result<Done, Error> {
        let (conn, scope, id) = (self.conn, self.scope, self.conversation.id);
        if !sla::add_tag(conn, scope, id, tag).await? {
            return Ok(Done::Nothing);
        }
        let version = self.events.push(Event::ConversationTagged {
            conversation: id,
            tag: tag.to_owned(),
        });
        conversations::set_version(conn, scope, id, version).await?;
        self.conversation.version = version;
        Ok(Done::CarriedOut { told: 0 })
    }

    /// Takes the work from its agent and lets it wait for anybody else; it keeps its age.
    pub(super) async fn reassign(&mut self) -> Result<Done, Error> {
        let (desk, conn, scope) = (self.desk, self.conn, self.scope);
        let item = hands::lock_live(conn, scope, self.conversation.id).await?;
        let Some(item) = item.filter(|item| item.state == WorkItemState::Active) else {
            return Ok(Done::Nothing);
        };
        let Some(agent) = item.agent_id else {
            return Ok(Done::Nothing);
        };
        let back = GiveBack {
            kind: HandoverKind::Release,
            why: Some(ReleaseReason::ServiceLevel),
            words: "",
            by: None,
            to: Requeue {
                queue: item.queue_id,
                entered_at: None,
                not_before: self.conversation.asleep_until(),
                preferred: None,
            },
            rest: Some(Rest::LastResort),
            at: desk.now(),
        };
        give_back(desk, conn, scope, (&item, agent), &back, &mut self.events).await?;
        let version = self.events.version();
        let change = Change {
            status: self.conversation.status,
            assignee_id: None,
            version,
        };
        conversations::update(conn, scope, self.conversation.id, &change).await?;
        (self.conversation.assignee_id, self.conversation.version) = (None, version);
        Ok(Done::CarriedOut { told: 0 })
    }
}
