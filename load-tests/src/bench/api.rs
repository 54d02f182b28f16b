//! The public API at a desk with many conversations: pages beside a bare handler, a list beside the same list
//! from memory, growth, and live sockets.

mod fill;
mod sockets;

use super::load;
use super::{Bench, sign_in};
use crate::bare::Script;
use crate::blueprint::Workspace;
use crate::database::Database;
use crate::desk::{Process, Program, free_port};
use crate::summary::{Summary, median};
use crate::tape::{Tap, Tape};
use crate::wire::Requests;
use anyhow::{Context, Result, ensure};
use interdesk_domain::id::ConversationId;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

const INBOX: &str = include_str!("../../../graphql/operations/Inbox.graphql");
const CONVERSATION: &str = include_str!("../../../graphql/operations/Conversation.graphql");
const SEARCH: &str = include_str!("../../../graphql/operations/Search.graphql");
const REPORT: &str = include_str!("../../../graphql/operations/SlaReport.graphql");
/// A list that memory can answer too.
const LIST: &str = "query List($first: Int!) { conversations(first: $first) { nodes {
    id status version lastText lastMessageAt contact { id name } assignee { id name } queue { id name } } } }";

/// How many conversations there are when a list is measured; pages are measured at the middle one.
const SIZES: [usize; 3] = [10_000, 100_000, 1_000_000];
const PAGES_AT: usize = SIZES[1];
/// Requests under way at once.
const CONNECTIONS: usize = 8;
/// More than can be answered in a round.
const MOST: usize = 20_000;

/// The desk with many conversations.
struct Many {
    folder: PathBuf,
    database: Database,
    program: Program,
    workspace: Workspace,
}

/// A request, as bytes.
struct Page {
    name: &'static str,
    what: &'static str,
    request: Vec<u8>,
}

/// What came of the rounds of a page.
struct Pace {
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
}

/// Measures everything.
pub(super) async fn measure(bench: &mut Bench) -> Result<()> {
    let many = Many::prepare(bench).await?;
    let client = many.database.connect().await?;
    let mut lists = Vec::new();
    let mut there = 0;
    for size in SIZES {
        fill::fill(&client, there, size).await?;
        there = size;
        let mut process = many.start().await?;
        let agents = sign_in(&many.program, &many.workspace, process.port).await?;
        let token = agents[0].token().to_owned();
        let list = Page::new("list", "", &token, LIST, &json!({ "first": 50 }));
        list.check(process.port).await?;
        let pace = list
            .pace(process.port, 1, bench.options.rounds, bench)
            .await?;
        println!(
            "List of 50 among {size}: {:.2} ms, half of them",
            pace.p50_ms
        );
        bench.summary.add(
            &format!("api.list_p50_ms_{size}"),
            pace.p50_ms,
            "a list of 50 among so many conversations, one request after the other, ms",
        );
        lists.push(pace.p50_ms);
        if size == PAGES_AT {
            pages(bench, &many, &process, &client, &token).await?;
        }
        process.finish().await?;
    }
    bench.summary.add(
        "api.list_growth",
        lists[2] / lists[0],
        "a list among a million beside one among ten thousand (target: at most 1.3)",
    );
    sockets::measure(bench).await
}

impl Many {
    async fn prepare(bench: &Bench) -> Result<Self> {
        let folder = bench.folder.join("api");
        let database = Database::create(&bench.services, "interdesk_bench_api").await?;
        let program = Program::new(
            Path::new(&crate::services::variable("INTERDESK_BIN")?),
            &folder,
            &database,
        )?
        .with("INTERDESK_PRESENCE_LEASE_SECONDS", "86400");
        program.migrate().await?;
        let workspace = Workspace {
            slug: "many".to_owned(),
            agents: 2,
            capacity: 10,
            offer_seconds: 86_400,
            queues: 1,
            channels: vec!["whatsapp"],
            number: 1,
        };
        program.seed(&workspace.blueprint(None)).await?;
        Ok(Self {
            folder,
            database,
            program,
            workspace,
        })
    }

    async fn start(&self) -> Result<Process> {
        let mut process = self.program.start("api", &[], free_port()?)?;
        process.await_ready(Duration::from_secs(60)).await?;
        Ok(process)
    }

