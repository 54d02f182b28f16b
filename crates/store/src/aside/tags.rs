//! Tags: the words of the workspace, and which of them conversations carry.

use crate::sql::{Many, many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;

row! {
    /// A word by which agents mark conversations.
    pub struct Tag {
        /// Which.
        pub id: TagId,
        /// The word.
        pub name: String,
        /// What it is for.
        pub description: String,
        /// The colour to show it in.
        pub color: Option<String>,
        /// Since when it is not offered any more.
        pub retired_at: Option<DateTime<Utc>>,
        /// When it was changed last.
        pub changed_at: DateTime<Utc>,
    }
}

/// Lists the tags that are offered, by name.
pub async fn list_tags(conn: &Conn, scope: TenantScope) -> Result<Vec<Tag>, Error> {
    let found = sql(
        "SELECT id, name, description, color, retired_at, changed_at FROM tags
         WHERE tenant_id = $1 AND retired_at IS NULL ORDER BY name LIMIT 1000",
    )
    .bind(scope.tenant())
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Finds tags by their words, those that are retired too.
pub async fn find_tags(
    conn: &Conn,
    scope: TenantScope,
    names: &[String],
) -> Result<Vec<Tag>, Error> {
    let found = sql(
        "SELECT id, name, description, color, retired_at, changed_at FROM tags
         WHERE tenant_id = $1 AND name = ANY ($2)",
    )
    .bind(scope.tenant())
    .bind(many(names, |name| name.as_str()))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Writes a tag down as it is from now on.
pub async fn save_tag(conn: &Conn, scope: TenantScope, tag: &Tag) -> Result<(), Error> {
    sql(
        "INSERT INTO tags (tenant_id, id, name, description, color, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (tenant_id, name) DO UPDATE SET description = excluded.description,
            color = excluded.color, changed_at = excluded.changed_at, retired_at = NULL",
    )
    .bind(scope.tenant())
    .bind(tag.id)
    .bind(tag.name.as_str())
    .bind(tag.description.as_str())
    .bind(tag.color.as_deref())
    .bind(tag.changed_at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Offers a tag no more; `false` where it is not offered.
pub async fn retire_tag(
    conn: &Conn,
    _scope: TenantScope,
    id: TagId,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let changed = sql("UPDATE tags SET retired_at = $2, changed_at = $2
         WHERE id = $1 AND retired_at IS NULL")
    .bind(id)
    .bind(now)
    .execute(&mut &*conn)
    .await?;
    Ok(changed == 1)
}

row! {
    /// The tags of a conversation.
    pub struct Tagged {
        /// Which conversation.
        pub id: ConversationId,
        /// The words.
        pub tags: Vec<String>,
    }
}

/// Finds which tags conversations carry.
pub async fn tags_of(
    conn: &Conn,
    _scope: TenantScope,
    conversations: &[ConversationId],
) -> Result<Vec<Tagged>, Error> {
    let found = sql("SELECT id, tags FROM conversations WHERE id = ANY ($1)")
        .bind(many(conversations, |id| *id))
        .load(&mut &*conn)
        .await?;
    Ok(found)
}

/// Gives a locked conversation its tags.
pub async fn set_tags(
    conn: &Conn,
    _scope: TenantScope,
    conversation: ConversationId,
    tags: &[String],
    version: i64,
) -> Result<(), Error> {
    sql("UPDATE conversations SET tags = $2, version = $3 WHERE id = $1")
        .bind(conversation)
        .bind(Many(tags.iter().map(String::as_str).collect()))
        .bind(version)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}
