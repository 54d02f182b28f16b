//! Messages from before the desk had the inbox: they stand where they were written, and nothing follows
//! from them.
//!
//! They come in parts of any order, while new messages arrive. So their place is not that of their event
//! but of the moment when they were written, ahead of everything that the desk received itself. A
//! conversation that begins with them has ended before it began, as episode 0: nobody waits there, no clock
//! runs, and the customer's next message opens its first episode.

use super::{Planner, State, Told};
use crate::receive::Item;
use crate::receive::people::People;
use crate::{Context, Error, Events};
use chrono::{DateTime, Utc};
use interdesk_domain::event::Event;
use interdesk_domain::id::ContactId;
use interdesk_domain::message::{Author, storable};
use interdesk_store::receive::NewEpisode;

/// As many messages of one second keep their order.
const PLACES: i64 = 1 << 20;

impl Planner<'_> {
    pub(super) fn import(
        &mut self,
        item: &Item<'_>,
        place: usize,
        people: &People,
    ) -> Result<(), Error> {
        let (contact, key) = (people.contact(item), people.thread_key(item));
        let sent_at = super::believable(item.at, item.received_at).unwrap_or(item.received_at);
        let mut state = match self.threads.remove(&key) {
            Some(state) => state,
            None => self.open_imported(item, contact, &key, sent_at),
        };
        let context = Context::system(item.trace.map(str::to_owned), None);
        let mut events =
            Events::of_conversation(self.desk, self.scope, state.id, state.version, &context);
        let id = self.desk.id();
        state.version = events.push(Event::MessageImported {
            conversation: state.id,
            message: id,
            inbox: item.mailbox.id,
        });
        self.batch.events.extend(events.into_list());
        let version = order(sent_at, place);
        let told = Told {
            id,
            conversation: state.id,
            version,
            shown_version: state.merged_into.map(|_| version),
        };
        let author = matches!(item.message.author, Author::Customer(_)).then_some(contact);
        note(item, &mut state, sent_at, author.is_some());
        self.add_message(item, state.episode, &told, author, sent_at)?;
        self.threads.insert(key, state);
        Ok(())
    }

    fn open_imported(
        &mut self,
        item: &Item<'_>,
        contact: ContactId,
        key: &str,
        sent_at: DateTime<Utc>,
    ) -> State {
        let mut state = self.open(item, contact, key);
        state.inbox = Some(item.mailbox.id);
        state.last_message_at = sent_at;
        self.batch.episodes.push(NewEpisode {
            id: state.episode,
            conversation_id: state.id,
            number: state.number,
        });
        state
    }
}

fn note(item: &Item<'_>, state: &mut State, sent_at: DateTime<Utc>, from_customer: bool) {
    state.is_changed = true;
    // What the desk received itself is what lists show, as soon as there is any.
    if state.number == 0 && sent_at >= state.last_message_at {
        state.last_message_at = sent_at;
        let text = item.message.content.text().chars().take(super::PREVIEW);
        state.last_text = storable(&text.collect::<String>()).into_owned();
    }
    if from_customer {
        state.last_customer_message_at = state.last_customer_message_at.max(Some(sent_at));
    }
}

/// Returns the order of an imported message in its conversation: by its second and then by its place
/// among those that came with it; below zero, and exact in a double.
fn order(sent_at: DateTime<Utc>, place: usize) -> i64 {
    let place = i64::try_from(place).unwrap_or(PLACES).min(PLACES - 1);
    sent_at.timestamp() * PLACES + place - (1 << 53)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("a moment")
    }

    #[test]
    fn imported_messages_stand_by_time_then_place_and_before_all_others() {
        // From 2000 to 2100, as far as a provider's clock is believed.
        let (first, last) = (at(946_684_801), at(4_102_444_800));
        let sorted = [
            order(first, 0),
            order(first, 1),
            order(at(946_684_802), 0),
            order(at(1_767_225_600), 7),
            order(last, usize::MAX),
        ];
        assert!(sorted.is_sorted_by(|a, b| a < b), "{sorted:?}");
        assert!(sorted.iter().all(|order| (-(1 << 53)..0).contains(order)));
    }
}
