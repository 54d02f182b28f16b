//! Signing in at an identity provider: the page begins, sends the person there, and hands in what they
//! come back with.

use super::Refusal;
use super::sign_in::{SignedIn, signed_in};
use crate::viewer::{desk, parse, relying_party, trace, vault};
use crate::{Error, types};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_domain::secret::Secret;
use interdesk_flow::oidc::{self, Answer, Ask, BeginOutcome, FinishOutcome, NotAdmitted};

#[derive(Default)]
pub(super) struct ProviderSignIn;

#[Object]
impl ProviderSignIn {
    /// Begins a sign-in at an identity provider (OpenID Connect, authorization code with PKCE). Keep
    /// `state` and `verifier` in the page, send the person to `url`, and hand in what they come back with
    /// by `providerSignInFinish`.
    async fn provider_sign_in_begin(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Where.")] input: ProviderSignInBeginInput,
    ) -> Option<Result<ProviderSignInBeginPayload, Error>> {
        Some(begin(context, input).await)
    }

    /// Signs somebody in by what the provider sent them back with. First compare the address's `state`
    /// with the one that was kept, and leave it where they differ.
    async fn provider_sign_in_finish(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What came back, and what was kept.")] input: ProviderSignInFinishInput,
    ) -> Option<Result<ProviderSignInFinishPayload, Error>> {
        Some(finish(context, input).await)
    }
}

/// Where somebody wants to sign in.
#[derive(InputObject)]
struct ProviderSignInBeginInput {
    /// The short name of the workspace.
    workspace: String,
    /// At which provider; see `signInProviders`.
    provider_id: ID,
    /// The page that the provider sends them back to, one of the provider's `redirectUrls`.
    redirect_url: String,
    /// Whom the provider may expect, such as an e-mail address.
    login_hint: Option<String>,
}

/// What came back in the page's address, and what the page kept.
#[derive(InputObject)]
struct ProviderSignInFinishInput {
    /// The address's `state`.
    #[graphql(secret)]
    state: String,
    /// The address's `code`.
    #[graphql(secret)]
    code: String,
    /// The address's `iss`, where it has one (RFC 9207).
    issuer: Option<String>,
    /// What the page kept.
    #[graphql(secret)]
    verifier: String,
    /// What the device is called, for the list of sessions.
    #[graphql(default)]
    device: String,
}

/// What became of beginning.
#[derive(SimpleObject)]
struct ProviderSignInBeginPayload {
    /// What became of it.
    status: ProviderSignInBeginStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
    /// Where to send the person.
    url: Option<String>,
    /// What comes back with the code; keep it and compare.
    state: Option<String>,
    /// What proves that this page began; keep it, and give it to nobody else.
    verifier: Option<String>,
    /// Until when the person may come back.
    expires_at: Option<DateTime<Utc>>,
}

/// What became of beginning.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum ProviderSignInBeginStatus {
    /// Send the person there.
    Begun,
    /// There is no such workspace or provider.
    NotFound,
    /// The page is none of the provider's `redirectUrls`.
    Invalid,
    /// Too many were begun; wait a minute.
    Throttled,
    /// The provider does not answer.
    Unavailable,
}

/// What became of signing in at a provider.
#[derive(SimpleObject)]
struct ProviderSignInFinishPayload {
    /// What became of it.
    status: ProviderSignInFinishStatus,
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

/// What became of signing in at a provider.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum ProviderSignInFinishStatus {
    /// The token is yours.
    SignedIn,
    /// No sign-in waits for this answer, not any more, or another page began it.
    Expired,
    /// What the provider says is not believed, or it refuses the code.
    Refused,
    /// The provider knows the person, and they are nobody here.
    NotAdmitted,
    /// The provider does not answer.
    Unavailable,
}

