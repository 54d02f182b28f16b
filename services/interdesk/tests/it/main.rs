//! The whole desk, as it runs in production: real processes, a real database, simulated providers.
//!
//! Every story is told twice: by one process that carries its events within itself, and by the
//! four services over RabbitMQ and Redis. `./dev test` starts what they need.

#![allow(clippy::unwrap_used)]
#![allow(
    clippy::disallowed_methods,
    reason = "the customers' side is outside the desk and has a clock of its own"
)]

mod harness;

mod account;
mod browser;
mod chaos;
mod commands;
mod dashboard;
mod demo;
mod files;
mod hands;
mod health;
mod journey;
mod mail;
mod matrix;
mod merges;
mod offers;
mod outage;
mod replies;
mod routers;
mod scenarios;
mod shop;
mod sla;
mod tenants;
mod traces;
mod visitor;
mod visitor_changes;
mod webchat;
mod webhooks;
mod whole_way;
mod widget;
mod widget_access;

/// Makes two tests of each story: one per way of running the desk.
macro_rules! stories {
    ($($story:ident),+ $(,)?) => { $(
        mod $story {
            use crate::harness::Column;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn in_one_process() {
                super::$story(Column::Local).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn as_four_services() {
                super::$story(Column::Services).await;
            }
        }
    )+ };
}
pub(crate) use stories;
