//! Agents as users of their own: ghosts.
//!
//! Where an inbox shows its agents, each of them writes and reacts as a user of the inbox's namespace. What
//! a ghost needs is made when it is missed: its account, its name, its place in a room. Where it cannot come
//! in the bot writes, so that no words are lost.

use super::errors;
use super::id::{EventId, Ours, segment};
use super::room::Homeserver;
use crate::{SendError, Writer};
use reqwest::Method;
use serde_json::json;

/// Returns the user that stands for somebody of the desk.
pub(super) fn of(bot: &str, writer: &Writer) -> Option<String> {
    let bot = Ours::parse(bot)?;
    let (localpart, server) = (bot.localpart(), bot.server());
    Some(format!("@{localpart}_{}:{server}", writer.id))
}

/// Brings a ghost into a room, as the bot that is in there, under its present name.
pub(super) async fn bring(
    homeserver: &Homeserver<'_>,
    ghost: &Homeserver<'_>,
    room: &str,
    name: &str,
) -> Result<(), SendError> {
    ghost.register(Some(name)).await?;
    let path = format!("/_matrix/client/v3/rooms/{}/invite", segment(room));
    let body = json!({ "user_id": ghost.user() });
    // Whoever is in already cannot be asked in, and some rooms are open: to enter decides.
    let _ = homeserver.call(Method::POST, &path, &body).await;
    ghost.enter(room, None).await
}

/// Returns which of our users an event is from; the bot where it is nobody's of ours, or is not shown.
pub(super) async fn author(
    homeserver: &Homeserver<'_>,
    target: &EventId,
) -> Result<String, SendError> {
    let path = format!(
        "/_matrix/client/v3/rooms/{}/event/{}",
        segment(&target.room),
        segment(&target.event)
    );
    let answer = homeserver.ask(&path).await.map_err(errors::preparing)?;
    if answer.status == 429 || answer.status >= 500 {
        // A change in another one's name would be taken and have no effect.
        return Err(errors::preparing(answer.unexplained()));
    }
    let told = errors::check(&answer).ok();
    let sender = told.and_then(|event| event.words("sender"));
    let sender = sender.filter(|sender| homeserver.is_ours(sender));
    Ok(sender.unwrap_or_else(|| homeserver.bot().to_owned()))
}
