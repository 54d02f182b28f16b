//! Which files an inbox keeps, where it is not what the settings say.

use super::{Answer, Hand, Missing, SetupOutcome, fault, missing, none, refuse};
use interdesk_domain::condition::{Fault, Problem};
use interdesk_domain::event::Event;
use interdesk_domain::id::InboxId;
use interdesk_domain::permission::Permission;
use interdesk_store::attachments::{self, FileRules};
use serde::Serialize;

/// The most types that an inbox may list.
const MOST_TYPES: usize = 100;

/// What an inbox keeps from now on; files that it has already stay.
#[derive(Debug, Clone, Serialize)]
pub struct InboxFiles {
    /// Which.
    pub inbox: InboxId,
    /// The largest file in bytes; without it what the settings say.
    pub max_bytes: Option<i64>,
    /// The types, `image/*` for a family; without them all but those that the settings refuse.
    pub types: Option<Vec<String>>,
}

impl InboxFiles {
    pub(super) async fn apply(&self, hand: &Hand<'_>) -> Answer {
        hand.needs(Permission::WorkspaceConfigure)?;
        none(self.faults())?;
        let (conn, scope, inbox) = (hand.conn, hand.wish.scope(), self.inbox);
        let Some(before) = attachments::find_rules(conn, scope, inbox).await? else {
            return Err(missing(Missing::Inbox));
        };
        let lower = |types: &Vec<String>| types.iter().map(|one| one.to_lowercase()).collect();
        let rules = FileRules {
            max_file_bytes: self.max_bytes,
            file_types: self.types.as_ref().map(lower),
        };
        let id = inbox.0;
        let same = (before.max_file_bytes, &before.file_types)
            == (rules.max_file_bytes, &rules.file_types);
        if same {
            return refuse(SetupOutcome::Unchanged { id });
        }
        attachments::set_rules(conn, scope, inbox, &rules).await?;
        hand.tell(Event::InboxFilesChanged {
            inbox,
            max_bytes: rules.max_file_bytes,
            types: rules.file_types,
        })
        .await?;
        Ok(SetupOutcome::Changed { id })
    }

    fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.max_bytes.is_some_and(|most| most < 1) {
            let mend = "give a number of bytes, or null for what the settings say";
            faults.push(fault("maxBytes", Problem::NothingWithin, mend));
        }
        let Some(types) = &self.types else {
            return faults;
        };
        match types.len() {
            0 => {
                let mend = "name types, or null for all but those that the settings refuse";
                faults.push(fault("types", Problem::Empty, mend));
            }
            1..=MOST_TYPES => {}
            _ => faults.push(fault("types", Problem::TooLarge, "use at most 100")),
        }
        for (place, one) in types.iter().take(MOST_TYPES).enumerate() {
            if !is_type(one) {
                let mend = "write type and subtype, such as image/png, or image/* for all images";
                faults.push(fault(&format!("types[{place}]"), Problem::Unknown, mend));
            }
        }
        faults
    }
}

/// Tells whether a text names a type or a family of types (RFC 6838).
fn is_type(text: &str) -> bool {
    let name = |part: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c);
        (1..=127).contains(&part.len()) && part.chars().all(fits)
    };
    let Some((family, kind)) = text.split_once('/') else {
        return false;
    };
    name(family) && (kind == "*" || name(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_families_are_told_from_other_words() {
        for yes in [
            "image/png",
            "image/*",
            "application/vnd.ms-excel",
            "IMAGE/PNG",
        ] {
            assert!(is_type(yes), "{yes}");
        }
        for no in [
            "",
            "image",
            "image/",
            "/png",
            "*/*",
            "image/p*",
            "a b/c",
            "image/png/x",
        ] {
            assert!(!is_type(no), "{no}");
        }
    }

    #[test]
    fn each_fault_names_its_place() {
        let inbox = InboxId(uuid::Uuid::from_u128(1));
        let of = |max_bytes, types: Option<&[&str]>| {
            let types = types.map(|all| all.iter().map(|one| (*one).to_owned()).collect());
            let files = InboxFiles {
                inbox,
                max_bytes,
                types,
            };
            let faults = files.faults().into_iter();
            faults.map(|one| one.path).collect::<Vec<_>>()
        };
        assert!(of(None, None).is_empty());
        assert!(of(Some(1), Some(&["image/*"])).is_empty());
        assert_eq!(of(Some(0), Some(&[])), ["maxBytes", "types"]);
        assert_eq!(of(None, Some(&["image/png", "png"])), ["types[1]"]);
    }
}
