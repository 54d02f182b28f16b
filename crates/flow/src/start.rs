//! An agent writes first: an episode begins with their words, and they have it.
//!
//! What may be written is what a reply may: consent, address, window and channel are asked alike, and
//! who may begin is a capability of the channel. Work that an agent starts counts for their capacity.

use crate::reply::{NewReply, ReplyOutcome, Target};
use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error, Events};
use interdesk_channels::{Start, channel};
use interdesk_domain::event::Event;
use interdesk_domain::id::*;
use interdesk_domain::message::Content;
use interdesk_domain::permission::Viewer;
use interdesk_store::conversations::Conversation;
use interdesk_store::starts::{self, NewStart};
use interdesk_store::{Conn, apps, inboxes, loads, merges, outbox, speakers};
use serde::{Deserialize, Serialize};

/// To whom an agent wants to write first.
#[derive(Debug, Clone, Serialize)]
pub struct NewConversation {
    /// To whom.
    pub contact: ContactId,
    /// By which inbox.
    pub inbox: InboxId,
    /// What.
    pub content: Content,
}

/// What became of the wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum StartOutcome {
    /// It began; the message is on its way.
    Started {
        /// Which conversation.
        conversation: ConversationId,
        /// Which message; of a text that went in parts the first.
        message: MessageId,
        /// The conversation's version.
        version: i64,
    },
    /// No such contact.
    NotFound,
    /// No such inbox, or it is switched off.
    InboxNotFound,
    /// A conversation with the person is open in that queue: go on there.
    AlreadyOpen {
        /// Which.
        conversation: ConversationId,
    },
    /// The agent has as much work as they may hold.
    AtCapacity,
    /// The message may not be written, for the reasons that a reply may not.
    Refused {
        /// Which.
        reason: Box<ReplyOutcome>,
    },
    /// The key was used for something else.
    KeyReused,
}

/// Writes to a person first.
pub async fn start(
    desk: &Desk,
    viewer: &Viewer,
    new: &NewConversation,
    key: Option<&str>,
    context: &Context,
) -> Result<StartOutcome, Error> {
    let wish = Wish::new(desk, viewer, key, context);
    wish.fulfil(new).await
}

impl Verb for NewConversation {
    type Outcome = StartOutcome;
    const OPERATION: &'static str = "conversation_start";
    const KEY_REUSED: StartOutcome = StartOutcome::KeyReused;

    async fn act(&self, wish: &Wish<'_>, conn: &Conn) -> Result<StartOutcome, Halt<StartOutcome>> {
        let refuse = |outcome| Err(Halt::Refused(outcome));
        let scope = wish.scope();
        let Some(inbox) = inboxes::find(conn, scope, self.inbox)
            .await?
            .filter(|it| it.enabled)
        else {
            return refuse(StartOutcome::InboxNotFound);
        };
        let members = starts::list_members(conn, scope, self.contact).await?;
        let Some(top) = members.first().map(|one| one.person_id) else {
            return refuse(StartOutcome::NotFound);
        };
        let ids: Vec<_> = members.iter().map(|member| member.id).collect();
        let mut known = starts::lock_of_person(conn, scope, &ids, inbox.queue_id).await?;
        // What is merged goes on in another conversation, be it in another queue.
        let into: Vec<_> = known.iter().filter_map(|one| one.merged_into).collect();
        if !into.is_empty() {
            known.retain(|one| one.merged_into.is_none());
            known.extend(merges::lock_all(conn, scope, &into).await?);
        }
        if let Some(open) = known.iter().find(|one| !one.status.is_done()) {
            let conversation = open.id;
            return refuse(StartOutcome::AlreadyOpen { conversation });
        }
        let (agent, now) = (wish.viewer.agent, wish.now());
        if loads::debit(conn, scope, &[(agent, 1)], now)
            .await?
            .is_empty()
        {
            return refuse(StartOutcome::AtCapacity);
        }
        let goes_on = |one: &&Conversation| one.contact_id == top || into.contains(&one.id);
        let done = known.iter().find(goes_on);
        let conversation = self.begin(wish, conn, (top, inbox.queue_id), done).await?;
        self.write(wish, conn, conversation).await
    }
}

