//! API keys: programs that speak as an agent, with no more than they need.
//!
//! A key is shown once, when it is made, so making one is not remembered under an idempotency key:
//! whoever loses the answer makes another and revokes the first.

use crate::credential::{self, API_KEY};
use crate::{Context, Desk, Error, Events, conflict};
use chrono::{DateTime, Duration, Utc};
use interdesk_domain::event::{AggregateKind, Event};
use interdesk_domain::id::ApiKeyId;
use interdesk_domain::permission::{Grants, Permission, Viewer};
use interdesk_domain::secret::Secret;
use interdesk_store::api_keys::{self, ApiKey};
use interdesk_store::{agents, outbox, setup};

/// The longest life of a key.
const LONGEST: Duration = Duration::days(366);
/// The longest name, in characters.
const LONGEST_NAME: usize = 100;
/// How many letters of a key are shown.
const HINT: usize = 4;
/// How many keys an agent may have that are good.
const MOST: usize = 100;

/// A key that somebody wants.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// What it is for.
    pub name: String,
    /// What it allows at most.
    pub permissions: Vec<Permission>,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

/// What became of the wish.
#[derive(Debug, Clone)]
pub enum CreateOutcome {
    /// The key; it is never shown again.
    Created(ApiKeyId, Secret<String>),
    /// It would allow more than its agent may.
    NotAllowed,
    /// It has no name, or one that is too long.
    BadName,
    /// It allows nothing.
    NoPermission,
    /// It would end in the past, or in more than a year.
    BadEnd,
    /// The agent has too many.
    TooMany,
}

/// Makes a key that speaks as the viewer.
pub async fn create(
    desk: &Desk,
    viewer: &Viewer,
    new: &NewKey,
    context: &Context,
) -> Result<CreateOutcome, Error> {
    let (name, now) = (new.name.trim(), desk.now());
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains('\0') {
        return Ok(CreateOutcome::BadName);
    }
    if new.permissions.is_empty() {
        return Ok(CreateOutcome::NoPermission);
    }
    if new.expires_at <= now || new.expires_at > now + LONGEST {
        return Ok(CreateOutcome::BadEnd);
    }
    let wanted = Grants::of(&new.permissions, viewer.grants.visibility);
    let may_make = viewer.may(Permission::ApiKeysCreate);
    if !may_make || !viewer.grants.covers(wanted) {
        return Ok(CreateOutcome::NotAllowed);
    }
    conflict::retry(|| insert(desk, viewer, (name, wanted, new.expires_at), context)).await
}

async fn insert(
    desk: &Desk,
    viewer: &Viewer,
    (name, wanted, expires_at): (&str, Grants, DateTime<Utc>),
    context: &Context,
) -> Result<CreateOutcome, Error> {
    let (scope, agent, now) = (viewer.scope(), viewer.agent, desk.now());
    let transaction = desk.database.begin(scope).await?;
    let Some(locked) = setup::lock_agent(&transaction, scope, agent).await? else {
        return Err(Error::Disabled);
    };
    let held = api_keys::list(&transaction, scope, Some(agent)).await?;
    let is_good = |key: &&ApiKey| key.revoked_at.is_none() && key.expires_at > now;
    if held.iter().filter(is_good).count() >= MOST {
        transaction.rollback().await?;
        return Ok(CreateOutcome::TooMany);
    }
    let drawn = credential::draw(API_KEY, scope.tenant())?;
    let text = drawn.text.expose();
    let key = ApiKey {
        id: desk.id(),
        agent_id: agent,
        name: name.to_owned(),
        hint: text[text.len() - HINT..].to_owned(),
        permissions: wanted
            .permissions()
            .map(|one| one.as_str().to_owned())
            .collect(),
        created_at: now,
        expires_at,
        used_at: None,
        revoked_at: None,
    };
    api_keys::insert(&transaction, scope, &key, &drawn.digest).await?;
    let aggregate = (AggregateKind::Agent, agent.0);
    let mut events = Events::of(desk, scope, aggregate, locked.version, context);
    let version = events.push(Event::ApiKeyCreated { agent, key: key.id });
    agents::mark_version(&transaction, scope, agent, version).await?;
    outbox::append(&transaction, events.list()).await?;
    context.effect.commit(scope, transaction).await?;
    desk.committed.notify_one();
    Ok(CreateOutcome::Created(key.id, drawn.text))
}

/// What became of revoking a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevokeOutcome {
    /// It is good no more.
    Revoked,
    /// It was revoked before.
    Unchanged,
    /// There is none, or it is somebody else's and the role does not show it.
    NotFound,
}

/// Revokes a key of the viewer, or of anybody where they may.
pub async fn revoke(
    desk: &Desk,
    viewer: &Viewer,
    id: ApiKeyId,
    context: &Context,
) -> Result<RevokeOutcome, Error> {
    conflict::retry(|| withdraw(desk, viewer, id, context)).await
}

async fn withdraw(
    desk: &Desk,
    viewer: &Viewer,
    id: ApiKeyId,
    context: &Context,
) -> Result<RevokeOutcome, Error> {
    let scope = viewer.scope();
    let transaction = desk.database.begin(scope).await?;
    let found = api_keys::lock(&transaction, scope, id).await?;
    let is_theirs =
        |key: &ApiKey| key.agent_id == viewer.agent || viewer.may(Permission::ApiKeysManage);
    let Some(key) = found.filter(is_theirs) else {
        transaction.rollback().await?;
        return Ok(RevokeOutcome::NotFound);
    };
    if key.revoked_at.is_some() {
        transaction.rollback().await?;
        return Ok(RevokeOutcome::Unchanged);
    }
    let agent = key.agent_id;
    let Some(locked) = setup::lock_agent(&transaction, scope, agent).await? else {
        return Ok(RevokeOutcome::NotFound);
    };
    api_keys::revoke(&transaction, scope, id, desk.now()).await?;
    let aggregate = (AggregateKind::Agent, agent.0);
    let mut events = Events::of(desk, scope, aggregate, locked.version, context);
    let version = events.push(Event::ApiKeyRevoked { agent, key: id });
    agents::mark_version(&transaction, scope, agent, version).await?;
    outbox::append(&transaction, events.list()).await?;
    context.effect.commit(scope, transaction).await?;
    desk.committed.notify_one();
    Ok(RevokeOutcome::Revoked)
}
