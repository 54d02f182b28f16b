//! What one machine can take, in one run: receiving beside pgbench, exactly-once under repeats, the
//! way to an agent's screen, assignments, memory, start-up.

mod api;
mod assign;
mod decide;
mod floor;
mod four;
mod ingest;
mod load;
mod offer;
mod parse;
mod quality;
mod shuffled;
mod sla;
mod start;

use crate::blueprint::{Seeded, Workspace, whatsapp};
use crate::chance::Chance;
use crate::database::Database;
use crate::desk::{Process, Program, free_port, fresh_folder};
use crate::graphql::Agent;
use crate::mailer::Mailer;
use crate::pgbench::Pgbench;
use crate::services::{Services, variable};
use crate::summary::Summary;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What is measured, and for how long.
#[derive(Clone, Debug, clap::Parser)]
#[command(about = "Measures the desk beside PostgreSQL alone")]
pub struct Options {
    /// Seconds of each measured round.
    #[arg(long, default_value_t = 8)]
    pub seconds: u64,
    /// Rounds of each kind; the median counts.
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// Customers who already talk with the desk.
    #[arg(long, default_value_t = 2_000)]
    pub customers: u64,
    /// Messages of new customers among all, in per cent.
    #[arg(long, default_value_t = 2.0)]
    pub new_percent: f64,
    /// Decides who writes when.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// What is measured; everything unless named.
    #[arg(value_enum)]
    pub parts: Vec<Part>,
}

/// The workspace under load: enough agents that every new conversation is offered at once.
fn workspace() -> Workspace {
    Workspace {
        slug: "bench".to_owned(),
        agents: 40,
        capacity: 1_000,
        // No offer is to expire while something else is measured.
        offer_seconds: 86_400,
        queues: 1,
        channels: vec!["whatsapp"],
        number: 0,
    }
}

/// Everything that the measurements share.
struct Bench {
    options: Options,
    services: Services,
    folder: PathBuf,
    database: Database,
    program: Program,
    process: Process,
    pgbench: Pgbench,
    mailer: Mailer,
    crowd: Crowd,
    agents: Vec<Agent>,
    summary: Summary,
}

/// Something that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Receiving beside pgbench.
    Ingest,
    /// Exactly-once under repeats.
    Shuffled,
    /// The way to an agent's screen, by one process and by four.
    Offer,
    /// Reports of service levels.
    Sla,
    /// Assignments committed, beside pgbench.
    Assign,
    /// Pages of the public API beside bare handlers, and live sockets.
    Api,
    /// Starting.
    Start,
    /// Decisions in memory.
    Decide,
    /// Proving and reading messages of each channel, in memory.
    Parse,
    /// What routing is worth.
    Quality,
}

/// Runs every measurement, or those that are named, and writes the summary.
pub async fn run(options: Options) -> Result<()> {
    let services = Services::from_env()?;
    let folder = fresh_folder("target/bench/run")?;
    let mut bench = Bench::prepare(&services, &folder, options).await?;
    let measured = measure(&mut bench).await;
    // What was measured before something failed is worth its hour.
    bench.summary.print();
    bench
        .summary
        .write(Path::new("target/bench/summary.json"))?;
    measured
}

async fn measure(bench: &mut Bench) -> Result<()> {
    with_desk(bench).await?;
    if bench.wants(Part::Assign) {
        assign::measure(bench).await?;
    }
    if bench.wants(Part::Api) {
        api::measure(bench).await?;
    }
    if bench.wants(Part::Start) {
        start::measure(&bench.program, &mut bench.summary).await?;
    }
    if bench.wants(Part::Decide) {
        decide::measure(&mut bench.summary);
    }
    if bench.wants(Part::Parse) {
        parse::measure(&mut bench.summary)?;
    }
    if bench.wants(Part::Quality) {
        quality::measure(&mut bench.summary);
    }
    Ok(())
}

/// Measures what wants a running desk, and stops it.
async fn with_desk(bench: &mut Bench) -> Result<()> {
    let wants_offers = bench.wants(Part::Offer);
    if [Part::Ingest, Part::Shuffled, Part::Offer].map(|part| bench.wants(part)) != [false; 3] {
        bench.warm_up().await?;
    }
    let mut per_second = None;
    if bench.wants(Part::Ingest) {
        per_second = Some(ingest::measure(bench).await?);
    }
    if bench.wants(Part::Shuffled) {
        shuffled::measure(bench).await?;
    }
    let mut offered = None;
    if wants_offers {
        let most = match per_second {
            Some(most) => most,
            None => ingest::most(bench).await?,
        };
        let floor = floor::measure(bench).await?;
        let place = offer::Place {
            name: "offer",
            how: "one process",
            port: bench.process.port,
            agent: bench.agents.first().context("there is no agent")?.clone(),
        };
        offer::measure(bench, &place, most / 2.0, floor).await?;
        offered = Some((most / 2.0, floor));
    }
    bench.summary.add(
        "memory.peak_mib",
        bench.process.peak_mib()?,
        "most memory of the process over all of the above, MiB (target: under 150)",
    );
    if bench.wants(Part::Sla) {
        sla::measure(bench).await?;
    }
    bench.process.finish().await?;
    match offered {
        Some((rate, floor)) => four::measure(bench, rate, floor).await,
        None => Ok(()),
    }
}

