//! The calls to identity providers: what one says about itself, its keys, a code for tokens, and what it
//! knows about the person (OpenID Connect Discovery 1.0; RFC 6749, section 4.1.3; RFC 9207).

use super::Answer;
use super::id_token::{self, Believed, Doubt, Expected};
use crate::Desk;
use chrono::{DateTime, Duration, Utc};
use futures::TryStreamExt;
use interdesk_domain::secret::Secret;
use interdesk_store::identity_providers::IdentityProvider;
use interdesk_store::provider_sign_ins::Begun;
use jsonwebtoken::jwk::JwkSet;
use reqwest::{RequestBuilder, Response, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The longest answer of a provider that is read, in bytes.
const LONGEST: usize = 1_048_576;
/// How many providers are remembered.
const REMEMBERED: usize = 1_000;
/// How soon keys are asked for again because a token names one that is not among them.
const AGAIN: Duration = Duration::seconds(10);

/// What a provider says about itself.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Metadata {
    issuer: String,
    pub(super) authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    #[serde(default)]
    userinfo_endpoint: Option<Url>,
    #[serde(default = "by_header")]
    token_endpoint_auth_methods_supported: Vec<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// What holds where a provider says nothing (Discovery, section 3).
fn by_header() -> Vec<String> {
    vec!["client_secret_basic".to_owned()]
}

/// What is remembered of a provider.
pub(super) struct Known {
    pub(super) metadata: Metadata,
    keys: JwkSet,
    read_at: DateTime<Utc>,
}

/// The desk as providers see it; clones share what they remember.
#[derive(Clone)]
pub struct RelyingParty {
    client: reqwest::Client,
    /// Tells whether an address is one that must not be called.
    forbids: fn(&str) -> bool,
    /// Whether providers without TLS are called: in development alone.
    plain: bool,
    known: Arc<Mutex<HashMap<String, Arc<Known>>>>,
}

/// Why a provider does not answer as one does.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// Its address is none that is called.
    #[error("{0} is no address of a provider: use https and no private network")]
    Address(String),
    /// It cannot be reached.
    #[error("{0} does not answer: {1}")]
    Silent(String, String),
    /// It answers something else.
    #[error("{0} answers with status {1}")]
    Status(String, u16),
    /// What it answers cannot be read.
    #[error("the answer of {0} is not what the protocol wants: {1}")]
    Unreadable(String, String),
    /// It says that it is somebody else.
    #[error("{asked} says that it is {said}: write the issuer as the provider does")]
    Other {
        /// Who was asked.
        asked: String,
        /// Who answered.
        said: String,
    },
}

/// Why a code brings nobody in.
pub(super) enum Failed {
    Refused(String),
    Unavailable(Unavailable),
}

impl From<Unavailable> for Failed {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

/// What a provider says about a person.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Said {
    pub(super) subject: String,
    pub(super) claims: Map<String, Value>,
}

/// A code, and what it is exchanged with.
pub(super) struct Exchange<'a> {
    pub(super) provider: &'a IdentityProvider,
    pub(super) secret: Option<&'a Secret<String>>,
    pub(super) kept: &'a Begun,
    pub(super) answer: &'a Answer,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    #[serde(default)]
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct Complaint {
    error: String,
    #[serde(default)]
    error_description: String,
}

impl RelyingParty {
    /// Calls with a client that leaves private networks alone, and `forbids` what it cannot see; `plain`
    /// also calls providers without TLS.
    pub fn new(client: reqwest::Client, forbids: fn(&str) -> bool, plain: bool) -> Self {
        Self {
            client,
            forbids,
            plain,
            known: Arc::default(),
        }
    }

    /// Tells whether an issuer answers as a provider does.
    pub async fn try_out(&self, desk: &Desk, issuer: &str) -> Result<(), Unavailable> {
        self.learn(desk, issuer).await.map(drop)
    }

    /// Returns what a provider says about itself, remembered for a while.
    pub(super) async fn know(&self, desk: &Desk, issuer: &str) -> Result<Arc<Known>, Unavailable> {
        let fresh = desk.now() - desk.settings.sign_in.providers.fresh_for;
        let found = self.remembered().get(issuer).cloned();
        match found.filter(|known| known.read_at > fresh) {
            Some(known) => Ok(known),
            None => self.learn(desk, issuer).await,
        }
    }

