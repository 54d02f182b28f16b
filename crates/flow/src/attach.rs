//! Files: their bytes are fetched while the provider still gives them out, kept once for a tenant,
//! shown by links that expire, and handed to providers once.
//!
//! What comes with its bytes (a mail, an upload) is kept first by [`keep`] and named by its
//! [`FileId`] in the message, as `MediaSource::Stored`. What comes by reference waits in the table
//! of attachments until [`fetch`] was successful or cannot be.

mod download;
mod fetch;
mod keep;
mod link;
mod note;
mod open;
mod outgoing;
mod retry;
mod rules;
mod sweep;
mod upload;

pub use fetch::{Fetched, fetch, fetch_by, list_due};
pub use keep::{Kept, Unkept, keep, keep_bytes};
pub use link::{LinkError, Linked, Links};
pub(crate) use note::note;
pub use open::{Opened, open};
pub use outgoing::{Carried, NotCarried, StoredFiles, carry};
pub(crate) use outgoing::{forget, hand_over, remember};
pub use retry::{Retry, RetryOutcome, retry};
pub use rules::{FileSettings, Refusal, Rules, rules};
pub use sweep::{Swept, sweep};
pub use upload::{NewUpload, upload};

use interdesk_domain::id::FileId;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::secret::Secret;
use interdesk_files::Store;

/// Where the bytes are, and how they are shown.
#[derive(Debug, Clone)]
pub struct Files {
    /// Where the bytes are.
    pub store: Store,
    /// Makes links that expire.
    pub links: Links,
}

impl Files {
    /// Keeps everything in memory, for tests.
    pub fn in_memory() -> Self {
        Self {
            store: Store::memory(),
            links: Links::new(
                vec![(1, Secret::new([7; 32]))],
                "http://127.0.0.1",
                Links::SHORT,
            ),
        }
    }
}

/// Returns the key of an object: nobody else's, so that one that is written never meets one that is
/// deleted.
pub(crate) fn object_key(scope: TenantScope, file: FileId) -> String {
    format!("{}/{}", scope.tenant().0, file.0)
}
