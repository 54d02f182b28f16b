//! Rooms that became groups: where only who is in a room tells whether it is one, the members that
//! the provider told of decide, before a message looks for its conversation.

use super::Webhook;
use crate::key::stored_id;
use crate::{Desk, Error, conflict};
use interdesk_domain::id::InboxId;
use interdesk_domain::message::{Update, UpdateKind};
use interdesk_domain::scope::TenantScope;
use interdesk_store::group_members as rows;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

/// Names the group of each message that was written in a room which is one. Most channels say so
/// themselves; their webhooks pass as they are.
pub(super) async fn settle<'a>(
    desk: &Desk,
    scope: TenantScope,
    webhooks: &'a [Webhook],
) -> Result<Cow<'a, [Webhook]>, Error> {
    let rooms: BTreeSet<(InboxId, &str)> = webhooks
        .iter()
        .flat_map(|webhook| webhook.updates.iter().map(|told| (webhook.inbox.id, told)))
        .filter_map(|(inbox, told)| Some((inbox, room(told)?)))
        .collect();
    if rooms.is_empty() {
        return Ok(Cow::Borrowed(webhooks));
    }
    let groups = conflict::retry(|| find(desk, scope, &rooms)).await?;
    if groups.is_empty() {
        return Ok(Cow::Borrowed(webhooks));
    }
    let mut webhooks = webhooks.to_vec();
    for webhook in &mut webhooks {
        for told in &mut webhook.updates {
            let UpdateKind::Message(message) = &mut told.kind else {
                continue;
            };
            let room = message.room.as_deref();
            let is_group = room.is_some_and(|room| {
                groups.contains(&(webhook.inbox.id, stored_id(room).into_owned()))
            });
            if is_group && message.group.is_none() {
                message.group.clone_from(&message.room);
            }
        }
    }
    Ok(Cow::Owned(webhooks))
}

fn room(told: &Update) -> Option<&str> {
    match &told.kind {
        UpdateKind::Message(message) if message.group.is_none() => message.room.as_deref(),
        _ => None,
    }
}

/// Finds which rooms are groups, and lets what is open in them go on as theirs.
async fn find(
    desk: &Desk,
    scope: TenantScope,
    rooms: &BTreeSet<(InboxId, &str)>,
) -> Result<HashSet<(InboxId, String)>, Error> {
    let ids: Vec<_> = rooms
        .iter()
        .map(|room| (room.0, stored_id(room.1)))
        .collect();
    let asked: Vec<_> = ids
        .iter()
        .map(|(inbox, id)| (*inbox, id.as_ref()))
        .collect();
    let transaction = desk.database.begin(scope).await?;
    let found = rows::list_groups(&transaction, scope, &asked).await?;
    if found.is_empty() {
        transaction.rollback().await?;
        return Ok(HashSet::new());
    }
    for group in &found {
        let key = format!("group:{}:{}", group.inbox_id, group.group_id);
        rows::take_room(&transaction, scope, group.inbox_id, &group.group_id, &key).await?;
    }
    transaction.commit().await?;
    let named = found.into_iter();
    Ok(named
        .map(|group| (group.inbox_id, group.group_id))
        .collect())
}
