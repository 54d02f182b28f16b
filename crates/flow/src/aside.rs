//! What agents keep beside a conversation: tags, notes for colleagues, drafts and views.
//!
//! Nothing of it reaches a customer: notes lie in a table of their own, which nothing that speaks to
//! channels knows. Whoever sees a conversation may mark it and write notes there; what is not seen is
//! not found.

mod draft;
mod mark;
mod note;
mod tag;
mod view;

pub use draft::DraftSave;
pub use mark::Mark;
pub use note::{NoteDelete, NoteWrite};
pub use tag::{TagRetire, TagSave};
pub use view::{ViewRetire, ViewSave};

use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error};
use interdesk_domain::condition::Fault;
use interdesk_domain::id::ConversationId;
use interdesk_domain::permission::Viewer;
use interdesk_store::conversations::{self, Conversation};
use interdesk_store::{Conn, access, sight};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What may be wished for beside conversations.
#[derive(Debug, Clone, Serialize)]
pub enum AsideWish {
    /// To put tags on a conversation, or to take them off.
    Mark(Mark),
    /// To write a note.
    NoteWrite(NoteWrite),
    /// To take a note back.
    NoteDelete(NoteDelete),
    /// To keep what one began to write.
    DraftSave(DraftSave),
    /// To have a tag.
    TagSave(TagSave),
    /// To offer a tag no more.
    TagRetire(TagRetire),
    /// To keep a view.
    ViewSave(ViewSave),
    /// To give a view up.
    ViewRetire(ViewRetire),
}

/// What became of the wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum AsideOutcome {
    /// It is so now.
    Done {
        /// What was written or changed.
        id: Uuid,
        /// Its version, or that of its conversation.
        version: i64,
    },
    /// It may not be.
    Refused {
        /// Why.
        reason: AsideRefusal,
    },
    /// It cannot be so; every fault has its mend.
    Invalid {
        /// What is wrong, never empty.
        faults: Vec<Fault>,
    },
    /// The key was used for something else.
    KeyReused,
}

/// Why a wish may not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AsideRefusal {
    /// No such conversation, note, tag or view for the viewer.
    NotFound,
    /// A tag that the workspace does not offer.
    TagUnknown,
    /// An agent who is called in does not exist, or may not sign in any more.
    AgentNotFound,
    /// It is what was wished for already.
    Unchanged,
    /// Somebody else wrote it.
    NotYours,
    /// What is shared is shared by those who may share.
    NotAllowed,
    /// It was changed since the viewer looked.
    Stale,
}

/// Does what is wished for beside conversations.
pub async fn change(
    desk: &Desk,
    viewer: &Viewer,
    wish: &AsideWish,
    key: Option<&str>,
    context: &Context,
) -> Result<AsideOutcome, Error> {
    Wish::new(desk, viewer, key, context).fulfil(wish).await
}

pub(crate) type Answer = Result<AsideOutcome, Halt<AsideOutcome>>;

impl Verb for AsideWish {
    type Outcome = AsideOutcome;
    const OPERATION: &'static str = "aside";
    const KEY_REUSED: AsideOutcome = AsideOutcome::KeyReused;

    async fn act(&self, wish: &Wish<'_>, conn: &Conn) -> Answer {
        match self {
            Self::Mark(mark) => mark.apply(wish, conn).await,
            Self::NoteWrite(write) => write.apply(wish, conn).await,
            Self::NoteDelete(delete) => delete.apply(wish, conn).await,
            Self::DraftSave(save) => save.apply(wish, conn).await,
            Self::TagSave(save) => save.apply(wish, conn).await,
            Self::TagRetire(retire) => retire.apply(wish, conn).await,
            Self::ViewSave(save) => save.apply(wish, conn).await,
            Self::ViewRetire(retire) => retire.apply(wish, conn).await,
        }
    }
}

fn refuse<T>(reason: AsideRefusal) -> Result<T, Halt<AsideOutcome>> {
    Err(Halt::Refused(AsideOutcome::Refused { reason }))
}

fn done(id: Uuid, version: i64) -> Answer {
    Ok(AsideOutcome::Done { id, version })
}

/// Refuses faults, where there are any.
fn none(faults: Vec<Fault>) -> Result<(), Halt<AsideOutcome>> {
    match faults.is_empty() {
        true => Ok(()),
        false => Err(Halt::Refused(AsideOutcome::Invalid { faults })),
    }
}

/// Locks a conversation that the viewer sees.
async fn seen(
    wish: &Wish<'_>,
    conn: &Conn,
    id: ConversationId,
) -> Result<Conversation, Halt<AsideOutcome>> {
    let found = conversations::lock(conn, wish.scope(), id).await?;
    match found {
        Some(found) if is_seen(wish, conn, id).await? => Ok(found),
        _ => refuse(AsideRefusal::NotFound),
    }
}

/// Tells whether the viewer sees a conversation.
async fn is_seen(wish: &Wish<'_>, conn: &Conn, id: ConversationId) -> Result<bool, Error> {
    let scope = wish.scope();
    let Some(access) = access::find_of(conn, scope, wish.viewer.agent).await? else {
        return Ok(false);
    };
    let seen = sight::filter(conn, scope, &access.sight, &[id]).await?;
    Ok(seen.contains(&id))
}
