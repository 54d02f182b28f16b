//! What was found: people first, and then what was said.

use super::{Contact, Conversation, Message, Note, Nullable};
use crate::access::proven;
use crate::page::{PageArguments, PageInfo};
use crate::viewer::{desk, parse};
use crate::{Cursor, Error, loaders};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_domain::id::{ContactId, ConversationId, MessageId, NoteId};
use interdesk_domain::message::storable;
use interdesk_flow::find::{self, Found, Hit, Place, Wanted};
use interdesk_store::search::SaidFilter;

/// The longest text that is looked for.
const LONGEST: usize = 200;

/// What to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum SearchKind {
    /// Contacts by their names and addresses.
    Contact,
    /// Messages by their words.
    Message,
    /// Notes by their words.
    Note,
}

/// Where to look; what is left out does not matter.
#[derive(Debug, Clone, Default, InputObject)]
pub(crate) struct SearchFilter {
    /// What to look for; everything unless told.
    kinds: Option<Vec<SearchKind>>,
    /// Only what was said in this conversation.
    conversation_id: Option<ID>,
    /// Only what was said in conversations of this queue.
    queue_id: Option<ID>,
    /// Only what was said from this moment on.
    from: Option<DateTime<Utc>>,
    /// Only what was said before this moment.
    until: Option<DateTime<Utc>>,
}

impl SearchFilter {
    /// Reads the filter; `None` where it names what cannot exist, so that nothing is found.
    fn read(&self, text: String) -> Option<Wanted> {
        let every = [SearchKind::Contact, SearchKind::Message, SearchKind::Note];
        let kinds = self.kinds.as_deref().unwrap_or(&every);
        let conversation = self.conversation_id.as_ref().map(parse);
        let queue = self.queue_id.as_ref().map(parse);
        if conversation == Some(None) || queue == Some(None) {
            return None;
        }
        let said = SaidFilter {
            messages: kinds.contains(&SearchKind::Message),
            notes: kinds.contains(&SearchKind::Note),
            conversation: conversation.flatten(),
            queue: queue.flatten(),
            since: self.from,
            until: self.until,
        };
        let is_anywhere = said.conversation.is_none() && said.queue.is_none();
        let is_anytime = self.from.is_none() && self.until.is_none();
        // People are in no conversation and at no time; who narrows that wants what was said.
        let people = kinds.contains(&SearchKind::Contact) && is_anywhere && is_anytime;
        Some(Wanted { text, people, said })
    }
}

/// A page of what was found: contacts, the nearest first, and then what was said, the latest first.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct SearchConnection {
    /// What was found, with its places.
    edges: Vec<SearchEdge>,
    /// What was found alone.
    nodes: Vec<SearchHit>,
    /// What lies around the page.
    page_info: PageInfo,
}

/// Something that was found, and its place.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct SearchEdge {
    /// The place.
    cursor: Cursor,
    /// What was found.
    node: SearchHit,
}

/// Something that was found.
#[derive(Debug, Clone)]
pub(crate) struct SearchHit(Hit);

/// Something that was found.
#[Object]
impl SearchHit {
    /// What it is.
    async fn kind(&self) -> SearchKind {
        match self.0.found {
            Found::Person(_) => SearchKind::Contact,
            Found::Message { .. } => SearchKind::Message,
            Found::Note { .. } => SearchKind::Note,
        }
    }

    /// The contact, where one was found.
    async fn contact(&self, context: &Context<'_>) -> Nullable<Contact> {
        match self.0.found {
            Found::Person(id) => loaders::one::<_, ContactId, _>(context, id).await,
            Found::Message { .. } | Found::Note { .. } => None,
        }
    }

    /// The conversation in which it was said.
    async fn conversation(&self, context: &Context<'_>) -> Nullable<Conversation> {
        match self.0.found {
            Found::Message { conversation, .. } | Found::Note { conversation, .. } => {
                loaders::one::<_, ConversationId, _>(context, conversation).await
            }
            Found::Person(_) => None,
        }
    }

    /// The message, where one was found.
    async fn message(&self, context: &Context<'_>) -> Nullable<Message> {
        match self.0.found {
            Found::Message { message, .. } => {
                loaders::one::<_, MessageId, _>(context, message).await
            }
            Found::Person(_) | Found::Note { .. } => None,
        }
    }

    /// The note, where one was found.
    async fn note(&self, context: &Context<'_>) -> Nullable<Note> {
        match self.0.found {
            Found::Note { note, .. } => loaders::one::<_, NoteId, _>(context, note).await,
            _ => None,
        }
    }

    /// When it was said; null for contacts.
    async fn at(&self) -> Option<DateTime<Utc>> {
        match self.0.found {
            Found::Message { at, .. } | Found::Note { at, .. } => Some(at),
            Found::Person(_) => None,
        }
    }

    /// The words around what was looked for, piece by piece; it is plain text, never markup.
    async fn highlight(&self) -> Vec<HighlightPart> {
        let parts = self.0.highlight.iter();
        parts
            .map(|(text, is_match)| HighlightPart {
                text: text.clone(),
                is_match: *is_match,
            })
            .collect()
    }
}

/// A piece of the words around what was looked for.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct HighlightPart {
    /// The words.
    text: String,
    /// Whether they were looked for.
    is_match: bool,
}

/// Looks for something, page by page.
pub(crate) async fn search(
    context: &Context<'_>,
    text: &str,
    arguments: &PageArguments,
    filter: &SearchFilter,
) -> Result<SearchConnection, Error> {
    let ((viewer, sight), desk) = (proven(context)?, desk(context)?);
    let text = storable(text.trim()).into_owned();
    if text.is_empty() || text.chars().count() > LONGEST {
        let text = format!("text must have 1 to {LONGEST} characters");
        return Err(Error::BadInput(text));
    }
    let window = arguments.window(Cursor::found)?;
    let size = usize::try_from(window.limit - 1).unwrap_or(1);
    let page = match filter.read(text) {
        Some(wanted) => find::find(desk, (viewer, sight), &wanted, window.after, size).await?,
        None => find::Page::default(),
    };
    let edges: Vec<SearchEdge> = page
        .hits
        .into_iter()
        .map(|hit| SearchEdge {
            cursor: Cursor::of_found(hit.place),
            node: SearchHit(hit),
        })
        .collect();
    let place = |place: Option<Place>| place.map(Cursor::of_found);
    let page_info = PageInfo {
        has_next_page: page.more,
        has_previous_page: window.after.is_some(),
        start_cursor: edges.first().map(|edge| edge.cursor.clone()),
        end_cursor: place(page.end),
    };
    let nodes = edges.iter().map(|edge| edge.node.clone()).collect();
    Ok(SearchConnection {
        edges,
        nodes,
        page_info,
    })
}
