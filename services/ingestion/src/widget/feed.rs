//! `GET /widget/{inbox}/events`: what happens, as server-sent events.
//!
//! The id of an event is how far the conversation is. Whoever comes back with the last id that they saw is
//! shown what may have changed since; a message comes whole, so that seeing it twice does no harm and a
//! change of it needs no other form.

use super::answer::Refusal;
use super::asked::{answer, is_running};
use super::live::{Ear, Pulse};
use super::presence;
use super::view::{Beside, Mark};
use super::{Widget, view};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use interdesk_domain::id::{ConversationId, MessageId, QueueId};
use interdesk_domain::scope::TenantScope;
use interdesk_store::Error;
use interdesk_store::widget::{self as rows, Session, Shown, Thread};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

/// How often the database is looked at without a reason; also the time between signs of life.
const LOOK: Duration = Duration::from_secs(15);
/// Messages that are looked at: what is older does not change, or is read as history.
const WINDOW: i64 = 50;
/// How many windows a visitor may be behind before they begin anew.
const MOST_WINDOWS: usize = 6;
/// Parts of the answer that may wait for a slow reader.
const BUFFER: usize = 32;
/// Feeds that one session may begin in a minute.
const MOST_PER_MINUTE: u64 = 60;

/// Where to go on.
#[derive(Debug, Deserialize)]
pub(super) struct From {
    /// The last id that was seen, for those who cannot send it as a header.
    after: Option<String>,
}

/// Answers with a visitor's live feed.
pub(super) async fn follow(
    widget: web::Data<Widget>,
    request: HttpRequest,
    from: web::Query<From>,
) -> HttpResponse {
    answer(&widget, &request, async |asked| {
        let session = asked.session(&widget).await?;
        let (whose, minute) = (session.id.to_string(), Duration::from_secs(60));
        asked
            .limit(&widget, "feeds", &whose, MOST_PER_MINUTE, minute)
            .await?;
        let place = widget.places.clone().try_acquire_owned();
        let place = place.map_err(|_| Refusal::Busy)?;
        let header = request.headers().get("last-event-id");
        let header = header.and_then(|value| value.to_str().ok());
        let after = header.or(from.after.as_deref()).and_then(Place::read);
        let online = presence::of(&widget, asked).await;
        let (parts, received) = mpsc::channel(BUFFER);
        let feed = Feed {
            person: session.person(),
            ear: widget.live.person(session.inbox_id, &session.person()),
            conversation: None,
            scope: asked.inbox.scope,
            queue: asked.inbox.mailbox.queue,
            status: Status {
                online,
                agent: None,
            },
            typing: false,
            shown: HashMap::new(),
            last: after,
            version: None,
            widget: widget.get_ref().clone(),
            session,
            parts,
        };
        tokio::spawn(feed.run(place));
        let stream = futures::stream::unfold(received, async |mut received| {
            let part = received.recv().await?;
            Some((Ok::<Bytes, Infallible>(part), received))
        });
        Ok(HttpResponse::Ok()
            .content_type("text/event-stream")
            // Proxies that gather answers would keep it for themselves.
            .insert_header(("x-accel-buffering", "no"))
            .streaming(stream))
    })
    .await
}

/// How far somebody is in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    conversation: ConversationId,
    version: i64,
}

impl Place {
    fn read(text: &str) -> Option<Self> {
        let (conversation, version) = text.split_once('.')?;
        Some(Self {
            conversation: ConversationId(Uuid::try_parse(conversation).ok()?),
            version: version.parse().ok()?,
        })
    }

    fn write(self) -> String {
        format!("{}.{}", self.conversation.0.simple(), self.version)
    }
}

/// Who is there.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Status {
    online: bool,
    agent: Option<String>,
}

/// The reader is gone, or shall go.
struct Gone;

/// What was read of a conversation; no messages where the reader is too far behind.
struct Read {
    thread: Thread,
    shown: Option<Vec<Shown>>,
    beside: Beside,
}

struct Feed {
    widget: Widget,
    scope: TenantScope,
    queue: QueueId,
    session: Session,
    person: String,
    ear: Ear,
    conversation: Option<(ConversationId, Ear)>,
    status: Status,
    typing: bool,
    /// How the messages of the window were shown last.
    shown: HashMap<MessageId, Mark>,
    /// What the reader has seen.
    last: Option<Place>,
    /// How far the conversation was when it was looked at last.
    version: Option<Place>,
    parts: mpsc::Sender<Bytes>,
}

impl Feed {
    async fn run(mut self, place: OwnedSemaphorePermit) {
        // Its end is the connection's end; the reader knows where to go on.
        let _ = self.follow().await;
        drop(place);
    }

