//! One conversation and what happens in it.

use super::ConversationLeft;
use crate::access::{Audience, requires};
use crate::live::{Logged, Looked, View, Watch, patiently};
use crate::types::{self, Conversation, DeskEvent};
use crate::viewer::parse;
use crate::{Cursor, Error};
use async_graphql::{Context, ID, Interface, Object, Subscription};
use futures::Stream;
use interdesk_domain::event::AggregateKind;
use interdesk_domain::id::ConversationId;
use interdesk_domain::permission::Permission;
use interdesk_store::merges;
use std::collections::HashSet;
use std::sync::Arc;

/// One conversation.
#[derive(Default)]
pub(super) struct ConversationSubscription;

#[Subscription]
impl ConversationSubscription {
    /// One conversation: as it stands, and then everything that happens in it. Where the viewer does
    /// not see it, or not any more, a `ConversationLeft` says so; a snapshot follows when they see it
    /// again.
    #[graphql(directive = requires::apply(Some(types::Permission::ConversationsRead)))]
    async fn conversation(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] id: ID,
        #[graphql(desc = "The cursor of the last change that was seen.")] after: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<ConversationChange, Error>> + use<>, Error> {
        let Some(id) = parse::<ConversationId>(&id) else {
            return Err(Error::BadInput("id names no conversation".to_owned()));
        };
        Watch::begin(
            context,
            after,
            One {
                id,
                is_shown: false,
                merged: HashSet::new(),
            },
        )
        .await
    }
}

/// What changed about a conversation.
#[derive(Debug, Clone, Interface)]
#[graphql(field(
    name = "cursor",
    ty = "Cursor",
    desc = "The place in the log: subscribe again with it as `after`, and nothing is missed or doubled."
))]
#[allow(
    clippy::enum_variant_names,
    reason = "they are the names of their types"
)]
pub(crate) enum ConversationChange {
    /// The conversation as it stands.
    ConversationSnapshot(ConversationSnapshot),
    /// Something that happened in it.
    ConversationEvent(ConversationEvent),
    /// It is not seen, or not any more.
    ConversationLeft(ConversationLeft),
}

/// A conversation as it stands.
#[derive(Debug, Clone)]
pub(crate) struct ConversationSnapshot {
    cursor: Cursor,
    conversation: Conversation,
}

/// A conversation as it stands.
#[Object]
impl ConversationSnapshot {
    /// The place in the log behind which changes follow.
    async fn cursor(&self) -> Cursor {
        self.cursor.clone()
    }

    /// The conversation.
    async fn conversation(&self) -> &Conversation {
        &self.conversation
    }
}

/// Something that happened in a conversation.
#[derive(Debug, Clone)]
pub(crate) struct ConversationEvent {
    cursor: Cursor,
    conversation: Conversation,
    event: DeskEvent,
}

/// Something that happened in a conversation, or to its contact.
#[Object]
impl ConversationEvent {
    /// The place in the log: subscribe again with it as `after`, and nothing is missed or doubled.
    async fn cursor(&self) -> Cursor {
        self.cursor.clone()
    }

    /// The conversation as it stands, at or after the event.
    async fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// What happened; it names the message, the offer, the work or the agent that it is about.
    async fn event(&self) -> &DeskEvent {
        &self.event
    }
}

/// One conversation.
struct One {
    id: ConversationId,
    is_shown: bool,
    /// What is merged into it: what happens there is shown here.
    merged: HashSet<ConversationId>,
}

impl One {
    fn at(audience: &Audience, seq: u64) -> Cursor {
        Cursor::of_event(audience.viewer().tenant, seq)
    }

    async fn find(
        &mut self,
        audience: &Audience,
    ) -> Result<Option<Conversation>, interdesk_store::Error> {
        let scope = audience.viewer().scope();
        let found = Looked::find(audience.desk(), scope, &[self.id]).await?;
        let seen = found.into_iter().find(|one| one.is_seen(audience.sight()));
        if let Some(one) = seen.as_ref().filter(|one| one.row.has_merged) {
            self.merged = merged(audience, one.row.id).await?;
        } else {
            self.merged.clear();
        }
        Ok(seen.map(|one| Conversation(one.row)))
    }

