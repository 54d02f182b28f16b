//! What agents watch.

use crate::access::{Audience, proven, requires};
use crate::live::{Follower, Hub, Logged};
use crate::types::{self, DeskEvent, SlaChange};
use crate::viewer::{desk, tenant};
use crate::{Cursor, Error, Identity};
use async_graphql::{Context, Subscription};
use futures::Stream;
use futures::stream::unfold;
use interdesk_domain::permission::Permission;
use interdesk_flow::{Desk, presence};
use interdesk_store::sight::Sight;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Where a client's connection was lost, told by its transport; goes before `after`, which a browser
/// that reconnects by itself repeats unchanged.
#[derive(Debug, Clone)]
pub struct ResumeAfter(pub String);

/// What agents watch.
pub struct Live;

/// What agents watch.
#[Subscription(name = "Subscription")]
impl Live {
    /// Everything that happens at the desk, in order: first what happened after `after`, then
    /// whatever happens. Without `after` it begins now. After a lost connection subscribe again with
    /// the last cursor, and nothing is missed or doubled. A cursor that is too old is answered with
    /// the error `RESYNC_REQUIRED`: load the state anew and subscribe without one.
    #[graphql(directive = requires::apply(Some(types::Permission::EventsRead)))]
    async fn desk_events(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The cursor of the last event that was seen.")] after: Option<Cursor>,
        #[graphql(desc = "Only these kinds, such as `offer_made`; all unless told.")] kinds: Option<
            Vec<String>,
        >,
    ) -> Result<impl Stream<Item = Result<DeskEvent, Error>> + use<>, Error> {
        let shows = move |event: &DeskEvent| {
            let is_wanted = |kinds: &Vec<String>| kinds.iter().any(|kind| kind == event.name());
            kinds.as_ref().is_none_or(is_wanted)
        };
        Watch::begin(context, after, move |logged| {
            DeskEvent::show(logged).filter(&shows)
        })
        .await
    }

    /// What happens to clocks of service levels, in order: a warning, a breach, a step, an end, and
    /// whatever else changes where a clock with a target stands. It resumes like `deskEvents`.
    #[graphql(directive = requires::apply(Some(types::Permission::EventsRead)))]
    async fn sla_changes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The cursor of the last change that was seen.")] after: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<SlaChange, Error>> + use<>, Error> {
        Watch::begin(context, after, |logged| SlaChange::show(&logged)).await
    }
}

/// One subscription under way: what of the log it shows, and how.
struct Watch<S> {
    follower: Follower,
    lease: Lease,
    show: S,
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

impl<S> Watch<S> {
    /// Begins behind `after`, or now; `show` gives what is shown of the log, if anything.
    async fn begin<T>(
        context: &Context<'_>,
        after: Option<Cursor>,
        show: S,
    ) -> Result<impl Stream<Item = Result<T, Error>> + use<T, S>, Error>
    where
        S: Fn(Arc<Logged>) -> Option<T>,
    {
        let tenant = tenant(context)?;
        let hub = context.data_opt::<Hub>().ok_or(Error::Internal)?.clone();
        let after = match context.data_opt::<ResumeAfter>() {
            Some(ResumeAfter(seen)) => Some(Cursor::given(seen)?),
            None => after,
        };
        let after = after.map(|cursor| cursor.event(tenant)).transpose()?;
        let (viewer, sight) = proven(context)?;
        let identity = context
            .data_opt::<Identity>()
            .ok_or(Error::Unauthenticated)?;
        let follower = Follower::begin(hub, viewer.scope(), after).await?;
        let desk = desk(context)?.clone();
        let seen = (*viewer, Sight::clone(sight));
        let audience = Audience::new(desk.clone(), identity.clone(), seen, Permission::EventsRead);
        let lease = Lease::new(desk, audience);
        Ok(unfold(
            Some(Self {
                follower,
                lease,
                show,
                _open: Open::new(),
            }),
            Self::step,
        ))
    }

    /// Waits for the next event to show; the stream ends after an error.
    async fn step<T>(watch: Option<Self>) -> Option<(Result<T, Error>, Option<Self>)>
    where
        S: Fn(Arc<Logged>) -> Option<T>,
    {
        let mut watch = watch?;
        loop {
            let logged = tokio::select! {
                logged = watch.follower.next() => logged,
                renewed = watch.lease.renew() => match renewed {
                    Ok(()) => continue,
                    Err(error) => return Some((Err(error), None)),
                },
            };
            match logged {
                Ok(logged) => {
                    let Some(shown) = (watch.show)(logged.clone()) else {
                        continue;
                    };
                    match watch.lease.audience.sees(&logged).await {
                        Ok(true) => return Some((Ok(shown), Some(watch))),
                        Ok(false) => {}
                        Err(error) => return Some((Err(error), None)),
                    }
                }
                Err(error) => return Some((Err(error), None)),
            }
        }
    }
}

/// How long somebody who was disabled goes on watching at most.
const LONGEST_TICK: Duration = Duration::from_secs(15);

/// Keeps the viewer reachable for as long as they watch, and lets them watch while they may.
struct Lease {
    desk: Desk,
    audience: Audience,
    tick: Interval,
}

impl Lease {
    fn new(desk: Desk, audience: Audience) -> Self {
        let lease = desk.settings.presence_lease.to_std().unwrap_or_default();
        let mut tick = interval((lease / 3).clamp(Duration::from_secs(1), LONGEST_TICK));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            desk,
            audience,
            tick,
        }
    }

    /// Waits for the next tick and renews; only who may not watch any more is an error.
    async fn renew(&mut self) -> Result<(), Error> {
        self.tick.tick().await;
        self.audience.renew().await?;
        presence::seen(&self.desk, self.audience.agent()).await;
        Ok(())
    }
}
