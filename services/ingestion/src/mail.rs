//! Takes mails in: from servers that hand them over (LMTP, SMTP), and from mailboxes (IMAP).
//!
//! | Room | What it does |
//! |---|---|
//! | `directory` | which inbox an address leads to |
//! | `intake` | one mail becomes durable |
//! | `listen` | takes connections, a bounded number of them |
//! | `session` | speaks with one server |
//! | `command` | reads what it says |
//! | `poll` | which mailboxes are read here |
//! | `folder` | one mailbox: new mails are stored |
//! | `imap` | speaks with its server |

mod command;
mod directory;
mod folder;
mod imap;
mod intake;
mod listen;
mod poll;
mod session;

pub use directory::MailDirectory;
pub use intake::MailIntake;
pub use listen::{Dialect, ListenLimits, Listener};
pub use poll::{PollLimits, poll};
