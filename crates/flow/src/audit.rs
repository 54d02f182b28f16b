//! The audit log: every event of a tenant is a leaf of a Merkle tree (RFC 6962), and signed
//! checkpoints say how large the tree was and what its root was.
//!
//! The leaf of the event with seq n has index n − 1. The event log itself is the queue: [`append`]
//! takes what follows the last leaf, in order, so it does not matter how often it is called, by how
//! many, or for how long nobody called it. A checkpoint is a signed note in the C2SP
//! `tlog-checkpoint` form with Ed25519; its origin and its key's name are `interdesk/<tenant id>`.
//!
//! What [`verify`] can and cannot see: whoever changes a leaf or its hash alone is found at that
//! leaf. Whoever rewrites both is found at that leaf while the event log still has the event, and
//! else at the next checkpoint, whose root no longer fits and cannot be signed anew without the
//! installation's key. Leaves behind the last checkpoint have only the event log as a witness, and
//! that is kept for days: checkpoints are therefore signed often. Cutting off the end of a log
//! together with the checkpoints over it shows only to those who kept one of them elsewhere, so
//! hand checkpoints out.

mod canonical;
mod checkpoint;
mod export;
pub mod frontier;
mod note;
mod verify;
mod walk;

use crate::Desk;
use crate::keys::{self, SigningKey};
use canonical::Identity;
use checkpoint::Checkpoint;
use chrono::Duration;
use frontier::Frontier;
use interdesk_domain::id::TenantId;
use interdesk_domain::scope::TenantScope;
use interdesk_store::{Conn, audit, relay};

pub use checkpoint::origin;
pub use export::{export, verify_export};
pub use note::read_key;
pub use verify::{verify, verify_all};
pub use walk::{Bad, Problem, Sound, Verdict};

/// How many events become leaves in one transaction.
const PAGE: u64 = 1_000;

/// Why a log could not be continued, read or written out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] interdesk_store::Error),
    /// There is no key to sign or to verify with.
    #[error(transparent)]
    Key(#[from] keys::Error),
    /// The event log does not go on where the audit log ends; nothing is skipped.
    #[error(
        "the audit log of {tenant} needs event {expected}, but the event log goes on with {found}"
    )]
    Gap {
        /// Whose log.
        tenant: TenantId,
        /// The seq that comes next.
        expected: u64,
        /// The seq that was found.
        found: u64,
    },
    /// A logged event is no envelope of this tenant.
    #[error("event {seq} of {tenant} is not readable: {source}")]
    Event {
        /// Whose event.
        tenant: TenantId,
        /// Its place.
        seq: u64,
        /// Why not.
        source: serde_json::Error,
    },
    /// The tree's row contradicts itself or a checkpoint; `interdesk audit verify` says where.
    #[error("the audit log of {0} was changed from outside; run `interdesk audit verify`")]
    Changed(TenantId),
    /// An export could not be read or written.
    #[error("the export failed: {0}")]
    Export(#[from] std::io::Error),
}

impl Error {
    /// Tells whether the same may succeed a moment later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Store(error) | Self::Key(keys::Error::Store(error)) => error.is_passing(),
            _ => false,
        }
    }
}

/// Who signs checkpoints, and how often.
#[derive(Debug, Clone)]
pub struct Signer {
    /// The key.
    pub key: SigningKey,
    /// Leaves after which a checkpoint is signed.
    pub every: u64,
    /// Time after the last one at which a checkpoint is signed even for fewer leaves.
    pub after: Duration,
}

/// What an append did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The leaves that it added.
    pub leaves: u64,
    /// The leaves that there are now.
    pub size: u64,
    /// How many of them no checkpoint covers yet.
    pub unsigned: u64,
    /// Whether there may be more events to append at once.
    pub more: bool,
}

/// Appends the next events of the log, up to a thousand, and signs a checkpoint where one is due.
pub async fn append(desk: &Desk, scope: TenantScope, signer: &Signer) -> Result<Appended, Error> {
    let transaction = desk.database.begin(scope).await?;
    let (tree, mut frontier) = lock(&transaction, scope).await?;
    let events = relay::list_after(&transaction, scope, frontier.size(), PAGE as i64).await?;
    if !events.is_empty() {
        let leaves = grow(scope.tenant(), &mut frontier, &events)?;
        audit::insert_leaves(&transaction, scope, &leaves)
            .await
            .map_err(taken(scope))?;
        let (size, frontier) = (tree.size + leaves.len() as i64, frontier.to_bytes());
        let tree = audit::Tree {
            size,
            last_seq: size,
            frontier,
        };
        audit::update_tree(&transaction, scope, &tree).await?;
    }
    let covered = sign_if_due(&transaction, desk, scope, signer, &frontier).await?;
    transaction.commit().await?;
    let (leaves, size) = (events.len() as u64, frontier.size());
    metrics::counter!("interdesk_audit_leaves_total").increment(leaves);
    Ok(Appended {
        leaves,
        size,
        unsigned: size - covered,
        more: leaves == PAGE,
    })
}

