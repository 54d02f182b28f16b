//! The envelope: entries, changes, and what each field of a change holds.

use super::message::{Direction, Source};
use super::people::{self, People};
use super::{account, address_book, call, group, message, status};
use crate::ParseError;
use crate::json::{self, Fields};
use chrono::{DateTime, Utc};
use interdesk_domain::message::{Update, UpdateKind};
use serde_json::value::RawValue;

/// Translates a webhook body; a batch of any size in one pass per level.
pub(super) fn parse(body: &[u8]) -> Result<Vec<Update>, ParseError> {
    json::read(body, |_, root| {
        let entries = root
            .get("entry")
            .filter(|raw| raw.get().starts_with('['))
            .ok_or_else(|| ParseError::Unreadable("there is no list named entry".to_owned()))?;
        let mut updates = Vec::new();
        for raw in json::items(entries) {
            let entry = Fields::read(raw).unwrap_or_default();
            let changes = entry.list("changes");
            if changes.is_empty() {
                updates.push(other(None, None, "entry", raw));
            }
            for raw in changes {
                let business = entry.id("id");
                change(
                    raw,
                    business.as_deref(),
                    entry.seconds("time"),
                    &mut updates,
                );
            }
        }
        Ok(updates)
    })
}

fn change(
    raw: &RawValue,
    business: Option<&str>,
    time: Option<DateTime<Utc>>,
    updates: &mut Vec<Update>,
) {
    let change = Fields::read(raw).unwrap_or_default();
    let field = change.id("field").unwrap_or_else(|| "change".to_owned());
    let value = change.object("value").unwrap_or_default();
    let metadata = value.object("metadata").unwrap_or_default();
    let account = metadata.id("phone_number_id");

    let before = updates.len();
    let mut page = Page {
        account: account.clone(),
        own_phone: metadata.id("display_phone_number").map(people::digits),
        people: People::read(&value),
        errors: value.list("errors"),
        updates,
    };
    match field.as_str() {
        "messages" => page.messages(&value),
        "calls" => page.calls(&value),
        "smb_message_echoes" => page.echoes(&value),
        "history" => page.history(&value),
        "user_preferences" => page.preferences(&value),
        "user_id_update" => page.user_ids(&value),
        "smb_app_state_sync" => {
            let entries = value.list("state_sync");
            entries
                .into_iter()
                .for_each(|raw| address_book::read(&mut page, raw));
        }
        "group_lifecycle_update"
        | "group_participants_update"
        | "group_settings_update"
        | "group_status_update" => {
            let groups = value.list("groups");
            groups
                .into_iter()
                .for_each(|raw| group::read(&mut page, &field, raw));
        }
        field => {
            let told = account::read(field, &value, business, raw);
            told.into_iter().for_each(|kind| page.push(time, kind));
        }
    }
    // Whatever nobody understood is kept whole.
    if updates.len() == before {
        updates.push(other(account, time, &field, raw));
    }
}

/// One change while it is read.
pub(super) struct Page<'a, 'u> {
    pub(super) account: Option<String>,
    pub(super) own_phone: Option<String>,
    pub(super) people: People,
    pub(super) errors: Vec<&'a RawValue>,
    updates: &'u mut Vec<Update>,
}

impl<'a> Page<'a, '_> {
    pub(super) fn push(&mut self, at: Option<DateTime<Utc>>, kind: UpdateKind) {
        let account = self.account.clone();
        self.updates.push(Update { account, at, kind });
    }

    fn messages(&mut self, value: &Fields<'a>) {
        let messages = value.list("messages");
        let direction = match messages.len() {
            1 => Direction::InAlone,
            _ => Direction::In,
        };
        for raw in messages {
            message::read(self, Source { raw, direction });
        }
        for raw in value.list("statuses") {
            status::read(self, raw);
        }
        for raw in self.errors.clone() {
            self.keep(None, "errors", raw);
        }
    }

    fn calls(&mut self, value: &Fields<'a>) {
        for raw in value.list("calls") {
            call::read(self, raw);
        }
    }

    fn echoes(&mut self, value: &Fields<'a>) {
        for raw in value.list("message_echoes") {
            let direction = Direction::Out { thread: None };
            message::read(self, Source { raw, direction });
        }
    }

    fn history(&mut self, value: &Fields<'a>) {
        for raw in value.list("messages") {
            let direction = Direction::Past { thread: None };
            message::read(self, Source { raw, direction });
        }
        for raw in value.list("history") {
            let chunk = Fields::read(raw).unwrap_or_default();
            let threads = chunk.objects("threads");
            if threads.is_empty() {
                self.keep(None, "history", raw);
            }
            for thread in threads {
                let customer = thread.id("id").map(people::digits);
                for raw in thread.list("messages") {
                    let thread = customer.as_deref();
                    message::read(
                        self,
                        Source {
                            raw,
                            direction: Direction::Past { thread },
                        },
                    );
                }
            }
        }
    }

    fn preferences(&mut self, value: &Fields<'a>) {
        for raw in value.list("user_preferences") {
            let preference = Fields::read(raw).unwrap_or_default();
            let at = preference.seconds("timestamp");
            let who = people::bsuid(preference.id("user_id"))
                .or_else(|| people::phone(preference.id("wa_id")));
            let allowed = match preference.text("value").as_deref() {
                Some("resume") => Some(true),
                Some("stop") => Some(false),
                _ => None,
            };
            match (who, allowed) {
                (Some(who), Some(allowed)) => {
                    // The only kind there is, unless Meta says another.
                    let detail = preference.text("category").unwrap_or_default();
                    let marketing = matches!(detail.as_str(), "" | "marketing_messages");
                    self.push(
                        at,
                        UpdateKind::Consent {
                            who,
                            allowed,
                            marketing,
                            detail,
                        },
                    );
                }
                _ => self.keep(at, "user_preferences", raw),
            }
        }
    }

    fn user_ids(&mut self, value: &Fields<'a>) {
        for raw in value.list("user_id_update") {
            let update = Fields::read(raw).unwrap_or_default();
            let at = update.seconds("timestamp");
            let ids = update.object("user_id").unwrap_or_default();
            let from = people::bsuid(ids.id("previous"));
            let known = people::phone(update.id("wa_id"));
            match (from, people::bsuid(ids.id("current")), known) {
                (None, Some(also), Some(known)) => {
                    self.push(at, UpdateKind::AddressAdded { known, also });
                }
                (Some(from), Some(to), _) => {
                    self.push(at, UpdateKind::AddressChanged { from, to });
                }
                _ => self.keep(at, "user_id_update", raw),
            }
        }
    }

    /// Keeps a part as it came.
    pub(super) fn keep(&mut self, at: Option<DateTime<Utc>>, kind: &str, raw: &RawValue) {
        self.updates
            .push(other(self.account.clone(), at, kind, raw));
    }
}

fn other(account: Option<String>, at: Option<DateTime<Utc>>, kind: &str, raw: &RawValue) -> Update {
    let (kind, raw) = (kind.to_owned(), raw.get().to_owned());
    let kind = UpdateKind::Other { kind, raw };
    Update { account, at, kind }
}
