//! GraphQL over HTTP: POST with JSON, GET for queries, streams of server-sent events, and WebSocket
//! upgrades on the same path.

mod events;
mod media;
mod reply;
mod status;

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, StatusCode, header},
    web::{self, Bytes, Payload},
};
use async_graphql::{Executor, Response, parser::types::OperationType};
use futures::{StreamExt, stream, stream::BoxStream};
use interdesk_graphql::ResumeAfter;
use interdesk_node::telemetry::metrics::{GRAPHQL_REQUESTS, GRAPHQL_SECONDS};
use serde_json::{Map, Value as Json};
use tokio::time::Instant;
use tracing::Instrument;

pub use self::status::Statuses;
use self::{
    events::Course,
    media::{Accepted, Media},
    reply::Refusal,
};
use crate::{
    GraphqlTransport, RequestInfo, SessionExpiry,
    authenticate::{bearer, text},
    operation::{self, Wanted},
    trace::Traced,
    ws,
};

/// Answers one request to the GraphQL path.
pub async fn serve<E: Executor>(
    request: HttpRequest,
    body: Payload,
    transport: web::Data<GraphqlTransport<E>>,
) -> HttpResponse {
    if is_upgrade(&request) {
        return ws::serve(request, body, transport).await;
    }
    let origins = transport.origins.clone();
    let mut response = match origins.preflight(&request) {
        Some(answer) => answer,
        None => serve_operation(&request, body, transport).await,
    };
    origins.mark(&request, &mut response);
    response
}

