//! E-mail from outside: what is made of mails, and what goes out.

mod fixtures;
mod hostile;
mod outgoing;
mod properties;
mod read;
mod support;
mod thread;
mod vectors;
