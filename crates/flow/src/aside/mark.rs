//! Conversations are marked with the workspace's own words.

use super::{Answer, AsideRefusal, done, refuse, seen};
use crate::wish::Wish;
use interdesk_domain::event::Event;
use interdesk_domain::id::ConversationId;
use interdesk_store::{Conn, aside, outbox};
use serde::Serialize;
use std::collections::BTreeSet;

/// To put tags on a conversation, or to take them off.
#[derive(Debug, Clone, Serialize)]
pub struct Mark {
    /// Which conversation.
    pub conversation: ConversationId,
    /// The tags that it gets; the workspace offers them.
    pub put_on: Vec<String>,
    /// The tags that it loses.
    pub take_off: Vec<String>,
}

impl Mark {
    pub(super) async fn apply(&self, wish: &Wish<'_>, conn: &Conn) -> Answer {
        let (scope, id) = (wish.scope(), self.conversation);
        let conversation = seen(wish, conn, id).await?;
        let wanted: BTreeSet<&String> = self.put_on.iter().collect();
        let offered = aside::find_tags(conn, scope, &self.put_on).await?;
        let offered = offered.iter().filter(|tag| tag.retired_at.is_none());
        if offered.count() < wanted.len() {
            return refuse(AsideRefusal::TagUnknown);
        }
        let found = aside::tags_of(conn, scope, &[id]).await?;
        let before: BTreeSet<String> = found.into_iter().flat_map(|one| one.tags).collect();
        let mut after = before.clone();
        after.extend(self.put_on.iter().cloned());
        after.retain(|tag| !self.take_off.contains(tag));
        if after == before {
            return refuse(AsideRefusal::Unchanged);
        }
        let mut events = wish.events(&conversation);
        for tag in after.difference(&before).cloned() {
            let conversation = id;
            events.push(Event::ConversationTagged { conversation, tag });
        }
        for tag in before.difference(&after).cloned() {
            let conversation = id;
            events.push(Event::ConversationUntagged { conversation, tag });
        }
        let (tags, version) = (Vec::from_iter(after), events.version());
        aside::set_tags(conn, scope, id, &tags, version).await?;
        outbox::append(conn, events.list()).await?;
        done(id.0, version)
    }
}
