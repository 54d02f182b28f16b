//! Ten thousand live subscriptions on one process: their memory, how fast an event is with a thousand of them,
//! and what becomes of them when the process is killed.

use super::super::{Bench, mailer};
use super::{free_port, start_server};
use crate::bare::Script;
use crate::blueprint::Workspace;
use crate::chance::Chance;
use crate::database::Database;
use crate::desk::{Process, Program};
use crate::graphql::{Agent, Events};
use crate::mailer::Mailer;
use crate::tape::Tape;
use crate::wire::Connection;
use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use hdrhistogram::Histogram;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep};

const WORKSPACES: usize = 10;
const AGENTS: usize = 4;
/// Sockets of each workspace: so many does one event concern.
const EACH: usize = 1_000;
const ALL: usize = WORKSPACES * EACH;
/// Handshakes under way at once.
const AT_ONCE: usize = 32;
/// The longest that a socket waits to be let in before it tries again.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Events whose way is measured.
const EVENTS: usize = 50;
/// An event that takes longer is told beside the numbers.
const SLOW: Duration = Duration::from_millis(500);
/// Messages of each workspace while its sockets come back.
const IN_STORM: usize = 20;
/// The longest that is waited for anything here.
const PATIENCE: Duration = Duration::from_secs(120);

/// What one socket has seen.
#[derive(Default)]
struct Seen {
    ids: RefCell<HashSet<String>>,
    twice: Cell<usize>,
    cursor: RefCell<Option<String>>,
    last: Cell<Option<Instant>>,
    reconnects: Cell<usize>,
}

/// A workspace with those who watch it.
struct Watched {
    mailer: Mailer,
    sockets: Vec<Rc<Seen>>,
    sent: usize,
}

/// Measures everything that lives.
pub(super) async fn measure(bench: &mut Bench) -> Result<()> {
    let bare = memory_of_bare(bench).await?;
    LocalSet::new().run_until(live(bench, bare)).await
}

async fn live(bench: &mut Bench, bare: f64) -> Result<()> {
    let folder = bench.folder.join("live");
    let database = Database::create(&bench.services, "interdesk_bench_live").await?;
    let binary = crate::services::variable("INTERDESK_BIN")?;
    let program = Program::new(Path::new(&binary), &folder, &database)?;
    program.migrate().await?;
    let port = free_port()?;
    let mut places = Vec::new();
    for number in 0..WORKSPACES {
        places.push(place(&program, number).await?);
    }
    let mut process = program.start("live", &[], port)?;
    process.await_ready(Duration::from_secs(60)).await?;
    let before = process.resident_kib()?;
    let mut watched = Vec::new();
    for (workspace, mailer) in places {
        watched.push(watch(&program, &workspace, mailer, port).await?);
    }
    let each = (process.resident_kib()? - before) / ALL as f64;
    println!("Sockets: {ALL} open, {each:.1} KiB each beside {bare:.1} KiB of bare ones");
    let summary = &mut bench.summary;
    summary.add(
        "live.kib_per_socket",
        each,
        "memory of an idle subscription, of ten thousand, KiB",
    );
    summary.add(
        "live.kib_ratio",
        each / bare,
        "beside a bare subscription on the same server (target: at most 2)",
    );
    let way = fan_out(port, &mut watched).await?;
    let ms = |quantile| way.value_at_quantile(quantile) as f64 / 1_000.0;
    println!(
        "Fan-out: {:.1} ms, half of them, {:.1} ms, 99 of 100",
        ms(0.5),
        ms(0.99)
    );
    let what = "from a webhook to each of the thousand sockets that its message concerns";
    summary.add(
        "live.fan_out_p50_ms",
        ms(0.5),
        &format!("{what}, half within, ms"),
    );
    summary.add(
        "live.fan_out_p99_ms",
        ms(0.99),
        &format!("{what}, 99 of 100 within, ms"),
    );
    let (seconds, process) = storm(&program, process, port, &mut watched).await?;
    println!("Storm: {ALL} sockets back and complete {seconds:.1} s after kill -9");
    summary.add(
        "live.storm_seconds",
        seconds,
        "from kill -9 until ten thousand sockets had missed nothing, s",
    );
    process.stop().await
}

async fn place(program: &Program, number: usize) -> Result<(Workspace, Mailer)> {
    let workspace = Workspace {
        slug: format!("live-{number}"),
        agents: AGENTS,
        capacity: 1_000,
        offer_seconds: 86_400,
        queues: 1,
        channels: vec!["whatsapp"],
        number: 10 + number as u64,
    };
    let seeded = program.seed(&workspace.blueprint(None)).await?;
    Ok((workspace, mailer(&seeded, &format!("live{number}"))?))
}

/// Opens the sockets of a workspace, each followed by a task.
async fn watch(
    program: &Program,
    workspace: &Workspace,
    mailer: Mailer,
    port: u16,
) -> Result<Watched> {
    let mut agents = Vec::new();
    for n in 0..AGENTS {
        let token = program.token(&workspace.slug, &workspace.email(n)).await?;
        agents.push(Agent::new(port, &token)?);
    }
    let open = |n: usize| {
        let agent = agents[n % AGENTS].clone();
        async move {
            let events = agent.subscribe(None, &["message_received"]).await?;
            anyhow::Ok((agent, events))
        }
    };
    let opened: Vec<(Agent, Events)> = stream::iter(0..EACH)
        .map(open)
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let mut sockets = Vec::new();
    for (n, (agent, events)) in opened.into_iter().enumerate() {
        let seen = Rc::new(Seen::default());
        tokio::task::spawn_local(follow(agent, events, seen.clone(), n as u64));
        sockets.push(seen);
    }
    Ok(Watched {
        mailer,
        sockets,
        sent: 0,
    })
}

