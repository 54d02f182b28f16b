//! Scalars of our own, one file each.

mod cursor;
mod date;
mod long;

pub use cursor::Cursor;
pub(crate) use date::Date;
pub use long::Long;
