//! What the tests share.

use interdesk_channels::email::token::Tokens;
use interdesk_channels::email::{Envelope, Limits, Mail, read};
use interdesk_domain::id::{ConversationId, InboxId};

/// An address of ours.
pub(crate) const OWN: &str = "support@desk.example";

/// What marks our own mails.
pub(crate) const MARK: &str = "inbox_01h455vb4pex5vsknk084sn02q";

pub(crate) fn mail(bytes: impl AsRef<[u8]>) -> Mail {
    mail_for(bytes, Envelope::default())
}

pub(crate) fn mail_for(bytes: impl AsRef<[u8]>, envelope: Envelope) -> Mail {
    read(
        bytes.as_ref(),
        envelope,
        &[OWN.to_owned()],
        MARK,
        &Limits::default(),
    )
}

pub(crate) fn tokens() -> Tokens {
    Tokens::new(inbox(1), &["a secret of at least thirty-two bytes"])
}

pub(crate) fn inbox(number: u128) -> InboxId {
    InboxId(uuid::Uuid::from_u128(number))
}

pub(crate) fn conversation(number: u128) -> ConversationId {
    ConversationId(uuid::Uuid::from_u128(number))
}
