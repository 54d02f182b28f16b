//! How a publication looks in a message: a body, and headers that are all texts.

use bytes::Bytes;
use uuid::Uuid;

use crate::{Publication, publication::is_name};

const ID: &str = "id";
const TENANT: &str = "tenant";
/// The routing key of the event; the message's own key changes on the retry ladder.
const KEY: &str = "key";
const TRACE: &str = "traceparent";
const ATTEMPT: &str = "attempt";
const REASON: &str = "reason";

/// Reasons are for people; a longer one is cut.
const REASON_LIMIT: usize = 500;

/// A publication and how it fared so far.
#[derive(Debug, PartialEq)]
pub(crate) struct Letter {
    pub(crate) publication: Publication,
    pub(crate) attempt: u32,
    pub(crate) reason: Option<String>,
}

/// Names the header that cannot be read.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("header {0} is missing or malformed")]
pub(crate) struct Unreadable(&'static str);

/// Writes the headers.
pub(crate) fn write(
    publication: &Publication,
    attempt: u32,
    reason: Option<&str>,
) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        (ID, publication.id.to_string()),
        (TENANT, publication.tenant.to_string()),
        (KEY, publication.key()),
        (ATTEMPT, attempt.to_string()),
    ];
    if let Some(trace) = &publication.trace {
        headers.push((TRACE, trace.clone()));
    }
    if let Some(reason) = reason {
        headers.push((REASON, cut(reason)));
    }
    headers
}

/// Writes the one header that can be written about a message that cannot be read.
pub(crate) fn write_reason(reason: &str) -> (&'static str, String) {
    (REASON, cut(reason))
}

/// Reads headers and body.
pub(crate) fn read(
    header: impl Fn(&str) -> Option<String>,
    body: Bytes,
) -> Result<Letter, Unreadable> {
    let uuid = |name| {
        header(name)
            .and_then(|text| Uuid::parse_str(&text).ok())
            .ok_or(Unreadable(name))
    };
    let id = uuid(ID)?;
    let tenant = uuid(TENANT)?;
    let (shard, aggregate, event) = header(KEY)
        .and_then(|key| split(&key))
        .ok_or(Unreadable(KEY))?;
    let attempt = header(ATTEMPT)
        .and_then(|text| text.parse().ok())
        .ok_or(Unreadable(ATTEMPT))?;
    let trace = header(TRACE);
    let publication = Publication {
        id,
        tenant,
        shard,
        aggregate,
        event,
        body,
        trace,
    };
    Ok(Letter {
        publication,
        attempt,
        reason: header(REASON),
    })
}

/// Keeps what there is of a message that cannot be read, so that it can at least be seen.
pub(crate) fn unreadable(body: Bytes) -> Publication {
    Publication {
        id: Uuid::nil(),
        tenant: Uuid::nil(),
        shard: 0,
        aggregate: String::new(),
        event: String::new(),
        body,
        trace: None,
    }
}

/// Reads the reason of any dead letter.
pub(crate) fn reason(header: impl Fn(&str) -> Option<String>) -> Option<String> {
    header(REASON)
}

fn split(key: &str) -> Option<(u16, String, String)> {
    let mut parts = key.split('.');
    let (shard, aggregate, event) = (parts.next()?, parts.next()?, parts.next()?);
    let whole = parts.next().is_none() && is_name(aggregate) && is_name(event);
    whole.then_some(())?;
    Some((shard.parse().ok()?, aggregate.to_owned(), event.to_owned()))
}

fn cut(reason: &str) -> String {
    reason.chars().take(REASON_LIMIT).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn publication() -> Publication {
        Publication {
            id: Uuid::from_u128(1),
            tenant: Uuid::from_u128(2),
            shard: 3,
            aggregate: "work_item".into(),
            event: "work_item_queued".into(),
            body: Bytes::from_static(b"{}"),
            trace: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()),
        }
    }

    fn read_back(headers: Vec<(&'static str, String)>) -> Result<Letter, Unreadable> {
        let find = |name: &str| {
            headers
                .iter()
                .find(|(other, _)| *other == name)
                .map(|(_, value)| value.clone())
        };
        read(find, Bytes::from_static(b"{}"))
    }

    #[test]
    fn what_is_written_is_read_back() {
        let letter = read_back(write(&publication(), 2, Some("no route"))).unwrap();
        assert_eq!(letter.publication, publication());
        assert_eq!(
            (letter.attempt, letter.reason.as_deref()),
            (2, Some("no route"))
        );
    }

    #[test]
    fn a_missing_or_bent_header_is_named() {
        for name in [ID, TENANT, KEY, ATTEMPT] {
            let mut headers = write(&publication(), 1, None);
            headers.retain(|(other, _)| *other != name);
            assert_eq!(read_back(headers), Err(Unreadable(name)));

            let mut headers = write(&publication(), 1, None);
            headers
                .iter_mut()
                .filter(|(other, _)| *other == name)
                .for_each(|h| h.1 = "?".into());
            assert_eq!(read_back(headers), Err(Unreadable(name)));
        }
    }

    #[test]
    fn a_long_reason_is_cut() {
        let (_, reason) = write_reason(&"ä".repeat(2_000));
        assert_eq!(reason.chars().count(), REASON_LIMIT);
    }
}
