//! A thousand live views whose connections are cut at random while the desk works: in the end each of
//! them shows what the desk shows, nothing was missed, and nothing came twice.

use crate::harness::{Agent, Column, Desk, PATIENCE, Plan, WHATSAPP, until};
use futures::{SinkExt, StreamExt};
use interdesk_simulator::Content;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How many sockets are open at once.
const CLIENTS: usize = 1_000;
/// Connections that are made at once: a browser waits, too, when it comes back.
const DOORS: usize = 16;
/// How long it goes on at least.
const SHORTEST: Duration = Duration::from_secs(20);
/// How long it may take until everybody is there, and was cut.
const LONGEST: Duration = Duration::from_secs(150);
/// How long it may take until everybody shows what the desk shows.
const SETTLE: Duration = Duration::from_secs(45);

/// What stands in the row itself: a thousand clients in one test are enough to be loaded for.
const ROW: &str = "id status version lastText priority";

/// What somebody watches.
#[derive(Debug, Clone, PartialEq)]
enum Sort {
    Inbox(Value),
    Conversation(String),
    Presence,
    Offers,
    Queues,
}

impl Sort {
    fn field(&self) -> &'static str {
        match self {
            Self::Inbox(_) => "inbox",
            Self::Conversation(_) => "conversation",
            Self::Presence => "presence",
            Self::Offers => "offers",
            Self::Queues => "queueStats",
        }
    }

    fn document(&self) -> String {
        match self {
            Self::Inbox(_) => format!(
                "subscription($filter: ConversationFilter, $after: Cursor) {{
                inbox(filter: $filter, first: 100, after: $after) {{ __typename cursor
                    ... on InboxSnapshot {{ nodes {{ {ROW} }} }}
                    ... on InboxRow {{ conversation {{ {ROW} }} }}
                    ... on ConversationLeft {{ conversationId }} }} }}"
            ),
            Self::Conversation(_) => format!(
                "subscription($id: ID!, $after: Cursor) {{
                conversation(id: $id, after: $after) {{ __typename cursor
                    ... on ConversationSnapshot {{ conversation {{ {ROW} }} }}
                    ... on ConversationEvent {{ conversation {{ {ROW} }} event {{ seq kind }} }}
                    ... on ConversationLeft {{ conversationId }} }} }}"
            ),
            Self::Presence => "subscription($after: Cursor) {
                presence(after: $after) { __typename cursor
                    ... on PresenceSnapshot { agents { id presence } }
                    ... on AgentPresence { agent { id presence } }
                    ... on AgentLeft { agentId } } }"
                .to_owned(),
            Self::Offers => "subscription($after: Cursor) {
                offers(after: $after) { __typename cursor
                    ... on OffersSnapshot { offers { id state } }
                    ... on OfferChange { offer { id state } } } }"
                .to_owned(),
            Self::Queues => "subscription($after: Cursor) {
                queueStats(after: $after) { __typename cursor
                    ... on QueueStatsSnapshot { queues { ...Standing } }
                    ... on QueueStanding { ...Standing } } }
                fragment Standing on QueueStanding {
                    queue { id } stats { waiting offered inWork wrappingUp } }"
                .to_owned(),
        }
    }

    fn variables(&self, after: Option<&str>) -> Value {
        match self {
            Self::Inbox(filter) => json!({ "filter": filter, "after": after }),
            Self::Conversation(id) => json!({ "id": id, "after": after }),
            _ => json!({ "after": after }),
        }
    }

    /// What the desk says when it is asked.
    async fn truth(&self, agent: &Agent) -> BTreeMap<String, Value> {
        let (document, path) = match self {
            Self::Inbox(_) => (
                format!(
                    "query($filter: ConversationFilter) {{ conversations(filter: $filter, first: 100) {{
                    nodes {{ {ROW} }} pageInfo {{ hasNextPage }} }} }}"
                ),
                "/conversations/nodes",
            ),
            Self::Conversation(_) => (
                format!("query($id: ID!) {{ nodes(ids: [$id]) {{ ... on Conversation {{ {ROW} }} }} }}"),
                "/nodes",
            ),
            Self::Presence => ("{ agents { id presence } }".to_owned(), "/agents"),
            Self::Offers => ("{ offers { id state } }".to_owned(), "/offers"),
            Self::Queues => (
                "{ queues { id stats { waiting offered inWork wrappingUp } } }".to_owned(),
                "/queues",
            ),
        };
        let mut variables = self.variables(None);
        variables.as_object_mut().expect("a map").remove("after");
        let data = agent.ask(&document, variables).await;
        assert_ne!(
            data["conversations"]["pageInfo"]["hasNextPage"], true,
            "it is one page"
        );
        let rows = data.pointer(path).and_then(Value::as_array).expect("rows");
        rows.iter().map(keyed).collect()
    }
}

