//! A file that could not be had is asked for again.

use super::{Refusal, key};
use crate::access::requires;
use crate::types::Permission;
use crate::types::{Attachment, Nullable};
use crate::viewer::{desk, request, sought, viewer};
use crate::{Error, Long, loaders};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use interdesk_domain::id::AttachmentId;
use interdesk_flow::attach::{self, Retry, RetryOutcome};

#[derive(Default)]
pub(super) struct AttachmentMutation;

#[Object]
impl AttachmentMutation {
    /// Asks the provider once more for a file that could not be had; its `state` tells what came of
    /// it.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn attachment_retry(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which file.")] input: AttachmentRetryInput,
    ) -> Option<Result<AttachmentRetryPayload, Error>> {
        Some(retry(context, &input.attachment_id).await)
    }
}

/// Which file to ask for again.
#[derive(InputObject)]
struct AttachmentRetryInput {
    /// Which.
    attachment_id: ID,
}

/// What became of it.
#[derive(SimpleObject)]
struct AttachmentRetryPayload {
    /// What became of it.
    status: AttachmentRetryStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
    /// The file as it is now; null where there is no such file.
    attachment: Nullable<Attachment>,
    /// The conversation's version after it.
    version: Option<Long>,
}

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum AttachmentRetryStatus {
    /// It is asked for at once.
    Waiting,
    /// There is no such file.
    NotFound,
    /// It is here, or on its way already.
    NotFailed,
    /// The key was used for something else.
    KeyReused,
}

async fn retry(context: &Context<'_>, id: &ID) -> Result<AttachmentRetryPayload, Error> {
    use AttachmentRetryStatus as Status;
    let (viewer, key) = (viewer(context)?, key(context)?);
    let id: Option<AttachmentId> = sought(context, id).await?;
    let request = request(context, viewer);
    let outcome = match id {
        Some(attachment) => {
            let retry = Retry { attachment };
            attach::retry(desk(context)?, viewer, &retry, key.as_deref(), &request).await?
        }
        None => RetryOutcome::NotFound,
    };
    let mut version = None;
    let (status, refusal) = match outcome {
        RetryOutcome::Waiting { version: now } => {
            version = Some(now.into());
            (Status::Waiting, None)
        }
        RetryOutcome::NotFound => (Status::NotFound, Refusal::not_found("attachmentId", "file")),
        RetryOutcome::NotFailed => {
            let message = "the file is here, or on its way already";
            let refusal = Refusal::at("attachmentId", "NOT_FAILED", message);
            (Status::NotFailed, refusal)
        }
        RetryOutcome::KeyReused => (Status::KeyReused, Refusal::key_reused()),
    };
    let attachment = match id {
        Some(id) => loaders::one(context, id).await,
        None => None,
    };
    Ok(AttachmentRetryPayload {
        status,
        refusal,
        attachment,
        version,
    })
}
