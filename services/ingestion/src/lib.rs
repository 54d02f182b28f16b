//! Takes webhooks in and hands replies out: the desk's side of every provider.
//!
//! A webhook is answered 200 only after what it tells is committed.

mod attachments;
mod batcher;
mod delivery;
mod directory;
mod follow;
mod inbox_health;
mod mail;
mod notify;
mod signal;
mod sweep;
mod webhook;
pub mod widget;

pub use attachments::{fetch, sweep_files};
pub use batcher::{Batcher, Limits};
pub use delivery::{Work, deliver};
pub use directory::Directory;
pub use follow::follow;
pub use inbox_health::examine;
pub use mail::{Dialect, ListenLimits, Listener, MailDirectory, MailIntake, PollLimits, poll};
pub use notify::notify;
pub use signal::signal;
pub use sweep::sweep;
pub use webhook::{Intake, configure};
