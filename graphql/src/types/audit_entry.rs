//! The audit log, as those who audit read it.

use super::{Actor, object};
use crate::page::{PageArguments, PageInfo, cut};
use crate::viewer::{desk, outside, viewer};
use crate::{Cursor, Error, Long};
use async_graphql::{Context, ID, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_domain::event::Envelope;
use interdesk_store::audit::{self, Leaf};
use interdesk_store::outbox;
use serde_json::Value;

object! {
    /// An event as a leaf of the workspace's audit log.
    AuditEntry(Entry)
}

/// A leaf and what it says, as far as this program can read it.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    leaf: Leaf,
    body: Value,
    envelope: Option<Envelope>,
}

impl Entry {
    fn read(leaf: Leaf) -> Self {
        let text = String::from_utf8_lossy(&leaf.leaf).into_owned();
        Self {
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            envelope: outbox::from_json(&text).ok(),
            leaf,
        }
    }
}

/// An event as a leaf of the workspace's audit log: what happened, by whom, and what proves that it was
/// not changed since. It holds ids and facts and never what was said.
#[Object]
impl AuditEntry {
    /// Names the event.
    async fn id(&self) -> ID {
        outside(self.0.leaf.event_id)
    }

    /// The place in the log, from 0 without a gap.
    async fn index(&self) -> Long {
        self.0.leaf.index.into()
    }

    /// What happened, such as `message_received`.
    async fn kind(&self) -> Option<&str> {
        self.0.body.get("kind").and_then(Value::as_str)
    }

    /// When it happened.
    async fn occurred_at(&self) -> Option<DateTime<Utc>> {
        self.0
            .envelope
            .as_ref()
            .map(|envelope| envelope.occurred_at)
    }

    /// Who did it.
    async fn actor(&self) -> Option<Actor> {
        self.0
            .envelope
            .as_ref()
            .map(|envelope| Actor(envelope.actor))
    }

    /// The event as it was hashed, as JSON.
    async fn body(&self) -> Json<Value> {
        Json(self.0.body.clone())
    }

    /// The hash of the leaf (RFC 9162), in hexadecimal digits.
    async fn hash(&self) -> String {
        let digits = self.0.leaf.hash.iter().map(|byte| format!("{byte:02x}"));
        digits.collect()
    }
}

/// A page of the audit log, the latest first.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct AuditEntryConnection {
    /// The entries with their places.
    edges: Vec<AuditEntryEdge>,
    /// The entries alone.
    nodes: Vec<AuditEntry>,
    /// What lies around the page.
    page_info: PageInfo,
    /// How many leaves the log has.
    total_count: Option<Long>,
}

/// An entry and its place.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct AuditEntryEdge {
    /// The place.
    cursor: Cursor,
    /// The entry.
    node: AuditEntry,
}

/// Loads a page of the audit log.
pub(crate) async fn audit_entries(
    context: &Context<'_>,
    arguments: &PageArguments,
) -> Result<AuditEntryConnection, Error> {
    let scope = viewer(context)?.scope();
    let window = arguments.window(Cursor::leaf)?;
    let transaction = desk(context)?.database.begin(scope).await?;
    let found = audit::list_latest(&transaction, scope, window.after, window.limit).await?;
    let tree = audit::find_tree(&transaction, scope).await?;
    transaction.commit().await?;
    let place = |leaf: &Leaf| Cursor::of_leaf(leaf.index);
    let (found, page_info) = cut(found, &window, place);
    let edges: Vec<AuditEntryEdge> = found
        .into_iter()
        .map(|leaf| AuditEntryEdge {
            cursor: place(&leaf),
            node: AuditEntry(Entry::read(leaf)),
        })
        .collect();
    Ok(AuditEntryConnection {
        nodes: edges.iter().map(|edge| edge.node.clone()).collect(),
        edges,
        page_info,
        total_count: Some(tree.map_or(0, |tree| tree.size).into()),
    })
}
