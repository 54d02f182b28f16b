//! Errors in the form of the client-server API.

use actix_web::{HttpResponse, http::StatusCode};
use serde_json::json;

/// A call that the homeserver refuses.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: u16,
    code: &'static str,
    words: String,
    retry_after_ms: Option<u64>,
}

impl Refusal {
    fn new(status: u16, code: &'static str, words: &str) -> Self {
        Self {
            status,
            code,
            words: words.to_owned(),
            retry_after_ms: None,
        }
    }

    /// The token is not that of an application service.
    pub(super) fn token() -> Self {
        Self::new(401, "M_UNKNOWN_TOKEN", "Unrecognised access token")
    }

    /// The caller may not do this.
    pub(super) fn forbidden(words: &str) -> Self {
        Self::new(403, "M_FORBIDDEN", words)
    }

    /// The name belongs to somebody else.
    pub(super) fn exclusive() -> Self {
        let words = "Application service has not reserved this user id";
        Self::new(400, "M_EXCLUSIVE", words)
    }

    /// There is no such thing.
    pub(super) fn not_found(words: &str) -> Self {
        Self::new(404, "M_NOT_FOUND", words)
    }

    /// Something is wrong with the body.
    pub(super) fn bad_json(words: &str) -> Self {
        Self::new(400, "M_BAD_JSON", words)
    }

    /// It is there already.
    pub(super) fn taken(code: &'static str, words: &str) -> Self {
        Self::new(400, code, words)
    }

    /// The event is larger than a room takes.
    pub(super) fn too_large() -> Self {
        Self::new(413, "M_TOO_LARGE", "event too large")
    }

    /// Too much at once.
    pub(super) fn too_many(seconds: u64) -> Self {
        Self {
            retry_after_ms: Some(seconds.max(1) * 1000),
            ..Self::new(429, "M_LIMIT_EXCEEDED", "Too Many Requests")
        }
    }

    /// A status on command.
    pub(super) fn of(status: u16) -> Self {
        match status {
            403 => Self::forbidden("You are not in this room"),
            404 => Self::not_found("Unknown room"),
            429 => Self::too_many(1),
            500.. => Self::new(status, "M_UNKNOWN", "Internal server error"),
            _ => Self::new(status, "M_UNKNOWN", "Unknown error"),
        }
    }

    /// Writes the HTTP answer.
    pub(super) fn response(&self) -> HttpResponse {
        let mut body = json!({ "errcode": self.code, "error": self.words });
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let mut response = HttpResponse::build(status);
        if let Some(wait) = self.retry_after_ms {
            body["retry_after_ms"] = wait.into();
            response.insert_header(("retry-after", wait.div_ceil(1000)));
        }
        response.json(body)
    }
}
