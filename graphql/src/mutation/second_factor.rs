//! A second proof at sign-in: the codes of an authenticator.

use super::Refusal;
use crate::Error;
use crate::access::requires;
use crate::viewer::{desk, parse, request, vault, viewer};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use interdesk_domain::secret::Secret;
use interdesk_flow::second_factor::{self, BeginOutcome, ConfirmOutcome, Own, RemoveOutcome};

#[derive(Default)]
pub(super) struct SecondFactorMutation;

#[Object]
impl SecondFactorMutation {
    /// Makes a secret for the viewer's authenticator (TOTP, RFC 6238: SHA-1, six digits, 30 seconds), in
    /// place of one that was not confirmed. Nothing changes until `secondFactorConfirm`.
    #[graphql(directive = requires::apply(None))]
    async fn second_factor_begin(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What proves the viewer.")] input: SecondFactorBeginInput,
    ) -> Option<Result<SecondFactorBeginPayload, Error>> {
        Some(begin(context, input).await)
    }

    /// Confirms the secret by a code; every `signIn` of the viewer asks for one from then on.
    #[graphql(directive = requires::apply(None))]
    async fn second_factor_confirm(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The code.")] input: SecondFactorConfirmInput,
    ) -> Option<Result<SecondFactorConfirmPayload, Error>> {
        Some(confirm(context, input).await)
    }

    /// Lets `signIn` ask for no code any more: of the viewer, by password and code; or of another agent
    /// who lost theirs, with the permission SESSIONS_MANAGE and where they may no more than the viewer.
    #[graphql(directive = requires::apply(None))]
    async fn second_factor_remove(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whose, and what proves the viewer.")] input: SecondFactorRemoveInput,
    ) -> Option<Result<SecondFactorRemovePayload, Error>> {
        Some(remove(context, input).await)
    }
}

/// What proves the viewer.
#[derive(InputObject)]
struct SecondFactorBeginInput {
    /// Their password.
    #[graphql(secret)]
    password: String,
}

/// A code.
#[derive(InputObject)]
struct SecondFactorConfirmInput {
    /// What the authenticator shows.
    #[graphql(secret)]
    code: String,
}

/// Whose second proof ends, and what proves the viewer.
#[derive(InputObject)]
struct SecondFactorRemoveInput {
    /// Of which other agent; the viewer's own without it.
    agent_id: Option<ID>,
    /// The viewer's password; not needed with `agentId`.
    #[graphql(secret)]
    password: Option<String>,
    /// A code of the viewer's authenticator or a recovery code; not needed with `agentId`.
    #[graphql(secret)]
    code: Option<String>,
}

/// What became of making a secret.
#[derive(SimpleObject)]
struct SecondFactorBeginPayload {
    /// What became of it.
    status: SecondFactorBeginStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
    /// The secret in base32, to be typed; null where it was refused. It is shown once.
    secret: Option<String>,
    /// The same as `otpauth://totp/…`, to be shown as a QR code.
    uri: Option<String>,
}

/// What became of making a secret.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum SecondFactorBeginStatus {
    /// It waits for its first code.
    Begun,
    /// The password is another, or was given wrongly too often.
    Refused,
    /// Sign-ins ask for codes already.
    AlreadyOn,
}

/// What became of confirming a secret.
#[derive(SimpleObject)]
struct SecondFactorConfirmPayload {
    /// What became of it.
    status: SecondFactorConfirmStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
    /// Codes that are good once each instead, for who loses the authenticator; shown once. Empty where
    /// it was refused.
    recovery_codes: Vec<String>,
}

/// What became of confirming a secret.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum SecondFactorConfirmStatus {
    /// Sign-ins ask for codes from now on.
    On,
    /// It is not the code of this moment.
    Refused,
    /// No secret waits for a code.
    NotBegun,
}

/// What became of ending a second proof.
#[derive(SimpleObject)]
struct SecondFactorRemovePayload {
    /// What became of it.
    status: SecondFactorRemoveStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
}

/// What became of ending a second proof.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum SecondFactorRemoveStatus {
    /// Sign-ins ask for no code any more.
    Off,
    /// They asked for none.
    NotOn,
    /// Password and code do not prove it, or were given wrongly too often.
    Refused,
    /// There is no such agent.
    NotFound,
    /// It is somebody else's, and the role does not allow it.
    NotAllowed,
}

