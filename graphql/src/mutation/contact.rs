//! Who a contact is, what it is called, and whether it lets us write.

use super::{Refusal, key};
use crate::access::requires;
use crate::types::Permission;
use crate::types::{Contact, Nullable};
use crate::viewer::{desk, parse, request, viewer};
use crate::{Error, loaders};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use interdesk_domain::consent::Signal;
use interdesk_domain::id::{ContactId, MessageId};
use interdesk_domain::message::storable;
use interdesk_flow::consent::{self, ConsentOutcome, NewConsent};
use interdesk_flow::link::{self, LinkOutcome, NewLink};
use interdesk_flow::rename::{self, Rename, RenameOutcome};
use interdesk_flow::unlink::{self, Unlink, UnlinkOutcome};

/// The longest reason.
const LONGEST_NOTE: usize = 1000;

/// The longest name.
const LONGEST_NAME: usize = 200;

#[derive(Default)]
pub(super) struct ContactMutation;

#[Object]
impl ContactMutation {
    /// Says that a contact is the same person as another. Nothing of either moves, so
    /// `contactUnlink` restores exactly what was; from then on both are shown as one.
    #[graphql(directive = requires::apply(Some(Permission::ContactsWrite)))]
    async fn contact_link(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which contacts, and why.")] input: ContactLinkInput,
    ) -> Option<Result<ContactPayload, Error>> {
        Some(link(context, input).await)
    }

    /// Says that a contact is not the person that it was linked into.
    #[graphql(directive = requires::apply(Some(Permission::ContactsWrite)))]
    async fn contact_unlink(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which contact, and why.")] input: ContactUnlinkInput,
    ) -> Option<Result<ContactPayload, Error>> {
        Some(unlink(context, input).await)
    }

    /// Gives a contact another name.
    #[graphql(directive = requires::apply(Some(Permission::ContactsWrite)))]
    async fn contact_rename(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which contact, and its name.")] input: ContactRenameInput,
    ) -> Option<Result<ContactPayload, Error>> {
        Some(rename(context, input).await)
    }

    /// Writes down what an agent was told about consent: that we asked, a yes or a no.
    #[graphql(directive = requires::apply(Some(Permission::ContactsWrite)))]
    async fn contact_consent(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whose consent, where, and how the agent knows.")]
        input: ContactConsentInput,
    ) -> Option<Result<ContactPayload, Error>> {
        Some(change_consent(context, input).await)
    }
}

/// Which contacts are one person, and why.
#[derive(InputObject)]
struct ContactLinkInput {
    /// The contact that was found to be somebody known.
    contact_id: ID,
    /// Whom.
    into_contact_id: ID,
    /// How the agent knows; it is kept with the change.
    note: String,
    /// The message that shows it, of a conversation with one of them.
    message_id: Option<ID>,
}

/// Which link was wrong, and why.
#[derive(InputObject)]
struct ContactUnlinkInput {
    /// The contact that was linked into another.
    contact_id: ID,
    /// How the agent knows; it is kept with the change.
    note: String,
    /// The message that shows it, of a conversation with the person.
    message_id: Option<ID>,
}

/// Whom to call what.
#[derive(InputObject)]
struct ContactRenameInput {
    /// Whom.
    contact_id: ID,
    /// The name.
    name: String,
}

/// What an agent was told about consent.
#[derive(InputObject)]
struct ContactConsentInput {
    /// Whose consent.
    contact_id: ID,
    /// On which network, such as `whatsapp`; the person was met there.
    network: String,
    /// What was said.
    said: ConsentWord,
    /// How the agent knows; it is kept with the change.
    note: String,
    /// The message that shows it, of a conversation with the person.
    message_id: Option<ID>,
}

/// What was said about consent.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum ConsentWord {
    /// We asked them.
    Invited,
    /// They said yes.
    OptedIn,
    /// They said no.
    OptedOut,
}

/// What became of a change of a contact.
#[derive(SimpleObject)]
struct ContactPayload {
    /// What became of it.
    status: ContactStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
    /// The contact as it is now; null where there is no such contact.
    contact: Nullable<Contact>,
}

