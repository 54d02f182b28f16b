//! GraphQL over server-sent events, one connection per operation: `next` for each result, then
//! `complete`.
//!
//! What a subscription's object selects as `cursor` becomes the id of its event. A client that lost
//! its connection sends the last one as `last-event-id`, as browsers do by themselves, and goes on
//! behind it. A stream that ends without `complete` wants its client back: the process ends, or the
//! token does.
//!
//! A slow client: results are asked for as the connection takes them, so nothing gathers here.

use actix_web::{HttpResponse, http::header, web::Bytes};
use async_graphql::{Response, Value};
use futures::{StreamExt, stream::BoxStream};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until};
use tokio_util::sync::CancellationToken;

use super::media::EVENT_STREAM;
use crate::operation::Answer;

/// What ends a stream before its operation does, and what keeps it alive.
pub(super) struct Course {
    /// When the token behind it ends.
    pub(super) expires_at: Option<Instant>,
    /// Pause between signs of life.
    pub(super) keep_alive: std::time::Duration,
    /// Cancelled when the process ends.
    pub(super) shutdown: CancellationToken,
}

/// Answers with a stream of results.
pub(super) fn respond(results: BoxStream<'static, Response>, course: Course) -> HttpResponse {
    let first = Instant::now() + course.keep_alive;
    let mut tick = interval_at(first, course.keep_alive);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let sender = Sender {
        results,
        course,
        tick,
        _open: Open::new(),
    };
    let body = futures::stream::unfold(Some(sender), Sender::step);
    HttpResponse::Ok()
        .insert_header((
            header::CONTENT_TYPE,
            format!("{EVENT_STREAM}; charset=utf-8"),
        ))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::VARY, "accept, authorization"))
        // Proxies that gather answers would keep every event until the end.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(body.map(Ok::<_, actix_web::Error>))
}

struct Sender {
    results: BoxStream<'static, Response>,
    course: Course,
    tick: Interval,
    _open: Open,
}

impl Sender {
    async fn step(sender: Option<Self>) -> Option<(Bytes, Option<Self>)> {
        let mut sender = sender?;
        let result = tokio::select! {
            biased;
            () = sender.course.shutdown.cancelled() => return None,
            () = until(sender.course.expires_at) => return None,
            result = sender.results.next() => result,
            _ = sender.tick.tick() => return Some((Bytes::from_static(b":\n\n"), Some(sender))),
        };
        match result {
            Some(response) => Some((next(response)?, Some(sender))),
            None => Some((Bytes::from_static(COMPLETE), None)),
        }
    }
}

// An event without data is not shown to anybody, so the line is there and empty.
const COMPLETE: &[u8] = b"event: complete\ndata:\n\n";

fn next(response: Response) -> Option<Bytes> {
    // JSON has no line breaks of its own, so one line of data holds it.
    let json = match serde_json::to_string(&Answer::from(&response)) {
        Ok(json) => json,
        Err(error) => {
            tracing::error!(%error, "a GraphQL response could not be written as JSON");
            return None;
        }
    };
    let id = cursor(&response.data).map(|cursor| format!("id: {cursor}\n"));
    let id = id.unwrap_or_default();
    Some(format!("event: next\n{id}data: {json}\n\n").into())
}

/// Finds the cursor that a subscription's one field selected.
fn cursor(data: &Value) -> Option<&str> {
    let Value::Object(fields) = data else {
        return None;
    };
    let Value::Object(shown) = fields.values().next()? else {
        return None;
    };
    match shown.get("cursor")? {
        Value::String(cursor) if !cursor.contains(['\n', '\r', '\0']) => Some(cursor),
        _ => None,
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// Counts a stream for as long as it is open.
struct Open;

impl Open {
    fn new() -> Self {
        metrics::gauge!("graphql_event_streams").increment(1.0);
        Self
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        metrics::gauge!("graphql_event_streams").decrement(1.0);
    }
}
