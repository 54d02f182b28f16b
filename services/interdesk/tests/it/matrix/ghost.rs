//! Agents that customers see as users of their own, on a real homeserver, driven by the API alone.

use super::person::Person;
use super::{BOT, World};
use crate::harness::{Agent, until};
use serde_json::{Value, json};

const MESSAGES: &str = "query($id: ID!) { node(id: $id) { ... on Conversation {
    messages(last: 20) { nodes { id text } } } } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_answers_reacts_edits_and_takes_back_as_a_ghost_of_a_real_homeserver() {
    let Some(world) = World::start_with("ghost", json!({ "show_agents": "yes" })).await else {
        return;
    };
    let agent = world.agent.clone();
    let mut live = agent.watch().await;
    agent.online().await;
    let mut person = Person::register(&world.homeserver.url, "customer31").await;
    let room = person.invite(BOT).await;
    until("the bot in the room", async || {
        person.members(&room).await.contains(&BOT.to_owned())
    })
    .await;
    person.say(&room, "Who is there?").await;
    let conversation = agent.take_next(&mut live).await;

    // The ghost does not exist yet: it is made, named and asked in on the way.
    let reply = agent.reply(&conversation, "Somebody with a name.").await;
    let message = reply["message"]["id"].clone();
    live.until_delivery(&message, "SENT").await;
    let says = |text: &'static str| move |event: &Value| event["content"]["body"] == text;
    let seen = person
        .sees("the answer", says("Somebody with a name."))
        .await;
    let ghost = seen["sender"].as_str().expect("a sender").to_owned();
    assert!(ghost.starts_with("@_interdesk_care_"), "{seen}");
    assert_eq!(person.name_of(&ghost).await, "Agent 7");
    assert_eq!(person.name_of(BOT).await, "Care");

    act(
        &agent,
        "messageEdit(input: $input)",
        "MessageEditInput!",
        json!({ "messageId": message, "text": "Agent 7." }),
    )
    .await;
    let edit = person
        .sees("the edit", |event| {
            event["content"]["m.new_content"]["body"] == "Agent 7."
        })
        .await;
    assert_eq!(edit["sender"], *ghost, "another one's edit would be none");

    let said = agent.ask(MESSAGES, json!({ "id": conversation })).await;
    let asked = said["node"]["messages"]["nodes"][0]["id"].clone();
    for (emoji, what) in [("👀", "the reaction"), ("✅", "the other reaction")] {
        act(
            &agent,
            "reactionSet(input: $input)",
            "ReactionSetInput!",
            json!({ "messageId": asked, "emoji": emoji }),
        )
        .await;
        let reaction = person
            .sees(what, |event| {
                event["content"]["m.relates_to"]["key"] == emoji
            })
            .await;
        assert_eq!(reaction["sender"], *ghost, "{reaction}");
    }
    act(
        &agent,
        "messageDelete(input: $input)",
        "MessageDeleteInput!",
        json!({ "messageId": message }),
    )
    .await;
    let own = seen["event_id"].as_str().expect("an id").to_owned();
    let deletion = person
        .sees("the deletion", |event| {
            let target = event["content"]["redacts"].as_str();
            event["type"] == "m.room.redaction"
                && target.or_else(|| event["redacts"].as_str()) == Some(&own)
        })
        .await;
    assert_eq!(deletion["sender"], *ghost);

    // What the ghost wrote never comes back as somebody's words, nor is it a customer in the room.
    let group = "SELECT count(*)::text FROM conversations WHERE group_id IS NOT NULL";
    assert_eq!(world.texts(group).await, ["0"]);
    let words = "SELECT text FROM messages WHERE direction = 'in' ORDER BY id";
    assert_eq!(world.texts(words).await, ["Who is there?"]);

    // Who shuts the ghost out still reads the bot.
    person.removes(&room, &ghost).await;
    person.say(&room, "Not you, please.").await;
    let reply = agent.reply(&conversation, "As you wish.").await;
    live.until_delivery(&reply["message"]["id"], "SENT").await;
    let seen = person.sees("the bot's answer", says("As you wish.")).await;
    assert_eq!(seen["sender"], BOT, "{seen}");
}

async fn act(agent: &Agent, call: &str, input_type: &str, input: Value) {
    static FRESH: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let fresh = FRESH.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let query = format!(
        "mutation($input: {input_type}, $key: String!) {{
            act: {call} @idempotent(key: $key) {{ status refusal {{ code }} }} }}"
    );
    let variables = json!({ "input": input, "key": format!("ghost {fresh}") });
    let told = agent.ask(&query, variables).await;
    assert_eq!(told["act"]["refusal"], Value::Null, "{call}: {told}");
}
