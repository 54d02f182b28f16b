//! Offers as agents see them.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::work_item::OfferState;

row! {
    /// A work item shown to one agent.
    pub struct Offer {
        /// Which.
        pub id: OfferId,
        /// Which work.
        pub work_item_id: WorkItemId,
        /// To whom.
        pub agent_id: AgentId,
        /// Of which conversation.
        pub conversation_id: ConversationId,
        /// In which queue.
        pub queue_id: QueueId,
        /// Where it stands.
        pub state: OfferState,
        /// When it was made.
        pub made_at: DateTime<Utc>,
        /// Until when the agent may answer.
        pub expires_at: DateTime<Utc>,
        /// When it was answered, expired or was taken back.
        pub ended_at: Option<DateTime<Utc>>,
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT o.id, o.work_item_id, o.agent_id, w.conversation_id, w.queue_id, o.state,
                o.made_at, o.expires_at, o.ended_at
             FROM offers o JOIN work_items w ON w.id = o.work_item_id ",
            $rest
        )
    };
}

/// Finds offers.
pub async fn find_many(
    conn: &Conn,
    _scope: TenantScope,
    ids: &[OfferId],
) -> Result<Vec<Offer>, Error> {
    let found = sql(select!("WHERE o.id = ANY ($1)"))
        .bind(many(ids, |id| *id))
        .load(&mut &*conn)
        .await?;
    Ok(found)
}

/// Lists the offers that an agent may still answer, the most urgent first.
pub async fn list_pending(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    now: DateTime<Utc>,
) -> Result<Vec<Offer>, Error> {
    let found = sql(select!(
        "WHERE o.agent_id = $1 AND o.state = 'pending' AND o.expires_at > $2
         ORDER BY o.expires_at, o.id"
    ))
    .bind(agent)
    .bind(now)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}
