//! Plays the world of mail: a server that catches what the desk sends, and customers who write.
//!
//! The catcher takes any mail for anybody and keeps the last ones in memory; nothing leaves the
//! machine. Customers hand their mails to the desk's LMTP door as a mail server would.

mod catcher;
mod customer;
mod demo;
mod draft;
mod lmtp;

pub use catcher::{Catcher, Caught};
pub use customer::Customers;
pub use demo::run;
pub use draft::Draft;
pub use lmtp::{Handed, hand_over, submit};
