//! Replies: refused, repeated, cut off, throttled.

use crate::harness::{Agent, Column, Desk, Live, Plan, WHATSAPP, until, whatsapp};
use crate::stories;
use interdesk_simulator::chaos::Odds;
use interdesk_simulator::whatsapp as graph;
use interdesk_simulator::{Behaviour, Chaos, Content, Customer};
use serde_json::{Value, json};

stories!(
    a_reply_sent_again_with_its_key_is_one_message,
    a_refused_reply_says_why_with_a_stable_code,
    a_reply_without_an_answer_is_unknown_until_its_receipt,
    throttled_replies_leave_later_and_in_order,
    a_customer_who_is_asked_for_their_card_answers_with_their_own,
);

async fn a_reply_sent_again_with_its_key_is_one_message(column: Column) {
    let (desk, agent, mut live) = desk(column, "repeated-reply").await;
    let conversation = open(&desk, &agent, &mut live, "15550100041").await;
    let input = json!({ "conversationId": conversation, "content": { "text": "Once only." } });

    lose_the_answer(&agent, "key-1", &input).await;
    let first = agent.reply_with(None, Some("key-1"), input.clone()).await;
    let second = agent.reply_with(None, Some("key-1"), input).await;
    assert_eq!(first["status"], "QUEUED", "{first}");
    assert_eq!(first["message"]["id"], second["message"]["id"]);
    let other = json!({ "conversationId": conversation, "content": { "text": "Another." } });
    let reused = agent.reply_with(None, Some("key-1"), other).await;
    assert_eq!(reused["refusal"]["code"], "KEY_REUSED", "{reused}");

    live.until_delivery(&first["message"]["id"], "READ").await;
    let replies = "SELECT count(*) FROM messages WHERE direction = 'out'";
    assert_eq!(desk.database.count(replies).await, 1);
    assert_eq!(accepted_texts(&desk), ["Once only."]);
}

/// Sends a reply and hangs up without waiting for the answer.
async fn lose_the_answer(agent: &Agent, key: &str, input: &Value) {
    use tokio::io::AsyncWriteExt;
    let (query, variables) = Agent::reply_operation(Some(key), input.clone());
    let request = agent
        .send(None, &query, variables)
        .build()
        .expect("a request");
    let body = request.body().and_then(|body| body.as_bytes());
    let body = body.expect("a body in memory");
    let address = request.url().socket_addrs(|| None).expect("an address")[0];
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        agent.token,
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(address)
        .await
        .expect("it listens");
    stream.write_all(head.as_bytes()).await.expect("it reads");
    stream.write_all(body).await.expect("it reads");
    stream.shutdown().await.expect("it is open");
}

async fn a_refused_reply_says_why_with_a_stable_code(column: Column) {
    let plan = Plan {
        agents: 2,
        ..Plan::default()
    };
    let desk = Desk::start(column, "refused-reply", plan).await;
    let (agent, colleague) = (desk.agent(1).await, desk.agent(2).await);
    let mut live = agent.watch().await;
    agent.online().await;
    let conversation = open(&desk, &agent, &mut live, "15550100042").await;
    let text = |text: &str| json!({ "conversationId": conversation, "content": { "text": text } });

    refused(&colleague, text("Mine!"), "NOT_YOURS").await;
    let unknown = json!({ "conversationId": "conv_nobody", "content": { "text": "Hello." } });
    refused(&agent, unknown, "NOT_FOUND").await;
    refused(&agent, text("  "), "UNSUPPORTED_CONTENT").await;
    desk.write(
        WHATSAPP,
        "15550100042",
        Content::text("Wait, one more thing"),
    );
    live.until("the second message", |event| {
        event["message"]["text"] == "Wait, one more thing"
    })
    .await;
    let mut stale = text("Without having read it.");
    stale["lastSeenVersion"] = json!(1);
    refused(&agent, stale, "STALE_CONTEXT").await;
    agent.resolve(&conversation).await;
    refused(&agent, text("Too late."), "CONVERSATION_RESOLVED").await;

    write_two_days_ago(&desk).await;
    let old = agent.take_next(&mut live).await;
    let late = json!({ "conversationId": old, "content": { "text": "Sorry for the wait." } });
    refused(&agent, late, "WINDOW_CLOSED").await;
    assert_eq!(desk.simulator.journal().accepted().len(), 0);
}

async fn refused(agent: &Agent, input: Value, code: &str) {
    let payload = agent.reply_with(None, None, input).await;
    assert_eq!(payload["refusal"]["code"], code, "{payload}");
    assert_eq!(payload["message"], Value::Null, "{payload}");
}

async fn write_two_days_ago(desk: &Desk) {
    let account = whatsapp(desk.webhook_url(WHATSAPP));
    let at = chrono::Utc::now() - chrono::TimeDelta::days(2);
    let customer = Customer::new("15550100043");
    let body = graph::text_webhook(&account, &customer, "wamid.old", "Hello?", at);
    let sent = reqwest::Client::new()
        .post(&account.webhook_url)
        .header(
            "x-hub-signature-256",
            graph::sign(&account.app_secret, &body),
        )
        .body(body)
        .send()
        .await;
    assert_eq!(sent.expect("an answer").status(), 200);
}

