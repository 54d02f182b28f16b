//! What is shown no more.

use crate::Cursor;
use crate::viewer::outside;
use async_graphql::{ID, Object};
use interdesk_domain::id::ConversationId;

/// A conversation that is shown no more.
#[derive(Debug, Clone)]
pub(crate) struct ConversationLeft {
    pub(super) cursor: Cursor,
    pub(super) conversation: ConversationId,
}

/// A conversation that is shown no more: it left the list, or the viewer does not see it any more. It
/// may be told of one that was not shown before.
#[Object]
impl ConversationLeft {
    /// The place in the log: subscribe again with it as `after`, and nothing is missed or doubled.
    pub(crate) async fn cursor(&self) -> Cursor {
        self.cursor.clone()
    }

    /// Which conversation.
    async fn conversation_id(&self) -> ID {
        outside(self.conversation)
    }
}
