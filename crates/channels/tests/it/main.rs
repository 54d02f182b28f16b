//! The adapters from outside: what they make of bodies, and what they make of answers.

mod answers;
mod app_links;
mod conformance;
mod corpus;
mod examine;
mod files;
mod fixtures;
mod hostile;
mod interactive;
mod matrix;
mod schema;
mod send;
mod support;
mod telegram;
mod vectors;
mod verify;
