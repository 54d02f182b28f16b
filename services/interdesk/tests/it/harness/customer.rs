//! The accounts that customers write to: the same in the blueprint and at the providers.

use interdesk_simulator::account::{Account, Telegram, Webhook, WhatsApp};
use serde_json::{Value, json};

/// The WhatsApp number's id.
pub(crate) const WHATSAPP: &str = "555000000000100";
/// The Telegram bot's id.
pub(crate) const TELEGRAM: &str = "5550000001";
/// The third-party app.
pub(crate) const SHOP: &str = "shop";

/// What must never be seen in a log.
pub(crate) const SECRETS: [&str; 6] = [
    "access-token-of-whatsapp",
    "app-secret-of-whatsapp",
    "verify-token-of-whatsapp",
    "token-of-telegram",
    "secret-token-of-telegram",
    "c2VjcmV0LW9mLXRoZS1zaG9wLWFwcCE=",
];

/// The number, with the desk's address for its webhooks.
pub(crate) fn whatsapp(webhook_url: String) -> WhatsApp {
    WhatsApp {
        phone_number_id: WHATSAPP.to_owned(),
        display_phone_number: "15550100000".to_owned(),
        waba_id: "555000000000001".to_owned(),
        access_token: SECRETS[0].to_owned(),
        app_secret: SECRETS[1].to_owned(),
        verify_token: SECRETS[2].to_owned(),
        webhook_url,
        user_ids: true,
        coexistence: false,
    }
}

/// The bot, likewise.
pub(crate) fn telegram(webhook_url: String) -> Telegram {
    Telegram {
        bot_id: TELEGRAM.parse().expect("a number"),
        token: format!("{TELEGRAM}:{}", SECRETS[3]),
        secret_token: Some(SECRETS[4].to_owned()),
        webhook_url,
        allowed_updates: None,
    }
}

/// The app, likewise.
pub(crate) fn shop(webhook_url: String) -> Webhook {
    Webhook {
        id: SHOP.to_owned(),
        webhook_url,
        secret: format!("whsec_{}", SECRETS[5]),
        signing_key: None,
        desk_public_key: None,
    }
}

/// An account by its channel.
pub(crate) fn account(channel: &str, webhook_url: String) -> Account {
    match channel {
        "whatsapp" => Account::WhatsApp(whatsapp(webhook_url)),
        "telegram" => Account::Telegram(telegram(webhook_url)),
        _ => Account::Webhook(shop(webhook_url)),
    }
}

/// The workspace: agents of one team, one queue, three inboxes that call the simulator.
pub(crate) fn blueprint(slug: &str, plan: &super::Plan, simulator: &str) -> Value {
    let agent = |number: usize| {
        json!({
            "email": format!("agent{number}@example.org"),
            "name": format!("Agent {number}"),
            "password": plan.password,
            "role": "agent",
            "capacity": plan.capacity,
            "teams": ["Care"],
        })
    };
    let inbox = |channel: &str, account: &str, endpoint: String, credentials: Value| {
        json!({
            "channel": channel,
            "name": channel,
            "account_id": account,
            "endpoint": endpoint,
            "queue": "Support",
            "credentials": credentials,
        })
    };
    let [access, app, verify, token, secret, key] = SECRETS;
    let public = |name: &str, value: &str| match plan.public_names {
        true => json!({ name: value }),
        false => json!({}),
    };
    let usual = json!([
        inbox(
            "whatsapp",
            WHATSAPP,
            format!("{simulator}/v24.0"),
            json!({
                "access_token": access, "webhook_secrets": [app], "verify_token": verify,
                "others": public("phone_number", "+1 555 0100000"),
            })
        ),
        inbox(
            "telegram",
            TELEGRAM,
            simulator.to_owned(),
            json!({
                "access_token": format!("{TELEGRAM}:{token}"), "webhook_secrets": [secret],
                "others": public("username", "@example_bot"),
            })
        ),
        inbox(
            "webhook",
            SHOP,
            format!("{simulator}/app/{SHOP}/callback"),
            json!({
                "webhook_secrets": [format!("whsec_{key}")],
                "signing_secret": format!("whsec_{key}"),
            })
        ),
    ]);
    let usual = usual.as_array().into_iter().flatten().cloned();
    let played = plan.inboxes.iter().cloned().map(|mut inbox| {
        // A plan is made before the simulator has its port.
        if inbox["endpoint"] == "simulator" {
            inbox["endpoint"] = simulator.into();
        }
        inbox
    });
    let inboxes = usual.chain(played);
    let mut blueprint = json!({
        "slug": slug,
        "name": "Workspace under test",
        "agents": (1..=plan.agents).map(agent).collect::<Vec<_>>(),
        "queues": [{ "name": "Support", "offer_seconds": plan.offer_seconds, "teams": ["Care"] }],
        "inboxes": inboxes.collect::<Vec<_>>(),
    });
    if let Some(workspace) = &plan.workspace {
        blueprint["workspace"] = workspace.clone();
    }
    blueprint
}
