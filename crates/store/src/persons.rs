//! Which contacts are one person, and why agents say so.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::person::Member;
use interdesk_domain::scope::TenantScope;

/// The contact that stands for the person of another, as an expression in SQL. Few contacts are
/// linked into others, so the index that knows them is small.
macro_rules! person_of {
    ($contact:literal) => {
        concat!(
            "COALESCE((SELECT person_id FROM contacts WHERE id = ",
            $contact,
            " AND linked_into IS NOT NULL), ",
            $contact,
            ")"
        )
    };
}

/// All contacts of a person, given the one that stands for it, as a subquery in SQL.
macro_rules! members_of {
    ($person:literal) => {
        concat!(
            "(SELECT ",
            $person,
            " AS id UNION ALL SELECT id FROM contacts WHERE person_id = ",
            $person,
            ")"
        )
    };
}

pub(crate) use {members_of, person_of};

row! {
    /// A contact's place in its person, locked.
    pub struct Locked {
        /// Which contact.
        pub id: ContactId,
        /// The contact that it was linked into.
        pub linked_into: Option<ContactId>,
        /// The contact that stands for the person.
        pub person_id: Option<ContactId>,
        /// Counts the contact's events.
        pub version: i64,
    }
}

impl Locked {
    /// Returns the place alone.
    pub fn member(&self) -> Member {
        Member {
            contact: self.id,
            linked_into: self.linked_into,
            person: self.person_id,
        }
    }
}

/// Locks contacts and all others of their persons.
///
/// A contact that is locked keeps its place, so that the second statement finds exactly the others.
pub async fn lock(
    conn: &Conn,
    _scope: TenantScope,
    contacts: &[ContactId],
) -> Result<Vec<Locked>, Error> {
    let own: Vec<Locked> = sql("SELECT id, linked_into, person_id, version FROM contacts
         WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE")
    .bind(many(contacts, |id| *id))
    .load(&mut &*conn)
    .await?;
    let tops = many(&own, |locked| locked.member().top());
    let all = sql("SELECT id, linked_into, person_id, version FROM contacts
         WHERE id = ANY ($1) OR person_id = ANY ($1) ORDER BY id FOR NO KEY UPDATE")
    .bind(tops)
    .load(&mut &*conn)
    .await?;
    Ok(all)
}

/// Writes the new places of locked contacts.
pub async fn set_places(conn: &Conn, _scope: TenantScope, members: &[Member]) -> Result<(), Error> {
    sql(
        "UPDATE contacts c SET linked_into = n.linked_into, person_id = n.person_id
         FROM unnest($1, $2, $3) AS n (id, linked_into, person_id) WHERE c.id = n.id",
    )
    .bind(many(members, |member| member.contact))
    .bind(many(members, |member| member.linked_into))
    .bind(many(members, |member| member.person))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Writes the name that an agent gave a locked contact.
pub async fn set_name(
    conn: &Conn,
    _scope: TenantScope,
    contact: ContactId,
    name: &str,
) -> Result<(), Error> {
    sql("UPDATE contacts SET name = $2, name_source = 'agent' WHERE id = $1")
        .bind(contact)
        .bind(name)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Tells whether a person was ever met on a network, by whichever of their contacts.
pub async fn is_on(
    conn: &Conn,
    _scope: TenantScope,
    contacts: &[ContactId],
    network: &str,
) -> Result<bool, Error> {
    let found: Option<One> =
        sql("SELECT 1 AS one FROM identities WHERE contact_id = ANY ($1) AND network = $2 LIMIT 1")
            .bind(many(contacts, |id| *id))
            .bind(network)
            .get_result(&mut &*conn)
            .await
            .optional()?;
    Ok(found.is_some())
}

/// Tells whether an agent found that one of the contacts is not whom it was linked into.
pub async fn was_unlinked(
    conn: &Conn,
    _scope: TenantScope,
    contacts: &[ContactId],
) -> Result<bool, Error> {
    let found: Option<One> = sql(
        "SELECT 1 AS one FROM contact_notes WHERE contact_id = ANY ($1) AND kind = 'unlinked' LIMIT 1",
    )
    .bind(many(contacts, |id| *id))
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found.is_some())
}

/// Tells whether a message is in a conversation of one of the contacts.
pub async fn wrote_in(
    conn: &Conn,
    _scope: TenantScope,
    contacts: &[ContactId],
    message: MessageId,
) -> Result<bool, Error> {
    let found: Option<One> = sql("SELECT 1 AS one
         FROM messages m JOIN conversations c ON c.id = m.conversation_id
         WHERE m.id = $2 AND (c.contact_id = ANY ($1) OR m.contact_id = ANY ($1))")
    .bind(many(contacts, |id| *id))
    .bind(message)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found.is_some())
}

row! {
    /// That there is something.
    pub struct One {
        /// Always 1.
        pub one: i32,
    }
}

/// Why something about a contact was changed.
#[derive(Debug)]
pub struct NewNote<'a> {
    /// Names the note.
    pub id: NoteId,
    /// Which contact it is about.
    pub contact: ContactId,
    /// Who writes it; `None` where the customers showed themselves who they are.
    pub agent: Option<AgentId>,
    /// The message that shows it.
    pub message: Option<MessageId>,
    /// What was changed: `linked`, `unlinked` or `consent`.
    pub kind: &'static str,
    /// The reason.
    pub text: &'a str,
    /// When.
    pub at: DateTime<Utc>,
}

/// Writes a note.
pub async fn insert_note(conn: &Conn, scope: TenantScope, note: &NewNote<'_>) -> Result<(), Error> {
    sql("INSERT INTO contact_notes
            (id, tenant_id, contact_id, agent_id, message_id, kind, text, written_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
    .bind(note.id)
    .bind(scope.tenant())
    .bind(note.contact)
    .bind(note.agent)
    .bind(note.message)
    .bind(note.kind)
    .bind(note.text)
    .bind(note.at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Forgets what adapters were told by the contacts that left a person in the conversations of the
/// rest, and the other way: it would lead a reply to somebody else.
pub async fn forget_states(
    conn: &Conn,
    scope: TenantScope,
    left: &[ContactId],
    rest: &[ContactId],
) -> Result<(), Error> {
    sql("DELETE FROM channel_states s
         USING unnest($1 || $2) AS one (id) CROSS JOIN queues q
         JOIN conversations c ON c.tenant_id = $3 AND c.status <> 'closed'
            AND c.thread_key = 'contact:' || one.id || ':' || q.id
         WHERE s.conversation_id = c.id
            AND s.contact_id = ANY (CASE WHEN one.id = ANY ($1) THEN $2 ELSE $1 END)")
    .bind(many(left, |id| *id))
    .bind(many(rest, |id| *id))
    .bind(scope.tenant())
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