async fn a_reply_without_an_answer_is_unknown_until_its_receipt(column: Column) {
    let (desk, agent, mut live) = desk(column, "cut-reply").await;
    let behaviour = Behaviour {
        delivered_ms: (1_500, 1_500),
        ..Behaviour::default()
    };
    desk.simulator.set_behaviour(WHATSAPP, behaviour);
    let chaos = Chaos {
        cut_after_accept: Odds::times(1),
        // The first receipt would come before the desk knows that no answer will.
        lose_receipt: Odds::times(1),
        ..Chaos::default()
    };
    desk.simulator.set_chaos(Some(WHATSAPP), chaos);
    let conversation = open(&desk, &agent, &mut live, "15550100044").await;
    let reply = agent.reply(&conversation, "Did you get this?").await;
    let message = &reply["message"]["id"];
    live.until_delivery(message, "READ").await;

    let query = "SELECT COALESCE(body::jsonb->'data'->>'reason', '') FROM outbox
        WHERE kind = 'delivery_changed' AND body::jsonb->'data'->>'to' = 'unknown'";
    assert_eq!(desk.database.texts(query).await, ["no_answer"]);
    let settled = agent.delivery(message).await;
    assert_eq!(settled["failure"], Value::Null, "{settled}");
    assert_eq!(settled["attempts"], 1, "{settled}");
    assert_eq!(accepted_texts(&desk), ["Did you get this?"]);
}

/// The provider's code of "too many messages at once".
const THROTTLED: u32 = 130_429;

async fn throttled_replies_leave_later_and_in_order(column: Column) {
    let (desk, agent, mut live) = desk(column, "throttled").await;
    let chaos = Chaos {
        reject_429: Odds::times(2),
        ..Chaos::default()
    };
    desk.simulator.set_chaos(Some(WHATSAPP), chaos);
    let conversation = open(&desk, &agent, &mut live, "15550100045").await;
    let texts = ["One.", "Two.", "Three.", "Four."];
    let mut last = Value::Null;
    for text in texts {
        last = agent.reply(&conversation, text).await["message"]["id"].clone();
    }
    live.until_delivery(&last, "READ").await;
    assert_eq!(accepted_texts(&desk), texts);
    let rejected = desk.simulator.journal().rejected();
    let throttled = rejected.iter().filter(|one| one.code == THROTTLED);
    assert_eq!(throttled.count(), 2, "{rejected:?}");
    until("all to be delivered", async || {
        let read = "SELECT count(*) FROM messages WHERE delivery = 'read'";
        desk.database.count(read).await == 4
    })
    .await;
}

async fn a_customer_who_is_asked_for_their_card_answers_with_their_own(column: Column) {
    let (desk, agent, mut live) = desk(column, "asked-for-card").await;
    let behaviour = Behaviour {
        answers: 2,
        ..Behaviour::default()
    };
    desk.simulator.set_behaviour(WHATSAPP, behaviour);
    let conversation = open(&desk, &agent, &mut live, "15550100046").await;
    let say = |content: Value| json!({ "conversationId": conversation, "content": content });

    let long = json!({ "link": {
        "text": "Look", "title": "words that are too long", "url": "https://example.org",
    } });
    let refused = agent.reply_with(None, None, say(long)).await;
    assert_eq!(
        refused["refusal"]["code"], "UNSUPPORTED_CONTENT",
        "{refused}"
    );
    let detail = refused["refusal"]["message"].to_string();
    assert!(detail.contains("at most 20"), "{detail}");

    let asking = json!({ "contactRequest": { "text": "By which number may we call?" } });
    let asked = agent.reply_with(None, None, say(asking)).await;
    assert_eq!(asked["status"], "QUEUED", "{asked}");
    live.until("the card", |event| {
        event["message"]["text"] == "Customer 0046"
    })
    .await;
    let own = "SELECT count(*) FROM messages WHERE direction = 'in'
        AND content->'cards'->0->>'own' = 'true'";
    assert_eq!(desk.database.count(own).await, 1);

    let asking = json!({ "locationRequest": { "text": "Where are you?" } });
    agent.reply_with(None, None, say(asking)).await;
    let shared = "SELECT count(*) FROM messages WHERE direction = 'in'
        AND content->>'type' = 'location' AND reply_to IS NOT NULL";
    until("the place", async || desk.database.count(shared).await == 1).await;
}

async fn desk(column: Column, test: &str) -> (Desk, Agent, Live) {
    let desk = Desk::start(column, test, Plan::default()).await;
    let agent = desk.agent(1).await;
    let live = agent.watch().await;
    agent.online().await;
    (desk, agent, live)
}

/// A customer writes and the agent takes it.
async fn open(desk: &Desk, agent: &Agent, live: &mut Live, customer: &str) -> Value {
    desk.write(
        WHATSAPP,
        customer,
        Content::text("Hello, is anybody there?"),
    );
    agent.take_next(live).await
}

fn accepted_texts(desk: &Desk) -> Vec<String> {
    let accepted = desk.simulator.journal().accepted();
    let texts = accepted.into_iter().filter(|it| it.kind == "text");
    texts.map(|it| it.text).collect()
}
