//! Sessions: gone on with, ended; and another password.

use super::Refusal;
use crate::access::requires;
use crate::viewer::{Pass, TokenIssuer, desk, parse, request, trace, viewer};
use crate::{Error, Identity};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_domain::id::AgentId;
use interdesk_domain::secret::Secret;
use interdesk_flow::sessions::{self, EndOutcome, Going, PasswordOutcome, Whose};

#[derive(Default)]
pub(super) struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Gives another access token for a refresh token, which is used up: the answer has the next one.
    /// A token that comes a second time ends its session, since somebody else has it then.
    async fn session_refresh(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What keeps the session going.")] input: SessionRefreshInput,
    ) -> Option<Result<SessionRefreshPayload, Error>> {
        Some(refresh(context, input).await)
    }

    /// Ends the session of the token that is sent, or another of the viewer's; its tokens are refused
    /// from the next request on.
    #[graphql(directive = requires::apply(None))]
    async fn sign_out(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which session.")] input: SignOutInput,
    ) -> Option<Result<SignOutPayload, Error>> {
        Some(sign_out(context, input).await)
    }

    /// Ends all sessions of the viewer; or of another agent, with the permission SESSIONS_MANAGE and
    /// where they may no more than the viewer. API keys stay.
    #[graphql(directive = requires::apply(None))]
    async fn sign_out_everywhere(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whose sessions.")] input: SignOutEverywhereInput,
    ) -> Option<Result<SignOutPayload, Error>> {
        Some(sign_out_everywhere(context, input).await)
    }

    /// Changes the viewer's own password; all their other sessions end.
    #[graphql(directive = requires::apply(None))]
    async fn password_change(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Both passwords.")] input: PasswordChangeInput,
    ) -> Option<Result<PasswordChangePayload, Error>> {
        Some(change_password(context, input).await)
    }
}

/// What keeps a session going.
#[derive(InputObject)]
struct SessionRefreshInput {
    /// The refresh token.
    #[graphql(secret)]
    refresh_token: String,
}

/// Which session ends.
#[derive(InputObject)]
struct SignOutInput {
    /// Which; that of the token that is sent without it.
    session_id: Option<ID>,
}

/// Whose sessions end.
#[derive(InputObject)]
struct SignOutEverywhereInput {
    /// Whose; the viewer's without it.
    agent_id: Option<ID>,
}

/// Both passwords.
#[derive(InputObject)]
struct PasswordChangeInput {
    /// The one before.
    #[graphql(secret)]
    current_password: String,
    /// The one from now on, of at least 12 characters.
    #[graphql(secret)]
    new_password: String,
}

/// What became of going on with a session.
#[derive(SimpleObject)]
struct SessionRefreshPayload {
    /// What became of it.
    status: SessionRefreshStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
    /// The access token; null where it was refused.
    token: Option<String>,
    /// Until when the access token is good.
    expires_at: Option<DateTime<Utc>>,
    /// The next refresh token; null where it was refused.
    refresh_token: Option<String>,
    /// Until when the next refresh token is good.
    refresh_expires_at: Option<DateTime<Utc>>,
}

/// What became of going on with a session.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum SessionRefreshStatus {
    /// The tokens are yours.
    Refreshed,
    /// The session is over; sign in again.
    Refused,
}

/// What became of signing out.
#[derive(SimpleObject)]
struct SignOutPayload {
    /// What became of it.
    status: SignOutStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
    /// How many sessions ended.
    ended: i32,
}

/// What became of signing out.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum SignOutStatus {
    /// The sessions are over.
    SignedOut,
    /// There is no such session or agent.
    NotFound,
    /// They are somebody else's, and the role does not allow it.
    NotAllowed,
}

/// What became of another password.
#[derive(SimpleObject)]
struct PasswordChangePayload {
    /// What became of it.
    status: PasswordChangeStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
}

/// What became of another password.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum PasswordChangeStatus {
    /// It holds from now on.
    Changed,
    /// The one before is another, or was given wrongly too often.
    Refused,
    /// It is too short or too long.
    Invalid,
}

/// The tokens of a session.
pub(super) struct Tokens {
    pub(super) token: String,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) refresh_token: String,
    pub(super) refresh_expires_at: DateTime<Utc>,
}

