//! Reactions: kept by the provider's id of the message, so that one that comes first just waits.

use super::{Change, Source};
use crate::Error;
use crate::deliver::OURS;
use crate::key::stored_id;
use chrono::{DateTime, Utc};
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::message::{Reaction, storable};
use interdesk_store::early;
use interdesk_store::messages::{self, NewReaction};
use interdesk_store::reaction_events::{self, NewReactionEvent};
use interdesk_store::window_touches;

impl Change<'_> {
    pub(super) async fn react(
        &self,
        source: &Source,
        reaction: &Reaction,
    ) -> Result<Vec<Envelope>, Error> {
        let target = stored_id(&reaction.target);
        let emojis = reaction.emojis.iter();
        let emojis = emojis.map(|emoji| storable(emoji).into_owned()).collect();
        self.stands(source, &target, &author(reaction), emojis, source.at)
            .await
    }

    /// Notes a reaction that is an event of its own, beside those that stand already.
    pub(super) async fn react_too(
        &self,
        source: &Source,
        reaction: &Reaction,
    ) -> Result<Vec<Envelope>, Error> {
        let (Some(id), Some(emoji)) = (&reaction.provider_id, reaction.emojis.first()) else {
            return self.react(source, reaction).await;
        };
        let (id, target, author) = (stored_id(id), stored_id(&reaction.target), author(reaction));
        // Its deletion may have come first.
        let here = [(source.inbox, id.as_ref())];
        let waiting = early::list(self.transaction, self.scope, &here).await?;
        let event = NewReactionEvent {
            inbox_id: source.inbox,
            provider_id: &id,
            target: &target,
            author: &author,
            emoji: &storable(emoji),
            withdrawn: waiting.iter().any(|early| early.kind == "delete"),
        };
        reaction_events::insert_if_missing(self.transaction, self.scope, &event).await?;
        let done: Vec<_> = waiting.into_iter().map(|early| early.id).collect();
        if !done.is_empty() {
            early::delete(self.transaction, self.scope, done).await?;
        }
        self.sum_up(source, &target, &author).await
    }

    /// Takes back what an id names: a reaction, or a message.
    pub(super) async fn take_back(
        &self,
        source: &Source,
        id: &str,
    ) -> Result<Vec<Envelope>, Error> {
        let withdrawn =
            reaction_events::mark_withdrawn(self.transaction, self.scope, source.inbox, id).await?;
        match withdrawn {
            Some(place) => self.sum_up(source, &place.target, &place.author).await,
            None => self.delete(source, id).await,
        }
    }

    async fn sum_up(
        &self,
        source: &Source,
        target: &str,
        author: &str,
    ) -> Result<Vec<Envelope>, Error> {
        let (conn, inbox) = (self.transaction, source.inbox);
        let emojis =
            reaction_events::list_standing(conn, self.scope, inbox, target, author).await?;
        // The sum is of all that came, in whatever order, so the latest one counts.
        self.stands(source, target, author, emojis, source.received_at)
            .await
    }

    /// Writes what stands on a message by somebody.
    async fn stands(
        &self,
        source: &Source,
        target: &str,
        author: &str,
        emojis: Vec<String>,
        changed_at: DateTime<Utc>,
    ) -> Result<Vec<Envelope>, Error> {
        let withdrawn = emojis.is_empty();
        let standing = NewReaction {
            inbox_id: source.inbox,
            target,
            author,
            emojis,
            changed_at,
        };
        let changed = messages::set_reaction(self.transaction, self.scope, &standing).await?;
        if !changed {
            return Ok(Vec::new());
        }
        let found =
            messages::lock_by_provider_id(self.transaction, self.scope, source.inbox, target)
                .await?;
        let Some(message) = found else {
            return Ok(Vec::new());
        };
        let conversation = message.conversation_id;
        // It counts as the customer's word where there is a window; taking it back is none.
        if !withdrawn && author_is_customer(author) {
            let (conn, scope) = (self.transaction, self.scope);
            window_touches::note(conn, scope, message.id, source.at).await?;
        }
        let event = Event::ReactionChanged {
            conversation,
            message: message.id,
            withdrawn,
        };
        self.tell(source, conversation, event).await
    }
}

/// Tells a customer's address from what stands for us, and from nobody's.
fn author_is_customer(author: &str) -> bool {
    !author.is_empty() && author != OURS
}

/// Returns the address of who reacted; whoever is called as we are is told from us.
fn author(reaction: &Reaction) -> String {
    let Some(address) = reaction.by.addresses.first() else {
        return String::new();
    };
    match address.value.as_str() {
        OURS => format!("{}:{OURS}", address.namespace),
        value => stored_id(value).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use interdesk_domain::message::{Address, Sender};

    #[test]
    fn a_customer_who_is_called_as_we_are_does_not_react_for_us() {
        let by = |value: &str| Reaction {
            target: String::new(),
            by: Sender {
                addresses: vec![Address {
                    network: "webchat".to_owned(),
                    namespace: "user".to_owned(),
                    value: value.to_owned(),
                }],
                ..Sender::default()
            },
            emojis: Vec::new(),
            provider_id: None,
        };
        assert_eq!(author(&by("customer-12")), "customer-12");
        assert_ne!(author(&by(OURS)), OURS);
    }
}
