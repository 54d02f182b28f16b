//! Every kind of content and of update that the channel declares is proven by a fixture, and what it
//! does not declare no fixture brings.

use super::Subject;
use super::case::{Case, Miss, Verdict, ensure, pure};
use super::reading::parse;
use crate::Inbound;
use interdesk_domain::delivery::DeliveryState;
use interdesk_domain::message::{
    Author, Content, InboundMessage, MediaKind, Standing, Update, UpdateKind,
};

const GROUP: &str = "taking";

const KINDS: [(&str, &str); 13] = [
    ("text", "a text"),
    ("location", "a place"),
    ("contacts", "a contact card"),
    ("answer", "an answer to choices"),
    ("form", "a form"),
    ("order", "an order"),
    ("notice", "a notice"),
    ("template", "a template"),
    ("choices", "choices"),
    ("composite", "a message of several parts"),
    ("call", "a call"),
    ("media", "a file"),
    ("unsupported", "an unknown kind with its raw form"),
];

const FILES: [(MediaKind, &str); 7] = [
    (MediaKind::Image, "an image"),
    (MediaKind::Video, "a film"),
    (MediaKind::Animation, "an animation"),
    (MediaKind::Audio, "sound"),
    (MediaKind::Voice, "a spoken note"),
    (MediaKind::Sticker, "a sticker"),
    (MediaKind::Document, "a document"),
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (kind, words) in KINDS {
        cases.push(case(
            words,
            move |it, _| it.content.contains(&kind),
            move |update| message(update).is_some_and(|it| proves_kind(it, kind)),
        ));
    }
    for (kind, words) in FILES {
        cases.push(case(
            words,
            move |it, _| it.media.contains(&kind),
            move |update| {
                let files = message(update).map(|it| it.content.files());
                files.is_some_and(|files| files.iter().any(|file| file.kind == kind))
            },
        ));
    }
    cases.extend([
        case(
            "a quotation",
            |it, _| it.replies,
            |it| message(it).is_some_and(|it| it.reply_to.is_some()),
        ),
        case(
            "something passed on",
            |it, _| it.forwards,
            |it| message(it).is_some_and(|it| it.origin.forwarded),
        ),
        case(
            "a message that is to be gone",
            |it, _| it.expiry,
            |it| message(it).is_some_and(|it| it.expires.is_some()),
        ),
        case(
            "a contact card that is the sender's own",
            |it, _| it.own_cards,
            |it| message(it).is_some_and(|it| has_own_card(&it.content)),
        ),
        case(
            "a message in a group",
            |_, groups| groups,
            |it| message(it).is_some_and(|it| it.group.is_some() || it.room.is_some()),
        ),
        case(
            "what one of us wrote elsewhere",
            |it, _| it.own_messages,
            |it| message(it).is_some_and(|it| matches!(it.author, Author::Ourselves { .. })),
        ),
        case(
            "an edit",
            |it, _| it.edits,
            |it| matches!(it.kind, UpdateKind::Edit { .. }),
        ),
        case(
            "a deletion",
            |it, _| it.deletes,
            |it| matches!(it.kind, UpdateKind::Delete { .. }),
        ),
        case(
            "a reaction",
            |it, _| it.reactions,
            |it| matches!(&it.kind, UpdateKind::Reaction(it) if !it.emojis.is_empty()),
        ),
        case(
            "a reaction withdrawn",
            // An event of its own is withdrawn by its deletion.
            |it, _| it.reactions && !it.reaction_events,
            |it| matches!(&it.kind, UpdateKind::Reaction(it) if it.emojis.is_empty()),
        ),
        case(
            "consent withdrawn",
            |it, _| it.consent,
            |it| matches!(it.kind, UpdateKind::Consent { allowed: false, .. }),
        ),
        case(
            "consent given",
            |it, _| it.consent,
            |it| matches!(it.kind, UpdateKind::Consent { allowed: true, .. }),
        ),
        case(
            "a changed address",
            |it, _| it.address_changes,
            |it| matches!(it.kind, UpdateKind::AddressChanged { .. }),
        ),
        case(
            "somebody who came into a group",
            |it, _| it.members,
            |it| stands(it, &[Standing::Joined]),
        ),
        case(
            "somebody who left a group",
            |it, _| it.members,
            |it| stands(it, &[Standing::Left, Standing::Removed]),
        ),
        case(
            "news of the account with their raw form",
            |it, _| it.account_news,
            |it| matches!(&it.kind, UpdateKind::Account(it) if !it.raw.is_empty()),
        ),
        case(
            "an unknown update with its raw form",
            |_, _| true,
            |it| matches!(&it.kind, UpdateKind::Other { raw, .. } if !raw.is_empty()),
        ),
    ]);
    cases.extend([
        receipt("a receipt of arrival", DeliveryState::Delivered),
        receipt("a receipt of reading", DeliveryState::Read),
        receipt(
            "a receipt of failure with its reason",
            DeliveryState::Failed,
        ),
    ]);
    cases
}

/// Makes a case: where it is declared a fixture proves it, where not none does.
fn case(
    name: &str,
    declares: impl Fn(&Inbound, bool) -> bool + 'static,
    proves: impl Fn(&Update) -> bool + 'static,
) -> Case {
    pure(GROUP, name, move |it: &Subject| {
        let capabilities = it.channel.capabilities();
        judge(
            it,
            declares(&capabilities.inbound, capabilities.groups),
            &proves,
        )
    })
}

fn has_own_card(content: &Content) -> bool {
    matches!(content, Content::Contacts { cards } if cards.iter().any(|card| card.own))
}

fn stands(update: &Update, standings: &[Standing]) -> bool {
    let UpdateKind::Membership(told) = &update.kind else {
        return false;
    };
    let named = !told.who.addresses.is_empty() && !told.group.is_empty();
    named
        && told
            .standing
            .is_some_and(|standing| standings.contains(&standing))
}

fn receipt(name: &str, state: DeliveryState) -> Case {
    pure(GROUP, name, move |it: &Subject| {
        let capabilities = it.channel.capabilities();
        let declared = match state {
            DeliveryState::Read => capabilities.read_receipts,
            _ => capabilities.delivery_receipts,
        };
        judge(it, declared, &|update| match &update.kind {
            UpdateKind::Receipt(receipt) => {
                let explained = receipt.failure.is_some() == (state == DeliveryState::Failed);
                receipt.state == state && explained
            }
            _ => false,
        })
    })
}

fn judge(it: &Subject, declared: bool, proves: &dyn Fn(&Update) -> bool) -> Verdict {
    let mut proof = None;
    for (name, body) in &it.fixtures {
        if parse(it, body)?.iter().any(proves) {
            proof = Some(name);
            break;
        }
    }
    match (declared, proof) {
        (true, found) => ensure(found.is_some(), || "no fixture proves it".to_owned()),
        (false, Some(name)) => Err(super::case::failed(format!(
            "{name} brings what is not declared"
        ))),
        (false, None) => Err(Miss::NotApplicable("not declared".to_owned())),
    }
}

fn message(update: &Update) -> Option<&InboundMessage> {
    match &update.kind {
        UpdateKind::Message(message) => Some(message),
        _ => None,
    }
}

fn proves_kind(message: &InboundMessage, kind: &str) -> bool {
    let kept = !matches!(message.content, Content::Unsupported { .. }) || message.raw.is_some();
    message.content.kind() == kind && kept
}
