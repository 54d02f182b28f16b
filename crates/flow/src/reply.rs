//! An agent answers: the reply is checked, stored and waits for its delivery.

mod instead;
mod obstacle;
mod route;
mod template;
mod thread;

pub use instead::Instead;
pub use obstacle::{Obstacle, obstacle, unsupported, window_began, window_closes};
pub use route::{Target, choose, order, takes_part};
pub use template::TemplateRefusal;

use crate::attach::{self, NotCarried};
use crate::receive::{PREVIEW, stored_content};
use crate::speaker::{self, May};
use crate::wish::{Halt, Verb, Voice, Wish};
use crate::{Context, Desk, Error, Events, expiry, quota};
use chrono::{DateTime, Duration, Utc};
use interdesk_channels::{Capabilities, channel};
use interdesk_domain::conversation::ConversationStatus;
use interdesk_domain::event::Event;
use interdesk_domain::id::*;
use interdesk_domain::message::{Content, Expiry, MediaSource, storable};
use interdesk_domain::permission::Viewer;
use interdesk_store::apps::App;
use interdesk_store::conversations::{self, Conversation};
use interdesk_store::{Conn, aside, attachments, messages, outbox};
pub(crate) use route::{Way, find, judge};
use serde::{Deserialize, Serialize};
use thread::ByThread;

/// What an agent wants to say.
#[derive(Debug, Clone, Serialize)]
pub struct NewReply {
    /// In which conversation.
    pub conversation: ConversationId,
    /// What.
    pub content: Content,
    /// The files that go with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentId>,
    /// By which app of the person; by itself it goes by the one that the customer last used, else by
    /// the next of this conversation that lets it through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Target>,
    /// The message that it answers; in another app than that message's it goes without.
    pub reply_to: Option<MessageId>,
    /// The conversation's version that the agent had seen: a reply over newer words of the customer
    /// or of a colleague is refused, and so is one over words that the customer changed. The agent's own newer words are no reason, so that two replies
    /// may follow each other unseen, nor is anything else that counts the version up.
    pub last_seen_version: Option<i64>,
    /// The epoch of the right to speak under which the words were made; an assistant has to name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speaker_epoch: Option<i64>,
    /// After how many seconds it is to be gone, from the moment at which it is stored; only where
    /// the app carries that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u32>,
}

/// What became of the wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum ReplyOutcome {
    /// It is stored and on its way.
    Queued {
        /// Which message; of a text that went in parts the first.
        message: MessageId,
        /// The conversation's version.
        version: i64,
    },
    /// No such conversation, or no such message to answer.
    NotFound,
    /// One of the files is not there for this agent.
    FileNotFound,
    /// The conversation is not the agent's; it has to be accepted first.
    NotYours,
    /// Somebody else has the right to speak, or the words carry an epoch of it that is over.
    NotSpeaker,
    /// The viewer is an assistant, and all assistants are stopped.
    AssistantsStopped,
    /// The conversation is resolved.
    Done,
    /// Others wrote since the agent last looked.
    StaleContext {
        /// The conversation's version now.
        version: i64,
        /// How many messages were missed.
        missed: i64,
    },
    /// The channel's reply window is closed.
    WindowClosed {
        /// Since when.
        closed_at: DateTime<Utc>,
        /// What to tell the agent.
        detail: String,
        /// What would work instead.
        instead: Vec<Instead>,
    },
    /// The customer does not let us write.
    NotOptedIn {
        /// What to tell the agent.
        detail: String,
        /// What would work instead.
        instead: Vec<Instead>,
    },
    /// There is no address of the customer that the app could write to.
    RecipientUnknown {
        /// What to tell the agent.
        detail: String,
        /// What would work instead.
        instead: Vec<Instead>,
    },
    /// The channel cannot carry this.
    UnsupportedContent {
        /// What to tell the agent.
        detail: String,
        /// Which member of the content it is about, after the content's kind; empty where it is about the
        /// whole.
        #[serde(default)]
        path: Vec<String>,
        /// What would work instead.
        instead: Vec<Instead>,
    },
    /// The template may not leave, or is not filled as it wants.
    TemplateRefused {
        /// Why.
        reason: TemplateRefusal,
        /// What to tell the agent.
        detail: String,
    },
    /// The tenant's agents sent as many messages as they may in a day.
    QuotaExceeded,
    /// The key was used for something else.
    KeyReused,
}

/// Stores a reply of the viewer; its delivery begins after the commit.
pub async fn reply(
    desk: &Desk,
    viewer: &Viewer,
    new: &NewReply,
    key: Option<&str>,
    context: &Context,
) -> Result<ReplyOutcome, Error> {
    let wish = Wish::new(desk, viewer, key, context);
    wish.fulfil(new).await
}

