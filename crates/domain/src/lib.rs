//! The pure rules of Interdesk: no IO, no clock, no chance.
//!
//! Everything that has to be right is decided here, over plain data, and tested without a
//! database. `flow` loads what a rule needs, asks it, and writes down the answer.

pub mod agent;
pub mod clock;
pub mod condition;
pub mod consent;
pub mod conversation;
pub mod delivery;
pub mod event;
pub mod handover;
pub mod id;
pub mod inbox;
pub mod message;
pub mod permission;
pub mod person;
pub mod policy;
pub mod routing;
pub mod schedule;
pub mod scope;
pub mod secret;
pub mod sla;
pub mod work_item;
