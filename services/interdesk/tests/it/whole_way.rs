//! The way of a message: from the customer to an agent and back, and once more.

use crate::harness::{Agent, Column, Desk, Live, Plan, SHOP, TELEGRAM, WHATSAPP, until};
use crate::stories;
use interdesk_domain::id::MessageId;
use interdesk_simulator::{Behaviour, Content};
use serde_json::Value;

stories!(a_message_goes_its_whole_way);

async fn a_message_goes_its_whole_way(column: Column) {
    let password = Some("a-long-password");
    let plan = Plan {
        password,
        ..Plan::default()
    };
    let desk = Desk::start(column, "whole-way", plan).await;
    let agent = desk.sign_in(1, "a-long-password").await;
    let mut live = agent.watch().await;
    agent.online().await;

    let (first, message) = converse(&desk, &agent, &mut live, WHATSAPP, "15550100001").await;
    live.until_delivery(&message, "READ").await;
    assert_eq!(
        steps(&desk, &message).await,
        ["sending", "sent", "delivered", "read"]
    );
    live = come_again(&desk, &agent, live, WHATSAPP, "15550100001", &first).await;

    let (second, message) = converse(&desk, &agent, &mut live, TELEGRAM, "700100002").await;
    live.until_delivery(&message, "SENT").await;
    live = come_again(&desk, &agent, live, TELEGRAM, "700100002", &second).await;

    let (third, message) = converse(&desk, &agent, &mut live, SHOP, "visitor-3").await;
    live.until_delivery(&message, "READ").await;
    live = come_again(&desk, &agent, live, SHOP, "visitor-3", &third).await;

    live.assert_gapless();
    assert_eq!(live.count("offer_made"), 6, "each episode is offered once");
    let seq = live.last_seq();
    until("every event in the audit log", async || {
        desk.database
            .count("SELECT count(*) FROM audit_leaves")
            .await
            >= seq
    })
    .await;
    let verified = desk.run(&["audit", "verify"]).await;
    assert!(verified.success, "{}", verified.text());
    assert!(verified.out.contains("sound, "), "{}", verified.out);
}

/// A customer writes, the agent takes it and answers; returns the conversation and the reply.
pub(crate) async fn converse(
    desk: &Desk,
    agent: &Agent,
    live: &mut Live,
    account: &str,
    customer: &str,
) -> (Value, Value) {
    // Slow enough for each step of the delivery to be seen.
    let behaviour = Behaviour {
        delivered_ms: (300, 300),
        read_ms: (300, 300),
        ..Behaviour::default()
    };
    desk.simulator.set_behaviour(account, behaviour);
    let question = format!("Where is my parcel, asks {customer}?");
    desk.write(account, customer, Content::text(&question));
    let conversation = agent.take_next(live).await;

    let answer = format!("On its way to {customer}.");
    let reply = agent.reply(&conversation, &answer).await;
    assert_eq!(reply["status"], "QUEUED", "{reply}");
    let message = reply["message"]["id"].clone();
    live.until_delivery(&message, "SENT").await;

    let journal = desk.simulator.journal().accepted();
    let taken: Vec<_> = journal.iter().filter(|it| it.text == answer).collect();
    assert_eq!(taken.len(), 1, "the provider took it once: {taken:?}");
    assert_eq!(
        (taken[0].account.as_str(), taken[0].to.as_str()),
        (account, customer)
    );
    // Telegram takes no id of ours.
    if account != TELEGRAM {
        assert!(taken[0].attempt_id.is_some(), "{:?}", taken[0]);
    }
    if account == WHATSAPP {
        let attempt = taken[0].attempt_id.clone().unwrap_or_default();
        assert!(attempt.starts_with("attempt_"), "{attempt}");
    }
    (conversation, message)
}

/// The agent is done, the customer is not: the next message begins the second episode. Meanwhile
/// the agent's connection breaks.
async fn come_again(
    desk: &Desk,
    agent: &Agent,
    live: Live,
    account: &str,
    customer: &str,
    conversation: &Value,
) -> Live {
    let resolved = agent.resolve(conversation).await;
    assert_eq!(resolved["status"], "RESOLVED", "{resolved}");
    let gone = live.cut();
    desk.write(account, customer, Content::text("And when exactly?"));
    until("an offer of the second episode", async || {
        !agent.offers().await.is_empty()
    })
    .await;

    let mut live = gone.resume().await;
    let reopened = live
        .until("the second episode", |event| {
            event["kind"] == "conversation_reopened"
        })
        .await;
    assert_eq!(reopened["conversation"]["id"], *conversation);
    assert_eq!(reopened["conversation"]["episode"]["number"], 2);
    assert_eq!(agent.take_next(&mut live).await, *conversation);
    agent.resolve(conversation).await;
    live.until("the end", |event| event["kind"] == "conversation_resolved")
        .await;
    live
}

/// The states that the log says a message came to.
async fn steps(desk: &Desk, message: &Value) -> Vec<String> {
    let id: MessageId = message
        .as_str()
        .and_then(|id| id.parse().ok())
        .expect("an id");
    let query = format!(
        "SELECT body::jsonb->'data'->>'to' FROM outbox
         WHERE kind = 'delivery_changed' AND body::jsonb->'data'->>'message' = '{}'
         ORDER BY (body::jsonb->'aggregate'->>'version')::bigint",
        id.0
    );
    desk.database.texts(&query).await
}
