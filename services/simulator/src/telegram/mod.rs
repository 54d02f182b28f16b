//! Telegram Bot API: the updates that it sends and the methods that it takes.

mod bot;
mod change;
mod entities;
mod markup;
mod refusal;
mod send;
mod update;

pub use update::{SECRET_HEADER, text_update};

pub(crate) use bot::{call, download};
pub(crate) use update::act;

/// The last failed delivery, for `getWebhookInfo`.
#[derive(Clone, Copy)]
pub(crate) struct LastError {
    pub(crate) at: i64,
    pub(crate) status: Option<u16>,
}
