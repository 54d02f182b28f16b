//! Which pages of other origins may call the API from a browser (the CORS protocol of the Fetch
//! standard). Off unless origins are named; who asks is known by a token alone and never by a cookie,
//! so credentials are not allowed.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};

/// What pages may send beside what every page may.
const HEADERS: &str = "authorization, content-type, last-event-id, traceparent";
/// For how many seconds a browser need not ask again.
const REMEMBERED: &str = "600";

/// The origins whose pages may call the API.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Origins(Vec<String>);

/// Says which origin cannot be one.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no origin, write https://name.example.org without a path, or * alone")]
pub struct OriginError(String);

impl Origins {
    /// Reads origins divided by commas; `*` alone is any.
    ///
    /// # Errors
    ///
    /// Fails with the first that is none.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let listed: Vec<&str> = text.split(',').map(str::trim).collect();
        if listed == ["*"] {
            return Ok(Self(vec!["*".to_owned()]));
        }
        let mut origins = Vec::new();
        for origin in listed.into_iter().filter(|origin| !origin.is_empty()) {
            let read = url::Url::parse(origin).ok().filter(|url| {
                matches!(url.scheme(), "http" | "https")
                    && url.path() == "/"
                    && url.query().is_none()
                    && url.fragment().is_none()
                    && url.username().is_empty()
            });
            let read = read.ok_or_else(|| OriginError(origin.to_owned()))?;
            origins.push(read.origin().ascii_serialization());
        }
        Ok(Self(origins))
    }

    /// Returns the origin of a request that may call the API.
    fn allowed<'a>(&self, request: &'a HttpRequest) -> Option<&'a HeaderValue> {
        let origin = request.headers().get(header::ORIGIN)?;
        let text = origin.to_str().ok()?;
        let is_allowed = self.0.iter().any(|one| one == "*" || one == text);
        is_allowed.then_some(origin)
    }

    /// Answers a browser that asks before it calls; `None` where the request is no such question, or
    /// comes from a page that may not.
    pub(crate) fn preflight(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let asks = request.method() == Method::OPTIONS
            && request
                .headers()
                .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if !asks {
            return None;
        }
        self.allowed(request)?;
        let mut answer = HttpResponse::new(StatusCode::NO_CONTENT);
        let headers = answer.headers_mut();
        put(headers, header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST");
        put(headers, header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
        put(headers, header::ACCESS_CONTROL_MAX_AGE, REMEMBERED);
        Some(answer)
    }

    /// Lets the page that asked read the answer, where it may.
    pub(crate) fn mark(&self, request: &HttpRequest, answer: &mut HttpResponse) {
        if self.0.is_empty() {
            return;
        }
        let headers = answer.headers_mut();
        headers.append(header::VARY, HeaderValue::from_static("origin"));
        if let Some(origin) = self.allowed(request) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            put(
                headers,
                header::ACCESS_CONTROL_EXPOSE_HEADERS,
                "retry-after",
            );
        }
    }
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_read_and_what_is_none_is_named() {
        let read =
            Origins::parse(" https://desk.example.org, http://localhost:5173/ ").expect("two");
        assert_eq!(
            read,
            Origins(vec![
                "https://desk.example.org".to_owned(),
                "http://localhost:5173".to_owned()
            ])
        );
        assert_eq!(Origins::parse("").expect("none"), Origins::default());
        assert_eq!(
            Origins::parse("*").expect("any"),
            Origins(vec!["*".to_owned()])
        );
        for wrong in [
            "desk.example.org",
            "https://a.example.org/x",
            "ftp://a.example.org",
            "*,https://a.example.org",
        ] {
            assert!(Origins::parse(wrong).is_err(), "{wrong}");
        }
    }
}
