//! Reactions that are events of their own: each is withdrawn by a deletion that names it.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::InboxId;
use interdesk_domain::scope::TenantScope;

/// A reaction as it came.
#[derive(Debug, Clone, Copy)]
pub struct NewReactionEvent<'a> {
    /// In which inbox.
    pub inbox_id: InboxId,
    /// The provider's id of the reaction.
    pub provider_id: &'a str,
    /// The provider's id of the message.
    pub target: &'a str,
    /// The address of who reacted.
    pub author: &'a str,
    /// What they reacted with.
    pub emoji: &'a str,
    /// Whether it was withdrawn before it came.
    pub withdrawn: bool,
}

row! {
    /// What a reaction was on, and by whom.
    pub struct Place {
        /// The provider's id of the message.
        pub target: String,
        /// The address of who reacted.
        pub author: String,
    }
}

/// Keeps a reaction, once.
pub async fn insert_if_missing(
    conn: &Conn,
    scope: TenantScope,
    reaction: &NewReactionEvent<'_>,
) -> Result<(), Error> {
    sql("INSERT INTO reaction_events
            (inbox_id, provider_id, tenant_id, target, author, emoji, withdrawn)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (inbox_id, provider_id) DO NOTHING")
    .bind(reaction.inbox_id)
    .bind(reaction.provider_id)
    .bind(scope.tenant())
    .bind(reaction.target)
    .bind(reaction.author)
    .bind(reaction.emoji)
    .bind(reaction.withdrawn)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Withdraws a reaction; `None` where the id is not one.
pub async fn mark_withdrawn(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
    provider_id: &str,
) -> Result<Option<Place>, Error> {
    let place = sql("UPDATE reaction_events SET withdrawn = true
         WHERE inbox_id = $1 AND provider_id = $2 RETURNING target, author")
    .bind(inbox)
    .bind(provider_id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(place)
}

/// Lists what of somebody stands on a message, each sign once, in a fixed order.
pub async fn list_standing(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
    target: &str,
    author: &str,
) -> Result<Vec<String>, Error> {
    row! {
        /// One sign.
        #[allow(unreachable_pub, reason = "rows are written as public")]
        pub struct Standing {
            /// Which.
            pub emoji: String,
        }
    }
    let standing: Vec<Standing> = sql("SELECT DISTINCT emoji FROM reaction_events
         WHERE inbox_id = $1 AND target = $2 AND author = $3 AND NOT withdrawn ORDER BY emoji")
    .bind(inbox)
    .bind(target)
    .bind(author)
    .load(&mut &*conn)
    .await?;
    Ok(standing.into_iter().map(|one| one.emoji).collect())
}
