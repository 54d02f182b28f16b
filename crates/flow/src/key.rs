//! Ids that others give, in a form that the database can hold and index.

use interdesk_domain::message::Address;
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// The longest id of a provider that is kept as it is, in bytes.
const LONGEST: usize = 512;

/// Returns a provider's id as it is stored: itself, or its digest where it is too long to be
/// indexed or holds NUL. Equal ids stay equal, so repeats are still recognised.
pub(crate) fn stored_id(id: &str) -> Cow<'_, str> {
    if id.len() <= LONGEST && !id.contains('\0') {
        return id.into();
    }
    format!("sha256:{}", hex(&Sha256::digest(id.as_bytes()))).into()
}

/// Returns an address in the form in which it is stored.
pub(crate) fn stored_address(address: &Address) -> Address {
    Address {
        network: stored_id(&address.network).into_owned(),
        namespace: stored_id(&address.namespace).into_owned(),
        value: stored_id(&address.value).into_owned(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_ids_stay_and_hostile_ones_keep_their_identity() {
        assert_eq!(stored_id("wamid.1"), "wamid.1");
        let long = "x".repeat(LONGEST + 1);
        assert_eq!(stored_id(&long), stored_id(&long.clone()));
        assert_ne!(stored_id(&long), stored_id(&format!("{long}y")));
        assert!(!stored_id("a\0b").contains('\0'));
    }
}
