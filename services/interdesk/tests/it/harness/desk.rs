//! A running desk with its providers: one process, or the four services.

use super::customer::{account, blueprint};
use super::process::{Finished, Process, Program, logs};
use super::{Agent, TestDatabase};
use interdesk_simulator::{Customer, Draft, Running, Settings, Simulator};
use rustix::process::Signal;
use serde_json::Value;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The two ways of running the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    /// One process, its events within itself.
    Local,
    /// Four processes over RabbitMQ and Redis.
    Services,
}

impl Column {
    fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Services => "services",
        }
    }

    fn roles(self) -> &'static [&'static str] {
        match self {
            Self::Local => &["all"],
            Self::Services => &["ingestion", "routing", "agent", "audit"],
        }
    }
}

/// What a test wants of its desk.
pub(crate) struct Plan {
    /// How many agents.
    pub(crate) agents: usize,
    /// How many conversations each may hold.
    pub(crate) capacity: u32,
    /// How long an offer waits.
    pub(crate) offer_seconds: u32,
    /// The password of everybody; hashing takes its time, so only where it is used.
    pub(crate) password: Option<&'static str>,
    /// Whether the usual inboxes say under which name customers find them.
    pub(crate) public_names: bool,
    /// Inboxes beside the usual ones.
    pub(crate) inboxes: Vec<Value>,
    /// Settings beside the usual ones.
    pub(crate) settings: Vec<(String, String)>,
    /// How the workspace works, where not by the defaults.
    pub(crate) workspace: Option<Value>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            agents: 1,
            capacity: 5,
            offer_seconds: 600,
            password: None,
            public_names: false,
            inboxes: Vec::new(),
            settings: Vec::new(),
            workspace: None,
        }
    }
}

impl Plan {
    /// Changes one setting.
    pub(crate) fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.settings.push((name.to_owned(), value.into()));
        self
    }
}

/// One inbox of the workspace.
struct Inbox {
    channel: String,
    account: String,
    path: String,
}

/// A running desk; all of it ends when this is dropped.
pub(crate) struct Desk {
    processes: HashMap<&'static str, (Process, u16)>,
    /// The providers and their customers.
    pub(crate) simulator: Running,
    /// The desk's database.
    pub(crate) database: TestDatabase,
    /// The way it runs.
    pub(crate) column: Column,
    folder: PathBuf,
    slug: String,
    settings: Vec<(String, String)>,
    inboxes: Vec<Inbox>,
}

impl Desk {
    /// Starts a desk with a workspace of its own.
    pub(crate) async fn start(column: Column, test: &str, plan: Plan) -> Self {
        let folder = logs(&format!("{test}-{}", column.name()));
        // What is left of an earlier run would be taken for this one's.
        let _ = std::fs::remove_dir_all(&folder);
        let database = TestDatabase::fresh().await;
        let settings = Settings {
            // Some webhooks are signed here, so the provider does not know who wrote.
            strangers: true,
            ..Settings::default()
        };
        let simulator = Simulator::start(settings).await.expect("ports");
        let slug = format!("{test}-{}", column.name());
        let mut desk = Self {
            processes: HashMap::new(),
            settings: environment(column, &database, &plan),
            simulator,
            database,
            column,
            folder,
            slug,
            inboxes: Vec::new(),
        };
        desk.seed(&plan).await;
        for role in column.roles() {
            desk.start_role(role);
        }
        for role in column.roles() {
            desk.await_ready(role).await;
        }
        desk.connect_accounts();
        desk
    }

    async fn seed(&mut self, plan: &Plan) {
        std::fs::create_dir_all(&self.folder).expect("a folder");
        let file = self.folder.join("blueprint.json");
        let text = blueprint(&self.slug, plan, &self.simulator.url()).to_string();
        std::fs::write(&file, text).expect("a file");
        let done = self.run(&["seed", "--file", path(&file)]).await;
        assert!(done.success, "seeding fails: {}", done.text());
        let seeded: Value = serde_json::from_str(&done.out).expect("JSON");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let inboxes = seeded["inboxes"].as_array().expect("inboxes");
        let read = |inbox: &Value| Inbox {
            channel: text(&inbox["channel"]),
            account: text(&inbox["account_id"]),
            path: text(&inbox["webhook_path"]),
        };
        self.inboxes = inboxes.iter().map(read).collect();
        // It holds the secrets, which no log may show.
        std::fs::remove_file(&file).expect("the file");
    }

    fn start_role(&mut self, role: &'static str) {
        // A role that comes back is found where it was.
        let port = self.processes.get(role).map_or(0, |(_, port)| *port);
        let arguments: &[&str] = match role {
            "all" => &["run"],
            role => &["run", role],
        };
        let process = Program::new(role, arguments)
            .within(&self.folder)
            .with(&self.settings)
            .set("INTERDESK_HTTP_PORT", port.to_string())
            .start();
        self.processes.insert(role, (process, port));
    }

    async fn await_ready(&mut self, role: &'static str) {
        let (process, port) = self.processes.get_mut(role).expect("it was started");
        *port = process.ready().await;
    }

    fn connect_accounts(&self) {
        // Visitors of a page need nobody between, mail and Matrix have servers of their own.
        let played =
            |inbox: &&Inbox| !["webchat", "email", "matrix"].contains(&inbox.channel.as_str());
        for inbox in self.inboxes.iter().filter(played) {
            let url = format!("{}{}", self.url("ingestion"), inbox.path);
            self.simulator.add_account(account(&inbox.channel, url));
        }
    }