    async fn learn(&self, desk: &Desk, issuer: &str) -> Result<Arc<Known>, Unavailable> {
        let place = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let place = Url::parse(&place).map_err(|_| Unavailable::Address(issuer.to_owned()))?;
        let metadata: Metadata = self.get(&place).await?;
        if metadata.issuer != issuer {
            return Err(Unavailable::Other {
                asked: issuer.to_owned(),
                said: metadata.issuer.chars().take(200).collect(),
            });
        }
        self.check(&metadata.authorization_endpoint)?;
        let keys = self.get(&metadata.jwks_uri).await?;
        let known = Arc::new(Known {
            metadata,
            keys,
            read_at: desk.now(),
        });
        let mut remembered = self.remembered();
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(issuer.to_owned(), known.clone());
        Ok(known)
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Known>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Exchanges a code for what the provider says about who it belongs to.
    pub(super) async fn exchange(
        &self,
        desk: &Desk,
        exchange: &Exchange<'_>,
    ) -> Result<Said, Failed> {
        let issuer = exchange.provider.issuer.as_str();
        let known = self.know(desk, issuer).await?;
        check_origin(&known.metadata, exchange.answer.issuer.as_deref())?;
        let tokens = self.redeem(&known.metadata, exchange).await?;
        let expected = Expected {
            issuer,
            client: &exchange.provider.client_id,
            nonce: &exchange.kept.nonce,
            now: desk.now().timestamp(),
        };
        let checked = id_token::check(&tokens.id_token, &known.keys, &expected);
        let is_stale = known.read_at + AGAIN < desk.now();
        let checked = match checked {
            // Providers change keys without notice; whoever makes tokens up does not make us ask often.
            Err(Doubt::UnknownKey) if is_stale => {
                let known = self.learn(desk, issuer).await?;
                id_token::check(&tokens.id_token, &known.keys, &expected)
            }
            checked => checked,
        };
        let believed = checked.map_err(|doubt| Failed::Refused(doubt.to_string()))?;
        self.complete(
            exchange.provider,
            &known.metadata,
            believed,
            tokens.access_token,
        )
        .await
    }

    /// Redeems a code, with the secret in the header where the provider takes it there. Some register a
    /// client for the body alone and say so only by refusing the header.
    async fn redeem(&self, metadata: &Metadata, exchange: &Exchange<'_>) -> Result<Tokens, Failed> {
        let methods = &metadata.token_endpoint_auth_methods_supported;
        let has = |name: &str| methods.iter().any(|one| one == name);
        let by_header = has("client_secret_basic") || !has("client_secret_post");
        let redeemed = self.redeem_by(metadata, exchange, by_header).await?;
        match redeemed {
            Err(complaint)
                if complaint.error == "invalid_client"
                    && by_header
                    && has("client_secret_post") =>
            {
                self.redeem_by(metadata, exchange, false).await?
            }
            redeemed => redeemed,
        }
        .map_err(|complaint| {
            let text = format!("{}: {}", complaint.error, complaint.error_description);
            Failed::Refused(shortened(&text))
        })
    }

    async fn redeem_by(
        &self,
        metadata: &Metadata,
        exchange: &Exchange<'_>,
        by_header: bool,
    ) -> Result<Result<Tokens, Complaint>, Unavailable> {
        let (provider, answer) = (exchange.provider, exchange.answer);
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", answer.code.expose()),
            ("redirect_uri", &exchange.kept.redirect_url),
            ("code_verifier", answer.verifier.expose()),
        ];
        let header = match exchange.secret {
            Some(secret) if by_header => Some(basic(&provider.client_id, secret)),
            Some(secret) => {
                form.push(("client_id", &provider.client_id));
                form.push(("client_secret", secret.expose()));
                None
            }
            None => {
                form.push(("client_id", &provider.client_id));
                None
            }
        };
        let place = &metadata.token_endpoint;
        self.check(place)?;
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let mut request = self.client.post(place.clone());
        request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(form);
        if let Some(header) = header {
            request = request.header("authorization", header.expose());
        }
        let response = self.send(place, request).await?;
        let status = response.status();
        let body = self.read(place, response).await?;
        if status.is_success() {
            return parse(place, &body).map(Ok);
        }
        match serde_json::from_slice::<Complaint>(&body) {
            Ok(complaint) if status.is_client_error() => Ok(Err(complaint)),
            _ => Err(Unavailable::Status(place.to_string(), status.as_u16())),
        }
    }

