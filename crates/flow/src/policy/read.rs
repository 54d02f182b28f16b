//! Documents as people write them: ids in their outside form, faults with a path.

use super::fault;
use interdesk_domain::condition::{Fault, Problem};
use interdesk_domain::id::*;
use interdesk_domain::policy::{Document, PolicyKind};
use serde_json::Value;
use uuid::Uuid;

/// The longest document, in bytes of JSON.
pub const MAX_BODY: usize = 256 * 1024;

/// Reads a document in the form of its kind and checks all that it says by itself about `subject`.
///
/// Ids may be written as `queue_01h…` or as plain UUIDs.
pub fn read(kind: PolicyKind, subject: Uuid, body: &Value) -> Result<Document, Vec<Fault>> {
    let length = body.to_string().len();
    if length > MAX_BODY {
        let mend = format!("the document has {length} bytes of JSON, {MAX_BODY} at most");
        return Err(vec![fault("", Problem::TooLarge, mend)]);
    }
    let body = inward(body, None);
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&body, &mut track);
    let document = Document::read(kind, tracked).map_err(|error: serde_json::Error| {
        let path = track.path().to_string();
        let path = if path == "." { "" } else { &path };
        vec![fault(path, Problem::Contradiction, error.to_string())]
    })?;
    match document.faults(subject) {
        faults if faults.is_empty() => Ok(document),
        faults => Err(faults),
    }
}

/// Writes a document with its ids in their outside form.
pub fn outward(body: &Value) -> Value {
    written(body, None)
}

/// Reads ids below the keys that hold them.
fn inward(value: &Value, key: Option<&str>) -> Value {
    match value {
        Value::String(text) => match key.and_then(|key| inside(key, text)) {
            Some(id) => Value::String(id.to_string()),
            None => value.clone(),
        },
        Value::Array(list) => list.iter().map(|one| inward(one, key)).collect(),
        Value::Object(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|(key, one)| (key.clone(), inward(one, Some(key))));
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

fn written(value: &Value, key: Option<&str>) -> Value {
    match value {
        Value::String(text) => match key.and_then(|key| outside(key, text)) {
            Some(id) => Value::String(id),
            None => value.clone(),
        },
        Value::Array(list) => list.iter().map(|one| written(one, key)).collect(),
        Value::Object(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|(key, one)| (key.clone(), written(one, Some(key))));
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

fn inside(key: &str, text: &str) -> Option<Uuid> {
    match key {
        "queue" | "overflow" => text.parse::<QueueId>().ok().map(Uuid::from),
        "preferred" | "assignee" => text.parse::<AgentId>().ok().map(Uuid::from),
        "team" => text.parse::<TeamId>().ok().map(Uuid::from),
        "inbox" => text.parse::<InboxId>().ok().map(Uuid::from),
        "schedule" => text.parse::<ScheduleId>().ok().map(Uuid::from),
        "id" => text.parse::<PolicyId>().ok().map(Uuid::from),
        _ => None,
    }
}

fn outside(key: &str, text: &str) -> Option<String> {
    let id: Uuid = text.parse().ok()?;
    match key {
        "queue" | "overflow" => Some(QueueId(id).to_string()),
        "preferred" | "assignee" => Some(AgentId(id).to_string()),
        "team" => Some(TeamId(id).to_string()),
        "inbox" => Some(InboxId(id).to_string()),
        "schedule" => Some(ScheduleId(id).to_string()),
        "id" => Some(PolicyId(id).to_string()),
        _ => None,
    }
}
