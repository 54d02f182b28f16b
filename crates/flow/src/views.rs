//! The conversations of a saved view.
//!
//! A view has the same conditions as rules and service levels, and they mean the same: each
//! conversation is judged by what is known of it now. What a condition says plainly (states, a queue,
//! an agent, channels) the database sorts out; the rest is judged here, part by part, and where few of
//! many fit, a page may be short and still say that more follows.

use crate::{Desk, Error};
use chrono::{DateTime, Utc};
use interdesk_domain::condition::{Condition, Explanation, Facts};
use interdesk_domain::id::*;
use interdesk_domain::permission::Viewer;
use interdesk_domain::scope::TenantScope;
use interdesk_store::conversations::Conversation;
use interdesk_store::read::Window;
use interdesk_store::read::conversations::{self as rows, Assignee, Filter, Place};
use interdesk_store::sight::Sight;
use interdesk_store::{Conn, sla};
use serde_json::Value;
use std::collections::HashMap;

/// How many conversations are judged at once.
const PART: i64 = 250;

/// How many parts are judged for one page at most.
const PARTS: usize = 8;

/// A part of a view.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The conversations, in the order of the list.
    pub found: Vec<Conversation>,
    /// Whether more may follow, in the direction in which it was looked.
    pub more: bool,
    /// How far it was looked.
    pub end: Option<Place>,
}

/// Whose list it is: what they see, and when.
#[derive(Clone, Copy)]
pub struct Onlooker<'a> {
    /// In which transaction.
    pub conn: &'a Conn,
    /// Whose conversations.
    pub scope: TenantScope,
    /// Which ones are seen.
    pub sight: &'a Sight,
    /// When.
    pub now: DateTime<Utc>,
}

/// Reads a stored condition; one that this program does not know holds for nothing.
pub fn read(condition: &Value) -> Condition {
    serde_json::from_value(condition.clone()).unwrap_or(Condition::Any(Vec::new()))
}

/// Lists a part of a view; the window's limit is one more than the page shows.
pub async fn list(
    onlooker: Onlooker<'_>,
    condition: &Condition,
    window: &Window<Place>,
) -> Result<Page, Error> {
    let (filter, is_whole) = narrow(condition);
    let size = usize::try_from(window.limit - 1).unwrap_or(0);
    let mut page = Page::default();
    let mut window = Window {
        limit: if is_whole { window.limit } else { PART },
        ..*window
    };
    for _ in 0..PARTS {
        let part = rows::list(
            onlooker.conn,
            onlooker.scope,
            onlooker.sight,
            &filter,
            &window,
        );
        let mut part = part.await?;
        let is_last = part.len() < usize::try_from(window.limit).unwrap_or(usize::MAX);
        if window.from_end {
            part.reverse();
        }
        let holds = judge(onlooker, condition, is_whole, &part).await?;
        for (row, holds) in part.into_iter().zip(holds) {
            if holds && page.found.len() == size {
                page.more = true;
                return Ok(ordered(page, window.from_end));
            }
            page.end = Some((row.last_message_at, row.id));
            if holds {
                page.found.push(row);
            }
        }
        if is_last {
            return Ok(ordered(page, window.from_end));
        }
        match window.from_end {
            true => window.before = page.end,
            false => window.after = page.end,
        }
    }
    page.more = true;
    Ok(ordered(page, window.from_end))
}

fn ordered(mut page: Page, from_end: bool) -> Page {
    if from_end {
        page.found.reverse();
    }
    page
}

/// Counts the conversations of a view up to `cap`; `None` beyond it, and where more than two thousand
/// would have to be judged.
pub async fn count(
    onlooker: Onlooker<'_>,
    condition: &Condition,
    cap: i64,
) -> Result<Option<i64>, Error> {
    let (filter, is_whole) = narrow(condition);
    let Onlooker {
        conn, scope, sight, ..
    } = onlooker;
    if is_whole {
        let count = rows::count(conn, scope, sight, &filter, cap + 1).await?;
        return Ok((count <= cap).then_some(count));
    }
    let window = Window {
        after: None,
        before: None,
        limit: PART * i64::try_from(PARTS).unwrap_or(1) + 1,
        from_end: false,
    };
    let part = rows::list(conn, scope, sight, &filter, &window).await?;
    if i64::try_from(part.len()).is_ok_and(|found| found == window.limit) {
        return Ok(None);
    }
    let holds = judge(onlooker, condition, false, &part).await?;
    let count = holds.into_iter().filter(|holds| *holds).count();
    Ok(i64::try_from(count).ok().filter(|count| *count <= cap))
}

