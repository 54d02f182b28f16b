// What every target does with its bytes.

use interdesk_channels::{Credentials, Incoming, channel};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::UpdateKind;
use std::sync::LazyLock;

/// Those of an inbox where all is set that parsing looks at: the secret of links and reply addresses, the
/// own address, posts of channels.
static SET: LazyLock<Credentials> = LazyLock::new(|| {
    let others = [
        ("address", "support@desk.example"),
        ("channel_posts", "yes"),
    ];
    let others = others.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Credentials {
        webhook_secrets: vec!["a secret of at least thirty-two bytes".to_owned()],
        others: others.into_iter().collect(),
        ..Credentials::default()
    }
});

/// Reads bytes; what comes out must be storable, twice the same.
pub(crate) fn parse(kind: ChannelKind, body: &[u8]) {
    for credentials in [&Credentials::default(), &*SET] {
        let read = || channel(kind).parse(&Incoming::kept(body), credentials);
        let Ok(updates) = read() else { continue };
        for update in &updates {
            if let UpdateKind::Message(message) = &update.kind {
                assert!(!message.provider_id.is_empty());
                assert!(!message.provider_id.contains('\0'));
                assert!(message.provider_id.len() <= 600);
            }
        }
        assert_eq!(read().as_ref(), Ok(&updates));
    }
}
