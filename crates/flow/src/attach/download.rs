//! Reading bytes from an address that somebody else named.
//!
//! Every step is judged anew: addresses written as numbers here, names by the client's resolver,
//! which connects to what it judged. A redirect never takes the authorization to another host, nor
//! from TLS to a connection without.

use crate::deliver::Courier;
use bytes::Bytes;
use chrono::Duration;
use futures::{Stream, TryStreamExt};
use interdesk_channels::{Download, FetchError};
use reqwest::header::{AUTHORIZATION, LOCATION};
use reqwest::{Response, StatusCode, Url};
use std::error::Error;

/// How many redirects are followed; media servers need one, rarely two.
const REDIRECTS: usize = 4;

/// An answer whose bytes are about to come.
pub(super) struct Opened {
    /// How many the server announced.
    pub(super) size: Option<u64>,
    response: Response,
}

/// Opens an address for reading.
pub(super) async fn open(
    courier: &Courier,
    download: &Download,
    timeout: Duration,
) -> Result<Opened, FetchError> {
    let first = parse(&download.url)?;
    let mut url = first.clone();
    for _ in 0..=REDIRECTS {
        if (courier.forbids)(url.as_str()) {
            return Err(FetchError::never(
                "the address leads into a private network",
            ));
        }
        let mut request = courier.client.get(url.clone());
        request = request.timeout(timeout.to_std().unwrap_or_default());
        if let Some(authorization) = &download.authorization
            && same_host(&url, &first)
        {
            request = request.header(AUTHORIZATION, authorization);
        }
        let response = request.send().await.map_err(|error| broken(&error))?;
        let Some(next) = redirect(&response)? else {
            return judge(response);
        };
        let next = url
            .join(&next)
            .map_err(|_| FetchError::later("a redirect leads nowhere"))?;
        if url.scheme() == "https" && next.scheme() != "https" {
            return Err(FetchError::never("a redirect leads away from TLS"));
        }
        url = parse(next.as_str())?;
    }
    Err(FetchError::later("the address redirects too often"))
}

impl Opened {
    /// Returns the bytes as they come.
    pub(super) fn bytes(self) -> impl Stream<Item = Result<Bytes, FetchError>> {
        self.response.bytes_stream().map_err(|error| broken(&error))
    }
}

fn parse(url: &str) -> Result<Url, FetchError> {
    let url = Url::parse(url).map_err(|_| FetchError::never("the address is no URL"))?;
    let plain = url.username().is_empty() && url.password().is_none();
    match (url.scheme(), plain) {
        ("http" | "https", true) => Ok(url),
        _ => Err(FetchError::never(
            "the address is none that files are read from",
        )),
    }
}

fn same_host(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host_str() == other.host_str()
        && one.port_or_known_default() == other.port_or_known_default()
}

fn redirect(response: &Response) -> Result<Option<String>, FetchError> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location = response.headers().get(LOCATION);
    let location = location.and_then(|value| value.to_str().ok());
    let location = location.ok_or_else(|| FetchError::later("a redirect leads nowhere"))?;
    Ok(Some(location.to_owned()))
}

fn judge(response: Response) -> Result<Opened, FetchError> {
    let status = response.status();
    if status == StatusCode::OK {
        let size = response.content_length();
        return Ok(Opened { size, response });
    }
    // Addresses of files expire; the next try asks for another one.
    let detail = format!("the file's server answered with status {}", status.as_u16());
    Err(FetchError::later(detail))
}

/// The words of the client carry the address, and an address may carry a token.
fn broken(error: &reqwest::Error) -> FetchError {
    if error.is_timeout() {
        return FetchError::later("the file's server did not answer in time");
    }
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.to_string().contains("no public address") {
            return FetchError::never("the address leads into a private network");
        }
        cause = inner.source();
    }
    match error.is_connect() {
        true => FetchError::later("the file's server cannot be reached"),
        false => FetchError::later("the file's server broke off"),
    }
}
