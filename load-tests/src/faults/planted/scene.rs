//! A desk in one process with two workspaces, for one bug.

use super::Bug;
use crate::blueprint::{Seeded, Workspace, whatsapp};
use crate::database::Database;
use crate::desk::{Process, Program, free_port};
use crate::faults::agents::{Crew, Diary, Manner};
use crate::faults::evidence::{Evidence, Written};
use crate::faults::judge::{Finding, judge};
use crate::faults::story::last_seq;
use crate::faults::watcher::Watcher;
use crate::graphql::{Agent, uuid};
use crate::mailer::{Letter, Mailer};
use crate::services::{Services, variable};
use crate::wire::Connection;
use anyhow::{Context, Result, ensure};
use futures::future::join_all;
use interdesk_simulator::{Running, Settings, Simulator, Traffic};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const READY: Duration = Duration::from_secs(30);

/// A desk under a bug.
pub(super) struct Scene {
    pub(super) database: Database,
    program: Program,
    process: Process,
    simulator: Running,
    mailer: Mailer,
    agents: Vec<(String, Vec<Agent>)>,
    crews: Vec<Crew>,
    watchers: Vec<(String, Watcher)>,
    diary: Arc<Diary>,
    evidence: Evidence,
}

fn workspaces(bug: Bug) -> Vec<Workspace> {
    let workspace = |slug: &str, number| Workspace {
        slug: slug.to_owned(),
        agents: 4,
        capacity: if bug == Bug::CapacityOutsideTransaction {
            1
        } else {
            20
        },
        offer_seconds: if bug == Bug::NoEpochCheck { 1 } else { 60 },
        queues: 2,
        channels: vec!["whatsapp"],
        number,
    };
    vec![workspace("north", 1), workspace("south", 2)]
}

fn manner(bug: Bug) -> Manner {
    let eager = Manner {
        declines: 0,
        ignores: 0,
        ..Manner::default()
    };
    match bug {
        Bug::NoEpochCheck => Manner {
            hesitation: Duration::from_millis(2_500),
            resolves: false,
            ..eager
        },
        Bug::CapacityOutsideTransaction => Manner {
            holds: Duration::from_millis(50),
            ..eager
        },
        _ => eager,
    }
}

impl Scene {
    /// Starts a desk on a fresh database, with a bug let loose or none.
    pub(super) async fn open(
        services: &Services,
        folder: &Path,
        seed: u64,
        bug: Bug,
        loose: Option<&str>,
    ) -> Result<Self> {
        let simulator = Simulator::start(Settings {
            seed,
            ..Settings::default()
        })
        .await?;
        let database = Database::create(services, "interdesk_planted").await?;
        let folder = folder.join(format!(
            "{}{}",
            bug.name(),
            if loose.is_some() { "" } else { "-without" }
        ));
        let binary = variable("INTERDESK_TEST_PLANTED_BIN")?;
        let program = Program::new(Path::new(&binary), &folder, &database)?
            .with("INTERDESK_PROVIDERS_WHATSAPP_BASE_URL", &simulator.url())
            .with("INTERDESK_ROUTING_DECLINE_COOLDOWN_SECONDS", "1")
            .with("INTERDESK_TEST_BUG", loose.unwrap_or("none"));
        program.migrate().await?;
        let mut process = program.start("desk", &[], free_port()?)?;
        process.await_ready(READY).await?;
        let (mut agents, mut mailer) = (Vec::new(), None);
        for workspace in workspaces(bug) {
            let seeded = program.seed(&workspace.blueprint(None)).await?;
            let desk = format!("http://127.0.0.1:{}", process.port);
            for account in workspace.accounts(&seeded, &desk)? {
                simulator.add_account(account);
            }
            mailer = mailer.or(Some(post_office(&seeded)?));
            let tenant = uuid(&seeded.tenant).context("the tenant's id")?;
            agents.push((tenant, sign_in(&program, &workspace, process.port).await?));
        }
        let diary = Arc::new(Diary::default());
        let start =
            |(_, agents): &(String, Vec<Agent>)| Crew::start(agents, &manner(bug), seed, &diary);
        Ok(Self {
            crews: agents.iter().map(start).collect(),
            mailer: mailer.context("there is a workspace")?,
            database,
            program,
            process,
            simulator,
            agents,
            watchers: Vec::new(),
            diary,
            evidence: Evidence::default(),
        })
    }

