//! Apps by which persons can be written to, seen from their conversations.

use crate::contacts::answerable;
use crate::persons::{members_of, person_of};
use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::scope::TenantScope;

row! {
    /// An app by which a person can be written to: one of their contacts, by one inbox.
    pub struct App {
        /// Seen from which conversation.
        pub conversation_id: ConversationId,
        /// Which contact of the person.
        pub contact_id: ContactId,
        /// By which inbox.
        pub inbox_id: InboxId,
        /// By which kind of app.
        pub channel: ChannelKind,
        /// Whether the conversation is a group's; then there is no other app.
        pub in_group: bool,
        /// Whether it is where the conversation began or stands.
        pub is_home: bool,
        /// The conversation's version when the contact last wrote there.
        pub used_version: Option<i64>,
        /// The same for those who take part without being the person: copied in on a mail.
        pub others_version: Option<i64>,
        /// The same for us.
        pub written_version: Option<i64>,
        /// Whether an address of the contact is one of the app's network.
        pub by_network: bool,
        /// Under which names the app's network knows the contact.
        pub namespaces: Vec<String>,
        /// Under which names single inboxes know the contact.
        pub by_inbox: Vec<String>,
        /// When the contact last wrote there, in any conversation of the person.
        pub last_customer_message_at: Option<DateTime<Utc>>,
        /// When the contact last did there what opens a reply window and is no message: a reaction.
        pub touched_at: Option<DateTime<Utc>>,
        /// When the provider last refused our words there because the window was closed.
        pub shut_at: Option<DateTime<Utc>>,
        /// An open conversation of the person that stands there, beside this one.
        pub elsewhere: Option<ConversationId>,
    }
}

/// Lists the apps by which the persons of conversations can be written to, in no order: where they
/// stand, and every inbox that is switched on and of a network on which a contact is known.
pub async fn list(
    conn: &Conn,
    scope: TenantScope,
    conversations: &[ConversationId],
) -> Result<Vec<App>, Error> {
    let mut found: Vec<App> = sql(concat!(
        "SELECT c.id AS conversation_id, m.id AS contact_id, i.id AS inbox_id, i.channel,
            c.group_id IS NOT NULL AS in_group, h.is_home,
            used.version AS used_version, others.version AS others_version,
            written.version AS written_version, elsewhere.id AS elsewhere,
            known.by_network, known.namespaces, known.by_inbox,
            CASE WHEN c.group_id IS NULL THEN used.at ELSE c.last_customer_message_at END
                AS last_customer_message_at,
            CASE WHEN c.group_id IS NULL THEN touched.at END AS touched_at,
            CASE WHEN c.group_id IS NULL THEN touched.shut_at END AS shut_at
         FROM unnest($1) AS asked (id)
         CROSS JOIN LATERAL (
            SELECT id, contact_id, inbox_id, group_id, last_customer_message_at, CASE
                WHEN has_merged THEN ARRAY(SELECT id FROM conversations WHERE merged_into = asked.id)
                ELSE '{}' END AS merged
            FROM conversations WHERE id = asked.id LIMIT 1) AS c
         CROSS JOIN LATERAL (SELECT ",
        person_of!("c.contact_id"),
        " AS id OFFSET 0) AS p
         CROSS JOIN LATERAL (SELECT ARRAY(SELECT id FROM ",
        members_of!("p.id"),
        " AS one) AS ids OFFSET 0) AS person
         CROSS JOIN LATERAL (SELECT ARRAY(
            SELECT k.id FROM unnest(person.ids) AS one (id) CROSS JOIN queues q
            CROSS JOIN LATERAL (SELECT id FROM conversations
                WHERE tenant_id = $2 AND status <> 'closed'
                    AND thread_key = 'contact:' || one.id || ':' || q.id LIMIT 1) AS k
            ) AS ids OFFSET 0) AS theirs
         CROSS JOIN LATERAL unnest(person.ids) AS m (id)
         CROSS JOIN inboxes i
         CROSS JOIN LATERAL (SELECT m.id = c.contact_id AND i.id = c.inbox_id AS is_home) AS h
         CROSS JOIN LATERAL (
            SELECT max(x.sent_at) AS at, max(CASE
                WHEN k.id = c.id THEN x.version
                -- What came before the merge has its place by its time.
                WHEN k.id = ANY (c.merged) THEN COALESCE(x.shown_version, 1 + COALESCE((
                    SELECT max(o.version) FROM messages o
                    WHERE o.conversation_id = c.id AND o.stored_at <= x.stored_at), 0))
                END) AS version
            FROM unnest(theirs.ids || c.merged || c.id) AS k (id)
            CROSS JOIN LATERAL (SELECT sent_at, version, stored_at, shown_version FROM messages
                WHERE conversation_id = k.id AND inbox_id = i.id AND contact_id = m.id
                ORDER BY version DESC LIMIT 20) AS x) AS used
         LEFT JOIN LATERAL (SELECT version FROM messages
            WHERE h.is_home AND conversation_id = c.id AND inbox_id = i.id
                AND contact_id <> ALL (person.ids)
            ORDER BY version DESC LIMIT 1) AS others ON true
         LEFT JOIN LATERAL (SELECT version FROM messages
            WHERE conversation_id = c.id AND inbox_id = i.id AND recipient_id = m.id
            ORDER BY version DESC LIMIT 1) AS written ON true
         LEFT JOIN window_touches AS touched ON touched.contact_id = m.id AND touched.inbox_id = i.id
         LEFT JOIN LATERAL (SELECT id FROM conversations
            WHERE id = ANY (theirs.ids) AND id <> c.id AND inbox_id = i.id
                AND status NOT IN ('resolved', 'closed')
            ORDER BY last_customer_message_at DESC NULLS LAST, id LIMIT 1) AS elsewhere ON true
         CROSS JOIN LATERAL (
            SELECT COALESCE(bool_or(d.network = i.channel AND strpos(d.namespace, '@') = 0), false)
                    AS by_network,
                COALESCE(array_agg(d.namespace) FILTER (WHERE d.network = i.channel), '{}')
                    AS namespaces,
                COALESCE(array_agg(d.namespace) FILTER (WHERE strpos(d.namespace, '@') > 0), '{}')
                    AS by_inbox
            FROM identities d
            WHERE d.contact_id = m.id AND ",
        answerable!(),
        ") AS known
         WHERE h.is_home OR (c.group_id IS NULL AND i.enabled
            AND (known.by_network OR known.by_inbox <> '{}'))"
    ))
    .bind(many(conversations, |id| *id))
    .bind(scope.tenant())
    .load(&mut &*conn)
    .await?;
    // What is known by one inbox alone carries its name.
    found.retain(|app| {
        let own = format!("@{}", app.inbox_id);
        app.is_home || app.by_network || app.by_inbox.iter().any(|name| name.ends_with(&own))
    });
    Ok(found)
}
