//! Queues.

use super::object;
use crate::viewer::outside;
use crate::{Error, loaders};
use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use interdesk_store::read::queues::Queue as Row;

object! {
    /// A line of work items that teams share.
    Queue(Row)
}

/// A line of work items that teams share.
#[Object]
impl Queue {
    /// Names the queue.
    pub(crate) async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// The name to show.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// How long an offer waits for its agent, in seconds.
    async fn offer_seconds(&self) -> i32 {
        self.0.offer_seconds
    }

    /// How many work items wait here.
    async fn waiting(&self, context: &Context<'_>) -> Option<Result<i64, Error>> {
        Some(loaders::all(context, loaders::WaitingIn(self.0.id)).await)
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}
