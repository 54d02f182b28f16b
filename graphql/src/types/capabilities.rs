//! What a channel can do.

use async_graphql::SimpleObject;
use interdesk_channels::channel;
use interdesk_domain::inbox::ChannelKind;

/// What can be written on a channel, and what becomes of it.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct Capabilities {
    /// The kinds of content that can be written, such as `text` and `media`.
    pub(crate) content: Vec<&'static str>,
    /// The kinds of files that can be written, such as `image` and `document`.
    pub(crate) media: Vec<&'static str>,
    /// The longest text, as the provider counts it.
    pub(crate) max_text: usize,
    /// The longest caption under a file.
    pub(crate) max_caption: usize,
    /// How long after the customer's last message free words may be written; null for ever.
    pub(crate) reply_window_seconds: Option<u64>,
    /// Whether a message can quote another.
    pub(crate) replies: bool,
    /// Whether the provider keeps approved templates, which may go outside the reply window.
    pub(crate) templates: bool,
    /// Whether the provider tells that messages arrived.
    pub(crate) delivery_receipts: bool,
    /// Whether the provider tells that messages were seen.
    pub(crate) read_receipts: bool,
}

impl Capabilities {
    /// Tells what a kind of channel can do.
    pub(crate) fn of(kind: ChannelKind) -> Self {
        let known = channel(kind).capabilities();
        Self {
            content: known.content.to_vec(),
            media: known.media.iter().map(|limit| limit.kind.as_str()).collect(),
            max_text: known.max_text.most,
            max_caption: known.max_caption.most,
            reply_window_seconds: known.reply_window.map(|window| window.as_secs()),
            replies: known.replies,
            templates: known.templates,
            delivery_receipts: known.delivery_receipts,
            read_receipts: known.read_receipts,
        }
    }
}
