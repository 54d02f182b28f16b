//! A database of its own for each desk, in the roles of production.

use super::process::Program;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};

static TEMPLATE: OnceCell<String> = OnceCell::const_new();
static COUNT: AtomicU32 = AtomicU32::new(0);

/// Other tests on the same server make the roles too.
const ROLES_LOCK: &str = "SELECT pg_advisory_lock(7230146)";

/// One desk's database.
pub(crate) struct TestDatabase {
    name: String,
}

impl TestDatabase {
    /// Copies a migrated template.
    pub(crate) async fn fresh() -> Self {
        let template = TEMPLATE.get_or_init(make_template).await;
        let database = Self::named(&unique());
        let copy = format!(
            "CREATE DATABASE {} TEMPLATE {template} OWNER interdesk_owner STRATEGY file_copy",
            database.name
        );
        server().await.batch_execute(&copy).await.expect("a copy");
        database
    }

    /// Makes one without a table.
    pub(crate) async fn empty() -> Self {
        let database = Self::named(&unique());
        create(&database.name).await;
        database
    }

    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
        }
    }

    /// Its name on the server.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The address for the program.
    pub(crate) fn url(&self) -> String {
        address("interdesk", &self.name)
    }

    /// The address for migrations.
    pub(crate) fn owner_url(&self) -> String {
        address("interdesk_owner", &self.name)
    }

    /// Counts what a query counts, past row-level security.
    pub(crate) async fn count(&self, query: &str) -> i64 {
        let client = connect(&within(&env_url(), &self.name)).await;
        let row = client.query_one(query, &[]).await.expect("one number");
        row.get(0)
    }

    /// Lists the texts that a query yields, past row-level security.
    pub(crate) async fn texts(&self, query: &str) -> Vec<String> {
        let client = connect(&within(&env_url(), &self.name)).await;
        let rows = client.query(query, &[]).await.expect("texts");
        rows.iter().map(|row| row.get(0)).collect()
    }
}

async fn make_template() -> String {
    let name = format!("desk_template_{}", std::process::id());
    create(&name).await;
    let template = TestDatabase::named(&name);
    let done = Program::new("migrate template", &["migrate"])
        .set("DATABASE_URL", template.url())
        .set("MIGRATION_DATABASE_URL", template.owner_url())
        .finish()
        .await;
    assert!(done.success, "migrations fail: {}", done.text());
    name
}

async fn create(name: &str) {
    let client = server().await;
    client.batch_execute(ROLES_LOCK).await.expect("the lock");
    let roles = include_str!("../../../../../deploy/postgres/roles.sql");
    client.batch_execute(roles).await.expect("the roles");
    let create = format!("CREATE DATABASE {name} OWNER interdesk_owner");
    client.batch_execute(&create).await.expect("a database");
}

fn unique() -> String {
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("desk_{}_{number}", std::process::id())
}

fn env_url() -> String {
    std::env::var("INTERDESK_TEST_POSTGRES_URL")
        .expect("INTERDESK_TEST_POSTGRES_URL is unset; run the tests with ./dev test")
}

fn address(user: &str, database: &str) -> String {
    let url = within(&env_url(), database);
    let rest = url.split_once("://").expect("a scheme").1;
    let host = rest.split_once('@').map_or(rest, |(_, host)| host);
    format!("postgres://{user}@{host}")
}

fn within(server: &str, database: &str) -> String {
    let base = server.rsplit_once('/').expect("a path").0;
    format!("{base}/{database}")
}

async fn server() -> Client {
    connect(&env_url()).await
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .expect("the test server answers");
    tokio::spawn(connection);
    client
}