fn keyed(row: &Value) -> (String, Value) {
    let id = row.get("id").or_else(|| row.pointer("/queue/id"));
    let id = id.and_then(Value::as_str).expect("an id").to_owned();
    match row.get("stats") {
        Some(stats) => (id, stats.clone()),
        None => (id, row.clone()),
    }
}

/// What one client has, put together from what it was told.
#[derive(Debug, Default)]
struct Held {
    rows: BTreeMap<String, Value>,
    cursor: Option<String>,
    /// What was told, by place and thing.
    told: BTreeSet<(String, String)>,
    /// The events of a conversation.
    seqs: Vec<i64>,
    twice: Vec<String>,
    cuts: usize,
}

impl Held {
    fn take(&mut self, change: &Value) {
        let kind = change["__typename"].as_str().expect("a type");
        let cursor = change["cursor"].as_str().expect("a cursor").to_owned();
        let mut about = String::new();
        match kind {
            "InboxSnapshot" => self.set(&change["nodes"]),
            "PresenceSnapshot" => self.set(&change["agents"]),
            "OffersSnapshot" => self.set(&change["offers"]),
            "QueueStatsSnapshot" => self.set(&change["queues"]),
            "ConversationSnapshot" => self.set(&json!([change["conversation"]])),
            "ConversationLeft" => {
                about = change["conversationId"].as_str().expect("an id").to_owned();
                self.rows.remove(&about);
            }
            "AgentLeft" => {
                about = change["agentId"].as_str().expect("an id").to_owned();
                self.rows.remove(&about);
            }
            "OfferChange" if change["offer"]["state"] != "PENDING" => {
                about = change["offer"]["id"].as_str().expect("an id").to_owned();
                self.rows.remove(&about);
            }
            _ => {
                let found = ["conversation", "agent", "offer"];
                let mut found = found.iter().filter_map(|field| change.get(field));
                let (id, row) = keyed(found.next().unwrap_or(change));
                about.clone_from(&id);
                self.rows.insert(id, row);
            }
        }
        if let Some(seq) = change["event"]["seq"].as_i64() {
            self.seqs.push(seq);
        }
        // Queues are told when they stand otherwise, wherever that is in the log.
        let is_new = self.told.insert((cursor.clone(), about));
        if !is_new && kind != "QueueStanding" {
            self.twice.push(change.to_string());
        }
        self.cursor = Some(cursor);
    }

    fn set(&mut self, rows: &Value) {
        let rows = rows.as_array().expect("rows");
        self.rows = rows.iter().map(keyed).collect();
    }
}

/// One of the thousand.
struct Client {
    sort: Sort,
    agent: Agent,
    chance: Chance,
    held: Arc<Mutex<Held>>,
}

/// Numbers that look like chance and are the same in each run.
#[derive(Clone)]
struct Chance(u64);

impl Chance {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % below
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What all clients share.
struct Storm {
    url: String,
    doors: tokio::sync::Semaphore,
    open: AtomicUsize,
    cut: AtomicUsize,
    is_calm: AtomicBool,
}

impl Client {
    async fn run(mut self, storm: Arc<Storm>) {
        let mut cuts = 0;
        loop {
            let mut socket = self.connect(&storm).await;
            storm.open.fetch_add(1, Ordering::SeqCst);
            // Everybody is cut once, some more often, and at last all stay.
            let stays = 1_000 + self.chance.next(9_000);
            let end = Instant::now() + Duration::from_millis(stays);
            loop {
                let is_to_be_cut = cuts == 0 || cuts < 3 && self.chance.0 & (1 << 20) != 0;
                let is_calm = storm.is_calm.load(Ordering::SeqCst);
                let is_everybody_here =
                    storm.open.load(Ordering::SeqCst) + storm.cut.load(Ordering::SeqCst) >= CLIENTS;
                if is_to_be_cut && !is_calm && is_everybody_here && Instant::now() >= end {
                    break;
                }
                let look = Instant::now() + Duration::from_millis(500);
                let Ok(frame) = timeout_at(look, socket.next()).await else {
                    continue;
                };
                let frame = frame.expect("the desk ends no socket").expect("a frame");
                if let Message::Text(text) = frame {
                    self.take(&text);
                }
            }
            self.cut(socket);
            cuts += 1;
            storm.open.fetch_sub(1, Ordering::SeqCst);
            storm.cut.fetch_add(1, Ordering::SeqCst);
            self.held.lock().unwrap().cuts = cuts;
            sleep(Duration::from_millis(self.chance.next(1_500))).await;
        }
    }

