//! Plays the other side of the desk: Meta's Graph API, Telegram's Bot API and a
//! third-party app behind the signed `webhook` channel, with the customers who
//! write through them.
//!
//! It speaks the documented protocols, keeps a journal of everything it sent and
//! took, and misbehaves on command. It shares no code with the desk, so that a
//! mistake in an adapter cannot hide behind the same mistake here.
//!
//! - [`Simulator::start`] runs it in this process on a loopback port.
//! - [`Running`] lets customers write and reads the journal.
//! - [`whatsapp`], [`telegram`] and [`webhook`] build signed bodies without a server.

pub mod account;
pub mod chaos;
pub mod customer;
pub mod demo;
pub mod journal;
pub mod mail;
pub mod signature;
pub mod telegram;
pub mod traffic;
pub mod webhook;
pub mod whatsapp;

mod arrive;
mod chance;
mod clock;
mod control;
mod courier;
mod error;
mod form;
mod ids;
mod json;
mod matrix;
mod media;
mod server;
mod simulator;
mod world;
mod write;

pub use account::Account;
pub use chaos::{Behaviour, Chaos, Odds};
pub use customer::{Content, Customer, Draft};
pub use error::Error;
pub use media::Upload;
pub use simulator::{Retry, Running, Settings, Simulator};
pub use traffic::Traffic;
