//! Processes that are killed, and processes that are asked to end.

use crate::harness::{Agent, Column, Desk, Live, Plan, TELEGRAM, WHATSAPP, until};
use crate::{stories, webhooks};
use interdesk_simulator::chaos::Odds;
use interdesk_simulator::{Chaos, Content};
use rustix::process::Signal;
use serde_json::Value;
use std::collections::HashSet;
use std::time::{Duration, Instant};

stories!(
    a_process_that_is_killed_loses_nothing,
    a_process_that_is_asked_to_end_finishes_its_work,
);

async fn a_process_that_is_killed_loses_nothing(column: Column) {
    let plan = Plan {
        capacity: 500,
        ..Plan::default()
    };
    let plan = plan
        .set("INTERDESK_DELIVERY_TIMEOUT_SECONDS", "2")
        .set("INTERDESK_DELIVERY_UNKNOWN_AFTER_SECONDS", "4");
    let mut desk = Desk::start(column, "killed", plan).await;
    let agent = desk.agent(1).await;
    let mut live = agent.watch().await;
    agent.online().await;
    let mut answered = HashSet::new();
    let copied = webhooks::copied(&desk);
    for (round, role) in ["ingestion", "routing", "agent", "audit"]
        .into_iter()
        .enumerate()
    {
        write(&desk, &format!("{round}1"));
        answer_one(&agent, &mut live, &mut answered).await;
        write(&desk, &format!("{round}2"));
        assert_eq!(webhooks::send_copy(&desk, &copied).await, 200);
        // What one process does for all is lost with any of them.
        let gone = live.cut();
        desk.kill_and_restart(role).await;
        live = gone.resume().await;
        agent.online().await;
        // Whoever did not hear the answer sends it again.
        assert_eq!(webhooks::send_copy(&desk, &copied).await, 200);
        write(&desk, &format!("{round}3"));
    }
    until("every webhook to be taken", async || {
        desk.simulator.pending() == 0
    })
    .await;
    let written: Vec<_> = desk.simulator.journal().written();
    assert_eq!(written.len(), 48);
    while answered.len() < 49 {
        answer_one(&agent, &mut live, &mut answered).await;
    }
    check(&desk, &mut live).await;
}

/// Four customers write, on two channels.
fn write(desk: &Desk, suffix: &str) {
    for customer in 0..2 {
        let text = || Content::text(format!("Hello from {suffix} {customer}"));
        desk.write(WHATSAPP, &format!("155501{suffix}{customer}10"), text());
        desk.write(TELEGRAM, &format!("7001{suffix}{customer}10"), text());
    }
}

async fn answer_one(agent: &Agent, live: &mut Live, answered: &mut HashSet<String>) {
    let fresh = |event: &Value| event["kind"] == "offer_made";
    let event = live.until("an offer", fresh).await;
    let conversation = &event["offer"]["conversation"]["id"];
    let id = conversation.as_str().expect("an id").to_owned();
    assert!(answered.insert(id.clone()), "{id} is offered twice");
    let accepted = agent.accept(&event["offer"]["id"]).await;
    assert_eq!(accepted["status"], "ACCEPTED", "{accepted}");
    let reply = agent.reply(conversation, &format!("Answer to {id}")).await;
    assert_eq!(reply["status"], "QUEUED", "{reply}");
}

