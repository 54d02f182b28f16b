//! One mail becomes durable: parsed, stored, and kept as it came where it is more than its words.

use super::MailDirectory;
use crate::batcher::{Batcher, Refusal};
use crate::directory::OpenInbox;
use interdesk_channels::email;
use interdesk_channels::{Channel, Envelope, Incoming, Mail, channel};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{Content, Media, MediaSource, Update, UpdateKind};
use interdesk_flow::Desk;
use interdesk_flow::attach::{self, Unkept};
use interdesk_flow::receive::{self, Webhook};
use interdesk_node::telemetry::current_traceparent;
use std::sync::Arc;

/// What taking mails in needs.
#[derive(Clone)]
pub struct MailIntake {
    /// The database and the clock.
    pub desk: Desk,
    /// Which inbox an address leads to.
    pub directory: Arc<MailDirectory>,
    /// Stores what mails tell, many in one commit.
    pub batcher: Batcher,
}

impl MailIntake {
    /// Stores a mail for one inbox; it is durable when this returns. A repeat has no effect.
    pub(crate) async fn store(
        &self,
        inbox: &OpenInbox,
        envelope: Mail<'_>,
        body: &[u8],
    ) -> Result<(), Refusal> {
        let adapter = channel(ChannelKind::Email);
        let outcome = match self.take(adapter, inbox, envelope, body).await {
            // What the desk cannot hold as a message it holds as bytes, or somebody's server would
            // send it again for days.
            Err(Refusal::Unstorable) => self.keep(inbox, body, "cannot be stored").await,
            other => other,
        };
        let word = match outcome {
            Ok(()) => "stored",
            Err(_) => "busy",
        };
        metrics::counter!("interdesk_mails_total", "outcome" => word).increment(1);
        outcome
    }

    async fn take(
        &self,
        adapter: &dyn Channel,
        inbox: &OpenInbox,
        envelope: Mail<'_>,
        body: &[u8],
    ) -> Result<(), Refusal> {
        let incoming = Incoming {
            envelope: Envelope::Mail(envelope),
            body,
        };
        let now = self.desk.now();
        let read = adapter
            .verify(&incoming, &inbox.credentials, now)
            .map_err(|error| error.to_string())
            .and_then(|()| {
                let read = adapter.parse(&incoming, &inbox.credentials);
                read.map_err(|error| error.to_string())
            });
        let updates = match read {
            Ok(updates) => updates,
            Err(reason) => return self.keep(inbox, body, &reason).await,
        };
        // Mail of programs is kept as it came, not as what we made of it.
        let (other, updates): (Vec<_>, Vec<_>) = updates.into_iter().partition(is_other);
        if let Some(UpdateKind::Other { kind, .. }) = other.first().map(|it| &it.kind) {
            self.keep(inbox, body, &format!("not handled: {kind}"))
                .await?;
        }
        if updates.is_empty() {
            return Ok(());
        }
        let mut updates = updates;
        self.keep_files(inbox, body, &mut updates).await?;
        let webhook = Webhook {
            inbox: inbox.mailbox,
            updates,
            trace: current_traceparent(),
            received_at: now,
        };
        self.batcher.store(inbox.scope, webhook).await
    }

    /// Keeps the files of a mail before the message that names them: their bytes come but once.
    async fn keep_files(
        &self,
        inbox: &OpenInbox,
        body: &[u8],
        updates: &mut [Update],
    ) -> Result<(), Refusal> {
        let contents = updates
            .iter_mut()
            .filter_map(|update| match &mut update.kind {
                UpdateKind::Message(message) => Some(&mut message.content),
                _ => None,
            });
        let mut media: Vec<&mut Media> = contents.flat_map(Content::files_mut).collect();
        if media.is_empty() {
            return Ok(());
        }
        let busy = |error: &dyn std::fmt::Display| {
            tracing::warn!(%error, inbox.id = %inbox.mailbox.id, "files of a mail cannot be kept");
            Refusal::Busy
        };
        let rules = attach::rules(&self.desk, inbox.scope, inbox.mailbox.id).await;
        let rules = rules.map_err(|error| busy(&error))?;
        let mut complete = true;
        for (file, media) in email::files(body).into_iter().zip(&mut media) {
            let bytes = file.bytes.into();
            match attach::keep_bytes(&self.desk, inbox.scope, &rules, bytes).await {
                Ok(kept) => media.source = MediaSource::Stored(kept.file),
                Err(Unkept::Refused(_)) => complete = false,
                Err(Unkept::Failed(error)) => return Err(busy(&error)),
            }
        }
        match complete {
            true => Ok(()),
            // What may not be a file is still in the mail.
            false => self.keep(inbox, body, "a file may not be kept").await,
        }
    }

    async fn keep(&self, inbox: &OpenInbox, body: &[u8], reason: &str) -> Result<(), Refusal> {
        let id = inbox.mailbox.id;
        let kept = receive::keep_raw(&self.desk, inbox.scope, id, body, reason).await;
        kept.map_err(|error| {
            tracing::warn!(%error, inbox.id = %id, "a raw mail cannot be kept");
            Refusal::Busy
        })
    }
}

fn is_other(update: &Update) -> bool {
    matches!(update.kind, UpdateKind::Other { .. })
}
