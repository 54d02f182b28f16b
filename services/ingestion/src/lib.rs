//! Takes webhooks in and hands replies out: the desk's side of every provider.
//!
//! A webhook is answered 200 only after what it tells is committed.

mod batcher;
mod delivery;
mod directory;
mod sweep;
mod webhook;

pub use batcher::{Batcher, Limits};
pub use delivery::{Work, deliver};
pub use directory::Directory;
pub use sweep::sweep;
pub use webhook::{Intake, configure};
