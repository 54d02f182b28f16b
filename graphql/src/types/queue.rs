//! Queues.

use super::{Nullable, Policy, QueueServer, QueueStats, Schedule, object};
use crate::Error;
use crate::loaders::{self, HoursOf, ScheduleOf, ServersOf};
use crate::viewer::outside;
use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use interdesk_domain::policy::PolicyKind;
use interdesk_store::read::queues::Queue as Row;
use interdesk_store::read::setup::QueueHours;

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

    /// When it is open; null for always.
    async fn schedule(&self, context: &Context<'_>) -> Nullable<Schedule> {
        let hours: Nullable<QueueHours> = loaders::one(context, HoursOf(self.0.id)).await;
        match hours? {
            Ok(hours) => loaders::one(context, ScheduleOf(hours.schedule_id?)).await,
            Err(error) => Some(Err(error)),
        }
    }

    /// The teams that serve it, by line and name.
    #[graphql(directive = crate::cost::list_size::apply(3, None, None))]
    async fn teams(&self, context: &Context<'_>) -> Nullable<Vec<QueueServer>> {
        let found = loaders::all(context, ServersOf(self.0.id)).await;
        Some(found.map(|found| found.into_iter().map(QueueServer).collect()))
    }

    /// How it is served; null where every default holds.
    async fn policy(&self, context: &Context<'_>) -> Nullable<Policy> {
        let id = Some(self.0.id.0);
        super::policy(context, PolicyKind::Queue, id)
            .await
            .transpose()
    }

    /// How many work items wait here.
    async fn waiting(&self, context: &Context<'_>) -> Option<Result<i64, Error>> {
        Some(loaders::all(context, loaders::WaitingIn(self.0.id)).await)
    }

    /// How it stands now: what waits and how long, who is there, which promises are near their end.
    #[graphql(directive = crate::cost::cost::apply("5".into()))]
    async fn stats(&self, context: &Context<'_>) -> Nullable<QueueStats> {
        QueueStats::load(context, self.0.id).await
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}
