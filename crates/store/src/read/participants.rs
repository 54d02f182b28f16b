//! Who takes part in conversations: who wrote there, and who is in the group.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::{ContactId, ConversationId};
use interdesk_domain::message::{GroupRole, Standing};
use interdesk_domain::scope::TenantScope;

row! {
    /// A customer who wrote in a conversation, or is in its group.
    pub struct Participant {
        /// In which conversation.
        pub conversation_id: ConversationId,
        /// Who.
        pub contact_id: ContactId,
        /// How many messages.
        pub messages: i64,
        /// When last; `None` where they never wrote.
        pub last_wrote_at: Option<DateTime<Utc>>,
        /// What they are called there.
        pub name: Option<String>,
        /// Who says so, as contacts have it.
        pub name_source: String,
        /// How they stand to the group; `None` where that was not told.
        pub standing: Option<Standing>,
        /// What they may do in the group; `None` where that was not told.
        pub role: Option<GroupRole>,
        /// When they were last asked in.
        pub invited_at: Option<DateTime<Utc>>,
        /// When they last came in.
        pub joined_at: Option<DateTime<Utc>>,
        /// When they last went.
        pub left_at: Option<DateTime<Utc>>,
    }
}

/// Lists the customers who wrote in conversations or in what is merged into them, in the order in which
/// they began to, and behind them those who are or were in their groups; 100 of each conversation at
/// most.
pub async fn list_participants(
    conn: &Conn,
    _scope: TenantScope,
    conversations: &[ConversationId],
) -> Result<Vec<Participant>, Error> {
    // The topics of a group share its members. What an agent calls somebody holds everywhere; what
    // people call themselves may differ from group to group. Threads are joined and not gathered into an
    // array: row-level security lets no array operator near an index, and all messages of the tenant would
    // be read. Nor are those who wrote joined to the members: only a hash or a merge joins fully, both are
    // switched off, and a plan that has to take one costs so much that its other parts are chosen blindly.
    let found = sql(
        "SELECT a.id AS conversation_id, p.contact_id, p.messages, p.last_wrote_at,
            CASE WHEN own THEN p.name ELSE c.name END AS name,
            CASE WHEN own THEN 'self_asserted' ELSE c.name_source END AS name_source,
            p.standing, p.role, p.invited_at, p.joined_at, p.left_at
         FROM unnest($1) AS a (id) JOIN conversations v ON v.id = a.id
         CROSS JOIN LATERAL (
            SELECT contact_id, sum(messages)::bigint AS messages, max(wrote_at) AS last_wrote_at,
                min(began) AS began, max(standing) AS standing, max(role) AS role, max(name) AS name,
                max(invited_at) AS invited_at, max(joined_at) AS joined_at, max(left_at) AS left_at
            FROM (
                SELECT m.contact_id, 1 AS messages, m.sent_at AS wrote_at, m.version AS began,
                    NULL AS standing, NULL AS role, NULL AS name, NULL::timestamptz AS invited_at,
                    NULL::timestamptz AS joined_at, NULL::timestamptz AS left_at
                FROM (SELECT v.id UNION ALL
                    SELECT id FROM conversations WHERE v.has_merged AND merged_into = v.id) AS thread
                JOIN messages m ON m.conversation_id = thread.id
                WHERE m.contact_id IS NOT NULL
                UNION ALL
                SELECT contact_id, 0, NULL, NULL, standing, role, name, invited_at, joined_at, left_at
                FROM group_members WHERE inbox_id = v.inbox_id
                    AND group_id IN (v.group_id, split_part(v.group_id, ':', 1))) AS one
            GROUP BY contact_id
            ORDER BY began NULLS LAST, joined_at NULLS LAST, 1 LIMIT 100) AS p
         JOIN contacts c ON c.id = p.contact_id
         CROSS JOIN LATERAL (SELECT p.name IS NOT NULL
            AND c.name_source IN ('none', 'self_asserted') AS own) AS named
         ORDER BY a.id, p.began NULLS LAST, p.joined_at NULLS LAST, p.contact_id",
    )
    .bind(many(conversations, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}