/// What became of a change of a contact.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum ContactStatus {
    /// It is written down.
    Changed,
    /// It was so already.
    Unchanged,
    /// There is no such contact, or no such message of theirs, or they were never met on the network.
    NotFound,
    /// They are one person already.
    SamePerson,
    /// The contact is linked into another; that has to be undone first.
    AlreadyLinked,
    /// The contact is linked into none.
    NotLinked,
    /// Conversations of theirs are merged with those of the rest of the person.
    Merged,
    /// They opted out, and are not asked again.
    NotOptedIn,
    /// The key was used for something else.
    KeyReused,
}

type Judged = (ContactStatus, Option<Refusal>);

async fn link(context: &Context<'_>, input: ContactLinkInput) -> Result<ContactPayload, Error> {
    let (viewer, key) = (viewer(context)?, key(context)?);
    let contact: Option<ContactId> = parse(&input.contact_id);
    let (into, message) = (parse(&input.into_contact_id), message(&input.message_id));
    let note = words("note", &input.note, LONGEST_NOTE)?;
    let outcome = match (contact, into, message) {
        (None, ..) => LinkOutcome::NotFound,
        (_, None, _) => LinkOutcome::IntoNotFound,
        (_, _, None) => LinkOutcome::MessageNotFound,
        (Some(contact), Some(into), Some(message)) => {
            let new = NewLink {
                contact,
                into,
                note,
                message,
            };
            let request = request(context, viewer);
            link::link(desk(context)?, viewer, &new, key.as_deref(), &request).await?
        }
    };
    let judged = match outcome {
        LinkOutcome::Linked { .. } => (ContactStatus::Changed, None),
        LinkOutcome::NotFound => not_found("contactId", "contact"),
        LinkOutcome::IntoNotFound => not_found("intoContactId", "contact"),
        LinkOutcome::MessageNotFound => not_found("messageId", "message of theirs"),
        LinkOutcome::SamePerson => {
            let text = "the two are one person already";
            let refusal = Refusal::at("intoContactId", "SAME_PERSON", text);
            (ContactStatus::SamePerson, refusal)
        }
        LinkOutcome::AlreadyLinked { into } => {
            let text = format!("the contact is linked into {into}, undo that first");
            let refusal = Refusal::at("contactId", "ALREADY_LINKED", text);
            (ContactStatus::AlreadyLinked, refusal)
        }
        LinkOutcome::KeyReused => (ContactStatus::KeyReused, Refusal::key_reused()),
    };
    Ok(payload(context, contact, judged).await)
}

async fn unlink(context: &Context<'_>, input: ContactUnlinkInput) -> Result<ContactPayload, Error> {
    let (viewer, key) = (viewer(context)?, key(context)?);
    let contact: Option<ContactId> = parse(&input.contact_id);
    let note = words("note", &input.note, LONGEST_NOTE)?;
    let outcome = match (contact, message(&input.message_id)) {
        (None, _) => UnlinkOutcome::NotFound,
        (_, None) => UnlinkOutcome::MessageNotFound,
        (Some(contact), Some(message)) => {
            let undo = Unlink {
                contact,
                note,
                message,
            };
            let request = request(context, viewer);
            unlink::unlink(desk(context)?, viewer, &undo, key.as_deref(), &request).await?
        }
    };
    let judged = match outcome {
        UnlinkOutcome::Unlinked { .. } => (ContactStatus::Changed, None),
        UnlinkOutcome::NotFound => not_found("contactId", "contact"),
        UnlinkOutcome::MessageNotFound => not_found("messageId", "message of theirs"),
        UnlinkOutcome::NotLinked => {
            let text = "the contact is linked into none";
            let refusal = Refusal::at("contactId", "NOT_LINKED", text);
            (ContactStatus::NotLinked, refusal)
        }
        UnlinkOutcome::Merged => {
            let text =
                "conversations of theirs are merged with the rest of the person's, undo that first";
            (
                ContactStatus::Merged,
                Refusal::at("contactId", "MERGED", text),
            )
        }
        UnlinkOutcome::KeyReused => (ContactStatus::KeyReused, Refusal::key_reused()),
    };
    Ok(payload(context, contact, judged).await)
}

