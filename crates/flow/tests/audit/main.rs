//! The audit log on a real database: what it promises, and what it finds.

mod appending;
mod exporting;
mod keys;
mod support;
mod tampering;
