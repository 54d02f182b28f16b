//! What keeps the transports safe: errors that tell enough and no more, races, and other people's pages.

use interdesk_agent::TransportLimits;
use reqwest::{Client, header};
use serde_json::json;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};

use crate::{
    http::{JSON, code, post, send},
    server::TestServer,
    socket::Socket,
};

#[tokio::test]
async fn every_error_has_a_code_a_trace_and_says_whether_it_may_pass() {
    let server = TestServer::start();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    for body in [
        r#"{"query":"{ nothing }"}"#,
        r#"{"query":"{ hello"}"#,
        r#"{"query":"{ broken }"}"#,
        r#"{"query":"{ refused }"}"#,
        r#"[]"#,
        r#"{"#,
        r#"{"documentId":"sha256:00"}"#,
    ] {
        let request = post(&server, JSON, body).header("traceparent", &parent);
        let (_, answer) = send(request).await;
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!(extensions["traceId"], trace, "{body}: {answer}");
        assert!(extensions["retryable"].is_boolean(), "{body}: {answer}");
        assert!(extensions["code"].is_string(), "{body}: {answer}");
    }
    let (_, answer) = send(post(&server, JSON, "{")).await;
    let own = answer["errors"][0]["extensions"]["traceId"]
        .as_str()
        .unwrap();
    assert_eq!(
        own.len(),
        32,
        "without the caller's trace it has one of its own: {own}"
    );
}

#[tokio::test]
async fn a_document_of_too_many_tokens_is_refused_before_it_is_parsed() {
    let server = TestServer::with(TransportLimits {
        max_tokens: 20,
        ..TransportLimits::default()
    });
    // The parser would choke on the nesting, so it cannot have seen it.
    let deep = format!("{{ hello }} # {}\n{}", "x ".repeat(100), "{ ".repeat(200));
    let body = serde_json::json!({ "query": deep }).to_string();
    let (_, answer) = send(post(&server, JSON, body)).await;
    assert_eq!(code(&answer), "OPERATION_TOO_LARGE", "{answer}");
}

#[tokio::test]
async fn a_page_elsewhere_cannot_let_a_browser_change_anything() {
    let server = TestServer::start();
    // What a browser sends to another origin without asking that origin first.
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ] {
        let body = r#"{"query":"mutation { bump }"}"#;
        let request = Client::new().post(server.url()).body(body);
        let request = request.header(header::CONTENT_TYPE, content_type);
        assert_eq!(send(request).await.0, 415, "{content_type}");
    }
    let by_get = Client::new()
        .get(server.url())
        .query(&[("query", "mutation { bump }")]);
    assert_eq!(send(by_get).await.0, 405);
    // Whoever asks first is not let through either.
    let asking = Client::new().request(reqwest::Method::OPTIONS, server.url());
    let asking = asking.header("origin", "https://elsewhere.example.org");
    let answer = asking
        .header("access-control-request-method", "POST")
        .send()
        .await
        .unwrap();
    assert!(
        answer
            .headers()
            .get("access-control-allow-origin")
            .is_none()
    );
    let (_, answer) = send(post(&server, JSON, r#"{"query":"mutation { bump }"}"#)).await;
    assert_eq!(
        answer["data"]["bump"], 1,
        "nothing was changed before: {answer}"
    );
}

#[tokio::test]
async fn a_client_that_gives_up_with_4499_is_answered_alike_and_its_operations_end() {
    let server = TestServer::start();
    let mut socket = Socket::acknowledged(&server).await;
    socket.subscribe("1", "subscription { quiet }").await;
    socket.next().await;
    server.open_subscriptions(1).await;
    let terminated = CloseFrame {
        code: CloseCode::from(4499),
        reason: "Terminated".into(),
    };
    socket.0.close(Some(terminated)).await.unwrap();
    server.open_subscriptions(0).await;
    let code = socket.close_code().await;
    assert!(code.is_none_or(|code| code < 4400), "no refusal: {code:?}");
}

#[tokio::test]
async fn a_burst_of_subscribe_and_complete_leaves_what_was_asked_for_last() {
    let server = TestServer::start();
    let mut socket = Socket::acknowledged(&server).await;
    let subscribe =
        json!({"type": "subscribe", "id": "1", "payload": {"query": "subscription { quiet }"}});
    for _ in 0..50 {
        socket.send(subscribe.clone()).await;
        socket.send(json!({"type": "complete", "id": "1"})).await;
    }
    socket.send(subscribe).await;
    server.open_subscriptions(1).await;
    // Results of those that were completed may have been on their way; the last one has begun.
    assert_eq!(socket.next().await["id"], "1");
    socket.send(json!({"type": "complete", "id": "1"})).await;
    server.open_subscriptions(0).await;
    socket.subscribe("2", "{ hello }").await;
    loop {
        let message = socket.next().await;
        if message["id"] == "2" {
            assert_eq!(message["type"], "next");
            return;
        }
    }
}

#[tokio::test]
async fn errors_name_their_trace_and_say_whether_they_may_pass() {
    let server = TestServer::with(TransportLimits {
        max_operations_per_socket: 1,
        max_tokens: 10,
        ..TransportLimits::default()
    });
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    let mut socket = Socket::with(&server, "/graphql", &[protocol, ("traceparent", parent)]).await;
    socket.send(json!({"type": "connection_init"})).await;
    socket.next().await;
    socket.subscribe("0", "subscription { quiet }").await;
    socket.next().await;
    socket.subscribe("1", "{ hello }").await;
    let extensions = socket.next().await["payload"][0]["extensions"].clone();
    let expected = json!({"code": "TOO_MANY_OPERATIONS", "retryable": true, "traceId": trace});
    assert_eq!(extensions, expected);
    socket.send(json!({"type": "complete", "id": "0"})).await;
    for (id, query, code) in [
        ("2", "{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("3", "{ hello", "GRAPHQL_PARSE_FAILED"),
        (
            "4",
            "{ a: hello b: hello c: hello d: hello }",
            "OPERATION_TOO_LARGE",
        ),
        ("5", "subscription { refused }", "RESYNC_REQUIRED"),
    ] {
        socket.subscribe(id, query).await;
        let message = socket.next().await;
        let errors = match message["payload"].is_array() {
            true => &message["payload"],
            false => &message["payload"]["errors"],
        };
        let expected = json!({"code": code, "retryable": false, "traceId": trace});
        assert_eq!(errors[0]["extensions"], expected, "{query}: {message}");
    }
}
