//! What a batch of messages changes: conversations, episodes, work, events. Pure.

mod imported;
mod merged;

use super::Item;
use super::names::{Place, Threads};
use super::people::{People, Person};
use crate::attach;
use crate::key::stored_id;
use crate::{Context, Desk, Effect, Error, Events};
use chrono::{DateTime, Duration, Utc};
use interdesk_domain::conversation::ConversationStatus;
use interdesk_domain::event::{Actor, Event};
use interdesk_domain::id::*;
use interdesk_domain::message::{Author, Content, MAX_TEXT_BYTES, Origin, storable};
use interdesk_domain::scope::TenantScope;
use interdesk_store::receive::{
    self as rows, Batch, Named, NewConversation, NewEpisode, NewMessage, NewState, NewWorkItem,
    Thread, ThreadUpdate,
};
use std::collections::HashMap;

/// How many characters of the last message lists show.
pub(crate) const PREVIEW: usize = 140;

/// Plans what the messages change, in their order.
pub(super) fn plan(
    desk: &Desk,
    scope: TenantScope,
    items: &[Item<'_>],
    people: &People,
    threads: Vec<Thread>,
    named: Vec<Named>,
) -> Result<Batch, Error> {
    let mut planner = Planner {
        desk,
        scope,
        now: desk.now(),
        batch: Batch::default(),
        threads: threads
            .into_iter()
            .map(|thread| (thread.thread_key.clone(), thread.into()))
            .collect(),
        named: Threads::new(items, named),
    };
    for (place, item) in items.iter().enumerate() {
        match item.message.imported {
            false => planner.take(item, people)?,
            true => planner.import(item, place, people)?,
        }
    }
    let mut batch = planner.batch;
    batch.updates = planner
        .threads
        .into_values()
        .filter_map(State::into_update)
        .collect();
    Ok(batch)
}

struct Planner<'a> {
    desk: &'a Desk,
    scope: TenantScope,
    now: DateTime<Utc>,
    batch: Batch,
    threads: HashMap<String, State>,
    named: Threads,
}

/// A conversation as it stands after the messages planned so far.
struct State {
    id: ConversationId,
    /// Where the batch brought something, once it did.
    inbox: Option<InboxId>,
    is_changed: bool,
    status: ConversationStatus,
    version: i64,
    episode: EpisodeId,
    number: i32,
    assignee: Option<AgentId>,
    last_message_at: DateTime<Utc>,
    last_customer_message_at: Option<DateTime<Utc>>,
    last_text: String,
    has_work: bool,
    merged_into: Option<ConversationId>,
}

impl From<Thread> for State {
    fn from(thread: Thread) -> Self {
        Self {
            id: thread.id,
            inbox: None,
            is_changed: false,
            status: thread.status,
            version: thread.version,
            episode: thread.episode_id,
            number: thread.episode_number,
            assignee: thread.assignee_id,
            last_message_at: thread.last_message_at,
            last_customer_message_at: thread.last_customer_message_at,
            last_text: thread.last_text,
            has_work: thread.has_work,
            merged_into: thread.merged_into,
        }
    }
}

impl State {
    fn into_update(self) -> Option<ThreadUpdate> {
        self.is_changed.then_some(ThreadUpdate {
            id: self.id,
            inbox_id: self.inbox,
            status: self.status,
            version: self.version,
            episode_id: self.episode,
            episode_number: self.number,
            assignee_id: self.assignee,
            last_message_at: self.last_message_at,
            last_customer_message_at: self.last_customer_message_at,
            last_text: self.last_text,
        })
    }
}

