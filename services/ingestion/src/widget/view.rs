//! A message as a widget shows it: plain texts and numbers, never markup.

use super::Widget;
use chrono::{DateTime, Utc};
use interdesk_domain::id::MessageId;
use interdesk_domain::message::{Content, Media};
use interdesk_domain::scope::TenantScope;
use interdesk_flow::deliver::OURS;
use interdesk_store::read::messages::list_reactions;
use interdesk_store::widget::{Session, Shown};
use interdesk_store::{Conn, Error, attachments};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::HashMap;

/// A link to a file, and until when it is good.
type Link = (String, DateTime<Utc>);

/// What stands beside some messages: links to their files, and what was said to them without words.
#[derive(Default)]
pub(super) struct Beside {
    links: HashMap<MessageId, Link>,
    reactions: HashMap<String, Vec<Reacted>>,
}

/// A reaction that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Reacted {
    emoji: String,
    from: &'static str,
}

impl Beside {
    /// Reads what stands beside these messages, as far as it is the visitor's or ours.
    pub(super) async fn of(
        conn: &Conn,
        widget: &Widget,
        scope: TenantScope,
        session: &Session,
        shown: &[Shown],
    ) -> Result<Self, Error> {
        Ok(Self {
            links: links(conn, widget, scope, shown).await?,
            reactions: reactions(conn, scope, session, shown).await?,
        })
    }

    fn reactions(&self, shown: &Shown) -> &[Reacted] {
        let id = shown.provider_id.as_ref();
        id.and_then(|id| self.reactions.get(id))
            .map_or(&[], Vec::as_slice)
    }
}

/// Makes links to the files that messages bring, where their bytes are here.
async fn links(
    conn: &Conn,
    widget: &Widget,
    scope: TenantScope,
    shown: &[Shown],
) -> Result<HashMap<MessageId, Link>, Error> {
    let with_files = shown.iter().filter(|one| one.content["type"] == "media");
    let ids: Vec<MessageId> = with_files.map(|one| one.id).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let desk = &widget.intake.desk;
    let (now, makes) = (desk.now(), &desk.files.links);
    let found = attachments::list_of_messages(conn, scope, &ids).await?;
    let here = found.into_iter().filter(|one| one.file_id.is_some());
    let links = here.filter_map(|one| Some((one.message_id?, makes.make(scope, one.id, now))));
    Ok(links.collect())
}

/// Reads the reactions of the visitor and of us; whoever else is in the conversation is no business of
/// theirs.
async fn reactions(
    conn: &Conn,
    scope: TenantScope,
    session: &Session,
    shown: &[Shown],
) -> Result<HashMap<String, Vec<Reacted>>, Error> {
    let named = shown.iter().filter_map(|one| one.provider_id.clone());
    let asked: Vec<_> = named.map(|id| (session.inbox_id, id)).collect();
    let mut reactions: HashMap<String, Vec<Reacted>> = HashMap::new();
    if asked.is_empty() {
        return Ok(reactions);
    }
    let visitor = session.visitor_id.to_string();
    let own = session.user_id.as_ref().unwrap_or(&visitor);
    for one in list_reactions(conn, scope, &asked).await? {
        let from = match &one.author {
            author if author == OURS => "agent",
            author if author == own => "visitor",
            _ => continue,
        };
        let emojis = one.emojis.into_iter();
        let reacted = emojis.map(|emoji| Reacted { emoji, from });
        reactions.entry(one.target).or_default().extend(reacted);
    }
    Ok(reactions)
}

/// Says one message to the visitor of a session.
pub(super) async fn one(
    widget: &Widget,
    scope: TenantScope,
    shown: &Shown,
    session: &Session,
) -> Result<Value, Error> {
    let database = &widget.intake.desk.database;
    let shown = std::slice::from_ref(shown);
    let begun = database.begin_with(scope, async |conn| {
        Beside::of(conn, widget, scope, session, shown).await
    });
    let (transaction, beside) = begun.await?;
    transaction.commit().await?;
    Ok(message(&shown[0], session, &beside))
}

/// Says a message to the visitor of a session.
pub(super) fn message(shown: &Shown, session: &Session, beside: &Beside) -> Value {
    let is_own = shown.direction == "in";
    let id = shown.provider_id.clone();
    let id = id.unwrap_or_else(|| shown.id.to_string());
    let visitor = session.visitor_id.to_string();
    // The widget knows its own by the id that it gave.
    let given = id
        .strip_prefix(&visitor)
        .and_then(|rest| rest.strip_prefix(':'));
    let mut message = json!({
        "id": id,
        "seq": shown.version,
        "from": if is_own { "visitor" } else { "agent" },
        "client_id": given,
        "agent": shown.agent,
        "at": shown.sent_at,
        "revision": shown.revision,
        "state": shown.delivery.map(|state| state.as_str()),
        "reply_to": shown.reply_to,
    });
    if shown.deleted_at.is_some() {
        message["deleted"] = true.into();
        return message;
    }
    let content: Option<Content> = serde_json::from_value(shown.content.clone()).ok();
    message["editable"] = (is_own && is_words(content.as_ref())).into();
    message["reactions"] = json!(beside.reactions(shown));
    describe(&mut message, content.as_ref(), beside.links.get(&shown.id));
    message
}

/// Tells whether a message holds words alone, so that others can take their place.
pub(super) fn is_words(content: Option<&Content>) -> bool {
    matches!(content, Some(Content::Text { .. }))
}

fn describe(message: &mut Value, content: Option<&Content>, link: Option<&Link>) {
    match content {
        Some(Content::Text { text }) => message["text"] = text.as_str().into(),
        Some(Content::Answer { title, .. }) => message["text"] = title.as_str().into(),
        Some(Content::Notice { kind, .. }) => message["notice"] = kind.as_str().into(),
        Some(Content::Media { media, caption }) => {
            message["file"] = file(media, link);
            message["text"] = json!(caption);
        }
        Some(Content::Choices(choices)) => {
            message["text"] = choices.text.as_str().into();
            let all = choices.all();
            let all = all.map(|choice| json!({ "id": choice.id, "title": choice.title }));
            message["choices"] = all.collect::<Vec<_>>().into();
        }
        Some(Content::Link(link)) => {
            let around = [link.header.as_ref(), Some(&link.text), link.footer.as_ref()];
            let words: Vec<_> = around.into_iter().flatten().map(String::as_str).collect();
            message["text"] = words.join("\n\n").into();
            message["link"] = json!({ "title": link.title, "url": link.url });
        }
        Some(other) => message["text"] = other.text().into(),
        None => message["text"] = Value::Null,
    }
}

fn file(media: &Media, link: Option<&Link>) -> Value {
    json!({
        "kind": media.kind.as_str(),
        "name": media.file_name,
        "type": media.mime_type,
        "size": media.size,
        "url": link.map(|(url, _)| url),
        "until": link.map(|(_, until)| until),
    })
}

/// How a message is, to notice what changed: its edits, its end, its way and its reactions.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mark {
    revision: i32,
    deleted: bool,
    state: Option<&'static str>,
    reactions: Vec<Reacted>,
}

/// Says how a message is.
pub(super) fn mark(shown: &Shown, beside: &Beside) -> Mark {
    Mark {
        revision: shown.revision,
        deleted: shown.deleted_at.is_some(),
        state: shown.delivery.map(|state| state.as_str()),
        reactions: beside.reactions(shown).to_vec(),
    }
}