async fn check(desk: &Desk, live: &mut Live) {
    let count = async |query: &str| desk.database.count(query).await;
    let received = "SELECT count(*) FROM messages WHERE direction = 'in'";
    assert_eq!(count(received).await, 49);
    let told = "SELECT count(*) FROM outbox WHERE kind = 'message_received'";
    assert_eq!(count(told).await, 49);
    let settled = "SELECT count(*) FROM messages WHERE direction = 'out'
        AND delivery IN ('sent', 'delivered', 'read', 'unknown')";
    until("every reply to be settled", async || {
        count(settled).await == 49
    })
    .await;
    let unsure = "SELECT text FROM messages WHERE delivery = 'unknown' AND failure IS NULL";
    let unsure = desk.database.texts(unsure).await;
    assert_eq!(unsure, Vec::<String>::new(), "unknown without a reason");

    let mut sent = HashSet::new();
    for accepted in desk.simulator.journal().accepted() {
        assert!(
            sent.insert(accepted.text.clone()),
            "{} went twice",
            accepted.text
        );
    }
    let unknown = "SELECT text FROM messages WHERE delivery = 'unknown'";
    let unknown = desk.database.texts(unknown).await;
    let outgoing = "SELECT text FROM messages WHERE direction = 'out'";
    for text in desk.database.texts(outgoing).await {
        assert!(
            sent.contains(&text) || unknown.contains(&text),
            "{text} is lost"
        );
    }

    let seq = "SELECT max(seq) FROM event_seqs";
    let stamped = "SELECT (SELECT count(*) FROM outbox) - (SELECT count(*) FROM event_seqs)";
    until("every event to be stamped", async || {
        count(stamped).await == 0
    })
    .await;
    live.until_seq(count(seq).await).await;
    live.assert_gapless();
    let leaves = "SELECT count(*) FROM audit_leaves";
    let last = live.last_seq();
    until("every event in the audit log", async || {
        count(leaves).await >= last
    })
    .await;
    let verified = desk.run(&["audit", "verify"]).await;
    assert!(verified.success, "{}", verified.text());
}

async fn a_process_that_is_asked_to_end_finishes_its_work(column: Column) {
    let mut desk = Desk::start(column, "asked-to-end", Plan::default()).await;
    let agent = desk.agent(1).await;
    let mut live = agent.watch().await;
    agent.online().await;
    desk.write(WHATSAPP, "15550100071", Content::text("Are you there?"));
    let conversation = agent.take_next(&mut live).await;

    begin_a_slow_reply(&desk, &agent, &mut live, &conversation, 3_000).await;
    let url = desk.url("ingestion");
    desk.signal("ingestion", Signal::TERM);
    until("it to take no more", async || !is_ready(&url).await).await;
    assert!(
        desk.process_mut("ingestion").is_running(),
        "a reply is under way"
    );
    let status = desk.process_mut("ingestion").ended().await;
    assert!(status.success(), "{status}");
    let sent = "SELECT count(*) FROM messages WHERE delivery = 'sent'";
    assert_eq!(desk.database.count(sent).await, 1, "the reply was finished");

    desk.restart("ingestion").await;
    agent.online().await;
    let mut live = agent.watch().await;
    begin_a_slow_reply(&desk, &agent, &mut live, &conversation, 30_000).await;
    let begun = Instant::now();
    desk.signal("ingestion", Signal::TERM);
    let url = desk.url("ingestion");
    until("it to take no more", async || !is_ready(&url).await).await;
    desk.signal("ingestion", Signal::TERM);
    desk.process_mut("ingestion").ended().await;
    // It drains for twenty seconds unless it is told twice.
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
}

/// Answers, and waits until the delivery is under way.
async fn begin_a_slow_reply(
    desk: &Desk,
    agent: &Agent,
    live: &mut Live,
    conversation: &Value,
    slow_ms: u64,
) {
    let chaos = Chaos {
        slow: Odds::times(1),
        slow_ms: (slow_ms, slow_ms),
        lose_receipt: 1.0.into(),
        ..Chaos::default()
    };
    desk.simulator.set_chaos(Some(WHATSAPP), chaos);
    agent.reply(conversation, "One moment.").await;
    // The claim is shown as soon as it is committed, and the call follows at once.
    live.until("the try", |event| event["kind"] == "delivery_changed")
        .await;
}

async fn is_ready(url: &str) -> bool {
    let answer = reqwest::get(format!("{url}/readyz")).await;
    answer.is_ok_and(|answer| answer.status().is_success())
}
