//! A promise to a customer: warned of, broken, told, answered late, and reported so.

use crate::harness::{Agent, Column, Desk, Plan, SHOP, until};
use crate::stories;
use interdesk_simulator::Content;
use serde_json::{Value, json};

#[allow(dead_code, reason = "here it takes whatever comes")]
#[path = "../../../../crates/flow/tests/sla/receiver.rs"]
mod receiver;

stories!(
    a_broken_promise_is_told_while_it_breaks_and_reported_as_broken,
    a_broken_promise_calls_the_workspaces_own_address_signed_by_the_printed_secret,
);

/// Four seconds to the first reply, with a warning after half of them.
fn promise() -> Value {
    json!({ "service_levels": [{
        "id": "01910000-0000-7000-8000-000000000001",
        "name": "Everybody",
        "targets": [{
            "clock": "first_reply", "within_ms": 4_000, "hours": "calendar",
            "steps": [
                { "name": "soon", "at": { "percent": 50 }, "actions": [
                    { "do": "raise_priority", "to": 3 },
                    { "do": "notify", "who": "agent", "by": "in_app" }] },
                { "name": "late", "at": "breach", "actions": [
                    { "do": "tag", "tag": "late" },
                    { "do": "notify", "who": "team", "by": "in_app" }] }],
        }],
    }]})
}

async fn a_broken_promise_is_told_while_it_breaks_and_reported_as_broken(column: Column) {
    let plan = Plan {
        workspace: Some(promise()),
        ..Plan::default()
    };
    let desk = Desk::start(column, "sla", plan).await;
    let agent = desk.agent(1).await;
    let mut live = agent.watch().await;
    agent.online().await;

    desk.write(SHOP, "visitor-1", Content::text("Is anybody there?"));
    let conversation = agent.take_next(&mut live).await;
    let warned = live
        .until("the warning", |event| event["kind"] == "sla_warned")
        .await;
    assert_eq!(warned["conversation"]["id"], conversation);
    live.until("the breach", |event| event["kind"] == "sla_breached")
        .await;
    live.until("the step at the breach", |event| {
        event["kind"] == "sla_stepped"
    })
    .await;
    until("both notifications", async || {
        notifications(&agent).await.len() == 2
    })
    .await;
    let told = notifications(&agent).await;
    assert_eq!(told[0]["step"], "late", "the latest first");
    assert_eq!(told[1]["step"], "soon");
    assert!(
        told.iter()
            .all(|one| one["conversation"]["id"] == conversation)
    );
    let read = "mutation { notificationsRead(input: {}) { status count } }";
    let read = agent.ask(read, json!({})).await;
    assert_eq!(
        read["notificationsRead"],
        json!({ "status": "READ", "count": 2 })
    );

    let reply = agent.reply(&conversation, "Yes, but late.").await;
    assert_eq!(reply["status"], "QUEUED", "{reply}");
    live.until("the late answer", |event| event["kind"] == "sla_fulfilled")
        .await;
    let resolved = agent.resolve(&conversation).await;
    assert_eq!(resolved["status"], "RESOLVED", "{resolved}");

    let clocks = "query($id: ID!) { conversation(id: $id) {
        slaClocks(running: false) { clock outcome elapsedMs targetMs } } }";
    until("the clocks of the whole episode", async || {
        let answer = agent.ask(clocks, json!({ "id": conversation })).await;
        let list = answer["conversation"]["slaClocks"].as_array().cloned();
        list.unwrap_or_default()
            .iter()
            .any(|one| one["clock"] == "TOTAL_RESOLUTION")
    })
    .await;
    let answer = agent.ask(clocks, json!({ "id": conversation })).await;
    let clocks = answer["conversation"]["slaClocks"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let first = clocks.iter().find(|one| one["clock"] == "FIRST_REPLY");
    let first = first.expect("the first reply was counted");
    assert_eq!(first["outcome"], "BREACHED");
    assert_eq!(first["targetMs"], 4_000);

    let told = desk
        .database
        .count("SELECT count(*) FROM sla_actions")
        .await;
    assert_eq!(told, 3, "soon, the breach, late");
    let sums = "SELECT sum(breached)::bigint FROM sla_rollups WHERE clock = 'first_reply'";
    assert_eq!(desk.database.count(sums).await, 1, "the report says so");
    let checked = desk.run(&["sla", "recompute", "--check"]).await;
    assert!(checked.success, "{}", checked.text());
    let id = conversation.as_str().unwrap_or_default();
    let explained = desk.run(&["sla", "explain", id]).await;
    assert!(explained.success, "{}", explained.text());
    assert!(
        explained.out.contains("first_reply 1: breached"),
        "{}",
        explained.out
    );
    live.assert_gapless();
}

async fn a_broken_promise_calls_the_workspaces_own_address_signed_by_the_printed_secret(
    column: Column,
) {
    let plan = Plan {
        workspace: Some(json!({ "service_levels": [{
            "id": "01910000-0000-7000-8000-000000000002",
            "name": "Everybody",
            "targets": [{
                "clock": "first_reply", "within_ms": 1_000, "hours": "calendar",
                "steps": [{ "name": "late", "at": "breach", "actions": [
                    { "do": "notify", "who": "supervisor", "by": "webhook" }] }],
            }],
        }]})),
        ..Plan::default()
    };
    let desk = Desk::start(column, "hook", plan).await;
    let receiver = receiver::Receiver::start().await;
    let arguments = ["sla", "hook", "--workspace", desk.slug(), "--url"];
    let set = desk.run(&[&arguments[..], &[&receiver.url]].concat()).await;
    assert!(set.success, "{}", set.text());
    desk.write(SHOP, "visitor-1", Content::text("Is anybody there?"));
    until("the call", async || !receiver.calls().is_empty()).await;
    let call = receiver.calls().remove(0);
    let now = chrono::Utc::now().timestamp();
    assert!(call.is_signed_with(set.out.trim(), now), "{call:?}");
    let body = call.body();
    assert_eq!(body["type"], "sla.step", "{body}");
    assert_eq!(body["data"]["clock"], "first_reply");
    assert_eq!(body["data"]["step"], "late");
    let sent = "SELECT count(*) FROM notifications WHERE sent_at IS NOT NULL";
    until("the note that it was taken", async || {
        desk.database.count(sent).await == 1
    })
    .await;
    assert_eq!(receiver.calls().len(), 1, "once");
}

async fn notifications(agent: &Agent) -> Vec<Value> {
    let query = "{ notifications(unreadOnly: true) { id kind step clock conversation { id } } }";
    let answer = agent.ask(query, json!({})).await;
    answer["notifications"]
        .as_array()
        .cloned()
        .unwrap_or_default()
}
