//! The whole story: two workspaces at work in four processes while things are killed.

use super::agents::{Crew, Diary, Manner};
use super::cluster::Cluster;
use super::evidence::Evidence;
use super::judge::{Finding, judge};
use super::watcher::Watcher;
use super::{Options, plan};
use crate::blueprint::{Seeded, Workspace};
use crate::database::Database;
use crate::desk::{Program, fresh_folder};
use crate::graphql::{Agent, uuid};
use crate::services::{Services, variable};
use crate::summary::Summary;
use anyhow::{Context, Result};
use interdesk_simulator::{Behaviour, Chaos, Odds, Running, Settings, Simulator, Traffic};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long everything may take to come to rest after the traffic has stopped.
const REST: Duration = Duration::from_secs(240);

/// What came of it.
pub(super) struct Told {
    pub(super) summary: Summary,
    pub(super) findings: Vec<Finding>,
}

fn workspaces() -> Vec<Workspace> {
    let workspace = |slug: &str, number, agents| Workspace {
        slug: slug.to_owned(),
        agents,
        capacity: 3,
        offer_seconds: 5,
        queues: 2,
        channels: vec!["whatsapp", "telegram", "webhook"],
        number,
    };
    vec![workspace("north", 1, 10), workspace("south", 2, 6)]
}

/// Adds promises that the traffic keeps at times and breaks at others.
fn promised(mut blueprint: serde_json::Value) -> serde_json::Value {
    blueprint["workspace"] = serde_json::json!({ "service_levels": [{
        "id": "policy_01kawe0000e008000000000000", "name": "Everybody",
        "targets": [
            { "clock": "first_reply", "within_ms": 4_000, "hours": "calendar", "steps": [
                { "name": "soon", "at": { "percent": 50 },
                  "actions": [{ "do": "raise_priority", "to": 2 }] },
                { "name": "late", "at": "breach", "actions": [{ "do": "tag", "tag": "late" }] }] },
            { "clock": "total_resolution", "within_ms": 20_000, "hours": "calendar" }],
    }]});
    blueprint
}

/// Providers and customers who do what they sometimes do.
fn chaos() -> Chaos {
    Chaos {
        duplicate: Odds::from(0.1),
        reorder: Odds::from(0.1),
        reject_429: Odds::from(0.02),
        fail_5xx: Odds::from(0.02),
        cut_after_accept: Odds::from(0.02),
        slow: Odds::from(0.02),
        lose_receipt: Odds::from(0.02),
        early_receipt: Odds::from(0.05),
        ..Chaos::default()
    }
}

/// Runs the story to its end and judges it.
pub(super) async fn run(services: &Services, options: &Options) -> Result<Told> {
    let Options { seed, rounds, .. } = *options;
    println!("Faults: seed {seed}, {rounds} rounds (repeat with --seed {seed} --rounds {rounds})");
    let settings = Settings {
        seed,
        chaos: chaos(),
        ..Settings::default()
    };
    let simulator = Simulator::start(settings).await?;
    let folder = fresh_folder("target/faults/run")?;
    let database = Database::create(services, "interdesk_faults").await?;
    let program = program(services, &folder, &database, &simulator)?;
    program.migrate().await?;
    let mut seeded = Vec::new();
    for workspace in workspaces() {
        let made = program
            .seed(&promised(workspace.blueprint(Some(&simulator.url()))))
            .await?;
        seeded.push((workspace, made));
    }
    let cluster = Cluster::start(services, program, database).await?;
    let mut story = Story::begin(simulator, cluster, seeded, seed).await?;
    story.simulator.start_traffic(Traffic {
        rate: options.rate,
        customers: 150,
        seconds: None,
        accounts: None,
        behaviour: Some(Behaviour {
            react: 0.05,
            read: 0.9,
            ..Behaviour::default()
        }),
    });
    let struck = story.suffer(options).await?;
    let rest = story.come_to_rest().await?;
    story.end(options, struck, rest).await
}

