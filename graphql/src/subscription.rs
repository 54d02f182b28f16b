//! What agents watch.

use crate::live::{Follower, Hub};
use crate::types::DeskEvent;
use crate::viewer::{desk, tenant, viewer};
use crate::{Cursor, Error};
use async_graphql::{Context, Subscription};
use futures::Stream;
use futures::stream::unfold;
use interdesk_domain::id::AgentId;
use interdesk_flow::{Desk, presence};
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// What agents watch.
pub struct Live;

/// What agents watch.
#[Subscription(name = "Subscription")]
impl Live {
    /// Everything that happens at the desk, in order: first what happened after `after`, then
    /// whatever happens. Without `after` it begins now. After a lost connection subscribe again with
    /// the last cursor, and nothing is missed or doubled. A cursor that is too old is answered with
    /// the error `RESYNC_REQUIRED`: load the state anew and subscribe without one.
    async fn desk_events(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The cursor of the last event that was seen.")] after: Option<Cursor>,
        #[graphql(desc = "Only these kinds, such as `offer_made`; all unless told.")] kinds: Option<
            Vec<String>,
        >,
    ) -> Result<impl Stream<Item = Result<DeskEvent, Error>> + use<>, Error> {
        let tenant = tenant(context)?;
        let hub = context.data_opt::<Hub>().ok_or(Error::Internal)?.clone();
        let after = after.map(|cursor| cursor.event(tenant)).transpose()?;
        let viewer = *viewer(context)?;
        let follower = Follower::begin(hub, viewer.scope(), after).await?;
        let lease = Lease::new(desk(context)?.clone(), viewer.agent);
        Ok(unfold(
            Some(Watch {
                follower,
                lease,
                kinds,
                _open: Open::new(),
            }),
            Watch::step,
        ))
    }
}

/// One subscription under way.
struct Watch {
    follower: Follower,
    lease: Lease,
    kinds: Option<Vec<String>>,
    _open: Open,
}

/// Counts a subscription for as long as it is open.
struct Open;

impl Open {
    fn new() -> Self {
        metrics::gauge!("interdesk_graphql_subscriptions").increment(1.0);
        Self
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        metrics::gauge!("interdesk_graphql_subscriptions").decrement(1.0);
    }
}

impl Watch {
    /// Waits for the next event to show; the stream ends after an error.
    async fn step(watch: Option<Self>) -> Option<(Result<DeskEvent, Error>, Option<Self>)> {
        let mut watch = watch?;
        loop {
            let logged = tokio::select! {
                logged = watch.follower.next() => logged,
                () = watch.lease.renew() => continue,
            };
            let event = match logged {
                Ok(logged) => DeskEvent::show(logged),
                Err(error) => return Some((Err(error), None)),
            };
            match event {
                Some(event) if watch.shows(&event) => return Some((Ok(event), Some(watch))),
                _ => {}
            }
        }
    }

    fn shows(&self, event: &DeskEvent) -> bool {
        let kind = event.name();
        self.kinds
            .as_ref()
            .is_none_or(|kinds| kinds.iter().any(|wanted| wanted == kind))
    }
}

/// Keeps the viewer reachable for as long as they watch.
struct Lease {
    desk: Desk,
    agent: AgentId,
    tick: Interval,
}

impl Lease {
    fn new(desk: Desk, agent: AgentId) -> Self {
        let lease = desk.settings.presence_lease.to_std().unwrap_or_default();
        let mut tick = interval((lease / 3).max(Duration::from_secs(1)));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { desk, agent, tick }
    }

    async fn renew(&mut self) {
        self.tick.tick().await;
        presence::seen(&self.desk, self.agent).await;
    }
}
