//! A desk to test: its processes, its database, its providers and its people.

mod agent;
mod collector;
mod customer;
mod database;
mod desk;
mod live;
mod process;
mod wait;

pub(crate) use agent::Agent;
pub(crate) use collector::{Collector, Span};
pub(crate) use customer::{SECRETS, SHOP, TELEGRAM, WHATSAPP, shop, telegram, whatsapp};
pub(crate) use database::TestDatabase;
pub(crate) use desk::{Column, Desk, Plan};
pub(crate) use live::Live;
pub(crate) use process::{Process, Program};
pub(crate) use wait::{PATIENCE, until};