/// Says why a conversation is in a view, or is not; `None` where it is not seen.
pub async fn explain(
    desk: &Desk,
    (viewer, sight): (&Viewer, &Sight),
    condition: &Condition,
    conversation: ConversationId,
) -> Result<Option<Explanation>, Error> {
    let scope = viewer.scope();
    let conn = desk.database.begin(scope).await?;
    let found = rows::find_many(&conn, scope, &[conversation]).await?;
    let seen = interdesk_store::sight::filter(&conn, scope, sight, &[conversation]).await?;
    let places = sla::list_facts(&conn, scope, &[conversation]).await?;
    conn.commit().await?;
    let row = found.into_iter().find(|row| seen.contains(&row.id));
    Ok(row.map(|row| condition.explain(&facts(&row, places.first(), desk.now()))))
}

/// Finds conversations with what conditions are asked about.
pub async fn look(
    conn: &Conn,
    scope: TenantScope,
    ids: &[ConversationId],
    now: DateTime<Utc>,
) -> Result<Vec<(Conversation, Facts)>, interdesk_store::Error> {
    let found = rows::find_many(conn, scope, ids).await?;
    let places = sla::list_facts(conn, scope, ids).await?;
    let looked = found.into_iter().map(|row| {
        let place = places.iter().find(|one| one.conversation_id == row.id);
        let facts = facts(&row, place, now);
        (row, facts)
    });
    Ok(looked.collect())
}

/// Tells of each conversation whether the condition holds.
async fn judge(
    onlooker: Onlooker<'_>,
    condition: &Condition,
    is_whole: bool,
    part: &[Conversation],
) -> Result<Vec<bool>, Error> {
    if is_whole || part.is_empty() {
        return Ok(vec![true; part.len()]);
    }
    let ids: Vec<ConversationId> = part.iter().map(|row| row.id).collect();
    let places = sla::list_facts(onlooker.conn, onlooker.scope, &ids).await?;
    let places = places.into_iter().map(|one| (one.conversation_id, one));
    let places: HashMap<ConversationId, sla::Place> = places.collect();
    let holds =
        |row: &Conversation| condition.holds(&facts(row, places.get(&row.id), onlooker.now));
    Ok(part.iter().map(holds).collect())
}

fn facts(row: &Conversation, place: Option<&sla::Place>, now: DateTime<Utc>) -> Facts {
    let mut facts = Facts::at(now);
    facts.inbox = Some(row.inbox_id);
    facts.queue = Some(row.queue_id);
    facts.status = Some(row.status);
    facts.assignee = row.assignee_id;
    facts.priority = Some(row.priority);
    if let Some(place) = place {
        facts.channel = Some(place.channel);
        facts.network = place.network.clone();
        facts.language = place.locale.clone();
        facts.attributes = serde_json::from_value(place.attributes.clone()).unwrap_or_default();
        facts.text = place.text.clone().unwrap_or_default();
        facts.segments = place.segments.iter().cloned().collect();
        facts.vip = place.vip;
        facts.tags = place.tags.iter().cloned().collect();
        facts.waiting_since = place.waiting_since;
    }
    facts
}

/// Returns what the database can sort out of a condition, and whether that is all of it.
fn narrow(condition: &Condition) -> (Filter, bool) {
    let mut filter = Filter::default();
    let parts = match condition {
        Condition::All(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut is_whole = true;
    for part in parts {
        is_whole &= take(&mut filter, part);
    }
    (filter, is_whole)
}

/// Adds a test to the filter; `false` where the filter cannot say it, or says another one already.
fn take(filter: &mut Filter, part: &Condition) -> bool {
    match part {
        Condition::Status(list) if filter.status.is_none() => {
            filter.status = Some(list.clone());
        }
        Condition::Channel(list) if filter.channels.is_none() => {
            filter.channels = Some(list.clone());
        }
        Condition::Queue(list) if list.len() == 1 && filter.queue.is_none() => {
            filter.queue = Some(list[0]);
        }
        Condition::Assignee(list) if list.len() == 1 && filter.assignee == Assignee::Any => {
            filter.assignee = Assignee::Agent(list[0]);
        }
        Condition::Assigned(false) if filter.assignee == Assignee::Any => {
            filter.assignee = Assignee::Nobody;
        }
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use interdesk_domain::conversation::ConversationStatus;

    #[test]
    fn the_database_sorts_out_what_it_can_and_never_more_than_the_condition_says() {
        let open = Condition::Status(vec![ConversationStatus::Open]);
        let vip = Condition::Vip(true);
        let (filter, is_whole) = narrow(&open);
        assert!(is_whole && filter.status.is_some());
        let both = Condition::All(vec![open.clone(), vip.clone()]);
        let (filter, is_whole) = narrow(&both);
        assert!(!is_whole && filter.status.is_some());
        // Another state beside it may only be judged.
        let new = Condition::Status(vec![ConversationStatus::New]);
        assert!(!narrow(&Condition::All(vec![open.clone(), new])).1);
        let (filter, is_whole) = narrow(&Condition::Any(vec![open, vip]));
        assert_eq!((filter, is_whole), (Filter::default(), false));
        assert!(narrow(&Condition::ALWAYS).1);
    }
}
