//! Which status an answer has: as GraphQL over HTTP has said for long, or as its draft says now.

use actix_web::http::StatusCode;
use async_graphql::{Response, ServerError, Value};

use super::media::Media;
use crate::operation;

/// Whose statuses answers have, where the media type lets them tell anything.
///
/// In `application/json` every well-formed request is answered with 200 in either, but for those that
/// come too often: 429 is not about the request.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Statuses {
    /// 200 for whatever was executed, 400 for what was not.
    #[default]
    Settled,
    /// As in the draft of 2026: 294 for data beside errors, 422 for what can be read but not executed,
    /// 400 for what cannot be read.
    Draft,
}

impl Statuses {
    /// Returns the status of an answer of the executor.
    pub(super) fn of(self, response: &Response, media: Media) -> StatusCode {
        let is_refused = operation::is_request_error(response);
        if is_refused
            && matches!(
                operation::code(response),
                Some("RATE_LIMITED" | "QUOTA_EXCEEDED")
            )
        {
            return StatusCode::TOO_MANY_REQUESTS;
        }
        if media == Media::Json {
            return StatusCode::OK;
        }
        if !is_refused {
            return match self {
                Self::Draft if response.is_err() => partial_success(),
                _ => StatusCode::OK,
            };
        }
        match (self, operation::code(response)) {
            (_, Some("UNAUTHENTICATED" | "TOKEN_EXPIRED")) => StatusCode::UNAUTHORIZED,
            (_, Some("WORKSPACE_SUSPENDED")) => StatusCode::FORBIDDEN,
            (_, Some("INTERNAL")) => StatusCode::INTERNAL_SERVER_ERROR,
            (_, Some("UNAVAILABLE")) => StatusCode::SERVICE_UNAVAILABLE,
            (Self::Settled, _) | (Self::Draft, Some("GRAPHQL_PARSE_FAILED")) => {
                StatusCode::BAD_REQUEST
            }
            (Self::Draft, _) => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    /// Returns the status of a refusal where it is another than the settled one.
    pub(super) fn of_refusal(self, error: &ServerError, media: Media) -> Option<StatusCode> {
        if self == Self::Settled || media == Media::Json {
            return None;
        }
        let code = error.extensions.as_ref()?.get("code")?;
        let is_unprocessable =
            matches!(code, Value::String(code) if UNPROCESSABLE.contains(&code.as_str()));
        is_unprocessable.then_some(StatusCode::UNPROCESSABLE_ENTITY)
    }
}

/// What is JSON and yet no request of GraphQL over HTTP.
const UNPROCESSABLE: [&str; 4] = [
    "BAD_PARAMETER",
    "BAD_BODY",
    "BATCHING_NOT_SUPPORTED",
    "SUBSCRIPTION_NEEDS_STREAM",
];

fn partial_success() -> StatusCode {
    // Registered nowhere: the draft made it up, for its own media type alone.
    StatusCode::from_u16(294).unwrap_or(StatusCode::OK)
}
