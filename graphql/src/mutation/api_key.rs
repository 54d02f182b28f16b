//! API keys: made, and revoked.

use super::Refusal;
use crate::access::requires;
use crate::types::{ApiKey, Nullable, Permission};
use crate::viewer::{desk, parse, request, viewer};
use crate::{Error, loaders};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_domain::id::ApiKeyId;
use interdesk_flow::api_keys::{self, CreateOutcome, NewKey, RevokeOutcome};

#[derive(Default)]
pub(super) struct ApiKeyMutation;

#[Object]
impl ApiKeyMutation {
    /// Makes a key by which a program speaks as the viewer: send it as `Authorization: Bearer …`. It
    /// is shown this once; `@idempotent` remembers nothing of it, so whoever loses the answer makes
    /// another and revokes this one.
    #[graphql(directive = requires::apply(Some(Permission::ApiKeysCreate)))]
    async fn api_key_create(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The key.")] input: ApiKeyCreateInput,
    ) -> Option<Result<ApiKeyCreatePayload, Error>> {
        Some(create(context, input).await)
    }

    /// Revokes a key of the viewer, or of anybody with the permission API_KEYS_MANAGE: its next
    /// request is refused.
    #[graphql(directive = requires::apply(Some(Permission::ApiKeysCreate)))]
    async fn api_key_revoke(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] input: ApiKeyRevokeInput,
    ) -> Option<Result<ApiKeyRevokePayload, Error>> {
        Some(revoke(context, &input.api_key_id).await)
    }
}

/// A new key.
#[derive(InputObject)]
struct ApiKeyCreateInput {
    /// What it is for.
    name: String,
    /// What it allows at most.
    permissions: Vec<Permission>,
    /// Until when it is good, at most a year on.
    expires_at: DateTime<Utc>,
}

/// A key that is revoked.
#[derive(InputObject)]
struct ApiKeyRevokeInput {
    /// Which.
    api_key_id: ID,
}

/// What became of making a key.
#[derive(SimpleObject)]
struct ApiKeyCreatePayload {
    /// What became of it.
    status: ApiKeyCreateStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
    /// The key itself, this once; null where it was refused.
    secret: Option<String>,
    /// What is known of it; null where it was refused.
    api_key: Nullable<ApiKey>,
}

/// What became of making a key.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum ApiKeyCreateStatus {
    /// The key is good.
    Created,
    /// It would allow more than the viewer may.
    NotAllowed,
    /// Its name, permissions or end cannot be so.
    Invalid,
    /// The viewer has too many keys.
    TooMany,
}

/// What became of revoking a key.
#[derive(SimpleObject)]
struct ApiKeyRevokePayload {
    /// What became of it.
    status: ApiKeyRevokeStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
    /// The key as it is now; null where there is none.
    api_key: Nullable<ApiKey>,
}

/// What became of revoking a key.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum ApiKeyRevokeStatus {
    /// It is good no more.
    Revoked,
    /// It was revoked before.
    Unchanged,
    /// There is no such key.
    NotFound,
}

async fn create(
    context: &Context<'_>,
    input: ApiKeyCreateInput,
) -> Result<ApiKeyCreatePayload, Error> {
    use ApiKeyCreateStatus as Status;
    let viewer = viewer(context)?;
    let new = NewKey {
        name: input.name,
        permissions: input.permissions.into_iter().map(Into::into).collect(),
        expires_at: input.expires_at,
    };
    let request = request(context, viewer);
    let invalid = |argument, mend: &str| {
        let refusal = Refusal::at(argument, "SETUP_INVALID", mend);
        (Status::Invalid, refusal)
    };
    let (status, refusal) = match api_keys::create(desk(context)?, viewer, &new, &request).await? {
        CreateOutcome::Created(id, secret) => {
            return Ok(ApiKeyCreatePayload {
                status: Status::Created,
                refusal: None,
                secret: Some(secret.expose().clone()),
                api_key: loaders::one(context, id).await,
            });
        }
        CreateOutcome::NotAllowed => {
            let text = "a key allows no more than your own role";
            (
                Status::NotAllowed,
                Refusal::at("permissions", "NOT_ALLOWED", text),
            )
        }
        CreateOutcome::BadName => invalid("name", "give a name of 1 to 100 characters"),
        CreateOutcome::NoPermission => invalid("permissions", "name what it allows"),
        CreateOutcome::BadEnd => invalid("expiresAt", "choose a moment within the next 366 days"),
        CreateOutcome::TooMany => {
            let text = "you have a hundred keys that are good, revoke one first";
            (Status::TooMany, Refusal::of("SETUP_INVALID", text))
        }
    };
    Ok(ApiKeyCreatePayload {
        status,
        refusal,
        secret: None,
        api_key: None,
    })
}

async fn revoke(context: &Context<'_>, id: &ID) -> Result<ApiKeyRevokePayload, Error> {
    use ApiKeyRevokeStatus as Status;
    let viewer = viewer(context)?;
    let request = request(context, viewer);
    let id: Option<ApiKeyId> = parse(id);
    let outcome = match id {
        Some(id) => api_keys::revoke(desk(context)?, viewer, id, &request).await?,
        None => RevokeOutcome::NotFound,
    };
    let (status, refusal) = match outcome {
        RevokeOutcome::Revoked => (Status::Revoked, None),
        RevokeOutcome::Unchanged => (Status::Unchanged, None),
        RevokeOutcome::NotFound => (Status::NotFound, Refusal::not_found("apiKeyId", "key")),
    };
    let api_key = match id.filter(|_| outcome != RevokeOutcome::NotFound) {
        Some(id) => loaders::one(context, id).await,
        None => None,
    };
    Ok(ApiKeyRevokePayload {
        status,
        refusal,
        api_key,
    })
}
