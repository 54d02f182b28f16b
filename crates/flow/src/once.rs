//! A mutation that names a key has one effect, however often it is sent.
//!
//! A flow locks its subject, then looks the key up, and writes it last, all in the transaction of
//! the effect itself. The second of two that ask the same at once therefore waits for the lock and
//! finds the first one's answer. Two under one key about different things meet at the table's
//! primary key: the later one is a conflict, is tried again and then refused. Only what had an
//! effect is remembered: a refusal changed nothing, so the same question may get a fresh answer.

use crate::Error;
use chrono::{DateTime, Utc};
use interdesk_domain::id::AgentId;
use interdesk_domain::permission::Viewer;
use interdesk_domain::scope::TenantScope;
use interdesk_store::Conn;
use interdesk_store::idempotency::{self, Remembered};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// A question that may come again under the same key.
#[derive(Debug, Clone)]
pub struct Once<'a> {
    scope: TenantScope,
    agent: AgentId,
    key: Option<&'a str>,
    operation: &'static str,
    digest: Vec<u8>,
}

/// What is known about a question.
#[derive(Debug, Clone, PartialEq)]
pub enum Recall<T> {
    /// It is new, or has no key.
    Fresh,
    /// It was answered before.
    Replay(T),
    /// Its key was used for something else.
    Mismatch,
}

impl<'a> Once<'a> {
    /// Describes what `viewer` asks: the operation's name and all its arguments.
    pub fn new(
        viewer: &Viewer,
        key: Option<&'a str>,
        operation: &'static str,
        arguments: &impl Serialize,
    ) -> Result<Self, Error> {
        let arguments =
            serde_json::to_vec(&(operation, arguments)).map_err(|source| Error::Unreadable {
                what: "arguments of a mutation",
                source,
            })?;
        let digest = Sha256::digest(arguments).to_vec();
        Ok(Self {
            scope: viewer.scope(),
            agent: viewer.agent,
            key,
            operation,
            digest,
        })
    }

    /// Looks up the answer that was given before; call it with the subject locked.
    pub async fn recall<T: DeserializeOwned>(&self, conn: &Conn) -> Result<Recall<T>, Error> {
        let Some(key) = self.key else {
            return Ok(Recall::Fresh);
        };
        let Some(found) = idempotency::find(conn, self.scope, self.agent, key).await? else {
            return Ok(Recall::Fresh);
        };
        if found.operation != self.operation || found.digest != self.digest {
            return Ok(Recall::Mismatch);
        }
        let outcome =
            serde_json::from_value(found.outcome).map_err(|source| Error::Unreadable {
                what: "a remembered answer",
                source,
            })?;
        Ok(Recall::Replay(outcome))
    }

    /// Remembers the answer; a conflict means that the key was used for something else meanwhile.
    pub async fn remember(
        &self,
        conn: &Conn,
        outcome: &impl Serialize,
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
        };
        idempotency::insert(conn, self.scope, self.agent, key, &remembered, now).await?;
        Ok(())
    }
}
