//! Migrations: embedded in the program, run by the owner of the tables.

use crate::Error;
use diesel_async::{AsyncConnection, AsyncMigrationHarness, AsyncPgConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// Brings the database at `owner_url` up to date and returns the names of what was run.
///
/// Two processes may call it at once: an advisory lock lets one wait for the other. Needs a
/// multi-threaded tokio runtime.
pub async fn run(owner_url: &str) -> Result<Vec<String>, Error> {
    let mut conn = connect(owner_url).await?;
    diesel_async::SimpleAsyncConnection::batch_execute(
        &mut conn,
        "SELECT pg_advisory_lock(7230145); SET client_min_messages = warning",
    )
    .await?;
    let mut harness = AsyncMigrationHarness::new(conn);
    let run = harness.run_pending_migrations(MIGRATIONS);
    let names = run.map_err(|error| Error::Migration(error.to_string()))?;
    Ok(names.iter().map(ToString::to_string).collect())
}

/// Returns the names of migrations that the database still lacks.
pub async fn pending(owner_url: &str) -> Result<Vec<String>, Error> {
    let mut harness = AsyncMigrationHarness::new(connect(owner_url).await?);
    let pending = MigrationHarness::<diesel::pg::Pg>::pending_migrations(&mut harness, MIGRATIONS);
    let pending = pending.map_err(|error| Error::Migration(error.to_string()))?;
    Ok(pending
        .iter()
        .map(|migration| migration.name().to_string())
        .collect())
}

async fn connect(url: &str) -> Result<AsyncPgConnection, Error> {
    let conn = AsyncPgConnection::establish(url).await;
    conn.map_err(|error| Error::Unavailable(error.to_string()))
}

/// Returns a short text that changes with the migrations.
#[cfg(feature = "testing")]
pub(crate) fn fingerprint() -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    include_str!("../../../migrations/2026-11-21-000000_foundation/up.sql").hash(&mut hasher);
    let all = diesel::migration::MigrationSource::<diesel::pg::Pg>::migrations(&MIGRATIONS);
    for migration in all.expect("the embedded migrations are readable") {
        migration.name().to_string().hash(&mut hasher);
    }
    format!("{:08x}", hasher.finish() as u32)
}