impl NewConversation {
    /// Begins the episode in the person's conversation, with its work in the agent's hands.
    async fn begin(
        &self,
        wish: &Wish<'_>,
        conn: &Conn,
        (top, queue): (ContactId, QueueId),
        done: Option<&Conversation>,
    ) -> Result<ConversationId, Error> {
        let (scope, agent) = (wish.scope(), wish.viewer.agent);
        let id = done.map_or_else(|| wish.desk.id(), |done| done.id);
        let number = done.map_or(1, |done| done.episode_number + 1);
        let (episode, work_item): (EpisodeId, WorkItemId) = (wish.desk.id(), wish.desk.id());
        let version = done.map_or(0, |done| done.version);
        let mut events = Events::of_conversation(wish.desk, scope, id, version, wish.context);
        events.push(match number {
            1 => Event::ConversationOpened {
                conversation: id,
                episode,
                contact: top,
                inbox: self.inbox,
            },
            _ => Event::ConversationReopened {
                conversation: id,
                episode,
                number,
            },
        });
        let version = events.push(Event::WorkItemTaken {
            conversation: id,
            work_item,
            queue,
            agent,
        });
        let start = NewStart {
            conversation_id: id,
            contact_id: top,
            inbox_id: self.inbox,
            queue_id: queue,
            episode_id: episode,
            number,
            work_item_id: work_item,
            agent_id: agent,
            version,
            at: wish.now(),
        };
        starts::insert(conn, scope, &start).await?;
        speakers::follow(conn, scope, id, Some(agent), wish.now()).await?;
        outbox::append(conn, events.list()).await?;
        Ok(id)
    }

    /// Writes the first words, as a reply to nobody.
    async fn write(
        &self,
        wish: &Wish<'_>,
        conn: &Conn,
        conversation: ConversationId,
    ) -> Result<StartOutcome, Halt<StartOutcome>> {
        let refused = |reason| {
            let reason = Box::new(reason);
            Halt::Refused(StartOutcome::Refused { reason })
        };
        if !self.may_begin(wish, conn, conversation).await? {
            let detail = "the customer has to write first in this app; wait until they do";
            return Err(refused(ReplyOutcome::RecipientUnknown {
                detail: detail.to_owned(),
                instead: vec![crate::reply::Instead::Wait {}],
            }));
        }
        let lease = speakers::find(conn, wish.scope(), conversation).await?;
        let reply = NewReply {
            conversation,
            content: self.content.clone(),
            attachments: Vec::new(),
            to: Some(Target {
                inbox: self.inbox,
                contact: Some(self.contact),
            }),
            reply_to: None,
            last_seen_version: None,
            speaker_epoch: lease.map(|lease| lease.epoch),
            expires_in: None,
        };
        match reply.act(wish, conn).await {
            Ok(ReplyOutcome::Queued { message, version }) => Ok(StartOutcome::Started {
                conversation,
                message,
                version,
            }),
            Ok(reason) | Err(Halt::Refused(reason)) => Err(refused(reason)),
            Err(Halt::Failed(error)) => Err(Halt::Failed(error)),
        }
    }

    /// Tells whether the app lets us begin, or the contact wrote there before.
    async fn may_begin(
        &self,
        wish: &Wish<'_>,
        conn: &Conn,
        conversation: ConversationId,
    ) -> Result<bool, Error> {
        let all = apps::list(conn, wish.scope(), &[conversation]).await?;
        let here = |app: &&apps::App| app.inbox_id == self.inbox && app.contact_id == self.contact;
        // Where there is no address the reply says so.
        Ok(all.iter().find(here).is_none_or(|app| {
            let start = channel(app.channel).capabilities().start;
            start != Start::Customer || app.last_customer_message_at.is_some()
        }))
    }
}
