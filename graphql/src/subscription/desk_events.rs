//! Everything that happens at the desk.

use crate::access::{Audience, requires};
use crate::live::{Logged, View, Watch};
use crate::types::{self, DeskEvent};
use crate::{Cursor, Error};
use async_graphql::{Context, Subscription};
use futures::Stream;
use interdesk_domain::permission::Permission;
use std::sync::Arc;

/// Everything that happens at the desk.
#[derive(Default)]
pub(super) struct DeskEvents;

#[Subscription]
impl DeskEvents {
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
        Watch::begin(context, after, Events { kinds }).await
    }
}

/// The log as it is, as far as it is seen.
struct Events {
    kinds: Option<Vec<String>>,
}

impl View for Events {
    type Change = DeskEvent;
    const NEEDS: Permission = Permission::EventsRead;

    async fn begin(&mut self, _: &Audience, _: u64) -> Result<Vec<DeskEvent>, Error> {
        Ok(Vec::new())
    }

    async fn follow(
        &mut self,
        audience: &mut Audience,
        logged: Arc<Logged>,
    ) -> Result<Vec<DeskEvent>, Error> {
        let Some(event) = DeskEvent::show(logged.clone()) else {
            return Ok(Vec::new());
        };
        let is_wanted = |kinds: &Vec<String>| kinds.iter().any(|kind| kind == event.name());
        let is_shown = self.kinds.as_ref().is_none_or(is_wanted) && audience.sees(&logged).await?;
        Ok(is_shown.then_some(event).into_iter().collect())
    }
}
