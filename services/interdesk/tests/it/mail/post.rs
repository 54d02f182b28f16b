//! A desk with a workspace that has a mailbox, a server that catches what it sends, and customers.

use crate::harness::{Agent, Column, Desk, Live, Plan, until};
use interdesk_simulator::mail::{Catcher, Caught, Customers, Draft};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// The mailbox's address.
pub(crate) const ADDRESS: &str = "support@desk.example";

/// The server whose findings the mailbox believes.
pub(crate) const TRUSTED: &str = "mx.desk.example";

/// What a story of mails needs.
pub(crate) struct Post {
    pub(crate) desk: Desk,
    pub(crate) agent: Agent,
    pub(crate) live: Live,
    pub(crate) catcher: Catcher,
    pub(crate) customers: Customers,
    /// Where the desk takes mails by LMTP.
    pub(crate) door: SocketAddr,
}

impl Post {
    /// Starts a desk beside a catcher.
    pub(crate) async fn start(column: Column, test: &str) -> Self {
        let catcher = Catcher::start(0).await.expect("a port");
        let mailbox = json!({
            "channel": "email",
            "name": "Mail",
            "account_id": ADDRESS,
            "endpoint": catcher.url(),
            "queue": "Mail",
            "credentials": { "others": { "name": "Desk", "trusted_servers": TRUSTED } },
        });
        let plan = Plan::default().set("INTERDESK_MAIL_LMTP_PORT", "0");
        let desk = Desk::start(column, test, plan).await;
        let agent = workspace(&desk, column, test, json!([mailbox])).await;
        let live = agent.watch().await;
        agent.online().await;
        let door = door(&desk).await;
        Self {
            customers: Customers::new(door, ADDRESS, 1),
            desk,
            agent,
            live,
            catcher,
            door,
        }
    }

    /// The workspace's short name, and the agent's name at sign-in.
    pub(crate) async fn login(&self) -> (String, String) {
        let query = "{ me { email } workspace { slug } }";
        let own = self.agent.ask(query, json!({})).await;
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        (text(&own["workspace"]["slug"]), text(&own["me"]["email"]))
    }

    /// Hands a customer's mail to the desk, which takes it.
    pub(crate) async fn send(&self, draft: &Draft) {
        let handed = self.customers.send(draft).await.expect("an answer");
        assert!(handed.is_taken(), "{handed:?}");
    }

    /// Waits until the desk has sent so many mails; returns the last.
    pub(crate) async fn caught(&self, number: usize) -> Caught {
        until("a mail", async || self.catcher.caught().len() >= number).await;
        let caught = self.catcher.caught();
        assert_eq!(caught.len(), number);
        caught[number - 1].clone()
    }
}

/// Sets up a workspace with one agent and these mailboxes; returns the agent.
pub(crate) async fn workspace(desk: &Desk, column: Column, test: &str, mailboxes: Value) -> Agent {
    let slug = format!("{test}-{column:?}-mail").to_lowercase();
    let blueprint = json!({
        "slug": slug,
        "name": "Mail",
        "agents": [{ "email": "agent9@example.org", "name": "Agent 9", "password": null,
            "role": "agent", "capacity": 5, "teams": ["Post"] }],
        "queues": [{ "name": "Mail", "offer_seconds": 600, "teams": ["Post"] }],
        "inboxes": mailboxes,
    });
    let file = std::env::temp_dir().join(format!("{slug}-{}.json", std::process::id()));
    std::fs::write(&file, blueprint.to_string()).expect("a file");
    let done = desk
        .run(&["seed", "--file", file.to_str().expect("UTF-8")])
        .await;
    std::fs::remove_file(&file).expect("the file");
    assert!(done.success, "seeding fails: {}", done.text());
    let token = [
        "token",
        "--workspace",
        &slug,
        "--agent",
        "agent9@example.org",
    ];
    let done = desk.run(&token).await;
    assert!(done.success, "no token: {}", done.text());
    Agent::new(desk.url("agent"), done.out.trim().to_owned())
}

/// Finds where the desk takes mails by LMTP: it says so when it starts.
pub(crate) async fn door(desk: &Desk) -> SocketAddr {
    let find = || {
        let logs = desk.logs().into_iter();
        let mut lines =
            logs.flat_map(|(_, text)| text.lines().map(str::to_owned).collect::<Vec<_>>());
        lines.find_map(|line| line.strip_prefix("mail: lmtp://")?.parse().ok())
    };
    until("the LMTP door", async || find().is_some()).await;
    find().expect("an address")
}
