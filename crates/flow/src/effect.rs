//! Where in the log the effect of a wish is, for whoever wants to read their own write.

use crate::Error;
use interdesk_domain::scope::TenantScope;
use interdesk_store::Transaction;
use interdesk_store::outbox::{self, Written};
use std::sync::{Arc, Mutex, PoisonError};

/// Learns where in the log the effect of a wish is; clones learn it together, the default nothing.
#[derive(Debug, Clone, Default)]
pub struct Effect(Option<Arc<Mutex<Option<Written>>>>);

impl Effect {
    /// Returns one that learns.
    pub fn wanted() -> Self {
        Self(Some(Arc::default()))
    }

    /// Tells whether somebody wants to know.
    pub(crate) fn is_wanted(&self) -> bool {
        self.0.is_some()
    }

    /// Returns where the effect is; `None` where nothing was written.
    pub fn written(&self) -> Option<Written> {
        let held = self.0.as_ref()?;
        *held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what was learnt, before the next wish.
    pub fn forget(&self) {
        self.learn(None);
    }

    /// Learns where the effect is, once it is committed.
    pub(crate) fn learn(&self, written: Option<Written>) {
        if let Some(held) = &self.0 {
            *held.lock().unwrap_or_else(PoisonError::into_inner) = written;
        }
    }

    /// Ends a transaction that wrote events and learns where they are.
    pub(crate) async fn commit(
        &self,
        scope: TenantScope,
        transaction: Transaction,
    ) -> Result<(), Error> {
        let written = match self.is_wanted() {
            true => outbox::find_written(&transaction, scope).await?,
            false => None,
        };
        transaction.commit().await?;
        self.learn(written);
        Ok(())
    }
}
