//! Subscriptions: nothing missed, nothing doubled, in order.

use crate::support::{Asked, Workspace, code, operation};
use async_graphql::Response;
use futures::{Stream, StreamExt};
use interdesk_domain::event::{Actor, Aggregate, AggregateKind, Envelope, Event, SCHEMA_VERSION};
use interdesk_domain::id::{EventId, TenantId};
use serde_json::{Value, json};
use std::time::Duration;

/// Writes an event of the viewer at a place of the tenant's log.
async fn log(asked: &Asked, workspace: &Workspace, seq: u64) -> Vec<u8> {
    let (tenant, agent) = (workspace.viewer.tenant, workspace.viewer.agent);
    let of = (AggregateKind::Agent, agent.0, Actor::Agent(agent));
    log_event(asked, tenant, seq, of, Event::AgentSignedIn { agent }).await
}

/// Writes an event at a place of the tenant's log, as the relay would.
pub(crate) async fn log_event(
    asked: &Asked,
    tenant: TenantId,
    seq: u64,
    (kind, id, actor): (AggregateKind, uuid::Uuid, Actor),
    event: Event,
) -> Vec<u8> {
    let mut envelope = Envelope {
        id: asked.desk.id::<EventId>(),
        tenant,
        seq: None,
        schema_version: SCHEMA_VERSION,
        aggregate: Aggregate {
            kind,
            id,
            version: 1,
        },
        actor,
        cause: None,
        occurred_at: asked.desk.now(),
        trace: None,
        event,
    };
    let body = serde_json::to_string(&envelope).unwrap();
    let (of, stamp) = (tenant.0, seq);
    let rows = format!(
        "WITH row AS (
            INSERT INTO outbox (event_id, tenant_id, kind, body)
            VALUES ('{}', '{of}', '{}', '{body}') RETURNING pos, logged_at
         ), seq AS (
            INSERT INTO tenant_seqs (tenant_id, seq) VALUES ('{of}', {seq})
            ON CONFLICT (tenant_id) DO UPDATE SET seq = greatest(tenant_seqs.seq, {seq})
         )
         INSERT INTO event_seqs (stamp, tenant_id, seq, pos, logged_at)
         SELECT {stamp}, '{of}', {seq}, pos, logged_at FROM row",
        envelope.id.0,
        envelope.event.kind(),
    );
    asked.world.test.execute_as_owner(&rows).await;
    envelope.seq = Some(seq);
    serde_json::to_vec(&envelope).unwrap()
}

fn watch(
    asked: &Asked,
    workspace: &Workspace,
    after: Value,
) -> impl Stream<Item = Response> + Unpin + use<> {
    let variables = json!({"after": after});
    let request = asked.request(&workspace.viewer, &operation("DeskEvents"), variables);
    asked.schema.clone().execute_stream(request).boxed()
}

async fn next(stream: &mut (impl Stream<Item = Response> + Unpin)) -> Value {
    let response = tokio::time::timeout(Duration::from_secs(5), stream.next()).await;
    let response = response
        .expect("an event in time")
        .expect("the stream goes on");
    assert!(response.errors.is_empty(), "{:?}", response.errors);
    response.data.into_json().unwrap()["deskEvents"].clone()
}

async fn is_quiet(stream: &mut (impl Stream<Item = Response> + Unpin)) -> bool {
    tokio::time::timeout(Duration::from_millis(200), stream.next())
        .await
        .is_err()
}

