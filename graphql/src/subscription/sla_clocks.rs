//! Clocks of service levels: the most urgent ones, and whatever happens to any of them.

use super::ConversationLeft;
use crate::access::{Audience, proven, requires};
use crate::live::{Logged, View, Watch};
use crate::loaders::{self, ClocksOf};
use crate::page::PageArguments;
use crate::scalars::mark;
use crate::types::{self, Conversation, Nullable, SlaChange, SlaClock};
use crate::{Cursor, Error};
use async_graphql::{Context, Interface, Object, Subscription};
use futures::Stream;
use interdesk_domain::event::{AggregateKind, Event};
use interdesk_domain::id::{ConversationId, TenantId};
use interdesk_domain::permission::Permission;
use interdesk_store::conversations::Conversation as Row;
use interdesk_store::read::sla;
use interdesk_store::sla::Clock;
use std::collections::HashSet;
use std::sync::Arc;

/// How many conversations are remembered as told gone.
const GONE: usize = 4_096;

/// Clocks of service levels.
#[derive(Default)]
pub(super) struct SlaClocksSubscription;

#[Subscription]
impl SlaClocksSubscription {
    /// Clocks of service levels: those whose deadline is next, and then what happens to any of them:
    /// a warning, a breach, a step, an end, and whatever else changes where a clock with a target
    /// stands. Time itself changes `remainingMs` and `isAtRisk` and is not told.
    #[graphql(directive = requires::apply(Some(types::Permission::EventsRead)))]
    async fn sla_clocks(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many the snapshot shows; 25 unless told, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "The cursor of the last change that was seen.")] after: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<SlaClocksChange, Error>> + use<>, Error> {
        let arguments = PageArguments {
            first,
            ..PageArguments::default()
        };
        let window = arguments.window(Cursor::clock)?;
        let (_, sight) = proven(context)?;
        let clocks = Clocks {
            mark: mark(&[b"clocks", &sight.written()]),
            most: window.limit - 1,
            gone: HashSet::new(),
        };
        Watch::begin(context, after, clocks).await
    }
}

/// What changed about clocks.
#[derive(Debug, Clone, Interface)]
#[graphql(field(
    name = "cursor",
    ty = "Cursor",
    desc = "The place in the log: subscribe again with it as `after`, and nothing is missed or doubled."
))]
pub(crate) enum SlaClocksChange {
    /// The clocks whose deadline is next.
    SlaClocksSnapshot(SlaClocksSnapshot),
    /// Something that happened to clocks of an episode.
    SlaChange(SlaChange),
    /// The clocks of a conversation that may have come into the viewer's sight.
    SlaClocksShown(SlaClocksShown),
    /// A conversation that the viewer does not see any more.
    ConversationLeft(ConversationLeft),
}

/// The clocks whose deadline is next.
#[derive(Debug, Clone)]
pub(crate) struct SlaClocksSnapshot {
    cursor: Cursor,
    clocks: Vec<Clock>,
}

/// The clocks that run towards a deadline, or beyond it, the most urgent first.
#[Object]
impl SlaClocksSnapshot {
    /// The place in the log behind which changes follow.
    async fn cursor(&self) -> Cursor {
        self.cursor.clone()
    }

    /// The clocks, as many as were asked for.
    #[graphql(directive = crate::cost::list_size::apply(100, None, None))]
    async fn clocks(&self, context: &Context<'_>) -> Nullable<Vec<SlaClock>> {
        Some(SlaClock::show(context, self.clocks.clone()).await)
    }
}

/// The clocks of a conversation that went to somebody else.
#[derive(Debug, Clone)]
pub(crate) struct SlaClocksShown {
    cursor: Cursor,
    row: Row,
}

/// The clocks of a conversation that went to somebody else, and may be seen since.
#[Object]
impl SlaClocksShown {
    /// The place in the log: subscribe again with it as `after`, and nothing is missed or doubled.
    async fn cursor(&self) -> Cursor {
        self.cursor.clone()
    }

