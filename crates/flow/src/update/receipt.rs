//! Receipts: how far our messages got. They come late, twice and in any order.

use super::{Change, Source};
use crate::consent;
use crate::key::stored_id;
use crate::{Context, Error};
use interdesk_channels::channel;
use interdesk_domain::delivery::{DeliveryState, FailureReason};
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::id::AttemptId;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::Receipt;
use interdesk_store::messages::{self, MessageState, Progress};
use interdesk_store::{message_recipients, service_messages, window_touches};

/// What a receipt of one of a group means.
#[derive(Clone, Copy)]
struct One {
    /// How far the message got with the group.
    of_all: Option<DeliveryState>,
    /// Whether that was not known of this person.
    is_news: bool,
}

/// Tells whether the customer's app has a message.
fn arrived(state: DeliveryState) -> bool {
    matches!(state, DeliveryState::Delivered | DeliveryState::Read)
}

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
        let one = self.one_of_many(source, &message, receipt).await?;
        let (told, of_one) = match one {
            Some(one) => (one.of_all, one.is_news),
            None => (Some(receipt.state), false),
        };
        let to = told.map_or(from, |told| from.after_receipt(told));
        let provider_id = receipt.provider_id.as_deref().map(stored_id);
        let is_news = message.provider_id.is_none() && provider_id.is_some();
        let let_go = message.held == Some(true) && receipt.state == DeliveryState::Sent;
        if to == from && !is_news && !let_go && !of_one {
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
        if !arrived(from) && arrived(to) && message.content["type"] != "template" {
            self.count(source).await?;
        }
        if let_go {
            messages::mark_let_go(self.transaction, self.scope, message.id).await?;
        }
        if to == from && !let_go && !of_one {
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
        if reason == Some(FailureReason::NotOptedIn) && one.is_none() {
            let context = Context::system(source.trace.clone(), None);
            let (desk, conn) = (self.desk, self.transaction);
            let blocked = consent::note_block(desk, self.scope, conn, message.id, &context);
            told.extend(blocked.await?);
        }
        if reason == Some(FailureReason::WindowClosed) && one.is_none() {
            window_touches::shut(self.transaction, self.scope, message.id, source.at).await?;
        }
        Ok(told)
    }

    /// Counts a message that arrived, for what its provider charges. It is under the lock of its row, and
    /// no receipt moves it back, so it arrives once.
    async fn count(&self, source: &Source) -> Result<(), Error> {
        let charging = ChannelKind::ALL.into_iter();
        let charging = charging.filter(|kind| channel(*kind).capabilities().charges_for_service);
        let charging: Vec<ChannelKind> = charging.collect();
        let (conn, scope, inbox) = (self.transaction, self.scope, source.inbox);
        if service_messages::count(conn, scope, inbox, &charging, source.at).await? {
            metrics::counter!("interdesk_service_messages_total").increment(1);
        }
        Ok(())
    }

    /// Writes down what a receipt tells of one of a group; `None` where it is about all who got the
    /// message.
    async fn one_of_many(
        &self,
        source: &Source,
        message: &MessageState,
        receipt: &Receipt,
    ) -> Result<Option<One>, Error> {
        let Some(who) = receipt.recipient.as_deref() else {
            return Ok(None);
        };
        let (conn, scope, who) = (self.transaction, self.scope, stored_id(who));
        let Some(known) = message_recipients::find(conn, scope, message.id, &who).await? else {
            return Ok(None);
        };
        let state = known
            .state
            .map_or(receipt.state, |known| known.after_receipt(receipt.state));
        let is_news = known.state != Some(state);
        if is_news {
            let failure = receipt
                .failure
                .as_ref()
                .filter(|_| state == DeliveryState::Failed);
            let told = message_recipients::Told {
                recipient: &who,
                contact: known.contact_id,
                state,
                failure: failure.and_then(|failure| serde_json::to_value(failure).ok()),
                at: source.at,
            };
            message_recipients::save(conn, scope, message.id, told).await?;
        }
        // The others may have it, so it failed only where it failed with all.
        let of_all = match state {
            DeliveryState::Failed => {
                let reach = message_recipients::reach(conn, scope, message.id).await?;
                let lost = reach.members > 0 && reach.failed >= reach.members;
                lost.then_some(state)
            }
            state => Some(state),
        };
        Ok(Some(One { of_all, is_news }))
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
