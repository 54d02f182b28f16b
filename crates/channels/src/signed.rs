//! What our tokens are signed with: the first secret of an inbox makes them, any of its secrets checks
//! them, and 80 bits of an HMAC-SHA-256 are kept.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use std::borrow::Borrow;

/// The bytes of an HMAC that are kept.
pub(crate) const MAC_BYTES: usize = 10;

/// Takes secrets as keys, newest first; an empty one is none.
pub(crate) fn keys<S: AsRef<[u8]>>(secrets: &[S]) -> impl Iterator<Item = hmac::Key> {
    let secrets = secrets.iter().map(AsRef::as_ref);
    let secrets = secrets.filter(|secret| !secret.is_empty());
    secrets.map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret))
}

/// Signs what the parts are together; the first of them says what for.
pub(crate) fn sign(key: &hmac::Key, parts: &[&[u8]]) -> [u8; MAC_BYTES] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(part);
    }
    let mut mac = [0; MAC_BYTES];
    mac.copy_from_slice(&context.sign().as_ref()[..MAC_BYTES]);
    mac
}

/// Returns whether one of the keys signed the parts.
pub(crate) fn is_signed(
    mut keys: impl Iterator<Item = impl Borrow<hmac::Key>>,
    parts: &[&[u8]],
    mac: &[u8],
) -> bool {
    keys.any(|key| verify_slices_are_equal(&sign(key.borrow(), parts), mac).is_ok())
}
