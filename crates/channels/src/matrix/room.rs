//! Rooms and the bot in them: found, made, entered.
//!
//! Whatever is done here may be done again: a bot that exists, a room that has its alias and a
//! member that is in already are as good as new ones.

use super::errors;
use super::id::{BOT, EventId, NETWORK, Ours, USER, segment};
use super::member;
use crate::http::{self, Answer};
use crate::json::{self, Fields};
use crate::{Outgoing, SendContext, SendError, refusal};
use interdesk_domain::delivery::FailureReason;
use serde_json::{Value, json};

/// The client-server API as one of our users: the inbox's bot, unless another is named.
pub(super) struct Homeserver<'a> {
    context: &'a SendContext<'a>,
    token: &'a str,
    bot: &'a str,
    user: &'a str,
}

impl<'a> Homeserver<'a> {
    /// Reads from the inbox who calls and where.
    pub(super) fn of(context: &'a SendContext<'a>) -> Result<Self, SendError> {
        let token = http::token(context, "application service token")?;
        let bot = context.credentials.other(BOT);
        let bot = bot
            .filter(|bot| Ours::parse(bot).is_some())
            .ok_or_else(|| {
                let detail = format!("the inbox has no {BOT} such as @_interdesk_care:example.org");
                refusal::permanent(FailureReason::AccountRefused, detail)
            })?;
        Ok(Self {
            context,
            token,
            bot,
            user: bot,
        })
    }

    /// Calls as another of our users.
    pub(super) fn acting_as(&self, user: &'a str) -> Self {
        Self { user, ..*self }
    }