    /// The workspace's short name.
    pub(crate) fn slug(&self) -> &str {
        &self.slug
    }

    /// Runs another command beside the desk.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Finished {
        self.program(arguments).finish().await
    }

    /// Prepares another command beside the desk.
    pub(crate) fn program(&self, arguments: &[&str]) -> Program {
        Program::new(arguments[0], arguments)
            .within(&self.folder.join("commands"))
            .with(&self.settings)
    }

    /// The roles, as processes run them.
    pub(crate) fn roles(&self) -> &'static [&'static str] {
        self.column.roles()
    }

    /// Where a role is served.
    pub(crate) fn url(&self, role: &str) -> String {
        format!("http://127.0.0.1:{}", self.process(role).1)
    }

    /// Where an account's webhooks go.
    pub(crate) fn webhook_url(&self, account: &str) -> String {
        let inbox = self.inboxes.iter().find(|inbox| inbox.account == account);
        format!("{}{}", self.url("ingestion"), inbox.expect("an inbox").path)
    }

    /// A customer writes; returns the provider's id of the message.
    pub(crate) fn write(&self, account: &str, customer: &str, draft: impl Into<Draft>) -> String {
        let customer = Customer::new(customer);
        let written = self.simulator.write(account, &customer, draft);
        written.expect("the provider takes it")
    }

    /// An agent at the desk, by number from 1, with a token from the command line.
    pub(crate) async fn agent(&self, number: usize) -> Agent {
        let email = format!("agent{number}@example.org");
        let arguments = ["token", "--workspace", &self.slug, "--agent", &email];
        let done = self.run(&arguments).await;
        assert!(done.success, "no token: {}", done.text());
        // The token is a secret like any other; what printed it is no log.
        let token = done.out.trim().to_owned();
        Agent::new(self.url("agent"), token)
    }

    /// An agent who signs in by password.
    pub(crate) async fn sign_in(&self, number: usize, password: &str) -> Agent {
        let email = format!("agent{number}@example.org");
        Agent::sign_in(self.url("agent"), &self.slug, &email, password).await
    }

    /// Ends the process of a role as a power cut would, and starts it anew.
    pub(crate) async fn kill_and_restart(&mut self, role: &str) {
        self.process_mut(role).kill();
        self.restart(role).await;
    }

    /// Starts the ended process of a role anew.
    pub(crate) async fn restart(&mut self, role: &str) {
        let role = self.key(role);
        self.start_role(role);
        self.await_ready(role).await;
    }

    /// Sends a signal to the process of a role.
    pub(crate) fn signal(&self, role: &str, signal: Signal) {
        self.process(role).0.signal(signal);
    }

    /// The process of a role.
    pub(crate) fn process_mut(&mut self, role: &str) -> &mut Process {
        let role = self.key(role);
        &mut self.processes.get_mut(role).expect("it runs").0
    }

    /// Lets another process have a role from now on; the one that had it ends.
    pub(crate) fn put_process(&mut self, role: &str, process: Process) {
        *self.process_mut(role) = process;
    }

    /// Everything that the desk's processes logged and printed.
    pub(crate) fn logs(&self) -> Vec<(String, String)> {
        let files = std::fs::read_dir(&self.folder).expect("the folder");
        let files = files.map(|file| file.expect("a file").path());
        files
            .filter(|path| path.is_file())
            .map(|path| {
                let text = std::fs::read_to_string(&path).expect("text");
                (path.display().to_string(), text)
            })
            .collect()
    }

    fn process(&self, role: &str) -> &(Process, u16) {
        self.processes.get(self.key(role)).expect("it runs")
    }

    fn key(&self, role: &str) -> &'static str {
        let roles = self.column.roles();
        let own = roles.iter().find(|known| **known == role);
        own.copied().unwrap_or(roles[0])
    }
}

fn environment(column: Column, database: &TestDatabase, plan: &Plan) -> Vec<(String, String)> {
    let mut settings = vec![
        ("DATABASE_URL".to_owned(), database.url()),
        ("MIGRATION_DATABASE_URL".to_owned(), database.owner_url()),
    ];
    let mut set = |name: &str, value: &str| settings.push((name.to_owned(), value.to_owned()));
    set(
        "INTERDESK_SECRET_KEY",
        "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=",
    );
    set("INTERDESK_PROVIDERS_ALLOW_PRIVATE_CALLBACKS", "true");
    set("INTERDESK_BUS_SHARDS", "2");
    set("INTERDESK_BUS_RETRY_DELAYS_MS", "200,1000");
    set("INTERDESK_HTTP_WORKERS", "2");
    set("INTERDESK_AUDIT_CHECKPOINT_SECONDS", "1");
    // Tests look again and again until something is so, more often than any dashboard.
    set("INTERDESK_GRAPHQL_COST_PER_MINUTE", "0");
    if column == Column::Services {
        let broker = std::env::var("INTERDESK_TEST_AMQP_URL");
        set(
            "AMQP_URL",
            &broker.expect("INTERDESK_TEST_AMQP_URL; use ./dev test"),
        );
        let cache = std::env::var("INTERDESK_TEST_REDIS_URL");
        set(
            "REDIS_URL",
            &cache.expect("INTERDESK_TEST_REDIS_URL; use ./dev test"),
        );
        set("INTERDESK_BUS_PREFIX", &format!("{}.", database.name()));
    }
    settings.extend_from_slice(&plan.settings);
    settings
}

fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}
