//! Scalars of our own, one file each.

mod cursor;
mod long;

pub use cursor::Cursor;
pub use long::Long;
