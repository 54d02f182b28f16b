//! Scalars of our own, one file each.

mod cursor;

pub use cursor::Cursor;
