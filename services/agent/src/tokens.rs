//! Who is asking: proven by a signed token, or by an API key.
//!
//! A signature is checked here. Whether the token's session goes on, whether a key is known and good,
//! and what either allows is looked up with each operation.

use crate::{AuthRefusal, Authenticate, RequestInfo, SessionExpiry};
use async_graphql::Data;
use chrono::{DateTime, Utc};
use interdesk_domain::id::{AgentId, SessionId};
use interdesk_flow::credential::{self, API_KEY};
use interdesk_flow::{Desk, presence};
use interdesk_graphql::{Identity, IssuedToken, Pass, TokenIssuer, Trace, session};
use interdesk_node::token::{Bearer, Claims, Error, Issuer, Verifier};
use interdesk_store::access::Proof;
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

    async fn signed(&self, token: &str) -> Result<Data, AuthRefusal> {
        let claims = self
            .verifier
            .verify(self.desk.clock.as_ref(), token)
            .map_err(refusal)?;
        let (agent, identity) = identity(&claims).ok_or(AuthRefusal::Invalid)?;
        let end = DateTime::<Utc>::from_timestamp(claims.exp, 0).ok_or(AuthRefusal::Invalid)?;
        let left = (end - self.desk.clock.now())
            .to_std()
            .unwrap_or(Duration::ZERO);
        presence::seen(&self.desk, agent).await;
        let mut data = session(identity);
        data.insert(SessionExpiry(Instant::now() + left));
        Ok(data)
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
            Some(token) => match credential::read(API_KEY, token) {
                // A program that speaks by a key is no sign of life of its agent.
                Some(key) => session(Identity {
                    tenant: key.tenant,
                    proof: Proof::Key { digest: key.digest },
                }),
                None => self.signed(token).await?,
            },
        };
        if let Some(trace) = &request.trace_parent {
            data.insert(Trace(trace.clone()));
        }
        Ok(data)
    }
}

fn identity(claims: &Claims) -> Option<(AgentId, Identity)> {
    let session = claims.sid.as_deref().map(str::parse::<SessionId>);
    let agent = claims.sub.parse().ok()?;
    let proof = Proof::Token {
        agent,
        session: session.transpose().ok()?,
        issued_at: DateTime::from_timestamp(claims.iat, 0)?,
    };
    let tenant = claims.tenant.parse().ok()?;
    Some((agent, Identity { tenant, proof }))
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
    Arc::new(move |pass: &Pass| {
        let bearer = Bearer {
            subject: pass.agent.to_string(),
            tenant: pass.tenant.to_string(),
            session: Some(pass.session.to_string()),
        };
        let token = issuer.issue(clock.as_ref(), &bearer)?;
        Ok(IssuedToken {
            text: token.text,
            expires_at: token.expires_at,
        })
    })
}