fn program(
    services: &Services,
    folder: &Path,
    database: &Database,
    simulator: &Running,
) -> Result<Program> {
    let url = simulator.url();
    let program = Program::new(Path::new(&variable("INTERDESK_BIN")?), folder, database)?
        .with("AMQP_URL", &services.amqp_url)
        .with("REDIS_URL", &services.redis_url)
        .with("INTERDESK_PROVIDERS_WHATSAPP_BASE_URL", &url)
        .with("INTERDESK_PROVIDERS_TELEGRAM_BASE_URL", &url)
        // A try that was cut off is settled within this run, not a minute after it.
        .with("INTERDESK_DELIVERY_TIMEOUT_SECONDS", "3")
        .with("INTERDESK_DELIVERY_UNKNOWN_AFTER_SECONDS", "8")
        .with("INTERDESK_ROUTING_DECLINE_COOLDOWN_SECONDS", "5")
        .with("INTERDESK_PRESENCE_LEASE_SECONDS", "10");
    Ok(program)
}

struct Story {
    simulator: Running,
    cluster: Cluster,
    crews: Vec<Crew>,
    watchers: Vec<(String, Watcher)>,
    diary: Arc<Diary>,
}

impl Story {
    async fn begin(
        simulator: Running,
        cluster: Cluster,
        workspaces: Vec<(Workspace, Seeded)>,
        seed: u64,
    ) -> Result<Self> {
        let ingestion = format!("http://127.0.0.1:{}", cluster.port("ingestion"));
        let (mut crews, mut watchers) = (Vec::new(), Vec::new());
        let diary = Arc::new(Diary::default());
        for (workspace, seeded) in &workspaces {
            for account in workspace.accounts(seeded, &ingestion)? {
                simulator.add_account(account);
            }
            let mut agents = Vec::new();
            for number in 0..workspace.agents {
                let email = workspace.email(number);
                let token = cluster.program.token(&workspace.slug, &email).await?;
                let agent = Agent::new(cluster.port("agent"), &token)?;
                agent.come_online().await?;
                agents.push(agent);
            }
            let watching = agents.first().context("a workspace has an agent")?.clone();
            let tenant = uuid(&seeded.tenant).context("the tenant's id")?;
            watchers.push((tenant, Watcher::start(watching)));
            crews.push(Crew::start(&agents, &Manner::default(), seed, &diary));
        }
        Ok(Self {
            simulator,
            cluster,
            crews,
            watchers,
            diary,
        })
    }

    /// Lets things go wrong, one after the other; gives how often what did.
    async fn suffer(&mut self, options: &Options) -> Result<BTreeMap<String, usize>> {
        let mut struck = BTreeMap::new();
        sleep(Duration::from_secs(3)).await;
        for (number, round) in plan::draw(options.seed, options.rounds)
            .into_iter()
            .enumerate()
        {
            sleep(round.calm).await;
            let began = Instant::now();
            self.cluster.suffer(round.fault).await?;
            self.cluster.await_ready().await?;
            let took = began.elapsed().as_secs_f64();
            let fault = round.fault.to_string();
            println!(
                "  round {:>2}  {fault:<32} ready again after {took:.1} s",
                number + 1
            );
            *struck.entry(fault).or_default() += 1;
        }
        sleep(Duration::from_secs(2)).await;
        Ok(struck)
    }

    /// Stops the traffic and waits until nothing waits any more; gives how long that took.
    async fn come_to_rest(&mut self) -> Result<Duration> {
        self.simulator.stop_traffic();
        let began = Instant::now();
        let client = self.cluster.database.connect().await?;
        let mut quiet = 0;
        while quiet < 5 && began.elapsed() < REST {
            self.cluster.await_ready().await?;
            let row = client.query_one(WAITING, &[]).await?;
            let waiting: i64 = row.get(0);
            let nothing = waiting == 0 && self.simulator.pending() == 0;
            quiet = if nothing { quiet + 1 } else { 0 };
            sleep(Duration::from_millis(200)).await;
        }
        for crew in std::mem::take(&mut self.crews) {
            crew.stop().await;
        }
        // What the last resolutions and receipts set going is waited for as well; if it does not
        // come, the judge will say so.
        sleep(Duration::from_secs(1)).await;
        if let Err(error) = self
            .cluster
            .database
            .await_drained(Duration::from_secs(60))
            .await
        {
            println!("  {error}");
        }
        Ok(began.elapsed())
    }

