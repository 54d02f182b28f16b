//! An agent has read what they were told beside their work.

use super::Refusal;
use crate::Error;
use crate::access::requires;
use crate::viewer::{desk, parse, viewer};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use interdesk_domain::id::NotificationId;
use interdesk_store::{aside, notifications};

#[derive(Default)]
pub(super) struct NotificationMutation;

#[Object]
impl NotificationMutation {
    /// Marks what the viewer is told as read: one thing, or all of it.
    #[graphql(directive = requires::apply(None))]
    async fn notifications_read(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which ones.")] input: NotificationsReadInput,
    ) -> Option<Result<NotificationsReadPayload, Error>> {
        Some(mark(context, input).await)
    }
}

/// Which notifications were read.
#[derive(InputObject)]
struct NotificationsReadInput {
    /// Which; all of the viewer's without it.
    notification_id: Option<ID>,
}

/// What became of it.
#[derive(SimpleObject)]
struct NotificationsReadPayload {
    /// What became of it.
    status: NotificationsReadStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
    /// How many were not read before.
    count: i32,
}

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum NotificationsReadStatus {
    /// They are read now.
    Read,
    /// They were read before, or there are none.
    Unchanged,
    /// There is no such notification for the viewer.
    NotFound,
}

async fn mark(
    context: &Context<'_>,
    input: NotificationsReadInput,
) -> Result<NotificationsReadPayload, Error> {
    use NotificationsReadStatus as Status;
    let (viewer, desk) = (viewer(context)?, desk(context)?);
    let answer = |status, refusal, count: usize| {
        let count = i32::try_from(count).unwrap_or(i32::MAX);
        Ok(NotificationsReadPayload {
            status,
            refusal,
            count,
        })
    };
    let not_found = || Refusal::not_found("notificationId", "notification");
    let only = match &input.notification_id {
        None => None,
        Some(id) => match parse::<NotificationId>(id) {
            Some(id) => Some(id),
            None => return answer(Status::NotFound, not_found(), 0),
        },
    };
    let (scope, now) = (viewer.scope(), desk.now());
    let transaction = desk.database.begin(scope).await?;
    let agent = viewer.agent;
    let told = notifications::mark_read(&transaction, scope, agent, only, now).await?;
    let called = aside::mark_mentions_read(&transaction, scope, agent, only, now).await?;
    let count = told + called;
    let is_theirs = match only {
        Some(id) if count == 0 => {
            notifications::is_told(&transaction, scope, agent, id, now).await?
                || aside::is_mentioned(&transaction, scope, agent, id).await?
        }
        _ => true,
    };
    transaction.commit().await?;
    match (count, is_theirs) {
        (0, false) => answer(Status::NotFound, not_found(), 0),
        (0, true) => answer(Status::Unchanged, None, 0),
        (count, _) => answer(Status::Read, None, count),
    }
}
