//! What mutations of conversations and their work answer: one form for all of them.

use super::Refusal;
use crate::types::{Conversation, Nullable, Transfer, WorkItem};
use crate::viewer::{desk, request, viewer};
use crate::{Error, Long, loaders};
use async_graphql::{Context, Enum};
use interdesk_domain::id::{ConversationId, TransferId, WorkItemId};
use interdesk_domain::permission::Viewer;
use interdesk_flow::hands::{WorkOutcome, WorkRefusal};
use interdesk_flow::{Context as Request, Desk};

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum WorkStatus {
    /// It is done.
    Done,
    /// It may not be: the refusal says why.
    Refused,
    /// The key was used for something else.
    KeyReused,
}

/// What became of a wish, as every payload shows it.
pub(crate) struct Worked {
    pub(super) status: WorkStatus,
    pub(super) refusal: Option<Refusal>,
    pub(super) conversation: Nullable<Conversation>,
    pub(super) work_item: Nullable<WorkItem>,
    pub(super) transfer: Nullable<Transfer>,
    pub(super) epoch: Option<Long>,
    pub(super) version: Option<Long>,
}

/// Declares the payload of a mutation.
macro_rules! payload {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub(super) struct $name {
            /// What became of it.
            status: $crate::mutation::worked::WorkStatus,
            /// Why it was refused; null where it was not.
            refusal: Option<$crate::mutation::Refusal>,
            /// The conversation as it is now; null where there is no such conversation.
            conversation: $crate::types::Nullable<$crate::types::Conversation>,
            /// The work as it is now; null where it was about none.
            work_item: $crate::types::Nullable<$crate::types::WorkItem>,
            /// The transfer, where work changed hands or a colleague was asked.
            transfer: $crate::types::Nullable<$crate::types::Transfer>,
            /// The conversation's version after it.
            version: Option<$crate::Long>,
        }

        impl From<$crate::mutation::worked::Worked> for $name {
            fn from(worked: $crate::mutation::worked::Worked) -> Self {
                Self {
                    status: worked.status,
                    refusal: worked.refusal,
                    conversation: worked.conversation,
                    work_item: worked.work_item,
                    transfer: worked.transfer,
                    version: worked.version,
                }
            }
        }
    };
}

pub(super) use payload;

/// What a mutation is about, as far as its ids can be read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct About {
    pub(super) conversation: Option<ConversationId>,
    pub(super) work_item: Option<WorkItemId>,
    pub(super) transfer: Option<TransferId>,
    /// The argument that names it.
    pub(super) argument: &'static str,
}

/// Who wishes for what, where and under which key.
pub(super) struct Asked<'a> {
    pub(super) desk: &'a Desk,
    pub(super) viewer: &'a Viewer,
    pub(super) key: Option<String>,
    pub(super) request: Request,
}

impl<'a> Asked<'a> {
    pub(super) fn read(context: &'a Context<'_>) -> Result<Self, Error> {
        let (desk, viewer) = (desk(context)?, viewer(context)?);
        Ok(Self {
            desk,
            viewer,
            key: super::key(context)?,
            request: request(context, viewer),
        })
    }
}

/// The outcome where the ids name nothing.
pub(super) const NOT_FOUND: WorkOutcome = WorkOutcome::Refused {
    reason: WorkRefusal::NotFound,
};

/// Shows what became of a wish, with what it was about as it is now.
pub(super) async fn show(context: &Context<'_>, about: About, outcome: WorkOutcome) -> Worked {
    let (status, reason) = match &outcome {
        WorkOutcome::Done { .. } => (WorkStatus::Done, None),
        WorkOutcome::Refused { reason } => (WorkStatus::Refused, Some(*reason)),
        WorkOutcome::KeyReused => (WorkStatus::KeyReused, None),
    };
    let refusal = match reason {
        Some(reason) => refusal(reason, about.argument),
        None if status == WorkStatus::KeyReused => Refusal::key_reused(),
        None => None,
    };
    let (mut about, mut version, mut epoch) = (about, None, None);
    if let WorkOutcome::Done {
        conversation,
        version: now,
        work_item,
        transfer,
        epoch: held,
    } = outcome
    {
        about.conversation = Some(conversation);
        about.work_item = work_item.or(about.work_item);
        about.transfer = transfer.or(about.transfer);
        (version, epoch) = (Some(now.into()), held.map(Long::from));
    }
    Worked {
        status,
        refusal,
        conversation: match about.conversation {
            Some(id) => loaders::one(context, id).await,
            None => None,
        },
        work_item: match about.work_item {
            Some(id) => loaders::one(context, id).await,
            None => None,
        },
        transfer: match about.transfer {
            Some(id) => loaders::one(context, id).await,
            None => None,
        },
        epoch,
        version,
    }
}

