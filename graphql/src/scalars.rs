//! Scalars of our own, one file each.

mod cursor;
mod date;
mod duration;
mod long;
mod named;

pub use cursor::Cursor;
pub(crate) use cursor::mark;
pub(crate) use date::Date;
pub(crate) use duration::Duration;
pub use long::Long;
pub(crate) use named::{E164, Locale, TimeZone};