/// Polls a fresh subscription for long enough that it has begun to follow.
async fn begin(stream: &mut (impl Stream<Item = Response> + Unpin)) {
    let first = tokio::time::timeout(Duration::from_secs(1), stream.next());
    assert!(first.await.is_err(), "nothing happened yet");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_without_cursor_begins_now_and_a_cursor_resumes_behind_it() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    log(&asked, &workspace, 1).await;
    let mut live = watch(&asked, &workspace, Value::Null);
    begin(&mut live).await;
    let tenant = workspace.viewer.tenant;
    let second = log(&asked, &workspace, 2).await;
    asked.hub.publish(tenant, &second);
    let event = next(&mut live).await;
    assert_eq!(
        (&event["seq"], &event["kind"]),
        (&json!(2), &json!("agent_signed_in"))
    );
    assert_eq!(
        event["actor"]["agent"]["id"],
        workspace.viewer.agent.to_string()
    );

    log(&asked, &workspace, 3).await;
    let mut resumed = watch(&asked, &workspace, event["cursor"].clone());
    assert_eq!(next(&mut resumed).await["seq"], 3);
    asked.hub.publish(tenant, &log(&asked, &workspace, 4).await);
    assert_eq!(next(&mut resumed).await["seq"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn gaps_repeats_and_lost_connections_neither_lose_nor_double() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let tenant = workspace.viewer.tenant;
    let (mut one, mut two) = (
        watch(&asked, &workspace, Value::Null),
        watch(&asked, &workspace, Value::Null),
    );
    begin(&mut one).await;
    begin(&mut two).await;
    let mut bodies = Vec::new();
    for seq in 1..=5 {
        bodies.push(log(&asked, &workspace, seq).await);
    }
    // The bus brings the third first, then old ones again.
    asked.hub.publish(tenant, &bodies[2]);
    asked.hub.publish(tenant, &bodies[0]);
    asked.hub.publish(tenant, &bodies[2]);
    for seq in 1..=5 {
        assert_eq!(next(&mut one).await["seq"], seq);
        assert_eq!(next(&mut two).await["seq"], seq);
    }
    log(&asked, &workspace, 6).await;
    assert!(is_quiet(&mut one).await, "the bus said nothing yet");
    asked.hub.rescan();
    assert_eq!(next(&mut one).await["seq"], 6);
    assert_eq!(next(&mut two).await["seq"], 6);
    assert!(is_quiet(&mut one).await && is_quiet(&mut two).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_subscriber_reads_on_in_the_log() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let mut slow = watch(&asked, &workspace, Value::Null);
    begin(&mut slow).await;
    // More than the hub keeps for one subscriber.
    for seq in 1..=60 {
        let body = log(&asked, &workspace, seq).await;
        asked.hub.publish(workspace.viewer.tenant, &body);
    }
    for seq in 1..=60 {
        assert_eq!(next(&mut slow).await["seq"], seq);
    }
    assert!(is_quiet(&mut slow).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_the_log_does_not_reach_asks_for_a_resync() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    for seq in 4..=6 {
        log(&asked, &workspace, seq).await;
    }
    let cursor =
        |seq| json!(interdesk_graphql::Cursor::of_event(workspace.viewer.tenant, seq).text());
    for (after, expected) in [(2, "RESYNC_REQUIRED"), (7, "RESYNC_REQUIRED")] {
        let mut stream = watch(&asked, &workspace, cursor(after));
        let response = stream.next().await.expect("an answer");
        assert_eq!(code(&response), expected, "after {after}");
        assert!(stream.next().await.is_none(), "nothing follows the error");
    }
    assert_eq!(
        next(&mut watch(&asked, &workspace, cursor(3))).await["seq"],
        4
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn events_and_cursors_of_another_tenant_stay_there() {
    let asked = Asked::fresh().await;
    let (own, other) = (asked.workspace().await, asked.workspace().await);
    let mut stream = watch(&asked, &own, Value::Null);
    begin(&mut stream).await;
    let body = log(&asked, &other, 1).await;
    asked.hub.publish(other.viewer.tenant, &body);
    asked.hub.rescan();
    assert!(is_quiet(&mut stream).await);
    let foreign = json!(interdesk_graphql::Cursor::of_event(other.viewer.tenant, 0).text());
    let response = watch(&asked, &own, foreign)
        .next()
        .await
        .expect("an answer");
    assert_eq!(code(&response), "BAD_INPUT");
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_choose_what_is_shown() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    log(&asked, &workspace, 1).await;
    let start = interdesk_graphql::Cursor::of_event(workspace.viewer.tenant, 0)
        .text()
        .to_owned();
    for (kinds, shown) in [
        (json!(["offer_made"]), false),
        (json!(["agent_signed_in"]), true),
    ] {
        let variables = json!({"after": start, "kinds": kinds});
        let request = asked.request(&workspace.viewer, &operation("DeskEvents"), variables);
        let mut stream = asked.schema.execute_stream(request).boxed();
        assert_eq!(!is_quiet(&mut stream).await, shown, "{kinds}");
    }
}
