//! An agent changes what was sent: puts other words in its place, takes it back, or reacts.
//!
//! A change is checked and stored like a reply, and carried to the provider after. The message shows
//! it once the provider took it, so that the desk never shows what the customer does not see.

use crate::consent;
use crate::reply::window_closes;
use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error};
use chrono::{DateTime, Duration, Utc};
use interdesk_channels::{Capabilities, Within, channel};
use interdesk_domain::delivery::DeliveryState;
use interdesk_domain::event::Event;
use interdesk_domain::id::*;
use interdesk_domain::message::storable;
use interdesk_domain::permission::Viewer;
use interdesk_store::message_changes::{self as rows, Changeable, NewChange};
use interdesk_store::{Conn, apps, conversations, inboxes, outbox};
use serde::{Deserialize, Serialize};

/// The longest emoji, in bytes: families of many joined signs are shorter.
const MAX_EMOJI: usize = 64;

/// What an agent wants to change.
#[derive(Debug, Clone, Serialize)]
pub struct ChangeMessage {
    /// Which message.
    pub message: MessageId,
    /// What becomes of it.
    pub change: Change,
}

/// What becomes of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Other words in its place.
    Edit(String),
    /// Taken back.
    Delete,
    /// An emoji of ours on it; `None` withdraws the one that stands.
    React(Option<String>),
}

/// What became of the wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum ChangeOutcome {
    /// It is stored and on its way.
    Queued {
        /// Which change.
        change: ChangeId,
        /// The conversation's version.
        version: i64,
    },
    /// There is no such message.
    NotFound,
    /// The conversation is not the agent's.
    NotYours,
    /// It is the customer's, or was written in the provider's own app.
    NotOurs,
    /// It has not left yet, or did not get there.
    NotSent,
    /// It was taken back, or its time is over.
    Gone,
    /// The channel does not allow it.
    Unsupported {
        /// What to tell the agent.
        detail: String,
    },
    /// The channel allowed it for a while.
    TooLate {
        /// Until when.
        until: DateTime<Utc>,
    },
    /// The channel's reply window is closed.
    WindowClosed {
        /// Since when.
        closed_at: DateTime<Utc>,
    },
    /// The customer does not let us write.
    NotOptedIn,
    /// The key was used for something else.
    KeyReused,
}

/// Changes a message of the viewer's conversation; it is carried to the provider after the commit.
///
/// # Errors
///
/// Fails when the database does.
pub async fn change(
    desk: &Desk,
    viewer: &Viewer,
    wanted: &ChangeMessage,
    key: Option<&str>,
    context: &Context,
) -> Result<ChangeOutcome, Error> {
    let wish = Wish::new(desk, viewer, key, context);
    wish.fulfil(wanted).await
}

type Answer<T> = Result<T, Halt<ChangeOutcome>>;

fn refuse<T>(outcome: ChangeOutcome) -> Answer<T> {
    Err(Halt::Refused(outcome))
}

impl Verb for ChangeMessage {
    type Outcome = ChangeOutcome;
    const OPERATION: &'static str = "message_change";
    const KEY_REUSED: ChangeOutcome = ChangeOutcome::KeyReused;

    async fn act(&self, wish: &Wish<'_>, conn: &Conn) -> Answer<ChangeOutcome> {
        let scope = wish.scope();
        let Some(message) = rows::find_changeable(conn, scope, self.message).await? else {
            return refuse(ChangeOutcome::NotFound);
        };
        let locked = conversations::lock(conn, scope, message.conversation_id).await?;
        let Some(conversation) = locked else {
            return refuse(ChangeOutcome::NotFound);
        };
        let viewer = wish.viewer;
        if conversation.assignee_id != Some(viewer.agent) && !viewer.steers_others() {
            return refuse(ChangeOutcome::NotYours);
        }
        let target = self.judge(wish, conn, &message).await?;
        let new = self.describe(wish, &message, target);
        rows::insert(conn, scope, &new).await?;
        let mut events = wish.events(&conversation);
        let version = events.push(Event::MessageChangeQueued {
            conversation: conversation.id,
            message: self.message,
            change: new.id,
            inbox: message.inbox_id,
        });
        conversations::set_version(conn, scope, conversation.id, version).await?;
        outbox::append(conn, events.list()).await?;
        let change = new.id;
        Ok(ChangeOutcome::Queued { change, version })
    }
}