    fn take(&self, text: &str) {
        let message: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(message["type"], "next", "{:?}: {message}", self.sort);
        let payload = &message["payload"];
        assert!(
            payload.get("errors").is_none(),
            "{:?}: {payload}",
            self.sort
        );
        let change = &payload["data"][self.sort.field()];
        self.held.lock().unwrap().take(change);
    }

    /// Loses the connection without a word; with it whatever is on its way.
    #[allow(
        deprecated,
        reason = "nothing waits for it: zero seconds end it at once"
    )]
    fn cut(&self, socket: Socket) {
        if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
            let _ = stream.set_linger(Some(Duration::ZERO));
        }
        drop(socket);
    }

    async fn connect(&self, storm: &Storm) -> Socket {
        let _door = storm.doors.acquire().await.expect("they stay");
        let mut request = storm
            .url
            .as_str()
            .into_client_request()
            .expect("an address");
        let protocol = "graphql-transport-ws".parse().expect("a header");
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        let (mut socket, _) = connect_async(request).await.expect("a socket");
        let after = self.held.lock().unwrap().cursor.clone();
        let payload = json!({ "query": self.sort.document(), "variables": self.sort.variables(after.as_deref()) });
        for message in [
            json!({ "type": "connection_init", "payload": { "token": self.agent.token } }),
            json!({ "type": "subscribe", "id": "1", "payload": payload }),
        ] {
            if message["type"] == "subscribe" {
                let ack = socket.next().await.expect("open").expect("a frame");
                assert!(
                    ack.to_text().expect("text").contains("connection_ack"),
                    "{ack}"
                );
            }
            let message = Message::text(message.to_string());
            socket.send(message).await.expect("it is open");
        }
        if after.is_none() {
            let end = Instant::now() + PATIENCE;
            loop {
                let frame = timeout_at(end, socket.next()).await.expect("a snapshot");
                if let Message::Text(text) = frame.expect("open").expect("a frame") {
                    self.take(&text);
                    break;
                }
            }
        }
        socket
    }
}

/// Lets this process and those that it starts open so many files.
fn let_open(files: u64) {
    let limit = getrlimit(Resource::Nofile);
    let enough = limit.maximum.is_none_or(|most| most >= files);
    assert!(
        enough,
        "the hard limit of open files has to be {files} at least"
    );
    if limit.current.is_some_and(|now| now < files) {
        let wider = Rlimit {
            current: Some(files),
            ..limit
        };
        setrlimit(Resource::Nofile, wider).expect("the limit is below the hard one");
    }
}

/// The desk's work: customers write, agents take, mark, answer and end, and come and go.
async fn work(
    desk: &Desk,
    agents: &[Agent],
    mut chance: Chance,
    is_calm: Arc<AtomicBool>,
) -> usize {
    let mut done = 0;
    let busy = &agents[..3];
    while !is_calm.load(Ordering::SeqCst) {
        let agent = &busy[chance.next(3) as usize];
        match chance.next(6) {
            0 | 1 => {
                let customer = format!("155501{:05}", chance.next(30));
                desk.write(WHATSAPP, &customer, Content::text(format!("Word {done}")));
            }
            2 => {
                for offer in agent.offers().await {
                    agent.accept(&offer["id"]).await;
                }
            }
            3 => mark(agent, &mut chance).await,
            4 => {
                if let Some(id) = some_of(agent, &mut chance).await {
                    agent.resolve(&id).await;
                }
            }
            _ => {
                let who = &agents[3 + chance.next(agents.len() as u64 - 3) as usize];
                let presence = ["AWAY", "BUSY", "OFFLINE"][chance.next(3) as usize];
                who.presence(presence).await;
            }
        }
        done += 1;
        sleep(Duration::from_millis(250)).await;
    }
    done
}

