//! Messages that providers keep approved.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::InboxId;
use interdesk_domain::scope::TenantScope;
use serde_json::Value;

row! {
    /// A message that the provider keeps.
    pub struct Template {
        /// Its name with the provider.
        pub name: String,
        /// Its language.
        pub language: String,
        /// The provider's id of it.
        pub provider_id: Option<String>,
        /// The provider's word for its state, in lower case.
        pub status: String,
        /// The provider's word for its kind.
        pub category: Option<String>,
        /// What customers make of it.
        pub quality: Option<String>,
        /// Why it is not approved.
        pub reason: Option<String>,
        /// The words with their places.
        pub text: String,
        /// What has to be filled and with what, as JSON; `None` where only its name is known.
        pub slots: Option<Value>,
        /// When it was last told of.
        pub changed_at: DateTime<Utc>,
    }
}

/// Lists an inbox's templates by name and language.
pub async fn list(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
) -> Result<Vec<Template>, Error> {
    let found = sql(
        "SELECT name, language, provider_id, status, category, quality, reason, text,
            slots, changed_at FROM message_templates WHERE inbox_id = $1 ORDER BY name, language",
    )
    .bind(inbox)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Finds a template by name and language.
pub async fn find(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
    name: &str,
    language: &str,
) -> Result<Option<Template>, Error> {
    let found = sql(
        "SELECT name, language, provider_id, status, category, quality, reason, text,
            slots, changed_at FROM message_templates
         WHERE inbox_id = $1 AND name = $2 AND language = $3",
    )
    .bind(inbox)
    .bind(name)
    .bind(language)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Finds a template by the provider's id.
pub async fn find_by_provider_id(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
    provider_id: &str,
) -> Result<Option<Template>, Error> {
    let found = sql(
        "SELECT name, language, provider_id, status, category, quality, reason, text,
            slots, changed_at FROM message_templates
         WHERE inbox_id = $1 AND provider_id = $2 LIMIT 1",
    )
    .bind(inbox)
    .bind(provider_id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Writes a template as it is now.
pub async fn save(
    conn: &Conn,
    scope: TenantScope,
    inbox: InboxId,
    template: &Template,
) -> Result<(), Error> {
    sql(
        "INSERT INTO message_templates (inbox_id, name, language, tenant_id, provider_id, status,
            category, quality, reason, text, slots, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (inbox_id, name, language) DO UPDATE SET provider_id = $5, status = $6,
            category = $7, quality = $8, reason = $9, text = $10, slots = $11, changed_at = $12",
    )
    .bind(inbox)
    .bind(template.name.as_str())
    .bind(template.language.as_str())
    .bind(scope.tenant())
    .bind(template.provider_id.clone())
    .bind(template.status.as_str())
    .bind(template.category.clone())
    .bind(template.quality.clone())
    .bind(template.reason.clone())
    .bind(template.text.as_str())
    .bind(template.slots.clone())
    .bind(template.changed_at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Deletes what a full listing that began at a moment did not name.
pub async fn delete_unlisted(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
    listed: &[(String, String)],
    before: DateTime<Utc>,
) -> Result<usize, Error> {
    let deleted = sql("DELETE FROM message_templates
         WHERE inbox_id = $1 AND changed_at < $4 AND (name, language) NOT IN
            (SELECT * FROM unnest($2::text[], $3::text[]))")
    .bind(inbox)
    .bind(many(listed, |(name, _)| name.as_str()))
    .bind(many(listed, |(_, language)| language.as_str()))
    .bind(before)
    .execute(&mut &*conn)
    .await?;
    Ok(deleted)
}