    /// Returns the bot's user id.
    pub(super) fn bot(&self) -> &'a str {
        self.bot
    }

    /// Returns the id of the user who calls.
    pub(super) fn user(&self) -> &'a str {
        self.user
    }

    /// Tells whether a user is one of ours.
    pub(super) fn is_ours(&self, user: &str) -> bool {
        Ours::parse(self.bot).is_some_and(|ours| ours.holds(user))
    }

    /// Begins a call as the user.
    pub(super) fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let base = self.context.endpoint.trim_end_matches('/');
        let request = self.context.client.request(method, format!("{base}{path}"));
        request
            .bearer_auth(self.token)
            .query(&[("user_id", self.user)])
    }

    /// Calls with a body in JSON.
    pub(super) async fn call(
        &self,
        method: reqwest::Method,
        path: &str,
        body: &Value,
    ) -> Result<Answer, SendError> {
        let request = self.request(method, path).json(body);
        http::call(request, self.context.now).await
    }

    pub(super) async fn ask(&self, path: &str) -> Result<Answer, SendError> {
        let request = self.request(reqwest::Method::GET, path);
        http::call(request, self.context.now).await
    }

    /// Registers the user under a name to show; one that exists is as good.
    pub(super) async fn register(&self, name: Option<&str>) -> Result<(), SendError> {
        let base = self.context.endpoint.trim_end_matches('/');
        let url = format!("{base}/_matrix/client/v3/register");
        let localpart = Ours::parse(self.user).map_or("", |user| user.localpart());
        let body = json!({
            "type": "m.login.application_service",
            "username": localpart,
            "inhibit_login": true,
        });
        let request = self.context.client.post(url).bearer_auth(self.token);
        let answer = http::call(request.json(&body), self.context.now)
            .await
            .map_err(errors::preparing)?;
        let exists = errors::code(&answer).as_deref() == Some("M_USER_IN_USE");
        if !exists {
            errors::check(&answer).map_err(errors::preparing)?;
        }
        // The bot's name is set once; a ghost's is that of an agent, who may be called otherwise by now.
        if let Some(name) = name.filter(|_| !exists || self.user != self.bot) {
            let path = format!(
                "/_matrix/client/v3/profile/{}/displayname",
                segment(self.user)
            );
            // Who has no name writes as well.
            let body = json!({ "displayname": name });
            let _ = self.call(reqwest::Method::PUT, &path, &body).await;
        }
        Ok(())
    }

    /// Registers the bot under the name that the inbox gives it.
    pub(super) async fn register_bot(&self) -> Result<(), SendError> {
        let name = self.context.credentials.other("display_name");
        self.register(name).await
    }

    /// Enters a room as the bot, which is made where it is missed.
    pub(super) async fn join(&self, room: &str, via: Option<&str>) -> Result<(), SendError> {
        let bot = self.acting_as(self.bot);
        bot.register_bot().await?;
        bot.enter(room, via).await
    }

    /// Enters a room, as a user that exists.
    pub(super) async fn enter(&self, room: &str, via: Option<&str>) -> Result<(), SendError> {
        let path = format!("/_matrix/client/v3/join/{}", segment(room));
        let mut request = self.request(reqwest::Method::POST, &path);
        if let Some(server) = via {
            // The second name is that of servers before version 1.12 of the specification.
            request = request.query(&[("via", server), ("server_name", server)]);
        }
        let answer = http::call(request.json(&json!({})), self.context.now)
            .await
            .map_err(errors::preparing)?;
        errors::check(&answer).map_err(errors::preparing)?;
        Ok(())
    }

    /// Returns what a user is in a room: `join`, `invite`, `leave`…; `None` where nobody tells.
    async fn membership(&self, room: &str, user: &str) -> Option<String> {
        let path = format!(
            "/_matrix/client/v3/rooms/{}/state/m.room.member/{}",
            segment(room),
            segment(user)
        );
        let answer = self.ask(&path).await.ok()?;
        let root = errors::check(&answer).ok()?;
        root.words("membership")
    }

    /// Refuses words for a group that everybody left; a room that does not tell is written to.
    async fn has_readers(&self, room: &str) -> Result<(), SendError> {
        let path = format!("/_matrix/client/v3/rooms/{}/joined_members", segment(room));
        let answer = self.ask(&path).await.map_err(errors::preparing)?;
        let Ok(root) = errors::check(&answer) else {
            return Ok(());
        };
        let Some(joined) = root.object("joined") else {
            return Ok(());
        };
        match joined.names().any(|user| !self.is_ours(user)) {
            true => Ok(()),
            false => {
                let detail = "everybody left the room: somebody has to ask the desk in again";
                Err(refusal::permanent(FailureReason::NotOptedIn, detail))
            }
        }
    }

    /// Reads who is in a room and what they may do, as a body to parse; empty where the homeserver
    /// does not say or the room is too large to read.
    async fn state(&self, room: &str) -> Result<Vec<u8>, SendError> {
        let path = format!("/_matrix/client/v3/rooms/{}/state", segment(room));
        let answer = self.ask(&path).await.map_err(errors::preparing)?;
        if answer.status == 429 || answer.status >= 500 {
            return Err(errors::preparing(answer.unexplained()));
        }
        let told = answer.body.as_deref().filter(|_| answer.is_success());
        let list = told.filter(|body| body.trim_start().starts_with('['));
        let body = list.map(|list| format!("{{\"{}\":{list}}}", member::STATE));
        Ok(body.unwrap_or_default().into_bytes())
    }

    /// Makes the room of a conversation and asks the customer in; one that was made is found by
    /// its alias.
    async fn open(&self, conversation: &str, customer: &str) -> Result<String, SendError> {
        self.register_bot().await?;
        let bot = Ours::parse(self.bot);
        let (localpart, server) = bot.map_or(("", ""), |bot| (bot.localpart(), bot.server()));
        let alias = format!("{localpart}_{conversation}");
        let mut body = json!({
            "preset": "private_chat",
            "is_direct": true,
            "invite": [customer],
            "room_alias_name": alias,
        });
        if let Some(name) = self.context.credentials.other("display_name") {
            body["name"] = name.into();
        }
        let path = "/_matrix/client/v3/createRoom";
        let made = self.call(reqwest::Method::POST, path, &body).await;
        let made = made.map_err(errors::preparing)?;
        if errors::code(&made).as_deref() == Some("M_ROOM_IN_USE") {
            let alias = segment(&format!("#{alias}:{server}"));
            let path = format!("/_matrix/client/v3/directory/room/{alias}");
            let found = self.ask(&path).await.map_err(errors::preparing)?;
            let room = room_id(&found)?;
            // Its making may have broken off before the customer was asked in.
            self.ask_in(&room, customer).await?;
            return Ok(room);
        }
        room_id(&made)
    }

    /// Asks somebody into a room.
    async fn ask_in(&self, room: &str, user: &str) -> Result<(), SendError> {
        let path = format!("/_matrix/client/v3/rooms/{}/invite", segment(room));
        let body = json!({ "user_id": user });
        let answer = self.call(reqwest::Method::POST, &path, &body).await;
        let answer = answer.map_err(errors::preparing)?;
        // Whoever is in already cannot be asked in.
        if errors::code(&answer).as_deref() == Some("M_FORBIDDEN") {
            return Ok(());
        }
        errors::check(&answer).map_err(errors::preparing)?;
        Ok(())
    }
}

fn room_id(answer: &Answer) -> Result<String, SendError> {
    let root = errors::check(answer).map_err(errors::preparing)?;
    root.words("room_id")
        .ok_or_else(|| errors::preparing(answer.unreadable("the homeserver")))
}

