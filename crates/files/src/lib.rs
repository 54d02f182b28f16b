//! Where the bytes of files are: a folder, or a store that speaks S3.
//!
//! An object is written once under a key that nobody else uses, read whole or in part, and deleted.
//! What it is, whose it is and whether anybody still needs it stands in the database; nothing here
//! is the truth about anything.

mod error;
mod sniff;
mod store;
mod write;

pub use error::Error;
pub use sniff::{OCTETS, is_safe_inline, sniff};
pub use store::{ByteStream, Reading, S3, Store};
pub use write::{Kept, Writing};
