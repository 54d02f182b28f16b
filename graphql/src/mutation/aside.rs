//! Tags, notes, drafts and views: what agents keep beside a conversation.

use super::{Refusal, key};
use crate::access::requires;
use crate::types::{Conversation, Draft, InputFault, Note, Nullable, Permission, Tag, View};
use crate::viewer::{desk, parse, request, viewer};
use crate::{Error, Long, loaders, types};
use async_graphql::{Context, Enum, ID, InputObject, Json, Object, SimpleObject};
use interdesk_domain::id::*;
use interdesk_domain::message::storable;
use interdesk_flow::aside::{
    self, AsideOutcome, AsideRefusal as Reason, AsideWish, DraftSave, Mark, NoteDelete, NoteWrite,
    TagRetire, TagSave, ViewRetire, ViewSave,
};
use serde_json::Value;

/// The longest note, and the longest draft.
const LONGEST: usize = 20_000;

/// How many tags and agents one input names at most.
const MOST: usize = 50;

#[derive(Default)]
pub(super) struct AsideMutation;

#[Object]
impl AsideMutation {
    /// Puts tags on a conversation.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn conversation_tag(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which conversation, and which tags.")] input: ConversationTagInput,
    ) -> Nullable<ConversationTagPayload> {
        Some(mark(context, input, true).await)
    }

    /// Takes tags off a conversation.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn conversation_untag(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which conversation, and which tags.")] input: ConversationTagInput,
    ) -> Nullable<ConversationTagPayload> {
        Some(mark(context, input, false).await)
    }

    /// Writes a note for colleagues in a conversation, and calls some of them in. It never reaches the
    /// customer.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn note_write(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "In which conversation, and what.")] input: NoteWriteInput,
    ) -> Nullable<NotePayload> {
        Some(write_note(context, input).await)
    }

    /// Takes a note back: its words are gone, that it was there remains.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn note_delete(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which note.")] input: NoteDeleteInput,
    ) -> Nullable<NotePayload> {
        Some(delete_note(context, &input.note_id).await)
    }

    /// Keeps what the viewer began to write, for whichever device they go on at; no words throw it
    /// away, and so does sending a reply.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn draft_save(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "In which conversation, and what.")] input: DraftSaveInput,
    ) -> Nullable<DraftPayload> {
        Some(save_draft(context, input).await)
    }

    /// Offers a tag, or describes it otherwise; one that was retired is offered again.
    #[graphql(directive = requires::apply(Some(Permission::TagsManage)))]
    async fn tag_save(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which tag.")] input: TagSaveInput,
    ) -> Nullable<TagPayload> {
        let save = TagSave {
            name: storable(&input.name).into_owned(),
            description: storable(&input.description.unwrap_or_default()).into_owned(),
            color: input.color,
        };
        Some(change_tag(context, AsideWish::TagSave(save)).await)
    }

    /// Offers a tag no more; conversations keep it.
    #[graphql(directive = requires::apply(Some(Permission::TagsManage)))]
    async fn tag_retire(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which tag.")] input: TagRetireInput,
    ) -> Nullable<TagPayload> {
        let name = storable(&input.name).into_owned();
        Some(change_tag(context, AsideWish::TagRetire(TagRetire { name })).await)
    }

    /// Keeps a view, or changes it. To share one needs the permission `VIEWS_SHARE`.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsRead)))]
    async fn view_save(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which view, and what is in it.")] input: ViewSaveInput,
    ) -> Nullable<ViewPayload> {
        Some(save_view(context, input).await)
    }

    /// Gives a view up.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsRead)))]
    async fn view_retire(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which view.")] input: ViewRetireInput,
    ) -> Nullable<ViewPayload> {
        Some(retire_view(context, &input.view_id).await)
    }
}

/// Which conversation, and which tags.
#[derive(InputObject)]
struct ConversationTagInput {
    /// Which.
    conversation_id: ID,
    /// The tags, 50 at most; the workspace offers those that are put on.
    tags: Vec<String>,
}

