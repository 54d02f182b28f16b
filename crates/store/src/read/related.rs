//! What hangs on every list of conversations: agents, queues, inboxes and persons.
//!
//! A page shows some of each, so they are read together: four kinds cost one statement.

use super::agents::Agent;
use super::contacts::Contact;
use super::inboxes::Inbox;
use super::queues::Queue;
use crate::sql::{JsonText, many, row, sql};
use crate::{Conn, Error};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::{AgentId, ContactId, InboxId, QueueId};
use interdesk_domain::scope::TenantScope;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Which ones are asked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Agents; those who may not sign in any more are found too, since they wrote messages.
    pub agents: Vec<AgentId>,
    /// Queues.
    pub queues: Vec<QueueId>,
    /// Inboxes.
    pub inboxes: Vec<InboxId>,
    /// Contacts, for the ones that stand for their persons.
    pub contacts: Vec<ContactId>,
}

/// Those of them that there are.
#[derive(Debug, Clone, Default)]
pub struct Related {
    /// Agents.
    pub agents: Vec<Agent>,
    /// Queues.
    pub queues: Vec<Queue>,
    /// Inboxes.
    pub inboxes: Vec<Inbox>,
    /// The contacts that stand for persons.
    pub persons: Vec<Person>,
}

/// The contact that stands for the person of another.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Person {
    /// Who was asked for.
    pub asked_id: ContactId,
    /// Who stands for them: themselves, where they are linked into nobody.
    #[serde(flatten)]
    pub contact: Contact,
}

row! {
    #[allow(unreachable_pub, missing_docs, reason = "rows are written as public")]
    pub struct Found {
        pub agents: Option<JsonText>,
        pub queues: Option<JsonText>,
        pub inboxes: Option<JsonText>,
        pub persons: Option<JsonText>,
    }
}

/// Finds them. Most contacts stand for themselves, and those are looked up once.
pub async fn find(conn: &Conn, _scope: TenantScope, wanted: &Wanted) -> Result<Related, Error> {
    let found: Found = sql("SELECT
        (SELECT json_agg(one) FROM (
            SELECT a.id, a.email, a.name, a.role, a.role_id, a.presence, a.version, l.load,
                l.capacity, l.idle_since, a.created_at, a.disabled_at,
                COALESCE(a.third_party_inbox, (SELECT third_party_inbox FROM tenants
                    WHERE id = a.tenant_id)) AS third_party_inbox,
                a.third_party_inbox IS NOT NULL AS third_party_inbox_is_own
            FROM agents a JOIN agent_loads l ON l.agent_id = a.id
            WHERE a.id = ANY ($1)) AS one) AS agents,
        (SELECT json_agg(one) FROM (
            SELECT id, name, offer_seconds, created_at
            FROM queues WHERE id = ANY ($2)) AS one) AS queues,
        (SELECT json_agg(one) FROM (
            SELECT id, channel, name, account_id, queue_id, enabled, created_at, max_file_bytes,
                file_types
            FROM inboxes WHERE id = ANY ($3)) AS one) AS inboxes,
        (SELECT json_agg(one) FROM (
            SELECT asked_id, (c).id, (c).name, (c).name_source, (c).locale, (c).linked_into,
                (c).version, (c).created_at
            FROM (SELECT asked.id AS asked_id, CASE WHEN asked.person_id IS NULL THEN asked
                    ELSE (SELECT person FROM contacts person WHERE person.id = asked.person_id)
                    END AS c
                FROM contacts asked WHERE asked.id = ANY ($4) OFFSET 0) AS stands) AS one) AS persons")
    .bind(many(&wanted.agents, |id| *id))
    .bind(many(&wanted.queues, |id| *id))
    .bind(many(&wanted.inboxes, |id| *id))
    .bind(many(&wanted.contacts, |id| *id))
    .get_result(&mut &*conn)
    .await?;
    Ok(Related {
        agents: rows("agents", found.agents)?,
        queues: rows("queues", found.queues)?,
        inboxes: rows("inboxes", found.inboxes)?,
        persons: rows("persons", found.persons)?,
    })
}

fn rows<T: DeserializeOwned>(what: &'static str, found: Option<JsonText>) -> Result<Vec<T>, Error> {
    let read = found.map(|text| text.read()).transpose();
    let read = read.map_err(|source| Error::Unreadable { what, source })?;
    Ok(read.unwrap_or_default())
}
