//! What a step does: to the conversation and its work, and to those who are told.
//!
//! Everything happens under the lock of the conversation and in the transaction that writes down that
//! the step was told, so it happens once or not at all. Mails and calls are rows that a sender takes.

mod notify;
mod work;

use super::law::Law;
use super::track::Track;
use crate::{Context, Desk, Error, Events};
use chrono::{DateTime, Utc};
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::scope::TenantScope;
use interdesk_domain::sla::{Action, Due};
use interdesk_store::Conn;
use interdesk_store::conversations::Conversation;
use serde::Serialize;

/// What became of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "became", rename_all = "snake_case")]
pub(crate) enum Done {
    /// It was carried out; those who are told are counted.
    #[serde(rename = "done")]
    CarriedOut { told: usize },
    /// It was so already, or there is nothing left that it could change.
    Nothing,
    /// Nobody is there to be told, or no way leads to them.
    NoWay,
}

/// Whoever acts on steps of one conversation, which is locked.
pub(crate) struct Acting<'a> {
    desk: &'a Desk,
    conn: &'a Conn,
    scope: TenantScope,
    law: &'a Law,
    conversation: Conversation,
    events: Events<'a>,
    notified: Vec<Event>,
}

impl<'a> Acting<'a> {
    /// Begins with a locked conversation.
    pub(crate) fn new(
        desk: &'a Desk,
        conn: &'a Conn,
        scope: TenantScope,
        law: &'a Law,
        conversation: Conversation,
        context: &'a Context,
    ) -> Self {
        let (id, version) = (conversation.id, conversation.version);
        Self {
            desk,
            conn,
            scope,
            law,
            conversation,
            events: Events::of_conversation(desk, scope, id, version, context),
            notified: Vec::new(),
        }
    }

    /// Does what a step says, and tells what became of each action.
    pub(crate) async fn act(
        &mut self,
        track: &Track,
        due: &Due<'_>,
        deadline: Option<DateTime<Utc>>,
    ) -> Result<Vec<serde_json::Value>, Error> {
        let actions = due.step.map_or(&[][..], |step| &step.actions);
        // A conversation that went on to its next episode is not changed for the sake of the last.
        let is_present = self.conversation.episode_id == track.row.episode_id
            && !self.conversation.status.is_done();
        let mut done = Vec::with_capacity(actions.len());
        for action in actions {
            let became = match action {
                Action::Notify { who, by } => {
                    self.notify(track, due, deadline, (*who, *by)).await?
                }
                _ if !is_present => Done::Nothing,
                Action::RaisePriority { to } => self.raise_priority(*to).await?,
                Action::WidenLadder => self.widen_ladder().await?,
                Action::Tag { tag } => self.tag(tag).await?,
                Action::Reassign => self.reassign().await?,
            };
            done.push(serde_json::json!({ "action": action, "outcome": became }));
        }
        Ok(done)
    }

    /// Returns the events of those who are told since the last call.
    pub(crate) fn take_notified(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.notified)
    }

    /// Returns the events of the conversation, and what it is now.
    pub(crate) fn finish(self) -> (Vec<Envelope>, Conversation) {
        (self.events.into_list(), self.conversation)
    }
}
