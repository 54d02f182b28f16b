//! A mutation that names a key has one effect, however often it is sent.
//!
//! The key is looked up before the verb and written after it, in the transaction of the effect
//! itself. Of two that ask the same at once the second waits for the subject's lock; then it is
//! refused, and finds the first one's answer, or it meets that answer at the table's primary key,
//! which is a conflict and tried again. Two under one key about different things meet there too.
//! Only what had an effect is remembered: a refusal changed nothing, so the same question may get a
//! fresh answer.

use crate::Error;
use crate::wish::Verb;
use chrono::{DateTime, Utc};
use interdesk_domain::id::AgentId;
use interdesk_domain::permission::Viewer;
use interdesk_domain::scope::TenantScope;
use interdesk_store::Conn;
use interdesk_store::idempotency::{self, Remembered};
use interdesk_store::outbox::Written;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// A question that may come again under the same key.
pub(crate) struct Once<'a> {
    scope: TenantScope,
    agent: AgentId,
    key: Option<&'a str>,
    operation: &'static str,
    digest: Vec<u8>,
}

impl<'a> Once<'a> {
    /// Describes what `viewer` asks.
    pub(crate) fn new<V: Verb>(
        viewer: &Viewer,
        key: Option<&'a str>,
        verb: &V,
    ) -> Result<Self, Error> {
        let arguments =
            serde_json::to_vec(&(V::OPERATION, verb)).map_err(|source| Error::Unreadable {
                what: "arguments of a mutation",
                source,
            })?;
        Ok(Self {
            scope: viewer.scope(),
            agent: viewer.agent,
            key,
            operation: V::OPERATION,
            digest: Sha256::digest(arguments).to_vec(),
        })
    }

    /// Tells whether the question may come again.
    pub(crate) fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Looks up the answer that was given before, and where in the log its effect is; `None` where
    /// the question is new or has no key.
    pub(crate) async fn recall<V: Verb>(
        &self,
        conn: &Conn,
    ) -> Result<Option<(V::Outcome, Option<Written>)>, Error> {
        let Some(key) = self.key else {
            return Ok(None);
        };
        let Some(found) = idempotency::find(conn, self.scope, self.agent, key).await? else {
            return Ok(None);
        };
        if found.operation != self.operation || found.digest != self.digest {
            return Ok(Some((V::KEY_REUSED, None)));
        }
        let written = match (found.log_before, found.log_pos) {
            (Some(before), Some(pos)) => Some(Written { before, pos }),
            _ => None,
        };
        let outcome =
            serde_json::from_value(found.outcome).map_err(|source| Error::Unreadable {
                what: "a remembered answer",
                source,
            })?;
        Ok(Some((outcome, written)))
    }

    /// Remembers the answer; a conflict means that the key was used for something else meanwhile.
    pub(crate) async fn remember(
        &self,
        conn: &Conn,
        outcome: &impl Serialize,
        written: Option<Written>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let Some(key) = self.key else { return Ok(()) };
        let outcome = serde_json::to_value(outcome).map_err(|source| Error::Unreadable {
            what: "the answer of a mutation",
            source,
        })?;
        let operation = self.operation.to_owned();
        let remembered = Remembered {
            operation,
            digest: self.digest.clone(),
            outcome,
            log_before: written.map(|written| written.before),
            log_pos: written.map(|written| written.pos),
        };
        idempotency::insert(conn, self.scope, self.agent, key, &remembered, now).await?;
        Ok(())
    }
}
