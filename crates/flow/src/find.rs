//! Somebody looks for words, names or addresses.
//!
//! People come first, the nearest one first, and then what was said, the latest first. The index is a
//! moment behind, and does not know who sees what: so what it names is looked up, and where much of it
//! is not shown the next part is asked for, a few times.

mod highlight;

use crate::{Desk, Error};
use chrono::{DateTime, Utc};
use interdesk_domain::id::*;
use interdesk_domain::permission::Viewer;
use interdesk_domain::scope::TenantScope;
use interdesk_store::Conn;
use interdesk_store::search::{self, Person, PersonPlace, Said, SaidFilter, SaidPlace};
use interdesk_store::sight::Sight;
use std::collections::HashMap;
use uuid::Uuid;

/// How much of the index is looked at for one page at most.
const PARTS: usize = 8;

/// The largest part of it.
const LARGEST: i64 = 1_000;

/// What somebody looks for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The words: all of them, `"a phrase"`, one `or` another, `-without`; the last one may be begun.
    pub text: String,
    /// Whether people are looked for.
    pub people: bool,
    /// Where else it is looked for.
    pub said: SaidFilter,
}

/// A place in the list of what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Among the people.
    Person(PersonPlace),
    /// Among what was said.
    Said(SaidPlace),
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// What.
    pub found: Found,
    /// Its place.
    pub place: Place,
    /// The words around what was looked for, and whether each piece was.
    pub highlight: Vec<(String, bool)>,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// A contact.
    Person(ContactId),
    /// A message.
    Message {
        /// Which.
        message: MessageId,
        /// In which conversation.
        conversation: ConversationId,
        /// When it was said.
        at: DateTime<Utc>,
    },
    /// A note.
    Note {
        /// Which.
        note: NoteId,
        /// In which conversation.
        conversation: ConversationId,
        /// When it was written.
        at: DateTime<Utc>,
    },
}

impl Found {
    /// Says what was found in a conversation.
    fn said(one: &Said) -> Self {
        let (conversation, at) = (one.conversation_id, one.at);
        match one.kind.as_str() {
            "note" => Self::Note {
                note: NoteId(one.subject_id),
                conversation,
                at,
            },
            _ => Self::Message {
                message: MessageId(one.subject_id),
                conversation,
                at,
            },
        }
    }
}

/// A page of what was found.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// What was found.
    pub hits: Vec<Hit>,
    /// Whether there may be more behind it.
    pub more: bool,
    /// Behind which place the next page begins.
    pub end: Option<Place>,
}

/// Looks for something that a viewer sees; `size` is how much a page shows.
pub async fn find(
    desk: &Desk,
    (viewer, sight): (&Viewer, &Sight),
    wanted: &Wanted,
    after: Option<Place>,
    size: usize,
) -> Result<Page, Error> {
    let scope = viewer.scope();
    let transaction = desk.database.begin(scope).await?;
    let mut page = Page {
        end: after,
        ..Page::default()
    };
    let (person, said) = match after {
        None => (wanted.people.then_some(None), None),
        Some(Place::Person(place)) => (wanted.people.then_some(Some(place)), None),
        Some(Place::Said(place)) => (None, Some(place)),
    };
    if let Some(after) = person {
        people(&transaction, scope, wanted, after, size, &mut page).await?;
    }
    if !page.more && (wanted.said.messages || wanted.said.notes) {
        let search = Search {
            conn: &transaction,
            scope,
            sight,
            wanted,
        };
        let found = search.look(said, size, &mut page).await?;
        search.show(found, &mut page).await?;
    }
    transaction.commit().await?;
    Ok(page)
}

async fn people(
    conn: &Conn,
    scope: TenantScope,
    wanted: &Wanted,
    after: Option<PersonPlace>,
    size: usize,
    page: &mut Page,
) -> Result<(), Error> {
    let limit = i64::try_from(size).unwrap_or(i64::MAX).saturating_add(1);
    let mut found = search::list_people(conn, scope, &wanted.text, after, limit).await?;
    page.more = found.len() > size;
    found.truncate(size);
    page.hits = found.into_iter().map(|one| person(one, wanted)).collect();
    page.end = page.hits.last().map(|hit| hit.place).or(page.end);
    Ok(())
}

fn person(one: Person, wanted: &Wanted) -> Hit {
    Hit {
        found: Found::Person(one.contact_id),
        place: Place::Person((one.score, one.contact_id)),
        highlight: highlight::within(&one.name, &wanted.text),
    }
}

/// Looks through what was said.
struct Search<'a> {
    conn: &'a Conn,
    scope: TenantScope,
    sight: &'a Sight,
    wanted: &'a Wanted,
}

impl Search<'_> {
    /// Looks through the index until the page is full or nothing is left; what is shown is returned.
    async fn look(
        &self,
        mut after: Option<SaidPlace>,
        size: usize,
        page: &mut Page,
    ) -> Result<Vec<Said>, Error> {
        let room = size - page.hits.len();
        let mut shown: Vec<Said> = Vec::new();
        let mut limit = i64::try_from(room).unwrap_or(LARGEST).saturating_add(1);
        for _ in 0..PARTS {
            let part = self.part(after, limit).await?;
            let is_last = part.len() < usize::try_from(limit).unwrap_or(usize::MAX);
            for one in part {
                if one.shown && shown.len() == room {
                    page.more = true;
                    return Ok(shown);
                }
                after = Some((one.at, one.subject_id));
                page.end = after.map(Place::Said);
                if one.shown {
                    shown.push(one);
                }
            }
            if is_last {
                page.more = false;
                return Ok(shown);
            }
            limit = (limit * 4).clamp(64, LARGEST);
        }
        // So much is not shown that the rest is for the next page, which begins where this one looked.
        page.more = true;
        Ok(shown)
    }

    async fn part(&self, after: Option<SaidPlace>, limit: i64) -> Result<Vec<Said>, Error> {
        let (text, filter) = (&self.wanted.text, &self.wanted.said);
        let part = search::list_said(
            self.conn, self.scope, self.sight, text, filter, after, limit,
        );
        Ok(part.await?)
    }

    /// Adds what is shown to the page, with the words around what was looked for.
    async fn show(&self, found: Vec<Said>, page: &mut Page) -> Result<(), Error> {
        if found.is_empty() {
            return Ok(());
        }
        let ids: Vec<Uuid> = found.iter().map(|one| one.subject_id).collect();
        let lines = search::headlines(self.conn, self.scope, &self.wanted.text, &ids).await?;
        let lines = lines.into_iter().map(|line| (line.subject_id, line.text));
        let mut lines: HashMap<Uuid, String> = lines.collect();
        page.hits.extend(found.into_iter().map(|one| Hit {
            found: Found::said(&one),
            place: Place::Said((one.at, one.subject_id)),
            highlight: highlight::marked(&lines.remove(&one.subject_id).unwrap_or_default()),
        }));
        Ok(())
    }
}
