//! Which conversations somebody sees.
//!
//! A conversation is seen by what its row says: who has it, in which queue it is, or that it is shown
//! to somebody beside that. So sight is a set of ids, of agents, queues and conversations alike, and
//! one condition holds in every list, count and search; whoever sees everything has no set at all.

use crate::sql::{Many, many, row, sql};
use crate::{Conn, Error};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use std::collections::HashSet;
use std::hash::Hash;
use uuid::Uuid;

/// Gives the condition under which a row of `conversations` is seen: `in_sight!("c.", "$7")`, or
/// `in_sight!("", "$7")` where the table has no other name. The parameter is [`Sight::keys`].
macro_rules! in_sight {
    ($row:literal, $keys:literal) => {
        concat!(
            "(",
            $keys,
            " IS NULL OR ",
            $row,
            "assignee_id = ANY (",
            $keys,
            ") OR ",
            $row,
            "queue_id = ANY (",
            $keys,
            ") OR ",
            $row,
            "id = ANY (",
            $keys,
            "))"
        )
    };
}

/// Gives the condition under which a row of `conversations` is merged into one that is seen: whoever sees
/// that one is shown this one's messages in it.
macro_rules! shown_by {
    ($row:literal, $keys:literal) => {
        concat!(
            "(",
            $row,
            "merged_into IS NOT NULL AND EXISTS (SELECT FROM conversations r WHERE r.id = ",
            $row,
            "merged_into AND ",
            $crate::sight::in_sight!("r.", $keys),
            "))"
        )
    };
}

pub(crate) use in_sight;

/// Which conversations somebody sees.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sight {
    keys: Option<Vec<Uuid>>,
    /// How many of the keys, the last ones, are of single conversations.
    shown: usize,
}

impl Sight {
    /// Sees all conversations of the tenant.
    pub const ALL: Self = Self {
        keys: None,
        shown: 0,
    };
    /// Sees none.
    pub const NONE: Self = Self {
        keys: Some(Vec::new()),
        shown: 0,
    };

    /// Sees what these agents have, what is in these queues, and these conversations.
    pub fn of(keys: Vec<Uuid>) -> Self {
        Self {
            keys: Some(keys),
            shown: 0,
        }
    }

    /// Sees these conversations too, for as long as each is offered or held.
    pub fn and_shown(mut self, conversations: Vec<Uuid>) -> Self {
        if let Some(keys) = &mut self.keys {
            self.shown += conversations.len();
            keys.extend(conversations);
        }
        self
    }

    /// Tells whether nothing is hidden.
    pub fn is_all(&self) -> bool {
        self.keys.is_none()
    }

    /// Returns the parameter of the condition.
    pub(crate) fn keys(&self) -> Option<Many<Uuid>> {
        self.keys.clone().map(Many)
    }

    /// Returns the keys but for those of single conversations.
    fn lasting(&self) -> Option<&[Uuid]> {
        let keys = self.keys.as_ref()?;
        keys.get(..keys.len() - self.shown)
    }

    /// Writes down what is seen for good, the same for the same sight. Single conversations come and go with
    /// their events, which whoever follows is told.
    pub fn written(&self) -> Vec<u8> {
        let Some(keys) = self.lasting() else {
            return vec![0];
        };
        let mut sorted = keys.to_vec();
        sorted.sort_unstable();
        sorted.iter().flat_map(|key| *key.as_bytes()).collect()
    }

    /// Tells whether a conversation of this trail was ever seen by who sees this now.
    pub fn saw(&self, trail: &Trail) -> bool {
        let Some(keys) = self.lasting() else {
            return true;
        };
        let own = keys.iter().next();
        trail.lay.iter().any(|id| keys.contains(id))
            || trail.shown_to.iter().any(|agent| own == Some(agent))
    }

    /// Tells whether a conversation is seen that lies at a place. To whom it is shown says the place, which is
    /// newer than what was looked up of somebody who watches.
    pub fn sees(&self, place: &Place) -> bool {
        let Some(keys) = self.lasting() else {
            return true;
        };
        let own = [
            Some(place.id.0),
            Some(place.queue_id.0),
            place.assignee_id.map(|id| id.0),
        ];
        let mut own = own.into_iter().flatten();
        own.any(|id| keys.contains(&id))
            || place
                .shown_to
                .iter()
                .any(|agent| keys.iter().next() == Some(agent))
    }
}

row! {
    /// Where a conversation lies.
    pub struct Place {
        /// Which.
        pub id: ConversationId,
        /// In which queue.
        pub queue_id: QueueId,
        /// Who has it.
        pub assignee_id: Option<AgentId>,
        /// To whom it is shown beside that: it is offered to them, or they are asked to take it over.
        pub shown_to: Vec<Uuid>,
    }
}

