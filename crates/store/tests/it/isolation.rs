//! No tenant sees another, and what happened cannot be changed.

use crate::bench::*;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::TenantId;
use interdesk_domain::scope::TenantScope;
use interdesk_store::testing::TestDatabase;
use interdesk_store::{Conn, Database, Error, Limits};
use std::time::Duration;
use uuid::Uuid;

const REFUSED: &str = "42501";
const UNCHANGEABLE: [&str; 5] = [
    "outbox",
    "event_seqs",
    "audit_leaves",
    "audit_checkpoints",
    "decisions",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_table_of_tenants_is_guarded_and_every_other_is_known() {
    let test = TestDatabase::fresh().await;
    let owner = connect(&test.owner_url).await;
    let guarded = rows(
        &owner,
        "SELECT c.relname FROM pg_class c
         JOIN pg_policy p ON p.polrelid = c.oid AND 'interdesk_app'::regrole = ANY (p.polroles)
         WHERE c.relrowsecurity AND p.polcmd = '*' AND p.polpermissive
            AND pg_get_expr(p.polqual, p.polrelid) LIKE '%scoped_tenant()%' ORDER BY 1",
    )
    .await;
    assert_eq!(guarded, tenant_tables(&owner).await);
    // What belongs to no tenant is listed here, so that a new table is thought about.
    let others = rows(
        &owner,
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
            AND relkind IN ('r', 'p') AND NOT relispartition AND NOT relrowsecurity ORDER BY 1",
    )
    .await;
    assert_eq!(
        others,
        ["__diesel_schema_migrations", "relay_cursor", "signing_keys"]
    );
    let partitions = rows(
        &owner,
        "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'
            AND has_table_privilege('interdesk_app', oid, 'UPDATE')",
    )
    .await;
    assert!(
        partitions.is_empty(),
        "{partitions:?} go around the guard of their parent"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_tenant_nothing_is_seen_and_with_one_its_own_rows_alone() {
    let test = TestDatabase::fresh().await;
    let owner = connect(&test.owner_url).await;
    let tenants = fill(&owner).await;
    let unscoped = become_role(&test, "interdesk_app").await;
    let scoped = become_tenant(&test, &tenants[0]).await;
    for table in tenant_tables(&owner).await {
        assert_eq!(
            rows(&owner, &format!("SELECT count(*) FROM {table}")).await,
            ["2"],
            "{table}"
        );
        let see = format!("SELECT {} FROM {table}", owner_column(&table));
        assert!(rows(&unscoped, &see).await.is_empty(), "{table}");
        assert_eq!(rows(&scoped, &see).await, [tenants[0].as_str()], "{table}");
    }
    for partition in rows(
        &owner,
        "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'",
    )
    .await
    {
        let seen = try_rows(&scoped, &format!("SELECT * FROM {partition}")).await;
        assert!(
            seen.is_err_and(|error| error.code().unwrap().code() == REFUSED),
            "{partition}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_writes_no_row_of_another() {
    let test = TestDatabase::fresh().await;
    let owner = connect(&test.owner_url).await;
    let tenants = fill(&owner).await;
    let scoped = become_tenant(&test, &tenants[0]).await;
    for table in tenant_tables(&owner).await {
        let foreign = insert(&owner, &table, &tenants[1], 3).await;
        assert_eq!(
            run(&scoped, &foreign).await,
            Err(REFUSED.to_owned()),
            "{foreign}"
        );
        let column = owner_column(&table);
        let update = format!(
            "UPDATE {table} SET {column} = '{0}' WHERE {column} = '{0}'",
            tenants[1]
        );
        let delete = format!("DELETE FROM {table} WHERE {column} = '{}'", tenants[1]);
        for statement in [update, delete] {
            let outcome = run(&scoped, &statement).await;
            assert!(
                matches!(&outcome, Ok(0)) || outcome == Err(REFUSED.to_owned()),
                "{statement}: {outcome:?}"
            );
        }
        let give_away = format!("UPDATE {table} SET {column} = '{}'", tenants[1]);
        assert_eq!(
            run(&scoped, &give_away).await,
            Err(REFUSED.to_owned()),
            "{give_away}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_is_not_changed_by_the_program() {
    let test = TestDatabase::fresh().await;
    let owner = connect(&test.owner_url).await;
    let tenants = fill(&owner).await;
    for role in ["interdesk_app", "interdesk_system"] {
        let client = become_role(&test, role).await;
        client
            .batch_execute(&format!("SET interdesk.tenant = '{}'", tenants[0]))
            .await
            .unwrap();
        for table in UNCHANGEABLE {
            for statement in [
                format!("UPDATE {table} SET tenant_id = tenant_id"),
                format!("DELETE FROM {table}"),
                format!("TRUNCATE {table}"),
            ] {
                let outcome = run(&client, &statement).await;
                assert_eq!(outcome, Err(REFUSED.to_owned()), "{role}: {statement}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_role_of_the_program_can_go_around_the_guard() {
    let test = TestDatabase::fresh().await;
    let owner = connect(&test.owner_url).await;
    let mighty = rows(
        &owner,
        "SELECT rolname FROM pg_roles WHERE rolname IN ('interdesk', 'interdesk_app', 'interdesk_system')
            AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)",
    )
    .await;
    assert!(mighty.is_empty(), "{mighty:?}");
    let owned = rows(
        &owner,
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
            AND relowner::regrole::text LIKE 'interdesk%'",
    )
    .await;
    assert!(
        owned.is_empty(),
        "{owned:?} are owned by a role of the program"
    );
    let inherits = rows(
        &owner,
        "SELECT rolinherit FROM pg_roles WHERE rolname = 'interdesk'",
    )
    .await;
    assert_eq!(inherits, ["f"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_login_role_by_itself_reads_nothing() {
    let test = TestDatabase::fresh().await;
    let owner = connect(&test.owner_url).await;
    let login = connect(&test.url).await;
    let tables = rows(
        &owner,
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')",
    );
    for table in tables.await {
        let seen = try_rows(&login, &format!("SELECT * FROM {table}")).await;
        assert!(
            seen.is_err_and(|error| error.code().unwrap().code() == REFUSED),
            "{table}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_system_role_sees_all_tenants_in_its_few_tables_and_nothing_else() {
    let test = TestDatabase::fresh().await;
    let owner = connect(&test.owner_url).await;
    fill(&owner).await;
    let system = become_role(&test, "interdesk_system").await;
    let own = [
        "audit_trees",
        "dead_letters",
        "event_seqs",
        "inbox_conditions",
        "inbox_facts",
        "inboxes",
        "notifications",
        "outbox",
        "password_resets",
        "raw_webhooks",
        "search_cursors",
        "signals",
        "sla_cursors",
        "tenant_seqs",
        "tenants",
        "timers",
        "work_items",
    ];
    for table in tenant_tables(&owner).await {
        let seen = try_rows(
            &system,
            &format!("SELECT {} FROM {table}", owner_column(&table)),
        )
        .await;
        match own.contains(&table.as_str()) {
            true => assert_eq!(seen.unwrap().len(), 2, "{table}"),
            false => assert!(
                seen.is_err_and(|error| error.code().unwrap().code() == REFUSED),
                "{table}"
            ),
        }
    }
    let writable = rows(
        &owner,
        "SELECT relname || ' ' || p FROM pg_class, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) p
         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
            AND has_table_privilege('interdesk_system', oid, p) ORDER BY 1",
    )
    .await;
    let expect = [
        "dead_letters DELETE",
        "dead_letters INSERT",
        "event_seqs INSERT",
        "relay_cursor UPDATE",
        "signing_keys INSERT",
        "signing_keys UPDATE",
        "tenant_seqs INSERT",
        "tenant_seqs UPDATE",
    ];
    assert_eq!(writable, expect);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_ends_with_its_transaction() {
    let test = TestDatabase::fresh().await;
    let owner = connect(&test.owner_url).await;
    let tenants = fill(&owner).await;
    let app = become_role(&test, "interdesk_app").await;
    let set = format!("BEGIN; SET LOCAL interdesk.tenant = '{}'", tenants[0]);
    app.batch_execute(&set).await.unwrap();
    assert_eq!(rows(&app, "SELECT count(*) FROM messages").await, ["1"]);
    app.batch_execute("COMMIT").await.unwrap();
    assert_eq!(rows(&app, "SELECT count(*) FROM messages").await, ["0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_read_for_one_tenant_shows_nothing_of_it_to_whoever_has_it_next() {
    let test = TestDatabase::fresh().await;
    let owner = connect(&test.owner_url).await;
    let tenants = fill(&owner).await;
    let limits = Limits {
        connections: 1,
        ..Limits::default()
    };
    let database = Database::new(&test.url, &limits).unwrap();
    let scopes: Vec<TenantScope> = tenants[..2]
        .iter()
        .map(|id| TenantScope::new(TenantId(id.parse().unwrap())))
        .collect();
    let first = database.read(scopes[0], tenants_of_messages).await;
    assert_eq!(first.unwrap(), [scopes[0].tenant().0]);

    let transaction = database.begin_unscoped().await.unwrap();
    let seen = tenants_of_messages(&transaction).await.unwrap();
    assert!(seen.is_empty(), "{seen:?}");
    transaction.commit().await.unwrap();

    let transaction = database.begin(scopes[1]).await.unwrap();
    let seen = tenants_of_messages(&transaction).await.unwrap();
    assert_eq!(seen, [scopes[1].tenant().0]);
    transaction.commit().await.unwrap();

    // One that is given up after it named its tenant leaves the connection to the next.
    let given_up = database.read(scopes[0], async |_| {
        std::future::pending::<Result<(), _>>().await
    });
    let given_up = tokio::time::timeout(Duration::from_millis(50), given_up).await;
    assert!(given_up.is_err());
    let second = database.read(scopes[1], tenants_of_messages).await;
    assert_eq!(second.unwrap(), [scopes[1].tenant().0]);
}

async fn tenants_of_messages(mut conn: &Conn) -> Result<Vec<Uuid>, Error> {
    let query = "SELECT tenant_id AS id FROM messages";
    let seen: Vec<Seen> = diesel::sql_query(query).load(&mut conn).await?;
    Ok(seen.into_iter().map(|row| row.id).collect())
}

#[derive(diesel::QueryableByName)]
struct Seen {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    id: Uuid,
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_is_out_of_reach_of_the_program_and_reads_nothing_of_tenants() {
    let test = TestDatabase::fresh().await;
    let owner = connect(&test.owner_url).await;
    fill(&owner).await;
    let login = connect(&test.url).await;
    let becomes = login.batch_execute("SET ROLE interdesk_operator").await;
    assert!(becomes.is_err_and(|error| error.code().unwrap().code() == REFUSED));
    for role in ["interdesk_app", "interdesk_system"] {
        let role = become_role(&test, role).await;
        let terms =
            "INSERT INTO tenant_terms (tenant_id, changed_at) SELECT id, now() FROM tenants";
        let written = try_rows(&role, terms).await;
        assert!(written.is_err_and(|error| error.code().unwrap().code() == REFUSED));
    }
    let operator = connect(&test.owner_url).await;
    let become_it = "SET ROLE interdesk_operator";
    operator.batch_execute(become_it).await.unwrap();
    let mut seen = Vec::new();
    let tables = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
        AND relkind IN ('r', 'p') ORDER BY 1";
    for table in rows(&owner, tables).await {
        if try_rows(&operator, &format!("SELECT * FROM {table}"))
            .await
            .is_ok()
        {
            seen.push(table);
        }
    }
    assert_eq!(seen, ["tenant_terms", "tenants"]);
}