/// A note for colleagues.
#[derive(InputObject)]
struct NoteWriteInput {
    /// In which conversation.
    conversation_id: ID,
    /// The words, in 20,000 characters at most.
    text: String,
    /// The agents who are called in, 50 at most.
    mention_ids: Option<Vec<ID>>,
}

/// Which note is taken back.
#[derive(InputObject)]
struct NoteDeleteInput {
    /// Which.
    note_id: ID,
}

/// What the viewer began to write.
#[derive(InputObject)]
struct DraftSaveInput {
    /// In which conversation.
    conversation_id: ID,
    /// The words so far, in 20,000 characters at most.
    text: String,
    /// The version of the draft that the writer had before them; where another device wrote since, it
    /// is refused. Without it whatever is there is replaced.
    expected_version: Option<Long>,
}

/// A word by which agents mark conversations.
#[derive(InputObject)]
struct TagSaveInput {
    /// The word, in 50 characters at most.
    name: String,
    /// What it is for.
    description: Option<String>,
    /// The colour to show it in, as `#rrggbb`.
    color: Option<String>,
}

/// Which tag is offered no more.
#[derive(InputObject)]
struct TagRetireInput {
    /// The word.
    name: String,
}

/// A view.
#[derive(InputObject)]
struct ViewSaveInput {
    /// Which; a new one without it.
    view_id: Option<ID>,
    /// What it is called.
    name: String,
    /// What its conversations have in common, in the form of docs/schemas/condition.schema.json.
    condition: Json<Value>,
    /// Whether everybody has it.
    #[graphql(default)]
    shared: bool,
    /// The version of the view that is changed; if it is at another one by now, it is refused.
    expected_version: Option<i32>,
}

/// Which view is given up.
#[derive(InputObject)]
struct ViewRetireInput {
    /// Which.
    view_id: ID,
}

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum AsideStatus {
    /// It is so now.
    Changed,
    /// It was so already.
    Unchanged,
    /// Something that is named does not exist for the viewer.
    NotFound,
    /// The role of the viewer does not allow it, or it is somebody else's.
    NotAllowed,
    /// It cannot be so; `faults` say why.
    Invalid,
    /// It was changed meanwhile.
    Stale,
    /// The key was used for something else.
    KeyReused,
}

