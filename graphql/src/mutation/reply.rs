//! An agent answers a customer.

mod content;
mod interactive;

use super::{Refusal, key, needs_key};
use crate::access::requires;
use crate::types::Permission;
use crate::types::{Contact, Conversation, Inbox, Message, Nullable};
use crate::viewer::{desk, parse, request, sought, viewer};
use crate::{Error, Long, loaders};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
pub(super) use content::{ReplyContent, content};
use futures::future::join_all;
use interdesk_domain::id::{AttachmentId, ConversationId, MessageId};
use interdesk_domain::message::Content;
use interdesk_flow::quota::Quota;
use interdesk_flow::reply::{self, Instead, NewReply, ReplyOutcome, Target, TemplateRefusal};
use interdesk_store::messages;

#[derive(Default)]
pub(super) struct ReplyMutation;

#[Object]
impl ReplyMutation {
    /// Answers the customer where they wrote last, as `replyRoute` of the conversation tells; else by
    /// the next app of this conversation that lets the reply through; or where `to` says. The reply
    /// is stored at once and delivered after; its `delivery` tells how far it got.
    #[graphql(
        directive = requires::apply(Some(Permission::ConversationsAnswer)),
        directive = needs_key::apply()
    )]
    async fn message_reply(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to say, and where.")] input: MessageReplyInput,
    ) -> Option<Result<MessageReplyPayload, Error>> {
        Some(reply(context, input).await)
    }
}

/// What to say, and where.
#[derive(InputObject)]
struct MessageReplyInput {
    /// In which conversation.
    conversation_id: ID,
    /// What to say: exactly one of its kinds. May be left out where files say it all.
    content: Option<ReplyContent>,
    /// Files that were uploaded to `/files`, or files of messages: they go with words alone.
    #[graphql(default)]
    attachments: Vec<ID>,
    /// By which app of the person, instead of the one that the conversation's `replyRoute` tells.
    to: Option<ReplyTargetInput>,
    /// The message that it answers. An app knows its own messages alone: in another one than that
    /// message's the reply goes without.
    reply_to: Option<ID>,
    /// The conversation's version that the agent saw last: where the customer or a colleague wrote
    /// since, or the customer changed their words, the reply is refused. The agent's own newer
    /// messages are no reason, nor are receipts and other changes without words.
    last_seen_version: Option<Long>,
    /// The epoch of the right to speak under which the words were made; an assistant has to name it,
    /// so that it says nothing more once a person took over.
    speaker_epoch: Option<Long>,
    /// After how many seconds it is gone from the customer's app and from here; only where
    /// `capabilities` have `expiry`.
    expires_in_seconds: Option<u32>,
}

/// By which app of the person a reply is to go.
#[derive(InputObject)]
struct ReplyTargetInput {
    /// By which inbox.
    inbox_id: ID,
    /// To which contact of the person; without it the one who used the inbox last.
    contact_id: Option<ID>,
}

impl ReplyTargetInput {
    /// Reads it; `None` where it names what cannot exist.
    fn read(&self) -> Option<Target> {
        let contact = match &self.contact_id {
            Some(id) => Some(parse(id)?),
            None => None,
        };
        let inbox = parse(&self.inbox_id)?;
        Some(Target { inbox, contact })
    }
}

/// What became of a reply.
#[derive(SimpleObject)]
pub(super) struct MessageReplyPayload {
    /// What became of it.
    status: MessageReplyStatus,
    /// Why it was refused; null where it was not.
    pub(super) refusal: Option<Refusal>,
    /// The reply; null where it was refused.
    message: Nullable<Message>,
    /// The conversation as it is now; null where there is no such conversation.
    conversation: Nullable<Conversation>,
    /// The conversation's version: after the reply, or as it stands for who had not seen it.
    version: Option<Long>,
    /// How many messages the agent had not seen; null where that was not the reason.
    missed: Option<i64>,
    /// What the agent had not seen, oldest first, 100 at most: others' newer messages, and older ones that
    /// the customer changed since; null where that was not the reason.
    missed_messages: Nullable<Vec<Message>>,
    /// Since when the reply window is closed; null where that was not the reason.
    window_closed_at: Option<DateTime<Utc>>,
    /// What would work instead, the best first; empty where nothing was refused for where it goes.
    pub(super) instead: Vec<ReplyAlternative>,
}

