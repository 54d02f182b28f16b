//! What the tests of this package share.

use interdesk_channels::{Credentials, Incoming, ParseError, channel};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{Author, Content, Sender, Told, Update, UpdateKind};

/// Reads a body.
pub(crate) fn parse(kind: ChannelKind, body: &[u8]) -> Result<Vec<Update>, ParseError> {
    channel(kind).parse(&Incoming::kept(body), &Credentials::default())
}

/// Says in a few words what each update means, without the values.
pub(crate) fn meanings(updates: &[Update]) -> Vec<String> {
    updates.iter().map(|update| meaning(&update.kind)).collect()
}

fn meaning(kind: &UpdateKind) -> String {
    match kind {
        UpdateKind::Message(message) => {
            let author = match &message.author {
                Author::Customer(_) => "message",
                Author::Ourselves { .. } => "own message",
            };
            let sender = people(message.author.customer());
            let mut words = format!("{author} {} {sender}", content(&message.content));
            let marks = [
                (message.group.is_some(), " in group"),
                (message.reply_to.is_some(), " as reply"),
                (message.origin.forwarded, " forwarded"),
                (message.origin.quote.is_some(), " of a part"),
                (message.origin.album.is_some(), " in an album"),
                (message.origin.product.is_some(), " about a product"),
                (message.origin.referral.is_some(), " by a referral"),
                (message.imported, " imported"),
                (message.raw.is_some(), " +raw"),
            ];
            marks
                .iter()
                .filter(|(set, _)| *set)
                .for_each(|(_, mark)| words.push_str(mark));
            words
        }
        UpdateKind::Edit { content: now, .. } => format!("edit {}", content(now)),
        UpdateKind::ContentArrived { content: now, .. } => format!("arrived {}", content(now)),
        UpdateKind::Delete { .. } => "delete".to_owned(),
        UpdateKind::Reaction(reaction) => {
            format!(
                "reaction of {} {}",
                reaction.emojis.len(),
                people(&reaction.by)
            )
        }
        UpdateKind::Receipt(receipt) => {
            let mut words = format!("receipt {}", receipt.state.as_str());
            if let Some(failure) = &receipt.failure {
                let again = if failure.retryable {
                    "retryable"
                } else {
                    "final"
                };
                words.push_str(&format!(" {:?} {again}", failure.reason));
            }
            if receipt.attempt.is_some() {
                words.push_str(" of attempt");
            }
            if receipt.recipient.is_some() {
                words.push_str(" by participant");
            }
            words
        }
        UpdateKind::AddressChanged { from, to } => {
            format!("address {} to {}", from.namespace, to.namespace)
        }
        UpdateKind::Consent {
            who,
            allowed,
            marketing,
            ..
        } => {
            let word = if *allowed { "given" } else { "withdrawn" };
            let about = if *marketing { " to marketing" } else { "" };
            format!("consent {word}{about} <{}>", who.namespace)
        }
        UpdateKind::AddressAdded { known, also } => {
            format!("address {} beside {}", also.namespace, known.namespace)
        }
        UpdateKind::Called { who, name } => match name {
            Some(_) => format!("called <{}>", who.namespace),
            None => format!("no longer called <{}>", who.namespace),
        },
        UpdateKind::AddressAnswered { by, .. } => format!("address answered {}", people(by)),
        UpdateKind::LinkFollowed { by, .. } => format!("link followed {}", people(by)),
        UpdateKind::Notice(note) => format!("group note {}", note.kind),
        UpdateKind::Membership(told) => {
            let standing = told.standing.map_or("still", |standing| standing.as_str());
            let role = told.role.map_or("", |role| role.as_str());
            format!("member {standing} {role}").trim_end().to_owned()
        }
        UpdateKind::GroupMoved { .. } => "group moved".to_owned(),
        UpdateKind::Account(news) => match &news.told {
            Told::Health { condition, .. } => {
                let (subject, state) = (&condition.subject, condition.state.as_str());
                format!("account {subject} {state} {}", condition.reason)
            }
            Told::Template(template) => {
                let status = template.status.as_deref().unwrap_or("as it was");
                format!("template {status}")
            }
        },
        UpdateKind::Typing { who } => format!("typing <{}>", who.namespace),
        UpdateKind::Other { kind, .. } => format!("other {kind}"),
    }
}

fn content(content: &Content) -> String {
    match content {
        Content::Media {
            media,
            caption: None,
        } => media.kind.as_str().to_owned(),
        Content::Media { media, .. } => format!("{} with caption", media.kind.as_str()),
        Content::Unsupported { kind, .. } => format!("unsupported {kind}"),
        Content::Notice { kind, .. } => format!("notice {kind}"),
        Content::Contacts { cards } => format!("contacts of {}", cards.len()),
        Content::Order { items, .. } => format!("order of {}", items.len()),
        other => other.kind().to_owned(),
    }
}

fn people(sender: &Sender) -> String {
    let addresses = sender.addresses.iter();
    let namespaces: Vec<_> = addresses
        .map(|address| address.namespace.as_str())
        .collect();
    let name = if sender.name.is_some() { "named " } else { "" };
    format!("<{name}{}>", namespaces.join(" "))
}
