//! The viewer's offers.

use crate::access::{Audience, requires};
use crate::live::{Logged, View, Watch, patiently};
use crate::types::{self, DeskEvent, Offer};
use crate::{Cursor, Error};
use async_graphql::{Context, Interface, Object, Subscription};
use futures::Stream;
use interdesk_domain::id::OfferId;
use interdesk_domain::permission::Permission;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::Desk;
use interdesk_store::read::offers;
use std::sync::Arc;

/// The viewer's offers.
#[derive(Default)]
pub(super) struct OfferSubscription;

#[Subscription]
impl OfferSubscription {
    /// The viewer's offers: those that are pending, and then each that is made to them, answered,
    /// expired or taken back.
    #[graphql(directive = requires::apply(Some(types::Permission::ConversationsAnswer)))]
    async fn offers(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The cursor of the last change that was seen.")] after: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<OffersChange, Error>> + use<>, Error> {
        Watch::begin(context, after, Own).await
    }
}

/// What changed about the viewer's offers.
#[derive(Debug, Clone, Interface)]
#[graphql(field(
    name = "cursor",
    ty = "Cursor",
    desc = "The place in the log: subscribe again with it as `after`, and nothing is missed or doubled."
))]
pub(crate) enum OffersChange {
    /// The offers that are pending.
    OffersSnapshot(OffersSnapshot),
    /// An offer that was made, answered, expired or taken back.
    OfferChange(OfferChange),
}

/// The viewer's pending offers.
#[derive(Debug, Clone)]
pub(crate) struct OffersSnapshot {
    cursor: Cursor,
    offers: Vec<Offer>,
}

/// The viewer's pending offers, the most urgent first.
#[Object]
impl OffersSnapshot {
    /// The place in the log behind which changes follow.
    async fn cursor(&self) -> Cursor {
        self.cursor.clone()
    }

    /// The offers.
    #[graphql(directive = crate::cost::list_size::apply(5, None, None))]
    async fn offers(&self) -> &[Offer] {
        &self.offers
    }
}

/// An offer that was made, answered, expired or taken back.
#[derive(Debug, Clone)]
pub(crate) struct OfferChange {
    cursor: Cursor,
    offer: Offer,
}

/// An offer that was made, answered, expired or taken back: show it while it is `PENDING`.
#[Object]
impl OfferChange {
    /// The place in the log: subscribe again with it as `after`, and nothing is missed or doubled.
    async fn cursor(&self) -> Cursor {
        self.cursor.clone()
    }

    /// The offer as it stands.
    async fn offer(&self) -> &Offer {
        &self.offer
    }
}

/// The viewer's own.
struct Own;

impl View for Own {
    type Change = OffersChange;
    const NEEDS: Permission = Permission::ConversationsAnswer;

    async fn begin(&mut self, audience: &Audience, seq: u64) -> Result<Vec<OffersChange>, Error> {
        let (viewer, desk) = (audience.viewer(), audience.desk());
        let scope = viewer.scope();
        let conn = desk.database.begin(scope).await?;
        let found = offers::list_pending(&conn, scope, viewer.agent, desk.now()).await?;
        conn.commit().await?;
        Ok(vec![OffersChange::OffersSnapshot(OffersSnapshot {
            cursor: Cursor::of_event(viewer.tenant, seq),
            offers: found.into_iter().map(Offer).collect(),
        })])
    }

    async fn follow(
        &mut self,
        audience: &mut Audience,
        logged: Arc<Logged>,
    ) -> Result<Vec<OffersChange>, Error> {
        let (viewer, desk) = (audience.viewer(), audience.desk());
        let Some(envelope) = &logged.envelope else {
            return Ok(Vec::new());
        };
        let is_own = DeskEvent::agent_of(&envelope.event) == Some(viewer.agent);
        let offer = DeskEvent::offer_of(&envelope.event).filter(|_| is_own);
        let Some(offer) = offer else {
            return Ok(Vec::new());
        };
        let found = patiently!(find(desk, viewer.scope(), offer).await);
        let shown = found.into_iter().map(|row| {
            OffersChange::OfferChange(OfferChange {
                cursor: Cursor::of_event(viewer.tenant, logged.seq),
                offer: Offer(row),
            })
        });
        Ok(shown.collect())
    }
}

async fn find(
    desk: &Desk,
    scope: TenantScope,
    offer: OfferId,
) -> Result<Vec<offers::Offer>, interdesk_store::Error> {
    let conn = desk.database.begin(scope).await?;
    let found = offers::find_many(&conn, scope, &[offer]).await?;
    conn.commit().await?;
    Ok(found)
}
