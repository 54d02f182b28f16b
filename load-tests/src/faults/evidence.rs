//! What the witnesses say after it is all over.

use super::watcher::Seen;
use crate::database::Database;
use anyhow::Result;
use interdesk_simulator::journal::Journal;
use serde_json::Value;
use std::collections::BTreeMap;
use tokio_postgres::{Client, Row};

/// Kinds of things that customers do which are messages of their own.
const MESSAGES: [&str; 9] = [
    "text", "image", "video", "audio", "voice", "document", "sticker", "location", "contact",
];

/// A message that a customer wrote.
#[derive(Clone, Debug)]
pub(super) struct Written {
    /// To which account.
    pub(super) account: String,
    /// The provider's id of it.
    pub(super) provider_id: String,
    /// The words.
    pub(super) text: String,
    /// Whether the desk answered that it has it.
    pub(super) told: bool,
}

/// A customer's message in the database.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) id: String,
    pub(super) account: String,
    pub(super) provider_id: String,
    pub(super) text: String,
}

/// A reply in the database.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) text: String,
    pub(super) delivery: String,
    pub(super) reason: Option<String>,
}

/// A work item in the database.
#[derive(Clone, Debug)]
pub(super) struct WorkItem {
    pub(super) id: String,
    pub(super) state: String,
}

/// An event of the log, in the order in which it was written.
#[derive(Clone, Debug)]
pub(super) struct Logged {
    pub(super) tenant: String,
    pub(super) id: String,
    pub(super) seq: Option<i64>,
    pub(super) kind: String,
    pub(super) aggregate: String,
    pub(super) version: i64,
    pub(super) data: Value,
}

impl Logged {
    /// Gives an id that the event names.
    pub(super) fn named(&self, field: &str) -> &str {
        self.data[field].as_str().unwrap_or_default()
    }
}

/// What an agent holds in the database.
#[derive(Clone, Debug)]
pub(super) struct Load {
    pub(super) agent: String,
    pub(super) load: i64,
    pub(super) capacity: i64,
    /// Pending offers and active work items.
    pub(super) held: i64,
}

/// Everything that the judge looks at.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    pub(super) written: Vec<Written>,
    pub(super) stored: Vec<Stored>,
    /// Texts of replies that agents were told are on their way.
    pub(super) replies: Vec<String>,
    pub(super) outgoing: Vec<Outgoing>,
    /// Texts that reached customers, as the providers saw them.
    pub(super) delivered: Vec<String>,
    pub(super) work_items: Vec<WorkItem>,
    pub(super) events: Vec<Logged>,
    pub(super) loads: Vec<Load>,
    /// What `interdesk audit verify` found.
    pub(super) audit: Option<String>,
    /// What `interdesk routing check` found.
    pub(super) decisions: Option<String>,
    /// What `interdesk sla recompute --check` found.
    pub(super) clocks: Option<String>,
    /// How often breaches and steps of clocks were told, by the key under which each is told once.
    pub(super) told: BTreeMap<String, i64>,
    /// Leaves of the audit log by tenant.
    pub(super) leaves: BTreeMap<String, i64>,
    pub(super) dead: Vec<String>,
    /// What watchers saw, by the tenant that they belong to.
    pub(super) seen: Vec<(String, Seen)>,
}

impl Evidence {
    /// Takes what the simulator's journal says.
    pub(super) fn hear(&mut self, journal: &Journal) {
        let messages = journal.written().into_iter();
        let messages = messages.filter(|entry| MESSAGES.contains(&entry.kind));
        self.written.extend(messages.map(|entry| Written {
            account: entry.account,
            provider_id: entry.provider_id,
            text: entry.text,
            told: entry.acknowledged_at.is_some(),
        }));
        let accepted = journal
            .accepted()
            .into_iter()
            .filter(|entry| entry.kind == "text");
        self.delivered.extend(accepted.map(|entry| entry.text));
    }

    /// Reads the database past row-level security.
    pub(super) async fn look(&mut self, database: &Database) -> Result<()> {
        let client = database.connect().await?;
        self.stored = list(&client, STORED, |row| Stored {
            id: row.get(0),
            account: row.get(1),
            provider_id: row.get(2),
            text: row.get(3),
        })
        .await?;
        self.outgoing = list(&client, OUTGOING, |row| Outgoing {
            text: row.get(0),
            delivery: row.get(1),
            reason: row.get(2),
        })
        .await?;
        self.work_items = list(&client, WORK_ITEMS, |row| WorkItem {
            id: row.get(0),
            state: row.get(1),
        })
        .await?;
        self.events = list(&client, EVENTS, logged).await?;
        self.loads = list(&client, LOADS, |row| Load {
            agent: row.get(0),
            load: row.get(1),
            capacity: row.get(2),
            held: row.get(3),
        })
        .await?;
        let leaves = list(&client, LEAVES, |row| (row.get(0), row.get(1))).await?;
        self.leaves = leaves.into_iter().collect();
        let told = list(&client, TOLD, |row| (row.get(0), row.get(1))).await?;
        self.told = told.into_iter().collect();
        self.dead = list(&client, DEAD, |row| row.get(0)).await?;
        Ok(())
    }
}

const STORED: &str = "SELECT m.id::text, i.account_id, COALESCE(m.provider_id, ''), m.text
    FROM messages m JOIN inboxes i ON i.id = m.inbox_id WHERE m.direction = 'in'";
const OUTGOING: &str = "SELECT text, delivery, failure ->> 'reason' FROM messages
    WHERE direction = 'out' AND agent_id IS NOT NULL";
const WORK_ITEMS: &str = "SELECT id::text, state FROM work_items";
const EVENTS: &str = "SELECT o.tenant_id::text, o.event_id::text, s.seq, o.kind, o.body
    FROM outbox o LEFT JOIN event_seqs s ON s.pos = o.pos AND s.logged_at = o.logged_at
    ORDER BY o.pos";
const LOADS: &str = "SELECT l.agent_id::text, l.load::bigint, l.capacity::bigint,
        (SELECT count(*) FROM work_items w
            WHERE w.agent_id = l.agent_id AND w.state IN ('offered', 'active', 'wrap_up'))
    FROM agent_loads l";
const LEAVES: &str = "SELECT tenant_id::text, count(*) FROM audit_leaves GROUP BY tenant_id";
const TOLD: &str =
    "SELECT concat_ws(':', kind, d ->> 'clock', d ->> 'started_by', d ->> 'step'), count(*)
    FROM (SELECT kind, body::jsonb -> 'data' AS d FROM outbox
        WHERE kind IN ('sla_warned', 'sla_breached', 'sla_stepped', 'sla_fulfilled')) o
    GROUP BY 1";
const DEAD: &str = "SELECT consumer || ': ' || reason FROM dead_letters";

fn logged(row: &Row) -> Logged {
    let body: String = row.get(4);
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    Logged {
        tenant: row.get(0),
        id: row.get(1),
        seq: row.get(2),
        kind: row.get(3),
        aggregate: body["aggregate"]["id"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        version: body["aggregate"]["version"].as_i64().unwrap_or_default(),
        data: body["data"].clone(),
    }
}

async fn list<T>(client: &Client, query: &str, read: impl Fn(&Row) -> T) -> Result<Vec<T>> {
    Ok(client.query(query, &[]).await?.iter().map(read).collect())
}
