//! Graph errors: codes, HTTP statuses and words as documented.

use actix_web::{HttpResponse, http::StatusCode};
use serde_json::{Value, json};

/// A call that the Graph API refuses.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: u32,
    pub(crate) message: String,
    pub(crate) details: String,
    pub(crate) retry_after: Option<u64>,
}

impl Refusal {
    /// Refuses with a documented code.
    pub(crate) fn new(code: u32, details: impl Into<String>) -> Self {
        let (status, title) = known(code);
        Self {
            status,
            code,
            message: format!("(#{code}) {title}"),
            details: details.into(),
            retry_after: None,
        }
    }

    /// Refuses an unknown object, as Meta does also for a foreign one.
    pub(crate) fn no_object(id: &str) -> Self {
        let mut refusal = Self::new(100, "");
        refusal.message = format!(
            "Unsupported post request. Object with ID '{id}' does not exist, cannot be loaded due \
             to missing permissions, or does not support this operation."
        );
        refusal
    }

    /// Writes the HTTP answer.
    pub(crate) fn response(&self, trace: String) -> HttpResponse {
        let mut error = json!({
            "message": self.message,
            "type": "OAuthException",
            "code": self.code,
            "fbtrace_id": trace,
        });
        if !self.details.is_empty() {
            error["error_data"] =
                json!({ "messaging_product": "whatsapp", "details": self.details });
        }
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let mut response = HttpResponse::build(status);
        if let Some(seconds) = self.retry_after {
            response.insert_header(("retry-after", seconds.to_string()));
        }
        response.json(json!({ "error": error }))
    }
}

/// Writes the error inside a `failed` status.
pub(crate) fn failure(code: u32) -> Value {
    let (_, title) = known(code);
    json!({
        "code": code,
        "title": title,
        "message": title,
        "error_data": { "details": details(code) },
        "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
    })
}

/// Says in words what a code means.
pub(crate) fn details(code: u32) -> &'static str {
    match code {
        130429 => "Cloud API message throughput has been reached.",
        131000 => "Message failed to send due to an unknown error.",
        131026 => "Message Undeliverable.",
        131047 => {
            "Message failed to send because more than 24 hours have passed since the customer \
             last replied to this number."
        }
        131056 => "Too many messages sent from this number to the same recipient in a short time.",
        _ => "Message failed to send.",
    }
}

fn known(code: u32) -> (u16, &'static str) {
    match code {
        4 => (429, "Application request limit reached"),
        100 => (400, "Invalid parameter"),
        190 => (401, "Invalid OAuth access token"),
        130429 => (429, "Rate limit hit"),
        130472 => (400, "User's number is part of an experiment"),
        131000 => (500, "Something went wrong"),
        131008 => (400, "Required parameter is missing"),
        131009 => (400, "Parameter value is not valid"),
        131016 => (503, "Service unavailable"),
        131026 => (400, "Message undeliverable"),
        131047 => (400, "Re-engagement message"),
        131048 => (429, "Spam rate limit hit"),
        131049 => (
            400,
            "Message was not delivered to maintain healthy ecosystem engagement",
        ),
        131051 => (400, "Unsupported message type"),
        131053 => (400, "Media upload error"),
        131056 => (
            429,
            "(Business Account, Consumer Account) pair rate limit hit",
        ),
        132000 => (
            400,
            "Number of parameters does not match the expected number of params",
        ),
        132001 => (404, "Template name does not exist in the translation"),
        131_215 => (400, "Groups are not available for this number"),
        2_593_107 => (400, "Synchronization request limit exceeded"),
        133004 => (503, "Server Temporarily Unavailable"),
        _ => (400, "Message failed to send"),
    }
}
