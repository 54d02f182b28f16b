//! The growing edge of a Merkle tree (RFC 6962 section 2.1): the roots of its complete subtrees.
//!
//! A log of n leaves has one complete subtree for each one-bit of n, the largest first. That is all
//! an appender needs to know of everything before: to add a leaf it joins equal neighbours.

use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// Hashes a leaf.
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Sha256::new()
        .chain_update([0x00])
        .chain_update(leaf)
        .finalize()
        .into()
}

fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new()
        .chain_update([0x01])
        .chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}

/// The roots of the complete subtrees, largest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

impl Frontier {
    /// Reads back what [`to_bytes`](Self::to_bytes) wrote; `None` where it is not that of a tree
    /// with `size` leaves.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Option<Self> {
        let (roots, rest) = bytes.as_chunks::<32>();
        let whole = rest.is_empty() && roots.len() == size.count_ones() as usize;
        whole.then(|| Self {
            size,
            roots: roots.to_vec(),
        })
    }

    /// Writes the roots one after the other.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.roots.concat()
    }

    /// Returns the number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf by its hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut joined = leaf;
        // Each trailing one-bit of the size is a complete subtree as large as what was joined.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                joined = node_hash(&left, &joined);
            }
        }
        self.roots.push(joined);
        self.size += 1;
    }

    /// Returns the root hash over all leaves.
    pub fn root(&self) -> Hash {
        let mut smaller_first = self.roots.iter().rev();
        let Some(smallest) = smaller_first.next() else {
            return Sha256::digest([]).into();
        };
        smaller_first.fold(*smallest, |right, left| node_hash(left, &right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use proptest::prelude::*;

    fn reference(leaves: &[Vec<u8>]) -> Hash {
        let mut tree = MemoryBackedTree::<Sha256, Vec<u8>>::new();
        leaves.iter().for_each(|leaf| tree.push(leaf.clone()));
        (*tree.root().as_bytes()).into()
    }

    #[test]
    fn the_root_is_that_of_ct_merkle_at_every_size() {
        let leaves: Vec<Vec<u8>> = (0..300u32).map(|n| n.to_be_bytes().to_vec()).collect();
        let mut frontier = Frontier::default();
        assert_eq!(frontier.root(), reference(&[]));
        for size in 1..=leaves.len() {
            frontier.push(leaf_hash(&leaves[size - 1]));
            assert_eq!(frontier.root(), reference(&leaves[..size]), "size {size}");
        }
    }

    proptest! {
        #[test]
        fn any_leaves_cut_and_stored_anywhere_give_the_root_of_ct_merkle(
            leaves in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..200),
            cut in any::<prop::sample::Index>(),
        ) {
            let cut = cut.index(leaves.len() + 1);
            let mut frontier = Frontier::default();
            leaves[..cut].iter().for_each(|leaf| frontier.push(leaf_hash(leaf)));
            let mut frontier = Frontier::from_bytes(cut as u64, &frontier.to_bytes())
                .expect("what was written is read");
            leaves[cut..].iter().for_each(|leaf| frontier.push(leaf_hash(leaf)));
            prop_assert_eq!(frontier.size(), leaves.len() as u64);
            prop_assert_eq!(frontier.root(), reference(&leaves));
        }

        #[test]
        fn roots_of_another_size_are_refused(size in 0u64..1000, roots in 0usize..12, odd in 0usize..32) {
            let bytes = vec![7; roots * 32 + odd];
            let fits = odd == 0 && size.count_ones() as usize == roots;
            prop_assert_eq!(Frontier::from_bytes(size, &bytes).is_some(), fits);
        }
    }
}
