//! How many statements a page costs: as many for a long page as for a short one.
//!
//! What counts is what PostgreSQL is asked to run, so the desk speaks to it through a wire tap that
//! counts the messages of the protocol: `E` for each statement, beside the `Q` by which a transaction
//! begins and ends. They run on one thread, as a request does on a worker of the server.

use crate::sla::{Promise, Told};
use crate::support::{Asked, Workspace, operation};
use futures::StreamExt;
use interdesk_domain::agent::Presence;
use interdesk_domain::permission::Role;
use interdesk_domain::sla::{Party, What};
use interdesk_store::{Database, Limits};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

const PAGE: &str = "query ($first: Int) {
    conversations(first: $first) {
        totalCount
        nodes {
            id lastText canReplyUntil
            contact { id name identities { id value } }
            assignee { id name }
            queue { id name waiting }
            inbox { id name channel }
            episode { id number }
            workItem { id state }
            messages(last: 3) { nodes { id sentAt } }
        }
        pageInfo { hasNextPage endCursor }
    }
}";

/// Its statements: the check of the viewer, the list, its count, what hangs on it of the four kinds
/// that are read together, the work items, the episodes, the messages, what waits in the queues, the
/// apps of a reply, and where the contacts can be reached.
const STATEMENTS: usize = 10;

const INBOX: &str = include_str!("../../operations/Inbox.graphql");

/// Counts the statements that go through it.
struct Tap {
    url: String,
    statements: Arc<AtomicUsize>,
}

impl Tap {
    /// Listens before the server of `url`.
    async fn before(url: &str) -> Self {
        let (login, rest) = url.split_once('@').expect("a login");
        let (server, name) = rest.split_once('/').expect("a database");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let statements = Arc::new(AtomicUsize::new(0));
        let (server, counted) = (server.to_owned(), statements.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                // Small messages are not to wait for each other.
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                let (from_client, mut to_client) = client.into_split();
                let (mut from_server, to_server) = server.into_split();
                tokio::spawn(count(from_client, to_server, counted.clone()));
                tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
            }
        });
        Self {
            url: format!("{login}@{address}/{name}"),
            statements,
        }
    }
}

/// Hands on what the client says, message by message, and counts statements.
async fn count(
    mut client: OwnedReadHalf,
    mut server: OwnedWriteHalf,
    statements: Arc<AtomicUsize>,
) -> std::io::Result<()> {
    // The first message has a length and no kind.
    let mut kind = None;
    loop {
        let length = client.read_u32().await?;
        let mut body = vec![0; length as usize - 4];
        client.read_exact(&mut body).await?;
        if kind == Some(b'E') {
            statements.fetch_add(1, Ordering::SeqCst);
        }
        let mut message: Vec<u8> = kind.into_iter().collect();
        message.extend(length.to_be_bytes());
        message.extend(body);
        server.write_all(&message).await?;
        kind = Some(client.read_u8().await?);
    }
}

/// Returns the fewest statements of several tries: the first ones prepare.
async fn fewest(
    asked: &Asked,
    workspace: &Workspace,
    tap: &Tap,
    page: &str,
    first: usize,
) -> usize {
    let mut fewest = usize::MAX;
    for _ in 0..30 {
        let before = tap.statements.load(Ordering::SeqCst);
        let shown = asked
            .ask(&workspace.viewer, page, json!({ "first": first }))
            .await;
        let nodes = shown["conversations"]["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), first);
        assert!(nodes.iter().all(|node| node["queue"] != Value::Null));
        fewest = fewest.min(tap.statements.load(Ordering::SeqCst) - before);
    }
    fewest
}

/// Lets the desk speak to its database through a tap.
async fn tapped(asked: &mut Asked) -> Tap {
    let tap = Tap::before(&asked.world.test.url).await;
    let limits = Limits {
        connections: 8,
        ..Limits::default()
    };
    asked.desk.database = Database::new(&tap.url, &limits).unwrap();
    asked.schema = asked.schema_again();
    tap
}

/// A page of conversations that show all that there is.
async fn conversations() -> (Asked, Workspace) {
    let mut asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let (tenant, queue, inbox) = (workspace.viewer.tenant, workspace.queue, workspace.inbox);
    asked.world.waiting_many(tenant, queue, inbox, 29).await;
    let (of, agent) = (tenant.0, workspace.viewer.agent.0);
    let rows = format!(
        "UPDATE conversations SET assignee_id = '{agent}';
         INSERT INTO identities (id, tenant_id, contact_id, network, namespace, value, valid_from)
         SELECT gen_random_uuid(), '{of}', id, 'webhook', 'extra', id::text, now() FROM contacts;
         INSERT INTO messages (id, tenant_id, conversation_id, episode_id, inbox_id, direction,
            contact_id, content, text, sent_at, stored_at, version)
         SELECT gen_random_uuid(), '{of}', id, episode_id, inbox_id, 'in', contact_id,
            '{{\"type\": \"text\", \"text\": \"hi\"}}', 'hi', now(), now(), 10 + n
         FROM conversations, generate_series(1, 4) n;"
    );
    asked.world.test.execute_as_owner(&rows).await;
    (asked, workspace)
}

#[tokio::test]
async fn a_page_of_25_costs_as_many_statements_as_a_page_of_5() {
    let (mut asked, workspace) = conversations().await;
    let tap = tapped(&mut asked).await;
    for first in [5, 25] {
        let statements = fewest(&asked, &workspace, &tap, PAGE, first).await;
        assert_eq!(statements, STATEMENTS, "of {first}");
    }
}

#[tokio::test]
async fn the_inbox_page_costs_6_statements() {
    let (mut asked, workspace) = conversations().await;
    let tap = tapped(&mut asked).await;
    let statements = fewest(&asked, &workspace, &tap, INBOX, 25).await;
    assert_eq!(statements, 6);
}

const CLOCKS: &str = "query ($first: Int) {
    conversations(first: $first) { nodes { id queue { id }
        slaClocks { id clock state remainingMs schedule policy { name } } } } }";

