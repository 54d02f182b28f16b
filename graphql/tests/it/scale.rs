//! No page reads a whole table: every committed query is asked in a workspace with 100,000 conversations, and
//! PostgreSQL's own counters say how many rows were read.
//!
//! Plans are chosen under row-level security, which keeps what is not leakproof away from indexes; so the
//! plans that count are those of the desk's own role, and a look at its counters shows them all.

use crate::every_document::{names, variables};
use crate::support::{Asked, Workspace, operation};
use interdesk_domain::agent::Presence;
use interdesk_domain::permission::Role;
use std::time::Duration;

/// How many conversations there are beside the workspace's own.
const MANY: i64 = 100_000;
/// The tables that grow with customers, and how many rows of each there are for a conversation.
const GROWING: [(&str, i64); 8] = [
    ("conversations", 1),
    ("contacts", 1),
    ("identities", 1),
    ("episodes", 1),
    ("work_items", 1),
    ("messages", 2),
    ("search_words", 2),
    ("search_names", 1),
];
/// PostgreSQL tells what a connection read when it has been idle for so long.
const TOLD_AFTER: Duration = Duration::from_secs(11);

/// Adds conversations to the workspace's queue: resolved but for one of a hundred, two messages each.
async fn fill(asked: &Asked, workspace: &Workspace) {
    let rows = "
        CREATE TEMP TABLE made AS
        SELECT n, gen_random_uuid() AS id, gen_random_uuid() AS contact, gen_random_uuid() AS episode,
            gen_random_uuid() AS work, '$now'::timestamptz - n * interval '1 minute' AS at,
            '$tenant'::uuid AS tenant, '$queue'::uuid AS queue, '$inbox'::uuid AS inbox, n % 100 = 0 AS is_open
        FROM generate_series(1, $many) n;
        INSERT INTO contacts (id, tenant_id, name, created_at)
        SELECT contact, tenant, 'Customer ' || n, at FROM made;
        INSERT INTO identities (id, tenant_id, contact_id, network, namespace, value, valid_from)
        SELECT gen_random_uuid(), tenant, contact, 'webhook', 'user', n, at FROM made;
        INSERT INTO conversations (id, tenant_id, thread_key, contact_id, inbox_id, queue_id, status, version,
            episode_id, last_message_at, last_customer_message_at, last_text, created_at)
        SELECT id, tenant, id, contact, inbox, queue, CASE WHEN is_open THEN 'open' ELSE 'resolved' END, 2,
            episode, at, at, 'message of customer ' || n, at FROM made;
        INSERT INTO episodes (id, tenant_id, conversation_id, number, opened_at)
        SELECT episode, tenant, id, 1, at FROM made;
        INSERT INTO work_items (id, tenant_id, conversation_id, episode_id, queue_id, state, queued_at, ended_at)
        SELECT work, tenant, id, episode, queue, CASE WHEN is_open THEN 'queued' ELSE 'done' END, at,
            CASE WHEN is_open THEN NULL ELSE at END FROM made;
        INSERT INTO messages (id, tenant_id, conversation_id, episode_id, inbox_id, direction, contact_id,
            content, text, sent_at, stored_at, version)
        SELECT gen_random_uuid(), tenant, id, episode, inbox, 'in', contact,
            jsonb_build_object('type', 'text', 'text', 'message of customer ' || n),
            'message of customer ' || n, at, at, v FROM made, generate_series(1, 2) v;
        INSERT INTO search_words (subject_id, tenant_id, kind, conversation_id, at, words)
        SELECT m.id, m.tenant_id, 'message', m.conversation_id, m.sent_at, to_tsvector('simple', m.text)
        FROM messages m JOIN made ON made.id = m.conversation_id;
        INSERT INTO search_names (subject_id, tenant_id, kind, contact_id, text)
        SELECT contact, tenant, 'name', contact, 'customer ' || n FROM made;
        DROP TABLE made;";
    let rows = rows
        .replace("$now", &asked.desk.now().to_rfc3339())
        .replace("$tenant", &workspace.viewer.tenant.0.to_string())
        .replace("$queue", &workspace.queue.0.to_string())
        .replace("$inbox", &workspace.inbox.0.to_string())
        .replace("$many", &MANY.to_string());
    let test = &asked.world.test;
    test.execute_as_owner(&rows).await;
    // What autovacuum does by itself at a desk that has been open for a while.
    test.execute_as_owner("VACUUM ANALYZE").await;
}

/// Returns how many rows of each table were read, whether from end to end or by an index: one that is
/// walked whole is no better.
async fn rows_read(asked: &Asked) -> Vec<i64> {
    tokio::time::sleep(TOLD_AFTER).await;
    let mut all = Vec::new();
    for (table, _) in GROWING {
        let query = format!(
            "SELECT (COALESCE(seq_tup_read, 0) + COALESCE(idx_tup_fetch, 0))::bigint AS count
                FROM pg_stat_user_tables WHERE relname = '{table}'"
        );
        all.push(asked.world.test.count_as_owner(&query).await);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn no_query_reads_a_whole_table_at_a_hundred_thousand_conversations() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    fill(&asked, &workspace).await;
    let tenant = workspace.viewer.tenant;
    let admin = asked.world.person(tenant, Role::Admin, Presence::Away, 3);
    let admin = admin.await;
    let before = rows_read(&asked).await;
    let mut answered = 0;
    for name in names() {
        let document = operation(&name);
        let case = variables(&name, &workspace).filter(|_| document.starts_with("query"));
        let Some(variables) = case else { continue };
        for viewer in [workspace.viewer, admin] {
            let request = asked.request(&viewer, &document, variables.clone());
            let response = asked.schema.execute(request).await;
            answered += usize::from(response.errors.is_empty());
        }
    }
    assert!(answered > 30, "only {answered} were answered");
    let after = rows_read(&asked).await;
    let read = after
        .into_iter()
        .zip(before)
        .map(|(after, before)| after - before);
    let whole = GROWING.into_iter().zip(read);
    let whole: Vec<_> = whole
        .filter(|((_, each), read)| *read >= MANY * each)
        .collect();
    assert!(
        whole.is_empty(),
        "read whole (table, rows for each conversation, rows read): {whole:?}"
    );
}
