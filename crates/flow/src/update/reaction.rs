//! Reactions: kept by the provider's id of the message, so that one that comes first just waits.

use super::{Change, Source};
use crate::Error;
use crate::key::stored_id;
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::message::{Reaction, storable};
use interdesk_store::messages::{self, NewReaction};

impl Change<'_> {
    pub(super) async fn react(
        &self,
        source: &Source,
        reaction: &Reaction,
    ) -> Result<Vec<Envelope>, Error> {
        let target = stored_id(&reaction.target);
        let author = reaction
            .by
            .addresses
            .first()
            .map_or("", |address| address.value.as_str());
        let standing = NewReaction {
            inbox_id: source.inbox,
            target: &target,
            author: &stored_id(author),
            emojis: reaction
                .emojis
                .iter()
                .map(|emoji| storable(emoji).into_owned())
                .collect(),
            changed_at: source.at,
        };
        let changed = messages::set_reaction(self.transaction, self.scope, &standing).await?;
        if !changed {
            return Ok(Vec::new());
        }
        let found =
            messages::lock_by_provider_id(self.transaction, self.scope, source.inbox, &target)
                .await?;
        let Some(message) = found else {
            return Ok(Vec::new());
        };
        let (conversation, withdrawn) = (message.conversation_id, reaction.emojis.is_empty());
        let event = Event::ReactionChanged {
            conversation,
            message: message.id,
            withdrawn,
        };
        self.tell(source, conversation, event).await
    }
}