    async fn follow(&mut self) -> Result<(), Gone> {
        self.say("retry: 1000\n".to_owned()).await?;
        self.tell("status", &self.status()).await?;
        self.look().await?;
        self.tell("ready", &json!({})).await?;
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.parts.closed() => return Err(Gone),
                () = self.widget.stop.cancelled() => return Err(Gone),
                _ = self.ear.next() => self.check().await?,
                pulse = next(&mut self.conversation) => self.heard(pulse).await?,
                _ = look.tick() => {
                    self.say(": alive\n".to_owned()).await?;
                    self.check().await?;
                }
            }
        }
    }

    async fn heard(&mut self, pulse: Pulse) -> Result<(), Gone> {
        if pulse.typing != self.typing {
            self.typing = pulse.typing;
            self.tell("typing", &json!({ "typing": pulse.typing }))
                .await?;
        }
        self.look().await
    }

    /// Looks whether the session still runs and somebody is there, and what is new.
    async fn check(&mut self) -> Result<(), Gone> {
        let desk = &self.widget.intake.desk;
        let (scope, id) = (self.scope, self.session.id);
        let found = desk.database.begin_with(scope, async |conn| {
            rows::find_session(conn, scope, id).await
        });
        let found = match found.await {
            Ok((transaction, found)) => transaction.commit().await.map(|()| found),
            Err(error) => Err(error),
        };
        match found {
            Ok(session)
                if !session
                    .as_ref()
                    .is_some_and(|it| is_running(it, desk.now())) =>
            {
                self.tell("ended", &json!({})).await?;
                return Err(Gone);
            }
            Ok(_) => {}
            // The database is away: what is known goes on to hold, and the next look tells.
            Err(error) => tracing::warn!(%error, "a widget's session cannot be looked up"),
        }
        let online = self.widget.presence.is_online(scope, self.queue).await;
        if online != self.status.online {
            self.status.online = online;
            self.tell("status", &self.status()).await?;
        }
        self.look().await
    }

    /// Shows what is new or changed.
    async fn look(&mut self) -> Result<(), Gone> {
        match self.read().await {
            Ok(Some(read)) => self.show(read).await,
            Ok(None) => Ok(()),
            Err(error) => {
                tracing::warn!(%error, "a widget's conversation cannot be read");
                Ok(())
            }
        }
    }

    /// Reads the conversation unless nothing happened since it was read.
    async fn read(&mut self) -> Result<Option<Read>, Error> {
        let (scope, inbox) = (self.scope, self.session.inbox_id);
        let person = &self.person;
        let begun = self
            .widget
            .intake
            .desk
            .database
            .begin_with(scope, async |conn| {
                rows::find_thread(conn, scope, inbox, person).await
            });
        let (transaction, found) = begun.await?;
        let Some(thread) = found.filter(|thread| self.version != Some(place(thread))) else {
            transaction.commit().await?;
            return Ok(None);
        };
        // Before it is read: what comes in between is heard.
        self.listen(thread.conversation_id);
        let seen = self
            .last
            .filter(|last| last.conversation == thread.conversation_id);
        let seen = seen.map_or(i64::MAX, |seen| seen.version);
        let mut all = Vec::new();
        for window in 0.. {
            if window == MOST_WINDOWS {
                transaction.commit().await?;
                return Ok(Some(Read {
                    thread,
                    shown: None,
                    beside: Beside::default(),
                }));
            }
            let before = all.last().map_or(i64::MAX, |one: &Shown| one.version);
            let page = rows::list_shown(&transaction, scope, inbox, &thread, before, WINDOW);
            let page = page.await?;
            let is_all = (page.len() as i64) < WINDOW;
            all.extend(page);
            if is_all || all.last().is_none_or(|one| one.version <= seen) {
                break;
            }
        }
        let session = &self.session;
        let beside = Beside::of(&transaction, &self.widget, scope, session, &all).await?;
        transaction.commit().await?;
        let shown = Some(all);
        Ok(Some(Read {
            thread,
            shown,
            beside,
        }))
    }

    fn listen(&mut self, id: ConversationId) {
        if self
            .conversation
            .as_ref()
            .is_none_or(|(known, _)| *known != id)
        {
            self.conversation = Some((id, self.widget.live.conversation(id)));
        }
    }

    async fn show(&mut self, read: Read) -> Result<(), Gone> {
        let Read {
            thread,
            shown,
            beside,
        } = read;
        let here = place(&thread);
        let is_other = self
            .last
            .is_some_and(|last| last.conversation != here.conversation);
        if shown.is_none() || is_other {
            self.shown.clear();
            self.last = None;
            self.tell("reset", &json!({})).await?;
        }
        let is_back = self.version.is_none() && self.last == Some(here);
        let mut messages = Vec::new();
        let mut marks = HashMap::new();
        for one in shown.iter().flatten().rev() {
            let mark = view::mark(one, &beside);
            if self.shown.get(&one.id) != Some(&mark) && !is_back {
                messages.push(view::message(one, &self.session, &beside));
            }
            marks.insert(one.id, mark);
        }
        self.shown = marks;
        for message in &messages {
            self.tell("message", message).await?;
        }
        if thread.agent != self.status.agent {
            self.status.agent = thread.agent.clone();
            self.tell("status", &self.status()).await?;
        }
        self.version = Some(here);
        if self.last != Some(here) {
            self.last = Some(here);
            // Only now has everything up to here been shown.
            let id = here.write();
            self.say(format!(
                "id: {id}\nevent: seen\ndata: {{\"seq\":{}}}\n",
                here.version
            ))
            .await?;
        }
        Ok(())
    }

    fn status(&self) -> Value {
        json!({ "online": self.status.online, "agent": self.status.agent })
    }

    async fn tell(&self, event: &str, data: &Value) -> Result<(), Gone> {
        self.say(format!("event: {event}\ndata: {data}\n")).await
    }

    async fn say(&self, lines: String) -> Result<(), Gone> {
        let part = Bytes::from(lines + "\n");
        let send = self.parts.send(part);
        // Who does not read for so long is gone; they come again where they were.
        match tokio::time::timeout(LOOK * 2, send).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Gone),
        }
    }
}

async fn next(conversation: &mut Option<(ConversationId, Ear)>) -> Pulse {
    match conversation {
        Some((_, ear)) => ear.next().await,
        None => std::future::pending().await,
    }
}

fn place(thread: &Thread) -> Place {
    Place {
        conversation: thread.conversation_id,
        version: thread.version,
    }
}
