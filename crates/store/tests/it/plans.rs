//! Hot statements never read a big table from end to end.

use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::message::Address;
use interdesk_domain::scope::TenantScope;
use interdesk_store::{Transaction, apps, conversations, early, messages, read, receive};
use interdesk_testkit::World;

#[derive(diesel::QueryableByName, Debug)]
struct Scan {
    #[diesel(sql_type = Text)]
    relname: String,
    #[diesel(sql_type = BigInt)]
    seq_tup_read: i64,
    #[diesel(sql_type = BigInt)]
    idx_scan: i64,
}

/// Returns what the transaction has read so far.
async fn scans(transaction: &mut Transaction) -> Vec<Scan> {
    let query = "SELECT relname::text, seq_tup_read, COALESCE(idx_scan, 0) AS idx_scan
        FROM pg_stat_xact_user_tables WHERE schemaname = 'public'";
    diesel::sql_query(query)
        .load(&mut **transaction)
        .await
        .unwrap()
}

/// Fills the big tables: 3,000 conversations of one tenant with a message and an address each.
async fn fill(world: &World) -> (TenantScope, QueueId, InboxId, Vec<ConversationId>) {
    let tenant = world.tenant().await;
    let queue = world.queue(tenant, &[]).await;
    let inbox = world.inbox(tenant, queue).await;
    let made = world.waiting_many(tenant, queue, inbox, 3_000).await;
    world
        .test
        .execute_as_owner(
            "INSERT INTO messages (id, tenant_id, conversation_id, episode_id, inbox_id, direction, provider_id,
                content, sent_at, stored_at, version, delivery, attempt_id)
             SELECT gen_random_uuid(), tenant_id, id, episode_id, inbox_id, 'out', 'm-' || id, '{}', now(), now(),
                1, 'queued', gen_random_uuid()
             FROM conversations;
             INSERT INTO identities (id, tenant_id, contact_id, network, namespace, value, valid_from)
             SELECT gen_random_uuid(), tenant_id, contact_id, 'whatsapp', 'phone', id::text, now()
             FROM conversations;
             UPDATE conversations SET thread_key = 'contact:' || contact_id || ':' || queue_id;
             INSERT INTO early_updates (id, tenant_id, inbox_id, target, kind, data, arrived_at)
             SELECT gen_random_uuid(), tenant_id, inbox_id, 'm-' || id, 'receipt', '{}', now()
             FROM conversations, generate_series(1, 10);
             INSERT INTO message_ids (inbox_id, provider_id, message_id, tenant_id)
             SELECT inbox_id, 'x-' || conversation_id, id, tenant_id FROM messages;
             INSERT INTO channel_states (conversation_id, inbox_id, tenant_id, state, changed_at)
             SELECT id, inbox_id, tenant_id, 'room', now() FROM conversations;
             INSERT INTO reactions (inbox_id, target, author, tenant_id, emojis, changed_at)
             SELECT inbox_id, 'x-' || conversation_id, 'somebody', tenant_id, '{x}', now() FROM messages;
             INSERT INTO timers (id, tenant_id, kind, subject_id, due_at)
             SELECT gen_random_uuid(), tenant_id, 'delivery_retry', gen_random_uuid(), now() FROM conversations;
             ANALYZE",
        )
        .await;
    (
        TenantScope::new(tenant),
        queue,
        inbox,
        made.iter().map(|one| one.conversation).collect(),
    )
}

