//! Receipts: how far our messages got. They come late, twice and in any order.

use super::{Change, Source};
use crate::consent;
use crate::key::stored_id;
use crate::{Context, Error};
use interdesk_domain::delivery::{DeliveryState, FailureReason};
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::id::AttemptId;
use interdesk_domain::message::Receipt;
use interdesk_store::messages::{self, MessageState, Progress};

/// Returns the try that a receipt names.
pub(super) fn attempt(receipt: &Receipt) -> Option<AttemptId> {
    receipt.attempt.as_deref()?.parse().ok()
}

impl Change<'_> {
    pub(crate) async fn receipt(
        &self,
        source: &Source,
        receipt: &Receipt,
    ) -> Result<Vec<Envelope>, Error> {
        let Some(message) = self.receipted(source, receipt).await? else {
            return self.keep_receipt(source, receipt).await;
        };
        let from = message.delivery.unwrap_or(DeliveryState::Sent);
        let to = from.after_receipt(receipt.state);
        let provider_id = receipt.provider_id.as_deref().map(stored_id);
        let is_news = message.provider_id.is_none() && provider_id.is_some();
        let let_go = message.held == Some(true) && receipt.state == DeliveryState::Sent;
        if to == from && !is_news && !let_go {
            return Ok(Vec::new());
        }
        let failure = receipt
            .failure
            .as_ref()
            .filter(|_| to == DeliveryState::Failed);
        let progress = Progress {
            delivery: to,
            provider_id: provider_id.map(|id| id.into_owned()),
            failure: failure.and_then(|failure| serde_json::to_value(failure).ok()),
        };
        messages::mark_progress(self.transaction, self.scope, message.id, &progress).await?;
        if let_go {
            messages::mark_let_go(self.transaction, self.scope, message.id).await?;
        }
        if to == from && !let_go {
            return Ok(Vec::new());
        }
        let conversation = message.conversation_id;
        let reason = failure.map(|failure| failure.reason);
        let event = Event::DeliveryChanged {
            conversation,
            message: message.id,
            from,
            to,
            reason,
        };
        let mut told = self.tell(source, conversation, event).await?;
        if reason == Some(FailureReason::NotOptedIn) {
            let context = Context::system(source.trace.clone(), None);
            let (desk, conn) = (self.desk, self.transaction);
            let blocked = consent::note_block(desk, self.scope, conn, message.id, &context);
            told.extend(blocked.await?);
        }
        Ok(told)
    }

    async fn receipted(
        &self,
        source: &Source,
        receipt: &Receipt,
    ) -> Result<Option<MessageState>, Error> {
        if let Some(attempt) = attempt(receipt) {
            let found = messages::lock_by_attempt(self.transaction, self.scope, attempt).await?;
            if let Some(message) = found.filter(|message| message.inbox_id == source.inbox) {
                return Ok(Some(message));
            }
        }
        let Some(id) = receipt.provider_id.as_deref() else {
            return Ok(None);
        };
        let id = stored_id(id);
        let found =
            messages::lock_by_provider_id(self.transaction, self.scope, source.inbox, &id).await?;
        Ok(found.filter(|message| message.delivery.is_some()))
    }

    // A receipt may overtake the answer to the call that sent the message.
    async fn keep_receipt(
        &self,
        source: &Source,
        receipt: &Receipt,
    ) -> Result<Vec<Envelope>, Error> {
        let Some(id) = receipt.provider_id.as_deref() else {
            return Ok(Vec::new());
        };
        let data = serde_json::to_value(receipt).map_err(|source| Error::Unreadable {
            what: "receipt",
            source,
        })?;
        self.wait(source, &stored_id(id), "receipt", data).await
    }
}
