// What every target does with its bytes.

use interdesk_channels::{Credentials, Incoming, channel};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::UpdateKind;

/// Reads bytes; what comes out must be storable, twice the same.
pub(crate) fn parse(kind: ChannelKind, body: &[u8]) {
    let read = || channel(kind).parse(&Incoming::kept(body), &Credentials::default());
    let Ok(updates) = read() else { return };
    for update in &updates {
        if let UpdateKind::Message(message) = &update.kind {
            assert!(!message.provider_id.is_empty());
            assert!(!message.provider_id.contains('\0'));
            assert!(message.provider_id.len() <= 600);
        }
    }
    assert_eq!(read().as_ref(), Ok(&updates));
}
