//! graphql-transport-ws: every close code, every race.

use std::time::Duration;

use futures::SinkExt;
use interdesk_agent::TransportLimits;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, protocol::CloseFrame};

use crate::{server::TestServer, socket::Socket};

fn init(payload: Value) -> Value {
    json!({"type": "connection_init", "payload": payload})
}

#[tokio::test]
async fn the_token_may_come_in_each_documented_way() {
    let server = TestServer::start();
    for payload in [
        json!({"token": "good"}),
        json!({"Authorization": "Bearer good"}),
        json!({"authorization": "bearer good"}),
    ] {
        let mut socket = Socket::open(&server).await;
        socket.send(init(payload)).await;
        socket.next().await;
        socket.subscribe("1", "{ viewer }").await;
        assert_eq!(socket.next().await["payload"]["data"]["viewer"], "agent");
    }
    let headers = [
        ("sec-websocket-protocol", "graphql-transport-ws"),
        ("authorization", "Bearer good"),
    ];
    let mut socket = Socket::with(&server, "/graphql/ws", &headers).await;
    socket.send(json!({"type": "connection_init"})).await;
    socket.next().await;
    socket.subscribe("1", "{ viewer }").await;
    assert_eq!(socket.next().await["payload"]["data"]["viewer"], "agent");
}

#[tokio::test]
async fn a_stranger_is_acknowledged_and_has_no_viewer() {
    let server = TestServer::start();
    for payload in [Value::Null, json!({}), json!({"Authorization": ""})] {
        let mut socket = Socket::open(&server).await;
        socket.send(init(payload)).await;
        assert_eq!(socket.next().await["type"], "connection_ack");
        socket.subscribe("1", "{ viewer }").await;
        assert_eq!(
            socket.next().await["payload"]["data"],
            json!({"viewer": null})
        );
    }
}

#[tokio::test]
async fn a_bad_token_closes_with_4403_and_an_uncheckable_one_with_1013() {
    let server = TestServer::start();
    for (payload, code) in [
        (json!({"token": "forged"}), 4403),
        (json!({"token": "expired"}), 4403),
        (json!({"token": 7}), 4403),
        (json!({"Authorization": "good"}), 4403),
        (json!({"Authorization": "Bearer forged"}), 4403),
        (json!({"token": "unavailable"}), 1013),
    ] {
        let mut socket = Socket::open(&server).await;
        socket.send(init(payload.clone())).await;
        assert_eq!(socket.close_code().await, Some(code), "{payload}");
    }
}

#[tokio::test]
async fn silence_instead_of_init_closes_with_4408() {
    let limits = TransportLimits {
        init_timeout: Duration::from_millis(150),
        ..Default::default()
    };
    let server = TestServer::with(limits);
    let mut socket = Socket::open(&server).await;
    socket.send(json!({"type": "ping"})).await;
    assert_eq!(socket.next().await["type"], "pong");
    assert_eq!(socket.close_code().await, Some(4408));

    let mut socket = Socket::open(&server).await;
    socket.send(init(json!({"token": "slow"}))).await;
    assert_eq!(
        socket.next().await["type"],
        "connection_ack",
        "a slow check is not the client's fault"
    );
    socket.silent(Duration::from_millis(300)).await;
}

#[tokio::test]
async fn an_operation_before_the_acknowledgement_closes_with_4401() {
    let server = TestServer::start();
    let mut socket = Socket::open(&server).await;
    socket.subscribe("1", "{ hello }").await;
    assert_eq!(socket.close_code().await, Some(4401));

    let mut socket = Socket::open(&server).await;
    socket.send(init(json!({"token": "slow"}))).await;
    socket.subscribe("1", "{ hello }").await;
    assert_eq!(socket.close_code().await, Some(4401));
}

#[tokio::test]
async fn a_second_init_closes_with_4429() {
    let server = TestServer::start();
    let mut socket = Socket::acknowledged(&server).await;
    socket.send(init(json!({"token": "good"}))).await;
    assert_eq!(socket.close_code().await, Some(4429));

    let mut socket = Socket::open(&server).await;
    socket.send(init(json!({"token": "slow"}))).await;
    socket.send(init(json!({"token": "slow"}))).await;
    assert_eq!(socket.close_code().await, Some(4429));
}

#[tokio::test]
async fn an_id_in_use_closes_with_4409() {
    let server = TestServer::start();
    let mut socket = Socket::acknowledged(&server).await;
    socket.subscribe("1", "subscription { quiet }").await;
    socket.next().await;
    socket.subscribe("1", "{ hello }").await;
    assert_eq!(socket.close_code().await, Some(4409));
    server.open_subscriptions(0).await;
}

