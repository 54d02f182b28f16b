//! E-mail: the pure half. Bytes in, values out; no socket, no clock, no chance.
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
//!
//! Listeners and connections (SMTP, LMTP, IMAP) stand on top of this and are not here.

pub mod adapter;
mod address;
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
pub mod quote;
mod read;
mod report;
pub mod smtp;
pub mod thread;
pub mod token;
mod update;

pub use address::Mailbox;
pub use limits::Limits;
pub use mail::{Attachment, Defect, Envelope, Mail, Trace};
pub use read::read;
pub use update::{NETWORK, ThreadState, address, updates};
