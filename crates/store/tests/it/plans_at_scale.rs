//! Pages of lists and searches read little beyond themselves, however many conversations there are.

use chrono::{DateTime, Utc};
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use interdesk_domain::conversation::ConversationStatus;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use interdesk_store::read::Window;
use interdesk_store::read::conversations::{self, Assignee, Filter};
use interdesk_store::read::related::{self, Wanted};
use interdesk_store::search::{self, SaidFilter};
use interdesk_store::sight::Sight;
use interdesk_store::{Transaction, aside, read, sla};
use interdesk_testkit::World;

/// How many conversations there are, with two messages each.
const MANY: usize = 100_000;

#[derive(diesel::QueryableByName, Debug, Clone, Copy)]
struct Reads {
    #[diesel(sql_type = BigInt)]
    whole: i64,
    #[diesel(sql_type = BigInt)]
    by_index: i64,
}

/// Returns how many rows the transaction has read so far: in scans of whole tables, and by indexes.
async fn reads(transaction: &mut Transaction) -> Reads {
    let query = "SELECT COALESCE(sum(seq_tup_read), 0)::bigint AS whole,
            COALESCE(sum(idx_tup_fetch), 0)::bigint AS by_index
        FROM pg_stat_xact_user_tables WHERE schemaname = 'public' AND relname NOT IN ('inboxes')";
    diesel::sql_query(query)
        .get_result(&mut **transaction)
        .await
        .unwrap()
}

/// Fills the tables by one statement each.
async fn fill(world: &World) -> (TenantScope, [QueueId; 2], AgentId) {
    let tenant = world.tenant().await;
    let agent = world.agent(tenant, 3).await.agent;
    let queue = world.queue(tenant, &[agent]).await;
    let rare = world.queue(tenant, &[]).await;
    let inbox = world.inbox(tenant, queue).await;
    let (of, inbox, owner) = (tenant.0, inbox.0, agent.0);
    let rows = format!(
        "CREATE TEMP TABLE made AS SELECT n, gen_random_uuid() AS id, gen_random_uuid() AS contact,
            gen_random_uuid() AS episode FROM generate_series(1, {MANY}) n;
         INSERT INTO contacts (id, tenant_id, name, created_at)
         SELECT contact, '{of}', 'Customer ' || n, now() FROM made;
         INSERT INTO conversations (id, tenant_id, thread_key, contact_id, inbox_id, queue_id, status,
            assignee_id, version, episode_id, last_message_at, created_at, tags)
         SELECT id, '{of}', id, contact, '{inbox}',
            CASE WHEN n % 1000 = 0 THEN '{rare}' ELSE '{common}' END::uuid,
            CASE WHEN n % 10 = 0 THEN 'open' ELSE 'resolved' END,
            CASE WHEN n % 100 = 0 THEN '{owner}'::uuid END, 2, episode,
            '2026-01-01Z'::timestamptz + n * interval '20 seconds', now(),
            CASE WHEN n % 50 = 0 THEN '{{refund}}'::text[] ELSE '{{}}' END
         FROM made;
         INSERT INTO episodes (id, tenant_id, conversation_id, number, opened_at)
         SELECT episode, '{of}', id, 1, now() FROM made;
         INSERT INTO messages (id, tenant_id, conversation_id, episode_id, inbox_id, direction,
            contact_id, content, text, sent_at, stored_at, version)
         SELECT gen_random_uuid(), '{of}', id, episode, '{inbox}', 'in', contact, '{{}}',
            'good morning number' || n, '2026-01-01Z'::timestamptz + n * interval '20 seconds', now(), v
         FROM made, generate_series(1, 2) v;
         INSERT INTO search_words (subject_id, tenant_id, kind, conversation_id, at, words)
         SELECT id, tenant_id, 'message', conversation_id, sent_at, to_tsvector('simple', text)
         FROM messages;
         INSERT INTO search_names (subject_id, tenant_id, kind, contact_id, text)
         SELECT id, tenant_id, 'name', id, lower(name) FROM contacts;
         ANALYZE",
        rare = rare.0,
        common = queue.0,
    );
    world.test.execute_as_owner(&rows).await;
    (TenantScope::new(tenant), [queue, rare], agent)
}

fn window<P>(after: Option<P>) -> Window<P> {
    Window {
        after,
        before: None,
        limit: 26,
        from_end: false,
    }
}

