//! The simulator seen from the desk's side: over HTTP, as an adapter sees it.
#![allow(clippy::unwrap_used)]

mod callback;
mod chaos;
mod control;
mod demo;
mod desk;
mod interactive;
mod matrix;
mod signatures;
mod telegram;
mod webhooks;
mod whatsapp;