impl Verb for NewReply {
    type Outcome = ReplyOutcome;
    const OPERATION: &'static str = "message_reply";
    const KEY_REUSED: ReplyOutcome = ReplyOutcome::KeyReused;

    async fn act(&self, wish: &Wish<'_>, conn: &Conn) -> Result<ReplyOutcome, Halt<ReplyOutcome>> {
        let checked = check(wish, conn, self).await?;
        let quota = wish.standing().messages_per_day;
        if !quota::take_messages(wish.desk, wish.scope(), quota, checked.parts.len()).await {
            return Err(Halt::Refused(ReplyOutcome::QuotaExceeded));
        }
        write(wish, conn, checked, self.expires_in).await
    }
}

/// A reply that may go out.
struct Checked {
    conversation: Conversation,
    /// By which app.
    app: App,
    /// What goes out: one message, or the parts of a text that is too long for one.
    parts: Vec<Content>,
    reply_to: Option<String>,
    /// The merged conversation by whose thread it goes, where it goes by one.
    thread: Option<Conversation>,
}

async fn check(
    wish: &Wish<'_>,
    conn: &Conn,
    new: &NewReply,
) -> Result<Checked, Halt<ReplyOutcome>> {
    let (scope, viewer) = (wish.scope(), wish.viewer);
    let refuse = |outcome| Err(Halt::Refused(outcome));
    let Some(conversation) = conversations::lock(conn, scope, new.conversation).await? else {
        return refuse(ReplyOutcome::NotFound);
    };
    if conversation.status.is_done() {
        return refuse(ReplyOutcome::Done);
    }
    let owns = conversation.assignee_id == Some(viewer.agent) || viewer.steers_others();
    match speaker::may_say(wish, conn, conversation.id, new.speaker_epoch).await? {
        May::Holds => {}
        May::AsOwner if owns => {}
        May::NotSpeaker if owns => return refuse(ReplyOutcome::NotSpeaker),
        May::AsOwner | May::NotSpeaker => return refuse(ReplyOutcome::NotYours),
        May::Stopped => return refuse(ReplyOutcome::AssistantsStopped),
    }
    if let Some(seen) = new.last_seen_version {
        let (id, version) = (conversation.id, conversation.version);
        let missed = messages::count_missed(conn, scope, id, seen, viewer.agent).await?;
        if missed > 0 {
            return refuse(ReplyOutcome::StaleContext { version, missed });
        }
    }
    let mut ways = judge(wish.voice(), conn, new).await?;
    let Some(place) = find(&ways, new.to) else {
        let detail = "no contact of the person can be written to by this inbox".to_owned();
        let instead = Vec::new();
        return refuse(ReplyOutcome::RecipientUnknown { detail, instead });
    };
    if let Some(obstacle) = ways[place].obstacle.clone() {
        let capabilities = channel(ways[place].app.channel).capabilities();
        let instead = instead::list(&ways, &ways[place], &obstacle);
        return refuse(obstacle.refuse(capabilities, instead));
    }
    let Way { app, parts, .. } = ways.swap_remove(place);
    if let Content::Template(wanted) = &new.content {
        let inbox = (app.inbox_id, app.channel);
        if let Some((reason, detail)) = template::judge(conn, scope, inbox, wanted).await? {
            return refuse(ReplyOutcome::TemplateRefused { reason, detail });
        }
    }
    let reply_to = match new.reply_to {
        None => None,
        Some(id) => match messages::find_quoted(conn, scope, conversation.id, id).await? {
            None => return refuse(ReplyOutcome::NotFound),
            // An app knows its own messages alone.
            Some(quoted) => (quoted.inbox_id == app.inbox_id).then_some(quoted.provider_id),
        },
    };
    let thread = thread::find(conn, scope, &conversation, &app, new.reply_to).await?;
    Ok(Checked {
        conversation,
        app,
        parts,
        reply_to,
        thread,
    })
}

/// Returns what goes out for words and files: one message or several.
async fn carry(
    voice: Voice<'_>,
    conn: &Conn,
    capabilities: &Capabilities,
    new: &NewReply,
) -> Result<Result<Vec<Content>, NotCarried>, Error> {
    if new.attachments.is_empty() {
        return Ok(Ok(capabilities.parts(new.content.clone())));
    }
    let (content, files) = (&new.content, new.attachments.as_slice());
    let Some(viewer) = voice.viewer else {
        // Files are an agent's.
        return Ok(Err(NotCarried::NotFound));
    };
    let carried = attach::carry(conn, viewer, capabilities, content, files).await?;
    Ok(carried.map(|attach::Carried(parts)| parts))
}

