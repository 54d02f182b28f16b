//! Episodes of conversations.

use super::{Agent, Nullable, WaitLedger, object};
use crate::Error;
use crate::loaders::{self, HistoryOf};
use crate::viewer::{desk, outside};
use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use interdesk_flow::sla_explain::History;
use interdesk_store::read::episodes::Episode as Row;

object! {
    /// The time from a conversation's opening to its resolution.
    Episode(Row)
}

/// The time from a conversation's opening to its resolution; a reopening begins the next.
#[Object]
impl Episode {
    /// Names the episode.
    pub(crate) async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// Counts within the conversation, from 1.
    async fn number(&self) -> i32 {
        self.0.number
    }

    /// When it began.
    async fn opened_at(&self) -> DateTime<Utc> {
        self.0.opened_at
    }

    /// When an agent first answered; null before.
    async fn first_reply_at(&self) -> Option<DateTime<Utc>> {
        self.0.first_reply_at
    }

    /// Who owned the wait, from its opening to its resolution or to now; null where its history is
    /// not kept.
    #[graphql(directive = crate::cost::cost::apply("10".into()))]
    async fn wait_ledger(&self, context: &Context<'_>) -> Nullable<WaitLedger> {
        let found = loaders::one::<History, _, _>(context, HistoryOf(self.0.id)).await?;
        Some(ledger(context, found))
    }

    /// When it ended; null while it runs.
    async fn resolved_at(&self) -> Option<DateTime<Utc>> {
        self.0.resolved_at
    }

    /// Who ended it; null while it runs.
    async fn resolved_by(&self, context: &Context<'_>) -> Nullable<Agent> {
        loaders::one(context, self.0.resolved_by?).await
    }
}

fn ledger(context: &Context<'_>, history: Result<History, Error>) -> Result<WaitLedger, Error> {
    Ok(WaitLedger(history?.ledger(desk(context)?.now())?))
}