async fn begin(
    context: &Context<'_>,
    input: SecondFactorBeginInput,
) -> Result<SecondFactorBeginPayload, Error> {
    use SecondFactorBeginStatus as Status;
    let (desk, viewer) = (desk(context)?, viewer(context)?);
    let password = Secret::new(input.password);
    let request = request(context, viewer);
    let outcome = second_factor::begin(desk, vault(context)?, viewer, &password, &request).await?;
    let (status, refusal, begun) = match outcome {
        BeginOutcome::Begun(begun) => (Status::Begun, None, Some(begun)),
        BeginOutcome::Refused => {
            let text = "this is not your password, or it was given wrongly too often";
            let refusal = Refusal::at("password", "BAD_CREDENTIALS", text);
            (Status::Refused, refusal, None)
        }
        BeginOutcome::AlreadyOn => {
            let text = "sign-ins ask for codes already, remove the second proof first";
            (
                Status::AlreadyOn,
                Refusal::of("SECOND_FACTOR_ON", text),
                None,
            )
        }
    };
    Ok(SecondFactorBeginPayload {
        status,
        refusal,
        secret: begun.as_ref().map(|begun| begun.secret.expose().clone()),
        uri: begun.map(|begun| begun.uri.expose().clone()),
    })
}

async fn confirm(
    context: &Context<'_>,
    input: SecondFactorConfirmInput,
) -> Result<SecondFactorConfirmPayload, Error> {
    use SecondFactorConfirmStatus as Status;
    let (desk, viewer) = (desk(context)?, viewer(context)?);
    let code = Secret::new(input.code);
    let request = request(context, viewer);
    let outcome = second_factor::confirm(desk, vault(context)?, viewer, &code, &request).await?;
    let (status, refusal, codes) = match outcome {
        ConfirmOutcome::On(codes) => (Status::On, None, codes),
        ConfirmOutcome::Refused => {
            let text = "it is not the code of this moment, look at the authenticator again";
            let refusal = Refusal::at("code", "BAD_CREDENTIALS", text);
            (Status::Refused, refusal, Vec::new())
        }
        ConfirmOutcome::NotBegun => {
            let text = "no secret waits for a code, call secondFactorBegin first";
            (
                Status::NotBegun,
                Refusal::of("SECOND_FACTOR_OFF", text),
                Vec::new(),
            )
        }
    };
    Ok(SecondFactorConfirmPayload {
        status,
        refusal,
        recovery_codes: codes.iter().map(|code| code.expose().clone()).collect(),
    })
}

async fn remove(
    context: &Context<'_>,
    input: SecondFactorRemoveInput,
) -> Result<SecondFactorRemovePayload, Error> {
    let (desk, viewer) = (desk(context)?, viewer(context)?);
    let request = request(context, viewer);
    let outcome = match &input.agent_id {
        Some(id) => match parse(id) {
            Some(agent) => second_factor::remove(desk, viewer, agent, &request).await?,
            None => RemoveOutcome::NotFound,
        },
        None => {
            let own = Own {
                password: Secret::new(input.password.unwrap_or_default()),
                code: Secret::new(input.code.unwrap_or_default()),
            };
            second_factor::remove_own(desk, vault(context)?, viewer, &own, &request).await?
        }
    };
    let (status, refusal) = removed(outcome);
    Ok(SecondFactorRemovePayload { status, refusal })
}

fn removed(outcome: RemoveOutcome) -> (SecondFactorRemoveStatus, Option<Refusal>) {
    use SecondFactorRemoveStatus as Status;
    match outcome {
        RemoveOutcome::Off => (Status::Off, None),
        RemoveOutcome::NotOn => {
            let text = "sign-ins ask for no code";
            (Status::NotOn, Refusal::of("SECOND_FACTOR_OFF", text))
        }
        RemoveOutcome::Refused => {
            let text = "password and code do not prove it, or were given wrongly too often";
            (Status::Refused, Refusal::of("BAD_CREDENTIALS", text))
        }
        RemoveOutcome::NotFound => (Status::NotFound, Refusal::not_found("agentId", "agent")),
        RemoveOutcome::NotAllowed => {
            let text = "your role does not allow it; your own goes with password and code alone";
            (
                Status::NotAllowed,
                Refusal::at("agentId", "NOT_ALLOWED", text),
            )
        }
    }
}
