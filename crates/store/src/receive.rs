//! What receiving needs: the look-ups for a whole batch, and the statements that write it.

mod write;

pub use write::*;

use crate::messages::{all_named, named};
use crate::persons::{members_of, person_of};
use crate::sql::{Many, Statement, many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::conversation::ConversationStatus;
use interdesk_domain::id::*;
use interdesk_domain::message::Address;
use interdesk_domain::scope::TenantScope;

row! {
    /// A known address.
    pub struct KnownIdentity {
        /// Where the person is.
        pub network: String,
        /// What kind of value it is.
        pub namespace: String,
        /// The address.
        pub value: String,
        /// Whose it is.
        pub contact_id: ContactId,
        /// The contact that stands for the person.
        pub person_id: ContactId,
        /// All contacts of the person, also the one.
        pub members: Vec<ContactId>,
    }
}

row! {
    /// A message of a batch that is stored already, or that something waits for.
    pub struct KnownMessage {
        /// In which inbox.
        pub inbox_id: InboxId,
        /// The id that was asked for.
        pub provider_id: String,
        /// Whether it is stored.
        pub stored: bool,
        /// Whether an update of it came before it.
        pub awaited: bool,
    }
}

row! {
    /// An earlier message that a batch names as part of its thread.
    pub struct Named {
        /// In which inbox.
        pub inbox_id: InboxId,
        /// The id that was asked for.
        pub provider_id: String,
        /// Finds its conversation.
        pub thread_key: String,
        /// Whose conversation it is.
        pub owner: ContactId,
        /// Who wrote the message; `None` for ours.
        pub author: Option<ContactId>,
        /// What the inbox's adapter remembers of the conversation.
        pub state: Option<String>,
    }
}

row! {
    /// A conversation that a batch adds to, locked.
    pub struct Thread {
        /// Finds it.
        pub thread_key: String,
        /// Which.
        pub id: ConversationId,
        /// Where it stands.
        pub status: ConversationStatus,
        /// Counts its events.
        pub version: i64,
        /// The present or last episode.
        pub episode_id: EpisodeId,
        /// Counts the episodes.
        pub episode_number: i32,
        /// Who has it.
        pub assignee_id: Option<AgentId>,
        /// When the last message of either side came.
        pub last_message_at: DateTime<Utc>,
        /// When the customer wrote last.
        pub last_customer_message_at: Option<DateTime<Utc>>,
        /// The beginning of the last message.
        pub last_text: String,
        /// Whether a work item of it waits or is worked on.
        pub has_work: bool,
        /// The conversation that it is merged into, where it is.
        pub merged_into: Option<ConversationId>,
    }
}

row! {
    /// A contact that gets another address, locked.
    pub struct KnownContact {
        /// Who.
        pub id: ContactId,
        /// Counts the contact's events.
        pub version: i64,
    }
}

/// Finds and locks contacts, in one order.
pub async fn lock_contacts(
    conn: &Conn,
    _scope: TenantScope,
    ids: Vec<ContactId>,
) -> Result<Vec<KnownContact>, Error> {
    let found = sql("SELECT id, version FROM contacts WHERE id = ANY($1)
         ORDER BY id FOR NO KEY UPDATE")
    .bind(Many(ids))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Finds which of the given ids name a message that is stored already or that something waits for.
pub async fn find_messages(
    conn: &Conn,
    _scope: TenantScope,
    messages: &[(InboxId, &str)],
) -> Result<Vec<KnownMessage>, Error> {
    let found = sql(concat!(
        "SELECT * FROM (SELECT m.inbox_id, m.provider_id, ",
        named!("m.inbox_id", "m.provider_id"),
        " IS NOT NULL AS stored, EXISTS (SELECT FROM early_updates e
                WHERE e.inbox_id = m.inbox_id AND e.target = m.provider_id) AS awaited
         FROM unnest($1, $2) AS m (inbox_id, provider_id) OFFSET 0) AS m
         WHERE stored OR awaited"
    ))
    .bind(many(messages, |message| message.0))
    .bind(many(messages, |message| message.1))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Finds earlier messages by the provider's ids, as far as their conversations are between two and
/// not closed.
pub async fn find_named(
    conn: &Conn,
    _scope: TenantScope,
    messages: &[(InboxId, &str)],
) -> Result<Vec<Named>, Error> {
    if messages.is_empty() {
        return Ok(Vec::new());
    }
    let found = sql(concat!(
        "SELECT a.inbox_id, a.provider_id, c.thread_key, c.contact_id AS owner,
            m.contact_id AS author, s.state
         FROM ",
        all_named!("$1", "$2"),
        " AS a
         CROSS JOIN LATERAL (
             SELECT conversation_id, contact_id FROM messages WHERE id = a.id LIMIT 1) AS m
         CROSS JOIN LATERAL (SELECT thread_key, contact_id FROM conversations
             WHERE id = m.conversation_id AND status <> 'closed' AND group_id IS NULL
             LIMIT 1) AS c
         LEFT JOIN channel_states AS s
             ON s.conversation_id = m.conversation_id AND s.inbox_id = a.inbox_id"
    ))
    .bind(many(messages, |message| message.0))
    .bind(many(messages, |message| message.1))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Whom and what the messages of a batch belong to, as far as it exists.
#[derive(Debug, Default)]
pub struct Belonging {
    /// Whose the addresses are, as far as a provider vouches for them.
    pub people: Vec<KnownIdentity>,
    /// The conversations that go on, locked.
    pub threads: Vec<Thread>,
}

/// Finds whose the given addresses are; finds and locks the conversations that the next messages of
/// these people and groups belong to, and those that hold any of the `named` messages.
///
/// Each of `people` is an address, with the queue that the message goes to; a message may go on in the
/// conversation of any of the person's contacts there. The conversations are locked in one order, so
/// that two batches never wait for each other in a circle. The `LIMIT`s keep PostgreSQL from hashing
/// whole tables instead of looking a few rows up.
pub async fn lock_threads(
    conn: &Conn,
    scope: TenantScope,
    people: &[(&Address, QueueId)],
    groups: &[String],
    named: &[(InboxId, &str)],
) -> Result<Belonging, Error> {
    let rows: Vec<Found> = lock_threads_statement(named)
        .bind(scope.tenant())
        .bind(many(groups, String::as_str))
        .bind(many(people, |person| person.0.network.as_str()))
        .bind(many(people, |person| person.0.namespace.as_str()))
        .bind(many(people, |person| person.0.value.as_str()))
        .bind(many(people, |person| person.1))
        .bind(many(named, |message| message.0))
        .bind(many(named, |message| message.1))
        .load(&mut &*conn)
        .await?;
    let mut belonging = Belonging::default();
    for row in rows {
        match row {
            Found::Person(person) => belonging.people.push(person),
            Found::Thread(thread) => belonging.threads.push(thread),
        }
    }
    Ok(belonging)
}

/// One row of either kind.
enum Found {
    Person(KnownIdentity),
    Thread(Thread),
}

impl diesel::QueryableByName<diesel::pg::Pg> for Found {
    fn build<'a>(
        row: &impl diesel::row::NamedRow<'a, diesel::pg::Pg>,
    ) -> diesel::deserialize::Result<Self> {
        use diesel::row::NamedRow;
        use diesel::sql_types::{Nullable, Text};
        let network = NamedRow::get::<Nullable<Text>, Option<String>>(row, "network")?;
        Ok(match network {
            Some(_) => Self::Person(KnownIdentity::build(row)?),
            None => Self::Thread(Thread::build(row)?),
        })
    }
}

/// Most batches name no thread and run the small statement; the other has the same text with one
/// part more, so that all conversations are still locked in one order.
fn lock_threads_statement<'a>(named: &[(InboxId, &str)]) -> Statement<'a> {
    macro_rules! statement {
        ($more:expr) => {
            concat!(
                "WITH people AS MATERIALIZED (
            SELECT a.network, a.namespace, a.value, a.queue_id, i.contact_id, p.id AS person_id,
                ARRAY(SELECT m.id FROM ",
                members_of!("p.id"),
                " AS m) AS members
            FROM unnest($3, $4, $5, $6) AS a (network, namespace, value, queue_id)
            CROSS JOIN LATERAL (SELECT contact_id FROM identities
                WHERE tenant_id = $1 AND network = a.network AND namespace = a.namespace
                   AND value = a.value AND valid_to IS NULL AND verified_by = 'provider'
                LIMIT 1) AS i
            CROSS JOIN LATERAL (SELECT ",
                person_of!("i.contact_id"),
                " AS id OFFSET 0) AS p),
         threads AS MATERIALIZED (
            SELECT c.* FROM conversations c
            WHERE c.tenant_id = $1 AND c.status <> 'closed' AND c.thread_key = ANY($2 || ARRAY(
                SELECT 'contact:' || m.id || ':' || queue_id
                FROM people CROSS JOIN unnest(members) AS m (id))",
                $more,
                ") ORDER BY c.id FOR NO KEY UPDATE OF c)
         SELECT network, namespace, value, contact_id, person_id, members, NULL AS thread_key, NULL AS id,
            NULL AS status, NULL AS version, NULL AS episode_id, NULL AS episode_number,
            NULL AS assignee_id, NULL AS last_message_at, NULL AS last_customer_message_at,
            NULL AS last_text, NULL AS has_work, NULL AS merged_into FROM people
         UNION ALL
         SELECT NULL, NULL, NULL, NULL, NULL, NULL, thread_key, id, status, version, episode_id,
            episode_number, assignee_id, last_message_at, last_customer_message_at, last_text,
            EXISTS (SELECT FROM work_items w WHERE w.conversation_id = threads.id
                AND w.state IN ('queued', 'offered', 'active')), merged_into
         FROM threads"
            )
        };
    }
    if named.is_empty() {
        return sql(statement!(""));
    }
    sql(statement!(concat!(
        " || ARRAY(
             SELECT t.thread_key FROM ",
        all_named!("$7", "$8"),
        " AS a
             CROSS JOIN LATERAL (
                 SELECT conversation_id FROM messages WHERE id = a.id LIMIT 1) AS m
             CROSS JOIN LATERAL (SELECT thread_key FROM conversations
                 WHERE id = m.conversation_id AND status <> 'closed' AND group_id IS NULL
                 LIMIT 1) AS t)"
    )))
}

/// Returns what finds the conversation of one person and queue, as [`lock_threads`] makes it.
pub fn person_key(contact: ContactId, queue: QueueId) -> String {
    format!("contact:{}:{}", contact.0, queue.0)
}
