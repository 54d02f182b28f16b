//! Calling providers: what an answer, and the lack of one, means for a message.

use crate::json::{self, Fields};
use crate::{SendContext, SendError, refusal};
use chrono::{DateTime, Duration, Utc};
use interdesk_domain::delivery::FailureReason;
use interdesk_domain::id::FileId;
use interdesk_domain::message::Media;
use std::error::Error;

/// How much of an answer is read.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// The longest time that a provider may make us wait by `Retry-After`.
const MAX_RETRY_AFTER: Duration = Duration::days(1);

/// How long a call with a file in it may take at most; whoever asks for it has less patience.
pub(crate) const WITH_FILE: std::time::Duration = std::time::Duration::from_secs(600);

/// What a provider answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    /// `None` where the answer broke off or is longer than anybody needs.
    pub(crate) body: Option<String>,
}

impl Answer {
    /// Returns whether the provider took the message.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns whether a gateway answered in the provider's place, which knows nothing about
    /// what happened behind it.
    pub(crate) fn is_gateway(&self) -> bool {
        matches!(self.status, 408 | 502 | 504)
    }

    /// Returns the object that the provider answered with, or the error where it is none: a
    /// gateway's page, something cut off, something foreign.
    pub(crate) fn object(&self, provider: &str) -> Result<Fields<'_>, SendError> {
        let body = self.body.as_deref().filter(|_| !self.is_gateway());
        match body.and_then(|body| json::root(body).ok()) {
            Some((_, root)) => Ok(root),
            None => Err(self.unreadable(provider)),
        }
    }

    /// Returns the error for an answer that is not of the documented form.
    pub(crate) fn unreadable(&self, provider: &str) -> SendError {
        match self.is_success() {
            true => SendError::NoAnswer(format!("{provider}'s answer cannot be read")),
            false => self.unexplained(),
        }
    }

    /// Returns the error for an answer that says nothing but its status.
    pub(crate) fn unexplained(&self) -> SendError {
        let status = self.status;
        let said = format!("the provider answered with status {status}");
        match status {
            429 => refusal::retryable(FailureReason::RateLimited, said, self.retry_after),
            401 | 403 | 404 | 410 => refusal::permanent(FailureReason::AccountRefused, said),
            300..400 => refusal::permanent(
                FailureReason::AccountRefused,
                format!("{said}: redirects are not followed, correct the address"),
            ),
            400..500 if status != 408 => refusal::permanent(FailureReason::Other, said),
            _ => SendError::NoAnswer(said),
        }
    }
}

/// Returns the inbox's token; `what` names it for whoever forgot to configure it.
pub(crate) fn token<'a>(context: &SendContext<'a>, what: &str) -> Result<&'a str, SendError> {
    let token = context.credentials.access_token.as_deref();
    token.ok_or_else(|| {
        let detail = format!("the inbox has no {what}");
        refusal::permanent(FailureReason::AccountRefused, detail)
    })
}

/// Sends a request and reads the answer.
pub(crate) async fn call(
    request: reqwest::RequestBuilder,
    now: DateTime<Utc>,
) -> Result<Answer, SendError> {
    let mut response = request.send().await.map_err(not_sent)?;
    let header = response.headers().get(reqwest::header::RETRY_AFTER);
    let retry_after = header.and_then(|value| retry_after(value.to_str().ok()?, now));
    let status = response.status().as_u16();
    let body = read(&mut response).await;
    Ok(Answer {
        status,
        retry_after,
        body,
    })
}

/// Opens a file that the desk keeps as a part of a form; its bytes are read while it is sent.
pub(crate) async fn part(
    context: &SendContext<'_>,
    file: FileId,
    media: &Media,
) -> Result<reqwest::multipart::Part, SendError> {
    let missing = |error: std::io::Error| {
        let gone = error.kind() == std::io::ErrorKind::NotFound;
        let detail = "the desk cannot read the file that belongs to the message";
        match gone {
            true => refusal::permanent(FailureReason::Other, detail),
            false => refusal::retryable(FailureReason::Other, detail, None),
        }
    };
    let open = context.files.open(file).await.map_err(missing)?;
    let name = media.file_name.as_deref().unwrap_or(media.kind.as_str());
    let body = reqwest::Body::wrap_stream(open.bytes);
    let part = reqwest::multipart::Part::stream_with_length(body, open.size)
        .file_name(name.to_owned())
        .mime_str(&open.mime_type);
    part.map_err(|_| refusal::unsupported("the file's type cannot be named"))
}

/// Returns the beginning of somebody else's words, on one line.
pub(crate) fn excerpt(words: &str) -> String {
    let words = words.replace(|c: char| c.is_control(), " ");
    words.trim().chars().take(300).collect()
}

async fn read(response: &mut reqwest::Response) -> Option<String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(String::from_utf8_lossy(&body).into_owned())
}

/// Before a connection stands, nothing was sent; afterwards nobody knows.
fn not_sent(error: reqwest::Error) -> SendError {
    if error.is_builder() {
        let detail = "the inbox's address is no valid URL";
        return refusal::permanent(FailureReason::AccountRefused, detail);
    }
    let cause = cause(&error);
    if error.is_connect() {
        let detail = format!("the provider cannot be reached: {cause}");
        return refusal::retryable(FailureReason::ProviderUnavailable, detail, None);
    }
    if error.is_timeout() {
        return SendError::NoAnswer("the provider did not answer in time".to_owned());
    }
    SendError::NoAnswer(format!("the connection broke: {cause}"))
}

/// Returns the innermost cause; the outer words of the client carry the URL, and a URL may carry
/// a token.
fn cause(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(inner) = cause.and_then(Error::source) {
        cause = Some(inner);
    }
    cause.map_or_else(
        || "no reason given".to_owned(),
        |cause| excerpt(&cause.to_string()),
    )
}

fn retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let wait = match value.trim().parse::<u32>() {
        Ok(seconds) => Duration::seconds(seconds.into()),
        Err(_) => DateTime::parse_from_rfc2822(value.trim()).ok()?.to_utc() - now,
    };
    Some(wait.clamp(Duration::zero(), MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).expect("a moment");
        assert_eq!(retry_after("14", now), Some(Duration::seconds(14)));
        let date = "Tue, 14 Nov 2023 22:13:50 GMT";
        assert_eq!(retry_after(date, now), Some(Duration::seconds(30)));
        assert_eq!(retry_after("4000000000", now), Some(MAX_RETRY_AFTER));
        assert_eq!(
            retry_after("Mon, 01 Jan 2001 00:00:00 GMT", now),
            Some(Duration::zero())
        );
        assert_eq!(retry_after("soon", now), None);
    }
}
