//! Answers: an executed response, or a refusal before anything ran.

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use async_graphql::{Response, ServerError};

use super::media::Media;
use crate::{
    AuthRefusal, Statuses,
    operation::{self, Answer},
};

/// Refuses a request before it is executed.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    error: Box<ServerError>,
    header: Option<(HeaderName, &'static str)>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            error: Box::new(operation::error(code, message)),
            header: None,
        }
    }

    pub(super) fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(super) fn method() -> Self {
        let message = "only GET and POST are served here";
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "METHOD_NOT_ALLOWED",
            message,
        )
        .with(header::ALLOW, "GET, POST")
    }

    pub(super) fn mutation_by_get() -> Self {
        let message = "mutations need POST";
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "METHOD_NOT_ALLOWED",
            message,
        )
        .with(header::ALLOW, "POST")
    }

    pub(super) fn subscription() -> Self {
        let message = "subscriptions need a WebSocket with graphql-transport-ws, \
            or accept: text/event-stream";
        Self::bad_request("SUBSCRIPTION_NEEDS_STREAM", message)
    }

    pub(super) fn too_large(limit: usize) -> Self {
        let message = format!("the body is longer than {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", message)
    }

    fn with(mut self, name: HeaderName, value: &'static str) -> Self {
        self.header = Some((name, value));
        self
    }

    pub(super) fn reply(self, media: Media, statuses: Statuses, trace: &str) -> HttpResponse {
        let code = statuses.of_refusal(self.error.as_ref(), media);
        let mut builder = HttpResponse::build(code.unwrap_or(self.status));
        if let Some((name, value)) = self.header {
            builder.insert_header((name, value));
        }
        let mut response = Response::from_errors(vec![*self.error]);
        operation::complete(&mut response, trace);
        write(builder, &response, media)
    }
}

impl From<AuthRefusal> for Refusal {
    fn from(refusal: AuthRefusal) -> Self {
        match refusal {
            AuthRefusal::Invalid | AuthRefusal::Expired => Self::new(
                StatusCode::UNAUTHORIZED,
                refusal.code(),
                refusal.to_string(),
            )
            .with(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""),
            AuthRefusal::Unavailable => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                refusal.code(),
                refusal.to_string(),
            )
            .with(header::RETRY_AFTER, "1"),
        }
    }
}

/// Answers with what the executor returned.
pub(super) fn respond(response: Response, media: Media, statuses: Statuses) -> HttpResponse {
    let mut builder = HttpResponse::build(statuses.of(&response, media));
    // The executor speaks a newer version of the same header types.
    for (name, value) in &response.http_headers {
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        let value = HeaderValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value) {
            builder.append_header((name, value));
        }
    }
    write(builder, &response, media)
}

fn write(mut builder: HttpResponseBuilder, response: &Response, media: Media) -> HttpResponse {
    builder
        .insert_header((header::CONTENT_TYPE, media.content_type()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::VARY, "accept, authorization"));
    match serde_json::to_vec(&Answer::from(response)) {
        Ok(body) => builder.body(body),
        Err(error) => {
            tracing::error!(%error, "a GraphQL response could not be written as JSON");
            HttpResponse::InternalServerError().finish()
        }
    }
}
