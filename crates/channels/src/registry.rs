//! Which code serves which kind of channel.

use crate::Channel;
use crate::email::Email;
use crate::matrix::Matrix;
use crate::telegram::Telegram;
use crate::webchat::Webchat;
use crate::webhook::Webhook;
use crate::whatsapp::Whatsapp;
use interdesk_domain::inbox::ChannelKind;

/// Returns the adapter of a kind of channel.
pub fn channel(kind: ChannelKind) -> &'static dyn Channel {
    match kind {
        ChannelKind::Whatsapp => &Whatsapp,
        ChannelKind::Telegram => &Telegram,
        ChannelKind::Webhook => &Webhook,
        ChannelKind::Email => &Email,
        ChannelKind::Webchat => &Webchat,
        ChannelKind::Matrix => &Matrix,
    }
}
