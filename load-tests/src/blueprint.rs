//! The workspaces that load tests need, and what `interdesk seed` says of them.

use anyhow::{Context, Result};
use interdesk_simulator::{Account, account};
use serde::Deserialize;
use serde_json::{Value, json};

/// The password of every agent here; they sign in by token.
const PASSWORD: &str = "load-tests-only-1";
/// The token of the GET handshake.
const VERIFY_TOKEN: &str = "verify";

/// A workspace to make: agents of one team that serves every queue.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// Its short name.
    pub slug: String,
    /// How many agents.
    pub agents: usize,
    /// How many conversations each may hold.
    pub capacity: u32,
    /// How long an offer waits.
    pub offer_seconds: u32,
    /// The queues; each has an inbox of each channel.
    pub queues: usize,
    /// The channels.
    pub channels: Vec<&'static str>,
    /// Tells the accounts of workspaces apart.
    pub number: u64,
}

impl Workspace {
    /// Describes it for `interdesk seed`; replies of webhook inboxes go to `simulator`.
    pub fn blueprint(&self, simulator: Option<&str>) -> Value {
        let agents: Vec<Value> = (0..self.agents)
            .map(|n| {
                json!({
                    "email": self.email(n), "name": format!("Agent {n}"), "password": PASSWORD,
                    "role": "agent", "capacity": self.capacity, "teams": ["Care"],
                })
            })
            .collect();
        let queue = |n| json!({ "name": queue_name(n), "offer_seconds": self.offer_seconds, "teams": ["Care"] });
        let queues: Vec<Value> = (0..self.queues).map(queue).collect();
        let inboxes: Vec<Value> = self
            .places()
            .map(|place| self.inbox(place, simulator))
            .collect();
        json!({
            "slug": self.slug, "name": format!("Workspace {}", self.slug),
            "agents": agents, "queues": queues, "inboxes": inboxes,
        })
    }

    /// Gives the e-mail address of an agent.
    pub fn email(&self, agent: usize) -> String {
        format!("agent-{agent}@{}.example.org", self.slug)
    }

    fn places(&self) -> impl Iterator<Item = (usize, &'static str)> + '_ {
        (0..self.queues)
            .flat_map(|queue| self.channels.iter().map(move |channel| (queue, *channel)))
    }

    fn inbox(&self, (queue, channel): (usize, &str), simulator: Option<&str>) -> Value {
        let account = self.account_name(queue, channel);
        let credentials = match channel {
            "whatsapp" => json!({
                "access_token": access_token(&account), "webhook_secrets": [secret(&account)],
                "verify_token": VERIFY_TOKEN,
            }),
            "telegram" => json!({
                "access_token": bot_token(&account), "webhook_secrets": [secret(&account)],
            }),
            _ => json!({ "webhook_secrets": [whsec()], "signing_secret": whsec() }),
        };
        let endpoint = simulator
            .filter(|_| channel == "webhook")
            .map(|url| format!("{url}/app/{account}/callback"));
        json!({
            "channel": channel, "name": format!("{channel} {queue}"), "account_id": account,
            "endpoint": endpoint, "queue": queue_name(queue), "credentials": credentials,
        })
    }

    /// Gives the accounts that the simulator plays for the seeded inboxes of a desk at `url`.
    pub fn accounts(&self, seeded: &Seeded, url: &str) -> Result<Vec<Account>> {
        self.places()
            .map(|(queue, channel)| self.account(seeded, url, queue, channel))
            .collect()
    }

    fn account(&self, seeded: &Seeded, url: &str, queue: usize, channel: &str) -> Result<Account> {
        let id = self.account_name(queue, channel);
        let inbox = seeded.inbox(channel, &id)?;
        let webhook_url = format!("{url}{}", inbox.webhook_path);
        Ok(match channel {
            "whatsapp" => Account::WhatsApp(whatsapp(&id, webhook_url)),
            "telegram" => Account::Telegram(account::Telegram {
                bot_id: id.parse()?,
                token: bot_token(&id),
                secret_token: Some(secret(&id)),
                webhook_url,
                allowed_updates: None,
            }),
            _ => Account::Webhook(account::Webhook {
                id,
                webhook_url,
                secret: whsec(),
                signing_key: None,
                desk_public_key: None,
            }),
        })
    }

    // The first digit tells numbers and bots apart: the simulator knows accounts by these names.
    fn account_name(&self, queue: usize, channel: &str) -> String {
        let number = self.number * 100 + queue as u64;
        match channel {
            "whatsapp" => format!("1{number:0>5}"),
            "telegram" => format!("2{number:0>5}"),
            _ => format!("app-{number:0>5}"),
        }
    }
}

/// Describes a WhatsApp number as the simulator needs it.
pub fn whatsapp(id: &str, webhook_url: String) -> account::WhatsApp {
    account::WhatsApp {
        phone_number_id: id.to_owned(),
        display_phone_number: format!("1555{id:0>7}"),
        waba_id: format!("2{id}"),
        access_token: access_token(id),
        app_secret: secret(id),
        verify_token: VERIFY_TOKEN.to_owned(),
        webhook_url,
        user_ids: true,
        coexistence: false,
    }
}

fn queue_name(queue: usize) -> String {
    format!("Queue {queue}")
}

fn access_token(id: &str) -> String {
    format!("access-{id}")
}

fn bot_token(id: &str) -> String {
    format!("{id}:load-tests")
}

fn secret(id: &str) -> String {
    format!("secret-{id}")
}

fn whsec() -> String {
    // 24 bytes, all of them 7.
    "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH".to_owned()
}

/// What `interdesk seed` made.
#[derive(Clone, Debug, Deserialize)]
pub struct Seeded {
    /// The tenant's id.
    pub tenant: String,
    /// The agents.
    pub agents: Vec<SeededAgent>,
    /// The inboxes.
    pub inboxes: Vec<SeededInbox>,
}

/// An agent that was made.
#[derive(Clone, Debug, Deserialize)]
pub struct SeededAgent {
    /// Who.
    pub id: String,
    /// The name at sign-in.
    pub email: String,
}

/// An inbox that was made.
#[derive(Clone, Debug, Deserialize)]
pub struct SeededInbox {
    /// Which.
    pub id: String,
    /// The kind of app.
    pub channel: String,
    /// The provider's id of the account.
    pub account_id: String,
    /// Where its webhooks go.
    pub webhook_path: String,
}

impl Seeded {
    /// Finds an inbox.
    pub fn inbox(&self, channel: &str, account: &str) -> Result<&SeededInbox> {
        self.inboxes
            .iter()
            .find(|inbox| inbox.channel == channel && inbox.account_id == account)
            .with_context(|| format!("seed made no {channel} inbox for {account}"))
    }
}