impl ChangeMessage {
    /// Finds what is in the way, and what the provider calls the message.
    async fn judge(&self, wish: &Wish<'_>, conn: &Conn, message: &Changeable) -> Answer<String> {
        if message.deleted_at.is_some() || message.expired_at.is_some() {
            return refuse(ChangeOutcome::Gone);
        }
        let reacts = matches!(self.change, Change::React(_));
        if message.agent_id.is_none() && !reacts {
            return refuse(ChangeOutcome::NotOurs);
        }
        use DeliveryState::{Failed, Queued, Sending, Unknown};
        let is_there = !matches!(message.delivery, Some(Queued | Sending | Unknown | Failed));
        let Some(target) = message.provider_id.clone().filter(|_| is_there) else {
            return refuse(ChangeOutcome::NotSent);
        };
        let Some(inbox) = inboxes::find(conn, wish.scope(), message.inbox_id).await? else {
            return refuse(ChangeOutcome::NotFound);
        };
        let capabilities = channel(inbox.channel).capabilities();
        if let Some(refusal) = self.forbidden(capabilities, message, wish.now()) {
            return refuse(refusal);
        }
        // Taking back is no message to anybody.
        if self.change == Change::Delete {
            return Ok(target);
        }
        let scope = wish.scope();
        let all = apps::list(conn, scope, &[message.conversation_id]).await?;
        let place = (message.contact_id, message.inbox_id);
        let app = all
            .iter()
            .find(|app| (app.contact_id, app.inbox_id) == place);
        if app.is_none_or(|app| !app.in_group) {
            let (contact, kind) = (message.contact_id, inbox.channel);
            let (said, _) = consent::of_person(conn, scope, contact, kind, inbox.id).await?;
            if said.forbids() {
                return refuse(ChangeOutcome::NotOptedIn);
            }
        }
        // Nobody's window is open where nobody is written to.
        let never = capabilities.reply_window.map(|_| DateTime::default());
        match app
            .map_or(never, window_closes)
            .filter(|at| *at <= wish.now())
        {
            Some(closed_at) => refuse(ChangeOutcome::WindowClosed { closed_at }),
            None => Ok(target),
        }
    }

    /// Returns why the channel does not allow it now.
    fn forbidden(
        &self,
        capabilities: &Capabilities,
        message: &Changeable,
        now: DateTime<Utc>,
    ) -> Option<ChangeOutcome> {
        let unsupported = |detail: &str| {
            let detail = detail.to_owned();
            Some(ChangeOutcome::Unsupported { detail })
        };
        let (within, what) = match &self.change {
            Change::Edit(text) => {
                let most = capabilities.max_text;
                if message.kind != "text" {
                    return unsupported("only words can be changed; take it back and write anew");
                }
                if text.trim().is_empty() {
                    return unsupported("text is empty; write something, or take it back");
                }
                if capabilities.edits.is_possible() && !most.holds(text) {
                    return unsupported("text is too long for one message; shorten it");
                }
                (capabilities.edits, "changed; send another one")
            }
            Change::Delete => (capabilities.deletes, "taken back; send another one"),
            Change::React(emoji) => {
                if !capabilities.reactions {
                    return unsupported("this app has no reactions; write instead");
                }
                let emoji = emoji.as_deref().unwrap_or("👍");
                let fits = !emoji.trim().is_empty() && emoji.len() <= MAX_EMOJI;
                return match fits {
                    true => None,
                    false => unsupported("emoji is not one; give one, or null to withdraw it"),
                };
            }
        };
        match within {
            Within::Never => {
                let detail = format!("in this app no message can be {what}");
                Some(ChangeOutcome::Unsupported { detail })
            }
            Within::Ever => None,
            Within::For(duration) => {
                let until = message.sent_at + Duration::from_std(duration).ok()?;
                (until <= now).then_some(ChangeOutcome::TooLate { until })
            }
        }
    }

    fn describe(&self, wish: &Wish<'_>, message: &Changeable, target: String) -> NewChange {
        let (kind, text, emoji) = match &self.change {
            Change::Edit(text) => ("edit", Some(storable(text).into_owned()), None),
            Change::Delete => ("delete", None, None),
            Change::React(emoji) => {
                let emoji = emoji.as_deref().unwrap_or_default();
                ("reaction", None, Some(storable(emoji).into_owned()))
            }
        };
        NewChange {
            id: wish.desk.id(),
            conversation_id: message.conversation_id,
            message_id: self.message,
            inbox_id: message.inbox_id,
            agent_id: wish.viewer.agent,
            kind,
            target,
            text,
            emoji,
            at: wish.now(),
        }
    }
}