#[tokio::test]
async fn what_is_no_message_closes_with_4400() {
    let server = TestServer::start();
    for text in [
        "",
        "nonsense",
        "[]",
        r#"{"type":"start"}"#,
        r#"{"type":"subscribe","id":"1"}"#,
    ] {
        let mut socket = Socket::acknowledged(&server).await;
        socket.text(text).await;
        assert_eq!(socket.close_code().await, Some(4400), "{text}");
    }
    let mut socket = Socket::acknowledged(&server).await;
    socket
        .0
        .send(Message::binary(r#"{"type":"ping"}"#))
        .await
        .unwrap();
    assert_eq!(socket.close_code().await, Some(4400));
}

#[tokio::test]
async fn another_protocol_closes_with_4406() {
    let server = TestServer::start();
    let mut socket = Socket::with(&server, "/graphql", &[]).await;
    assert_eq!(socket.close_code().await, Some(4406));
}

#[tokio::test]
async fn a_message_over_the_limit_closes_with_1009() {
    let server = TestServer::with(TransportLimits {
        max_message_bytes: 500,
        ..Default::default()
    });
    let mut socket = Socket::acknowledged(&server).await;
    socket
        .text(format!(
            r#"{{"type":"ping","payload":{{"x":"{}"}}}}"#,
            "x".repeat(600)
        ))
        .await;
    assert_eq!(socket.close_code().await, Some(1009));
}

#[tokio::test]
async fn pings_are_answered_with_their_payload() {
    let server = TestServer::start();
    let mut socket = Socket::acknowledged(&server).await;
    socket.send(json!({"type": "ping"})).await;
    assert_eq!(socket.next().await, json!({"type": "pong"}));
    socket
        .send(json!({"type": "ping", "payload": {"at": 5}}))
        .await;
    assert_eq!(
        socket.next().await,
        json!({"type": "pong", "payload": {"at": 5}})
    );
    socket.send(json!({"type": "pong"})).await;
    socket.0.send(Message::Ping("x".into())).await.unwrap();
    assert_eq!(socket.frame().await, Some(Message::Pong("x".into())));
}

#[tokio::test]
async fn a_living_peer_stays_and_a_dead_one_is_dropped() {
    let limits = TransportLimits {
        keep_alive: Duration::from_millis(100),
        ..Default::default()
    };
    let server = TestServer::with(limits);
    let mut living = Socket::acknowledged(&server).await;
    living.subscribe("1", "subscription { quiet }").await;
    living.next().await;
    let mut dead = Socket::acknowledged(&server).await;
    dead.subscribe("1", "subscription { quiet }").await;
    dead.next().await;
    server.open_subscriptions(2).await;
    // Reading answers pings; the other client does not read, so it looks dead.
    for _ in 0..6 {
        assert!(matches!(living.frame().await, Some(Message::Ping(_))));
    }
    server.open_subscriptions(1).await;
    living.subscribe("2", "{ hello }").await;
    assert_eq!(
        living.next().await["payload"]["data"]["hello"],
        "hello world"
    );
}

#[tokio::test]
async fn queries_and_mutations_answer_once_and_complete() {
    let server = TestServer::start();
    let mut socket = Socket::acknowledged(&server).await;
    for (id, query) in [
        ("1", "{ hello }"),
        ("2", "mutation { bump }"),
        ("1", "{ hello }"),
    ] {
        socket.subscribe(id, query).await;
        let next = socket.next().await;
        assert_eq!((&next["id"], &next["type"]), (&json!(id), &json!("next")));
        assert_eq!(socket.next().await, json!({"type": "complete", "id": id}));
    }
}

#[tokio::test]
async fn a_finished_subscription_completes_and_frees_its_id() {
    let server = TestServer::start();
    let mut socket = Socket::acknowledged(&server).await;
    for _ in 0..2 {
        socket.subscribe("1", "subscription { count(to: 3) }").await;
        for value in 1..=3 {
            assert_eq!(
                socket.next().await["payload"],
                json!({"data": {"count": value}})
            );
        }
        assert_eq!(socket.next().await, json!({"type": "complete", "id": "1"}));
    }
}

#[tokio::test]
async fn what_cannot_run_gets_an_error_message_and_nothing_after_it() {
    let server = TestServer::start();
    let mut socket = Socket::acknowledged(&server).await;
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($a: ID!) { hello }", "BAD_VARIABLES"),
    ] {
        socket.subscribe("1", query).await;
        let error = socket.next().await;
        assert_eq!(error["type"], "error", "{error}");
        assert_eq!(error["payload"][0]["extensions"]["code"], code);
    }
    socket.silent(Duration::from_millis(100)).await;
    socket.subscribe("1", "{ hello }").await;
    assert_eq!(socket.next().await["type"], "next");
}

#[tokio::test]
async fn a_refused_subscription_ends_with_its_code() {
    let server = TestServer::start();
    let mut socket = Socket::acknowledged(&server).await;
    socket.subscribe("1", "subscription { refused }").await;
    let answer = socket.next().await;
    let errors = if answer["type"] == "error" {
        &answer["payload"]
    } else {
        &answer["payload"]["errors"]
    };
    assert_eq!(
        errors[0]["extensions"]["code"], "RESYNC_REQUIRED",
        "{answer}"
    );
}

#[tokio::test]
async fn complete_drops_the_operation_and_may_cross_with_anything() {
    let server = TestServer::start();
    let mut socket = Socket::acknowledged(&server).await;
    for _ in 0..20 {
        // The completion is there before the subscription has said anything.
        socket.subscribe("1", "subscription { quiet }").await;
        socket.send(json!({"type": "complete", "id": "1"})).await;
    }
    socket
        .send(json!({"type": "complete", "id": "never seen"}))
        .await;
    socket.subscribe("2", "{ hello }").await;
    while socket.next().await["id"] != "2" {}
    assert_eq!(socket.next().await, json!({"type": "complete", "id": "2"}));
    socket.silent(Duration::from_millis(100)).await;
    server.open_subscriptions(0).await;
}

#[tokio::test]
async fn nothing_follows_for_an_operation_that_the_client_completed() {
    let server = TestServer::start();
    let mut socket = Socket::acknowledged(&server).await;
    socket.subscribe("1", "subscription { flood }").await;
    for _ in 0..50 {
        assert_eq!(socket.next().await["id"], "1");
    }
    socket.send(json!({"type": "complete", "id": "1"})).await;
    server.open_subscriptions(0).await;
    socket.send(json!({"type": "ping"})).await;
    while socket.next().await["type"] != "pong" {}
    socket.silent(Duration::from_millis(100)).await;
}

#[tokio::test]
async fn one_operation_over_the_bound_is_refused_and_the_socket_lives() {
    let server = TestServer::with(TransportLimits {
        max_operations_per_socket: 2,
        ..Default::default()
    });
    let mut socket = Socket::acknowledged(&server).await;
    for id in ["1", "2"] {
        socket.subscribe(id, "subscription { quiet }").await;
        assert_eq!(socket.next().await["id"], id);
    }
    socket.subscribe("3", "{ hello }").await;
    let error = socket.next().await;
    assert_eq!(
        error["payload"][0]["extensions"]["code"],
        "TOO_MANY_OPERATIONS"
    );
    socket.send(json!({"type": "complete", "id": "1"})).await;
    socket.subscribe("3", "{ hello }").await;
    assert_eq!(socket.next().await["type"], "next");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_let_go_and_its_operations_end() {
    let limits = TransportLimits {
        max_buffered_messages: 16,
        slow_client_timeout: Duration::from_millis(300),
        close_timeout: Duration::from_secs(5),
        ..Default::default()
    };
    let server = TestServer::with(limits);
    let mut socket = Socket::acknowledged(&server).await;
    socket.subscribe("1", "subscription { flood }").await;
    server.open_subscriptions(1).await;
    server.open_subscriptions(0).await;
    // The client wakes up: it reads what was under way, then the reason.
    assert_eq!(socket.close_code().await, Some(1013));
}

#[tokio::test]
async fn a_slow_but_steady_client_loses_nothing() {
    let limits = TransportLimits {
        max_buffered_messages: 4,
        ..Default::default()
    };
    let server = TestServer::with(limits);
    let mut socket = Socket::acknowledged(&server).await;
    socket
        .subscribe("1", "subscription { count(to: 5000) }")
        .await;
    for value in 1..=5000 {
        if value % 1000 == 0 {
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        assert_eq!(socket.next().await["payload"]["data"]["count"], value);
    }
    assert_eq!(socket.next().await["type"], "complete");
}

#[tokio::test]
async fn the_end_of_the_token_closes_with_4403() {
    let server = TestServer::start();
    let mut socket = Socket::open(&server).await;
    socket.send(init(json!({"token": "short"}))).await;
    socket.next().await;
    socket.subscribe("1", "subscription { quiet }").await;
    assert_eq!(socket.next().await["type"], "next");
    assert_eq!(socket.close_code().await, Some(4403));
    server.open_subscriptions(0).await;
}

#[tokio::test]
async fn shutdown_closes_every_socket_with_1012() {
    let server = TestServer::start();
    let mut idle = Socket::open(&server).await;
    let mut busy = Socket::acknowledged(&server).await;
    busy.subscribe("1", "subscription { quiet }").await;
    busy.next().await;
    server.shutdown.cancel();
    assert_eq!(idle.close_code().await, Some(1012));
    assert_eq!(busy.close_code().await, Some(1012));
}

#[tokio::test]
async fn a_client_that_vanishes_leaves_nothing_behind() {
    let server = TestServer::start();
    let mut polite = Socket::acknowledged(&server).await;
    polite.subscribe("1", "subscription { quiet }").await;
    polite.next().await;
    polite.0.close(None).await.unwrap();
    server.open_subscriptions(0).await;

    // A client gives up with a code of its own, which is given back.
    let mut weary = Socket::acknowledged(&server).await;
    weary.subscribe("1", "subscription { quiet }").await;
    weary.next().await;
    let code = 4499.into();
    let reason = "terminated".into();
    weary
        .0
        .close(Some(CloseFrame { code, reason }))
        .await
        .unwrap();
    assert!(
        weary
            .close_code()
            .await
            .is_some_and(|code| code == 4499 || code == 1000)
    );
    server.open_subscriptions(0).await;

    let mut rude = Socket::acknowledged(&server).await;
    rude.subscribe("1", "subscription { quiet }").await;
    rude.next().await;
    server.open_subscriptions(1).await;
    drop(rude);
    server.open_subscriptions(0).await;
}
