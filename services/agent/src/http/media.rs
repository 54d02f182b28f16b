//! Media types: what a client sends and what it wants back.

use actix_web::http::{
    StatusCode,
    header::{self, HeaderMap},
};

use super::reply::Refusal;

/// Names the two media types of an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Media {
    /// `application/graphql-response+json`: the status tells how the request fared.
    GraphqlResponse,
    /// `application/json`: every well-formed request is answered with 200.
    Json,
}

impl Media {
    /// Returns the value of the `content-type` header.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    /// Chooses what the client likes best; JSON where it does not care.
    fn choose(ranges: &[&str]) -> Option<Self> {
        if ranges.is_empty() {
            return Some(Self::Json);
        }
        let json = quality(ranges, "application/json");
        let response = quality(ranges, "application/graphql-response+json");
        match (response, json) {
            (response, json) if response <= 0.0 && json <= 0.0 => None,
            // A wildcard gives both the same weight, and then old clients come first.
            (response, json) if response > json => Some(Self::GraphqlResponse),
            (response, json)
                if response == json && names(ranges, "application/graphql-response+json") =>
            {
                Some(Self::GraphqlResponse)
            }
            _ => Some(Self::Json),
        }
    }
}

/// What a client takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Accepted {
    /// For one answer; none where it takes nothing but events.
    pub(super) single: Option<Media>,
    /// Whether it takes a stream of events, and says so: a wildcard is too little to be held for hours.
    pub(super) events: bool,
}

impl Accepted {
    /// Reads the `accept` headers; none where the client takes nothing that we have.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut ranges = Vec::new();
        for value in headers.get_all(header::ACCEPT) {
            let value = value.to_str().ok()?;
            let listed = value.split(',').map(str::trim);
            ranges.extend(listed.filter(|range| !range.is_empty()));
        }
        let events = names(&ranges, EVENT_STREAM) && quality(&ranges, EVENT_STREAM) > 0.0;
        let single = Media::choose(&ranges);
        (events || single.is_some()).then_some(Self { single, events })
    }
}

/// The media type of server-sent events.
pub(super) const EVENT_STREAM: &str = "text/event-stream";

fn names(ranges: &[&str], media: &str) -> bool {
    ranges
        .iter()
        .any(|range| split(range).0.eq_ignore_ascii_case(media))
}

/// Returns the weight of the most specific range that covers `media`, zero when none does.
fn quality(ranges: &[&str], media: &str) -> f32 {
    let mut best = (0, 0.0);
    for range in ranges {
        let (kind, parameters) = split(range);
        let precision = match kind.to_ascii_lowercase().as_str() {
            kind if kind == media => 3,
            "application/*" => 2,
            "*/*" => 1,
            _ => continue,
        };
        if precision > best.0 && utf8(parameters) {
            best = (precision, weight(parameters));
        }
    }
    best.1
}

fn weight(parameters: &str) -> f32 {
    let weight = parameter(parameters, "q").and_then(|weight| weight.parse().ok());
    weight
        .filter(|weight| (0.0..=1.0).contains(weight))
        .unwrap_or(1.0)
}

fn utf8(parameters: &str) -> bool {
    let charset = parameter(parameters, "charset");
    charset.is_none_or(|charset| matches!(charset.to_ascii_lowercase().as_str(), "utf-8" | "utf8"))
}

fn split(value: &str) -> (&str, &str) {
    let (kind, parameters) = value.split_once(';').unwrap_or((value, ""));
    (kind.trim(), parameters)
}

fn parameter<'a>(parameters: &'a str, wanted: &str) -> Option<&'a str> {
    parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case(wanted)
            .then(|| value.trim().trim_matches('"'))
    })
}

/// Refuses every body but plain JSON, which also keeps forms of other sites out.
pub(super) fn check_content(headers: &HeaderMap) -> Result<(), Refusal> {
    let refuse = |message| {
        Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            message,
        )
    };
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let (kind, parameters) = split(content_type.unwrap_or_default());
    if !kind.eq_ignore_ascii_case("application/json") || !utf8(parameters) {
        return Err(refuse("content-type must be application/json in utf-8"));
    }
    match headers.get(header::CONTENT_ENCODING) {
        None => Ok(()),
        Some(encoding) if encoding.as_bytes().eq_ignore_ascii_case(b"identity") => Ok(()),
        Some(_) => Err(refuse(
            "content-encoding is not supported, send the body as it is",
        )),
    }
}