macro_rules! payload {
    ($(#[$doc:meta])* $name:ident { $(#[$of:meta])* $field:ident: $object:ty }) => {
        $(#[$doc])*
        #[derive(SimpleObject)]
        struct $name {
            /// What became of it.
            status: AsideStatus,
            /// Why it was refused; null where it was not.
            refusal: Option<Refusal>,
            /// Everything that has to be mended before it is taken.
            faults: Vec<InputFault>,
            $(#[$of])*
            $field: Nullable<$object>,
            /// The version after it: of the conversation for tags and notes, else of the thing itself.
            version: Option<Long>,
        }

        impl $name {
            fn of(told: Told, $field: Nullable<$object>) -> Self {
                Self {
                    status: told.status,
                    refusal: told.refusal,
                    faults: told.faults,
                    $field,
                    version: told.version,
                }
            }
        }
    };
}

payload! {
    /// What became of the tags of a conversation.
    ConversationTagPayload {
        /// The conversation as it is now; null where there is none.
        conversation: Conversation
    }
}
payload! {
    /// What became of a note.
    NotePayload {
        /// The note as it is now; null where there is none.
        note: Note
    }
}
payload! {
    /// What became of a draft.
    DraftPayload {
        /// The draft as it is now; null where there is none.
        draft: Draft
    }
}
payload! {
    /// What became of a tag.
    TagPayload {
        /// The tag as it is now; null where there is none.
        tag: Tag
    }
}
payload! {
    /// What became of a view.
    ViewPayload {
        /// The view as it is now; null where it is gone.
        view: View
    }
}

/// What is told about a change, beside the object itself.
struct Told {
    status: AsideStatus,
    refusal: Option<Refusal>,
    faults: Vec<InputFault>,
    id: Option<uuid::Uuid>,
    version: Option<Long>,
}

/// Wishes for a change; `None` where an id names nothing that could exist.
async fn wish(
    context: &Context<'_>,
    wish: Option<AsideWish>,
    argument: &'static str,
) -> Result<Told, Error> {
    let (viewer, key) = (viewer(context)?, key(context)?);
    let request = request(context, viewer);
    let outcome = match wish {
        None => AsideOutcome::Refused {
            reason: Reason::NotFound,
        },
        Some(wish) => {
            aside::change(desk(context)?, viewer, &wish, key.as_deref(), &request).await?
        }
    };
    Ok(tell(outcome, argument))
}

fn tell(outcome: AsideOutcome, argument: &'static str) -> Told {
    let mut told = Told {
        status: AsideStatus::Changed,
        refusal: None,
        faults: Vec::new(),
        id: None,
        version: None,
    };
    match outcome {
        AsideOutcome::Done { id, version } => {
            (told.id, told.version) = (Some(id), Some(version.into()));
        }
        AsideOutcome::Refused { reason } => {
            (told.status, told.refusal) = refused(reason, argument);
        }
        AsideOutcome::Invalid { faults } => {
            let text = faults.first().map(ToString::to_string).unwrap_or_default();
            told.status = AsideStatus::Invalid;
            told.refusal = Refusal::of("SETUP_INVALID", text);
            told.faults = faults.into_iter().map(InputFault::from).collect();
        }
        AsideOutcome::KeyReused => {
            told.status = AsideStatus::KeyReused;
            told.refusal = Refusal::key_reused();
        }
    }
    told
}

fn refused(reason: Reason, argument: &'static str) -> (AsideStatus, Option<Refusal>) {
    let not_found = |argument, what| (AsideStatus::NotFound, Refusal::not_found(argument, what));
    match reason {
        Reason::NotFound => not_found(argument, "thing for you"),
        Reason::TagUnknown => not_found("tags", "tag on offer"),
        Reason::AgentNotFound => not_found("mentionIds", "agent"),
        Reason::Unchanged => (AsideStatus::Unchanged, None),
        Reason::NotYours => {
            let text = "somebody else wrote it";
            (
                AsideStatus::NotAllowed,
                Refusal::at(argument, "NOT_YOURS", text),
            )
        }
        Reason::NotAllowed => {
            let text = "to share views needs the permission VIEWS_SHARE";
            (
                AsideStatus::NotAllowed,
                Refusal::at("shared", "NOT_ALLOWED", text),
            )
        }
        Reason::Stale => {
            let text = "it was changed since you looked, look at it first";
            let refusal = Refusal::at("expectedVersion", "STALE_VERSION", text);
            (AsideStatus::Stale, refusal)
        }
    }
}

async fn mark(
    context: &Context<'_>,
    input: ConversationTagInput,
    put_on: bool,
) -> Result<ConversationTagPayload, Error> {
    at_most("tags", input.tags.len())?;
    let id: Option<ConversationId> = parse(&input.conversation_id);
    let tags: Vec<String> = input
        .tags
        .iter()
        .map(|tag| storable(tag.trim()).into_owned())
        .collect();
    let (put_on, take_off) = match put_on {
        true => (tags, Vec::new()),
        false => (Vec::new(), tags),
    };
    let mark = id.map(|conversation| {
        AsideWish::Mark(Mark {
            conversation,
            put_on,
            take_off,
        })
    });
    let told = wish(context, mark, "conversationId").await?;
    let shown = match id {
        Some(id) => loaders::one(context, id).await,
        None => None,
    };
    Ok(ConversationTagPayload::of(told, shown))
}

async fn write_note(context: &Context<'_>, input: NoteWriteInput) -> Result<NotePayload, Error> {
    let text = words(&input.text)?;
    if text.is_empty() {
        return Err(Error::BadInput("input.text must not be empty".to_owned()));
    }
    let mentions = input.mention_ids.unwrap_or_default();
    at_most("mentionIds", mentions.len())?;
    let conversation = parse(&input.conversation_id);
    let called: Option<Vec<AgentId>> = mentions.iter().map(parse).collect();
    let told = match (conversation, called) {
        (Some(conversation), Some(mentions)) => {
            let write = NoteWrite {
                conversation,
                text,
                mentions,
            };
            wish(context, Some(AsideWish::NoteWrite(write)), "conversationId").await?
        }
        (None, _) => wish(context, None, "conversationId").await?,
        (_, None) => wish(context, None, "mentionIds").await?,
    };
    let shown = note(context, told.id.map(NoteId)).await;
    Ok(NotePayload::of(told, shown))
}

async fn delete_note(context: &Context<'_>, id: &ID) -> Result<NotePayload, Error> {
    let id: Option<NoteId> = parse(id);
    let delete = id.map(|note| AsideWish::NoteDelete(NoteDelete { note }));
    let told = wish(context, delete, "noteId").await?;
    let shown = note(context, id).await;
    Ok(NotePayload::of(told, shown))
}

async fn note(context: &Context<'_>, id: Option<NoteId>) -> Nullable<Note> {
    loaders::one(context, id?).await
}

async fn save_draft(context: &Context<'_>, input: DraftSaveInput) -> Result<DraftPayload, Error> {
    let text = words(&input.text)?;
    let id: Option<ConversationId> = parse(&input.conversation_id);
    let expected = input.expected_version.map(|version| version.0);
    let save = id.map(|conversation| {
        AsideWish::DraftSave(DraftSave {
            conversation,
            text,
            expected,
        })
    });
    let told = wish(context, save, "conversationId").await?;
    let shown = match id {
        Some(id) => loaders::one(context, loaders::DraftIn(id)).await,
        None => None,
    };
    Ok(DraftPayload::of(told, shown))
}

async fn change_tag(context: &Context<'_>, change: AsideWish) -> Result<TagPayload, Error> {
    let name = match &change {
        AsideWish::TagSave(save) => save.name.trim().to_owned(),
        AsideWish::TagRetire(retire) => retire.name.trim().to_owned(),
        _ => String::new(),
    };
    let told = wish(context, Some(change), "name").await?;
    let shown = types::tag(context, &name).await.transpose();
    Ok(TagPayload::of(told, shown))
}

async fn save_view(context: &Context<'_>, input: ViewSaveInput) -> Result<ViewPayload, Error> {
    let id: Option<Option<ViewId>> = match &input.view_id {
        None => Some(None),
        Some(id) => parse(id).map(Some),
    };
    let save = id.map(|view| {
        AsideWish::ViewSave(ViewSave {
            view,
            name: storable(&input.name).into_owned(),
            condition: input.condition.0,
            shared: input.shared,
            expected: input.expected_version,
        })
    });
    let told = wish(context, save, "viewId").await?;
    let id = told.id.map(ViewId).or(id.flatten());
    let shown = view(context, id).await;
    Ok(ViewPayload::of(told, shown))
}

async fn retire_view(context: &Context<'_>, id: &ID) -> Result<ViewPayload, Error> {
    let id: Option<ViewId> = parse(id);
    let retire = id.map(|view| AsideWish::ViewRetire(ViewRetire { view }));
    let told = wish(context, retire, "viewId").await?;
    let shown = view(context, id).await;
    Ok(ViewPayload::of(told, shown))
}

async fn view(context: &Context<'_>, id: Option<ViewId>) -> Nullable<View> {
    let id = crate::viewer::outside(id?);
    types::view(context, &id).await.transpose()
}

/// Reads words without the blanks behind them.
fn words(text: &str) -> Result<String, Error> {
    let length = text.chars().count();
    if length > LONGEST {
        let text = format!("input.text has {length} characters, {LONGEST} at most");
        return Err(Error::BadInput(text));
    }
    Ok(storable(text.trim_end()).into_owned())
}

fn at_most(argument: &str, count: usize) -> Result<(), Error> {
    match count > MOST {
        true => Err(Error::BadInput(format!("give at most {MOST} {argument}"))),
        false => Ok(()),
    }
}