/// Locks the tenant's tree, and plants it first where there is none.
async fn lock(conn: &Conn, scope: TenantScope) -> Result<(audit::Tree, Frontier), Error> {
    let changed = || Error::Changed(scope.tenant());
    let mut tree = audit::lock_tree(conn, scope).await?;
    if tree.is_none() {
        audit::insert_tree_if_missing(conn, scope).await?;
        tree = audit::lock_tree(conn, scope).await?;
    }
    let tree = tree
        .filter(|tree| tree.size == tree.last_seq)
        .ok_or_else(changed)?;
    let size = u64::try_from(tree.size).map_err(|_| changed())?;
    let frontier = Frontier::from_bytes(size, &tree.frontier).ok_or_else(changed)?;
    Ok((tree, frontier))
}

/// Makes the leaves of events, which must follow each other and the tree without a gap.
fn grow(
    tenant: TenantId,
    frontier: &mut Frontier,
    events: &[(u64, String)],
) -> Result<Vec<audit::Leaf>, Error> {
    let mut leaves = Vec::with_capacity(events.len());
    for (seq, body) in events {
        let (index, seq) = (frontier.size(), *seq);
        if seq != index + 1 {
            return Err(Error::Gap {
                tenant,
                expected: index + 1,
                found: seq,
            });
        }
        let unreadable = |source| Error::Event {
            tenant,
            seq,
            source,
        };
        let leaf = canonical::to_leaf(body, seq).map_err(unreadable)?;
        let event_id = Identity::of(&leaf).map_err(unreadable)?.id;
        let hash = frontier::leaf_hash(&leaf);
        frontier.push(hash);
        leaves.push(audit::Leaf {
            index: index as i64,
            event_id,
            leaf,
            hash: hash.to_vec(),
        });
    }
    Ok(leaves)
}

/// Signs a checkpoint where enough leaves or enough time have come since the last one; returns how
/// many leaves are covered then.
async fn sign_if_due(
    conn: &Conn,
    desk: &Desk,
    scope: TenantScope,
    signer: &Signer,
    frontier: &Frontier,
) -> Result<u64, Error> {
    let (now, size) = (desk.now(), frontier.size());
    let last = audit::find_last_checkpoint(conn, scope).await?;
    let covered = last.as_ref().map_or(0, |last| last.size.unsigned_abs());
    // A log that shrank must never be signed: that would contradict what was signed before.
    let fresh = size
        .checked_sub(covered)
        .ok_or(Error::Changed(scope.tenant()))?;
    let waited = last.is_none_or(|last| now - last.signed_at >= signer.after);
    if fresh == 0 || (fresh < signer.every && !waited) {
        return Ok(covered);
    }
    let (origin, root) = (checkpoint::origin(scope.tenant()), frontier.root());
    let text = Checkpoint {
        origin: origin.clone(),
        size,
        root,
    }
    .to_text();
    let note = note::sign(&text, &origin, &signer.key);
    let row = audit::Checkpoint {
        size: size as i64,
        root: root.to_vec(),
        note,
        signed_at: now,
    };
    audit::insert_checkpoint(conn, scope, &row)
        .await
        .map_err(taken(scope))?;
    metrics::counter!("interdesk_audit_checkpoints_total").increment(1);
    Ok(size)
}

/// Tells a taken place apart: nobody else appends while the tree is locked, so it is no race.
fn taken(scope: TenantScope) -> impl Fn(interdesk_store::Error) -> Error {
    move |error| match error {
        interdesk_store::Error::Conflict(_) => Error::Changed(scope.tenant()),
        error => error.into(),
    }
}

/// Writes the key that proves a tenant's checkpoints as other people's tools take it.
pub fn write_key(tenant: TenantId, key: &keys::VerifyingKey) -> String {
    note::write_key(&origin(tenant), &key.bytes)
}