    /// Lets customers write, so many per second and so many of them.
    pub(super) fn traffic(&self, rate: f64, customers: u64) {
        let (seconds, accounts, behaviour) = (None, None, None);
        self.simulator.start_traffic(Traffic {
            rate,
            customers,
            seconds,
            accounts,
            behaviour,
        });
    }

    /// Stops the traffic and waits until the desk has everything.
    pub(super) async fn quiet(&self) -> Result<()> {
        self.simulator.stop_traffic();
        let began = Instant::now();
        while self.simulator.pending() > 0 && began.elapsed() < READY {
            sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    /// Kills the desk and starts it again at its port.
    pub(super) async fn restart(&mut self) -> Result<()> {
        self.process.kill().await?;
        self.process = self.program.start("desk", &[], self.process.port)?;
        self.process.await_ready(READY).await
    }

    /// Lets a watcher of each workspace look on.
    pub(super) async fn watch(&mut self) -> Result<()> {
        for (tenant, agents) in &self.agents {
            let agent = agents.first().context("a workspace has an agent")?;
            self.watchers
                .push((tenant.clone(), Watcher::start(agent.clone())));
        }
        sleep(Duration::from_millis(500)).await;
        Ok(())
    }

    /// Lets every agent claim whatever waits, several at once and again and again.
    pub(super) async fn grab(&self, duration: Duration) {
        let agents = self.agents.iter().flat_map(|(_, agents)| agents);
        join_all(agents.map(|agent| grab(agent, duration))).await;
    }

    /// Posts webhooks of our own.
    pub(super) async fn post(&mut self, count: u64) -> Result<Vec<Letter>> {
        let letters: Vec<Letter> = (0..count).map(|n| self.mailer.write(n % 20)).collect();
        self.post_again(&letters).await?;
        self.evidence
            .written
            .extend(letters.iter().map(|letter| Written {
                account: self.mailer.account_id().to_owned(),
                provider_id: letter.provider_id.clone(),
                text: letter.text.clone(),
                told: true,
            }));
        Ok(letters)
    }

    /// Posts webhooks as they were posted before.
    pub(super) async fn post_again(&mut self, letters: &[Letter]) -> Result<()> {
        let mut connection = Connection::open(self.process.port).await?;
        for letter in letters {
            let status = connection.send(&letter.request).await?;
            ensure!(status == 200, "a webhook was answered {status}");
        }
        Ok(())
    }

    /// Ends everything and judges it.
    pub(super) async fn close(mut self) -> Result<Vec<Finding>> {
        for crew in self.crews {
            crew.stop().await;
        }
        // A bug may keep it from coming to rest at all.
        let _ = self.database.await_drained(Duration::from_secs(10)).await;
        for (tenant, watcher) in self.watchers {
            let last = last_seq(&self.database, &tenant).await?;
            self.evidence
                .seen
                .push((tenant, watcher.finish(last).await));
        }
        // The bug may keep it from stopping in order.
        self.process.kill().await?;
        self.evidence.replies = self.diary.replies();
        self.evidence.hear(&self.simulator.journal());
        self.simulator.stop().await;
        self.evidence.look(&self.database).await?;
        self.evidence.audit = self.program.audit_verify().await?;
        Ok(judge(&self.evidence))
    }
}

/// Claims four of what waits at the same time and is done with it at once, until the time is over. Most
/// of it is refused.
async fn grab(agent: &Agent, duration: Duration) {
    let began = Instant::now();
    for round in 0_u64.. {
        if began.elapsed() > duration {
            break;
        }
        let waiting = agent.waiting().await.unwrap_or_default();
        let claims = waiting.iter().take(4).map(async |(item, conversation)| {
            let key = format!("grab-{round}-{item}");
            if agent
                .claim(item, &key)
                .await
                .is_ok_and(|status| status == "DONE")
            {
                let _ = agent.resolve(conversation, &format!("{key}-done")).await;
            }
        });
        join_all(claims).await;
    }
}

fn post_office(seeded: &Seeded) -> Result<Mailer> {
    let inbox = seeded.inboxes.first().context("seed made no inbox")?;
    let account = whatsapp(&inbox.account_id, String::new());
    Ok(Mailer::new(account, &inbox.webhook_path, "planted"))
}

async fn sign_in(program: &Program, workspace: &Workspace, port: u16) -> Result<Vec<Agent>> {
    let mut agents = Vec::new();
    for number in 0..workspace.agents {
        let token = program
            .token(&workspace.slug, &workspace.email(number))
            .await?;
        let agent = Agent::new(port, &token)?;
        agent.come_online().await?;
        agents.push(agent);
    }
    Ok(agents)
}
