//! Work that goes from hand to hand, rests, and comes back by itself.

use crate::harness::{Agent, Column, Desk, Plan, WHATSAPP, until};
use crate::stories;
use chrono::{Duration, Utc};
use interdesk_simulator::Content;
use serde_json::{Value, json};

stories!(work_is_held_handed_over_put_off_and_comes_back);

const HOLD: &str =
    "mutation($input: ConversationHoldInput!) { done: conversationHold(input: $input) {
    status refusal { code } conversation { status workItem { id } } } }";
const SNOOZE: &str = "mutation($input: ConversationSnoozeInput!) {
    done: conversationSnooze(input: $input) { status refusal { code } conversation { status } } }";
const TRANSFER: &str = "mutation($input: WorkTransferInput!) { done: workTransfer(input: $input) {
    status refusal { code } transfer { id } conversation { assignee { id } } } }";
const ANSWER: &str =
    "mutation($input: TransferAnswerInput!) { done: transferAnswer(input: $input) {
    status refusal { code } conversation { assignee { id } } } }";
const STANDS: &str = "query($id: ID!) { conversation(id: $id) { status assignee { id } } }";

async fn work_is_held_handed_over_put_off_and_comes_back(column: Column) {
    let plan = Plan {
        agents: 2,
        ..Plan::default()
    };
    let desk = Desk::start(column, "hands", plan).await;
    let (first, second) = (desk.agent(1).await, desk.agent(2).await);
    let mut live = first.watch().await;
    first.online().await;
    let write = |text: &str| desk.write(WHATSAPP, "15550100081", Content::text(text));
    write("Is my bicycle repaired?");
    let conversation = first.take_next(&mut live).await;
    let (me, colleague) = (id_of(&first).await, id_of(&second).await);

    // A third party has to act; the customer's words end that.
    let input = json!({ "conversationId": conversation, "reason": "the workshop looks" });
    let held = done(&first, HOLD, input).await;
    assert_eq!(held["conversation"]["status"], "ON_HOLD");
    write("And the bell?");
    await_status(&first, &conversation, "OPEN").await;

    // A colleague is asked first, and has it once they say so.
    second.online().await;
    let work = &held["conversation"]["workItem"]["id"];
    let input = json!({ "workItemId": work, "toAgentId": colleague, "warm": true,
        "reason": "knows bicycles" });
    let asked = done(&first, TRANSFER, input).await;
    assert_eq!(
        asked["conversation"]["assignee"]["id"], me,
        "until they accept"
    );
    let waiting = second
        .ask("{ askedTransfers { id reason } }", json!({}))
        .await;
    assert_eq!(waiting["askedTransfers"][0]["id"], asked["transfer"]["id"]);
    let input = json!({ "transferId": asked["transfer"]["id"], "answer": "ACCEPT" });
    let taken = done(&second, ANSWER, input).await;
    assert_eq!(taken["conversation"]["assignee"]["id"], colleague);
    let refused = first.reply(&conversation, "I am still here.").await;
    assert_eq!(refused["refusal"]["code"], "NOT_YOURS", "{refused}");

    // Put off and kept: it wakes by itself, in the same hands.
    put_off(&second, &conversation, 2, true).await;
    live.until("its wake", |event| event["kind"] == "conversation_woken")
        .await;
    let stands = stand(&second, &conversation).await;
    assert_eq!(
        stands,
        json!({ "status": "OPEN", "assignee": { "id": colleague } })
    );

    // Put off and given away: it sleeps in its queue, wakes there, and is offered anew.
    let before = live.count("offer_made");
    put_off(&second, &conversation, 2, false).await;
    let stands = stand(&second, &conversation).await;
    assert_eq!(stands, json!({ "status": "SNOOZED", "assignee": null }));
    let offer = live
        .until("the next offer", |event| event["kind"] == "offer_made")
        .await;
    assert_eq!(
        live.count("offer_made"),
        before + 1,
        "nobody had it in its sleep"
    );
    let to = match offer["offer"]["agent"]["id"] == me {
        true => &first,
        false => &second,
    };
    let accepted = to.accept(&offer["offer"]["id"]).await;
    assert_eq!(accepted["status"], "ACCEPTED", "{accepted}");

    // The customer's words end a snooze too.
    put_off(to, &conversation, 3_600, true).await;
    write("Hello?");
    await_status(to, &conversation, "OPEN").await;
    assert_eq!(to.resolve(&conversation).await["status"], "RESOLVED");
    let wrong = "SELECT count(*) FROM agent_loads WHERE load <> 0";
    until("everybody to have room again", async || {
        desk.database.count(wrong).await == 0
    })
    .await;
    live.assert_gapless();
}

async fn done(agent: &Agent, mutation: &str, input: Value) -> Value {
    let data = agent.ask(mutation, json!({ "input": input })).await;
    assert_eq!(data["done"]["status"], "DONE", "{data}");
    data["done"].clone()
}

async fn put_off(agent: &Agent, conversation: &Value, seconds: i64, keep: bool) {
    let until = (Utc::now() + Duration::seconds(seconds)).to_rfc3339();
    let input = json!({ "conversationId": conversation, "until": until, "keep": keep });
    let slept = done(agent, SNOOZE, input).await;
    assert_eq!(slept["conversation"]["status"], "SNOOZED");
}

async fn stand(agent: &Agent, conversation: &Value) -> Value {
    let data = agent.ask(STANDS, json!({ "id": conversation })).await;
    data["conversation"].clone()
}

async fn await_status(agent: &Agent, conversation: &Value, status: &str) {
    until(status, async || {
        stand(agent, conversation).await["status"] == status
    })
    .await;
}

async fn id_of(agent: &Agent) -> Value {
    agent.ask("{ me { id } }", json!({})).await["me"]["id"].clone()
}