    /// Shows what happened in a conversation that is merged into this one.
    async fn follow_merged(
        &mut self,
        audience: &Audience,
        event: DeskEvent,
        cursor: Cursor,
    ) -> Result<Vec<ConversationChange>, Error> {
        let found = patiently!(self.find(audience).await);
        let shown = found.filter(|_| self.is_shown).map(|conversation| {
            ConversationChange::ConversationEvent(ConversationEvent {
                cursor,
                conversation,
                event,
            })
        });
        Ok(shown.into_iter().collect())
    }

    fn left(&self, cursor: Cursor) -> ConversationChange {
        ConversationChange::ConversationLeft(ConversationLeft {
            cursor,
            conversation: self.id,
        })
    }
}

/// Finds what is merged into a conversation.
async fn merged(
    audience: &Audience,
    id: ConversationId,
) -> Result<HashSet<ConversationId>, interdesk_store::Error> {
    let scope = audience.viewer().scope();
    let conn = audience.desk().database.begin(scope).await?;
    let found = merges::list(&conn, scope, &[id]).await?;
    conn.commit().await?;
    Ok(found.into_iter().map(|one| one.id).collect())
}

impl View for One {
    type Change = ConversationChange;
    const NEEDS: Permission = Permission::ConversationsRead;
    const IS_SIGHTED: bool = true;

    async fn begin(
        &mut self,
        audience: &Audience,
        seq: u64,
    ) -> Result<Vec<ConversationChange>, Error> {
        let cursor = Self::at(audience, seq);
        let found = self.find(audience).await?;
        self.is_shown = found.is_some();
        Ok(vec![match found {
            Some(conversation) => ConversationChange::ConversationSnapshot(ConversationSnapshot {
                cursor,
                conversation,
            }),
            None => self.left(cursor),
        }])
    }

    async fn resume(
        &mut self,
        audience: &Audience,
        seq: u64,
    ) -> Result<Vec<ConversationChange>, Error> {
        self.is_shown = self.find(audience).await?.is_some();
        let left = (!self.is_shown).then(|| self.left(Self::at(audience, seq)));
        Ok(left.into_iter().collect())
    }

    async fn follow(
        &mut self,
        audience: &mut Audience,
        logged: Arc<Logged>,
    ) -> Result<Vec<ConversationChange>, Error> {
        let Some(event) = DeskEvent::show(logged.clone()) else {
            return Ok(Vec::new());
        };
        let is_of_contact = event.aggregate() == AggregateKind::Contact;
        let of = event.of_conversation();
        if of.is_some_and(|of| self.merged.contains(&of)) {
            let cursor = Self::at(audience, logged.seq);
            return self.follow_merged(audience, event, cursor).await;
        }
        if event.of_conversation() != Some(self.id) && !is_of_contact
            || is_of_contact && !audience.sees(&logged).await?
        {
            return Ok(Vec::new());
        }
        let looked = logged.look(audience.desk(), audience.viewer().scope());
        let looked = looked.await.iter().find(|one| one.row.id == self.id);
        if is_of_contact && looked.is_none() {
            return Ok(Vec::new());
        }
        let seen = looked.filter(|one| one.is_seen(audience.sight()));
        let changes_merges = matches!(
            event.name(),
            "conversation_merged" | "conversation_unmerged"
        );
        if changes_merges && seen.is_some() {
            self.merged = patiently!(merged(audience, self.id).await);
        }
        let (cursor, was_shown) = (Self::at(audience, logged.seq), self.is_shown);
        self.is_shown = seen.is_some();
        let change = match (seen, was_shown) {
            (Some(one), true) => ConversationChange::ConversationEvent(ConversationEvent {
                cursor,
                conversation: Conversation(one.row.clone()),
                event,
            }),
            (Some(one), false) => ConversationChange::ConversationSnapshot(ConversationSnapshot {
                cursor,
                conversation: Conversation(one.row.clone()),
            }),
            (None, true) => self.left(cursor),
            (None, false) => return Ok(Vec::new()),
        };
        Ok(vec![change])
    }
}