/// Issues the access token of a session.
pub(super) fn tokens(context: &Context<'_>, going: &Going) -> Result<Tokens, Error> {
    let issue = context.data_opt::<TokenIssuer>().ok_or(Error::Internal)?;
    let pass = Pass {
        tenant: going.tenant,
        agent: going.agent,
        session: going.session,
    };
    let issued = issue(&pass).map_err(|error| Error::hide(false, error.as_ref()))?;
    Ok(Tokens {
        token: issued.text,
        expires_at: issued.expires_at,
        refresh_token: going.refresh.expose().clone(),
        refresh_expires_at: going.expires_at,
    })
}

async fn refresh(
    context: &Context<'_>,
    input: SessionRefreshInput,
) -> Result<SessionRefreshPayload, Error> {
    let token = Secret::new(input.refresh_token);
    let going = sessions::refresh(desk(context)?, &token, trace(context)).await?;
    let Some(going) = going else {
        let text = "the session is over or the token was used before, sign in again";
        return Ok(SessionRefreshPayload {
            status: SessionRefreshStatus::Refused,
            refusal: Refusal::of("SESSION_OVER", text),
            token: None,
            expires_at: None,
            refresh_token: None,
            refresh_expires_at: None,
        });
    };
    let tokens = tokens(context, &going)?;
    Ok(SessionRefreshPayload {
        status: SessionRefreshStatus::Refreshed,
        refusal: None,
        token: Some(tokens.token),
        expires_at: Some(tokens.expires_at),
        refresh_token: Some(tokens.refresh_token),
        refresh_expires_at: Some(tokens.refresh_expires_at),
    })
}

async fn sign_out(context: &Context<'_>, input: SignOutInput) -> Result<SignOutPayload, Error> {
    let session = match &input.session_id {
        Some(id) => parse(id),
        None => context.data_opt::<Identity>().and_then(Identity::session),
    };
    match session {
        Some(session) => end(context, Whose::Own(session), "sessionId").await,
        None => Ok(ended(EndOutcome::NotFound, "sessionId")),
    }
}

async fn sign_out_everywhere(
    context: &Context<'_>,
    input: SignOutEverywhereInput,
) -> Result<SignOutPayload, Error> {
    let agent: Option<AgentId> = match &input.agent_id {
        Some(id) => parse(id),
        None => Some(viewer(context)?.agent),
    };
    match agent {
        Some(agent) => end(context, Whose::AllOf(agent), "agentId").await,
        None => Ok(ended(EndOutcome::NotFound, "agentId")),
    }
}

async fn end(
    context: &Context<'_>,
    whose: Whose,
    argument: &'static str,
) -> Result<SignOutPayload, Error> {
    let viewer = viewer(context)?;
    let request = request(context, viewer);
    let outcome = sessions::sign_out(desk(context)?, viewer, whose, &request).await?;
    Ok(ended(outcome, argument))
}

fn ended(outcome: EndOutcome, argument: &'static str) -> SignOutPayload {
    let (status, refusal, ended) = match outcome {
        EndOutcome::Ended(count) => (SignOutStatus::SignedOut, None, count),
        EndOutcome::NotFound => {
            let what = if argument == "agentId" {
                "agent"
            } else {
                "session"
            };
            (
                SignOutStatus::NotFound,
                Refusal::not_found(argument, what),
                0,
            )
        }
        EndOutcome::NotAllowed => {
            let text = "your role does not allow to sign them out";
            (
                SignOutStatus::NotAllowed,
                Refusal::at(argument, "NOT_ALLOWED", text),
                0,
            )
        }
    };
    SignOutPayload {
        status,
        refusal,
        ended: i32::try_from(ended).unwrap_or(i32::MAX),
    }
}

async fn change_password(
    context: &Context<'_>,
    input: PasswordChangeInput,
) -> Result<PasswordChangePayload, Error> {
    use PasswordChangeStatus as Status;
    let viewer = viewer(context)?;
    let (before, after) = (
        Secret::new(input.current_password),
        Secret::new(input.new_password),
    );
    let kept = context.data_opt::<Identity>().and_then(Identity::session);
    let request = request(context, viewer);
    let both = (&before, &after);
    let outcome = sessions::change_password(desk(context)?, viewer, both, kept, &request).await?;
    let (status, refusal) = match outcome {
        PasswordOutcome::Changed => (Status::Changed, None),
        PasswordOutcome::Refused => {
            let text = "this is not your password, or it was given wrongly too often";
            (
                Status::Refused,
                Refusal::at("currentPassword", "BAD_CREDENTIALS", text),
            )
        }
        PasswordOutcome::Unfit => {
            let text = "choose a password of 12 to 1,000 characters";
            (
                Status::Invalid,
                Refusal::at("newPassword", "SETUP_INVALID", text),
            )
        }
    };
    Ok(PasswordChangePayload { status, refusal })
}
