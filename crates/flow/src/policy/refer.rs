//! A policy names only what exists.

use super::{Hand, fault};
use crate::Error;
use interdesk_domain::condition::{Fault, Problem};
use interdesk_domain::id::*;
use interdesk_domain::policy::{Document, Names};
use interdesk_store::references::{self, Missing};

impl Hand<'_> {
    /// Lists what a document names and does not exist.
    pub(super) async fn missing(&self, document: &Document) -> Result<Vec<Fault>, Error> {
        let names = Names::of(document);
        let missing = references::list_missing(self.conn, self.scope, &names).await?;
        Ok(missing.iter().map(|one| describe(&names, one)).collect())
    }
}

fn describe(names: &Names, missing: &Missing) -> Fault {
    let kind = missing.kind.as_str();
    let path = match (kind, missing.id, &missing.name) {
        ("queue", Some(id), _) => names.queues.get(&QueueId(id)),
        ("agent", Some(id), _) => names.agents.get(&AgentId(id)),
        ("team", Some(id), _) => names.teams.get(&TeamId(id)),
        ("inbox", Some(id), _) => names.inboxes.get(&InboxId(id)),
        ("schedule", Some(id), _) => names.schedules.get(&ScheduleId(id)),
        ("schedule", _, Some(name)) => names.schedule_names.get(name),
        ("skill", _, Some(name)) => names.skills.get(name),
        _ => None,
    };
    let mend = match (kind, &missing.name) {
        ("skill", Some(name)) => {
            format!("nobody has the skill {name:?}; give it to somebody first, or name another")
        }
        (_, Some(name)) => format!("there is no {kind} {name:?}; name one that exists"),
        _ => format!("there is no such {kind}; name one that exists"),
    };
    let path = path.map_or("", String::as_str);
    fault(path, Problem::Unknown, mend)
}