/// What became of a reply.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum MessageReplyStatus {
    /// It is stored and on its way.
    Queued,
    /// There is no such conversation, message to answer, inbox or file to send.
    NotFound,
    /// The conversation is not the viewer's: accept its offer first.
    NotYours,
    /// Somebody else has the right to speak, or the epoch that was named is over.
    NotSpeaker,
    /// The viewer is an assistant, and all assistants are stopped.
    AssistantsStopped,
    /// The conversation is resolved.
    ConversationResolved,
    /// Others wrote since the agent last looked.
    StaleContext,
    /// The channel's reply window is closed.
    WindowClosed,
    /// The customer does not let us write.
    NotOptedIn,
    /// There is no address of the customer that the app could write to.
    RecipientUnknown,
    /// The channel cannot carry this.
    UnsupportedContent,
    /// The provider has no such template, does not let it leave, or it is not filled as it wants;
    /// `templates` of the inbox tells what there is.
    TemplateRefused,
    /// The workspace's agents sent as many messages as they may in a day.
    QuotaExceeded,
    /// The key was used for something else.
    KeyReused,
}

/// What would work instead of a reply that was refused.
pub(super) struct ReplyAlternative(pub(super) Instead);

/// What would work instead of a reply that was refused.
#[Object]
impl ReplyAlternative {
    /// What kind of way it is.
    async fn kind(&self) -> ReplyAlternativeKind {
        match self.0 {
            Instead::Template {} => ReplyAlternativeKind::Template,
            Instead::Content { .. } => ReplyAlternativeKind::OtherContent,
            Instead::OtherApp { .. } => ReplyAlternativeKind::OtherApp,
            Instead::OptIn {} => ReplyAlternativeKind::OptIn,
            Instead::Wait {} => ReplyAlternativeKind::Wait,
        }
    }

    /// The kinds of content that the app carries; empty where that is not the way.
    async fn content_kinds(&self) -> &[String] {
        match &self.0 {
            Instead::Content { kinds } => kinds,
            _ => &[],
        }
    }

    /// The conversation with the same person in which the other app is to be used: the one that
    /// stands there, else this one with `to`; null where that is not the way.
    async fn conversation(&self, context: &Context<'_>) -> Nullable<Conversation> {
        match self.0 {
            Instead::OtherApp { conversation, .. } => loaders::one(context, conversation).await,
            _ => None,
        }
    }

    /// The inbox of that app; null where that is not the way.
    async fn inbox(&self, context: &Context<'_>) -> Nullable<Inbox> {
        match self.0 {
            Instead::OtherApp { inbox, .. } => loaders::one(context, inbox).await,
            _ => None,
        }
    }

    /// The contact of the person there; null where that is not the way.
    async fn contact(&self, context: &Context<'_>) -> Nullable<Contact> {
        match self.0 {
            Instead::OtherApp { contact, .. } => loaders::one(context, contact).await,
            _ => None,
        }
    }
}

/// A way that would work.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum ReplyAlternativeKind {
    /// A message that the provider keeps approved, in the same conversation.
    Template,
    /// Content of another kind or length, in the same conversation.
    OtherContent,
    /// The same by another app of the person.
    OtherApp,
    /// Nothing of ours: the customer has to opt in again.
    OptIn,
    /// Nothing of ours: the customer has to write.
    Wait,
}

async fn reply(
    context: &Context<'_>,
    input: MessageReplyInput,
) -> Result<MessageReplyPayload, Error> {
    let (viewer, key) = (viewer(context)?, key(context)?);
    let request = request(context, viewer);
    let conversation: Option<ConversationId> = sought(context, &input.conversation_id).await?;
    let content = match input.content {
        Some(given) => content(given)?,
        None => Content::Text {
            text: String::new(),
        },
    };
    let attachments: Option<Vec<AttachmentId>> = input.attachments.iter().map(parse).collect();
    let reply_to: Option<Option<MessageId>> = input.reply_to.as_ref().map(parse);
    let to = input.to.as_ref().map(ReplyTargetInput::read);
    let seen = input.last_seen_version.map(|version| version.0);
    let outcome = match (conversation, reply_to, to, attachments) {
        (None, ..) | (_, Some(None), ..) | (_, _, Some(None), _) => ReplyOutcome::NotFound,
        (.., None) => ReplyOutcome::FileNotFound,
        (Some(conversation), reply_to, to, Some(attachments)) => {
            let reply_to = reply_to.flatten();
            let new = NewReply {
                conversation,
                content,
                attachments,
                to: to.flatten(),
                reply_to,
                last_seen_version: seen,
                speaker_epoch: input.speaker_epoch.map(|epoch| epoch.0),
                expires_in: input.expires_in_seconds,
            };
            reply::reply(desk(context)?, viewer, &new, key.as_deref(), &request).await?
        }
    };
    let mut payload = judge(&outcome);
    if let (Some(id), Some(seen)) = (conversation, seen)
        && payload.missed.is_some()
    {
        payload.missed_messages = Some(missed_messages(context, id, seen).await);
    }
    if let ReplyOutcome::Queued { message, .. } = outcome {
        payload.message = loaders::one(context, message).await;
    }
    if let Some(conversation) = conversation {
        payload.conversation = loaders::one(context, conversation).await;
    }
    Ok(payload)
}

