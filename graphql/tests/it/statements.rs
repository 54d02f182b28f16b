//! How many statements a page costs: as many for a long page as for a short one.
//!
//! What counts is what PostgreSQL is asked to run, so the desk speaks to it through a wire tap that
//! takes down the messages of the protocol: `E` runs the statement that the last `B` bound and an earlier
//! `P` prepared, beside the `Q` by which a transaction begins and ends. They run on one thread, as a
//! request does on a worker of the server.

use crate::sla::{Promise, Told};
use crate::support::{Asked, Workspace, operation};
use futures::StreamExt;
use interdesk_domain::agent::Presence;
use interdesk_domain::permission::Role;
use interdesk_domain::sla::{Party, What};
use interdesk_store::{Database, Limits};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
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
/// that are read together, the work items, the episodes and which of them are seen, the messages, what
/// waits in the queues, the apps of a reply, and where the contacts can be reached.
const STATEMENTS: usize = 11;

const INBOX: &str = include_str!("../../operations/Inbox.graphql");

/// Takes down the statements that go through it.
struct Tap {
    url: String,
    said: Said,
}

type Said = Arc<Mutex<Vec<String>>>;

impl Tap {
    /// Listens before the server of `url`.
    async fn before(url: &str) -> Self {
        let (login, rest) = url.split_once('@').expect("a login");
        let (server, name) = rest.split_once('/').expect("a database");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let said = Said::default();
        let (server, heard) = (server.to_owned(), said.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                // Small messages are not to wait for each other.
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                let (from_client, mut to_client) = client.into_split();
                let (mut from_server, to_server) = server.into_split();
                tokio::spawn(listen(from_client, to_server, heard.clone()));
                tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
            }
        });
        Self {
            url: format!("{login}@{address}/{name}"),
            said,
        }
    }

    /// Gives the statements since the last call.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.said.lock().unwrap())
    }
}

/// Hands on what the client says, message by message, and takes down its statements.
async fn listen(
    mut client: OwnedReadHalf,
    mut server: OwnedWriteHalf,
    said: Said,
) -> std::io::Result<()> {
    let mut prepared: HashMap<String, String> = HashMap::new();
    let mut bound = String::new();
    // The first message has a length and no kind.
    let mut kind = None;
    loop {
        let length = client.read_u32().await?;
        let mut body = vec![0; length as usize - 4];
        client.read_exact(&mut body).await?;
        let mut words = body.split(|byte| *byte == 0);
        let mut word = || String::from_utf8_lossy(words.next().unwrap_or_default()).into_owned();
        match kind {
            Some(b'P') => {
                prepared.insert(word(), word());
            }
            Some(b'B') => {
                word();
                bound = prepared.get(&word()).cloned().unwrap_or_default();
            }
            Some(b'E') => said.lock().unwrap().push(bound.clone()),
            _ => {}
        }
        let mut message: Vec<u8> = kind.into_iter().collect();
        message.extend(length.to_be_bytes());
        message.extend(body);
        server.write_all(&message).await?;
        kind = Some(client.read_u8().await?);
    }
}

/// How many characters of a statement are shown, which tell it from the others.
const SHOWN: usize = 300;

/// Asserts that as many statements were said as is promised.
#[track_caller]
fn assert_costs(said: &[String], promised: usize) {
    let shown = said.iter().map(|one| {
        let words: Vec<&str> = one.split_whitespace().collect();
        words.join(" ").chars().take(SHOWN).collect::<String>()
    });
    let shown: Vec<String> = shown.collect();
    assert_eq!(said.len(), promised, "{shown:#?}");
}

/// Returns the fewest statements of several tries: the first ones prepare.
async fn fewest(
    asked: &Asked,
    workspace: &Workspace,
    tap: &Tap,
    page: &str,
    first: usize,
) -> Vec<String> {
    let mut tries = Vec::new();
    for _ in 0..30 {
        tap.take();
        let shown = asked
            .ask(&workspace.viewer, page, json!({ "first": first }))
            .await;
        let nodes = shown["conversations"]["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), first);
        assert!(nodes.iter().all(|node| node["queue"] != Value::Null));
        tries.push(tap.take());
    }
    tries.into_iter().min_by_key(Vec::len).unwrap()
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
    let asked = Asked::fresh().await;
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
        let said = fewest(&asked, &workspace, &tap, PAGE, first).await;
        assert_costs(&said, STATEMENTS);
    }
}

#[tokio::test]
async fn the_inbox_page_costs_6_statements() {
    let (mut asked, workspace) = conversations().await;
    let tap = tapped(&mut asked).await;
    let said = fewest(&asked, &workspace, &tap, INBOX, 25).await;
    assert_costs(&said, 6);
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
    // The check of the viewer, the list, queues, clocks, schedules, policies.
    for first in [5, 50] {
        let said = fewest(&asked, &workspace, &tap, CLOCKS, first).await;
        assert_costs(&said, 6);
    }
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
            tap.take();
            let shown = asked.ask(&workspace.viewer, document, json!({})).await;
            assert_eq!(shown["queues"].as_array().map(Vec::len), Some(queues));
            fewest = fewest.min(tap.take().len());
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
            tap.take();
            asked.ask(&boss, document, json!({ "apart": apart })).await;
            fewest = fewest.min(tap.take().len());
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
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let begun = tap.take().len();
    assert!(begun >= 20, "each asked before it began: {begun}");
    tokio::time::sleep(Duration::from_secs(5)).await;
    let asked_again = tap.take().len();
    assert!((1..=6).contains(&asked_again), "{asked_again} statements");
}
