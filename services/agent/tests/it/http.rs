//! GraphQL over HTTP: statuses, media types and refusals.

use reqwest::{Client, Method, RequestBuilder, Response, header};
use serde_json::{Value, json};

use crate::server::TestServer;
use interdesk_agent::{Statuses, TransportLimits};

const RESPONSE: &str = "application/graphql-response+json";
pub(crate) const JSON: &str = "application/json";

pub(crate) fn post(
    server: &TestServer,
    accept: &str,
    body: impl Into<reqwest::Body>,
) -> RequestBuilder {
    Client::new()
        .post(server.url())
        .header(header::ACCEPT, accept)
        .header(header::CONTENT_TYPE, JSON)
        .body(body)
}

async fn read(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let body = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

pub(crate) async fn send(request: RequestBuilder) -> (u16, Value) {
    read(request.send().await.unwrap()).await
}

pub(crate) fn code(body: &Value) -> &str {
    body["errors"][0]["extensions"]["code"]
        .as_str()
        .unwrap_or("none")
}

#[tokio::test]
async fn request_errors_have_a_status_in_the_new_media_type_and_200_in_json() {
    let server = TestServer::start();
    let cases = [
        (json!({"query": "{"}), "GRAPHQL_PARSE_FAILED"),
        (json!({"query": "{ nothing }"}), "GRAPHQL_VALIDATION_FAILED"),
        (
            json!({"query": "query A { hello }", "operationName": "B"}),
            "OPERATION_NOT_FOUND",
        ),
        (
            json!({"query": "query A { hello } query B { hello }"}),
            "OPERATION_NOT_FOUND",
        ),
        (
            json!({"query": "query($a: ID!) { hello }"}),
            "BAD_VARIABLES",
        ),
        (
            json!({"query": "query($a: ID!) { hello }", "variables": {"a": null}}),
            "BAD_VARIABLES",
        ),
        (
            json!({"query": "query($a: [Int!]!) { sum(values: $a) }", "variables": {"a": [1, null]}}),
            "BAD_VARIABLES",
        ),
    ];
    for (body, expected) in cases {
        for (accept, status) in [(RESPONSE, 400), (JSON, 200)] {
            let (actual, answer) = send(post(&server, accept, body.to_string())).await;
            assert_eq!(
                (actual, code(&answer)),
                (status, expected),
                "{accept} {body}"
            );
            assert!(answer.get("data").is_none(), "{answer}");
        }
    }
}

#[tokio::test]
async fn the_statuses_of_the_draft_tell_what_was_read_and_what_was_executed() {
    let server = TestServer::of(TransportLimits::default(), Statuses::Draft);
    let cases = [
        ("{ \"not json".to_owned(), 400),
        (json!({"query": "{"}).to_string(), 400),
        ("7".to_owned(), 422),
        ("{}".to_owned(), 422),
        (
            json!({"query": "{ hello }", "variables": [7]}).to_string(),
            422,
        ),
        (json!({"query": "{ nothing }"}).to_string(), 422),
        (
            json!({"query": "query A { hello }", "operationName": "B"}).to_string(),
            422,
        ),
        (
            json!({"query": "query($a: ID!) { hello }"}).to_string(),
            422,
        ),
        (
            json!({"query": "subscription { count(to: 1) }"}).to_string(),
            422,
        ),
        (json!({"query": "{ hello }"}).to_string(), 200),
        (json!({"query": "{ hello refused }"}).to_string(), 294),
        (json!({"query": "{ broken }"}).to_string(), 294),
    ];
    for (body, expected) in cases {
        let (status, answer) = send(post(&server, RESPONSE, body.clone())).await;
        assert_eq!(status, expected, "{body} {answer}");
        let (status, _) = send(post(&server, JSON, body.clone())).await;
        assert!(
            matches!(status, 200 | 400),
            "{body} in plain JSON: {status}"
        );
    }
    let forged = post(&server, RESPONSE, r#"{"query":"{ hello }"}"#).bearer_auth("forged");
    assert_eq!(send(forged).await.0, 401);
    let by_get = Client::new()
        .get(server.url())
        .query(&[("query", "mutation { bump }")])
        .header(header::ACCEPT, RESPONSE);
    assert_eq!(send(by_get).await.0, 405);
}

#[tokio::test]
async fn malformed_requests_are_refused_with_400_in_either_media_type() {
    let server = TestServer::start();
    let cases = [
        ("", "BAD_JSON"),
        ("{ \"not json", "BAD_JSON"),
        ("7", "BAD_BODY"),
        ("[{\"query\":\"{ hello }\"}]", "BATCHING_NOT_SUPPORTED"),
        ("{}", "BAD_PARAMETER"),
        ("{\"query\":null}", "BAD_PARAMETER"),
        ("{\"query\":[\"{ hello }\"]}", "BAD_PARAMETER"),
        (
            "{\"query\":\"{ hello }\",\"operationName\":1}",
            "BAD_PARAMETER",
        ),
        (
            "{\"query\":\"{ hello }\",\"variables\":[]}",
            "BAD_PARAMETER",
        ),
        (
            "{\"query\":\"{ hello }\",\"variables\":\"{}\"}",
            "BAD_PARAMETER",
        ),
        (
            "{\"query\":\"{ hello }\",\"extensions\":0}",
            "BAD_PARAMETER",
        ),
        (
            "{\"query\":\"subscription { count(to: 1) }\"}",
            "SUBSCRIPTION_NEEDS_STREAM",
        ),
    ];
    for (body, expected) in cases {
        for accept in [RESPONSE, JSON] {
            let (status, answer) = send(post(&server, accept, body)).await;
            assert_eq!((status, code(&answer)), (400, expected), "{accept} {body}");
        }
    }
}

#[tokio::test]
async fn the_answer_has_the_media_type_that_the_client_prefers() {
    let server = TestServer::start();
    let cases = [
        ("", Some(JSON)),
        ("*/*", Some(JSON)),
        ("application/*", Some(JSON)),
        ("application/json", Some(JSON)),
        ("APPLICATION/JSON", Some(JSON)),
        ("application/json; charset=utf-8", Some(JSON)),
        ("application/graphql-response+json", Some(RESPONSE)),
        (
            "application/graphql-response+json; charset=utf-8, application/json; charset=utf-8",
            Some(RESPONSE),
        ),
        (
            "application/json, application/graphql-response+json",
            Some(RESPONSE),
        ),
        (
            "application/graphql-response+json;q=0.5, application/json",
            Some(JSON),
        ),
        ("application/graphql-response+json;q=0, */*", Some(JSON)),
        ("application/json;q=0, */*", Some(RESPONSE)),
        ("text/html", None),
        ("*/*;q=0", None),
        ("application/json; charset=latin1", None),
    ];
    for (accept, expected) in cases {
        let response = post(&server, accept, r#"{"query":"{ hello }"}"#)
            .send()
            .await
            .unwrap();
        let status = response.status().as_u16();
        let media = response.headers()[header::CONTENT_TYPE]
            .to_str()
            .unwrap()
            .to_owned();
        match expected {
            Some(expected) => {
                assert_eq!(status, 200, "{accept}");
                assert_eq!(media, format!("{expected}; charset=utf-8"), "{accept}");
            }
            None => assert_eq!(status, 406, "{accept}"),
        }
    }
}

#[tokio::test]
async fn only_json_bodies_are_read() {
    let server = TestServer::start();
    let cases = [
        ("", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/graphql", 415),
        ("application/json; charset=latin1", 415),
        ("application/json; charset=UTF-8", 200),
        ("Application/JSON", 200),
    ];
    for (content_type, expected) in cases {
        let request = Client::new()
            .post(server.url())
            .body(r#"{"query":"{ hello }"}"#);
        let request = request.header(header::CONTENT_TYPE, content_type);
        assert_eq!(send(request).await.0, expected, "{content_type}");
    }
    let packed = post(&server, JSON, "x").header(header::CONTENT_ENCODING, "gzip");
    assert_eq!(send(packed).await.0, 415);
}

#[tokio::test]
async fn get_runs_queries_and_never_mutations() {
    let server = TestServer::start();
    let get = |parameters: &[(&str, &str)]| {
        Client::new()
            .get(server.url())
            .query(&parameters)
            .header(header::ACCEPT, RESPONSE)
    };
    let query = "query($n: String!) { hello(name: $n) }";
    let (status, body) = send(get(&[("query", query), ("variables", r#"{"n":"desk"}"#)])).await;
    assert_eq!(
        (status, &body["data"]["hello"]),
        (200, &json!("hello desk"))
    );

    let refused = get(&[("query", "mutation { bump }")]).send().await.unwrap();
    assert_eq!(refused.status().as_u16(), 405);
    assert_eq!(refused.headers()[header::ALLOW], "POST");
    let (_, body) = send(post(&server, JSON, r#"{"query":"mutation { bump }"}"#)).await;
    assert_eq!(body["data"]["bump"], 1, "the refused mutation did not run");

    for parameters in [
        &[("variables", "{}")][..],
        &[("query", query), ("variables", "{")],
        &[("query", query), ("variables", "[]")],
        &[("query", "{ hello }"), ("query", "{ hello }")],
    ] {
        assert_eq!(send(get(parameters)).await.0, 400, "{parameters:?}");
    }
}

#[tokio::test]
async fn other_methods_are_told_what_is_allowed() {
    let server = TestServer::start();
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let response = Client::new()
            .request(method, server.url())
            .send()
            .await
            .unwrap();
        assert_eq!(response.status().as_u16(), 405);
        assert_eq!(response.headers()[header::ALLOW], "GET, POST");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_with_413() {
    let server = TestServer::with(TransportLimits {
        max_body_bytes: 200,
        ..Default::default()
    });
    let body = |length: usize| format!(r#"{{"query":"{{ hello }} #{}"}}"#, "x".repeat(length));
    assert_eq!(send(post(&server, JSON, body(100))).await.0, 200);
    let (status, answer) = send(post(&server, JSON, body(300))).await;
    assert_eq!((status, code(&answer)), (413, "BODY_TOO_LARGE"));
}

#[tokio::test]
async fn strangers_may_ask_and_bad_tokens_may_not() {
    let server = TestServer::start();
    let query = r#"{"query":"{ viewer }"}"#;
    let (status, body) = send(post(&server, JSON, query)).await;
    assert_eq!((status, &body["data"]["viewer"]), (200, &Value::Null));
    let (_, body) = send(post(&server, JSON, query).bearer_auth("good")).await;
    assert_eq!(body["data"]["viewer"], "agent");

    for (authorization, status, expected) in [
        ("Bearer forged", 401, "UNAUTHENTICATED"),
        ("Bearer expired", 401, "TOKEN_EXPIRED"),
        ("Basic good", 401, "UNAUTHENTICATED"),
        ("Bearer unavailable", 503, "UNAVAILABLE"),
    ] {
        let request = post(&server, JSON, query).header(header::AUTHORIZATION, authorization);
        let response = request.send().await.unwrap();
        let challenged = response.headers().contains_key(header::WWW_AUTHENTICATE);
        assert_eq!(challenged, status == 401);
        let (actual, body) = read(response).await;
        assert_eq!((actual, code(&body)), (status, expected), "{authorization}");
    }
}

#[tokio::test]
async fn errors_of_fields_come_with_data_status_200_and_their_own_code() {
    let server = TestServer::start();
    let (status, body) = send(post(&server, RESPONSE, r#"{"query":"{ hello refused }"}"#)).await;
    assert_eq!((status, code(&body)), (200, "NOT_FOUND"));
    assert_eq!(
        body["data"],
        json!({"hello": "hello world", "refused": null})
    );

    let (status, body) = send(post(&server, RESPONSE, r#"{"query":"{ broken }"}"#)).await;
    assert_eq!((status, &body["data"]), (200, &Value::Null));
    assert!(
        body.as_object().unwrap().contains_key("data"),
        "it was executed"
    );
}

#[tokio::test]
async fn the_trace_of_the_caller_reaches_the_resolvers() {
    let server = TestServer::start();
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request =
        post(&server, JSON, r#"{"query":"{ traceParent }"}"#).header("traceparent", trace);
    assert_eq!(send(request).await.1["data"]["traceParent"], trace);
}

#[tokio::test]
async fn documents_nested_without_end_are_refused_and_harm_nothing() {
    let server = TestServer::start();
    let deep = 50_000;
    let queries = [
        format!("{}a{}", "{a".repeat(deep), "}".repeat(deep)),
        format!(
            "{{ sum(values: {}1{}) }}",
            "[".repeat(deep),
            "]".repeat(deep)
        ),
        format!(
            "{{ sum(values: {}1{}) }}",
            "{a:".repeat(deep),
            "}".repeat(deep)
        ),
        format!(
            "query($a: {}Int{}) {{ hello }}",
            "[".repeat(deep),
            "]".repeat(deep)
        ),
        "{a".repeat(deep),
        "{...".repeat(deep),
    ];
    for query in queries {
        let (status, _) = send(post(&server, RESPONSE, json!({"query": query}).to_string())).await;
        assert_eq!(status, 400, "{}", &query[..20]);
    }
    assert_eq!(
        send(post(&server, RESPONSE, r#"{"query":"{ hello }"}"#))
            .await
            .0,
        200
    );
}
