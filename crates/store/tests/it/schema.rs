//! The schema describes itself and can be taken back.

use crate::bench::*;
use interdesk_store::migrate;
use interdesk_store::testing::TestDatabase;

const PATH: &str = "../../migrations";

#[tokio::test(flavor = "multi_thread")]
async fn every_table_and_column_is_described_and_every_table_names_its_writer() {
    let test = TestDatabase::fresh().await;
    let owner = connect(&test.owner_url).await;
    let nameless = rows(
        &owner,
        "SELECT c.relname FROM pg_class c
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            AND c.relname <> '__diesel_schema_migrations'
            AND COALESCE(obj_description(c.oid, 'pg_class'), '') NOT LIKE '%Written by%'",
    )
    .await;
    assert!(nameless.is_empty(), "no writer: {nameless:?}");
    let dumb = rows(
        &owner,
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            AND c.relname <> '__diesel_schema_migrations' AND a.attnum > 0 AND NOT a.attisdropped
            AND COALESCE(col_description(c.oid, a.attnum), '') NOT LIKE '%.'",
    )
    .await;
    assert!(dumb.is_empty(), "no description: {dumb:?}");
}

/// Describes everything in the schema.
async fn describe(owner: &tokio_postgres::Client) -> Vec<String> {
    rows(
        owner,
        "SELECT * FROM (
            SELECT 'column ' || c.relname || '.' || a.attname || format_type(a.atttypid, a.atttypmod) || a.attnotnull
                FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND c.relkind IN ('r', 'p', 'S')
            UNION ALL SELECT 'constraint ' || conrelid::regclass || pg_get_constraintdef(oid) FROM pg_constraint
                WHERE connamespace = 'public'::regnamespace
            UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
            UNION ALL SELECT 'policy ' || tablename || policyname || roles::text || qual FROM pg_policies
            UNION ALL SELECT 'grant ' || relname || COALESCE(relacl::text, '') FROM pg_class
                WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S')
            UNION ALL SELECT 'function ' || proname || prosrc || COALESCE(proacl::text, '') FROM pg_proc
                WHERE pronamespace = 'public'::regnamespace AND proname NOT LIKE 'diesel%'
        ) d (line) WHERE line NOT LIKE '%__diesel%' ORDER BY 1",
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_migrations_go_up_and_down_and_up_again() {
    let test = TestDatabase::fresh().await;
    let owner = connect(&test.owner_url).await;
    assert!(migrate::pending(&test.owner_url).await.unwrap().is_empty());
    let before = describe(&owner).await;
    let mut names: Vec<_> = std::fs::read_dir(PATH)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.retain(|path| path.is_dir());
    names.sort();
    for path in names.iter().rev() {
        let down = std::fs::read_to_string(path.join("down.sql")).unwrap();
        owner.batch_execute(&down).await.unwrap();
    }
    assert!(describe(&owner).await.is_empty(), "down leaves nothing");
    owner
        .batch_execute("TRUNCATE __diesel_schema_migrations")
        .await
        .unwrap();
    let run = migrate::run(&test.owner_url).await.unwrap();
    assert_eq!(run.len(), names.len());
    assert!(
        migrate::run(&test.owner_url).await.unwrap().is_empty(),
        "once is enough"
    );
    assert_eq!(describe(&owner).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_may_migrate_at_once() {
    let test = TestDatabase::fresh().await;
    let owner = connect(&test.owner_url).await;
    owner
        .batch_execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        .await
        .unwrap();
    let (one, two) = tokio::join!(
        tokio::spawn({
            let url = test.owner_url.clone();
            async move { migrate::run(&url).await }
        }),
        tokio::spawn({
            let url = test.owner_url.clone();
            async move { migrate::run(&url).await }
        }),
    );
    let run = one.unwrap().unwrap().len() + two.unwrap().unwrap().len();
    let all = std::fs::read_dir(PATH)
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().path().is_dir())
        .count();
    assert_eq!(run, all);
}
