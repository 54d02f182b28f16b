//! The parts of a mail (RFC 2045 to 2047): found, decoded, named.
//!
//! The tree is ours, so that depth, number and size of parts are bounded before anything is
//! decoded and a message inside a message stays one file; fields and charsets are mail-parser's.

pub(super) mod decode;
pub(super) mod file;
pub(super) mod flowed;
pub(super) mod tree;

pub(super) use tree::{Part, Tree};