async fn serve_operation<E: Executor>(
    request: &HttpRequest,
    body: Payload,
    transport: web::Data<GraphqlTransport<E>>,
) -> HttpResponse {
    let traced = Traced::of(&RequestInfo::of(request));
    let Some(accepted) = Accepted::of(request.headers()) else {
        let refusal = Refusal::new(StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE", ACCEPTABLE);
        return refusal.reply(Media::Json, transport.statuses, &traced.id);
    };
    let refused = accepted.single.unwrap_or(Media::Json);
    match answer(request, body, &transport, accepted, &traced).await {
        Err(refusal) => refusal.reply(refused, transport.statuses, &traced.id),
        Ok((Answered::Once(response), course)) => match accepted.single {
            Some(media) => reply::respond(*response, media, transport.statuses),
            None => events::respond(stream::once(async { *response }).boxed(), course),
        },
        Ok((Answered::Stream(results), course)) => events::respond(results, course),
    }
}

/// What became of an operation.
enum Answered {
    /// It has one answer.
    Once(Box<Response>),
    /// It goes on.
    Stream(BoxStream<'static, Response>),
}

const ACCEPTABLE: &str = "accept must allow application/graphql-response+json, application/json or text/event-stream, in utf-8";

fn is_upgrade(request: &HttpRequest) -> bool {
    let upgrade = request.headers().get(header::UPGRADE);
    request.method() == Method::GET
        && upgrade.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

async fn answer<E: Executor>(
    http: &HttpRequest,
    body: Payload,
    transport: &GraphqlTransport<E>,
    accepted: Accepted,
    traced: &Traced,
) -> Result<(Answered, Course), Refusal> {
    check_head(http)?;
    let info = RequestInfo::of(http);
    // Strangers with a bad token are turned away before their body is read.
    let authorization = text(http, header::AUTHORIZATION.as_str());
    let token = bearer(authorization.as_deref())?;
    let data = transport.authenticate(token, &info).await?;

    let parameters = if http.method() == Method::GET {
        from_query(http.query_string())?
    } else {
        from_body(&read(body, transport.limits.max_body_bytes).await?)?
    };
    let wanted = operation::request(parameters)
        .map_err(|error| Refusal::bad_request("BAD_PARAMETER", error.to_string()))?;
    let course = Course {
        expires_at: SessionExpiry::of(&data).map(Instant::from_std),
        keep_alive: transport.limits.keep_alive,
        shutdown: transport.shutdown.clone(),
    };
    let mut wanted = wanted.with(data);
    if let Some(seen) = text(http, "last-event-id").filter(|seen| !seen.is_empty()) {
        wanted.insert(ResumeAfter(seen));
    }
    let by_get = http.method() == Method::GET;
    let answered = run(wanted, by_get, transport, accepted, traced).instrument(traced.span.clone());
    Ok((answered.await?, course))
}

async fn run<E: Executor>(
    wanted: Wanted,
    by_get: bool,
    transport: &GraphqlTransport<E>,
    accepted: Accepted,
    traced: &Traced,
) -> Result<Answered, Refusal> {
    let (mut request, kind) =
        match wanted.prepare(&transport.documents, transport.limits.max_tokens) {
            Ok(prepared) => prepared,
            Err(mut response) => {
                operation::complete(&mut response, &traced.id);
                return Ok(Answered::Once(response));
            }
        };
    traced.tell(&mut request);
    match kind {
        OperationType::Query => {}
        OperationType::Mutation if by_get => return Err(Refusal::mutation_by_get()),
        OperationType::Mutation => {}
        OperationType::Subscription if accepted.events => {
            let results = transport.executor.execute_stream(request, None);
            return Ok(Answered::Stream(traced.clone().follow(results)));
        }
        OperationType::Subscription => return Err(Refusal::subscription()),
    }
    let began = Instant::now();
    let mut response = transport.executor.execute(request).await;
    operation::complete(&mut response, &traced.id);
    count(kind, &response, began.elapsed());
    Ok(Answered::Once(Box::new(response)))
}

fn count(kind: OperationType, response: &Response, took: Duration) {
    let operation = match kind {
        OperationType::Mutation => "mutation",
        _ => "query",
    };
    let outcome = if response.is_ok() { "ok" } else { "errors" };
    metrics::counter!(GRAPHQL_REQUESTS, "operation" => operation, "outcome" => outcome)
        .increment(1);
    metrics::histogram!(GRAPHQL_SECONDS, "operation" => operation).record(took.as_secs_f64());
}

fn check_head(request: &HttpRequest) -> Result<(), Refusal> {
    match *request.method() {
        Method::GET => Ok(()),
        Method::POST => media::check_content(request.headers()),
        _ => Err(Refusal::method()),
    }
}

async fn read(mut body: Payload, limit: usize) -> Result<Bytes, Refusal> {
    let mut whole = web::BytesMut::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| Refusal::bad_request("BAD_BODY", "the body ended early"))?;
        if whole.len() + chunk.len() > limit {
            return Err(Refusal::too_large(limit));
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

fn from_body(body: &[u8]) -> Result<Map<String, Json>, Refusal> {
    match serde_json::from_slice(body) {
        Ok(Json::Object(parameters)) => Ok(parameters),
        Ok(Json::Array(_)) => Err(Refusal::bad_request(
            "BATCHING_NOT_SUPPORTED",
            "batches are not supported, send one request at a time",
        )),
        Ok(_) => Err(Refusal::bad_request(
            "BAD_BODY",
            "the body must be a JSON object",
        )),
        Err(error) => Err(Refusal::bad_request(
            "BAD_JSON",
            format!("the body is no JSON: {error}"),
        )),
    }
}

fn from_query(query: &str) -> Result<Map<String, Json>, Refusal> {
    let mut parameters = Map::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let value = match name.as_ref() {
            "query" | "documentId" | "operationName" => Json::String(value.into_owned()),
            "variables" | "extensions" => serde_json::from_str(&value).map_err(|error| {
                Refusal::bad_request("BAD_JSON", format!("{name} is no JSON: {error}"))
            })?,
            _ => continue,
        };
        if parameters
            .insert(name.clone().into_owned(), value)
            .is_some()
        {
            return Err(Refusal::bad_request(
                "BAD_PARAMETER",
                format!("{name} is given twice"),
            ));
        }
    }
    Ok(parameters)
}
