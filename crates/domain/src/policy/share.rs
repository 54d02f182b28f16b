//! Which work follows a staged version.

use crate::id::WorkItemId;
use uuid::Uuid;

/// Tells whether a work item is in the share of so many thousandths that follow the staged version
/// of a policy.
///
/// FNV-1a over both ids: the same answer at every time and on every machine, another share for
/// every policy, and a larger share holds all of a smaller one.
pub fn is_in_share(policy: Uuid, work_item: WorkItemId, permille: u32) -> bool {
    let bytes = policy.as_bytes().iter().chain(work_item.0.as_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // The low bits of FNV hardly mix; folding brings the high ones in.
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    mixed % 1000 < u64::from(permille)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(n: u128) -> WorkItemId {
        WorkItemId(Uuid::from_u128(
            0x0190_0000_0000_7000_8000_0000_0000_0000 + n,
        ))
    }

    fn share(policy: Uuid, permille: u32) -> Vec<u128> {
        let inside = (0..10_000).filter(|n| is_in_share(policy, work(*n), permille));
        inside.collect()
    }

    #[test]
    fn a_share_has_its_size_and_a_larger_one_holds_it() {
        let policy = Uuid::from_u128(7);
        assert!(share(policy, 0).is_empty());
        assert_eq!(share(policy, 1000).len(), 10_000);
        let mut last = Vec::new();
        for permille in [10, 50, 250, 500, 900] {
            let inside = share(policy, permille);
            let expect = permille as usize * 10;
            assert!(
                inside.len().abs_diff(expect) < 20 + expect / 8,
                "{permille}: {}",
                inside.len()
            );
            assert!(last.iter().all(|one| inside.contains(one)), "{permille}");
            last = inside;
        }
    }

    #[test]
    fn two_policies_take_shares_that_have_nothing_to_do_with_each_other() {
        let (one, two) = (
            share(Uuid::from_u128(1), 500),
            share(Uuid::from_u128(2), 500),
        );
        let both = one.iter().filter(|n| two.contains(n)).count();
        assert!((2_000..3_000).contains(&both), "{both}");
    }
}
