//! What agents keep beside a conversation: tags, notes and drafts.

use super::{Agent, Conversation, Nullable, object};
use crate::loaders::{self, NotesIn, NotesShownIn};
use crate::page::{PageArguments, PageInfo, cut};
use crate::viewer::{desk, outside, viewer};
use crate::{Cursor, Error, Long};
use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_domain::id::{AgentId, ConversationId};
use interdesk_store::aside as rows;
use interdesk_store::read::shown::Spot;

object! {
    /// A word by which agents mark conversations.
    Tag(rows::Tag)
}

/// A word by which agents mark conversations.
#[Object]
impl Tag {
    /// Names the tag.
    async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// The word itself; conversations and conditions hold it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it is for.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// The colour to show it in, as `#rrggbb`; null where any will do.
    async fn color(&self) -> Option<&str> {
        self.0.color.as_deref()
    }

    /// Since when it is not offered any more; null while it is.
    async fn retired_at(&self) -> Option<DateTime<Utc>> {
        self.0.retired_at
    }
}

object! {
    /// What an agent wrote down in a conversation for colleagues.
    Note(rows::Note)
}

/// What an agent wrote down in a conversation for colleagues; it never reaches a customer.
#[Object]
impl Note {
    /// Names the note.
    pub(crate) async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// The conversation.
    async fn conversation(&self, context: &Context<'_>) -> Nullable<Conversation> {
        loaders::one(context, self.0.conversation_id).await
    }

    /// Who wrote it.
    async fn author(&self, context: &Context<'_>) -> Nullable<Agent> {
        loaders::one(context, self.0.agent_id).await
    }

    /// The words; empty once it was taken back.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// Who is called in by it.
    #[graphql(directive = crate::cost::list_size::apply(3, None, None))]
    async fn mentions(&self, context: &Context<'_>) -> Nullable<Vec<Agent>> {
        let mut called = Vec::new();
        for id in &self.0.mentions {
            match loaders::one::<Agent, _, _>(context, AgentId(*id)).await {
                Some(Ok(agent)) => called.push(agent),
                Some(Err(error)) => return Some(Err(error)),
                None => {}
            }
        }
        Some(Ok(called))
    }

    /// Its place among the messages: they are in one order, by the version of the conversation.
    async fn version(&self) -> Long {
        self.0.version.into()
    }

    /// When it was written.
    async fn written_at(&self) -> DateTime<Utc> {
        self.0.written_at
    }

    /// When it was taken back; null where it was not.
    async fn deleted_at(&self) -> Option<DateTime<Utc>> {
        self.0.deleted_at
    }
}

/// A page of notes, oldest first.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct NoteConnection {
    /// The notes with their places.
    edges: Vec<NoteEdge>,
    /// The notes alone.
    nodes: Vec<Note>,
    /// What lies around the page.
    page_info: PageInfo,
}

/// A note and its place.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct NoteEdge {
    /// The place.
    cursor: Cursor,
    /// The note.
    node: Note,
}

impl NoteConnection {
    /// Loads a page of a conversation's notes.
    pub(crate) async fn load(
        context: &Context<'_>,
        (conversation, has_merged): (ConversationId, bool),
        arguments: &PageArguments,
    ) -> Result<Self, Error> {
        // A note's place is one among the messages, so either list takes the other's cursors.
        let place = |note: &rows::Note| {
            let of = note.conversation_id;
            let (version, of) = (note.version, (of != conversation).then_some(of));
            Cursor::of_shown(Spot { version, of })
        };
        let (found, page_info) = if has_merged {
            let window = arguments.window(Cursor::shown)?;
            let found = loaders::all(context, NotesShownIn(conversation, window)).await?;
            cut(found, &window, place)
        } else {
            let window = arguments.window(Cursor::message)?;
            let found = loaders::all(context, NotesIn(conversation, window)).await?;
            cut(found, &window, place)
        };
        let nodes: Vec<Note> = found.into_iter().map(Note).collect();
        let edges = nodes.iter().map(|node| NoteEdge {
            cursor: place(&node.0),
            node: node.clone(),
        });
        Ok(Self {
            edges: edges.collect(),
            nodes: nodes.clone(),
            page_info,
        })
    }
}

object! {
    /// What the viewer began to write in a conversation.
    Draft(rows::Draft)
}

/// What the viewer began to write in a conversation; nobody else sees it.
#[Object]
impl Draft {
    /// The conversation.
    async fn conversation(&self, context: &Context<'_>) -> Nullable<Conversation> {
        loaders::one(context, self.0.conversation_id).await
    }

    /// The words so far.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// Counts the changes; give it back as `expectedVersion` so as not to write over another device.
    async fn version(&self) -> Long {
        self.0.version.into()
    }

    /// When it was changed last.
    async fn changed_at(&self) -> DateTime<Utc> {
        self.0.changed_at
    }
}

/// Lists the tags that the workspace offers.
pub(crate) async fn tags(context: &Context<'_>) -> Result<Vec<Tag>, Error> {
    let scope = viewer(context)?.scope();
    let found = desk(context)?
        .database
        .read(scope, async |conn| rows::list_tags(conn, scope).await)
        .await?;
    Ok(found.into_iter().map(Tag).collect())
}

/// Finds a tag by its word.
pub(crate) async fn tag(context: &Context<'_>, name: &str) -> Result<Option<Tag>, Error> {
    let scope = viewer(context)?.scope();
    let found = desk(context)?
        .database
        .read(scope, async |conn| {
            rows::find_tags(conn, scope, &[name.to_owned()]).await
        })
        .await?;
    Ok(found.into_iter().next().map(Tag))
}

/// Lists what the viewer began to write, the latest first.
pub(crate) async fn drafts(context: &Context<'_>, first: Option<i32>) -> Result<Vec<Draft>, Error> {
    let viewer = viewer(context)?;
    let most = i64::from(first.unwrap_or(25).clamp(0, 100));
    let scope = viewer.scope();
    let found = desk(context)?
        .database
        .read(scope, async |conn| {
            rows::list_drafts(conn, scope, viewer.agent, most).await
        })
        .await?;
    Ok(found.into_iter().map(Draft).collect())
}
