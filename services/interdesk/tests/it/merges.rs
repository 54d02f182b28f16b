//! One customer who asked by two apps before anybody saw that it is one: merged, answered, and two again.

use crate::harness::{Agent, Column, Desk, Live, Plan, TELEGRAM, WHATSAPP, until};
use crate::stories;
use interdesk_simulator::Content;
use serde_json::{Value, json};

stories!(two_conversations_of_one_customer_are_one_while_merged_and_two_again_after);

const LINK: &str = "mutation($input: ContactLinkInput!, $key: String!) {
    done: contactLink(input: $input) @idempotent(key: $key) { status refusal { code } } }";
const MERGE: &str = "mutation($input: ConversationMergeInput!, $key: String!) {
    done: conversationMerge(input: $input) @idempotent(key: $key) {
        status refusal { code message } } }";
const UNMERGE: &str = "mutation($input: ConversationUnmergeInput!, $key: String!) {
    done: conversationUnmerge(input: $input) @idempotent(key: $key) {
        status refusal { code message } } }";

const PHONE: &str = "15550100091";
const CHAT: &str = "700100091";

async fn two_conversations_of_one_customer_are_one_while_merged_and_two_again_after(
    column: Column,
) {
    let desk = Desk::start(column, "merges", Plan::default()).await;
    let agent = desk.agent(1).await;
    let mut live = agent.watch().await;
    agent.online().await;
    let stays = open(
        &desk,
        &agent,
        &mut live,
        WHATSAPP,
        PHONE,
        "My bicycle is late.",
    )
    .await;
    let goes = open(
        &desk,
        &agent,
        &mut live,
        TELEGRAM,
        CHAT,
        "Is my bicycle there?",
    )
    .await;
    let owed = loads(&desk).await;
    assert_eq!(owed, 2, "both are the agent's work");

    let input = json!({ "contactId": contact(&agent, &goes).await,
        "intoContactId": contact(&agent, &stays).await, "note": "the customer said so" });
    done(&agent, LINK, input).await;
    let input = json!({ "conversationId": goes, "intoConversationId": stays });
    done(&agent, MERGE, input).await;
    assert_eq!(
        texts(&agent, &stays).await,
        ["My bicycle is late.", "Is my bicycle there?"]
    );
    assert_eq!(loads(&desk).await, 1, "one matter is one piece of work");

    // What the customer goes on to write by the other app stands here, and the answer goes there.
    desk.write(TELEGRAM, CHAT, Content::text("I am in the shop now."));
    live.until("the customer's words in what goes on", |event| {
        event["kind"] == "message_threaded" && event["conversation"]["id"] == stays
    })
    .await;
    let reply = agent.reply(&stays, "Come to the back door.").await;
    assert_eq!(reply["status"], "QUEUED", "{reply}");
    live.until_delivery(&reply["message"]["id"], "SENT").await;
    let taken = desk.simulator.journal().accepted();
    let taken: Vec<_> = taken.iter().filter(|one| one.kind == "text").collect();
    assert_eq!(taken.len(), 1, "{taken:?}");
    assert_eq!(
        (taken[0].account.as_str(), taken[0].to.as_str()),
        (TELEGRAM, CHAT)
    );
    assert!(agent.offers().await.is_empty(), "nothing is offered anew");

    done(&agent, UNMERGE, json!({ "conversationId": goes })).await;
    assert_eq!(texts(&agent, &stays).await, ["My bicycle is late."]);
    assert_eq!(
        texts(&agent, &goes).await,
        [
            "Is my bicycle there?",
            "I am in the shop now.",
            "Come to the back door."
        ]
    );
    assert_eq!(
        loads(&desk).await,
        2,
        "the work is in the hands that had it"
    );
    desk.write(TELEGRAM, CHAT, Content::text("Thank you!"));
    until("the last words where they were written", async || {
        texts(&agent, &goes).await.len() == 4
    })
    .await;
    assert_eq!(texts(&agent, &stays).await.len(), 1);
    live.assert_gapless();
}

/// A customer writes by an app, and the agent takes it.
async fn open(
    desk: &Desk,
    agent: &Agent,
    live: &mut Live,
    account: &str,
    customer: &str,
    text: &str,
) -> Value {
    desk.write(account, customer, Content::text(text));
    agent.take_next(live).await
}

/// Each is done once, so the mutation is its own key.
async fn done(agent: &Agent, mutation: &str, input: Value) {
    let key = mutation.split(['(', ':']).nth(4).map(str::trim);
    let variables = json!({ "key": key, "input": input });
    let data = agent.ask(mutation, variables).await;
    assert_eq!(data["done"]["refusal"], Value::Null, "{data}");
}

async fn contact(agent: &Agent, conversation: &Value) -> Value {
    let query = "query($id: ID!) { conversation(id: $id) { contact { id } } }";
    let data = agent.ask(query, json!({ "id": conversation })).await;
    data["conversation"]["contact"]["id"].clone()
}

/// The words of a timeline.
async fn texts(agent: &Agent, conversation: &Value) -> Vec<String> {
    let query = "query($id: ID!) { conversation(id: $id) { messages { nodes { text } } } }";
    let data = agent.ask(query, json!({ "id": conversation })).await;
    let nodes = data["conversation"]["messages"]["nodes"].as_array();
    let texts = nodes.into_iter().flatten().map(|node| &node["text"]);
    texts
        .map(|text| text.as_str().unwrap_or_default().to_owned())
        .collect()
}

/// How much the agent holds.
async fn loads(desk: &Desk) -> i64 {
    let held = "SELECT count(*) FROM work_items WHERE state = 'active'";
    desk.database.count(held).await
}
