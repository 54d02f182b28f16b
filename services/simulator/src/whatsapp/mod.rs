//! WhatsApp Cloud API: the webhooks that Meta sends and the calls that it takes.

mod account;
mod business;
mod check;
mod graph;
mod interactive;
mod media;
mod past;
mod refusal;
mod update;

pub use update::{Update, batch, message, receipt, text_webhook, user_id, webhook};

pub(crate) use account::{Submitted, configure, submit, templates, withdraw};
pub(crate) use business::{
    Groups, add_group, block_users, bring, delete, invite_link, join_requests, remove,
};
pub(crate) use graph::send;
pub(crate) use media::{details, download, upload};
pub(crate) use refusal::failure;
pub(crate) use update::{content, phone_of};

/// Computes the value of the `X-Hub-Signature-256` header.
pub fn sign(app_secret: &str, body: &[u8]) -> String {
    crate::signature::meta(app_secret, body)
}