    /// Takes down what the desk asks for a page, and what it answers.
    async fn record(&self, document: &str, variables: &Value) -> Result<(Tape, Value)> {
        let tap = Tap::before(&self.database.login_url).await?;
        let program = self
            .program
            .clone()
            .with("DATABASE_URL", &tap.url(&self.database.login_url)?);
        let mut process = program.start("recorded", &[], free_port()?)?;
        process.await_ready(Duration::from_secs(60)).await?;
        let agents = sign_in(&program, &self.workspace, process.port).await?;
        // Each connection has prepared each statement after a while.
        for _ in 0..60 {
            agents[0].ask(document, variables.clone()).await?;
        }
        // Another page than the one before, so that only its own statements count: of several tries the
        // shortest is the one that nothing else of the desk got into.
        let mut kept: Option<Tape> = None;
        let mut answer = Value::Null;
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            tap.rewind();
            answer = agents[0].ask(document, variables.clone()).await?;
            // What else the desk does may be under way.
            let Ok(tape) = tap.tape() else { continue };
            if kept
                .as_ref()
                .is_none_or(|kept| tape.statements() < kept.statements())
            {
                kept = Some(tape);
            }
        }
        process.finish().await?;
        Ok((kept.context("nothing was taken down")?, answer))
    }
}

/// Measures pages of a hundred thousand conversations, and the bare handlers beside them.
async fn pages(
    bench: &mut Bench,
    many: &Many,
    process: &Process,
    client: &tokio_postgres::Client,
    token: &str,
) -> Result<()> {
    let long = fill::lengthen(client).await?;
    let long = ConversationId(long.parse()?).to_string();
    let supervisor = supervisor(many, client).await?;
    let first = json!({ "first": 25 });
    let inbox = Page::new("inbox", "the inbox page of 25", token, INBOX, &first);
    let list = Page::new("list", "a list of 50", token, LIST, &json!({ "first": 50 }));
    let days = client
        .query_one("SELECT (current_date - 30)::text, current_date::text", &[])
        .await?;
    let days: (String, String) = (days.get(0), days.get(1));
    let others = [
        Page::new(
            "conversation",
            "a conversation with 50 messages",
            token,
            CONVERSATION,
            &json!({ "id": long, "last": fill::LONG }),
        ),
        Page::new(
            "search",
            "a search",
            token,
            SEARCH,
            &json!({ "text": "number 77", "first": 25 }),
        ),
        Page::new(
            "report",
            "a report of service levels of a month",
            &supervisor,
            REPORT,
            &json!({ "from": days.0, "to": days.1 }),
        ),
    ];
    for page in &others {
        page.check(process.port).await?;
        let pace = page
            .pace(process.port, CONNECTIONS, bench.options.rounds, bench)
            .await?;
        pace.tell(page, &mut bench.summary);
    }
    let (bare, statements) = start_bare(many, &first, &list, process).await?;
    let bare_page = Page::plain("/page", &Value::Null);
    let bare_list = Page::plain(
        "/list",
        &json!({ "query": LIST, "variables": { "first": 50 } }),
    );
    beside(
        bench,
        &inbox,
        process.port,
        &bare_page,
        bare.port,
        "at least 0.6",
        "a bare handler with its SQL",
    )
    .await?;
    bench.summary.add(
        "api.inbox_statements",
        statements as f64,
        "statements of the inbox page, BEGIN and COMMIT among them",
    );
    beside(
        bench,
        &list,
        process.port,
        &bare_list,
        bare.port,
        "at least 0.4",
        "the same list from memory",
    )
    .await?;
    bare.stop().await
}

/// Measures a page of the desk and one of the bare handlers in turns.
async fn beside(
    bench: &mut Bench,
    page: &Page,
    port: u16,
    bare: &Page,
    bare_port: u16,
    target: &str,
    other: &str,
) -> Result<()> {
    page.check(port).await?;
    bare.check(bare_port).await?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..bench.options.rounds {
        ours.push(page.pace(port, CONNECTIONS, 1, bench).await?);
        theirs.push(bare.pace(bare_port, CONNECTIONS, 1, bench).await?);
    }
    let (ours, theirs) = (Pace::of(&ours), Pace::of(&theirs));
    ours.tell(page, &mut bench.summary);
    println!("{other}: {:.0} a second", theirs.per_second);
    let name = page.name;
    let summary = &mut bench.summary;
    summary.add(
        &format!("api.{name}_bare"),
        theirs.per_second,
        &format!("{other}, requests a second"),
    );
    summary.add(
        &format!("api.{name}_ratio"),
        ours.per_second / theirs.per_second,
        &format!("{} beside {other} (target: {target})", page.what),
    );
    Ok(())
}