/// Shows what somebody had not seen when they wrote.
async fn missed_messages(
    context: &Context<'_>,
    conversation: ConversationId,
    seen: i64,
) -> Result<Vec<Message>, Error> {
    let viewer = viewer(context)?;
    let (scope, agent) = (viewer.scope(), viewer.agent);
    let ids = desk(context)?
        .database
        .read(scope, async |conn| {
            messages::list_missed(conn, scope, conversation, seen, agent, 100).await
        })
        .await?;
    let found = ids
        .into_iter()
        .map(|id| loaders::one::<Message, _, _>(context, id));
    join_all(found).await.into_iter().flatten().collect()
}

pub(super) fn judge(outcome: &ReplyOutcome) -> MessageReplyPayload {
    use MessageReplyStatus as Status;
    let about = |code, message: &str| Refusal::at("conversationId", code, message);
    let (mut version, mut missed, mut window_closed_at) = (None, None, None);
    let mut ways: &[Instead] = &[];
    let (status, refusal) = match outcome {
        ReplyOutcome::Queued { version: now, .. } => {
            version = Some(Long(*now));
            (Status::Queued, None)
        }
        ReplyOutcome::NotFound => {
            let message = "there is no such conversation, message to answer or inbox";
            (Status::NotFound, about("NOT_FOUND", message))
        }
        ReplyOutcome::FileNotFound => {
            let message = "there is no such file, or it is the upload of somebody else";
            let refusal = Refusal::at("attachments", "NOT_FOUND", message);
            (Status::NotFound, refusal)
        }
        ReplyOutcome::NotYours => {
            let message = "the conversation is not yours, accept its offer first";
            (Status::NotYours, about("NOT_YOURS", message))
        }
        ReplyOutcome::NotSpeaker => {
            let message = "somebody else has the right to speak here, take it first";
            (Status::NotSpeaker, about("NOT_SPEAKER", message))
        }
        ReplyOutcome::AssistantsStopped => {
            let message = "all assistants are stopped";
            let refusal = Refusal::of("ASSISTANTS_STOPPED", message);
            (Status::AssistantsStopped, refusal)
        }
        ReplyOutcome::Done => {
            let message = "the conversation is resolved, the customer's next message reopens it";
            (
                Status::ConversationResolved,
                about("CONVERSATION_RESOLVED", message),
            )
        }
        ReplyOutcome::StaleContext {
            version: now,
            missed: count,
        } => {
            (version, missed) = (Some(Long(*now)), Some(*count));
            let message = format!("{count} messages came since you looked, read them first");
            let refusal = Refusal::at("lastSeenVersion", "STALE_CONTEXT", message);
            (Status::StaleContext, refusal)
        }
        ReplyOutcome::WindowClosed {
            closed_at,
            detail,
            instead,
        } => {
            (window_closed_at, ways) = (Some(*closed_at), instead);
            let refusal = Refusal::at("content", "WINDOW_CLOSED", detail.as_str());
            (Status::WindowClosed, refusal)
        }
        ReplyOutcome::NotOptedIn { detail, instead } => {
            ways = instead;
            (Status::NotOptedIn, about("NOT_OPTED_IN", detail))
        }
        ReplyOutcome::RecipientUnknown { detail, instead } => {
            ways = instead;
            (Status::RecipientUnknown, about("RECIPIENT_UNKNOWN", detail))
        }
        ReplyOutcome::UnsupportedContent {
            detail,
            path,
            instead,
        } => {
            ways = instead;
            let refusal = Refusal::at("content", "UNSUPPORTED_CONTENT", detail.as_str());
            (Status::UnsupportedContent, within(refusal, path))
        }
        ReplyOutcome::TemplateRefused { reason, detail } => {
            let code = match reason {
                TemplateRefusal::Unknown => "TEMPLATE_UNKNOWN",
                TemplateRefusal::NotApproved => "TEMPLATE_NOT_APPROVED",
                TemplateRefusal::Variables => "TEMPLATE_VARIABLES",
            };
            let refusal = Refusal::at("content", code, detail.as_str());
            (Status::TemplateRefused, refusal)
        }
        ReplyOutcome::QuotaExceeded => {
            let refusal = Refusal::quota_exceeded(Quota::MessagesPerDay);
            (Status::QuotaExceeded, refusal)
        }
        ReplyOutcome::KeyReused => (Status::KeyReused, Refusal::key_reused()),
    };
    MessageReplyPayload {
        status,
        refusal,
        message: None,
        conversation: None,
        version,
        missed,
        missed_messages: None,
        window_closed_at,
        instead: ways.iter().cloned().map(ReplyAlternative).collect(),
    }
}

/// Names the member of the content that a refusal is about.
fn within(refusal: Option<Refusal>, path: &[String]) -> Option<Refusal> {
    refusal.map(|mut refusal| {
        refusal.path.extend(path.iter().map(|step| camel(step)));
        refusal
    })
}

/// Returns the name of a kind of content as an argument has it.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}
