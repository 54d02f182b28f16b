//! `whoami`: whether the homeserver knows the application service, and as whom.

use super::errors;
use super::room::Homeserver;
use crate::{SendContext, SendError};
use interdesk_domain::message::{Condition, Examined, HealthState};

/// Asks the homeserver who the bot is; one that it does not know yet is made.
pub(super) async fn examine(context: &SendContext<'_>) -> Result<Examined, SendError> {
    let homeserver = Homeserver::of(context)?;
    homeserver.register_bot().await?;
    let answer = homeserver.ask("/_matrix/client/v3/account/whoami").await?;
    let user = errors::check(&answer)?.words("user_id");
    let (state, reason, detail) = match user.as_deref() == Some(homeserver.bot()) {
        true => (HealthState::Healthy, "answered", "the homeserver answers"),
        false => (
            HealthState::Blocked,
            "another_user",
            "the homeserver knows the bot under another name than others.user_id says",
        ),
    };
    Ok(Examined {
        conditions: vec![Condition::new("access", state, reason, detail)],
        ..Examined::default()
    })
}
