//! Who is told of a step, by which way, and when their hours begin.

use super::super::track::Track;
use super::{Acting, Done};
use crate::Error;
use chrono::{DateTime, Utc};
use interdesk_domain::event::Event;
use interdesk_domain::id::*;
use interdesk_domain::schedule::Kind;
use interdesk_domain::sla::{Audience, Due, Medium, Step};
use interdesk_store::notifications::{self, Notification, NotificationKind, Recipient};

impl Acting<'_> {
    /// Writes down whom to tell.
    pub(super) async fn notify(
        &mut self,
        track: &Track,
        due: &Due<'_>,
        deadline: Option<DateTime<Utc>>,
        (who, by): (Audience, Medium),
    ) -> Result<Done, Error> {
        let (conn, scope, now) = (self.conn, self.scope, self.desk.now());
        let way = match by {
            Medium::InApp => true,
            Medium::Email => notifications::find_mail_inbox(conn, scope).await?.is_some(),
            Medium::Webhook => notifications::find_hook(conn, scope).await?.is_some(),
        };
        if !way {
            return Ok(Done::NoWay);
        }
        let whom: Vec<(Option<AgentId>, DateTime<Utc>)> = match by {
            Medium::Webhook => vec![(None, now)],
            _ => {
                let recipients = self.recipients(track, who).await?;
                let due_at = |one: Recipient| (Some(one.agent_id), self.within_hours(&one, now));
                recipients.into_iter().map(due_at).collect()
            }
        };
        let kind = match due.step {
            None => NotificationKind::SlaBreach,
            Some(step) if Step::is_warning(step) => NotificationKind::SlaWarning,
            Some(_) => NotificationKind::SlaStep,
        };
        let mut told = 0;
        for (recipient_id, due_at) in whom {
            let notification = Notification {
                id: self.desk.id(),
                medium: by,
                recipient_id,
                kind,
                conversation_id: track.row.conversation_id,
                episode_id: track.row.episode_id,
                clock: due.key.instance.clock,
                started_by: due.key.instance.started_by,
                step: due.key.step.clone().unwrap_or_default(),
                at: due.at,
                deadline,
                made_at: now,
                due_at,
                read_at: None,
                sent_at: None,
                attempts: 0,
                try_at: (by != Medium::InApp).then_some(due_at),
                failure: None,
            };
            if notifications::insert(conn, scope, &notification).await? {
                told += 1;
                self.notified.push(Event::NotificationMade {
                    notification: notification.id,
                    conversation: notification.conversation_id,
                    medium: by,
                    agent: recipient_id,
                    due_at,
                });
            }
        }
        match told {
            0 => Ok(Done::NoWay),
            told => Ok(Done::CarriedOut { told }),
        }
    }

    /// Finds the people of an audience; supervisors are those of the queue's teams, or else all.
    async fn recipients(&self, track: &Track, who: Audience) -> Result<Vec<Recipient>, Error> {
        let (conn, scope, now) = (self.conn, self.scope, self.desk.now());
        let queue = track.course.queue.unwrap_or(self.conversation.queue_id);
        let found = match who {
            Audience::Agent => {
                let agents: Vec<_> = self.conversation.assignee_id.into_iter().collect();
                notifications::list_agents(conn, scope, &agents, now).await?
            }
            Audience::Team => notifications::list_team(conn, scope, queue, false, now).await?,
            Audience::Supervisor => {
                let own = notifications::list_team(conn, scope, queue, true, now).await?;
                match own.is_empty() {
                    true => notifications::list_supervisors(conn, scope, now).await?,
                    false => own,
                }
            }
        };
        Ok(found)
    }

    /// Returns when a recipient is told: now, or when their hours begin.
    fn within_hours(&self, recipient: &Recipient, now: DateTime<Utc>) -> DateTime<Utc> {
        let back = recipient.absent_until.unwrap_or(now).max(now);
        let schedule = recipient.schedule_id.filter(|id| self.law.has(*id));
        let Ok(timeline) = self.law.book.schedule(schedule) else {
            return back;
        };
        match timeline.kind_at(back) {
            Kind::Open => back,
            _ => timeline.next_open(back).unwrap_or(back),
        }
    }
}