impl Planner<'_> {
    fn take(&mut self, item: &Item<'_>, people: &People) -> Result<(), Error> {
        let contact = people.contact(item);
        let (place_key, owner) = self.place(item, contact, people);
        let (key, mut thread) = self.take_merged(&place_key);
        let mut state = match self.threads.remove(&key) {
            Some(state) => state,
            None => self.open(item, owner, &key),
        };
        let from_customer = matches!(item.message.author, Author::Customer(_));
        let actor = if from_customer {
            Actor::Contact(contact)
        } else {
            Actor::System
        };
        let context = Context {
            actor,
            trace: item.trace.map(str::to_owned),
            cause: None,
            effect: Effect::default(),
        };
        let mut events =
            Events::of_conversation(self.desk, self.scope, state.id, state.version, &context);
        self.begin_episode(item, owner, &mut state, &mut events);
        if from_customer {
            self.bring_back(item, &mut state, &mut events);
        }
        let id = self.desk.id();
        let told = match &mut thread {
            None => Told {
                id,
                conversation: state.id,
                version: events.push(told(item, (state.id, state.episode), id, from_customer)),
                shown_version: None,
            },
            Some((_, thread)) => self.tell_in(
                item,
                thread,
                (&state, id),
                &context,
                &mut events,
                from_customer,
            ),
        };
        if from_customer && !state.has_work {
            self.queue(item, &mut state, &mut events);
        }
        state.version = events.version();
        self.batch.events.extend(events.into_list());
        let sent_at = believable(item.at, item.received_at).unwrap_or(item.received_at);
        self.note(item, &mut state, sent_at, from_customer);
        let author = from_customer.then_some(contact);
        self.add_message(item, state.episode, &told, author, sent_at)?;
        self.remember(item, told.conversation, contact);
        let place = Place {
            key: place_key,
            owner,
            author,
            state: item.message.state.clone(),
        };
        self.named.note(item, place);
        self.threads.insert(key, state);
        if let Some((key, mut thread)) = thread {
            self.note_merged(item, &mut thread, sent_at, from_customer);
            self.threads.insert(key, thread);
        }
        Ok(())
    }

    /// Returns what finds the conversation that the message belongs to, and whose it is.
    fn place(&self, item: &Item<'_>, contact: ContactId, people: &People) -> (String, ContactId) {
        let person = people.person(contact);
        let named = self.named.find(item, contact, person);
        // One that was closed since it was looked for is not continued.
        match named.filter(|place| self.threads.contains_key(&place.key)) {
            Some(place) => (place.key.clone(), place.owner),
            None => match person.filter(|_| item.message.group.is_none()) {
                Some(person) => self.place_of_person(item, contact, person),
                None => (people.thread_key(item), contact),
            },
        }
    }

    /// Returns where a person of several contacts goes on: in the open conversation of the contact
    /// that writes, or in the one that the person wrote in last, whichever app brought it there.
    /// Where none is open all their contacts meet in one, so that two apps that write at once do.
    fn place_of_person(
        &self,
        item: &Item<'_>,
        contact: ContactId,
        person: &Person,
    ) -> (String, ContactId) {
        let key = |contact| rows::person_key(contact, item.mailbox.queue);
        let open = |contact| {
            let state = self.threads.get(&key(contact));
            state.filter(|state| !state.status.is_done())
        };
        let owner = match open(contact) {
            Some(_) => Some(contact),
            None if self.is_merged(&key(contact)) => Some(contact),
            None => (person.members.iter().copied())
                .filter_map(|member| Some((open(member)?.last_customer_message_at, member)))
                .max()
                .map(|(_, member)| member),
        };
        let owner = owner.unwrap_or(person.top);
        (key(owner), owner)
    }

    /// Keeps what the adapter wants to know again; what is told last holds.
    fn remember(
        &mut self,
        item: &Item<'_>,
        conversation_id: ConversationId,
        contact_id: ContactId,
    ) {
        let Some(state) = item.message.state.as_deref().and_then(stored_state) else {
            return;
        };
        let inbox_id = item.mailbox.id;
        self.batch
            .states
            .retain(|told| (told.conversation_id, told.inbox_id) != (conversation_id, inbox_id));
        self.batch.states.push(NewState {
            conversation_id,
            inbox_id,
            contact_id,
            state: state.to_owned(),
        });
    }

    fn open(&mut self, item: &Item<'_>, contact_id: ContactId, key: &str) -> State {
        let id = self.desk.id();
        self.batch.conversations.push(NewConversation {
            id,
            thread_key: key.to_owned(),
            contact_id,
            group_id: item
                .message
                .group
                .as_deref()
                .map(|group| stored_id(group).into_owned()),
            queue_id: item.mailbox.queue,
        });
        State {
            id,
            inbox: None,
            is_changed: false,
            // A conversation that does not exist yet is one that is done: the message begins it.
            status: ConversationStatus::Resolved,
            version: 0,
            episode: self.desk.id(),
            number: 0,
            assignee: None,
            last_message_at: item.received_at,
            last_customer_message_at: None,
            last_text: String::new(),
            has_work: false,
            merged_into: None,
        }
    }

    fn begin_episode(
        &mut self,
        item: &Item<'_>,
        contact: ContactId,
        state: &mut State,
        events: &mut Events<'_>,
    ) {
        if !state.status.is_done() {
            return;
        }
        let (conversation, inbox) = (state.id, item.mailbox.id);
        state.episode = self.desk.id();
        state.number += 1;
        state.assignee = None;
        // What was done has no live work; `has_work` may be older than the lock on the conversation.
        state.has_work = false;
        state.status = ConversationStatus::New;
        self.batch.episodes.push(NewEpisode {
            id: state.episode,
            conversation_id: state.id,
            number: state.number,
        });
        let (episode, number) = (state.episode, state.number);
        events.push(match number {
            1 => Event::ConversationOpened {
                conversation,
                episode,
                contact,
                inbox,
            },
            _ => Event::ConversationReopened {
                conversation,
                episode,
                number,
            },
        });
    }

    /// Brings back what was put off: a customer's words end a hold and a snooze.
    fn bring_back(&mut self, item: &Item<'_>, state: &mut State, events: &mut Events<'_>) {
        let (conversation, from) = (state.id, state.status);
        let to = from.after_customer_message();
        match from {
            ConversationStatus::Snoozed => {
                let waits = state.has_work && state.assignee.is_none();
                self.batch.woken.push(conversation);
                events.push(Event::ConversationWoken {
                    conversation,
                    queue: waits.then_some(item.mailbox.queue),
                });
            }
            ConversationStatus::OnHold => {
                events.push(Event::ConversationStatusChanged {
                    conversation,
                    from,
                    to,
                });
            }
            _ => return,
        }
        state.status = to;
    }

    fn queue(&mut self, item: &Item<'_>, state: &mut State, events: &mut Events<'_>) {
        let (work_item, queue) = (self.desk.id(), item.mailbox.queue);
        state.has_work = true;
        self.batch.work_items.push(NewWorkItem {
            id: work_item,
            conversation_id: state.id,
            episode_id: state.episode,
            queue_id: queue,
        });
        events.push(Event::WorkItemQueued {
            conversation: state.id,
            work_item,
            queue,
            epoch: 1,
        });
    }

    fn note(
        &self,
        item: &Item<'_>,
        state: &mut State,
        sent_at: DateTime<Utc>,
        from_customer: bool,
    ) {
        (state.inbox, state.is_changed) = (Some(item.mailbox.id), true);
        state.last_message_at = state.last_message_at.max(self.now);
        state.last_text = item.message.content.text().chars().take(PREVIEW).collect();
        state.last_text = storable(&state.last_text).into_owned();
        if from_customer {
            state.status = state.status.after_customer_message();
            state.last_customer_message_at = state.last_customer_message_at.max(Some(sent_at));
        } else {
            state.status = state.status.after_reply();
        }
    }

    fn add_message(
        &mut self,
        item: &Item<'_>,
        episode_id: EpisodeId,
        told: &Told,
        contact_id: Option<ContactId>,
        sent_at: DateTime<Utc>,
    ) -> Result<(), Error> {
        let (message, id) = (item.message, told.id);
        let content = stored_content(&message.content)?;
        let files = attach::note(self.desk, &message.content, id)?;
        self.batch.attachments.extend(files);
        self.batch.messages.push(NewMessage {
            id,
            conversation_id: told.conversation,
            episode_id,
            inbox_id: item.mailbox.id,
            provider_id: item.provider_id.clone().into_owned(),
            other_ids: item.other_ids.iter().map(|id| id.to_string()).collect(),
            contact_id,
            content,
            text: storable(message.content.text()).into_owned(),
            reply_to: message
                .reply_to
                .as_deref()
                .map(|target| stored_id(target).into_owned()),
            sent_at,
            version: told.version,
            shown_version: told.shown_version,
            raw: message.raw.as_deref().map(|raw| storable(raw).into_owned()),
            origin: stored_origin(&message.origin)?,
        });
        Ok(())
    }
}

