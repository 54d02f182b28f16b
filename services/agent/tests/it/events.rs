//! GraphQL over server-sent events.

use std::time::Duration;

use futures::StreamExt;
use interdesk_agent::TransportLimits;
use reqwest::{Client, RequestBuilder, Response, header};
use serde_json::{Value, json};

use crate::server::TestServer;

const EVENTS: &str = "text/event-stream";
/// What a client sends that takes streams where it must.
const ANYTHING: &str =
    "application/graphql-response+json, application/json, text/event-stream, multipart/mixed";

fn ask(server: &TestServer, accept: &str, query: &str) -> RequestBuilder {
    Client::new()
        .post(server.url())
        .header(header::ACCEPT, accept)
        .header(header::CONTENT_TYPE, "application/json")
        .body(json!({"query": query}).to_string())
}

/// An event of the stream; a comment has neither name nor data.
#[derive(Debug, Clone, PartialEq, Default)]
struct Event {
    name: String,
    id: Option<String>,
    data: String,
}

impl Event {
    fn data(&self) -> Value {
        serde_json::from_str(&self.data).unwrap()
    }

    fn read(block: &str) -> Self {
        let mut event = Self::default();
        for line in block.lines() {
            match line.split_once(':') {
                Some(("event", name)) => event.name = name.trim().to_owned(),
                Some(("id", id)) => event.id = Some(id.trim().to_owned()),
                Some(("data", data)) => event.data.push_str(data.trim()),
                _ => assert!(line.starts_with(':'), "{line}"),
            }
        }
        event
    }
}

/// Reads to the end.
async fn all(response: Response) -> Vec<Event> {
    assert_eq!(response.status().as_u16(), 200);
    let media = response.headers()[header::CONTENT_TYPE].to_str().unwrap();
    assert_eq!(media, "text/event-stream; charset=utf-8");
    let text = String::from_utf8(response.bytes().await.unwrap().to_vec()).unwrap();
    text.split_terminator("\n\n").map(Event::read).collect()
}

fn names(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.name.as_str()).collect()
}

#[tokio::test]
async fn a_subscription_streams_its_results_and_completes() {
    let server = TestServer::start();
    let by_post = ask(&server, EVENTS, "subscription { count(to: 3) }");
    let by_get = Client::new()
        .get(server.url())
        .query(&[("query", "subscription { count(to: 3) }")])
        .header(header::ACCEPT, EVENTS);
    for request in [by_post, by_get] {
        let events = all(request.send().await.unwrap()).await;
        assert_eq!(names(&events), ["next", "next", "next", "complete"]);
        assert_eq!(events[1].data(), json!({"data": {"count": 2}}));
        assert_eq!(events[3].data, "");
    }
}

#[tokio::test]
async fn a_query_and_a_mutation_are_streams_of_one_result() {
    let server = TestServer::start();
    for (query, expected) in [
        ("{ hello }", json!({"data": {"hello": "hello world"}})),
        ("mutation { bump }", json!({"data": {"bump": 1}})),
    ] {
        let events = all(ask(&server, EVENTS, query).send().await.unwrap()).await;
        assert_eq!(names(&events), ["next", "complete"]);
        assert_eq!(events[0].data(), expected);
    }
}

#[tokio::test]
async fn what_fails_before_it_runs_is_told_in_the_stream() {
    let server = TestServer::start();
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { refused }", "RESYNC_REQUIRED"),
    ] {
        let events = all(ask(&server, EVENTS, query).send().await.unwrap()).await;
        assert_eq!(names(&events), ["next", "complete"], "{query}");
        let told = &events[0].data()["errors"][0]["extensions"]["code"];
        assert_eq!(told, code, "{query}");
    }
}

#[tokio::test]
async fn strangers_with_a_bad_token_and_bad_bodies_get_a_status() {
    let server = TestServer::start();
    let forged = ask(&server, EVENTS, "{ hello }").bearer_auth("forged");
    assert_eq!(forged.send().await.unwrap().status().as_u16(), 401);
    let broken = ask(&server, EVENTS, "{ hello }").body("{");
    assert_eq!(broken.send().await.unwrap().status().as_u16(), 400);
    let by_get = Client::new()
        .get(server.url())
        .query(&[("query", "mutation { bump }")])
        .header(header::ACCEPT, EVENTS);
    assert_eq!(by_get.send().await.unwrap().status().as_u16(), 405);
}

