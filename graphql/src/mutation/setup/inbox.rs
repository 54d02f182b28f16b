//! What inboxes keep.

use super::{Told, change, payload};
use crate::access::requires;
use crate::types::{Inbox, Permission};
use crate::viewer::parse;
use crate::{Error, Long};
use async_graphql::{Context, ID, InputObject, Object};
use interdesk_domain::id::InboxId;
use interdesk_flow::setup::{InboxFiles, Missing, SetupWish};

#[derive(Default)]
pub(in crate::mutation) struct InboxMutation;

#[Object]
impl InboxMutation {
    /// Says which files an inbox keeps of those that customers send; what is left out is what the
    /// installation's settings say. A file that it does not keep is told on its message. Files that are
    /// here stay. For administrators.
    #[graphql(directive = requires::apply(Some(Permission::WorkspaceConfigure)))]
    async fn inbox_files_set(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which inbox, and what it keeps.")] input: InboxFilesSetInput,
    ) -> Option<Result<InboxPayload, Error>> {
        Some(set(context, input).await)
    }
}

/// What an inbox keeps.
#[derive(InputObject)]
struct InboxFilesSetInput {
    /// Which.
    inbox_id: ID,
    /// The largest file in bytes; null for what the settings say.
    max_bytes: Option<Long>,
    /// The types that are kept and no others, such as `image/png`, or `image/*` for a family; null for
    /// all but those that the settings refuse.
    types: Option<Vec<String>>,
}

payload! {
    /// What became of the change of an inbox.
    InboxPayload {
        /// The inbox as it is now; null where there is no such inbox.
        inbox: Inbox as InboxId
    }
}

async fn set(context: &Context<'_>, input: InboxFilesSetInput) -> Result<InboxPayload, Error> {
    let inbox: Option<InboxId> = parse(&input.inbox_id);
    let told = match inbox {
        None => Told::not_found(context, Missing::Inbox)?,
        Some(inbox) => {
            let wish = InboxFiles {
                inbox,
                max_bytes: input.max_bytes.map(|most| most.0),
                types: input.types,
            };
            change(context, &SetupWish::InboxFiles(wish)).await?
        }
    };
    Ok(InboxPayload::of(context, told, inbox).await)
}
