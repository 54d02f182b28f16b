//! The desk's tokens: who is asking, proven by a signature.

use crate::{AuthRefusal, Authenticate, RequestInfo, SessionExpiry};
use async_graphql::Data;
use chrono::{DateTime, Utc};
use interdesk_flow::{Desk, presence};
use interdesk_graphql::{Identity, IssuedToken, TokenIssuer, Trace, session};
use interdesk_node::token::{Bearer, Claims, Error, Issuer, Verifier};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Proves bearers by their tokens; each proof is a sign of life of the agent.
pub struct Tokens {
    desk: Desk,
    verifier: Verifier,
}

impl Tokens {
    /// Takes what `verifier` holds for good.
    pub fn new(desk: Desk, verifier: Verifier) -> Self {
        Self { desk, verifier }
    }

    fn prove(&self, token: &str) -> Result<(Identity, SessionExpiry), AuthRefusal> {
        let claims = self
            .verifier
            .verify(self.desk.clock.as_ref(), token)
            .map_err(refusal)?;
        let identity = identity(&claims).ok_or(AuthRefusal::Invalid)?;
        let end = DateTime::<Utc>::from_timestamp(claims.exp, 0).ok_or(AuthRefusal::Invalid)?;
        let left = (end - self.desk.clock.now())
            .to_std()
            .unwrap_or(Duration::ZERO);
        Ok((identity, SessionExpiry(Instant::now() + left)))
    }
}

#[async_trait::async_trait]
impl Authenticate for Tokens {
    async fn authenticate(
        &self,
        bearer: Option<&str>,
        request: &RequestInfo,
    ) -> Result<Data, AuthRefusal> {
        let mut data = match bearer {
            None => Data::default(),
            Some(token) => {
                let (identity, expiry) = self.prove(token)?;
                presence::seen(&self.desk, identity.agent).await;
                let mut data = session(identity);
                data.insert(expiry);
                data
            }
        };
        if let Some(trace) = &request.trace_parent {
            data.insert(Trace(trace.clone()));
        }
        Ok(data)
    }
}

fn identity(claims: &Claims) -> Option<Identity> {
    Some(Identity {
        tenant: claims.tenant.parse().ok()?,
        agent: claims.sub.parse().ok()?,
    })
}

fn refusal(error: Error) -> AuthRefusal {
    match error {
        Error::Expired => AuthRefusal::Expired,
        _ => AuthRefusal::Invalid,
    }
}

/// Returns what issues tokens to those who sign in.
pub(crate) fn issuer(desk: &Desk, issuer: Issuer) -> TokenIssuer {
    let clock = desk.clock.clone();
    Arc::new(move |identity: &Identity| {
        let bearer = Bearer {
            subject: identity.agent.to_string(),
            tenant: identity.tenant.to_string(),
            session: None,
        };
        let token = issuer.issue(clock.as_ref(), &bearer)?;
        Ok(IssuedToken {
            text: token.text,
            expires_at: token.expires_at,
        })
    })
}