async fn said(transaction: &Transaction, scope: TenantScope, text: &str) -> usize {
    let filter = SaidFilter {
        messages: true,
        ..SaidFilter::default()
    };
    let found = search::list_said(transaction, scope, &Sight::ALL, text, &filter, None, 26).await;
    found.unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn hot_pages_read_little_of_a_hundred_thousand_conversations() {
    let world = World::fresh().await;
    let (scope, [common, rare], agent) = fill(&world).await;
    // What most agents see: their team's queue, and what they have.
    let team = Sight::of(vec![agent.0, common.0]);
    let middle: DateTime<Utc> = "2026-01-12T00:00:00Z".parse().unwrap();
    let open = Filter {
        status: Some(vec![ConversationStatus::Open]),
        ..Filter::default()
    };
    let own = Filter {
        assignee: Assignee::Agent(agent),
        ..Filter::default()
    };
    let nobody = Filter {
        assignee: Assignee::Nobody,
        ..Filter::default()
    };
    let mut transaction = world.test.database.begin(scope).await.unwrap();
    let mut told = Vec::new();
    let mut before = reads(&mut transaction).await;
    // What a page may read: itself, what is passed over on the way, and the place of each row.
    macro_rules! at_most {
        ($name:literal, $most:expr, $rows:expr) => {
            let rows = $rows;
            let after = reads(&mut transaction).await;
            let read = after.by_index - before.by_index;
            told.push(format!("{}: {rows} rows, {read} read", $name));
            assert_eq!(
                after.whole, before.whole,
                "{} reads a table from end to end",
                $name
            );
            assert!(
                read <= $most,
                "{} reads {read} rows for {rows}, {} at most",
                $name,
                $most
            );
            before = after;
        };
    }
    macro_rules! page {
        ($filter:expr, $after:expr) => {
            conversations::list(&transaction, scope, &Sight::ALL, $filter, &window($after))
                .await
                .unwrap()
        };
    }
    // Past the fifth run PostgreSQL may change to a plan for any values.
    for _ in 0..7 {
        at_most!("the list", 200, page!(&Filter::default(), None).len());
        let place = Some((middle, ConversationId(uuid::Uuid::nil())));
        at_most!(
            "the list from its middle",
            200,
            page!(&Filter::default(), place).len()
        );
        at_most!("what is open", 1_000, page!(&open, None).len());
        at_most!("an agent's own", 1_500, page!(&own, None).len());
        let found = page!(&nobody, None);
        at_most!("what nobody has", 200, found.len());
        let seen = conversations::list(
            &transaction,
            scope,
            &team,
            &Filter::default(),
            &window(None),
        )
        .await;
        at_most!("a team's list", 200, seen.unwrap().len());
        let counted =
            conversations::count(&transaction, scope, &team, &Filter::default(), 1_000).await;
        at_most!("its count", 1_500, counted.unwrap());
        let customers: Vec<ContactId> = found.iter().map(|row| row.contact_id).collect();
        let wanted = Wanted {
            agents: found.iter().filter_map(|row| row.assignee_id).collect(),
            queues: found.iter().map(|row| row.queue_id).collect(),
            inboxes: found.iter().map(|row| row.inbox_id).collect(),
            contacts: customers.clone(),
        };
        let related = related::find(&transaction, scope, &wanted).await;
        at_most!("what hangs on it", 400, related.unwrap().persons.len());
        let known = read::contacts::list_known(&transaction, scope, &customers).await;
        at_most!("where these can be reached", 500, known.unwrap().len());
        let ids: Vec<ConversationId> = found.iter().map(|row| row.id).collect();
        let few = Window {
            after: None,
            before: None,
            limit: 3,
            from_end: true,
        };
        let messages = read::messages::list(&transaction, scope, &ids, &few).await;
        at_most!("their last messages", 300, messages.unwrap().len());
        let facts = sla::list_facts(&transaction, scope, &ids).await;
        at_most!("what views judge by", 400, facts.unwrap().len());
        let notes = aside::list_notes(&transaction, scope, &ids, &few).await;
        at_most!("their notes", 10, notes.unwrap().len());
        // The 5,000 latest are looked through before the index of words is asked.
        at_most!(
            "rare words",
            5_200,
            said(&transaction, scope, "number77777").await
        );
        at_most!(
            "beginnings",
            7_000,
            said(&transaction, scope, "number7777").await
        );
        at_most!(
            "words that everybody says",
            500,
            said(&transaction, scope, "good morning").await
        );
        let people = search::list_people(&transaction, scope, "customer 77777", None, 26).await;
        // Beside those who are called so a thousand who are called nearly so are weighed.
        at_most!("a name", 2_500, people.unwrap().len());
    }
    let queue = Filter {
        queue: Some(rare),
        ..Filter::default()
    };
    let found = page!(&queue, None).len();
    let after = reads(&mut transaction).await;
    told.push(format!(
        "a rare queue: {found} rows, {} read",
        after.by_index - before.by_index
    ));
    println!("{}", told[told.len() - 13..].join("\n"));
}