    async fn end(
        self,
        options: &Options,
        struck: BTreeMap<String, usize>,
        rest: Duration,
    ) -> Result<Told> {
        let Self {
            simulator,
            cluster,
            watchers,
            diary,
            ..
        } = self;
        let mut evidence = Evidence {
            replies: diary.replies(),
            ..Evidence::default()
        };
        evidence.hear(&simulator.journal());
        let database = cluster.database.clone();
        for (tenant, watcher) in watchers {
            let last = last_seq(&database, &tenant).await?;
            evidence.seen.push((tenant, watcher.finish(last).await));
        }
        let (program, fallen) = (cluster.program.clone(), cluster.fallen);
        // While timers still go off, or what comes due meanwhile would count as lost.
        evidence.clocks = program.sla_check().await?;
        cluster.stop().await?;
        evidence.look(&database).await?;
        evidence.audit = program.audit_verify().await?;
        evidence.decisions = program.routing_check().await?;
        let mut summary = Summary::default();
        summary.add("rounds", options.rounds as f64, "rounds of faults");
        summary.add("seed", options.seed as f64, "the seed that repeats them");
        for (fault, times) in struck {
            println!("  {times:>3} × {fault}");
        }
        report(&mut summary, &evidence, &diary);
        summary.add(
            "fallen",
            fallen as f64,
            "processes that ended without being killed",
        );
        summary.add(
            "rest_seconds",
            rest.as_secs_f64(),
            "until nothing waited any more, s",
        );
        simulator.stop().await;
        Ok(Told {
            summary,
            findings: judge(&evidence),
        })
    }
}

/// Counts what there was to go wrong.
fn report(summary: &mut Summary, evidence: &Evidence, diary: &Diary) {
    let told = evidence
        .written
        .iter()
        .filter(|written| written.told)
        .count();
    let by = |state: &str| {
        evidence
            .outgoing
            .iter()
            .filter(|reply| reply.delivery == state)
            .count() as f64
    };
    let begun: u64 = evidence.seen.iter().map(|(_, seen)| seen.begun).sum();
    let mut add = |name: &str, value: f64, what: &str| summary.add(name, value, what);
    add(
        "messages",
        told as f64,
        "messages of customers that were answered 2xx",
    );
    add("work_items", evidence.work_items.len() as f64, "work items");
    add(
        "accepted",
        diary.accepted.load(Relaxed) as f64,
        "offers that agents accepted",
    );
    add(
        "resolved",
        diary.resolved.load(Relaxed) as f64,
        "conversations that they resolved",
    );
    add(
        "replies",
        evidence.replies.len() as f64,
        "replies that they were told are on their way",
    );
    add(
        "replies_delivered",
        evidence.delivered.len() as f64,
        "replies that customers got",
    );
    add(
        "replies_unknown",
        by("unknown"),
        "replies marked unknown, with the reason",
    );
    add(
        "replies_failed",
        by("failed"),
        "replies marked failed, with the reason",
    );
    add("events", evidence.events.len() as f64, "events in the log");
    add(
        "watch_resumed",
        begun as f64,
        "times that watchers subscribed anew",
    );
    let unanswered = diary.unanswered.load(Relaxed) as f64;
    add(
        "unanswered",
        unanswered,
        "questions of agents that were never answered",
    );
}

const WAITING: &str =
    "SELECT (SELECT count(*) FROM work_items WHERE state IN ('queued', 'offered'))
    + (SELECT count(*) FROM messages WHERE delivery IN ('queued', 'sending'))";

/// Finds the last place in a tenant's order.
pub(super) async fn last_seq(database: &Database, tenant: &str) -> Result<u64> {
    let query = "SELECT COALESCE(max(seq), 0)::bigint FROM event_seqs WHERE tenant_id::text = $1";
    let row = database
        .connect()
        .await?
        .query_one(query, &[&tenant])
        .await?;
    let last: i64 = row.get(0);
    Ok(last.try_into()?)
}
