//! A contact is not the person that it was linked into, as an agent found.

use crate::link::{Reason, find};
use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error};
use interdesk_domain::event::Event;
use interdesk_domain::id::*;
use interdesk_domain::permission::Viewer;
use interdesk_domain::person::{self, Member};
use interdesk_store::persons::{self, Locked};
use interdesk_store::{Conn, merges};
use serde::{Deserialize, Serialize};

/// Which link was wrong, and why.
#[derive(Debug, Clone, Serialize)]
pub struct Unlink {
    /// The contact that was linked into another.
    pub contact: ContactId,
    /// How the agent knows.
    pub note: String,
    /// The message that shows it.
    pub message: Option<MessageId>,
}

/// What became of the wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum UnlinkOutcome {
    /// The contact stands for itself again, with all that were linked into it.
    Unlinked {
        /// Its version.
        version: i64,
        /// Whom it was linked into.
        from: ContactId,
    },
    /// No such contact.
    NotFound,
    /// No such message of theirs.
    MessageNotFound,
    /// The contact is linked into none.
    NotLinked,
    /// A conversation of theirs is merged with one of the rest of the person.
    Merged,
    /// The key was used for something else.
    KeyReused,
}

/// Undoes a link.
pub async fn unlink(
    desk: &Desk,
    viewer: &Viewer,
    undo: &Unlink,
    key: Option<&str>,
    context: &Context,
) -> Result<UnlinkOutcome, Error> {
    let wish = Wish::new(desk, viewer, key, context);
    wish.fulfil(undo).await
}

impl Verb for Unlink {
    type Outcome = UnlinkOutcome;
    const OPERATION: &'static str = "contact_unlink";
    const KEY_REUSED: UnlinkOutcome = UnlinkOutcome::KeyReused;

    async fn act(
        &self,
        wish: &Wish<'_>,
        conn: &Conn,
    ) -> Result<UnlinkOutcome, Halt<UnlinkOutcome>> {
        let refuse = |outcome| Err(Halt::Refused(outcome));
        let scope = wish.scope();
        let locked = persons::lock(conn, scope, &[self.contact]).await?;
        let Some(contact) = find(&locked, self.contact) else {
            return refuse(UnlinkOutcome::NotFound);
        };
        let members: Vec<Member> = locked.iter().map(Locked::member).collect();
        let changed = person::unlink(&members, contact.member());
        let (Some(changed), Some(from)) = (changed, contact.linked_into) else {
            return refuse(UnlinkOutcome::NotLinked);
        };
        let left: Vec<ContactId> = changed.iter().map(|member| member.contact).collect();
        let mut rest: Vec<ContactId> = members.iter().map(|member| member.contact).collect();
        rest.retain(|contact| !left.contains(contact));
        // Their words would go on to be shown, and answered, as somebody else's.
        if merges::joins(conn, scope, &left, &rest).await? {
            return refuse(UnlinkOutcome::Merged);
        }
        let note = wish.desk.id();
        let evidence = Reason {
            note,
            kind: "unlinked",
            text: &self.note,
            message: self.message,
        };
        if !evidence.is_theirs(wish, conn, &members).await? {
            return refuse(UnlinkOutcome::MessageNotFound);
        }
        persons::set_places(conn, scope, &changed).await?;
        persons::forget_states(conn, scope, &left, &rest).await?;
        let event = Event::ContactUnlinked {
            contact: self.contact,
            from,
            note,
            message: self.message,
        };
        let version = evidence.write(wish, conn, &contact, event).await?;
        Ok(UnlinkOutcome::Unlinked { version, from })
    }
}
