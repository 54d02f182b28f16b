//! A password is chosen without the one before.

use super::Refusal;
use crate::viewer::{desk, trace};
use crate::{Error, Limits};
use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use interdesk_domain::secret::Secret;
use interdesk_flow::reset::{self, ResetOutcome};

#[derive(Default)]
pub(super) struct PasswordResetMutation;

#[Object]
impl PasswordResetMutation {
    /// Asks for a mail with a token by which a password is chosen anew. The answer is the same whether
    /// the account exists or not; nothing comes where it has no password, or where the workspace has
    /// no mailbox that tells its people things.
    async fn password_reset_request(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whose password.")] input: PasswordResetRequestInput,
    ) -> Option<Result<PasswordResetRequestPayload, Error>> {
        Some(ask(context, input).await)
    }

    /// Chooses a password by a token, which is used up; all sessions of the agent end.
    async fn password_reset(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The token and the password.")] input: PasswordResetInput,
    ) -> Option<Result<PasswordResetPayload, Error>> {
        Some(choose(context, input).await)
    }
}

/// Whose password is to be chosen anew.
#[derive(InputObject)]
struct PasswordResetRequestInput {
    /// The short name of the workspace.
    workspace: String,
    /// The name at sign-in.
    email: String,
}

/// A password and the leave to choose it.
#[derive(InputObject)]
struct PasswordResetInput {
    /// The token of the mail, or of whoever runs the installation.
    #[graphql(secret)]
    token: String,
    /// The password from now on, of at least 12 characters.
    #[graphql(secret)]
    new_password: String,
}

/// What became of asking for a mail.
#[derive(SimpleObject)]
struct PasswordResetRequestPayload {
    /// What became of it.
    status: PasswordResetRequestStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
}

/// What became of asking for a mail.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum PasswordResetRequestStatus {
    /// A mail comes, if there is such an account with a password.
    Asked,
    /// It was asked for too often; wait a minute.
    Throttled,
}

/// What became of choosing a password.
#[derive(SimpleObject)]
struct PasswordResetPayload {
    /// What became of it.
    status: PasswordResetStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
}

/// What became of choosing a password.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum PasswordResetStatus {
    /// It holds from now on.
    Changed,
    /// The token is not good, or not any more.
    Refused,
    /// The password is too short or too long.
    Invalid,
}

async fn ask(
    context: &Context<'_>,
    input: PasswordResetRequestInput,
) -> Result<PasswordResetRequestPayload, Error> {
    use PasswordResetRequestStatus as Status;
    let limits = context.data_opt::<Limits>().cloned().unwrap_or_default();
    let most = u64::from(limits.sign_in_tries_per_minute);
    let is_asked = reset::ask(desk(context)?, &input.workspace, &input.email, most).await?;
    let (status, refusal) = match is_asked {
        true => (Status::Asked, None),
        false => {
            let text = "it was asked for too often for this account, wait a minute";
            (Status::Throttled, Refusal::of("TOO_MANY_TRIES", text))
        }
    };
    Ok(PasswordResetRequestPayload { status, refusal })
}

async fn choose(
    context: &Context<'_>,
    input: PasswordResetInput,
) -> Result<PasswordResetPayload, Error> {
    use PasswordResetStatus as Status;
    let (token, password) = (Secret::new(input.token), Secret::new(input.new_password));
    let outcome = reset::choose(desk(context)?, &token, &password, trace(context)).await?;
    let (status, refusal) = match outcome {
        ResetOutcome::Changed => (Status::Changed, None),
        ResetOutcome::Refused => {
            let text = "the token is not good or not any more, ask for another";
            (Status::Refused, Refusal::at("token", "TOKEN_USED", text))
        }
        ResetOutcome::Unfit => {
            let text = "choose a password of 12 to 1,000 characters";
            let refusal = Refusal::at("newPassword", "SETUP_INVALID", text);
            (Status::Invalid, refusal)
        }
    };
    Ok(PasswordResetPayload { status, refusal })
}
