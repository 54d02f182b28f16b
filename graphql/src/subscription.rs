//! What agents watch.

use crate::live::{Follower, Hub};
use crate::types::DeskEvent;
use crate::viewer::{desk, tenant, viewer};
use crate::{Cursor, Error, standing};
use async_graphql::{Context, Subscription};
use futures::Stream;
use futures::stream::unfold;
use interdesk_domain::permission::Viewer;
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
        let lease = Lease::new(desk(context)?.clone(), viewer);
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
                renewed = watch.lease.renew() => match renewed {
                    Ok(()) => continue,
                    Err(error) => return Some((Err(error), None)),
                },
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

/// How long somebody who was disabled goes on watching at most.
const LONGEST_TICK: Duration = Duration::from_secs(15);

/// Keeps the viewer reachable for as long as they watch, and lets them watch while they may.
struct Lease {
    desk: Desk,
    viewer: Viewer,
    tick: Interval,
}

impl Lease {
    fn new(desk: Desk, viewer: Viewer) -> Self {
        let lease = desk.settings.presence_lease.to_std().unwrap_or_default();
        let mut tick = interval((lease / 3).clamp(Duration::from_secs(1), LONGEST_TICK));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { desk, viewer, tick }
    }

    /// Waits for the next tick and renews; only who may not watch any more is an error.
    async fn renew(&mut self) -> Result<(), Error> {
        self.tick.tick().await;
        if let Err(Error::Unauthenticated) = standing::check(&self.desk, &self.viewer).await {
            return Err(Error::Unauthenticated);
        }
        presence::seen(&self.desk, self.viewer.agent).await;
        Ok(())
    }
}
