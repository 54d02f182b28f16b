//! E-mail. All but [`submit`] and [`notice`], which submits, is pure: bytes in, values out; no socket, no clock, no chance.
//!
//! | Room | What it answers |
//! |---|---|
//! | [`read`] | what a mail says, whatever shape it is in |
//! | [`classify`] | whether a person wrote it, and what a machine wanted to tell |
//! | [`thread`], [`token`] | where a mail belongs |
//! | [`evidence`] | what a trusted server found out about the sender |
//! | [`compose`], [`dkim`] | the bytes that go out |
//! | [`smtp`] | what a server's answer means for a message |
//! | [`adapter`] | the same as the contract of a channel wants it |
//! | [`account`] | what an inbox's credentials say |
//! | [`notice`] | what the desk itself writes to those who work at it |
//! | [`submit`] | the connection to the server that sends |
//!
//! What listens and what reads mailboxes (SMTP, LMTP, IMAP) is `services/ingestion/src/mail`.

pub mod account;
pub mod adapter;
mod address;
mod channel;
pub mod classify;
pub mod compose;
pub mod dkim;
pub mod evidence;
mod header;
pub mod html;
mod limits;
mod mail;
pub mod message_id;
mod mime;
pub mod notice;
mod oauth;
pub mod quote;
mod read;
mod report;
pub mod smtp;
#[cfg(feature = "kit")]
mod subject;
pub mod submit;
pub mod thread;
pub mod token;
mod update;

pub use address::Mailbox;
pub(crate) use channel::Email;
pub use limits::Limits;
pub use mail::{Attachment, Defect, Envelope, Mail, Trace};
pub use read::{files, read};
#[cfg(feature = "kit")]
pub(crate) use subject::subject;
pub use update::{DISOWNED, NETWORK, PROVEN, ThreadState, address, updates};
