//! The clocks of service levels at work, over a database and a clock in the hands of the test.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod act;
mod bench;
mod change;
mod clocks;
mod faults;
mod merge;
mod notify;
mod receiver;
mod sweep;
