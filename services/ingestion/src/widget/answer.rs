//! Why a widget does not get what it asks for.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use interdesk_channels::webchat::token::TokenError;
use serde_json::json;

/// Why a request is refused; each has its place in `docs/webchat.md`.
#[derive(Debug)]
pub(super) enum Refusal {
    /// No web chat has this key.
    UnknownInbox,
    /// There is nothing at this path.
    UnknownPath,
    /// The page is not one of the inbox's.
    OriginNotAllowed,
    /// The inbox takes nobody whom their page does not vouch for.
    IdentityRequired,
    /// The page's word is not believed.
    IdentityRefused(String),
    /// The session is over, or was never one of this inbox.
    SessionRefused(TokenError),
    /// The session was ended.
    SessionEnded,
    /// Too much at once; the seconds to wait.
    RateLimited(u64),
    /// The request is not of the documented form.
    Bad(String),
    /// The file is too large.
    TooLarge(String),
    /// Files of this type are not taken.
    TypeRefused(String),
    /// The visitor sees no such message.
    UnknownMessage,
    /// The message is not the visitor's own.
    NotYours,
    /// The message was taken back.
    MessageGone,
    /// The message does not hold words alone.
    NotChangeable,
    /// It cannot be stored now.
    Busy,
    /// It cannot be stored.
    Unstorable,
}

impl Refusal {
    /// Makes the answer.
    pub(super) fn respond(&self) -> HttpResponse {
        let (status, code, message) = self.words();
        let mut response = HttpResponse::build(status);
        match self {
            Self::RateLimited(seconds) => {
                response.insert_header(("retry-after", seconds.to_string()));
            }
            Self::Busy => {
                response.insert_header(("retry-after", "1"));
            }
            _ => {}
        }
        response.json(json!({ "error": { "code": code, "message": message } }))
    }

    fn words(&self) -> (StatusCode, &'static str, String) {
        let told = |status, code, words: &str| (status, code, words.to_owned());
        match self {
            Self::UnknownInbox => told(
                StatusCode::NOT_FOUND,
                "UNKNOWN_INBOX",
                "no web chat has this key",
            ),
            Self::UnknownPath => told(
                StatusCode::NOT_FOUND,
                "UNKNOWN_PATH",
                "the widget asks for nothing here",
            ),
            Self::OriginNotAllowed => told(
                StatusCode::FORBIDDEN,
                "ORIGIN_NOT_ALLOWED",
                "this page is not among the inbox's allowed origins; add it there",
            ),
            Self::IdentityRequired => told(
                StatusCode::FORBIDDEN,
                "IDENTITY_REQUIRED",
                "this inbox takes visitors with a signed identity only",
            ),
            Self::IdentityRefused(why) => {
                (StatusCode::UNAUTHORIZED, "IDENTITY_REFUSED", why.clone())
            }
            Self::SessionRefused(why) => {
                (StatusCode::UNAUTHORIZED, "SESSION_REFUSED", why.to_string())
            }
            Self::SessionEnded => told(
                StatusCode::UNAUTHORIZED,
                "SESSION_REFUSED",
                "the session was ended; begin another",
            ),
            Self::RateLimited(_) => told(
                StatusCode::TOO_MANY_REQUESTS,
                "RATE_LIMITED",
                "too much at once; wait as long as retry-after says",
            ),
            Self::Bad(why) => (StatusCode::BAD_REQUEST, "BAD_REQUEST", why.clone()),
            Self::TooLarge(why) => (StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE", why.clone()),
            Self::TypeRefused(why) => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "TYPE_REFUSED",
                why.clone(),
            ),
            Self::UnknownMessage => told(
                StatusCode::NOT_FOUND,
                "UNKNOWN_MESSAGE",
                "the conversation has no such message",
            ),
            Self::NotYours => told(
                StatusCode::FORBIDDEN,
                "NOT_YOURS",
                "only one's own messages can be changed and taken back",
            ),
            Self::MessageGone => told(
                StatusCode::GONE,
                "MESSAGE_GONE",
                "the message was taken back",
            ),
            Self::NotChangeable => told(
                StatusCode::CONFLICT,
                "NOT_CHANGEABLE",
                "only words can be changed; take the message back and send another",
            ),
            Self::Busy => told(
                StatusCode::SERVICE_UNAVAILABLE,
                "BUSY",
                "cannot be stored now; send it again",
            ),
            Self::Unstorable => told(
                StatusCode::INTERNAL_SERVER_ERROR,
                "UNSTORABLE",
                "cannot be stored; the operators were told",
            ),
        }
    }
}

impl From<interdesk_store::Error> for Refusal {
    fn from(error: interdesk_store::Error) -> Self {
        tracing::warn!(%error, "a widget cannot be answered now");
        Self::Busy
    }
}

impl From<interdesk_flow::Error> for Refusal {
    fn from(error: interdesk_flow::Error) -> Self {
        tracing::warn!(%error, "a widget cannot be answered now");
        Self::Busy
    }
}
