//! Who is in a group of an app, as its provider told.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::{ContactId, ConversationId, InboxId};
use interdesk_domain::message::{GroupRole, Standing};
use interdesk_domain::scope::TenantScope;

/// What is told of somebody in a group.
#[derive(Debug)]
pub struct Told<'a> {
    /// By which inbox.
    pub inbox: InboxId,
    /// The provider's id of the group.
    pub group: &'a str,
    /// Of whom.
    pub contact: ContactId,
    /// How they stand to it now; `None` where that is not told.
    pub standing: Option<Standing>,
    /// What they may do there; `None` where that is not told.
    pub role: Option<GroupRole>,
    /// How the group shows them; `None` where that is not told.
    pub name: Option<&'a str>,
    /// Of when it is.
    pub at: DateTime<Utc>,
}

row! {
    /// How somebody stands to a group.
    pub struct Member {
        /// How.
        pub standing: Standing,
        /// What they may do there.
        pub role: GroupRole,
    }
}

/// Finds how somebody stands to a group.
pub async fn find(
    conn: &Conn,
    _scope: TenantScope,
    (inbox, group): (InboxId, &str),
    contact: ContactId,
) -> Result<Option<Member>, Error> {
    let found = sql("SELECT standing, role FROM group_members
         WHERE inbox_id = $1 AND group_id = $2 AND contact_id = $3")
    .bind(inbox)
    .bind(group)
    .bind(contact)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Writes down what is told of somebody in a group, whose contact is locked, and returns how they
/// stand to it now. News that come late change no standing that is of later.
pub async fn write(conn: &Conn, scope: TenantScope, told: &Told<'_>) -> Result<Member, Error> {
    let written = sql(
        "INSERT INTO group_members AS m (inbox_id, group_id, contact_id, tenant_id, standing, role,
            name, invited_at, joined_at, left_at, told_at)
         VALUES ($1, $2, $3, $4, COALESCE($5, 'joined'), COALESCE($6, 'member'), $7,
            CASE WHEN $5 IN ('invited', 'asking') THEN $8 END,
            CASE WHEN $5 = 'joined' THEN $8 END,
            CASE WHEN $5 IN ('left', 'removed') THEN $8 END,
            CASE WHEN $5 IS NOT NULL THEN $8 END)
         ON CONFLICT (inbox_id, group_id, contact_id) DO UPDATE SET
            role = COALESCE($6, m.role),
            name = COALESCE($7, m.name),
            (standing, invited_at, joined_at, left_at, told_at) = (
                SELECT CASE WHEN late THEN m.standing ELSE $5 END,
                    CASE WHEN $5 IN ('invited', 'asking') AND NOT late THEN $8 ELSE m.invited_at END,
                    CASE WHEN $5 = 'joined' AND NOT late
                            AND (m.standing <> 'joined' OR m.joined_at IS NULL) THEN $8
                        ELSE m.joined_at END,
                    CASE WHEN late THEN m.left_at
                        WHEN $5 IN ('left', 'removed') THEN $8 END,
                    CASE WHEN late THEN m.told_at ELSE $8 END
                FROM (SELECT $5 IS NULL OR m.told_at > $8 IS TRUE AS late) AS news)
         RETURNING standing, role",
    )
    .bind(told.inbox)
    .bind(told.group)
    .bind(told.contact)
    .bind(scope.tenant())
    .bind(told.standing)
    .bind(told.role)
    .bind(told.name.map(str::to_owned))
    .bind(told.at)
    .get_result(&mut &*conn)
    .await?;
    Ok(written)
}

row! {
    /// A room that is a group.
    pub struct Group {
        /// By which inbox.
        pub inbox_id: InboxId,
        /// The provider's id of it.
        pub group_id: String,
    }
}

/// Lists which of some rooms are groups: those that two customers are known to have been in.
pub async fn list_groups(
    conn: &Conn,
    _scope: TenantScope,
    rooms: &[(InboxId, &str)],
) -> Result<Vec<Group>, Error> {
    let found = sql("SELECT inbox_id, group_id FROM group_members
         WHERE (inbox_id, group_id) IN (SELECT * FROM unnest($1, $2))
            AND (joined_at IS NOT NULL OR standing = 'joined')
         GROUP BY inbox_id, group_id HAVING count(*) > 1")
    .bind(many(rooms, |room| room.0))
    .bind(many(rooms, |room| room.1))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Lets the conversation that was answered in a room go on as the room's, now that it is a group:
/// the one that somebody wrote in last, unless it goes on by another app too, or the group has one.
pub async fn take_room(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
    room: &str,
    thread_key: &str,
) -> Result<(), Error> {
    sql("UPDATE conversations SET group_id = $2, thread_key = $3
         WHERE id = (SELECT c.id FROM channel_states s JOIN conversations c ON c.id = s.conversation_id
                WHERE s.inbox_id = $1 AND s.state = $2
                    AND c.group_id IS NULL AND c.status <> 'closed'
                    AND NOT EXISTS (SELECT FROM messages m
                        WHERE m.conversation_id = c.id AND m.inbox_id <> $1)
                ORDER BY c.last_message_at DESC, c.id LIMIT 1)
            AND NOT EXISTS (SELECT FROM conversations o
                WHERE o.thread_key = $3 AND o.status <> 'closed')")
    .bind(inbox)
    .bind(room)
    .bind(thread_key)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

row! {
    /// An open conversation.
    pub struct Open {
        /// Which.
        pub id: ConversationId,
    }
}

/// Finds the conversation that is open with a group.
pub async fn find_conversation(
    conn: &Conn,
    _scope: TenantScope,
    thread_key: &str,
) -> Result<Option<ConversationId>, Error> {
    let found: Option<Open> =
        sql("SELECT id FROM conversations WHERE thread_key = $1 AND status <> 'closed'")
            .bind(thread_key)
            .get_result(&mut &*conn)
            .await
            .optional()?;
    Ok(found.map(|open| open.id))
}

/// Copies what is known of a group to the id under which it goes on.
pub async fn copy(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
    from: &str,
    to: &str,
) -> Result<(), Error> {
    sql("INSERT INTO group_members (inbox_id, group_id, contact_id, tenant_id, standing, role, name,
            invited_at, joined_at, left_at, told_at)
         SELECT inbox_id, $3, contact_id, tenant_id, standing, role, name, invited_at, joined_at,
            left_at, told_at
         FROM group_members WHERE inbox_id = $1 AND group_id = $2
         ON CONFLICT DO NOTHING")
    .bind(inbox)
    .bind(from)
    .bind(to)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