/// Finds the room to write to: the group, where the customer wrote last, or one that is made for them.
pub(super) async fn find(
    homeserver: &Homeserver<'_>,
    outgoing: &Outgoing,
) -> Result<String, SendError> {
    if let Some(room) = &outgoing.group {
        homeserver.has_readers(room).await?;
        return Ok(room.clone());
    }
    let customer = customer(outgoing)?;
    let Some(room) = homeserver.context.state else {
        return homeserver.open(&outgoing.conversation, customer).await;
    };
    // Words in an empty room would be read by nobody, and nothing would tell.
    let membership = homeserver.membership(room, customer).await;
    if matches!(membership.as_deref(), Some("leave" | "ban")) {
        let detail = "the customer left the room: they have to ask the desk in again";
        return Err(refusal::permanent(FailureReason::NotOptedIn, detail));
    }
    Ok(room.to_owned())
}

/// Returns the room that something passing is shown in; there is nothing to show in none.
pub(super) fn known(context: &SendContext<'_>, target: Option<&str>) -> Option<String> {
    let of_target = target.and_then(EventId::parse).map(|id| id.room);
    of_target.or_else(|| context.state.map(str::to_owned))
}

fn customer(outgoing: &Outgoing) -> Result<&str, SendError> {
    let mut addresses = outgoing.to.iter();
    let found = addresses.find(|to| to.network == NETWORK && to.namespace == USER);
    let user = found.map(|address| address.value.as_str());
    user.filter(|user| Ours::parse(user).is_some())
        .ok_or_else(|| {
            let detail = "the customer has no Matrix address such as @name:example.org";
            refusal::permanent(FailureReason::RecipientUnknown, detail)
        })
}

/// Does what an event that was kept asks of us: enters the room of an invitation, or the one that
/// replaced another. Where a ghost was asked in it brings the bot. What is learnt is who else is in there.
pub(super) async fn follow(context: &SendContext<'_>, raw: &str) -> Result<Vec<u8>, SendError> {
    let Ok((_, event)) = json::root(raw) else {
        return Ok(Vec::new());
    };
    let Some((room, via)) = asked_into(&event) else {
        return Ok(Vec::new());
    };
    let homeserver = Homeserver::of(context)?;
    let invited = event.words("state_key");
    let ghost = invited.filter(|user| homeserver.is_ours(user) && user != homeserver.bot());
    if let Some(ghost) = ghost {
        let ghost = homeserver.acting_as(&ghost);
        // Its name comes with the first words of its agent.
        ghost.register(None).await?;
        ghost.enter(&room, via.as_deref()).await?;
        ghost.ask_in(&room, homeserver.bot()).await?;
    }
    homeserver.join(&room, via.as_deref()).await?;
    homeserver.state(&room).await
}

/// Returns the room to enter, and a server that is in it.
fn asked_into(event: &Fields<'_>) -> Option<(String, Option<String>)> {
    let content = event.object("content").unwrap_or_default();
    let room = match content.words("replacement_room") {
        Some(replacement) => replacement,
        None => event.words("room_id")?,
    };
    let from = event.text("sender").unwrap_or_default();
    let via = from.split_once(':').map(|(_, server)| server.to_owned());
    room.starts_with('!').then_some((room, via))
}

/// A reaction of ours.
pub(super) struct OwnReaction {
    pub(super) event: EventId,
    pub(super) emoji: String,
    pub(super) author: String,
}

/// Returns how we reacted to an event.
pub(super) async fn own_reactions(
    homeserver: &Homeserver<'_>,
    target: &EventId,
) -> Result<Vec<OwnReaction>, SendError> {
    let path = format!(
        "/_matrix/client/v1/rooms/{}/relations/{}/m.annotation/m.reaction",
        segment(&target.room),
        segment(&target.event)
    );
    let answer = homeserver.ask(&path).await.map_err(errors::preparing)?;
    let root = errors::check(&answer).map_err(errors::preparing)?;
    let ours = root.objects("chunk").into_iter().filter_map(|event| {
        let author = event.text("sender");
        let author = author.filter(|author| homeserver.is_ours(author))?;
        let relation = event.object("content")?.object("m.relates_to")?;
        let id = EventId {
            room: target.room.clone(),
            event: event.words("event_id")?,
        };
        Some(OwnReaction {
            event: id,
            emoji: relation.words("key")?,
            author,
        })
    });
    Ok(ours.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_names_its_room_and_a_replaced_room_its_replacement() {
        let cases = [
            (
                r#"{"room_id":"!a:example.org","sender":"@b:example.com:8448","content":{}}"#,
                Some(("!a:example.org", Some("example.com:8448"))),
            ),
            (
                r#"{"room_id":"!a","sender":"@b:c","content":{"replacement_room":"!n"}}"#,
                Some(("!n", Some("c"))),
            ),
            (r##"{"room_id":"#alias","content":{}}"##, None),
            ("{}", None),
        ];
        for (raw, expected) in cases {
            let (_, event) = json::root(raw).expect("an object");
            let found = asked_into(&event);
            let told = found
                .as_ref()
                .map(|(room, via)| (room.as_str(), via.as_deref()));
            assert_eq!(told, expected, "{raw}");
        }
    }
}
