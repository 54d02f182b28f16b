//! The promises of the bus, kept by both ways to carry events.
//!
//! Tests over RabbitMQ need its address in `INTERDESK_TEST_AMQP_URL`; `./dev test` sets it.

#![allow(clippy::unwrap_used)]

mod broker;
mod desk;
mod proxy;
mod suite;
