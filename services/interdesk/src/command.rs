//! The commands beside `run`, one file each.

pub(crate) mod agent;
pub(crate) mod audit;
pub(crate) mod dead;
pub(crate) mod doctor;
mod inbox;
pub(crate) mod keys;
pub(crate) mod matrix;
pub(crate) mod migrate;
pub(crate) mod policy;
pub(crate) mod print;
pub(crate) mod routing;
pub(crate) mod seed;
pub(crate) mod simulate;
pub(crate) mod sla;
pub(crate) mod telegram;
pub(crate) mod tenant;
pub(crate) mod token;
pub(crate) mod vault;
pub(crate) mod whatsapp;
