//! The demo workspace: two agents, a supervisor, three inboxes, and customers who write.

pub(crate) mod mail;

use crate::foundation::Foundation;
use crate::say::say;
use anyhow::{Context, bail};
use interdesk_channels::Credentials;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::permission::Role;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::Desk;
use interdesk_flow::provision::{
    AgentPlan, Blueprint, InboxPlan, QueuePlan, provision, webhook_path,
};
use interdesk_node::lifecycle::{Importance, TaskSet};
use interdesk_simulator::account::{Account, Matrix, Telegram, Webhook, WhatsApp};
use interdesk_simulator::demo;
use interdesk_store::inboxes::{self, Inbox};
use interdesk_store::provision as rows;
use interdesk_store::vault::{Vault, random_text};
use std::net::SocketAddr;

/// The demo workspace's short name.
pub(crate) const WORKSPACE: &str = "demo";

/// The password of everybody in the demo workspace: it holds nothing real and listens on loopback.
const PASSWORD: &str = "interdesk-demo";

/// The teams of the demo workspace, which share its queues.
const BOTH: [&str; 2] = ["Care", "Specialists"];

/// The name of the homeserver that is played.
const HOMESERVER: &str = "example.org";

/// What a stranger may paste first.
const QUERY: &str = "{ conversations(first: 5) { nodes { id status lastText } } }";

/// Sets up the demo workspace when there is none, and lets simulated customers write.
pub(crate) async fn start(
    foundation: &Foundation,
    address: SocketAddr,
    mail_door: Option<SocketAddr>,
    tasks: &mut TaskSet,
) -> anyhow::Result<()> {
    seed(&foundation.desk, &foundation.vault).await?;
    let port = simulator_port(address.port());
    let url = format!("http://{address}");
    let mut settings = demo::Demo::new(port, accounts(foundation, port, &url).await?);
    // Every start brings other customers.
    settings.simulator.seed = foundation.desk.now().timestamp_millis().unsigned_abs();
    print_logins(&url);
    let soft = tasks.shutdown().soft().clone();
    if let Some(door) = mail_door {
        let playing = mail::play(foundation, catcher_port(port), door, soft.clone()).await?;
        tasks.spawn("mail catcher", Importance::Helper, async move {
            playing.await;
            Ok(())
        });
    }
    tasks.spawn("simulator", Importance::Helper, async move {
        Ok(demo::run(settings, soft).await?)
    });
    Ok(())
}

/// Sets up the demo workspace when there is none; `true` when it was missing.
pub(crate) async fn seed(desk: &Desk, vault: &Vault) -> anyhow::Result<bool> {
    if find(desk).await?.is_some() {
        return Ok(false);
    }
    provision(desk, vault, &blueprint()?).await?;
    Ok(true)
}

/// Prints who may sign in, and a query to begin with.
pub(crate) fn print_logins(url: &str) {
    say!("workspace: {WORKSPACE}   password of everybody: {PASSWORD}");
    for agent in [
        "agent1@example.org",
        "agent2@example.org",
        "supervisor@example.org",
        "admin@example.org",
    ] {
        say!("login: {agent}");
    }
    say!("demo page with the chat widget: {url}/demo");
    say!("GraphiQL: {url}/   first query, after signIn: {QUERY}");
}

/// Returns the port of the simulated providers beside a desk.
pub(crate) fn simulator_port(desk: u16) -> u16 {
    desk.checked_add(10).unwrap_or(desk - 10)
}

/// Returns the port of the demo's mail server beside the simulated providers.
pub(crate) fn catcher_port(simulator: u16) -> u16 {
    simulator.checked_add(1).unwrap_or(simulator - 1)
}

/// Returns the demo's inboxes as the simulator plays them, and points them at it.
pub(crate) async fn accounts(
    foundation: &Foundation,
    port: u16,
    desk_url: &str,
) -> anyhow::Result<Vec<Account>> {
    let desk = &foundation.desk;
    let scope = find(desk)
        .await?
        .context("there is no demo workspace; run: interdesk seed --demo")?;
    let transaction = desk.database.begin(scope).await?;
    let mut accounts = Vec::new();
    for inbox in inboxes::list(&transaction, scope).await? {
        // Real visitors write on the demo page; nobody plays them.
        if matches!(inbox.channel, ChannelKind::Email | ChannelKind::Webchat) {
            continue;
        }
        let sealed = foundation
            .vault
            .open(&inbox.id.to_string(), &inbox.credentials)?;
        let credentials: Credentials = serde_json::from_slice(sealed.expose())?;
        let simulator = format!("http://127.0.0.1:{port}");
        let endpoint = match inbox.channel {
            ChannelKind::Whatsapp => format!(
                "{simulator}/{}",
                foundation.config.providers.whatsapp_version
            ),
            ChannelKind::Telegram | ChannelKind::Matrix => simulator,
            ChannelKind::Webhook | ChannelKind::Email | ChannelKind::Webchat => {
                format!("{simulator}/app/{}/callback", inbox.account_id)
            }
        };
        inboxes::set_endpoint(&transaction, scope, inbox.id, &endpoint).await?;
        let webhook_url = format!("{desk_url}{}", webhook_path(&inbox));
        accounts.push(account(&inbox, credentials, webhook_url)?);
    }
    transaction.commit().await?;
    Ok(accounts)
}

async fn find(desk: &Desk) -> anyhow::Result<Option<TenantScope>> {
    let system = desk.database.begin_system().await?;
    let found = rows::find_tenant(&system, WORKSPACE).await?;
    system.commit().await?;
    Ok(found.map(|tenant| TenantScope::new(tenant.id)))
}