async fn write(
    wish: &Wish<'_>,
    conn: &Conn,
    checked: Checked,
    expires_in: Option<u32>,
) -> Result<ReplyOutcome, Halt<ReplyOutcome>> {
    let Checked {
        conversation,
        app,
        parts,
        mut reply_to,
        thread,
    } = checked;
    let mut events = wish.events(&conversation);
    let mut by_thread = thread.as_ref().map(|thread| ByThread::begin(wish, thread));
    let mut queued = Vec::with_capacity(parts.len());
    let status = conversation.status.after_reply();
    for content in parts {
        // The first part quotes, the others follow it.
        let part = Part {
            conversation: &conversation,
            app: &app,
            content: &content,
            reply_to: reply_to.take(),
            status,
        };
        let message = match &mut by_thread {
            None => part.queue(wish.voice(), conn, &mut events).await?,
            Some(thread) => thread.queue(wish, conn, part, &mut events).await?,
        };
        attach_files(wish, conn, message, &content).await?;
        if let Some(seconds) = expires_in {
            let at = wish.now() + Duration::seconds(seconds.into());
            expiry::note(wish.desk, conn, wish.scope(), message, Expiry::At(at)).await?;
        }
        queued.push(message);
    }
    // Who answers has read what they answer.
    expiry::begin(wish.desk, conn, wish.scope(), conversation.id).await?;
    let (agent, now) = (wish.viewer.agent, wish.now());
    aside::clear_draft(conn, wish.scope(), agent, conversation.id, now).await?;
    if let Some(thread) = by_thread {
        thread.end(conn).await?;
    }
    outbox::append(conn, events.list()).await?;
    let version = events.version();
    let message = queued[0];
    Ok(ReplyOutcome::Queued { message, version })
}

/// A message of ours that may go out.
pub(crate) struct Part<'a> {
    /// In which conversation.
    pub(crate) conversation: &'a Conversation,
    /// By which app.
    pub(crate) app: &'a App,
    /// What.
    pub(crate) content: &'a Content,
    /// The provider's id of what it answers.
    pub(crate) reply_to: Option<String>,
    /// Where it leaves the conversation.
    pub(crate) status: ConversationStatus,
}

impl Part<'_> {
    /// Stores it, to be delivered after the commit; the events are the caller's to append.
    pub(crate) async fn queue(
        self,
        voice: Voice<'_>,
        conn: &Conn,
        events: &mut Events<'_>,
    ) -> Result<MessageId, Error> {
        let Part {
            conversation, app, ..
        } = self;
        let message = voice.desk.id();
        let version = events.push(Event::MessageQueued {
            conversation: conversation.id,
            message,
            inbox: app.inbox_id,
        });
        let text = storable(self.content.text()).into_owned();
        let reply = messages::NewReply {
            id: message,
            conversation_id: conversation.id,
            episode_id: conversation.episode_id,
            inbox_id: app.inbox_id,
            recipient_id: (!app.in_group).then_some(app.contact_id),
            agent_id: voice.viewer.map(|viewer| viewer.agent),
            content: stored_content(self.content)?,
            preview: text.chars().take(PREVIEW).collect(),
            text,
            reply_to: self.reply_to,
            at: voice.desk.now(),
            version,
        };
        messages::insert_reply(conn, voice.scope, reply, self.status).await?;
        Ok(message)
    }
}

/// Lets the message refer to the files that it carries.
async fn attach_files(
    wish: &Wish<'_>,
    conn: &Conn,
    message: MessageId,
    content: &Content,
) -> Result<(), Halt<ReplyOutcome>> {
    let files = content.files().into_iter().enumerate();
    let mut stored = Vec::new();
    for (position, media) in files {
        let MediaSource::Stored(file) = media.source else {
            continue;
        };
        let source = serde_json::to_value(&media.source);
        stored.push(attachments::NewStored {
            id: wish.desk.id(),
            message_id: Some(message),
            position: i16::try_from(position).unwrap_or(i16::MAX),
            agent_id: None,
            kind: media.kind.as_str(),
            source: source.map_err(|source| Error::Unreadable {
                what: "media source",
                source,
            })?,
            file_id: file,
            file_name: media.file_name.clone(),
            at: wish.now(),
        });
    }
    if stored.is_empty() {
        return Ok(());
    }
    let written = attachments::insert_stored(conn, wish.scope(), &stored).await?;
    // One that is being deleted was idle for a day: nobody can send it any more.
    match written == stored.len() {
        true => Ok(()),
        false => Err(Halt::Refused(ReplyOutcome::FileNotFound)),
    }
}
