//! What an operator wants to know of the database.

use crate::sql::{row, sql};
use crate::{Database, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;

row! {
    /// What the database says of itself.
    pub struct Inspection {
        /// PostgreSQL's version.
        pub version: String,
        /// Its clock.
        pub now: DateTime<Utc>,
        /// Whether our login could see past row-level security.
        pub bypasses: bool,
        /// The extensions that search needs and the server does not have.
        pub missing: Vec<String>,
    }
}

/// Asks the database about itself and about our login.
pub async fn inspect(database: &Database) -> Result<Inspection, Error> {
    let transaction = database.begin_unscoped().await?;
    let found = sql(
        "SELECT current_setting('server_version') AS version, clock_timestamp() AS now,
            COALESCE(bool_or(rolsuper OR rolbypassrls), true) AS bypasses,
            ARRAY(SELECT wanted FROM unnest(ARRAY['btree_gin', 'pg_trgm']) AS wanted
                WHERE wanted NOT IN (SELECT name FROM pg_available_extensions)) AS missing
         FROM pg_roles WHERE rolname IN (session_user, current_user)",
    )
    .get_result(&mut &*transaction)
    .await?;
    transaction.commit().await?;
    Ok(found)
}