/// A message of the batch, and its place.
struct Told {
    id: MessageId,
    /// By whose thread it came.
    conversation: ConversationId,
    /// The order there.
    version: i64,
    /// The order in the conversation that the thread is merged into.
    shown_version: Option<i64>,
}

fn told(
    item: &Item<'_>,
    (conversation, episode): (ConversationId, EpisodeId),
    message: MessageId,
    from_customer: bool,
) -> Event {
    let inbox = item.mailbox.id;
    if !from_customer {
        return Event::MessageEchoed {
            conversation,
            message,
            inbox,
        };
    }
    Event::MessageReceived {
        conversation,
        episode,
        message,
        inbox,
        channel: item.mailbox.channel,
        content: item.message.content.kind().to_owned(),
    }
}

/// Returns an adapter's state where it can be stored whole: half of one means nothing.
pub(crate) fn stored_state(state: &str) -> Option<&str> {
    let fits = state.len() <= MAX_TEXT_BYTES && !state.contains('\0');
    if !fits {
        tracing::warn!(bytes = state.len(), "a channel's state cannot be stored");
    }
    fits.then_some(state)
}

/// Returns a content as JSON that PostgreSQL can store: its `jsonb` refuses NUL within texts.
pub(crate) fn stored_content(content: &Content) -> Result<serde_json::Value, Error> {
    let mut value = serde_json::to_value(content).map_err(|source| Error::Unreadable {
        what: "content",
        source,
    })?;
    clean(&mut value);
    Ok(value)
}

fn stored_origin(origin: &Origin) -> Result<Option<serde_json::Value>, Error> {
    if origin.is_empty() {
        return Ok(None);
    }
    let mut value = serde_json::to_value(origin).map_err(|source| Error::Unreadable {
        what: "origin",
        source,
    })?;
    clean(&mut value);
    Ok(Some(value))
}

fn clean(value: &mut serde_json::Value) {
    use serde_json::Value::*;
    match value {
        String(text) => {
            if let std::borrow::Cow::Owned(cleaned) = storable(text) {
                *text = cleaned;
            }
        }
        Array(list) => list.iter_mut().for_each(clean),
        Object(map) => map.values_mut().for_each(clean),
        _ => {}
    }
}

/// Returns the provider's time where it can be true: not from the future, nor from before any of
/// these apps existed.
pub(crate) fn believable(
    at: Option<DateTime<Utc>>,
    received_at: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    const TWO_THOUSAND: i64 = 946_684_800;
    at.filter(|at| at.timestamp() > TWO_THOUSAND && *at <= received_at + Duration::days(1))
}