async fn some_of(agent: &Agent, chance: &mut Chance) -> Option<Value> {
    let data = agent
        .ask("{ conversations(first: 100) { nodes { id } } }", json!({}))
        .await;
    let nodes = data["conversations"]["nodes"].as_array().expect("a list");
    let place = chance.next(nodes.len().max(1) as u64) as usize;
    nodes.get(place).map(|node| node["id"].clone())
}

async fn mark(agent: &Agent, chance: &mut Chance) {
    let Some(id) = some_of(agent, chance).await else {
        return;
    };
    let verb = ["conversationTag", "conversationUntag"][chance.next(2) as usize];
    let tag = ["urgent", "billing", "vip"][chance.next(3) as usize];
    let document = format!(
        "mutation($id: ID!) {{ {verb}(input: {{ conversationId: $id, tags: [\"{tag}\"] }}) {{ status }} }}"
    );
    agent.ask(&document, json!({ "id": id })).await;
}

fn sort(number: usize, conversations: &[String]) -> Sort {
    match number % 10 {
        0 => Sort::Inbox(Value::Null),
        1 => Sort::Inbox(json!({ "status": ["NEW"] })),
        2 => Sort::Inbox(json!({ "unassigned": true })),
        3 => Sort::Inbox(json!({ "status": ["OPEN", "RESOLVED"] })),
        4 if number % 50 == 4 => Sort::Queues,
        4 | 5 => Sort::Offers,
        6 | 7 => Sort::Presence,
        _ => Sort::Conversation(conversations[number % conversations.len()].clone()),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it takes the whole machine; ./dev long runs it"]
async fn a_thousand_live_views_that_are_cut_under_load_come_to_show_what_the_desk_shows() {
    let_open(4_096);
    let plan = Plan {
        agents: 6,
        capacity: 20,
        ..Plan::default()
    };
    let plan = plan.set("INTERDESK_GRAPHQL_COST_PER_MINUTE", "0");
    let desk = Desk::start(Column::Local, "chaos", plan).await;
    let mut agents = Vec::new();
    for number in 1..=6 {
        agents.push(desk.agent(number).await);
    }
    let mut log = agents[0].watch().await;
    for agent in &agents[..3] {
        agent.online().await;
    }
    for number in 0..10 {
        desk.write(
            WHATSAPP,
            &format!("155501{number:05}"),
            Content::text("Good morning"),
        );
    }
    let list = "{ conversations(first: 100) { nodes { id } } }";
    let mut conversations = Vec::new();
    until("ten conversations", async || {
        let data = agents[0].ask(list, json!({})).await;
        let nodes = data["conversations"]["nodes"]
            .as_array()
            .expect("a list")
            .clone();
        conversations = nodes
            .iter()
            .map(|node| node["id"].as_str().expect("an id").to_owned())
            .collect();
        conversations.len() == 10
    })
    .await;

    let storm = Arc::new(Storm {
        url: format!("{}/graphql/ws", desk.url("agent").replace("http:", "ws:")),
        doors: tokio::sync::Semaphore::new(DOORS),
        open: AtomicUsize::new(0),
        cut: AtomicUsize::new(0),
        is_calm: AtomicBool::new(false),
    });
    let mut clients = Vec::new();
    let mut running = tokio::task::JoinSet::new();
    for number in 0..CLIENTS {
        let client = Client {
            sort: sort(number, &conversations),
            agent: agents[number % 3].clone(),
            chance: Chance(number as u64 * 7_919 + 1),
            held: Arc::default(),
        };
        clients.push((client.sort.clone(), number % 3, client.held.clone()));
        running.spawn(client.run(storm.clone()));
    }
    let is_calm = Arc::new(AtomicBool::new(false));
    let is_over = Arc::new(AtomicBool::new(false));
    let ends = is_over.clone();
    let reading = tokio::spawn(async move {
        while !ends.load(Ordering::SeqCst) {
            log.stands().await;
        }
        log
    });
    let began = Instant::now();
    let storming = async {
        loop {
            let fell = timeout_at(
                Instant::now() + Duration::from_millis(300),
                running.join_next(),
            )
            .await;
            assert!(fell.is_err(), "a client fell: {fell:?}");
            let all_cut = clients
                .iter()
                .all(|(_, _, held)| held.lock().unwrap().cuts > 0);
            let is_everybody_back = storm.open.load(Ordering::SeqCst) == CLIENTS;
            if storm.is_calm.load(Ordering::SeqCst) && is_everybody_back {
                break;
            }
            assert!(
                began.elapsed() < LONGEST,
                "{} are open and {} were cut",
                storm.open.load(Ordering::SeqCst),
                storm.cut.load(Ordering::SeqCst)
            );
            if all_cut && began.elapsed() > SHORTEST {
                storm.is_calm.store(true, Ordering::SeqCst);
            }
        }
        storm.is_calm.store(true, Ordering::SeqCst);
        is_calm.store(true, Ordering::SeqCst);
    };
    let (done, ()) = tokio::join!(work(&desk, &agents, Chance(99), is_calm.clone()), storming);
    let cut = storm.cut.load(Ordering::SeqCst);
    eprintln!(
        "{cut} sockets were cut in {:?}, the desk did {done} things",
        began.elapsed()
    );
    assert!(
        cut >= CLIENTS && done > 10,
        "{cut} were cut, {done} things were done"
    );

    // Offers that nobody takes and messages on their way come to rest.
    let end = Instant::now() + SETTLE;
    let mut wrong = vec![String::new()];
    while !wrong.is_empty() && Instant::now() < end {
        sleep(Duration::from_secs(1)).await;
        wrong = differences(&agents, &clients).await;
    }
    assert!(
        wrong.is_empty(),
        "{} differ: {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(3)]
    );

    let twice: Vec<String> = clients
        .iter()
        .flat_map(|(_, _, held)| held.lock().unwrap().twice.clone())
        .collect();
    assert!(
        twice.is_empty(),
        "{} came twice: {:?}",
        twice.len(),
        &twice[..twice.len().min(3)]
    );
    is_over.store(true, Ordering::SeqCst);
    let mut log = reading.await.expect("it reads on");
    assert_all_events(&mut log, &clients).await;
    running.abort_all();
}

/// Lists the clients that show something else than the desk.
async fn differences(agents: &[Agent], clients: &[(Sort, usize, Arc<Mutex<Held>>)]) -> Vec<String> {
    let mut known: Vec<(Sort, usize, BTreeMap<String, Value>)> = Vec::new();
    let mut wrong = Vec::new();
    for (sort, agent, held) in clients {
        let found = known
            .iter()
            .position(|(of, who, _)| of == sort && who == agent);
        let place = match found {
            Some(place) => place,
            None => {
                let truth = sort.truth(&agents[*agent]).await;
                known.push((sort.clone(), *agent, truth));
                known.len() - 1
            }
        };
        let held = held.lock().unwrap();
        if held.rows != known[place].2 {
            let differs = |(id, row): &(&String, &Value)| held.rows.get(*id) != Some(*row);
            let missing: Vec<_> = known[place].2.iter().filter(differs).take(2).collect();
            let surplus: Vec<_> = held
                .rows
                .keys()
                .filter(|id| !known[place].2.contains_key(*id))
                .take(2)
                .collect();
            let own: Vec<_> = missing.iter().map(|(id, _)| held.rows.get(*id)).collect();
            wrong.push(format!(
                "{sort:?} after {} cuts: lacks {missing:?}, has {own:?}, too many {surplus:?}",
                held.cuts
            ));
        }
    }
    wrong
}

/// Whoever watched a conversation was told each event of it once, in its order.
async fn assert_all_events(
    log: &mut crate::harness::Live,
    clients: &[(Sort, usize, Arc<Mutex<Held>>)],
) {
    let last = clients
        .iter()
        .filter_map(|(_, _, held)| held.lock().unwrap().seqs.last().copied())
        .max();
    log.until_seq(last.unwrap_or_default()).await;
    log.assert_gapless();
    for (sort, _, held) in clients {
        let Sort::Conversation(id) = sort else {
            continue;
        };
        let held = held.lock().unwrap();
        assert!(
            held.seqs.windows(2).all(|pair| pair[0] < pair[1]),
            "out of order: {:?}",
            held.seqs
        );
        let Some((first, last)) = held.seqs.first().zip(held.seqs.last()) else {
            continue;
        };
        let of = log
            .events
            .iter()
            .filter(|event| event["conversation"]["id"] == id.as_str());
        let all: Vec<i64> = of.filter_map(|event| event["seq"].as_i64()).collect();
        let told: BTreeSet<i64> = held.seqs.iter().copied().collect();
        let missed: Vec<&i64> = all
            .iter()
            .filter(|seq| (*first..=*last).contains(seq) && !told.contains(seq))
            .collect();
        assert!(missed.is_empty(), "{id} missed {missed:?} of {all:?}");
    }
}