/// The argument that names the conversation to merge into.
const INTO: &str = "intoConversationId";

/// Says why a wish was refused.
fn refusal(reason: WorkRefusal, about: &'static str) -> Option<Refusal> {
    use WorkRefusal as Reason;
    let (argument, code, message) = match reason {
        Reason::NotFound => (about, "NOT_FOUND", "there is nothing of this id for you"),
        Reason::AgentNotFound => ("toAgentId", "NOT_FOUND", "there is no such agent"),
        Reason::QueueNotFound => ("toQueueId", "NOT_FOUND", "there is no such queue"),
        Reason::NotYours => (about, "NOT_YOURS", "it is not yours"),
        Reason::ConversationResolved => {
            let message = "the conversation is resolved, the customer's next message reopens it";
            (about, "CONVERSATION_RESOLVED", message)
        }
        Reason::Unchanged => (about, "UNCHANGED", "it is so already"),
        Reason::StaleContext { missed, .. } => {
            let message = format!("{missed} messages came since you looked, read them first");
            return Refusal::at("lastSeenVersion", "STALE_CONTEXT", message);
        }
        Reason::NotOnHold => (about, "NOT_ON_HOLD", "the conversation is not on hold"),
        Reason::NotSnoozed => (about, "NOT_SNOOZED", "the conversation is not snoozed"),
        Reason::BadTime => {
            let message = "choose a moment from now on and within a year";
            ("until", "BAD_TIME", message)
        }
        Reason::BadPriority => (
            "priority",
            "BAD_PRIORITY",
            "choose a priority from -5 to 10",
        ),
        Reason::ReasonTooLong => (
            "reason",
            "REASON_TOO_LONG",
            "give the reason in 500 characters at most",
        ),
        Reason::NotActive => (about, "NOT_ACTIVE", "nobody works on it now"),
        Reason::NotWaiting => (about, "NOT_WAITING", "it does not wait any more"),
        Reason::NothingWaits => (
            about,
            "NOTHING_WAITS",
            "nothing waits here that you may have",
        ),
        Reason::AtCapacity => {
            let message = "whoever would get it holds as much as they may";
            (about, "AT_CAPACITY", message)
        }
        Reason::NotAvailable => {
            let message = "whoever would get it is not online";
            (about, "NOT_AVAILABLE", message)
        }
        Reason::NotAMember => (about, "NOT_A_MEMBER", "you do not serve this queue"),
        Reason::AlreadyAsked => {
            let message = "a colleague is asked already, wait for the answer or take it back";
            (about, "ALREADY_ASKED", message)
        }
        Reason::TransferEnded => (about, "TRANSFER_ENDED", "it was answered or taken back"),
        Reason::TransferExpired => (about, "TRANSFER_EXPIRED", "the time to answer is over"),
        Reason::NotWrappingUp => (about, "NOT_WRAPPING_UP", "its paperwork is finished"),
        Reason::SpeakerTaken => (about, "NOT_SPEAKER", "a person has the right to speak here"),
        Reason::IntoNotFound => (INTO, "NOT_FOUND", "there is nothing of this id for you"),
        Reason::IntoNotYours => (INTO, "NOT_YOURS", "it is not yours"),
        Reason::IntoResolved => {
            let message = "it is resolved: merge it into the other one instead";
            (INTO, "CONVERSATION_RESOLVED", message)
        }
        Reason::IntoMerged => (INTO, "MERGED", "it is merged itself: merge into that one"),
        Reason::IntoStale { missed, .. } => {
            let message = format!("{missed} messages came since you looked, read them first");
            return Refusal::at("intoLastSeenVersion", "STALE_CONTEXT", message);
        }
        Reason::Merged => (about, "MERGED", "it is merged into another conversation"),
        Reason::HasMerged => {
            let message =
                "others are merged into it: merge the other way round, or undo them first";
            (about, "HAS_MERGED", message)
        }
        Reason::NotMerged => (about, "NOT_MERGED", "it is merged into none"),
        Reason::OtherPerson => {
            let message = "they are of different people: link the contacts first if they are one";
            (INTO, "OTHER_PERSON", message)
        }
        Reason::InGroup => {
            let message = "a group is a conversation of its own, answers there reach all of it";
            (about, "IN_GROUP", message)
        }
        Reason::AssistantsStopped => {
            return Refusal::of("ASSISTANTS_STOPPED", "all assistants are stopped");
        }
    };
    Refusal::at(argument, code, message)
}
