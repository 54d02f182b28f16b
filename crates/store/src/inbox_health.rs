//! What providers tell of an inbox's account: conditions, their changes, and how fast it may send.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::{InboxId, TenantId};
use interdesk_domain::scope::TenantScope;
use uuid::Uuid;

row! {
    /// What is known of an inbox's account.
    pub struct Facts {
        /// Of which inbox.
        pub inbox_id: InboxId,
        /// Counts events of the inbox.
        pub version: i64,
        /// The provider's id of what several accounts share.
        pub business_account: Option<String>,
        /// The number that customers know, as digits.
        pub number: Option<String>,
        /// How many messages may leave in a second; `None` for what the channel declares.
        pub per_second: Option<i32>,
        /// When all templates were listed last.
        pub templates_listed_at: Option<DateTime<Utc>>,
        /// When the provider was last asked.
        pub checked_at: Option<DateTime<Utc>>,
    }
}

/// Locks what is known of an inbox's account, and begins to know where nothing is.
pub async fn lock(conn: &Conn, scope: TenantScope, inbox: InboxId) -> Result<Facts, Error> {
    sql(
        "INSERT INTO inbox_facts (inbox_id, tenant_id) VALUES ($1, $2)
         ON CONFLICT (inbox_id) DO NOTHING",
    )
    .bind(inbox)
    .bind(scope.tenant())
    .execute(&mut &*conn)
    .await?;
    let facts = sql(
        "SELECT inbox_id, version, business_account, number, per_second,
            templates_listed_at, checked_at FROM inbox_facts WHERE inbox_id = $1 FOR NO KEY UPDATE",
    )
    .bind(inbox)
    .get_result(&mut &*conn)
    .await?;
    Ok(facts)
}

/// Finds what is known of an inbox's account.
pub async fn find(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
) -> Result<Option<Facts>, Error> {
    let facts = sql(
        "SELECT inbox_id, version, business_account, number, per_second,
            templates_listed_at, checked_at FROM inbox_facts WHERE inbox_id = $1",
    )
    .bind(inbox)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(facts)
}

