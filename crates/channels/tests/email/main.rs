//! E-mail from outside: what is made of mails, and what goes out.

mod fixtures;
mod hostile;
mod outgoing;
mod proof;
mod properties;
mod read;
mod support;
mod thread;
mod vectors;
