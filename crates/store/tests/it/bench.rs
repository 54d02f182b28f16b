//! Connections in every role.

use interdesk_store::testing::TestDatabase;
use tokio_postgres::{Client, Error, NoTls, SimpleQueryMessage};

/// Signs in as the owner or as the login role.
pub(crate) async fn connect(url: &str) -> Client {
    let (client, driver) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(driver);
    client
}

/// Signs in as the login role and becomes another.
pub(crate) async fn become_role(test: &TestDatabase, role: &str) -> Client {
    let client = connect(&test.url).await;
    client
        .batch_execute(&format!("SET ROLE {role}"))
        .await
        .unwrap();
    client
}

/// Becomes the application, confined to a tenant.
pub(crate) async fn become_tenant(test: &TestDatabase, tenant: &str) -> Client {
    let client = become_role(test, "interdesk_app").await;
    client
        .batch_execute(&format!("SET interdesk.tenant = '{tenant}'"))
        .await
        .unwrap();
    client
}

/// Returns rows, their columns joined by blanks.
pub(crate) async fn rows(client: &Client, query: &str) -> Vec<String> {
    try_rows(client, query)
        .await
        .unwrap_or_else(|error| panic!("{query}: {error}"))
}

pub(crate) async fn try_rows(client: &Client, query: &str) -> Result<Vec<String>, Error> {
    let mut rows = Vec::new();
    for message in client.simple_query(query).await? {
        if let SimpleQueryMessage::Row(row) = message {
            let columns = (0..row.len()).map(|at| row.get(at).unwrap_or("-"));
            rows.push(columns.collect::<Vec<_>>().join(" "));
        }
    }
    Ok(rows)
}

/// Runs a statement and returns how many rows it changed, or the code of the refusal.
pub(crate) async fn run(client: &Client, statement: &str) -> Result<u64, String> {
    let changed = client.execute(statement, &[]).await;
    changed.map_err(|error| error.code().map_or("-", |code| code.code()).to_owned())
}

/// Fills every table with one row of each of two tenants, by the catalog: a new table is filled
/// too. Returns the tenants.
pub(crate) async fn fill(owner: &Client) -> [String; 2] {
    // Foreign keys and checks of words are beside the point here.
    let drops = rows(
        owner,
        "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', conrelid::regclass, conname)
         FROM pg_constraint WHERE contype IN ('c', 'f') AND connamespace = 'public'::regnamespace
            AND coninhcount = 0",
    )
    .await;
    owner.batch_execute(&drops.join(";")).await.unwrap();
    let tenants = [1, 2].map(|n| format!("00000000-0000-7000-8000-00000000000{n}"));
    for table in tenant_tables(owner).await {
        for (n, tenant) in tenants.iter().enumerate() {
            let insert = insert(owner, &table, tenant, n).await;
            run(owner, &insert)
                .await
                .unwrap_or_else(|code| panic!("{code}: {insert}"));
        }
    }
    tenants
}

/// Lists the tables that hold rows of tenants.
pub(crate) async fn tenant_tables(owner: &Client) -> Vec<String> {
    rows(
        owner,
        "SELECT c.relname FROM pg_class c
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            AND (c.relname = 'tenants' OR EXISTS (SELECT FROM pg_attribute a
                WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped))
         ORDER BY 1",
    )
    .await
}

/// Names the column that says whose a row is.
pub(crate) fn owner_column(table: &str) -> &'static str {
    if table == "tenants" {
        "id"
    } else {
        "tenant_id"
    }
}

/// Writes an insertion of a row of `tenant`, from the types of the columns; `n` keeps keys apart.
pub(crate) async fn insert(owner: &Client, table: &str, tenant: &str, n: usize) -> String {
    let columns = rows(
        owner,
        &format!(
            "SELECT a.attname, format_type(a.atttypid, NULL) FROM pg_attribute a
             WHERE a.attrelid = '{table}'::regclass AND a.attnum > 0 AND NOT a.attisdropped
                AND a.attgenerated = '' ORDER BY a.attnum"
        ),
    )
    .await;
    let mut names = Vec::new();
    let mut values = Vec::new();
    for column in &columns {
        let (name, kind) = column.split_once(' ').unwrap();
        names.push(name);
        values.push(match kind {
            _ if name == owner_column(table) => format!("'{tenant}'"),
            "uuid" => "gen_random_uuid()".to_owned(),
            "text" => format!("'{n}'"),
            "json" | "jsonb" => "'{}'".to_owned(),
            "bytea" => format!("'\\x0{n}'"),
            "tsvector" => "''".to_owned(),
            "boolean" => "true".to_owned(),
            kind if kind.ends_with("[]") => "'{}'".to_owned(),
            "date" => "'2026-11-22'".to_owned(),
            kind if kind.starts_with("timestamp") => "now()".to_owned(),
            _ => n.to_string(),
        });
    }
    format!(
        "INSERT INTO {table} ({}) VALUES ({})",
        names.join(", "),
        values.join(", ")
    )
}
