//! What is in the way of a reply. Pure.

use chrono::{DateTime, Duration, Utc};
use interdesk_channels::{Capabilities, LongText, Start, Unfit, channel, sound};
use interdesk_domain::consent::Consent;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::Content;
use interdesk_store::apps::App;

/// In how many messages a long text may go; more would bury the customer.
const MOST_PARTS: usize = 8;

/// What is in the way of a reply by an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// The customer does not let us write.
    NotOptedIn,
    /// The customer wants no advertisements, which the template is.
    NoMarketing,
    /// There is no address of the customer that the app could write to.
    RecipientUnknown,
    /// The app lets the customer alone begin, and they did not.
    NotBegun,
    /// The channel cannot carry this.
    UnsupportedContent(Unfit),
    /// The reply window is closed, since when.
    WindowClosed(DateTime<Utc>),
}

impl Obstacle {
    /// Returns the stable name of the reason.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotOptedIn | Self::NoMarketing => "NOT_OPTED_IN",
            Self::RecipientUnknown | Self::NotBegun => "RECIPIENT_UNKNOWN",
            Self::UnsupportedContent(_) => "UNSUPPORTED_CONTENT",
            Self::WindowClosed(_) => "WINDOW_CLOSED",
        }
    }

    /// Returns what to tell the agent, on a channel that can do this.
    pub fn detail(&self, capabilities: &Capabilities) -> String {
        let text = match self {
            Self::NotOptedIn => "the customer opted out of this app; wait until they opt in again",
            Self::NoMarketing => {
                "the customer wants no advertisements here; send a template of another category"
            }
            Self::RecipientUnknown => {
                "no address of the customer is valid here; wait until they write"
            }
            Self::NotBegun => "the customer has to write first in this app; wait until they do",
            Self::UnsupportedContent(unfit) => &unfit.detail,
            Self::WindowClosed(_) if capabilities.templates => {
                "the reply window is closed; a template may be sent at any time"
            }
            Self::WindowClosed(_) => {
                "the reply window is closed; wait until the customer writes again"
            }
        };
        text.to_owned()
    }
}

/// Finds what is in the way of a reply by an app, the most lasting thing first.
///
/// `reachable` tells whether the contact has an address there, `unsupported` why the channel does
/// not carry the content.
pub fn obstacle(
    now: DateTime<Utc>,
    app: &App,
    consent: Consent,
    reachable: bool,
    content: &Content,
    unsupported: Option<Unfit>,
) -> Option<Obstacle> {
    let capabilities = channel(app.channel).capabilities();
    // In a group nobody can forbid us to write to the others, and the group is the address.
    if !app.in_group {
        if consent.forbids() {
            return Some(Obstacle::NotOptedIn);
        }
        if !reachable && !finds_by_conversation(app, capabilities) {
            return Some(Obstacle::RecipientUnknown);
        }
        let stands = app.is_home || app.elsewhere.is_some();
        let is_new = app.last_customer_message_at.is_none() && !stands;
        if is_new && capabilities.start == Start::Customer {
            return Some(Obstacle::NotBegun);
        }
    }
    if let Some(unfit) = unsupported {
        return Some(Obstacle::UnsupportedContent(unfit));
    }
    let closed = window_closes(app).filter(|at| *at <= now && content.kind() != "template");
    closed.map(Obstacle::WindowClosed)
}

// A receiver that goes by the conversation would hand it to whoever else wrote there.
fn finds_by_conversation(app: &App, capabilities: &Capabilities) -> bool {
    let is_anothers = app.used_version.is_none() && app.others_version.is_some();
    !capabilities.needs_address && app.is_home && !is_anothers
}

/// Returns why a channel does not carry a content to a customer, or to a group; the place of what is
/// wrong begins with the content's kind.
pub fn unsupported(kind: ChannelKind, in_group: bool, content: &Content) -> Option<Unfit> {
    let channel = channel(kind);
    let capabilities = channel.capabilities();
    let (kind, kinds) = (content.kind(), capabilities.kinds(in_group));
    if !kinds.contains(&kind) {
        let to = match capabilities.content.contains(&kind) {
            true => " to a group",
            false => "",
        };
        return Some(Unfit::whole(format!(
            "this app does not carry {kind}{to}; it carries {kinds:?}"
        )));
    }
    if let Err(mut unfit) = sound(content).and_then(|()| channel.judge(content)) {
        unfit.path.insert(0, kind.to_owned());
        return Some(unfit);
    }
    if let Content::Text { text } = content {
        if text.trim().is_empty() {
            return Some(Unfit::whole("text is empty; write something"));
        }
        let limit = capabilities.max_text;
        let length = limit.unit.measure(text);
        let most = match capabilities.long_text {
            LongText::Refuse => limit.most,
            LongText::Split => limit.most * MOST_PARTS,
        };
        if length > most {
            return Some(Unfit::whole(format!(
                "text has {length} characters, the app takes {most}; shorten or split it"
            )));
        }
    }
    let media = content.media()?;
    match capabilities.file(media.kind) {
        Some(_) => None,
        None => Some(Unfit::whole(format!(
            "this app does not carry files of kind {}",
            media.kind.as_str()
        ))),
    }
}

/// Returns when the window for free replies closes; `None` where the app has none.
pub fn window_closes(app: &App) -> Option<DateTime<Utc>> {
    // In a group it is the group that is written to, whoever began.
    let namespaces = if app.in_group {
        &[]
    } else {
        app.namespaces.as_slice()
    };
    let window = channel(app.channel).reply_window(namespaces)?;
    let window = Duration::from_std(window).ok()?;
    // Who never wrote has a window that never opened.
    let began = window_began(app).unwrap_or_default();
    // The provider's own word about it is the truth, until the customer opens it anew.
    let shut = app.shut_at.filter(|shut| *shut > began);
    let closes = began + window;
    Some(shut.map_or(closes, |shut| closes.min(shut)))
}

/// Returns when the customer last opened the window for free replies: by writing, or by a reaction.
pub fn window_began(app: &App) -> Option<DateTime<Utc>> {
    app.last_customer_message_at.max(app.touched_at)
}
