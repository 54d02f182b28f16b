//! Signing in: a password, and a code where it is asked for, for a token.

use super::Refusal;
use super::session::{Tokens, tokens};
use crate::access::{Proven, prove};
use crate::viewer::{desk, trace, vault};
use crate::{Error, Identity, Limits, Reader, types};
use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_domain::secret::Secret;
use interdesk_flow::sessions::Going;
use interdesk_flow::sign_in::{self, Claim, SignInOutcome};
use interdesk_store::access::Proof;

#[derive(Default)]
pub(super) struct SignIn;

#[Object]
impl SignIn {
    /// Gives a token for a password: send it as `Authorization: Bearer …`, or as `authorization` in
    /// the payload of a socket's `connection_init`.
    async fn sign_in(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who, and what proves it.")] input: SignInInput,
    ) -> Option<Result<SignInPayload, Error>> {
        Some(sign_in(context, input).await)
    }
}

/// Who wants in.
#[derive(InputObject)]
struct SignInInput {
    /// The short name of the workspace.
    workspace: String,
    /// The name at sign-in.
    email: String,
    /// What proves it.
    #[graphql(secret)]
    password: String,
    /// What the authenticator shows, or a recovery code; not needed where no second proof is on.
    #[graphql(secret)]
    code: Option<String>,
    /// What the device is called, for the list of sessions.
    #[graphql(default)]
    device: String,
}

/// What became of signing in.
#[derive(SimpleObject)]
struct SignInPayload {
    /// What became of it.
    status: SignInStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
    /// The token; null where it was refused.
    token: Option<String>,
    /// Until when the token is good.
    expires_at: Option<DateTime<Utc>>,
    /// What gives the next token, once, by `sessionRefresh`; null where it was refused.
    refresh_token: Option<String>,
    /// Until when the refresh token is good.
    refresh_expires_at: Option<DateTime<Utc>>,
    /// Who signed in.
    agent: types::Nullable<types::Agent>,
}

/// What became of signing in.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum SignInStatus {
    /// The token is yours.
    SignedIn,
    /// The password is right; sign in again with `code` too.
    CodeNeeded,
    /// Workspace, name and password do not belong together.
    Refused,
    /// Too many tries; wait a minute.
    Throttled,
}

async fn sign_in(context: &Context<'_>, input: SignInInput) -> Result<SignInPayload, Error> {
    let desk = desk(context)?;
    let limits = context.data_opt::<Limits>().cloned().unwrap_or_default();
    let claim = Claim {
        workspace: input.workspace,
        email: input.email,
        password: Secret::new(input.password),
        code: input.code.map(Secret::new),
        device: input.device,
    };
    let tries = u64::from(limits.sign_in_tries_per_minute);
    match sign_in::sign_in(desk, vault(context)?, &claim, tries, trace(context)).await? {
        SignInOutcome::SignedIn(going) => accepted(context, &going).await,
        SignInOutcome::CodeNeeded => {
            let message = "send the code of your authenticator too, or a recovery code";
            Ok(refused(
                SignInStatus::CodeNeeded,
                Refusal::at("code", "CODE_NEEDED", message),
            ))
        }
        SignInOutcome::Refused => {
            let message = "workspace, e-mail address, password and code do not belong together, or the account \
                           is locked for a while after too many wrong ones";
            Ok(refused(
                SignInStatus::Refused,
                Refusal::of("BAD_CREDENTIALS", message),
            ))
        }
        SignInOutcome::Throttled => {
            let message = "too many tries for this account, wait a minute";
            Ok(refused(
                SignInStatus::Throttled,
                Refusal::of("TOO_MANY_TRIES", message),
            ))
        }
    }
}

async fn accepted(context: &Context<'_>, going: &Going) -> Result<SignInPayload, Error> {
    let SignedIn { tokens, agent } = signed_in(context, going).await?;
    Ok(SignInPayload {
        status: SignInStatus::SignedIn,
        refusal: None,
        token: Some(tokens.token),
        expires_at: Some(tokens.expires_at),
        refresh_token: Some(tokens.refresh_token),
        refresh_expires_at: Some(tokens.refresh_expires_at),
        agent,
    })
}

/// What somebody who signed in gets.
pub(super) struct SignedIn {
    pub(super) tokens: Tokens,
    pub(super) agent: types::Nullable<types::Agent>,
}

/// Issues the tokens of a session that begins, and shows whose it is.
pub(super) async fn signed_in(context: &Context<'_>, going: &Going) -> Result<SignedIn, Error> {
    let tokens = tokens(context, going)?;
    let identity = Identity {
        tenant: going.tenant,
        proof: Proof::Token {
            agent: going.agent,
            session: Some(going.session),
            issued_at: desk(context)?.now(),
        },
    };
    // The request came from a stranger, so it has no loaders of its own.
    let desk = desk(context)?;
    let Proven { viewer, sight, .. } = prove(desk, &identity).await?;
    let loaders = Reader::loaders(desk.database.clone(), &viewer, sight);
    let agent = loaders.load(viewer.agent).await.transpose();
    Ok(SignedIn {
        tokens,
        agent: agent.map(|agent| agent.map(types::Agent)),
    })
}

fn refused(status: SignInStatus, refusal: Option<Refusal>) -> SignInPayload {
    SignInPayload {
        status,
        refusal,
        token: None,
        expires_at: None,
        refresh_token: None,
        refresh_expires_at: None,
        agent: None,
    }
}