async fn begin(
    context: &Context<'_>,
    input: ProviderSignInBeginInput,
) -> Result<ProviderSignInBeginPayload, Error> {
    use ProviderSignInBeginStatus as Status;
    let not_found = || {
        (
            Status::NotFound,
            Refusal::not_found("providerId", "provider"),
        )
    };
    let outcome = match parse(&input.provider_id) {
        None => BeginOutcome::NotFound,
        Some(provider) => {
            let ask = Ask {
                workspace: input.workspace,
                provider,
                redirect_url: input.redirect_url,
                login_hint: input.login_hint,
            };
            oidc::begin(desk(context)?, relying_party(context)?, &ask).await?
        }
    };
    let (status, refusal) = match outcome {
        BeginOutcome::Begun(begun) => {
            return Ok(ProviderSignInBeginPayload {
                status: Status::Begun,
                refusal: None,
                url: Some(begun.url),
                state: Some(begun.state.expose().clone()),
                verifier: Some(begun.verifier.expose().clone()),
                expires_at: Some(begun.expires_at),
            });
        }
        BeginOutcome::NotFound => not_found(),
        BeginOutcome::BadRedirect => {
            let text =
                "the provider may not send people back to this page, add it to its redirectUrls";
            let refusal = Refusal::at("redirectUrl", "REDIRECT_REFUSED", text);
            (Status::Invalid, refusal)
        }
        BeginOutcome::Throttled => {
            let text = "too many sign-ins were begun for this workspace, wait a minute";
            (Status::Throttled, Refusal::of("TOO_MANY_TRIES", text))
        }
        BeginOutcome::Unavailable(unavailable) => {
            tracing::warn!(%unavailable, "an identity provider does not answer");
            (Status::Unavailable, away())
        }
    };
    Ok(ProviderSignInBeginPayload {
        status,
        refusal,
        url: None,
        state: None,
        verifier: None,
        expires_at: None,
    })
}

async fn finish(
    context: &Context<'_>,
    input: ProviderSignInFinishInput,
) -> Result<ProviderSignInFinishPayload, Error> {
    use ProviderSignInFinishStatus as Status;
    let (desk, vault, party) = (desk(context)?, vault(context)?, relying_party(context)?);
    let answer = Answer {
        state: Secret::new(input.state),
        code: Secret::new(input.code),
        issuer: input.issuer,
        verifier: Secret::new(input.verifier),
        device: input.device,
    };
    let (status, refusal) = match oidc::finish(desk, vault, party, &answer, trace(context)).await? {
        FinishOutcome::SignedIn(going) => {
            let SignedIn { tokens, agent } = signed_in(context, &going).await?;
            return Ok(ProviderSignInFinishPayload {
                status: Status::SignedIn,
                refusal: None,
                token: Some(tokens.token),
                expires_at: Some(tokens.expires_at),
                refresh_token: Some(tokens.refresh_token),
                refresh_expires_at: Some(tokens.refresh_expires_at),
                agent,
            });
        }
        FinishOutcome::Expired => {
            let text = "no sign-in waits for this answer, or not any more, begin again";
            let refusal = Refusal::at("state", "SIGN_IN_EXPIRED", text);
            (Status::Expired, refusal)
        }
        FinishOutcome::Refused { why } => (Status::Refused, Refusal::of("PROVIDER_REFUSED", why)),
        FinishOutcome::NotAdmitted(why) => {
            (Status::NotAdmitted, Refusal::of("NOT_ADMITTED", told(why)))
        }
        FinishOutcome::Unavailable(unavailable) => {
            tracing::warn!(%unavailable, "an identity provider does not answer");
            (Status::Unavailable, away())
        }
    };
    Ok(ProviderSignInFinishPayload {
        status,
        refusal,
        token: None,
        expires_at: None,
        refresh_token: None,
        refresh_expires_at: None,
        agent: None,
    })
}

/// Who is not signed in learns no address of the provider's.
fn away() -> Option<Refusal> {
    let text = "the provider does not answer, try again in a while";
    Refusal::of("PROVIDER_UNAVAILABLE", text)
}

fn told(why: NotAdmitted) -> &'static str {
    match why {
        NotAdmitted::Gone => "nobody signs in at this provider any more",
        NotAdmitted::Unknown => "there is no agent of yours here, ask an administrator to add you",
        NotAdmitted::EmailUnverified => {
            "the provider does not say that your e-mail address is verified, verify it there"
        }
        NotAdmitted::OtherAccount => {
            "your e-mail address belongs to another account of the provider here, ask an administrator"
        }
        NotAdmitted::NoRole => "none of your groups may come in, ask an administrator",
        NotAdmitted::Disabled => "you may not sign in any more, ask an administrator",
        NotAdmitted::QuotaExceeded => {
            "the workspace has as many agents as it may, ask an administrator"
        }
    }
}