/// Starts the bare handlers on what was taken down.
async fn start_bare(
    many: &Many,
    first: &Value,
    list: &Page,
    desk: &Process,
) -> Result<(Process, usize)> {
    let (tape, page) = many.record(INBOX, first).await?;
    let statements = tape.statements();
    let shown = list.ask(desk.port).await?;
    let script = Script {
        database_url: many.database.login_url.clone(),
        connections: CONNECTIONS,
        tape,
        page: json!({ "data": page }),
        list: serde_json::from_value(shown["data"]["conversations"]["nodes"].clone())?,
    };
    let file = many.folder.join("script.json");
    std::fs::write(&file, serde_json::to_vec(&script)?)?;
    let bare = start_server(&file).await?;
    Ok((bare, statements))
}

/// Starts the program of the bare handlers, which lies beside this one.
async fn start_server(script: &Path) -> Result<Process> {
    let port = free_port()?;
    let program = std::env::current_exe()?.with_file_name("bare");
    let mut bare = Process::spawn(
        "bare",
        tokio::process::Command::new(program)
            .args(["--port", &port.to_string(), "--script"])
            .arg(script),
        port,
    )?;
    bare.await_ready(Duration::from_secs(30)).await?;
    Ok(bare)
}

/// Signs in somebody who sees the work of all.
async fn supervisor(many: &Many, client: &tokio_postgres::Client) -> Result<String> {
    let email = many.workspace.email(1);
    client
        .execute(
            "UPDATE agents SET role = 'supervisor' WHERE email = $1",
            &[&email],
        )
        .await?;
    many.program.token(&many.workspace.slug, &email).await
}

impl Page {
    fn new(
        name: &'static str,
        what: &'static str,
        token: &str,
        query: &str,
        variables: &Value,
    ) -> Self {
        let body = json!({ "query": query, "variables": variables });
        Self {
            name,
            what,
            request: post(
                "/graphql",
                &format!("authorization: Bearer {token}\r\n"),
                &body,
            ),
        }
    }

    /// A request of the bare handlers.
    fn plain(path: &str, body: &Value) -> Self {
        Self {
            name: "bare",
            what: "",
            request: post(path, "", body),
        }
    }

    /// Sends it once and reads the whole answer.
    async fn ask(&self, port: u16) -> Result<Value> {
        let mut connection = crate::wire::Connection::open(port).await?;
        let (status, body) = connection.ask(&self.request).await?;
        ensure!(status == 200, "{}: {status}", String::from_utf8_lossy(body));
        Ok(serde_json::from_slice(body)?)
    }

    /// Fails where it is answered with errors: a rate of refusals would be no measure.
    async fn check(&self, port: u16) -> Result<()> {
        let answer = self.ask(port).await?;
        ensure!(answer.get("errors").is_none(), "{}: {answer}", self.name);
        Ok(())
    }

    /// Asks again and again over some connections.
    async fn pace(
        &self,
        port: u16,
        connections: usize,
        rounds: usize,
        bench: &Bench,
    ) -> Result<Pace> {
        let mut paces = Vec::new();
        for _ in 0..rounds {
            let requests = Requests::copies(&self.request, MOST);
            let limit = Duration::from_secs(bench.options.seconds);
            let outcome = load::closed_loop(port, connections, requests, limit).await;
            let outcome = outcome.with_context(|| format!("{} at port {port}", self.name))?;
            outcome.all_taken()?;
            let ms = |quantile| outcome.latency.value_at_quantile(quantile) as f64 / 1_000.0;
            paces.push(Pace {
                per_second: outcome.per_second(),
                p50_ms: ms(0.5),
                p99_ms: ms(0.99),
            });
        }
        Ok(Pace::of(&paces))
    }
}

impl Pace {
    /// Gives the middle of several rounds.
    fn of(rounds: &[Self]) -> Self {
        let middle = |of: fn(&Self) -> f64| median(rounds.iter().map(of).collect());
        Self {
            per_second: middle(|pace| pace.per_second),
            p50_ms: middle(|pace| pace.p50_ms),
            p99_ms: middle(|pace| pace.p99_ms),
        }
    }

    fn tell(&self, page: &Page, summary: &mut Summary) {
        let (name, what) = (page.name, page.what);
        println!(
            "{what}: {:.0} a second, {:.2} ms half of them, {:.2} ms 99 of 100",
            self.per_second, self.p50_ms, self.p99_ms
        );
        let among = format!("{what} among {PAGES_AT} conversations");
        summary.add(
            &format!("api.{name}_per_second"),
            self.per_second,
            &format!("{among}, requests a second"),
        );
        summary.add(
            &format!("api.{name}_p50_ms"),
            self.p50_ms,
            &format!("{among}, half within, ms"),
        );
        summary.add(
            &format!("api.{name}_p99_ms"),
            self.p99_ms,
            &format!("{among}, 99 of 100 within, ms"),
        );
    }
}

fn post(path: &str, headers: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}content-type: application/json\r\n\
         accept: application/graphql-response+json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
