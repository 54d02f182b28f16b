//! Fresh databases for tests, by copying one migrated template.

use crate::{Database, Error, Limits, migrate};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

const TEMPLATE: &str = "interdesk_template";
static COUNT: AtomicU32 = AtomicU32::new(0);
static SWEPT: AtomicBool = AtomicBool::new(false);

/// A database of its own for one test.
pub struct TestDatabase {
    /// The database as the program sees it: the login role without rights of its own.
    pub database: Database,
    /// The address for the login role.
    pub url: String,
    /// The address for the owner, who sees everything.
    pub owner_url: String,
}

impl TestDatabase {
    /// Makes a fresh, migrated database on the server at `INTERDESK_TEST_POSTGRES_URL`.
    ///
    /// # Panics
    /// When the variable is unset or the server refuses: `./dev test` sets it.
    pub async fn fresh() -> Self {
        let server = std::env::var("INTERDESK_TEST_POSTGRES_URL")
            .expect("INTERDESK_TEST_POSTGRES_URL is unset; run the tests with ./dev test");
        let name = format!(
            "t{}_{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        copy_template(&server, &name)
            .await
            .expect("the test server makes a database");
        let owner_url = named(&server, &name);
        let url = with_user(&owner_url, "interdesk");
        let limits = Limits {
            connections: 8,
            system_connections: 3,
            ..Limits::default()
        };
        let database = Database::new(&url, &limits).expect("the address is well formed");
        Self {
            database,
            url,
            owner_url,
        }
    }

    /// Runs a statement as the owner, past row-level security: to look at or to damage rows.
    pub async fn execute_as_owner(&self, statement: &str) {
        let mut conn = connect(&self.owner_url).await.expect("the owner connects");
        conn.batch_execute(statement)
            .await
            .expect("the owner's statement runs");
    }

    /// Runs a query as the owner and returns the one number that it yields.
    pub async fn count_as_owner(&self, query: &str) -> i64 {
        use diesel_async::RunQueryDsl;
        let mut conn = connect(&self.owner_url).await.expect("the owner connects");
        let found: crate::messages::Count = diesel::sql_query(query)
            .get_result(&mut conn)
            .await
            .expect("the owner's query runs");
        found.count
    }
}

async fn copy_template(server: &str, name: &str) -> Result<(), Error> {
    let mut conn = connect(server).await?;
    // The lock lets the first test of a run build the template while the others wait.
    conn.batch_execute("SELECT pg_advisory_lock(7230146)")
        .await?;
    if !SWEPT.swap(true, Ordering::Relaxed) {
        drop_left_behind(&mut conn).await?;
    }
    let template = format!("{TEMPLATE}_{}", migrate::fingerprint());
    if !exists(&mut conn, &template).await? {
        // A run that broke off may have left its half behind.
        conn.batch_execute(&format!("DROP DATABASE IF EXISTS {template}_new"))
            .await?;
        conn.batch_execute(&format!("CREATE DATABASE {template}_new"))
            .await?;
        migrate_apart(named(server, &format!("{template}_new"))).await?;
        conn.batch_execute(ROLES).await?;
        conn.batch_execute(&format!(
            "ALTER DATABASE {template}_new RENAME TO {template}"
        ))
        .await?;
    }
    let copy = format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy");
    conn.batch_execute(&copy).await?;
    Ok(())
}

// A test program keeps its databases for whoever looks into a failure, the next one needs the room.
async fn drop_left_behind(conn: &mut AsyncPgConnection) -> Result<(), Error> {
    use diesel_async::RunQueryDsl;
    let names = crate::sql::sql(
        "SELECT datname::text AS name FROM pg_database WHERE datname SIMILAR TO 't[0-9]+[_][0-9]+'",
    );
    let names: Vec<Name> = names.load(conn).await?;
    for Name { name } in names {
        let process = name.trim_start_matches('t').split('_').next().unwrap_or("");
        if !std::path::Path::new("/proc").join(process).exists() {
            conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                .await?;
        }
    }
    Ok(())
}

#[derive(diesel::QueryableByName)]
struct Name {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

const ROLES: &str = "
    DO $$ BEGIN
        CREATE ROLE interdesk LOGIN NOINHERIT NOBYPASSRLS;
    EXCEPTION WHEN duplicate_object THEN NULL;
    END $$;
    GRANT interdesk_app, interdesk_system TO interdesk;";

// The migration harness blocks its thread, which a current-thread runtime cannot spare.
async fn migrate_apart(url: String) -> Result<(), Error> {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        runtime
            .map_err(|error| Error::Migration(error.to_string()))?
            .block_on(migrate::run(&url))
    };
    let joined = tokio::task::spawn_blocking(run).await;
    joined.map_err(|error| Error::Migration(error.to_string()))??;
    Ok(())
}

async fn exists(conn: &mut AsyncPgConnection, name: &str) -> Result<bool, Error> {
    use diesel_async::RunQueryDsl;
    let found = crate::sql::sql("SELECT 1 FROM pg_database WHERE datname = $1")
        .bind(name)
        .execute(conn)
        .await?;
    Ok(found == 1)
}

async fn connect(url: &str) -> Result<AsyncPgConnection, Error> {
    let conn = AsyncPgConnection::establish(url).await;
    conn.map_err(|error| Error::Unavailable(error.to_string()))
}

fn named(server: &str, name: &str) -> String {
    let base = server.rsplit_once('/').map_or(server, |(base, _)| base);
    format!("{base}/{name}")
}

fn with_user(url: &str, user: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split_once('@').map_or(rest, |(_, host)| host);
    format!("postgres://{user}@{host}")
}
