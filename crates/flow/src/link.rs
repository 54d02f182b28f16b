//! Two contacts are one person, as an agent found.
//!
//! Nothing moves: addresses, conversations, names and consent stay with their contact, which is
//! linked into the other (`domain::person`). So each app goes on in its own conversation, no
//! conversation ever has two live work items by a link, and unlinking restores what was. This verb needs
//! an agent and a reason. Beside it only what a provider vouches for links contacts that both exist, by the
//! same edge: a followed link and addresses that it shows together (`update::app_link`, `update::same`).

use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error, Events};
use interdesk_domain::event::{AggregateKind, Event};
use interdesk_domain::id::*;
use interdesk_domain::permission::Viewer;
use interdesk_domain::person::{self, LinkRefusal, Member};
use interdesk_store::persons::{self, Locked, NewNote};
use interdesk_store::{Conn, contacts, outbox};
use serde::{Deserialize, Serialize};

/// Which contacts are one person, and why.
#[derive(Debug, Clone, Serialize)]
pub struct NewLink {
    /// The contact that was found to be somebody known.
    pub contact: ContactId,
    /// Whom.
    pub into: ContactId,
    /// How the agent knows.
    pub note: String,
    /// The message that shows it.
    pub message: Option<MessageId>,
}

/// What became of the wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum LinkOutcome {
    /// They are one person.
    Linked {
        /// The version of the contact that was linked.
        version: i64,
    },
    /// No such contact to link.
    NotFound,
    /// No such contact to link into.
    IntoNotFound,
    /// No such message of theirs.
    MessageNotFound,
    /// They are one person already.
    SamePerson,
    /// The contact is linked into another; that has to be undone first.
    AlreadyLinked {
        /// Whom it is linked into.
        into: ContactId,
    },
    /// The key was used for something else.
    KeyReused,
}

/// Links a contact into another.
pub async fn link(
    desk: &Desk,
    viewer: &Viewer,
    new: &NewLink,
    key: Option<&str>,
    context: &Context,
) -> Result<LinkOutcome, Error> {
    let wish = Wish::new(desk, viewer, key, context);
    wish.fulfil(new).await
}

impl Verb for NewLink {
    type Outcome = LinkOutcome;
    const OPERATION: &'static str = "contact_link";
    const KEY_REUSED: LinkOutcome = LinkOutcome::KeyReused;

    async fn act(&self, wish: &Wish<'_>, conn: &Conn) -> Result<LinkOutcome, Halt<LinkOutcome>> {
        let refuse = |outcome| Err(Halt::Refused(outcome));
        let scope = wish.scope();
        let locked = persons::lock(conn, scope, &[self.contact, self.into]).await?;
        let Some(contact) = find(&locked, self.contact) else {
            return refuse(LinkOutcome::NotFound);
        };
        let Some(into) = find(&locked, self.into) else {
            return refuse(LinkOutcome::IntoNotFound);
        };
        let members: Vec<Member> = locked.iter().map(Locked::member).collect();
        let changed = match person::link(&members, contact.member(), into.member()) {
            Ok(changed) => changed,
            Err(LinkRefusal::SamePerson) => return refuse(LinkOutcome::SamePerson),
            Err(LinkRefusal::AlreadyLinked) => {
                let into = contact.linked_into.unwrap_or(contact.id);
                return refuse(LinkOutcome::AlreadyLinked { into });
            }
        };
        let note = wish.desk.id();
        let evidence = Reason {
            note,
            kind: "linked",
            text: &self.note,
            message: self.message,
        };
        if !evidence.is_theirs(wish, conn, &members).await? {
            return refuse(LinkOutcome::MessageNotFound);
        }
        persons::set_places(conn, scope, &changed).await?;
        let event = Event::ContactLinked {
            contact: self.contact,
            into: self.into,
            note,
            message: self.message,
        };
        let version = evidence.write(wish, conn, &contact, event).await?;
        Ok(LinkOutcome::Linked { version })
    }
}

/// Returns one of the locked contacts.
pub(crate) fn find(locked: &[Locked], id: ContactId) -> Option<Locked> {
    locked.iter().find(|one| one.id == id).cloned()
}

/// Why an agent changes who a contact is.
pub(crate) struct Reason<'a> {
    pub(crate) note: NoteId,
    pub(crate) kind: &'static str,
    pub(crate) text: &'a str,
    pub(crate) message: Option<MessageId>,
}

impl Reason<'_> {
    /// Tells whether the message, where one is named, is of one of the contacts.
    pub(crate) async fn is_theirs(
        &self,
        wish: &Wish<'_>,
        conn: &Conn,
        members: &[Member],
    ) -> Result<bool, Error> {
        let Some(message) = self.message else {
            return Ok(true);
        };
        let ids: Vec<ContactId> = members.iter().map(|member| member.contact).collect();
        Ok(persons::wrote_in(conn, wish.scope(), &ids, message).await?)
    }

    /// Writes the note, the event of the contact and its version, which is returned.
    pub(crate) async fn write(
        &self,
        wish: &Wish<'_>,
        conn: &Conn,
        contact: &Locked,
        event: Event,
    ) -> Result<i64, Error> {
        let scope = wish.scope();
        let note = NewNote {
            id: self.note,
            contact: contact.id,
            agent: Some(wish.viewer.agent),
            message: self.message,
            kind: self.kind,
            text: self.text,
            at: wish.now(),
        };
        persons::insert_note(conn, scope, &note).await?;
        tell(wish, conn, contact, event).await
    }
}

/// Adds one event to a locked contact and returns its version.
pub(crate) async fn tell(
    wish: &Wish<'_>,
    conn: &Conn,
    contact: &Locked,
    event: Event,
) -> Result<i64, Error> {
    let aggregate = (AggregateKind::Contact, contact.id.0);
    let mut events = Events::of(
        wish.desk,
        wish.scope(),
        aggregate,
        contact.version,
        wish.context,
    );
    let version = events.push(event);
    contacts::set_version(conn, wish.scope(), contact.id, version).await?;
    outbox::append(conn, events.list()).await?;
    Ok(version)
}
