//! An agent gives a contact another name; from then on the name is the agents', not their own.

use crate::link::{find, tell};
use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error};
use interdesk_domain::event::Event;
use interdesk_domain::id::ContactId;
use interdesk_domain::permission::Viewer;
use interdesk_store::Conn;
use interdesk_store::persons;
use serde::{Deserialize, Serialize};

/// Whom to call what.
#[derive(Debug, Clone, Serialize)]
pub struct Rename {
    /// Whom.
    pub contact: ContactId,
    /// The name.
    pub name: String,
}

/// What became of the wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum RenameOutcome {
    /// It is their name.
    Renamed {
        /// The contact's version.
        version: i64,
    },
    /// No such contact.
    NotFound,
    /// The key was used for something else.
    KeyReused,
}

/// Gives a contact another name.
pub async fn rename(
    desk: &Desk,
    viewer: &Viewer,
    new: &Rename,
    key: Option<&str>,
    context: &Context,
) -> Result<RenameOutcome, Error> {
    let wish = Wish::new(desk, viewer, key, context);
    wish.fulfil(new).await
}

impl Verb for Rename {
    type Outcome = RenameOutcome;
    const OPERATION: &'static str = "contact_rename";
    const KEY_REUSED: RenameOutcome = RenameOutcome::KeyReused;

    async fn act(
        &self,
        wish: &Wish<'_>,
        conn: &Conn,
    ) -> Result<RenameOutcome, Halt<RenameOutcome>> {
        let locked = persons::lock(conn, wish.scope(), &[self.contact]).await?;
        let Some(contact) = find(&locked, self.contact) else {
            return Err(Halt::Refused(RenameOutcome::NotFound));
        };
        persons::set_name(conn, wish.scope(), contact.id, &self.name).await?;
        let event = Event::ContactRenamed {
            contact: contact.id,
        };
        let version = tell(wish, conn, &contact, event).await?;
        Ok(RenameOutcome::Renamed { version })
    }
}
