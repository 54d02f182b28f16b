//! Who is asking: the seam between the transports and the desk's tokens.

use std::{any::TypeId, net::IpAddr, time::Instant};

use actix_web::{HttpRequest, http::header};
use async_graphql::Data;

/// Turns a bearer token into the data that resolvers see.
#[async_trait::async_trait]
pub trait Authenticate: Send + Sync {
    /// Returns the data of the viewer, or of a stranger when there is no token.
    ///
    /// `bearer` is what follows `Bearer `. A stranger may still log in, so no
    /// token is no refusal; a token that does not hold is one. Data that holds
    /// a [`SessionExpiry`] ends a WebSocket at that instant.
    async fn authenticate(
        &self,
        bearer: Option<&str>,
        request: &RequestInfo,
    ) -> Result<Data, AuthRefusal>;
}

/// Says why a token was not accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AuthRefusal {
    /// The token is malformed, forged, revoked or meant for someone else.
    #[error("the token is not valid")]
    Invalid,
    /// The token was good once.
    #[error("the token has expired")]
    Expired,
    /// The token could not be checked now.
    #[error("the token cannot be checked now, try again")]
    Unavailable,
}

impl AuthRefusal {
    /// Returns the stable code for `extensions.code`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Invalid => "UNAUTHENTICATED",
            Self::Expired => "TOKEN_EXPIRED",
            Self::Unavailable => "UNAVAILABLE",
        }
    }
}

/// Carries what the authenticator may know of the HTTP request or WebSocket handshake.
#[derive(Clone, Debug, Default)]
pub struct RequestInfo {
    /// Address of the directly connected peer.
    pub peer: Option<IpAddr>,
    /// Value of the `traceparent` header.
    pub trace_parent: Option<String>,
    /// Value of the `user-agent` header.
    pub user_agent: Option<String>,
}

impl RequestInfo {
    pub(crate) fn of(request: &HttpRequest) -> Self {
        Self {
            peer: request.peer_addr().map(|address| address.ip()),
            trace_parent: text(request, "traceparent"),
            user_agent: text(request, header::USER_AGENT.as_str()),
        }
    }

    /// Adds the trace context, so that spans of resolvers join the caller's trace.
    pub(crate) fn complete(&self, mut data: Data) -> Data {
        if let Some(trace_parent) = &self.trace_parent {
            data.insert(TraceParent(trace_parent.clone()));
        }
        data
    }
}

/// Carries the caller's W3C trace context to the resolvers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TraceParent(pub String);

/// Tells when the token behind a session ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SessionExpiry(pub Instant);

impl SessionExpiry {
    pub(crate) fn of(data: &Data) -> Option<Instant> {
        let value = data.get(&TypeId::of::<Self>())?;
        value.downcast_ref::<Self>().map(|expiry| expiry.0)
    }
}

/// Returns the token of an `Authorization` value, none for a stranger.
pub(crate) fn bearer(value: Option<&str>) -> Result<Option<&str>, AuthRefusal> {
    let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
        _ => Err(AuthRefusal::Invalid),
    }
}

pub(crate) fn text(request: &HttpRequest, name: &str) -> Option<String> {
    let value = request.headers().get(name)?;
    value.to_str().ok().map(str::to_owned)
}