/// Reads what comes and comes back after a loss, as a page in a browser does.
async fn follow(agent: Agent, mut events: Events, seen: Rc<Seen>, number: u64) {
    let mut chance = Chance::new(number);
    loop {
        while let Ok(event) = events.next().await {
            seen.last.set(Some(Instant::now()));
            if !seen.ids.borrow_mut().insert(event.id) {
                seen.twice.set(seen.twice.get() + 1);
            }
            *seen.cursor.borrow_mut() = Some(event.cursor);
        }
        let mut pause = 500;
        events = loop {
            // Not all at once, or the desk would be knocked down by those who want it back.
            sleep(Duration::from_millis(pause / 2 + chance.below(pause))).await;
            pause = (pause * 2).min(4_000);
            let cursor = seen.cursor.borrow().clone();
            let again = agent.subscribe(cursor.as_deref(), &["message_received"]);
            if let Ok(Ok(again)) = tokio::time::timeout(HANDSHAKE, again).await {
                seen.reconnects.set(seen.reconnects.get() + 1);
                break again;
            }
        };
    }
}

/// Sends messages one after the other and gives how long each was on its way to each socket, in microseconds.
async fn fan_out(port: u16, watched: &mut [Watched]) -> Result<Histogram<u64>> {
    let mut way = Histogram::new(3)?;
    let mut connection = Connection::open(port).await?;
    for n in 0..EVENTS {
        let place = &mut watched[n % WORKSPACES];
        let began = Instant::now();
        place.send(&mut connection).await?;
        place.await_all(began).await?;
        for socket in &place.sockets {
            let seen = socket.last.get().context("a socket that saw nothing")?;
            way.record((seen - began).as_micros() as u64)?;
        }
        if began.elapsed() > SLOW {
            println!("Event {n} was {:.1?} on its way", began.elapsed());
        }
        // An event that is alone, as most are at a desk.
        sleep(Duration::from_millis(100)).await;
    }
    Ok(way)
}

/// Kills the desk under its subscribers; gives how long it took until each of them had everything.
async fn storm(
    program: &Program,
    mut process: Process,
    port: u16,
    watched: &mut [Watched],
) -> Result<(f64, Process)> {
    process.kill().await?;
    let began = Instant::now();
    let mut process = program.start("live", &[], port)?;
    process.await_ready(Duration::from_secs(60)).await?;
    let mut connection = Connection::open(port).await?;
    for _ in 0..IN_STORM {
        for place in watched.iter_mut() {
            place.send(&mut connection).await?;
        }
        sleep(Duration::from_millis(100)).await;
    }
    for place in watched.iter() {
        place.await_all(began).await?;
    }
    let seconds = began.elapsed().as_secs_f64();
    for place in watched.iter() {
        for socket in &place.sockets {
            ensure!(
                socket.reconnects.get() > 0,
                "a socket that outlived its server"
            );
            ensure!(socket.twice.get() == 0, "a socket saw an event twice");
        }
    }
    Ok((seconds, process))
}

impl Watched {
    async fn send(&mut self, connection: &mut Connection) -> Result<()> {
        let letter = self.mailer.write(1);
        let began = Instant::now();
        // A provider comes again with what was not taken, as with a desk that has just been started.
        loop {
            let status = connection.send(&letter.request).await?;
            if status == 200 {
                self.sent += 1;
                return Ok(());
            }
            ensure!(
                status == 503 && began.elapsed() < PATIENCE,
                "a webhook was answered {status}"
            );
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// Waits until each socket saw everything that was sent.
    async fn await_all(&self, began: Instant) -> Result<()> {
        let behind = || {
            let complete = |socket: &&Rc<Seen>| socket.ids.borrow().len() >= self.sent;
            self.sockets.len() - self.sockets.iter().filter(complete).count()
        };
        while behind() > 0 {
            ensure!(
                began.elapsed() < PATIENCE,
                "{} sockets missed something",
                behind()
            );
            sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }
}

/// Measures the memory of as many bare subscriptions; gives KiB each.
async fn memory_of_bare(bench: &Bench) -> Result<f64> {
    let script = Script {
        database_url: bench.database.login_url.clone(),
        connections: 0,
        tape: Tape::default(),
        page: Value::Null,
        list: Vec::new(),
    };
    let file = bench.folder.join("idle.json");
    std::fs::write(&file, serde_json::to_vec(&script)?)?;
    let process = start_server(&file).await?;
    let before = process.resident_kib()?;
    let agent = Agent::new(process.port, "nobody")?;
    let open: Vec<Events> = stream::iter(0..ALL)
        .map(|_| agent.subscribe_at("/live", "subscription { happened }"))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    // Some are acknowledged before what they asked for has begun.
    sleep(Duration::from_millis(500)).await;
    let each = (process.resident_kib()? - before) / ALL as f64;
    drop(open);
    process.stop().await?;
    Ok(each)
}