#[tokio::test]
async fn the_clocks_of_50_conversations_cost_as_many_statements_as_those_of_5() {
    let mut asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let (tenant, queue, inbox) = (workspace.viewer.tenant, workspace.queue, workspace.inbox);
    let promise = Promise::make(&asked, tenant).await;
    for made in asked.world.waiting_many(tenant, queue, inbox, 50).await {
        let opened = What::Opened {
            by: Party::Customer,
        };
        let told = Told {
            conversation: made.conversation,
            episode: made.episode,
            queue,
            moments: &[(0, opened), (0, What::CustomerMessage), (0, What::Queued)],
        };
        promise.tell(&asked, &told).await;
    }
    let tap = tapped(&mut asked).await;
    let short = fewest(&asked, &workspace, &tap, CLOCKS, 5).await;
    let long = fewest(&asked, &workspace, &tap, CLOCKS, 50).await;
    // The check of the viewer, the list, queues, clocks, schedules, policies.
    assert_eq!((short, long), (6, 6));
}

#[tokio::test]
async fn the_figures_of_20_queues_cost_as_many_statements_as_those_of_one() {
    let mut asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let (tenant, agent) = (workspace.viewer.tenant, workspace.viewer.agent);
    let tap = tapped(&mut asked).await;
    let document = "{ queues { id stats { waiting atRisk agents { presence agents } } } }";
    let mut costs = Vec::new();
    for queues in [1, 20] {
        for _ in 1..queues {
            asked.world.queue(tenant, &[agent]).await;
        }
        let mut fewest = usize::MAX;
        for _ in 0..10 {
            let before = tap.statements.load(Ordering::SeqCst);
            let shown = asked.ask(&workspace.viewer, document, json!({})).await;
            assert_eq!(shown["queues"].as_array().map(Vec::len), Some(queues));
            fewest = fewest.min(tap.statements.load(Ordering::SeqCst) - before);
        }
        costs.push(fewest);
    }
    assert!(costs[0] > 1, "the tap sees the statements");
    assert_eq!(costs[0], costs[1]);
}

#[tokio::test]
async fn a_report_costs_three_statements_whatever_it_shows_apart() {
    let mut asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let (role, presence) = (Role::Supervisor, Presence::Online);
    let boss = asked
        .world
        .person(workspace.viewer.tenant, role, presence, 0)
        .await;
    let tap = tapped(&mut asked).await;
    for apart in [json!([]), json!(["QUEUE", "TEAM", "POLICY", "PRIORITY"])] {
        let document = "query($apart: [SlaReportBy!]) { slaReport(from: \"2026-01-01\",
            to: \"2026-12-31\", groupBy: $apart) { rows { clock met p99Ms running } } }";
        let mut fewest = usize::MAX;
        for _ in 0..5 {
            let before = tap.statements.load(Ordering::SeqCst);
            asked.ask(&boss, document, json!({ "apart": apart })).await;
            fewest = fewest.min(tap.statements.load(Ordering::SeqCst) - before);
        }
        // The check of the viewer goes before them.
        assert_eq!(fewest, 1 + 3);
    }
}

#[tokio::test]
async fn twenty_streams_of_one_agent_look_up_once_what_they_may_see() {
    let mut asked = Asked::fresh().await;
    // Each looks every two seconds.
    asked.desk.settings.presence_lease = chrono::Duration::seconds(6);
    let workspace = asked.workspace().await;
    let tap = tapped(&mut asked).await;
    for _ in 0..20 {
        let document = operation("DeskEvents");
        let request = asked.request(
            &workspace.viewer,
            &document,
            json!({ "after": Value::Null }),
        );
        let mut live = asked.schema.execute_stream(request).boxed();
        tokio::spawn(async move { while live.next().await.is_some() {} });
    }
    let count = || tap.statements.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let begun = count();
    assert!(begun >= 20, "each asked before it began: {begun}");
    tokio::time::sleep(Duration::from_secs(5)).await;
    let asked_again = count() - begun;
    assert!((1..=6).contains(&asked_again), "{asked_again} statements");
}
