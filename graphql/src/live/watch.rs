//! One subscription under way: what stands first, then what of the log changes it.

use super::lease::Lease;
use super::{Follower, Hub, Logged};
use crate::access::Audience;
use crate::viewer::tenant;
use crate::{Cursor, Error};
use async_graphql::Context;
use futures::stream::{BoxStream, unfold};
use futures::{FutureExt, StreamExt};
use interdesk_domain::id::TenantId;
use interdesk_domain::permission::Permission;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::time::{Instant, sleep_until};

/// Where a client's connection was lost, told by its transport; goes before `after`, which a browser
/// that reconnects by itself repeats unchanged.
#[derive(Debug, Clone)]
pub struct ResumeAfter(pub String);

/// A view of the event log: what somebody watches.
///
/// It is a function of the state and of the events in their order. What it gives for an event shows
/// the state at or after that event, so whoever puts the changes into what they have comes to the
/// state that a query shows.
pub(crate) trait View: Send + Sized {
    /// What subscribers get.
    type Change: Send + 'static;

    /// What is needed for as long as it is watched.
    const NEEDS: Permission;

    /// Whether it depends on which conversations are seen; then it ends with `RESYNC_REQUIRED` when
    /// others are.
    const IS_SIGHTED: bool = false;

    /// Reads a cursor of this view.
    fn seq(&self, tenant: TenantId, after: &Cursor) -> Result<u64, Error> {
        after.event(tenant)
    }

    /// Gives what stands: changes follow behind `seq`, and it may stand later already.
    fn begin(
        &mut self,
        audience: &Audience,
        seq: u64,
    ) -> impl Future<Output = Result<Vec<Self::Change>, Error>> + Send;

    /// Goes on behind a cursor; gives what no event tells of.
    fn resume(
        &mut self,
        _audience: &Audience,
        _seq: u64,
    ) -> impl Future<Output = Result<Vec<Self::Change>, Error>> + Send {
        async { Ok(Vec::new()) }
    }

    /// Gives what an event changes.
    fn follow(
        &mut self,
        audience: &mut Audience,
        logged: Arc<Logged>,
    ) -> impl Future<Output = Result<Vec<Self::Change>, Error>> + Send;

    /// Tells when [`Self::catch_up`] is to be called, where the view gathers changes.
    fn is_due(&self) -> Option<Instant> {
        None
    }

    /// Gives what was gathered.
    fn catch_up(
        &mut self,
        _audience: &Audience,
    ) -> impl Future<Output = Result<Vec<Self::Change>, Error>> + Send {
        async { Ok(Vec::new()) }
    }
}

/// One subscription under way.
pub(crate) struct Watch<V: View> {
    follower: Follower,
    lease: Lease,
    view: V,
    waiting: VecDeque<V::Change>,
    _open: Open,
}

/// What a subscriber gets, on the heap: whoever holds a stream of streams, as the executor does for each
/// socket, would else hold each of them as large as the largest of their steps, several times over.
pub(crate) type Changes<T> = BoxStream<'static, Result<T, Error>>;

impl<V: View + 'static> Watch<V> {
    /// Begins behind `after`, or with what stands now.
    pub(crate) async fn begin(
        context: &Context<'_>,
        after: Option<Cursor>,
        view: V,
    ) -> Result<Changes<V::Change>, Error> {
        let watch = Self::open(context, after, view).boxed().await?;
        Ok(unfold(Some(watch), Self::step).boxed())
    }

    async fn open(
        context: &Context<'_>,
        after: Option<Cursor>,
        mut view: V,
    ) -> Result<Box<Self>, Error> {
        let tenant = tenant(context)?;
        let hub = context.data_opt::<Hub>().ok_or(Error::Internal)?.clone();
        let after = match context.data_opt::<ResumeAfter>() {
            Some(ResumeAfter(seen)) => Some(Cursor::given(seen)?),
            None => after,
        };
        let after = after.map(|cursor| view.seq(tenant, &cursor)).transpose()?;
        let audience = Audience::new(context, V::NEEDS)?;
        // The place comes before the state: what happens in between is told again, and never missed.
        let follower = Follower::begin(hub, audience.viewer().scope(), after).await?;
        let first = match after {
            Some(seq) => view.resume(&audience, seq).await?,
            None => view.begin(&audience, follower.last()).await?,
        };
        Ok(Box::new(Self {
            follower,
            lease: Lease::begin(audience).await,
            view,
            waiting: first.into(),
            _open: Open::new(),
        }))
    }

    /// Waits for the next change; the stream ends after an error.
    async fn step(
        watch: Option<Box<Self>>,
    ) -> Option<(Result<V::Change, Error>, Option<Box<Self>>)> {
        let mut watch = watch?;
        loop {
            if let Some(change) = watch.waiting.pop_front() {
                return Some((Ok(change), Some(watch)));
            }
            match watch.next().await {
                Ok(changes) => watch.waiting.extend(changes),
                Err(error) => return Some((Err(error), None)),
            }
        }
    }

    async fn next(&mut self) -> Result<Vec<V::Change>, Error> {
        let Self {
            follower,
            lease,
            view,
            ..
        } = self;
        let due = view.is_due();
        tokio::select! {
            logged = follower.next() => {
                let logged = logged?;
                let audience = &mut lease.audience;
                audience.hear(&logged).await?;
                check::<V>(audience)?;
                view.follow(audience, logged).await
            }
            renewed = lease.renew() => {
                renewed?;
                check::<V>(&lease.audience)?;
                Ok(Vec::new())
            }
            () = until(due) => view.catch_up(&lease.audience).await,
        }
    }
}

/// What is seen from now on was not told, and what is not seen any more is no more told of.
fn check<V: View>(audience: &Audience) -> Result<(), Error> {
    match audience.sees_otherwise() && V::IS_SIGHTED {
        true => Err(Error::ResyncRequired),
        false => Ok(()),
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// Counts a subscription for as long as it is open.
pub(crate) struct Open;

impl Open {
    pub(crate) fn new() -> Self {
        metrics::gauge!("interdesk_graphql_subscriptions").increment(1.0);
        Self
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        metrics::gauge!("interdesk_graphql_subscriptions").decrement(1.0);
    }
}
