//! A third-party app behind the signed `webhook` channel: the events that it sends
//! and the callback that it offers.

mod callback;
mod event;

pub use event::{sign, text_event};

pub(crate) use callback::{Callbacks, take};
pub(crate) use event::{act, status_event};
