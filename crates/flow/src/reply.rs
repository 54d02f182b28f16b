//! An agent answers: the reply is checked, stored and waits for its delivery.

use crate::receive::{PREVIEW, stored_content};
use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error};
use chrono::{DateTime, Duration, Utc};
use interdesk_channels::{Capabilities, LongText, channel};
use interdesk_domain::event::Event;
use interdesk_domain::id::*;
use interdesk_domain::message::{Content, storable};
use interdesk_domain::permission::Viewer;
use interdesk_store::conversations::{self, Conversation};
use interdesk_store::{Conn, contacts, inboxes, messages, outbox};
use serde::{Deserialize, Serialize};

/// In how many messages a long text may go; more would bury the customer.
const MOST_PARTS: usize = 8;

/// What an agent wants to say.
#[derive(Debug, Clone, Serialize)]
pub struct NewReply {
    /// In which conversation.
    pub conversation: ConversationId,
    /// What.
    pub content: Content,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// The conversation's version that the agent had seen: a reply over newer words of the customer
    /// or of a colleague is refused. The agent's own newer words are no reason, so that two replies
    /// may follow each other unseen, nor is anything else that counts the version up.
    pub last_seen_version: Option<i64>,
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
    /// The conversation is not the agent's; it has to be accepted first.
    NotYours,
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
        /// What would work instead.
        instead: String,
    },
    /// The customer does not let us write.
    NotOptedIn {
        /// What to tell the agent.
        detail: String,
    },
    /// The channel cannot carry this.
    UnsupportedContent {
        /// What to tell the agent.
        detail: String,
    },
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
        write(wish, conn, checked).await
    }
}

/// A reply that may go out.
struct Checked {
    conversation: Conversation,
    /// What goes out: one message, or the parts of a text that is too long for one.
    parts: Vec<Content>,
    reply_to: Option<String>,
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
    if conversation.assignee_id != Some(viewer.agent) && !viewer.role.steers_others() {
        return refuse(ReplyOutcome::NotYours);
    }
    if let Some(seen) = new.last_seen_version {
        let (id, version) = (conversation.id, conversation.version);
        let missed = messages::count_missed(conn, scope, id, seen, viewer.agent).await?;
        if missed > 0 {
            return refuse(ReplyOutcome::StaleContext { version, missed });
        }
    }
    let Some(inbox) = inboxes::find(conn, scope, conversation.inbox_id).await? else {
        return refuse(ReplyOutcome::NotFound);
    };
    let capabilities = channel(inbox.channel).capabilities();
    if let Some(refusal) = forbidden_by_channel(capabilities, &conversation, new, wish.now()) {
        return refuse(refusal);
    }
    let addresses = contacts::list_addresses(conn, scope, conversation.contact_id).await?;
    let network = inbox.channel.as_str();
    if conversation.group_id.is_none() && contacts::forbid(&addresses, network) {
        let detail = "the customer blocked or left this app; wait until they write again".into();
        return refuse(ReplyOutcome::NotOptedIn { detail });
    }
    let reply_to = match new.reply_to {
        None => None,
        Some(id) => match messages::find_provider_id(conn, scope, conversation.id, id).await? {
            None => return refuse(ReplyOutcome::NotFound),
            found => found,
        },
    };
    Ok(Checked {
        conversation,
        parts: capabilities.parts(new.content.clone()),
        reply_to,
    })
}

fn forbidden_by_channel(
    capabilities: &Capabilities,
    conversation: &Conversation,
    new: &NewReply,
    now: DateTime<Utc>,
) -> Option<ReplyOutcome> {
    let kind = new.content.kind();
    let refuse = |detail: String| Some(ReplyOutcome::UnsupportedContent { detail });
    if !capabilities.content.contains(&kind) {
        return refuse(format!(
            "this app does not carry {kind}; it carries {:?}",
            capabilities.content
        ));
    }
    if let Content::Text { text } = &new.content {
        if text.trim().is_empty() {
            return refuse("text is empty; write something".to_owned());
        }
        let limit = capabilities.max_text;
        let length = limit.unit.measure(text);
        let most = match capabilities.long_text {
            LongText::Refuse => limit.most,
            LongText::Split => limit.most * MOST_PARTS,
        };
        if length > most {
            return refuse(format!(
                "text has {length} characters, the app takes {most}; shorten or split it"
            ));
        }
    }
    if let Some(media) = new
        .content
        .media()
        .filter(|media| capabilities.file(media.kind).is_none())
    {
        return refuse(format!(
            "this app does not carry files of kind {}",
            media.kind.as_str()
        ));
    }
    let closes = window_closes(capabilities, conversation.last_customer_message_at);
    match closes {
        Some(closed_at) if closed_at <= now && kind != "template" => {
            let instead = match capabilities.templates {
                true => "a template may be sent at any time".to_owned(),
                false => "wait until the customer writes again".to_owned(),
            };
            Some(ReplyOutcome::WindowClosed { closed_at, instead })
        }
        _ => None,
    }
}

/// Returns when the window for free replies closes; `None` where the channel has none.
pub fn window_closes(
    capabilities: &Capabilities,
    last_customer_message_at: Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    let window = Duration::from_std(capabilities.reply_window?).ok()?;
    // Who never wrote has a window that never opened.
    Some(last_customer_message_at.unwrap_or_default() + window)
}

async fn write(
    wish: &Wish<'_>,
    conn: &Conn,
    checked: Checked,
) -> Result<ReplyOutcome, Halt<ReplyOutcome>> {
    let Checked {
        conversation,
        parts,
        mut reply_to,
    } = checked;
    let mut events = wish.events(&conversation);
    let mut queued = Vec::with_capacity(parts.len());
    for content in parts {
        let message = wish.desk.id();
        let version = events.push(Event::MessageQueued {
            conversation: conversation.id,
            message,
            inbox: conversation.inbox_id,
        });
        let text = storable(content.text()).into_owned();
        let reply = messages::NewReply {
            id: message,
            conversation_id: conversation.id,
            episode_id: conversation.episode_id,
            inbox_id: conversation.inbox_id,
            agent_id: wish.viewer.agent,
            content: stored_content(&content)?,
            preview: text.chars().take(PREVIEW).collect(),
            text,
            // The first part quotes, the others follow it.
            reply_to: reply_to.take(),
            at: wish.now(),
            version,
        };
        let status = conversation.status.after_reply();
        messages::insert_reply(conn, wish.scope(), reply, status).await?;
        queued.push(message);
    }
    outbox::append(conn, events.list()).await?;
    let version = events.version();
    let message = queued[0];
    Ok(ReplyOutcome::Queued { message, version })
}
