//! What would work instead of a reply that was refused.

use super::ReplyOutcome;
use super::obstacle::Obstacle;
use super::route::Way;
use interdesk_channels::{Capabilities, channel};
use interdesk_domain::id::{ContactId, ConversationId, InboxId};
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
    /// The same by another app of the person.
    OtherApp {
        /// In which conversation: the one that stands there, else this one.
        conversation: ConversationId,
        /// By which inbox.
        inbox: InboxId,
        /// To which contact of the person.
        contact: ContactId,
    },
    /// Nothing of ours: the customer has to opt in again.
    OptIn {},
    /// Nothing of ours: the customer has to write.
    Wait {},
}

impl Obstacle {
    /// Returns the refusal, with words for it.
    pub(super) fn refuse(self, capabilities: &Capabilities, instead: Vec<Instead>) -> ReplyOutcome {
        let also = match instead
            .iter()
            .any(|one| matches!(one, Instead::OtherApp { .. }))
        {
            true => ", or write by another app of theirs",
            false => "",
        };
        let detail = format!("{}{also}", self.detail(capabilities));
        match self {
            Self::NotOptedIn | Self::NoMarketing => ReplyOutcome::NotOptedIn { detail, instead },
            Self::RecipientUnknown | Self::NotBegun => {
                ReplyOutcome::RecipientUnknown { detail, instead }
            }
            Self::UnsupportedContent(unfit) => ReplyOutcome::UnsupportedContent {
                detail,
                path: unfit.path,
                instead,
            },
            Self::WindowClosed(closed_at) => ReplyOutcome::WindowClosed {
                closed_at,
                detail,
                instead,
            },
        }
    }
}

/// Lists what would work instead of the refused way: first in the same app, then by other apps, the
/// last used first, and what only the customer can do at the end.
pub(super) fn list(ways: &[Way], refused: &Way, obstacle: &Obstacle) -> Vec<Instead> {
    let capabilities = channel(refused.app.channel).capabilities();
    let mut instead = Vec::new();
    match obstacle {
        Obstacle::WindowClosed(_) | Obstacle::NoMarketing if capabilities.templates => {
            instead.push(Instead::Template {});
        }
        Obstacle::UnsupportedContent(_) => instead.push(Instead::Content {
            kinds: capabilities
                .kinds(refused.app.in_group)
                .iter()
                .map(|kind| (*kind).to_owned())
                .collect(),
        }),
        _ => {}
    }
    let mut others: Vec<&Way> = ways.iter().filter(|way| way.obstacle.is_none()).collect();
    others.sort_by_key(|way| std::cmp::Reverse(way.app.last_customer_message_at));
    instead.extend(others.into_iter().map(|way| Instead::OtherApp {
        conversation: way.app.elsewhere.unwrap_or(way.app.conversation_id),
        inbox: way.app.inbox_id,
        contact: way.app.contact_id,
    }));
    match obstacle {
        Obstacle::NotOptedIn | Obstacle::NoMarketing => instead.push(Instead::OptIn {}),
        Obstacle::RecipientUnknown | Obstacle::NotBegun => instead.push(Instead::Wait {}),
        Obstacle::WindowClosed(_) => instead.push(Instead::Wait {}),
        Obstacle::UnsupportedContent(_) => {}
    }
    instead
}