impl Bench {
    async fn prepare(services: &Services, folder: &Path, options: Options) -> Result<Self> {
        let database = Database::create(services, "interdesk_bench").await?;
        let program = Program::new(Path::new(&variable("INTERDESK_BIN")?), folder, &database)?
            .with("INTERDESK_PRESENCE_LEASE_SECONDS", "86400")
            // No reply is sent here, and nothing of this machine should reach a provider.
            .with(
                "INTERDESK_PROVIDERS_WHATSAPP_BASE_URL",
                "http://127.0.0.1:9",
            );
        program.migrate().await?;
        let workspace = workspace();
        let seeded = program.seed(&workspace.blueprint(None)).await?;
        let mut process = program.start("desk", &[], free_port()?)?;
        process.await_ready(Duration::from_secs(30)).await?;
        let agents = sign_in(&program, &workspace, process.port).await?;
        Ok(Self {
            pgbench: Pgbench::prepare(services, folder).await?,
            mailer: mailer(&seeded, "bench")?,
            crowd: Crowd::new(&options),
            options,
            services: services.clone(),
            folder: folder.to_owned(),
            database,
            program,
            process,
            agents,
            summary: Summary::default(),
        })
    }

    /// Tells whether a part is to be measured.
    fn wants(&self, part: Part) -> bool {
        self.options.parts.is_empty() || self.options.parts.contains(&part)
    }

    /// Lets every old customer write once, so that their conversations exist.
    async fn warm_up(&mut self) -> Result<()> {
        println!("Warming up: {} customers write …", self.options.customers);
        let requests = self.mailer.write_many(0..self.options.customers);
        let outcome = load::closed_loop(self.process.port, 32, requests, load::UNTIL_DONE).await?;
        outcome.all_taken()?;
        let requests = self
            .mailer
            .write_many((0..20_000).map(|_| self.crowd.next()));
        let limit = Duration::from_secs(self.options.seconds);
        load::closed_loop(self.process.port, 32, requests, limit)
            .await?
            .all_taken()?;
        // What autovacuum does by itself within a minute: from now on PostgreSQL plans for tables
        // that hold something, as they do at any desk that has been open for a while.
        self.database
            .connect()
            .await?
            .batch_execute("ANALYZE")
            .await?;
        self.drain().await.map(drop)
    }

    /// Waits until relay, routing and audit have caught up, so that they do not disturb what is
    /// measured next.
    async fn drain(&self) -> Result<Duration> {
        self.database.await_drained(Duration::from_secs(300)).await
    }
}

async fn sign_in(program: &Program, workspace: &Workspace, port: u16) -> Result<Vec<Agent>> {
    let mut agents = Vec::new();
    for n in 0..workspace.agents {
        let token = program.token(&workspace.slug, &workspace.email(n)).await?;
        let agent = Agent::new(port, &token)?;
        agent.come_online().await?;
        agents.push(agent);
    }
    Ok(agents)
}

fn mailer(seeded: &Seeded, series: &str) -> Result<Mailer> {
    let inbox = seeded.inboxes.first().context("seed made no inbox")?;
    let account = whatsapp(&inbox.account_id, String::new());
    Ok(Mailer::new(account, &inbox.webhook_path, series))
}

/// Who writes: mostly customers who did before, now and then a new one.
struct Crowd {
    old: u64,
    new: u64,
    share: f64,
    chance: Chance,
}

impl Crowd {
    fn new(options: &Options) -> Self {
        Self {
            old: options.customers,
            new: options.customers,
            share: options.new_percent / 100.0,
            chance: Chance::new(options.seed),
        }
    }

    /// Gives the number of the next customer.
    fn next(&mut self) -> u64 {
        if self.chance.happens(self.share) {
            return self.newcomer();
        }
        self.chance.below(self.old)
    }

    /// Gives the number of a customer who never wrote before.
    fn newcomer(&mut self) -> u64 {
        self.new += 1;
        self.new
    }
}
