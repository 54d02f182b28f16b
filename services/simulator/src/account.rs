//! Accounts: the phone numbers, bots and apps that the simulator plays.

use serde::{Deserialize, Serialize};

/// One account of one provider.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "channel", rename_all = "lowercase")]
pub enum Account {
    /// A business phone number of the WhatsApp Cloud API.
    WhatsApp(WhatsApp),
    /// A Telegram bot.
    Telegram(Telegram),
    /// A third-party app behind the signed webhook channel.
    Webhook(Webhook),
    /// The bot of an application service on a Matrix homeserver.
    Matrix(Matrix),
}

/// A business phone number of the WhatsApp Cloud API.
#[derive(Clone, Serialize, Deserialize)]
pub struct WhatsApp {
    /// The id in the path of every call and in every webhook.
    pub phone_number_id: String,
    /// The number that people see, digits only.
    pub display_phone_number: String,
    /// The WhatsApp Business Account, `entry[].id`.
    pub waba_id: String,
    /// The bearer token that calls must carry.
    pub access_token: String,
    /// The secret that signs webhooks.
    pub app_secret: String,
    /// The token of the GET handshake.
    pub verify_token: String,
    /// Where the desk takes webhooks.
    pub webhook_url: String,
    /// Whether webhooks carry business-scoped user ids.
    #[serde(default = "yes")]
    pub user_ids: bool,
    /// Whether the number also lives in the phone app: only then do edits and
    /// deletions arrive as such.
    #[serde(default)]
    pub coexistence: bool,
}

/// A Telegram bot.
#[derive(Clone, Serialize, Deserialize)]
pub struct Telegram {
    /// The number before the colon of the token.
    pub bot_id: i64,
    /// The whole token, `<bot_id>:<secret>`.
    pub token: String,
    /// The text that every webhook carries in its secret header.
    #[serde(default)]
    pub secret_token: Option<String>,
    /// Where the desk takes webhooks; empty until `setWebhook`.
    #[serde(default)]
    pub webhook_url: String,
    /// The update kinds to send; none means every kind.
    #[serde(default)]
    pub allowed_updates: Option<Vec<String>>,
}

/// A third-party app behind the signed webhook channel.
#[derive(Clone, Serialize, Deserialize)]
pub struct Webhook {
    /// The app's name here; its callback is `/app/{id}/callback`.
    pub id: String,
    /// Where the desk takes events.
    pub webhook_url: String,
    /// The shared secret, `whsec_…`, of both directions.
    pub secret: String,
    /// The app's private key, `whsk_…`; adds v1a signatures.
    #[serde(default)]
    pub signing_key: Option<String>,
    /// The desk's public key, `whpk_…`; lets the callback take v1a signatures.
    #[serde(default)]
    pub desk_public_key: Option<String>,
}

/// The bot of an application service on a Matrix homeserver.
#[derive(Clone, Serialize, Deserialize)]
pub struct Matrix {
    /// The bot, `@localpart:server`.
    pub user_id: String,
    /// The homeserver's name; customers are `@name:server`.
    pub server_name: String,
    /// The token that calls must carry.
    pub as_token: String,
    /// The token that transactions carry.
    pub hs_token: String,
    /// Where the desk takes transactions, as the registration's `url` has it.
    pub webhook_url: String,
}

impl Account {
    /// Names the account in commands and in the journal.
    pub fn key(&self) -> String {
        match self {
            Self::WhatsApp(account) => account.phone_number_id.clone(),
            Self::Telegram(account) => account.bot_id.to_string(),
            Self::Webhook(account) => account.id.clone(),
            Self::Matrix(account) => account.user_id.clone(),
        }
    }

    /// Names the channel.
    pub fn channel(&self) -> &'static str {
        match self {
            Self::WhatsApp(_) => "whatsapp",
            Self::Telegram(_) => "telegram",
            Self::Webhook(_) => "webhook",
            Self::Matrix(_) => "matrix",
        }
    }

    /// Says where the desk takes this account's webhooks.
    pub fn webhook_url(&self) -> &str {
        match self {
            Self::WhatsApp(account) => &account.webhook_url,
            Self::Telegram(account) => &account.webhook_url,
            Self::Webhook(account) => &account.webhook_url,
            Self::Matrix(account) => &account.webhook_url,
        }
    }
}

fn yes() -> bool {
    true
}
