//! Who asks: what the transport puts beside a request.

use crate::access::proven;
use crate::loaders::Batched;
use crate::{Error, Identity, Reader};
use async_graphql::dataloader::Loader;
use async_graphql::{Context, Data, ID};
use chrono::{DateTime, Utc};
use interdesk_domain::id::{AgentId, SessionId, TenantId};
use interdesk_domain::permission::Viewer;
use interdesk_flow::oidc::RelyingParty;
use interdesk_flow::{Desk, Effect};
use interdesk_store::idempotency;
use interdesk_store::vault::Vault;
use std::hash::Hash;
use std::str::FromStr;
use std::sync::Arc;

/// The W3C `traceparent` of the request.
#[derive(Debug, Clone)]
pub struct Trace(pub String);

/// A fresh token and its end.
#[derive(Debug, Clone)]
pub struct IssuedToken {
    /// The text that the client sends as bearer.
    pub text: String,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

/// Why no token could be made.
pub type TokenError = Box<dyn std::error::Error + Send + Sync>;

/// For whom a token is issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// Of which tenant.
    pub tenant: TenantId,
    /// For whom.
    pub agent: AgentId,
    /// In which session.
    pub session: SessionId,
}

/// Issues a token for who signed in.
pub type TokenIssuer = Arc<dyn Fn(&Pass) -> Result<IssuedToken, TokenError> + Send + Sync>;

/// Returns what a transport says about who asks; what they may do is looked up with each operation.
pub fn session(identity: impl Into<Identity>) -> Data {
    let mut data = Data::default();
    data.insert(identity.into());
    data
}

/// Returns who asks.
pub(crate) fn viewer<'a>(context: &Context<'a>) -> Result<&'a Viewer, Error> {
    context.data_opt::<Viewer>().ok_or(Error::Unauthenticated)
}

/// Returns whose data is asked for.
pub(crate) fn tenant(context: &Context<'_>) -> Result<TenantId, Error> {
    viewer(context).map(|viewer| viewer.tenant)
}

/// Returns the desk.
pub(crate) fn desk<'a>(context: &Context<'a>) -> Result<&'a Desk, Error> {
    context.data_opt::<Desk>().ok_or(Error::Internal)
}

/// Returns what opens sealed secrets.
pub(crate) fn vault<'a>(context: &Context<'a>) -> Result<&'a Vault, Error> {
    context.data_opt::<Vault>().ok_or(Error::Internal)
}

/// Returns what calls identity providers.
pub(crate) fn relying_party<'a>(context: &Context<'a>) -> Result<&'a RelyingParty, Error> {
    context.data_opt::<RelyingParty>().ok_or(Error::Internal)
}

/// Returns what events are to say about the request.
pub(crate) fn request(context: &Context<'_>, viewer: &Viewer) -> interdesk_flow::Context {
    let effect = context.data_opt::<Effect>().cloned().unwrap_or_default();
    interdesk_flow::Context {
        effect,
        ..interdesk_flow::Context::agent(viewer.agent, trace(context))
    }
}

/// Returns the `traceparent` of the request.
pub(crate) fn trace(context: &Context<'_>) -> Option<String> {
    context.data_opt::<Trace>().map(|trace| trace.0.clone())
}

/// Reads an id from outside; what is none names nothing.
pub(crate) fn parse<T: FromStr>(id: &ID) -> Option<T> {
    id.parse().ok()
}

/// Reads an id of something that the viewer sees; what lies in a conversation that they do not see
/// names nothing, but for a mutation that had its effect before and comes again under its key.
pub(crate) async fn sought<T>(context: &Context<'_>, id: &ID) -> Result<Option<T>, Error>
where
    T: FromStr + Copy + Send + Sync + Hash + Eq + 'static,
    Reader: Loader<T, Error = Error>,
{
    let (viewer, sight) = proven(context)?;
    let Some(id) = parse::<T>(id) else {
        return Ok(None);
    };
    let loaders = context.data_opt::<Batched<Reader>>();
    let loaders = loaders.ok_or(Error::Unauthenticated)?;
    if sight.is_all() || loaders.load(id).await?.is_some() {
        return Ok(Some(id));
    }
    let Some(key) = crate::mutation::key(context)? else {
        return Ok(None);
    };
    let scope = viewer.scope();
    let before = desk(context)?
        .database
        .read(scope, async |conn| {
            idempotency::find(conn, scope, viewer.agent, &key).await
        })
        .await?;
    Ok(before.map(|_| id))
}

/// Writes an id for outside.
pub(crate) fn outside(id: impl std::fmt::Display) -> ID {
    ID(id.to_string())
}