#[tokio::test]
async fn only_who_names_streams_gets_one_and_only_where_it_is_needed() {
    let server = TestServer::start();
    let media = async |accept, query| {
        let response = ask(&server, accept, query).send().await.unwrap();
        let media = response.headers()[header::CONTENT_TYPE].to_str().unwrap();
        media.split(';').next().unwrap().to_owned()
    };
    let subscription = "subscription { count(to: 1) }";
    let response = "application/graphql-response+json";
    assert_eq!(media(ANYTHING, "{ hello }").await, response);
    assert_eq!(media(ANYTHING, subscription).await, EVENTS);
    assert_eq!(media("*/*", subscription).await, "application/json");
    assert_eq!(media("text/*, */*", subscription).await, "application/json");
    assert_eq!(
        media("text/event-stream;q=0, */*", subscription).await,
        "application/json"
    );
}

#[tokio::test]
async fn a_client_goes_on_behind_the_last_event_that_it_saw() {
    let server = TestServer::start();
    let query = "subscription { numbered { number cursor } }";
    let first = all(ask(&server, EVENTS, query).send().await.unwrap()).await;
    let ids: Vec<_> = first
        .iter()
        .filter_map(|event| event.id.as_deref())
        .collect();
    assert_eq!(ids, ["n-1", "n-2", "n-3", "n-4", "n-5"]);

    let again = ask(&server, EVENTS, query).header("last-event-id", "n-3");
    let rest = all(again.send().await.unwrap()).await;
    let numbers: Vec<_> = rest[..2]
        .iter()
        .map(|event| event.data()["data"]["numbered"]["number"].clone())
        .collect();
    assert_eq!(numbers, [4, 5]);
    assert_eq!(names(&rest), ["next", "next", "complete"]);

    let nameless = all(ask(&server, EVENTS, "subscription { numbered { number } }")
        .send()
        .await
        .unwrap())
    .await;
    assert!(nameless.iter().all(|event| event.id.is_none()));
}

#[tokio::test]
async fn a_quiet_stream_gives_signs_of_life_and_ends_with_its_client() {
    let server = TestServer::with(TransportLimits {
        keep_alive: Duration::from_millis(50),
        ..Default::default()
    });
    let response = ask(&server, EVENTS, "subscription { quiet }")
        .send()
        .await
        .unwrap();
    let mut body = response.bytes_stream();
    let mut text = String::new();
    while text.matches(":\n\n").count() < 3 {
        text += std::str::from_utf8(&body.next().await.unwrap().unwrap()).unwrap();
    }
    assert!(
        text.starts_with("event: next\ndata: {\"data\":{\"quiet\":true}}\n\n"),
        "{text}"
    );
    server.open_subscriptions(1).await;
    drop(body);
    server.open_subscriptions(0).await;
}

#[tokio::test]
async fn a_stream_whose_token_ends_or_whose_process_stops_ends_without_complete() {
    let server = TestServer::start();
    let query = "subscription { quiet }";
    let expiring = ask(&server, EVENTS, query).bearer_auth("short");
    let events = all(expiring.send().await.unwrap()).await;
    assert_eq!(names(&events), ["next"]);

    let response = ask(&server, EVENTS, query).send().await.unwrap();
    server.open_subscriptions(1).await;
    server.shutdown.cancel();
    assert_eq!(names(&all(response).await), ["next"]);
    server.open_subscriptions(0).await;
}

#[tokio::test]
async fn a_client_that_does_not_read_lets_nothing_gather() {
    let server = TestServer::start();
    let response = ask(&server, EVENTS, "subscription { flood }")
        .send()
        .await
        .unwrap();
    server.open_subscriptions(1).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let others = all(ask(&server, EVENTS, "{ hello }").send().await.unwrap()).await;
    assert_eq!(
        names(&others),
        ["next", "complete"],
        "others are served meanwhile"
    );
    drop(response);
    server.open_subscriptions(0).await;
}
