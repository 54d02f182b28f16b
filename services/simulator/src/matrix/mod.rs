//! Matrix: a homeserver with one application service and people who write to its bot.
//!
//! Every customer has one room with the bot. It begins with an invitation; what they write goes to
//! the desk once the bot has come in, as a homeserver tells an application service of the rooms that
//! its users are in.

mod call;
mod event;
mod homeserver;
mod refusal;
mod room;

pub(crate) use call::routes;
pub(crate) use event::receipt;
pub(crate) use homeserver::act;
pub(crate) use room::Rooms;