    /// The conversation.
    async fn conversation(&self) -> Conversation {
        Conversation(self.row.clone())
    }

    /// The clocks of its last episode that run.
    #[graphql(directive = crate::cost::list_size::apply(9, None, None))]
    async fn clocks(&self, context: &Context<'_>) -> Nullable<Vec<SlaClock>> {
        let found = loaders::all(context, ClocksOf(self.row.id)).await;
        Some(match found {
            Ok(mut rows) => {
                rows.retain(|row: &Clock| row.ended_at.is_none());
                SlaClock::show(context, rows).await
            }
            Err(error) => Err(error),
        })
    }
}

/// The clocks of the conversations that somebody sees.
struct Clocks {
    mark: u64,
    most: i64,
    /// What was told to be gone and did not come back, so that it is told once.
    gone: HashSet<ConversationId>,
}

impl View for Clocks {
    type Change = SlaClocksChange;
    const NEEDS: Permission = Permission::EventsRead;
    const IS_SIGHTED: bool = true;

    fn seq(&self, tenant: TenantId, after: &Cursor) -> Result<u64, Error> {
        after.view(tenant, self.mark)
    }

    async fn begin(
        &mut self,
        audience: &Audience,
        seq: u64,
    ) -> Result<Vec<SlaClocksChange>, Error> {
        let scope = audience.viewer().scope();
        let conn = audience.desk().database.begin(scope).await?;
        let clocks = sla::list_urgent(&conn, scope, audience.sight(), self.most).await?;
        conn.commit().await?;
        Ok(vec![SlaClocksChange::SlaClocksSnapshot(
            SlaClocksSnapshot {
                cursor: Cursor::of_view(audience.viewer().tenant, seq, self.mark),
                clocks,
            },
        )])
    }

    async fn follow(
        &mut self,
        audience: &mut Audience,
        logged: Arc<Logged>,
    ) -> Result<Vec<SlaClocksChange>, Error> {
        let Some(envelope) = &logged.envelope else {
            return Ok(Vec::new());
        };
        let cursor = Cursor::of_view(envelope.tenant, logged.seq, self.mark);
        let change = SlaChange::show(&logged, cursor.clone());
        if audience.sight().is_all() {
            return Ok(change.map(SlaClocksChange::SlaChange).into_iter().collect());
        }
        let is_about_work = matches!(
            envelope.aggregate.kind,
            AggregateKind::Conversation | AggregateKind::Episode
        );
        if !is_about_work {
            return Ok(Vec::new());
        }
        let (desk, scope, sight) = (audience.desk(), audience.viewer().scope(), audience.sight());
        let Some(one) = logged.look(desk, scope).await.first() else {
            return Ok(Vec::new());
        };
        let id = one.row.id;
        if one.is_seen(sight) {
            let was_gone = self.gone.remove(&id);
            let shown = (was_gone || moves(&envelope.event)).then(|| SlaClocksShown {
                cursor,
                row: one.row.clone(),
            });
            let changes = change.map(SlaClocksChange::SlaChange).into_iter();
            let shown = shown.map(SlaClocksChange::SlaClocksShown);
            return Ok(changes.chain(shown).take(1).collect());
        }
        if self.gone.contains(&id) || !one.was_seen(desk, scope, sight).await {
            return Ok(Vec::new());
        }
        if self.gone.len() >= GONE {
            self.gone.clear();
        }
        self.gone.insert(id);
        Ok(vec![SlaClocksChange::ConversationLeft(ConversationLeft {
            cursor,
            conversation: id,
        })])
    }
}

/// Tells whether others may see a conversation after an event.
fn moves(event: &Event) -> bool {
    matches!(
        event,
        Event::WorkItemQueued { .. }
            | Event::WorkItemTaken { .. }
            | Event::WorkItemTransferred { .. }
            | Event::TransferAsked { .. }
            | Event::OfferMade { .. }
            | Event::OfferAccepted { .. }
            | Event::SpeakerTaken { .. }
    )
}
