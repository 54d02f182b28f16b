//! Lets people find what was said and who said it.
//!
//! The index follows the event log like the clocks do, behind what receives and answers: a message
//! costs its writer nothing, and is found a moment later. The events only tell what to look at; what
//! is indexed are the rows as they are now, so it does not matter how often an event is read.

use crate::watch_sla::read;
use crate::{Desk, Error};
use interdesk_domain::event::Event;
use interdesk_domain::id::{ContactId, MessageId, NoteId};
use interdesk_domain::scope::TenantScope;
use interdesk_store::{Conn, search};
use std::collections::BTreeSet;

/// How many events make sure that there may be more.
const PAGE: u64 = 500;

/// Lets a tenant's search follow the next events of the log, up to five hundred; tells whether there
/// may be more at once. Where somebody else is doing so, there is nothing to do.
pub async fn follow(desk: &Desk, scope: TenantScope) -> Result<bool, Error> {
    let transaction = desk.database.begin(scope).await?;
    let Some(seq) = search::lock_cursor(&transaction, scope).await? else {
        transaction.rollback().await?;
        return Ok(false);
    };
    let page = read(&transaction, scope, seq).await?;
    let Some(last) = page.last().map(|(seq, _)| *seq) else {
        transaction.rollback().await?;
        return Ok(false);
    };
    let mut changed = Changed::default();
    for event in page.iter().filter_map(|(_, event)| event.as_ref()) {
        changed.note(&event.event);
    }
    changed.renew(&transaction, scope).await?;
    search::update_cursor(&transaction, scope, last).await?;
    transaction.commit().await?;
    metrics::counter!("interdesk_search_events_total").increment(last - seq);
    Ok(last - seq >= PAGE)
}

/// What has to be looked at.
#[derive(Default)]
struct Changed {
    said: BTreeSet<MessageId>,
    taken_back: BTreeSet<MessageId>,
    people: BTreeSet<ContactId>,
    notes: BTreeSet<NoteId>,
}

impl Changed {
    fn note(&mut self, event: &Event) {
        match event {
            Event::MessageReceived { message, .. }
            | Event::MessageEchoed { message, .. }
            | Event::MessageImported { message, .. }
            | Event::NoticeReceived { message, .. }
            | Event::MessageQueued { message, .. } => {
                self.said.insert(*message);
            }
            Event::MessageEdited { message, .. }
            | Event::MessageDeleted { message, .. }
            | Event::MessageExpired { message, .. } => {
                self.said.insert(*message);
                self.taken_back.insert(*message);
            }
            Event::NoteWritten { note, .. } | Event::NoteDeleted { note, .. } => {
                self.notes.insert(*note);
            }
            Event::ContactAdded { contact }
            | Event::IdentityLinked { contact, .. }
            | Event::IdentityRetired { contact, .. }
            | Event::ContactRenamed { contact }
            | Event::ContactUpdated { contact, .. } => {
                self.people.insert(*contact);
            }
            _ => {}
        }
    }

    async fn renew(&self, conn: &Conn, scope: TenantScope) -> Result<(), Error> {
        let list = |ids: &BTreeSet<MessageId>| ids.iter().copied().collect::<Vec<_>>();
        if !self.said.is_empty() {
            let said = list(&self.said);
            search::renew_said(conn, scope, &said).await?;
            search::renew_authors(conn, scope, &said).await?;
        }
        if !self.taken_back.is_empty() {
            search::forget_unsaid(conn, scope, &list(&self.taken_back)).await?;
        }
        if !self.notes.is_empty() {
            let notes: Vec<NoteId> = self.notes.iter().copied().collect();
            search::renew_notes(conn, scope, &notes).await?;
        }
        if !self.people.is_empty() {
            let people: Vec<ContactId> = self.people.iter().copied().collect();
            search::renew_people(conn, scope, &people).await?;
        }
        Ok(())
    }
}
