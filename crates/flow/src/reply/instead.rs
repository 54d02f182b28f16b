//! What is in the way of a reply, and what would work instead.

use super::{NewReply, ReplyOutcome, carry, unsupported, window_closes};
use crate::Error;
use crate::consent;
use crate::wish::Wish;
use chrono::{DateTime, Utc};
use interdesk_channels::{Capabilities, channel};
use interdesk_domain::id::{ConversationId, InboxId};
use interdesk_store::conversations::Conversation;
use interdesk_store::{Conn, inboxes, persons};
use serde::{Deserialize, Serialize};

/// What would work instead of a reply that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Instead {
    /// A message that the provider keeps approved, in the same conversation.
    Template {},
    /// Other content, in the same conversation.
    Content {
        /// The kinds that the app carries.
        kinds: Vec<String>,
    },
    /// The same, in another conversation with the same person.
    OtherApp {
        /// Which conversation.
        conversation: ConversationId,
        /// By which inbox.
        inbox: InboxId,
    },
    /// Nothing of ours: the customer has to opt in again.
    OptIn {},
    /// Nothing of ours: the customer has to write.
    Wait {},
}

/// What is in the way.
pub(super) enum Obstacle {
    NotOptedIn,
    RecipientUnknown,
    UnsupportedContent(String),
    WindowClosed(DateTime<Utc>),
}

impl Obstacle {
    /// Returns the refusal, with words for it.
    pub(super) fn refuse(self, instead: Vec<Instead>) -> ReplyOutcome {
        let also = match instead
            .iter()
            .any(|one| matches!(one, Instead::OtherApp { .. }))
        {
            true => ", or write by another app of theirs",
            false => "",
        };
        let say = |text: &str| format!("{text}{also}");
        match self {
            Self::NotOptedIn => ReplyOutcome::NotOptedIn {
                detail: say("the customer opted out of this app; wait until they opt in again"),
                instead,
            },
            Self::RecipientUnknown => ReplyOutcome::RecipientUnknown {
                detail: say("no address of the customer is valid here; wait until they write"),
                instead,
            },
            Self::UnsupportedContent(detail) => ReplyOutcome::UnsupportedContent {
                detail: say(&detail),
                instead,
            },
            Self::WindowClosed(closed_at) => ReplyOutcome::WindowClosed {
                closed_at,
                detail: say(match instead.contains(&Instead::Template {}) {
                    true => "a template may be sent at any time",
                    false => "wait until the customer writes again",
                }),
                instead,
            },
        }
    }
}

/// Lists what would work instead: first in the same conversation, then by other apps, the last used
/// first, and what only the customer can do at the end.
pub(super) async fn list(
    wish: &Wish<'_>,
    conn: &Conn,
    conversation: &Conversation,
    inbox: &inboxes::Inbox,
    new: &NewReply,
    obstacle: &Obstacle,
) -> Result<Vec<Instead>, Error> {
    let capabilities = channel(inbox.channel).capabilities();
    let mut instead = Vec::new();
    match obstacle {
        Obstacle::WindowClosed(_) if capabilities.templates => instead.push(Instead::Template {}),
        Obstacle::UnsupportedContent(_) => instead.push(Instead::Content {
            kinds: capabilities
                .content
                .iter()
                .map(|kind| (*kind).to_owned())
                .collect(),
        }),
        _ => {}
    }
    // What a group was to read is not for one of them alone.
    if conversation.group_id.is_none() {
        let (scope, person) = (wish.scope(), conversation.contact_id);
        for other in persons::list_elsewhere(conn, scope, person, inbox.id).await? {
            let (consent, _) =
                consent::of_person(conn, scope, other.contact_id, other.channel, other.inbox_id)
                    .await?;
            let capabilities = channel(other.channel).capabilities();
            let closes = window_closes(capabilities, other.last_customer_message_at);
            let is_open = closes.is_none_or(|at| at > wish.now());
            if is_open && !consent.forbids() && fits(wish, conn, capabilities, new).await? {
                let (conversation, inbox) = (other.id, other.inbox_id);
                instead.push(Instead::OtherApp {
                    conversation,
                    inbox,
                });
            }
        }
    }
    match obstacle {
        Obstacle::NotOptedIn => instead.push(Instead::OptIn {}),
        Obstacle::RecipientUnknown => instead.push(Instead::Wait {}),
        Obstacle::WindowClosed(_) => instead.push(Instead::Wait {}),
        Obstacle::UnsupportedContent(_) => {}
    }
    Ok(instead)
}

/// Tells whether an app carries the reply with its files.
async fn fits(
    wish: &Wish<'_>,
    conn: &Conn,
    capabilities: &Capabilities,
    new: &NewReply,
) -> Result<bool, Error> {
    match new.attachments.is_empty() {
        true => Ok(unsupported(capabilities, &new.content).is_none()),
        false => Ok(carry(wish, conn, capabilities, new).await?.is_ok()),
    }
}
