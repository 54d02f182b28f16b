//! The bug `dedupe_in_cache_only`, in test builds alone: what was stored before is known to this
//! process and to nobody else.

use super::{Found, Item};
use interdesk_domain::id::InboxId;
use interdesk_store::planted::is_loose;
use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};

static SEEN: LazyLock<Mutex<HashSet<(InboxId, String)>>> = LazyLock::new(Mutex::default);

/// Forgets what the database says is stored.
pub(super) fn forget(mut found: Found) -> Found {
    if is_loose("dedupe_in_cache_only") {
        found
            .known
            .iter_mut()
            .for_each(|known| known.stored = false);
    }
    found
}

/// Leaves out what this process has seen.
pub(super) fn dedupe_in_cache(items: Vec<Item<'_>>) -> Vec<Item<'_>> {
    if !is_loose("dedupe_in_cache_only") {
        return items;
    }
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut is_new = |item: &Item<'_>| seen.insert((item.mailbox.id, item.provider_id.to_string()));
    items.into_iter().filter(|item| is_new(item)).collect()
}