/// Writes what is known of an account whose facts are locked.
pub async fn save(conn: &Conn, _scope: TenantScope, facts: &Facts) -> Result<(), Error> {
    sql(
        "UPDATE inbox_facts SET version = $2, business_account = $3, per_second = $4,
            templates_listed_at = $5, checked_at = $6, number = $7 WHERE inbox_id = $1",
    )
    .bind(facts.inbox_id)
    .bind(facts.version)
    .bind(facts.business_account.clone())
    .bind(facts.per_second)
    .bind(facts.templates_listed_at)
    .bind(facts.checked_at)
    .bind(facts.number.clone())
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

row! {
    /// An inbox whose provider has not been asked for long.
    pub struct Unasked {
        /// Which.
        pub id: InboxId,
        /// Whose.
        pub tenant_id: TenantId,
    }
}

/// Lists enabled inboxes whose provider was not asked since a moment, the longest unasked first; for
/// the system's role.
pub async fn list_unasked(
    conn: &Conn,
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Unasked>, Error> {
    let found = sql("SELECT i.id, i.tenant_id FROM inboxes i
         LEFT JOIN inbox_facts f ON f.inbox_id = i.id
         WHERE i.enabled AND i.channel IN ('whatsapp', 'telegram', 'email', 'matrix')
            AND (f.checked_at IS NULL OR f.checked_at < $1)
         ORDER BY f.checked_at NULLS FIRST, i.id LIMIT $2")
    .bind(since)
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Notes that an inbox's provider is asked now; `false` where somebody else asks already.
pub async fn claim_check(
    conn: &Conn,
    scope: TenantScope,
    inbox: InboxId,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let claimed = sql(
        "INSERT INTO inbox_facts (inbox_id, tenant_id, checked_at) VALUES ($1, $2, $4)
         ON CONFLICT (inbox_id) DO UPDATE SET checked_at = $4
         WHERE inbox_facts.checked_at IS NULL OR inbox_facts.checked_at < $3",
    )
    .bind(inbox)
    .bind(scope.tenant())
    .bind(since)
    .bind(now)
    .execute(&mut &*conn)
    .await?;
    Ok(claimed == 1)
}

row! {
    /// An inbox that news may be about.
    pub struct Meant {
        /// Which.
        pub inbox_id: InboxId,
    }
}

/// Lists the tenant's inboxes that share a provider's business account.
pub async fn list_sharing(
    conn: &Conn,
    _scope: TenantScope,
    business_account: &str,
) -> Result<Vec<InboxId>, Error> {
    let found: Vec<Meant> =
        sql("SELECT inbox_id FROM inbox_facts WHERE business_account = $1 ORDER BY inbox_id")
            .bind(business_account)
            .load(&mut &*conn)
            .await?;
    Ok(found.into_iter().map(|one| one.inbox_id).collect())
}

/// Finds the tenant's inbox whose account customers know by a number.
pub async fn find_by_number(
    conn: &Conn,
    _scope: TenantScope,
    number: &str,
) -> Result<Option<InboxId>, Error> {
    let found: Option<Meant> =
        sql("SELECT inbox_id FROM inbox_facts WHERE number = $1 ORDER BY inbox_id LIMIT 1")
            .bind(number)
            .get_result(&mut &*conn)
            .await
            .optional()?;
    Ok(found.map(|one| one.inbox_id))
}

row! {
    /// An inbox that is not well in one respect.
    pub struct Unwell {
        /// The name to show.
        pub name: String,
        /// What it is about.
        pub subject: String,
        /// How well.
        pub state: String,
        /// What to tell people.
        pub detail: String,
    }
}

/// Lists in which respects enabled inboxes of all tenants are not well, the worst and longest first;
/// for the system's role.
pub async fn list_unwell(conn: &Conn, limit: i64) -> Result<Vec<Unwell>, Error> {
    let found = sql(
        "SELECT i.name, c.subject, c.state, c.detail FROM inbox_conditions c
         JOIN inboxes i ON i.id = c.inbox_id
         WHERE i.enabled AND c.state <> 'healthy' ORDER BY c.state, c.since, c.subject LIMIT $1",
    )
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

row! {
    /// How well an inbox is in one respect.
    pub struct Condition {
        /// What it is about.
        pub subject: String,
        /// How well: healthy, degraded or blocked.
        pub state: String,
        /// The provider's word for why.
        pub reason: String,
        /// What to tell people.
        pub detail: String,
        /// Since when it is so.
        pub since: DateTime<Utc>,
        /// When it was last told, by the provider's clock.
        pub told_at: DateTime<Utc>,
    }
}

/// Lists an inbox's conditions by what they are about.
pub async fn list_conditions(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
) -> Result<Vec<Condition>, Error> {
    let found = sql("SELECT subject, state, reason, detail, since, told_at
         FROM inbox_conditions WHERE inbox_id = $1 ORDER BY subject")
    .bind(inbox)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Writes a condition, in the place of what was known of the same thing.
pub async fn save_condition(
    conn: &Conn,
    scope: TenantScope,
    inbox: InboxId,
    condition: &Condition,
) -> Result<(), Error> {
    sql("INSERT INTO inbox_conditions
            (inbox_id, subject, tenant_id, state, reason, detail, since, told_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (inbox_id, subject) DO UPDATE SET state = $4, reason = $5, detail = $6,
            since = $7, told_at = $8")
    .bind(inbox)
    .bind(condition.subject.as_str())
    .bind(scope.tenant())
    .bind(condition.state.as_str())
    .bind(condition.reason.as_str())
    .bind(condition.detail.as_str())
    .bind(condition.since)
    .bind(condition.told_at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

row! {
    /// A condition that changed.
    pub struct News {
        /// Names the change.
        pub id: Uuid,
        /// What it is about.
        pub subject: String,
        /// How well it was from then on.
        pub state: String,
        /// The provider's word for why.
        pub reason: String,
        /// What to tell people.
        pub detail: String,
        /// When.
        pub at: DateTime<Utc>,
    }
}

/// Adds a change.
pub async fn insert_news(
    conn: &Conn,
    scope: TenantScope,
    inbox: InboxId,
    news: &News,
) -> Result<(), Error> {
    sql(
        "INSERT INTO inbox_news (id, tenant_id, inbox_id, subject, state, reason, detail, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(news.id)
    .bind(scope.tenant())
    .bind(inbox)
    .bind(news.subject.as_str())
    .bind(news.state.as_str())
    .bind(news.reason.as_str())
    .bind(news.detail.as_str())
    .bind(news.at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Lists the last changes of an inbox, the latest first.
pub async fn list_news(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
    limit: i64,
) -> Result<Vec<News>, Error> {
    let found = sql(
        "SELECT id, subject, state, reason, detail, at FROM inbox_news
         WHERE inbox_id = $1 ORDER BY at DESC, id DESC LIMIT $2",
    )
    .bind(inbox)
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}