fn account(
    inbox: &Inbox,
    credentials: Credentials,
    webhook_url: String,
) -> anyhow::Result<Account> {
    let id = inbox.account_id.clone();
    let secret = credentials
        .webhook_secrets
        .first()
        .cloned()
        .unwrap_or_default();
    let token = credentials.access_token.unwrap_or_default();
    Ok(match inbox.channel {
        ChannelKind::Whatsapp => Account::WhatsApp(WhatsApp {
            phone_number_id: id,
            display_phone_number: "15550100000".to_owned(),
            waba_id: "555000000000001".to_owned(),
            access_token: token,
            app_secret: secret,
            verify_token: credentials.verify_token.unwrap_or_default(),
            webhook_url,
            user_ids: true,
            coexistence: false,
        }),
        ChannelKind::Telegram => Account::Telegram(Telegram {
            bot_id: id.parse().context("the demo bot's id is no number")?,
            token,
            secret_token: Some(secret),
            webhook_url,
            allowed_updates: None,
        }),
        ChannelKind::Webhook => Account::Webhook(Webhook {
            id,
            webhook_url,
            secret,
            signing_key: None,
            desk_public_key: None,
        }),
        ChannelKind::Email => bail!("mail has a catcher of its own"),
        ChannelKind::Matrix => Account::Matrix(Matrix {
            user_id: id,
            server_name: HOMESERVER.to_owned(),
            as_token: token,
            hs_token: secret,
            webhook_url,
        }),
        ChannelKind::Webchat => bail!("web chat has no provider that could be played"),
    })
}

fn blueprint() -> anyhow::Result<Blueprint> {
    Ok(Blueprint {
        slug: WORKSPACE.to_owned(),
        name: "Demo workspace".to_owned(),
        agents: vec![
            agent("agent1@example.org", "Agent 1", Role::Agent, &["Care"]),
            agent("agent2@example.org", "Agent 2", Role::Agent, &BOTH),
            agent(
                "supervisor@example.org",
                "Supervisor",
                Role::Supervisor,
                &BOTH,
            ),
            agent("admin@example.org", "Administrator", Role::Admin, &[]),
        ],
        queues: vec![queue("Support", &["Care"]), queue("Billing", &BOTH)],
        inboxes: vec![
            inbox(
                ChannelKind::Whatsapp,
                "WhatsApp +1 555 010 0000",
                "555000000000100",
                Credentials {
                    access_token: Some(random_text(24)?),
                    webhook_secrets: vec![random_text(16)?],
                    verify_token: Some(random_text(16)?),
                    ..Credentials::default()
                },
            ),
            inbox(
                ChannelKind::Telegram,
                "Telegram bot",
                "5550000001",
                Credentials {
                    access_token: Some(format!("5550000001:{}", random_text(18)?)),
                    webhook_secrets: vec![random_text(24)?],
                    ..Credentials::default()
                },
            ),
            shop_app()?,
            website()?,
            homeserver()?,
            mail::mailbox(),
        ],
        workspace: serde_json::from_str(include_str!("demo/workspace.json"))?,
    })
}

fn queue(name: &str, teams: &[&str]) -> QueuePlan {
    QueuePlan {
        name: name.to_owned(),
        offer_seconds: 120,
        teams: teams.iter().map(|team| (*team).to_owned()).collect(),
    }
}

fn shop_app() -> anyhow::Result<InboxPlan> {
    use base64::Engine;
    let key = base64::engine::general_purpose::STANDARD.encode(random_text(16)?);
    let secret = format!("whsec_{key}");
    Ok(inbox(
        ChannelKind::Webhook,
        "Shop app",
        "shop",
        Credentials {
            webhook_secrets: vec![secret.clone()],
            signing_secret: Some(secret),
            ..Credentials::default()
        },
    ))
}

/// The bot on a homeserver that is played.
fn homeserver() -> anyhow::Result<InboxPlan> {
    let bot = format!("@_interdesk_demo:{HOMESERVER}");
    let others = [
        ("user_id", bot.as_str()),
        ("display_name", "Demo support"),
        ("show_agents", "yes"),
    ];
    let others = others.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Ok(inbox(
        ChannelKind::Matrix,
        "Matrix",
        &bot,
        Credentials {
            access_token: Some(random_text(32)?),
            webhook_secrets: vec![random_text(32)?],
            others: others.into_iter().collect(),
            ..Credentials::default()
        },
    ))
}

/// The chat on a page of one's own; the demo page is one.
fn website() -> anyhow::Result<InboxPlan> {
    let others = [
        (
            "allowed_origins",
            "http://127.0.0.1:* http://localhost:*".to_owned(),
        ),
        ("identity_secret", random_text(32)?),
    ];
    let others = others.map(|(name, value)| (name.to_owned(), value));
    Ok(inbox(
        ChannelKind::Webchat,
        "Website",
        "website",
        Credentials {
            webhook_secrets: vec![random_text(32)?],
            others: others.into_iter().collect(),
            ..Credentials::default()
        },
    ))
}

fn agent(email: &str, name: &str, role: Role, teams: &[&str]) -> AgentPlan {
    AgentPlan {
        email: email.to_owned(),
        name: name.to_owned(),
        password: Some(PASSWORD.to_owned()),
        role,
        capacity: 5,
        teams: teams.iter().map(|team| (*team).to_owned()).collect(),
    }
}

fn inbox(
    channel: ChannelKind,
    name: &str,
    account_id: &str,
    credentials: Credentials,
) -> InboxPlan {
    InboxPlan {
        channel,
        name: name.to_owned(),
        account_id: account_id.to_owned(),
        endpoint: None,
        queue: "Support".to_owned(),
        credentials,
        files: Default::default(),
    }
}
