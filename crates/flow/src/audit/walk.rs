//! One pass over a log, leaf by leaf and checkpoint by checkpoint, that ends at the first thing
//! that is wrong.
//!
//! The root is recomputed by ct-merkle and not by the code that the appender uses, so the two check
//! each other. It keeps two hashes for each leaf and lets the leaf itself go.

use super::canonical::{self, Identity};
use super::checkpoint::{self, Checkpoint};
use super::frontier::{Hash, leaf_hash};
use super::note::{Note, Signed};
use crate::keys::VerifyingKey;
use ct_merkle::HashableLeaf;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use interdesk_domain::id::TenantId;
use interdesk_store::audit::{Leaf, Logged};
use serde::Serialize;
use sha2::Sha256;
use std::cell::Cell;
use std::fmt;

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Everything fits.
    Sound(Sound),
    /// Something was changed.
    Bad(Bad),
}

/// A log in which everything fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sound {
    /// Whose log.
    pub tenant: TenantId,
    /// The number of leaves.
    pub size: u64,
    /// How many of them the last proving checkpoint covers.
    pub proven: u64,
    /// The number of checkpoints.
    pub checkpoints: u64,
    /// How many of those were signed by keys that are retired since, and prove nothing.
    pub unproving: u64,
    /// How many leaves were compared with the event log, which forgets.
    pub compared: u64,
}

/// The first thing that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Bad {
    /// The index of the leaf; of a checkpoint or of the tree's row, the number of leaves that it
    /// speaks of.
    pub index: u64,
    /// What is wrong there.
    pub problem: Problem,
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// The leaf is not there, though the log goes on or a checkpoint or the tree's row counts it.
    Missing,
    /// Another event's leaf is in this place.
    Reordered,
    /// The leaf is not what was hashed.
    LeafChanged,
    /// The hash is not that of the leaf, which the event log confirms.
    HashChanged,
    /// Leaf and hash disagree, and the event log no longer tells which of them was changed.
    LeafOrHashChanged,
    /// The row names another event than the leaf.
    EventIdChanged,
    /// The event log holds another event than the leaf: one of them was rewritten.
    EventDiffers,
    /// The event log has the place of the event, but not the event.
    EventMissing,
    /// The checkpoint is no signed note of a checkpoint.
    CheckpointUnreadable,
    /// No known key signed the checkpoint.
    CheckpointKeyUnknown,
    /// The checkpoint is not what its key signed.
    CheckpointSignatureWrong,
    /// The checkpoint is another log's or another size's.
    CheckpointMisplaced,
    /// The leaves have another root than the one that was signed: one of those since the checkpoint
    /// before was rewritten with its hash.
    CheckpointRootWrong,
    /// The tree's row disagrees with the leaves.
    TreeWrong,
    /// A line of the export is no line of an export.
    LineUnreadable,
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Problem::*;
        let index = self.index;
        match self.problem {
            Missing => write!(f, "leaf {index} is missing"),
            Reordered => write!(f, "leaf {index} belongs to another place"),
            LeafChanged => write!(f, "leaf {index} was changed"),
            HashChanged => write!(f, "the hash of leaf {index} was changed"),
            LeafOrHashChanged => write!(f, "leaf {index} or its hash was changed"),
            EventIdChanged => write!(f, "the row of leaf {index} names another event"),
            EventDiffers => write!(f, "the event log has another event than leaf {index}"),
            EventMissing => write!(
                f,
                "the event of leaf {index} was deleted from the event log"
            ),
            CheckpointUnreadable => write!(f, "the checkpoint at {index} leaves is not readable"),
            CheckpointKeyUnknown => {
                write!(f, "no known key signed the checkpoint at {index} leaves")
            }
            CheckpointSignatureWrong => {
                write!(
                    f,
                    "the checkpoint at {index} leaves is not what its key signed"
                )
            }
            CheckpointMisplaced => write!(f, "the checkpoint at {index} leaves belongs elsewhere"),
            CheckpointRootWrong => {
                write!(
                    f,
                    "the first {index} leaves do not have the root that was signed"
                )
            }
            TreeWrong => write!(
                f,
                "the tree's row at {index} leaves disagrees with the leaves"
            ),
            LineUnreadable => write!(f, "the line of leaf {index} is not readable"),
        }
    }
}

/// A leaf on its way into the tree, which hashes each leaf once and needs it no more.
struct Passing(Cell<Vec<u8>>);

impl HashableLeaf for Passing {
    fn hash<H: ct_merkle::digest::Update>(&self, hasher: &mut H) {
        hasher.update(&self.0.take());
    }
}

