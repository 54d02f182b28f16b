//! Conversations by the hundred thousand, by one statement each.

use anyhow::{Context, Result};
use tokio_postgres::Client;

/// How long a conversation is that is opened whole.
pub(super) const LONG: usize = 50;

/// Adds conversations `$from` to `$to` of the tenant's own queue and inbox: two messages each, one of ten open,
/// the newest last.
const MORE: &str = "
    CREATE TEMP TABLE made AS
    SELECT n, gen_random_uuid() AS id, gen_random_uuid() AS contact, gen_random_uuid() AS episode,
        now() - (2000000 - n) * interval '2 seconds' AS at, t.id AS tenant, q.id AS queue, i.id AS inbox
    FROM generate_series($from::int, $to::int) n, tenants t, queues q, inboxes i
    WHERE q.tenant_id = t.id AND i.tenant_id = t.id;
    INSERT INTO contacts (id, tenant_id, name, created_at)
    SELECT contact, tenant, 'Customer ' || n, at FROM made;
    INSERT INTO identities (id, tenant_id, contact_id, network, namespace, value, valid_from)
    SELECT gen_random_uuid(), tenant, contact, 'whatsapp', 'phone', '1555' || lpad(n::text, 9, '0'), at
    FROM made;
    INSERT INTO conversations (id, tenant_id, thread_key, contact_id, inbox_id, queue_id, status, version,
        episode_id, last_message_at, last_customer_message_at, last_text, created_at)
    SELECT id, tenant, id, contact, inbox, queue,
        CASE WHEN n % 10 = 0 THEN 'open' ELSE 'resolved' END, 2, episode, at, at, 'good morning number ' || n, at
    FROM made;
    INSERT INTO episodes (id, tenant_id, conversation_id, number, opened_at)
    SELECT episode, tenant, id, 1, at FROM made;
    INSERT INTO messages (id, tenant_id, conversation_id, episode_id, inbox_id, direction, contact_id,
        content, text, sent_at, stored_at, version)
    SELECT gen_random_uuid(), tenant, id, episode, inbox, 'in', contact,
        jsonb_build_object('type', 'text', 'text', 'good morning number ' || n),
        'good morning number ' || n, at, at, v
    FROM made, generate_series(1, 2) v;
    INSERT INTO search_words (subject_id, tenant_id, kind, conversation_id, at, words)
    SELECT m.id, m.tenant_id, 'message', m.conversation_id, m.sent_at, to_tsvector('simple', m.text)
    FROM messages m JOIN made ON made.id = m.conversation_id;
    INSERT INTO search_names (subject_id, tenant_id, kind, contact_id, text)
    SELECT contact, tenant, 'name', contact, 'customer ' || n FROM made;
    DROP TABLE made;";

/// Makes one open conversation long.
const LENGTHEN: &str = "
    INSERT INTO messages (id, tenant_id, conversation_id, episode_id, inbox_id, direction, contact_id,
        content, text, sent_at, stored_at, version)
    SELECT gen_random_uuid(), c.tenant_id, c.id, c.episode_id, c.inbox_id, 'in', c.contact_id,
        jsonb_build_object('type', 'text', 'text', 'and number ' || n), 'and number ' || n,
        c.last_message_at + n * interval '1 second', c.last_message_at, 2 + n
    FROM conversations c, generate_series(1, $long) n WHERE c.id = '$id';
    UPDATE conversations SET version = 2 + $long WHERE id = '$id';";

/// Fills up to a number of conversations.
pub(super) async fn fill(client: &Client, from: usize, to: usize) -> Result<()> {
    let statements = MORE
        .replace("$from", &(from + 1).to_string())
        .replace("$to", &to.to_string());
    client.batch_execute(&statements).await?;
    // What autovacuum does by itself at a desk that has been open for a while.
    client.batch_execute("VACUUM ANALYZE").await?;
    Ok(client.batch_execute("CHECKPOINT").await?)
}

/// Makes one conversation long and gives its id.
pub(super) async fn lengthen(client: &Client) -> Result<String> {
    let row = client
        .query_opt(
            "SELECT id::text FROM conversations WHERE status = 'open' ORDER BY last_message_at LIMIT 1",
            &[],
        )
        .await?;
    let id: String = row.context("no conversation is open")?.get(0);
    let statements = LENGTHEN
        .replace("$long", &(LONG - 2).to_string())
        .replace("$id", &id);
    client.batch_execute(&statements).await?;
    Ok(id)
}
