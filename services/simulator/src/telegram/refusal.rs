//! Bot API errors as documented.

use actix_web::{HttpResponse, http::StatusCode};
use serde_json::json;

/// A call that the Bot API refuses.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: u16,
    pub(crate) description: String,
    pub(crate) retry_after: Option<u64>,
}

impl Refusal {
    fn new(code: u16, description: impl Into<String>) -> Self {
        Self {
            code,
            description: description.into(),
            retry_after: None,
        }
    }

    /// 400 with Telegram's prefix.
    pub(crate) fn bad(what: &str) -> Self {
        Self::new(400, format!("Bad Request: {what}"))
    }

    /// 401 for a wrong token.
    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized")
    }

    /// 403 after the customer blocked the bot.
    pub(crate) fn blocked() -> Self {
        Self::new(403, "Forbidden: bot was blocked by the user")
    }

    /// 404 for an unknown method.
    pub(crate) fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    /// 429 with the seconds to wait.
    pub(crate) fn too_many(seconds: u64) -> Self {
        let mut refusal = Self::new(429, format!("Too Many Requests: retry after {seconds}"));
        refusal.retry_after = Some(seconds);
        refusal
    }

    /// A status on command.
    pub(crate) fn of(code: u16) -> Self {
        match code {
            400 => Self::bad("chat not found"),
            403 => Self::blocked(),
            429 => Self::too_many(1),
            500.. => Self::new(code, "Internal Server Error"),
            _ => Self::new(code, "Error"),
        }
    }

    /// Writes the HTTP answer.
    pub(crate) fn response(&self) -> HttpResponse {
        let mut body = json!({
            "ok": false,
            "error_code": self.code,
            "description": self.description,
        });
        if let Some(seconds) = self.retry_after {
            body["parameters"] = json!({ "retry_after": seconds });
        }
        let status = StatusCode::from_u16(self.code).unwrap_or(StatusCode::BAD_REQUEST);
        HttpResponse::build(status).json(body)
    }
}