async fn rename(context: &Context<'_>, input: ContactRenameInput) -> Result<ContactPayload, Error> {
    let (viewer, key) = (viewer(context)?, key(context)?);
    let contact: Option<ContactId> = parse(&input.contact_id);
    let name = words("name", &input.name, LONGEST_NAME)?;
    let outcome = match contact {
        None => RenameOutcome::NotFound,
        Some(contact) => {
            let new = Rename { contact, name };
            let request = request(context, viewer);
            rename::rename(desk(context)?, viewer, &new, key.as_deref(), &request).await?
        }
    };
    let judged = match outcome {
        RenameOutcome::Renamed { .. } => (ContactStatus::Changed, None),
        RenameOutcome::NotFound => not_found("contactId", "contact"),
        RenameOutcome::KeyReused => (ContactStatus::KeyReused, Refusal::key_reused()),
    };
    Ok(payload(context, contact, judged).await)
}

async fn change_consent(
    context: &Context<'_>,
    input: ContactConsentInput,
) -> Result<ContactPayload, Error> {
    let (viewer, key) = (viewer(context)?, key(context)?);
    let contact: Option<ContactId> = parse(&input.contact_id);
    let note = words("note", &input.note, LONGEST_NOTE)?;
    let outcome = match (contact, message(&input.message_id)) {
        (None, _) => ConsentOutcome::NotFound,
        (_, None) => ConsentOutcome::MessageNotFound,
        (Some(contact), Some(message)) => {
            let new = NewConsent {
                contact,
                network: storable(&input.network).into_owned(),
                signal: match input.said {
                    ConsentWord::Invited => Signal::Invitation,
                    ConsentWord::OptedIn => Signal::OptIn,
                    ConsentWord::OptedOut => Signal::OptOut,
                },
                note,
                message,
            };
            let request = request(context, viewer);
            consent::change(desk(context)?, viewer, &new, key.as_deref(), &request).await?
        }
    };
    let judged = match outcome {
        ConsentOutcome::Changed => (ContactStatus::Changed, None),
        ConsentOutcome::Unchanged => (ContactStatus::Unchanged, None),
        ConsentOutcome::NotFound => not_found("contactId", "contact on this network"),
        ConsentOutcome::MessageNotFound => not_found("messageId", "message of theirs"),
        ConsentOutcome::OptedOut => {
            let text = "they opted out, so they are not asked again";
            let refusal = Refusal::at("said", "NOT_OPTED_IN", text);
            (ContactStatus::NotOptedIn, refusal)
        }
        ConsentOutcome::KeyReused => (ContactStatus::KeyReused, Refusal::key_reused()),
    };
    Ok(payload(context, contact, judged).await)
}

async fn payload(
    context: &Context<'_>,
    contact: Option<ContactId>,
    (status, refusal): Judged,
) -> ContactPayload {
    let contact = match contact {
        Some(contact) => loaders::one(context, contact).await,
        None => None,
    };
    ContactPayload {
        status,
        refusal,
        contact,
    }
}

fn not_found(argument: &'static str, what: &str) -> Judged {
    (ContactStatus::NotFound, Refusal::not_found(argument, what))
}

/// Reads an id that may be left out; `None` where it names nothing that could exist.
fn message(id: &Option<ID>) -> Option<Option<MessageId>> {
    match id {
        None => Some(None),
        Some(id) => parse(id).map(Some),
    }
}

/// Reads words that must be there, without the blanks around them.
fn words(argument: &str, text: &str, longest: usize) -> Result<String, Error> {
    let text = storable(text.trim());
    match text.chars().count() {
        0 => Err(Error::BadInput(format!(
            "input.{argument} must not be empty"
        ))),
        length if length > longest => Err(Error::BadInput(format!(
            "input.{argument} has {length} characters, {longest} at most"
        ))),
        _ => Ok(text.into_owned()),
    }
}