/// Finds where conversations lie.
pub async fn find_places(
    conn: &Conn,
    _scope: TenantScope,
    ids: &[ConversationId],
) -> Result<Vec<Place>, Error> {
    let found = sql("SELECT c.id, c.queue_id, c.assignee_id, ARRAY(
            SELECT w.agent_id FROM work_items w WHERE w.conversation_id = c.id
                AND w.agent_id IS NOT NULL AND w.state IN ('offered', 'active', 'wrap_up')
            UNION SELECT t.to_agent_id FROM transfers t JOIN work_items w ON w.id = t.work_item_id
            WHERE w.conversation_id = c.id AND t.state = 'asked' AND t.to_agent_id IS NOT NULL
         ) AS shown_to
         FROM conversations c WHERE c.id = ANY ($1)")
    .bind(many(ids, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

row! {
    /// Where a conversation ever lay.
    pub struct Trail {
        /// In which queues, and who had it.
        pub lay: Vec<Uuid>,
        /// To whom it was shown beside that.
        pub shown_to: Vec<Uuid>,
    }
}

/// Finds where a conversation ever lay; nowhere where there is none.
pub async fn find_trail(
    conn: &Conn,
    _scope: TenantScope,
    id: ConversationId,
) -> Result<Trail, Error> {
    let found = sql("WITH moments AS (
            SELECT DISTINCT m.queue_id, m.agent_id FROM sla_episodes e
            JOIN sla_moments m ON m.episode_id = e.episode_id WHERE e.conversation_id = $1
         ), work AS (
            SELECT id, queue_id FROM work_items
            WHERE conversation_id = $1 AND state IN ('queued', 'offered', 'active')
         ), moved AS (
            SELECT t.from_queue_id, t.from_agent_id, t.to_agent_id
            FROM transfers t JOIN work ON work.id = t.work_item_id)
         SELECT ARRAY(SELECT queue_id FROM moments WHERE queue_id IS NOT NULL
                UNION SELECT queue_id FROM work
                UNION SELECT from_queue_id FROM moved WHERE from_queue_id IS NOT NULL
                UNION SELECT from_agent_id FROM moved WHERE from_agent_id IS NOT NULL) AS lay,
            ARRAY(SELECT agent_id FROM moments WHERE agent_id IS NOT NULL
                UNION SELECT o.agent_id FROM offers o JOIN work ON work.id = o.work_item_id
                UNION SELECT to_agent_id FROM moved WHERE to_agent_id IS NOT NULL) AS shown_to")
    .bind(id)
    .get_result(&mut &*conn)
    .await?;
    Ok(found)
}

row! {
    /// A conversation by its id alone.
    #[allow(unreachable_pub, reason = "rows are written as public")]
    pub struct Seen {
        /// Which.
        pub id: ConversationId,
    }
}

/// Keeps of some conversations those that are seen.
pub async fn filter(
    conn: &Conn,
    _scope: TenantScope,
    sight: &Sight,
    ids: &[ConversationId],
) -> Result<HashSet<ConversationId>, Error> {
    if sight.is_all() || ids.is_empty() {
        return Ok(ids.iter().copied().collect());
    }
    let found: Vec<Seen> = sql(concat!(
        "SELECT c.id FROM conversations c WHERE c.id = ANY ($1) AND (",
        in_sight!("c.", "$2"),
        " OR ",
        shown_by!("c.", "$2"),
        ")"
    ))
    .bind(many(ids, |id| *id))
    .bind(sight.keys())
    .load(&mut &*conn)
    .await?;
    Ok(found.into_iter().map(|row| row.id).collect())
}

row! {
    /// A message by its id alone.
    #[allow(unreachable_pub, reason = "rows are written as public")]
    pub struct SeenMessage {
        /// Which.
        pub id: MessageId,
    }
}

/// Keeps of some messages those whose conversations are seen.
pub async fn filter_messages(
    conn: &Conn,
    _scope: TenantScope,
    sight: &Sight,
    ids: &[MessageId],
) -> Result<HashSet<MessageId>, Error> {
    if sight.is_all() || ids.is_empty() {
        return Ok(ids.iter().copied().collect());
    }
    let found: Vec<SeenMessage> = sql(concat!(
        "SELECT m.id FROM messages m JOIN conversations c ON c.id = m.conversation_id
         WHERE m.id = ANY ($1) AND (",
        in_sight!("c.", "$2"),
        " OR ",
        shown_by!("c.", "$2"),
        ")"
    ))
    .bind(many(ids, |id| *id))
    .bind(sight.keys())
    .load(&mut &*conn)
    .await?;
    Ok(found.into_iter().map(|row| row.id).collect())
}

/// Keeps of some rows those whose conversations are seen.
pub async fn keep<T>(
    conn: &Conn,
    scope: TenantScope,
    sight: &Sight,
    mut rows: Vec<T>,
    conversation: impl Fn(&T) -> ConversationId,
) -> Result<Vec<T>, Error> {
    if sight.is_all() {
        return Ok(rows);
    }
    let ids: Vec<ConversationId> = rows.iter().map(&conversation).collect();
    let seen = filter(conn, scope, sight, &ids).await?;
    rows.retain(|row| seen.contains(&conversation(row)));
    Ok(rows)
}