    /// Asks for what the ID token leaves out, as most do.
    async fn complete(
        &self,
        provider: &IdentityProvider,
        metadata: &Metadata,
        believed: Believed,
        access: Option<String>,
    ) -> Result<Said, Failed> {
        let Believed {
            subject,
            mut claims,
        } = believed;
        let groups = provider.groups_claim.split('.').next().unwrap_or_default();
        let is_whole = claims.contains_key("email") && claims.contains_key(groups);
        if let (false, Some(place), Some(access)) = (is_whole, &metadata.userinfo_endpoint, access)
        {
            let request = self.client.get(place.clone()).bearer_auth(access);
            self.check(place)?;
            let response = self.send(place, request).await?;
            let status = response.status();
            if !status.is_success() {
                return Err(Unavailable::Status(place.to_string(), status.as_u16()).into());
            }
            let more: Map<String, Value> = parse(place, &self.read(place, response).await?)?;
            // Section 5.3.2: what is about somebody else is not used.
            if more.get("sub").and_then(Value::as_str) != Some(&subject) {
                let why = "what the provider knows about the person is about somebody else";
                return Err(Failed::Refused(why.to_owned()));
            }
            for (name, value) in more {
                // What was signed counts more.
                claims.entry(name).or_insert(value);
            }
        }
        Ok(Said { subject, claims })
    }

    async fn get<T: DeserializeOwned>(&self, place: &Url) -> Result<T, Unavailable> {
        self.check(place)?;
        let request = self
            .client
            .get(place.clone())
            .header("accept", "application/json");
        let response = self.send(place, request).await?;
        if !response.status().is_success() {
            let status = response.status().as_u16();
            return Err(Unavailable::Status(place.to_string(), status));
        }
        parse(place, &self.read(place, response).await?)
    }

    /// Refuses an address that is not to be called, or to which nobody is to be sent.
    fn check(&self, place: &Url) -> Result<(), Unavailable> {
        let is_safe = place.scheme() == "https" || (self.plain && place.scheme() == "http");
        let is_plain = place.username().is_empty() && place.password().is_none();
        match is_safe && is_plain && !(self.forbids)(place.as_str()) {
            true => Ok(()),
            false => Err(Unavailable::Address(shortened(place.as_str()))),
        }
    }

    async fn send(&self, place: &Url, request: RequestBuilder) -> Result<Response, Unavailable> {
        request.send().await.map_err(|error| silent(place, &error))
    }

    async fn read(&self, place: &Url, response: Response) -> Result<Vec<u8>, Unavailable> {
        let mut body = Vec::new();
        let mut stream = response.bytes_stream();
        while let Some(bytes) = stream
            .try_next()
            .await
            .map_err(|error| silent(place, &error))?
        {
            if body.len() + bytes.len() > LONGEST {
                let why = format!("it is longer than {LONGEST} bytes");
                return Err(Unavailable::Unreadable(place.to_string(), why));
            }
            body.extend_from_slice(&bytes);
        }
        Ok(body)
    }
}

/// Refuses an answer that came from another provider than the one that was asked (RFC 9207).
fn check_origin(metadata: &Metadata, said: Option<&str>) -> Result<(), Failed> {
    let is_right = match said {
        Some(said) => said == metadata.issuer,
        None => !metadata.authorization_response_iss_parameter_supported,
    };
    match is_right {
        true => Ok(()),
        false => {
            let why = "the address has no iss, or that of another provider: hand it in as issuer";
            Err(Failed::Refused(why.to_owned()))
        }
    }
}

/// Writes the header of RFC 6749, section 2.3.1: both halves as in a form.
fn basic(client: &str, secret: &Secret<String>) -> Secret<String> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let coded =
        |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", coded(client), coded(secret.expose()));
    Secret::new(format!("Basic {}", STANDARD.encode(pair)))
}

fn parse<T: DeserializeOwned>(place: &Url, body: &[u8]) -> Result<T, Unavailable> {
    serde_json::from_slice(body)
        .map_err(|error| Unavailable::Unreadable(place.to_string(), error.to_string()))
}

fn silent(place: &Url, error: &reqwest::Error) -> Unavailable {
    // The innermost cause is what helps: a name without an address, a certificate, a refused connection.
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    Unavailable::Silent(shortened(place.as_str()), shortened(&cause.to_string()))
}

fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_halves_of_the_secret_are_written_as_in_a_form() {
        // RFC 6749, section 2.3.1: a colon or a percent sign in either half must not move the border.
        let header = basic("a:b", &Secret::new("c%d e".to_owned()));
        assert_eq!(header.expose(), "Basic YSUzQWI6YyUyNWQrZQ==");
    }
}
