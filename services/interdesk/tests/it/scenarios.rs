//! What customers do beside writing, over the whole desk: they change their number, answer with a reaction
//! alone, and think better of what they wrote while somebody answers it.

use crate::harness::{Agent, Column, Desk, Live, Plan, TELEGRAM, WHATSAPP, until};
use crate::stories;
use interdesk_simulator::Content;
use serde_json::{Value, json};

stories!(
    a_customer_who_changes_their_number_stays_one_person_in_one_conversation,
    a_reaction_as_the_only_answer_stands_on_our_message_and_asks_nobody,
    a_customer_who_edits_twice_while_the_agent_replies_is_read_before_they_are_answered,
);

struct World {
    desk: Desk,
    agent: Agent,
    live: Live,
}

impl World {
    async fn start(column: Column, name: &str) -> Self {
        let desk = Desk::start(column, name, Plan::default()).await;
        let agent = desk.agent(1).await;
        let live = agent.watch().await;
        agent.online().await;
        Self { desk, agent, live }
    }

    async fn read(&self, conversation: &Value) -> Value {
        let query = "query($id: ID!) { node(id: $id) { ... on Conversation {
            status version contact { id identities { value validTo } } workItem { id }
            messages(first: 50) { nodes { id text direction revision reactions { emojis }
                versions { content { ... on TextContent { text } } } } }
        } } }";
        let shown = self.agent.ask(query, json!({ "id": conversation })).await;
        shown["node"].clone()
    }

    /// Waits until the conversation's messages read so.
    async fn until_texts(&self, conversation: &Value, expected: &[&str]) -> Value {
        until("the messages", async || {
            texts(&self.read(conversation).await) == expected
        })
        .await;
        self.read(conversation).await
    }

    /// Answers, and returns the simulated provider's id of the answer and whom it went to.
    async fn answers(&mut self, conversation: &Value, text: &str) -> (String, String) {
        let reply = self.agent.reply(conversation, text).await;
        assert_eq!(reply["status"], "QUEUED", "{reply}");
        self.live
            .until_delivery(&reply["message"]["id"], "SENT")
            .await;
        let all = self.desk.simulator.journal().accepted().into_iter();
        let own = all.rev().find(|one| one.text == text).expect("it left");
        (own.provider_id, own.to)
    }
}

fn texts(conversation: &Value) -> Vec<String> {
    let all = conversation["messages"]["nodes"].as_array();
    let all = all.expect("messages").iter();
    all.map(|one| one["text"].as_str().unwrap_or_default().to_owned())
        .collect()
}

async fn a_customer_who_changes_their_number_stays_one_person_in_one_conversation(column: Column) {
    let mut world = World::start(column, "number-change").await;
    let (old, new) = ("15550100051", "15550100052");
    world
        .desk
        .write(WHATSAPP, old, Content::text("Where is my parcel?"));
    let conversation = world.agent.take_next(&mut world.live).await;
    world.answers(&conversation, "On its way.").await;

    let to = new.to_owned();
    world
        .desk
        .write(WHATSAPP, old, Content::NumberChange { to });
    until("the new number", async || {
        let shown = world.read(&conversation).await;
        let all = shown["contact"]["identities"].as_array().cloned();
        let mut all = all.unwrap_or_default().into_iter();
        all.any(|one| one["value"] == new && one["validTo"].is_null())
    })
    .await;
    world.desk.write(WHATSAPP, new, Content::text("And now?"));
    let all = ["Where is my parcel?", "On its way.", "And now?"];
    world.until_texts(&conversation, &all).await;
    let (_, to) = world.answers(&conversation, "It has arrived.").await;
    assert_eq!(to.trim_start_matches('+'), new);
    let database = &world.desk.database;
    assert_eq!(database.count("SELECT count(*) FROM contacts").await, 1);
    let all = "SELECT count(*) FROM conversations";
    assert_eq!(database.count(all).await, 1);

    // Whoever has the old number next is somebody else.
    world
        .desk
        .write(WHATSAPP, old, Content::text("Who is this?"));
    let stranger = world.agent.take_next(&mut world.live).await;
    assert_ne!(stranger, conversation);
    assert_eq!(texts(&world.read(&stranger).await), ["Who is this?"]);
}

async fn a_reaction_as_the_only_answer_stands_on_our_message_and_asks_nobody(column: Column) {
    let mut world = World::start(column, "reaction").await;
    let customer = "15550100053";
    world
        .desk
        .write(WHATSAPP, customer, Content::text("Are you open?"));
    let conversation = world.agent.take_next(&mut world.live).await;
    let (message, _) = world.answers(&conversation, "Until eight.").await;
    world.agent.resolve(&conversation).await;
    let reacts = |emoji: &str| {
        let content = Content::Reaction {
            message_id: message.clone(),
            emoji: emoji.to_owned(),
        };
        world.desk.write(WHATSAPP, customer, content)
    };
    let stands = async |expected: Value| {
        until("the reaction", async || {
            world.read(&conversation).await["messages"]["nodes"][1]["reactions"] == expected
        })
        .await;
    };
    reacts("👍");
    stands(json!([{ "emojis": ["👍"] }])).await;
    let shown = world.read(&conversation).await;
    assert_eq!(shown["status"], "RESOLVED", "{shown}");
    assert_eq!(texts(&shown).len(), 2);
    let waiting = "SELECT count(*) FROM work_items WHERE state NOT IN ('done', 'cancelled')";
    assert_eq!(world.desk.database.count(waiting).await, 0);
    reacts("");
    stands(json!([])).await;
}

async fn a_customer_who_edits_twice_while_the_agent_replies_is_read_before_they_are_answered(
    column: Column,
) {
    let mut world = World::start(column, "edits").await;
    let customer = "5550054";
    let message_id = world
        .desk
        .write(TELEGRAM, customer, Content::text("A lamp, please"));
    let conversation = world.agent.take_next(&mut world.live).await;
    let seen = world.read(&conversation).await["version"].clone();
    let mut at = seen.clone();
    for text in ["A red lamp, please", "Two red lamps, please"] {
        let content = Content::Edit {
            message_id: message_id.clone(),
            text: text.to_owned(),
        };
        // Telegram tells the second of an edit, and of two in one the later one counts.
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        world.desk.write(TELEGRAM, customer, content);
        at = world.until_texts(&conversation, &[text]).await["version"].clone();
    }
    assert_ne!(at, seen);
    let reply = |version: &Value| {
        json!({ "conversationId": conversation, "lastSeenVersion": version,
            "content": { "text": "They are on their way." } })
    };
    let refused = world.agent.reply_with(None, None, reply(&seen)).await;
    assert_eq!(refused["refusal"]["code"], "STALE_CONTEXT", "{refused}");
    assert_eq!(world.desk.simulator.journal().accepted().len(), 0);
    let shown = world.read(&conversation).await;
    let message = &shown["messages"]["nodes"][0];
    assert_eq!(message["revision"], 2, "{shown}");
    let before: Vec<_> = message["versions"]
        .as_array()
        .expect("versions")
        .iter()
        .collect();
    let said = |place: usize| before[place]["content"]["text"].clone();
    assert_eq!(
        (said(0), said(1)),
        (json!("A lamp, please"), json!("A red lamp, please"))
    );
    let taken = world.agent.reply_with(None, None, reply(&at)).await;
    assert_eq!(taken["status"], "QUEUED", "{taken}");
    world
        .live
        .until_delivery(&taken["message"]["id"], "SENT")
        .await;
}