/// Looks messages up by further ids, and what hangs on them.
async fn name_further(
    transaction: &Transaction,
    scope: TenantScope,
    inbox: InboxId,
    few: &[ConversationId],
) {
    let further: Vec<String> = few.iter().map(|id| format!("x-{}", id.0)).collect();
    let asked: Vec<_> = further.iter().map(|id| (inbox, id.as_str())).collect();
    let known = receive::find_messages(transaction, scope, &asked).await;
    assert_eq!(known.unwrap().len(), 20);
    let named = receive::find_named(transaction, scope, &asked).await;
    assert_eq!(named.unwrap().len(), 20);
    let threads = receive::lock_threads(transaction, scope, &[], &[], &asked).await;
    assert_eq!(threads.unwrap().threads.len(), 20);
    conversations::lock_by_messages(transaction, scope, &asked, &[])
        .await
        .unwrap();
    let found = messages::lock_by_provider_id(transaction, scope, inbox, &further[0]).await;
    let found = found.unwrap().unwrap();
    messages::insert_ids(transaction, scope, inbox, found.id, &[&further[0], "m-x"])
        .await
        .unwrap();
    let (id, now) = (few[0], chrono::DateTime::UNIX_EPOCH);
    let contact = apps::list(transaction, scope, &[id]).await.unwrap()[0].contact_id;
    conversations::save_state(
        transaction,
        scope,
        (id, inbox),
        contact,
        Some("room"),
        "room",
        now,
    )
    .await
    .unwrap();
    let further: Vec<_> = further.into_iter().map(|id| (inbox, id)).collect();
    let replies = read::messages::find_by_provider_ids(transaction, scope, &further).await;
    assert_eq!(replies.unwrap().len(), 20);
    let main: Vec<_> = few
        .iter()
        .map(|id| (inbox, format!("m-{}", id.0)))
        .collect();
    for asked in [main, further] {
        let reactions = read::messages::list_reactions(transaction, scope, &asked).await;
        let reactions = reactions.unwrap();
        assert_eq!(reactions.len(), 20);
        let is_asked =
            |one: &read::messages::Reaction| asked.contains(&(inbox, one.target.clone()));
        assert!(
            reactions.iter().all(is_asked),
            "each under the id that was asked"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hot_statements_use_their_indexes() {
    let world = World::fresh().await;
    let (scope, queue, inbox, made) = fill(&world).await;
    let mut transaction = world.test.database.begin(scope).await.unwrap();
    let big = [
        "messages",
        "identities",
        "conversations",
        "early_updates",
        "timers",
        "work_items",
        "message_ids",
        "channel_states",
        "reactions",
    ];
    // Past the fifth run PostgreSQL may change to a plan for any values.
    for run in 0..12 {
        let few = &made[run * 20..][..20];
        let ids: Vec<String> = few.iter().map(|id| format!("m-{}", id.0)).collect();
        let asked: Vec<_> = ids.iter().map(|id| (inbox, id.as_str())).collect();
        let addresses: Vec<Address> = few
            .iter()
            .map(|id| Address {
                network: "whatsapp".to_owned(),
                namespace: "phone".to_owned(),
                value: id.0.to_string(),
            })
            .collect();
        let known = receive::find_messages(&transaction, scope, &asked)
            .await
            .unwrap();
        assert_eq!(known.len(), 20);
        early::list(&transaction, scope, &asked).await.unwrap();
        let authors: Vec<_> = addresses.iter().map(|one| (one, queue)).collect();
        let found = receive::lock_threads(&transaction, scope, &authors, &[], &[])
            .await
            .unwrap();
        assert_eq!((found.people.len(), found.threads.len()), (20, 20));
        conversations::lock_by_messages(&transaction, scope, &asked, &[])
            .await
            .unwrap();
        messages::lock_next_pending(&transaction, scope, few[0])
            .await
            .unwrap();
        messages::lock_by_provider_id(&transaction, scope, inbox, &ids[0])
            .await
            .unwrap();
        name_further(&transaction, scope, inbox, few).await;
        let mut whole = scans(&mut transaction).await;
        whole.retain(|scan| big.contains(&scan.relname.as_str()) && scan.seq_tup_read > 0);
        assert!(whole.is_empty(), "run {run}: {whole:?}");
    }
    let used = scans(&mut transaction).await;
    for table in big {
        let scan = used.iter().find(|scan| scan.relname == table);
        assert!(
            scan.is_some_and(|scan| scan.idx_scan > 0),
            "{table} is looked at by an index"
        );
    }
}

#[derive(diesel::QueryableByName, Debug)]
struct Named {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    id: uuid::Uuid,
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_the_list_follow_the_last_message_exactly_and_read_little_beyond_themselves() {
    use interdesk_store::sight::Sight;
    use read::Window;
    use read::conversations::{Filter, list};
    let world = World::fresh().await;
    let (scope, ..) = fill(&world).await;
    // Nine in a minute, among them three of the very same moment.
    let spread = "UPDATE conversations c
        SET last_message_at = '2026-01-01Z'::timestamptz + n / 3 * interval '20 seconds'
        FROM (SELECT id, row_number() OVER (ORDER BY md5(id::text)) AS n FROM conversations) AS r
        WHERE r.id = c.id;
        ANALYZE conversations";
    world.test.execute_as_owner(spread).await;
    let mut transaction = world.test.database.begin(scope).await.unwrap();
    let query = "SELECT id FROM conversations ORDER BY last_message_at DESC, id DESC LIMIT 200";
    let expected: Vec<Named> = diesel::sql_query(query)
        .load(&mut *transaction)
        .await
        .unwrap();
    let expected: Vec<_> = expected.into_iter().map(|row| row.id).collect();
    let before = reads(&mut transaction).await;
    let (mut down, mut after) = (Vec::new(), None);
    for _ in 0..8 {
        let window = Window {
            after,
            before: None,
            limit: 25,
            from_end: false,
        };
        let page = list(
            &transaction,
            scope,
            &Sight::ALL,
            &Filter::default(),
            &window,
        )
        .await;
        down.extend(page.unwrap());
        after = down.last().map(|row| (row.last_message_at, row.id));
    }
    let read = reads(&mut transaction).await - before;
    let ids: Vec<_> = down.iter().map(|row| row.id.0).collect();
    assert_eq!(ids, expected);
    // Eight times all 3,000 without the index.
    assert!(read < 1_500, "{read} rows were read for 200");
    let window = Window {
        after: None,
        before: Some((down[150].last_message_at, down[150].id)),
        limit: 25,
        from_end: true,
    };
    let page = list(
        &transaction,
        scope,
        &Sight::ALL,
        &Filter::default(),
        &window,
    )
    .await;
    let ids: Vec<_> = page.unwrap().iter().map(|row| row.id.0).collect();
    assert_eq!(ids, expected[125..150]);
}

/// Returns how many rows of conversations the transaction has read so far.
async fn reads(transaction: &mut Transaction) -> i64 {
    let query = "SELECT relname::text, seq_tup_read, idx_tup_fetch AS idx_scan
        FROM pg_stat_xact_user_tables WHERE relname = 'conversations'";
    let rows: Vec<Scan> = diesel::sql_query(query)
        .load(&mut **transaction)
        .await
        .unwrap();
    rows[0].seq_tup_read + rows[0].idx_scan
}
