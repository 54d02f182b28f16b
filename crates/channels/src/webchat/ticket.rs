//! Tickets for files: what a visitor is given for an upload and gives back with a message.
//!
//! The ticket says whose upload it is and what was found in it, so that nobody can name the file of
//! somebody else, nor call it something that it is not.

use super::token::{self, ISSUER, TokenError};
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What tickets are for.
const AUDIENCE: &str = "widget-file";

/// How long one is good, in seconds: far less than an unused file is kept.
const LASTS: i64 = 3_600;

/// What a visitor uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Whose.
    #[serde(rename = "sub")]
    pub visitor: Uuid,
    /// Where the desk keeps it.
    pub file: String,
    /// The type that its bytes have.
    pub mime_type: String,
    /// The name that the visitor's machine gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The size in bytes.
    pub size: u64,
    /// The SHA-256 of the bytes, in lower-case hex.
    pub sha256: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Ticket {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    #[serde(flatten)]
    upload: Upload,
}

/// Makes the ticket of an upload.
pub fn issue(
    upload: &Upload,
    secrets: &[String],
    now: DateTime<Utc>,
) -> Result<String, TokenError> {
    let ticket = Ticket {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        iat: now.timestamp(),
        exp: now.timestamp() + LASTS,
        upload: upload.clone(),
    };
    let secret = token::usable(secrets).next();
    let secret = secret.ok_or(TokenError::NotConfigured)?;
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &ticket, &key)
        .map_err(|_| TokenError::Malformed)
}

/// Reads a ticket that was given to this visitor.
pub fn read(
    ticket: &str,
    visitor: Uuid,
    secrets: &[String],
    now: DateTime<Utc>,
) -> Result<Upload, TokenError> {
    let mut rules = Validation::new(Algorithm::HS256);
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[AUDIENCE]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let ticket: Ticket = token::decode(ticket, secrets, rules)?;
    token::check_times(ticket.iat, ticket.exp, now)?;
    match ticket.upload.visitor == visitor {
        true => Ok(ticket.upload),
        false => Err(TokenError::WrongAudience),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webchat::token::Claims;

    #[test]
    fn a_ticket_is_its_own_visitors_and_nothing_else() {
        let secrets = ["0123456789abcdef0123456789abcdef".to_owned()];
        let now = DateTime::from_timestamp(1_767_225_600, 0).expect("a moment");
        let (own, other) = (Uuid::from_u128(7), Uuid::from_u128(8));
        let upload = Upload {
            visitor: own,
            file: "bytes_01h455vb4pex5vsknk084sn02q".to_owned(),
            mime_type: "image/png".to_owned(),
            name: None,
            size: 12,
            sha256: String::new(),
        };
        let ticket = issue(&upload, &secrets, now).expect("a ticket");
        assert_eq!(read(&ticket, own, &secrets, now), Ok(upload));
        let refused = |visitor, at| read(&ticket, visitor, &secrets, at).expect_err("refused");
        assert_eq!(refused(other, now), TokenError::WrongAudience);
        let later = now + chrono::Duration::seconds(LASTS);
        assert_eq!(refused(own, later), TokenError::Expired);
        let session = token::read(&ticket, &secrets, now);
        assert!(session.is_err(), "a ticket is no session");
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: token::AUDIENCE.to_owned(),
            sub: own,
            tenant: own,
            inbox: own,
            jti: own,
            iat: now.timestamp(),
            exp: now.timestamp() + 60,
        };
        let session = token::issue(&claims, &secrets).expect("a token");
        assert!(
            read(&session, own, &secrets, now).is_err(),
            "nor the other way"
        );
    }
}