/// A pass that got this far without finding anything.
pub(super) struct Walk<'k> {
    keys: &'k [VerifyingKey],
    tree: MemoryBackedTree<Sha256, Passing>,
    sound: Sound,
}

impl<'k> Walk<'k> {
    /// Begins before the first leaf of a tenant's log.
    pub(super) fn new(tenant: TenantId, keys: &'k [VerifyingKey]) -> Self {
        let (size, proven, checkpoints, unproving, compared) = (0, 0, 0, 0, 0);
        let sound = Sound {
            tenant,
            size,
            proven,
            checkpoints,
            unproving,
            compared,
        };
        Self {
            keys,
            tree: MemoryBackedTree::new(),
            sound,
        }
    }

    /// Returns the number of leaves so far.
    pub(super) fn size(&self) -> u64 {
        self.sound.size
    }

    /// Returns the root over them.
    pub(super) fn root(&self) -> Hash {
        (*self.tree.root().as_bytes()).into()
    }

    /// Says what is wrong here.
    pub(super) fn bad(&self, problem: Problem) -> Bad {
        Bad {
            index: self.size(),
            problem,
        }
    }

    /// Ends where everything fits.
    pub(super) fn finish(self) -> Sound {
        self.sound
    }

    /// Goes over the next leaf, beside what the event log has in its place, if anything.
    pub(super) fn leaf(&mut self, row: Leaf, logged: Option<&Logged>) -> Result<(), Bad> {
        self.check(&row, logged)
            .map_err(|problem| self.bad(problem))?;
        self.sound.compared += u64::from(logged.is_some());
        self.tree.push(Passing(Cell::new(row.leaf)));
        self.sound.size += 1;
        Ok(())
    }

    fn check(&self, row: &Leaf, logged: Option<&Logged>) -> Result<(), Problem> {
        let index = self.size();
        match row.index {
            found if found > index as i64 => return Err(Problem::Missing),
            found if found < index as i64 => return Err(Problem::Reordered),
            _ => {}
        }
        let event = match logged {
            Some(Logged { body: None, .. }) => return Err(Problem::EventMissing),
            Some(Logged {
                body: Some(body), ..
            }) => Some(canonical::to_leaf(body, index + 1).ok()),
            None => None,
        };
        let fits = event.map(|event| event.as_deref() == Some(&row.leaf));
        if leaf_hash(&row.leaf)[..] != row.hash {
            return Err(match fits {
                Some(true) => Problem::HashChanged,
                None if canonical::is_canonical(&row.leaf) => Problem::LeafOrHashChanged,
                _ => Problem::LeafChanged,
            });
        }
        let identity = Identity::of(&row.leaf).map_err(|_| Problem::LeafChanged)?;
        if identity.seq != index + 1 {
            return Err(Problem::Reordered);
        }
        if identity.tenant != self.sound.tenant {
            return Err(Problem::LeafChanged);
        }
        if identity.id != row.event_id {
            return Err(Problem::EventIdChanged);
        }
        match fits {
            Some(false) => Err(Problem::EventDiffers),
            _ => Ok(()),
        }
    }

    /// Goes over a checkpoint that is said to cover `size` leaves; returns what it says itself.
    pub(super) fn checkpoint(&mut self, size: i64, note: &str) -> Result<Checkpoint, Bad> {
        match size {
            // It counts leaves that are not there.
            size if size > self.size() as i64 => return Err(self.bad(Problem::Missing)),
            size if size < self.size() as i64 => return Err(self.bad(Problem::CheckpointMisplaced)),
            _ => {}
        }
        let origin = checkpoint::origin(self.sound.tenant);
        let note = Note::parse(note).ok_or(self.bad(Problem::CheckpointUnreadable))?;
        // The signature first: an unsigned text says nothing.
        let retired = match note.signed_by(&origin, self.keys) {
            Signed::By(key) => key.retired,
            Signed::Forged => return Err(self.bad(Problem::CheckpointSignatureWrong)),
            Signed::Unknown => return Err(self.bad(Problem::CheckpointKeyUnknown)),
        };
        let checkpoint = Checkpoint::parse(note.text);
        let checkpoint = checkpoint.ok_or(self.bad(Problem::CheckpointUnreadable))?;
        if checkpoint.origin != origin || checkpoint.size != self.size() {
            return Err(self.bad(Problem::CheckpointMisplaced));
        }
        if checkpoint.root != self.root() {
            return Err(self.bad(Problem::CheckpointRootWrong));
        }
        self.sound.checkpoints += 1;
        match retired {
            true => self.sound.unproving += 1,
            false => self.sound.proven = self.size(),
        }
        Ok(checkpoint)
    }
}
