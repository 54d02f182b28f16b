//! An agent answers an offer.

use super::{Refusal, key};
use crate::access::requires;
use crate::types::Permission;
use crate::types::{Conversation, Nullable, Offer};
use crate::viewer::{desk, parse, request, viewer};
use crate::{Error, Long, loaders};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use interdesk_domain::handover;
use interdesk_domain::id::OfferId;
use interdesk_flow::accept::{self, AcceptOutcome};
use interdesk_flow::decline::{self, DeclineOutcome, Why};

#[derive(Default)]
pub(super) struct OfferMutation;

#[Object]
impl OfferMutation {
    /// Takes what is offered: the conversation is the viewer's.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn offer_accept(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which offer.")] input: OfferAcceptInput,
    ) -> Option<Result<OfferAcceptPayload, Error>> {
        Some(accept(context, &input.offer_id).await)
    }

    /// Refuses what is offered: the work waits again, and the policy of its queue says whether and when
    /// this agent is asked once more.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn offer_decline(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which offer.")] input: OfferDeclineInput,
    ) -> Option<Result<OfferDeclinePayload, Error>> {
        Some(decline(context, input).await)
    }
}

/// Which offer to take.
#[derive(InputObject)]
struct OfferAcceptInput {
    /// Which.
    offer_id: ID,
}

/// Which offer to refuse, and why.
#[derive(InputObject)]
struct OfferDeclineInput {
    /// Which.
    offer_id: ID,
    /// Why.
    reason: Option<DeclineReason>,
    /// What else there is to say about it; the first 500 characters are kept.
    note: Option<String>,
}

/// Why an offer is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "handover::DeclineReason")]
pub(crate) enum DeclineReason {
    /// No time now.
    NoTime,
    /// Not able to do it.
    NotAble,
    /// The language is not spoken.
    Language,
    /// Somebody else should have it.
    NotForMe,
    /// Something else.
    Other,
}

/// What became of taking an offer.
#[derive(SimpleObject)]
struct OfferAcceptPayload {
    /// What became of it.
    status: OfferAcceptStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
    /// The offer as it is now; null where there is no such offer.
    offer: Nullable<Offer>,
    /// The conversation, which is the viewer's now; null where it was refused.
    conversation: Nullable<Conversation>,
    /// The conversation's version after it.
    version: Option<Long>,
}

/// What became of refusing an offer.
#[derive(SimpleObject)]
struct OfferDeclinePayload {
    /// What became of it.
    status: OfferDeclineStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
    /// The offer as it is now; null where there is no such offer.
    offer: Nullable<Offer>,
    /// The conversation's version after it.
    version: Option<Long>,
}

/// What became of taking an offer.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum OfferAcceptStatus {
    /// The conversation is the viewer's.
    Accepted,
    /// There is no such offer to the viewer.
    NotFound,
    /// The deadline passed.
    Expired,
    /// It was taken back.
    Rescinded,
    /// The viewer refused it before.
    Declined,
    /// The viewer took it before.
    AlreadyAccepted,
    /// The viewer is an assistant, and all assistants are stopped.
    AssistantsStopped,
    /// The key was used for something else.
    KeyReused,
}

/// What became of refusing an offer.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum OfferDeclineStatus {
    /// The work waits again.
    Declined,
    /// There is no such offer to the viewer.
    NotFound,
    /// The deadline passed.
    Expired,
    /// It was taken back.
    Rescinded,
    /// The viewer took it before.
    Accepted,
    /// The viewer refused it before.
    AlreadyDeclined,
    /// The key was used for something else.
    KeyReused,
}

async fn accept(context: &Context<'_>, id: &ID) -> Result<OfferAcceptPayload, Error> {
    use OfferAcceptStatus as Status;
    let (viewer, key) = (viewer(context)?, key(context)?);
    let id: Option<OfferId> = parse(id);
    let request = request(context, viewer);
    let outcome = match id {
        Some(id) => accept::accept(desk(context)?, viewer, id, key.as_deref(), &request).await?,
        None => AcceptOutcome::NotFound,
    };
    let mut accepted = None;
    let (status, refusal) = match outcome {
        AcceptOutcome::Accepted {
            conversation,
            version,
            ..
        } => {
            accepted = Some((conversation, version));
            (Status::Accepted, None)
        }
        AcceptOutcome::NotFound => (Status::NotFound, Refusal::not_found("offerId", "offer")),
        AcceptOutcome::Expired => (Status::Expired, expired()),
        AcceptOutcome::Rescinded => (Status::Rescinded, rescinded()),
        AcceptOutcome::Declined => (Status::Declined, declined()),
        AcceptOutcome::AlreadyAccepted => (Status::AlreadyAccepted, taken()),
        AcceptOutcome::AssistantsStopped => (
            Status::AssistantsStopped,
            Refusal::of("ASSISTANTS_STOPPED", "all assistants are stopped"),
        ),
        AcceptOutcome::KeyReused => (Status::KeyReused, Refusal::key_reused()),
    };
    let conversation = match accepted {
        Some((conversation, _)) => loaders::one(context, conversation).await,
        None => None,
    };
    let offer = match status {
        Status::NotFound => None,
        _ => shown(context, id).await,
    };
    let version = accepted.map(|(_, version)| version.into());
    Ok(OfferAcceptPayload {
        status,
        refusal,
        offer,
        conversation,
        version,
    })
}

async fn decline(
    context: &Context<'_>,
    input: OfferDeclineInput,
) -> Result<OfferDeclinePayload, Error> {
    use OfferDeclineStatus as Status;
    let (viewer, key) = (viewer(context)?, key(context)?);
    let id: Option<OfferId> = parse(&input.offer_id);
    let request = request(context, viewer);
    let why = Why {
        reason: input.reason.map(Into::into),
        note: input.note,
    };
    let outcome = match id {
        Some(id) => {
            let (desk, key) = (desk(context)?, key.as_deref());
            decline::decline_because(desk, viewer, (id, why), key, &request).await?
        }
        None => DeclineOutcome::NotFound,
    };
    let mut now = None;
    let (status, refusal) = match outcome {
        DeclineOutcome::Declined { version, .. } => {
            now = Some(version.into());
            (Status::Declined, None)
        }
        DeclineOutcome::NotFound => (Status::NotFound, Refusal::not_found("offerId", "offer")),
        DeclineOutcome::Expired => (Status::Expired, expired()),
        DeclineOutcome::Rescinded => (Status::Rescinded, rescinded()),
        DeclineOutcome::Accepted => (Status::Accepted, taken()),
        DeclineOutcome::AlreadyDeclined => (Status::AlreadyDeclined, declined()),
        DeclineOutcome::KeyReused => (Status::KeyReused, Refusal::key_reused()),
    };
    let offer = match status {
        Status::NotFound => None,
        _ => shown(context, id).await,
    };
    Ok(OfferDeclinePayload {
        status,
        refusal,
        offer,
        version: now,
    })
}

async fn shown(context: &Context<'_>, id: Option<OfferId>) -> Nullable<Offer> {
    loaders::one(context, id?).await
}

fn expired() -> Option<Refusal> {
    Refusal::at(
        "offerId",
        "OFFER_EXPIRED",
        "the deadline passed, the work waits for others",
    )
}

fn rescinded() -> Option<Refusal> {
    Refusal::at("offerId", "OFFER_RESCINDED", "the offer was taken back")
}

fn declined() -> Option<Refusal> {
    Refusal::at("offerId", "OFFER_DECLINED", "you refused this offer before")
}

fn taken() -> Option<Refusal> {
    Refusal::at("offerId", "OFFER_ACCEPTED", "you took this offer before")
}
