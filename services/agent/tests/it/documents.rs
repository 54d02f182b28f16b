//! Registered documents by every transport.

use interdesk_agent::Documents;
use reqwest::Client;
use serde_json::{Value, json};

use crate::server::TestServer;
use crate::socket::Socket;

const HELLO: &str = "{ hello }";
const COUNT: &str = "subscription { count(to: 2) }";

fn id(document: &str) -> String {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(document.as_bytes());
    hash.iter().fold("sha256:".to_owned(), |text, byte| {
        format!("{text}{byte:02x}")
    })
}

fn server() -> TestServer {
    let manifest = json!({id(HELLO): HELLO, id(COUNT): COUNT}).to_string();
    TestServer::of_documents(Documents::read(&manifest, true).unwrap())
}

async fn ask(server: &TestServer, body: Value) -> Value {
    let request = Client::new()
        .post(server.url())
        .header("content-type", "application/json")
        .body(body.to_string());
    let answer = request.send().await.unwrap().bytes().await.unwrap();
    serde_json::from_slice(&answer).unwrap()
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"]
        .as_str()
        .unwrap_or("none")
}

#[tokio::test]
async fn over_http_a_document_is_run_by_its_hash_and_nothing_else_is() {
    let server = server();
    let expected = json!({"data": {"hello": "hello world"}});
    assert_eq!(
        ask(&server, json!({"documentId": id(HELLO)})).await,
        expected
    );
    assert_eq!(ask(&server, json!({"query": HELLO})).await, expected);
    let by_get = Client::new()
        .get(server.url())
        .query(&[("documentId", id(HELLO))]);
    let answer = by_get.send().await.unwrap().bytes().await.unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&answer).unwrap(), expected);

    let other = ask(&server, json!({"query": "{ viewer }"})).await;
    assert_eq!(code(&other), "DOCUMENT_NOT_TRUSTED");
    let unknown = ask(&server, json!({"documentId": id("{ viewer }")})).await;
    assert_eq!(code(&unknown), "DOCUMENT_UNKNOWN");
    let both = ask(&server, json!({"documentId": id(HELLO), "query": HELLO})).await;
    assert_eq!(code(&both), "BAD_PARAMETER");
}

#[tokio::test]
async fn over_a_socket_a_refused_document_ends_its_operation_alone() {
    let server = server();
    let mut socket = Socket::acknowledged(&server).await;
    let subscribe =
        |id: &str, payload: Value| json!({"type": "subscribe", "id": id, "payload": payload});
    socket
        .send(subscribe("1", json!({"query": "{ viewer }"})))
        .await;
    let refused = socket.next().await;
    assert_eq!(
        (&refused["type"], &refused["id"]),
        (&json!("error"), &json!("1"))
    );
    assert_eq!(
        refused["payload"][0]["extensions"]["code"],
        "DOCUMENT_NOT_TRUSTED"
    );

    socket
        .send(subscribe("1", json!({"documentId": id(COUNT)})))
        .await;
    for count in 1..=2 {
        assert_eq!(socket.next().await["payload"]["data"]["count"], count);
    }
}
