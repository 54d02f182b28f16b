//! Messages that come by the thread of a conversation that is merged into another one.
//!
//! They stay with their thread, which tells of them in its own order; what they begin and bring back is
//! the matter of the conversation that goes on, which says so in its order.

use super::{Planner, State, Told, told};
use crate::receive::Item;
use crate::{Context, Events};
use chrono::{DateTime, Utc};
use interdesk_domain::event::Event;
use interdesk_domain::id::MessageId;
use interdesk_domain::sla::Party;

impl Planner<'_> {
    /// Tells whether what is found by a key is merged into another conversation.
    pub(super) fn is_merged(&self, key: &str) -> bool {
        let state = self.threads.get(key);
        state.is_some_and(|state| state.merged_into.is_some())
    }

    /// Returns what finds the conversation that goes on, and takes the merged thread out where the given
    /// key is that of one.
    pub(super) fn take_merged(&mut self, key: &str) -> (String, Option<(String, State)>) {
        let into = self.threads.get(key).and_then(|state| state.merged_into);
        let goes_on = into.and_then(|into| {
            let mut all = self.threads.iter();
            let (root, _) = all.find(|(_, state)| state.id == into)?;
            Some(root.clone())
        });
        match goes_on {
            None => (key.to_owned(), None),
            Some(root) => {
                let thread = self.threads.remove(key);
                (root, thread.map(|thread| (key.to_owned(), thread)))
            }
        }
    }

    /// Tells of a message in its thread, and in the conversation that goes on.
    pub(super) fn tell_in(
        &mut self,
        item: &Item<'_>,
        thread: &mut State,
        (state, id): (&State, MessageId),
        context: &Context,
        events: &mut Events<'_>,
        from_customer: bool,
    ) -> Told {
        let (desk, scope) = (self.desk, self.scope);
        let mut own = Events::of_conversation(desk, scope, thread.id, thread.version, context);
        thread.version = own.push(told(item, (thread.id, state.episode), id, from_customer));
        self.batch.events.extend(own.into_list());
        let shown = events.push(Event::MessageThreaded {
            conversation: state.id,
            thread: thread.id,
            message: id,
            inbox: item.mailbox.id,
            by: match from_customer {
                true => Party::Customer,
                false => Party::Agent,
            },
        });
        Told {
            id,
            conversation: thread.id,
            version: thread.version,
            shown_version: Some(shown),
        }
    }

    /// Notes a message with its thread, which stays as done as it is.
    pub(super) fn note_merged(
        &self,
        item: &Item<'_>,
        thread: &mut State,
        sent_at: DateTime<Utc>,
        from_customer: bool,
    ) {
        let status = thread.status;
        self.note(item, thread, sent_at, from_customer);
        thread.status = status;
    }
}
