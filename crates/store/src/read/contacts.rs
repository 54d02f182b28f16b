//! Contacts and their addresses.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::consent::Consent;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use std::collections::HashMap;

row! {
    /// A person who writes.
    #[derive(serde::Deserialize)]
    pub struct Contact {
        /// Who.
        pub id: ContactId,
        /// The name to show.
        pub name: Option<String>,
        /// Who says that this is the name: `none`, `self_asserted`, `verified` or `agent`.
        pub name_source: String,
        /// The language of their app (BCP 47).
        pub locale: Option<String>,
        /// The contact that it was found to be.
        pub linked_into: Option<ContactId>,
        /// Counts their events.
        pub version: i64,
        /// When they first wrote.
        pub created_at: DateTime<Utc>,
    }
}

/// Finds contacts.
pub async fn find_many(
    conn: &Conn,
    _scope: TenantScope,
    ids: &[ContactId],
) -> Result<Vec<Contact>, Error> {
    let contacts = sql(
        "SELECT id, name, name_source, locale, linked_into, version, created_at
             FROM contacts WHERE id = ANY ($1)",
    )
    .bind(many(ids, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(contacts)
}

row! {
    /// A contact that was linked into another, directly or through others.
    pub struct Linked {
        /// The contact that stands for the person.
        pub person_id: ContactId,
        /// Who.
        pub id: ContactId,
    }
}

/// Lists the contacts that were linked into others, oldest first.
pub async fn list_linked(
    conn: &Conn,
    _scope: TenantScope,
    persons: &[ContactId],
) -> Result<Vec<Linked>, Error> {
    let linked = sql("SELECT person_id, id FROM contacts WHERE person_id = ANY ($1) ORDER BY id")
        .bind(many(persons, |id| *id))
        .load(&mut &*conn)
        .await?;
    Ok(linked)
}

row! {
    /// Whether a person lets us write on a network, as one of their contacts said.
    pub struct ConsentSaid {
        /// Who was asked for.
        pub asked_id: ContactId,
        /// Which contact of the person said it.
        pub contact_id: ContactId,
        /// On which network.
        pub network: String,
        /// What was said.
        pub state: Consent,
        /// What held before a block; `None` where that is not why.
        pub blocked_from: Option<Consent>,
        /// When.
        pub said_at: DateTime<Utc>,
    }
}

row! {
    /// Why an agent changed something about a contact.
    pub struct Note {
        /// Which note.
        pub id: NoteId,
        /// About whom.
        pub contact_id: ContactId,
        /// Who wrote it.
        pub agent_id: Option<AgentId>,
        /// The message that shows it.
        pub message_id: Option<MessageId>,
        /// What was changed: `linked`, `unlinked` or `consent`.
        pub kind: String,
        /// The reason.
        pub text: String,
        /// When.
        pub written_at: DateTime<Utc>,
    }
}

/// Lists the notes about contacts, oldest first.
pub async fn list_notes(
    conn: &Conn,
    _scope: TenantScope,
    contacts: &[ContactId],
) -> Result<Vec<Note>, Error> {
    let notes = sql(
        "SELECT id, contact_id, agent_id, message_id, kind, text, written_at
         FROM contact_notes WHERE contact_id = ANY ($1) ORDER BY contact_id, id",
    )
    .bind(many(contacts, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(notes)
}

row! {
    /// One typed address of a contact.
    pub struct Identity {
        /// Which.
        pub id: IdentityId,
        /// Who was asked for.
        pub asked_id: ContactId,
        /// Whose: of the contact, or of one that was linked into it.
        pub contact_id: ContactId,
        /// Where the person is.
        pub network: String,
        /// What kind of value it is.
        pub namespace: String,
        /// The address.
        pub value: String,
        /// Who vouches for it.
        pub verified_by: String,
        /// Since when it is the contact's.
        pub valid_from: DateTime<Utc>,
        /// Until when it was.
        pub valid_to: Option<DateTime<Utc>>,
    }
}

/// What is known of where a contact can be reached.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known {
    /// The addresses of the contact and of those that were linked into it, valid and former ones,
    /// oldest first.
    pub identities: Vec<Identity>,
    /// What the contact's person said, by whichever of their contacts.
    pub said: Vec<ConsentSaid>,
}

row! {
    /// An address or what was said about consent: what the one does not have is null.
    #[allow(unreachable_pub, missing_docs, reason = "rows are written as public")]
    pub struct Fact {
        pub asked_id: ContactId,
        pub contact_id: ContactId,
        pub network: String,
        pub id: Option<IdentityId>,
        pub namespace: Option<String>,
        pub value: Option<String>,
        pub verified_by: Option<String>,
        pub since: DateTime<Utc>,
        pub valid_to: Option<DateTime<Utc>>,
        pub state: Option<Consent>,
        pub blocked_from: Option<Consent>,
    }
}

impl Known {
    fn add(&mut self, fact: Fact) {
        let (asked_id, contact_id, network) = (fact.asked_id, fact.contact_id, fact.network);
        match (fact.id, fact.state) {
            (Some(id), _) => self.identities.push(Identity {
                id,
                asked_id,
                contact_id,
                network,
                namespace: fact.namespace.unwrap_or_default(),
                value: fact.value.unwrap_or_default(),
                verified_by: fact.verified_by.unwrap_or_default(),
                valid_from: fact.since,
                valid_to: fact.valid_to,
            }),
            (None, Some(state)) => self.said.push(ConsentSaid {
                asked_id,
                contact_id,
                network,
                state,
                blocked_from: fact.blocked_from,
                said_at: fact.since,
            }),
            (None, None) => {}
        }
    }
}

/// Lists what is known of where contacts can be reached; those of whom nothing is are left out.
pub async fn list_known(
    conn: &Conn,
    _scope: TenantScope,
    contacts: &[ContactId],
) -> Result<HashMap<ContactId, Known>, Error> {
    let facts: Vec<Fact> = sql(
        "SELECT asked.id AS asked_id, i.contact_id, i.network, i.id, i.namespace, i.value,
            i.verified_by, i.valid_from AS since, i.valid_to, NULL AS state, NULL AS blocked_from
         FROM unnest($1) AS asked (id)
         CROSS JOIN LATERAL (
            SELECT asked.id UNION ALL SELECT id FROM contacts WHERE person_id = asked.id
         ) member
         JOIN identities i ON i.contact_id = member.id
         UNION ALL
         SELECT asked.id, s.contact_id, s.network, NULL, NULL, NULL, NULL, s.said_at, NULL, s.state,
            s.blocked_from
         FROM contacts asked
         CROSS JOIN LATERAL (
            SELECT CASE WHEN asked.person_id IS NULL THEN asked.id ELSE asked.person_id END AS id
            UNION ALL SELECT id FROM contacts WHERE person_id =
                CASE WHEN asked.person_id IS NULL THEN asked.id ELSE asked.person_id END
         ) member
         JOIN consents s ON s.contact_id = member.id
         WHERE asked.id = ANY ($1)
         ORDER BY id, network, contact_id",
    )
    .bind(many(contacts, |id| *id))
    .load(&mut &*conn)
    .await?;
    let mut known: HashMap<ContactId, Known> = HashMap::new();
    for fact in facts {
        known.entry(fact.asked_id).or_default().add(fact);
    }
    Ok(known)
}
