//! What the desk tells about itself, and what it never tells.

use crate::harness::{Column, Desk, Plan, SECRETS, WHATSAPP, until};
use crate::{stories, whole_way};
use serde_json::Value;

stories!(
    every_role_tells_its_health_and_its_steps,
    the_logs_hold_no_words_no_numbers_and_no_secrets,
);

/// What moves while a message goes its way, and in which role.
const STEPS: [(&str, &str); 9] = [
    ("ingestion", "interdesk_webhooks_total"),
    ("ingestion", "interdesk_receive_batch_size_count"),
    ("ingestion", "interdesk_receive_seconds_count"),
    ("ingestion", "interdesk_deliveries_total"),
    ("routing", "interdesk_route_decisions_total"),
    ("routing", "interdesk_offers_total"),
    ("agent", "interdesk_offers_total"),
    ("audit", "interdesk_audit_leaves_total"),
    ("audit", "interdesk_consumer_events_total"),
];

async fn every_role_tells_its_health_and_its_steps(column: Column) {
    let desk = Desk::start(column, "health", Plan::default()).await;
    for role in desk.roles() {
        let url = desk.url(role);
        assert_eq!(get(&url, "livez").await.0, 200, "{role}");
        let (status, ready) = get(&url, "readyz").await;
        assert_eq!(status, 200, "{role}: {ready}");
        let ready: Value = serde_json::from_str(&ready).expect("JSON");
        assert_eq!(ready["ready"], true, "{role}: {ready}");
        let (status, _) = get(&url, "metrics").await;
        assert_eq!(status, 200, "{role}");
    }
    let agent = desk.agent(1).await;
    let mut live = agent.watch().await;
    agent.online().await;
    whole_way::converse(&desk, &agent, &mut live, WHATSAPP, "15550100081").await;
    for (role, name) in STEPS {
        until(&format!("{name} to move in {role}"), async || {
            metric(&get(&desk.url(role), "metrics").await.1, name) > 0.0
        })
        .await;
    }
    until("one relay to have published", async || {
        let mut published = 0.0;
        for role in desk.roles() {
            let page = get(&desk.url(role), "metrics").await.1;
            published += metric(&page, "interdesk_events_published_total");
        }
        published > 0.0
    })
    .await;
}

async fn the_logs_hold_no_words_no_numbers_and_no_secrets(column: Column) {
    let password = Some("correct-horse-battery");
    let plan = Plan {
        password,
        ..Plan::default()
    };
    let plan = plan.set("INTERDESK_TELEMETRY_LOG_FILTER", "info,interdesk=debug");
    let desk = Desk::start(column, "silence", plan).await;
    let agent = desk.sign_in(1, "correct-horse-battery").await;
    let mut live = agent.watch().await;
    agent.online().await;
    let (_, message) = whole_way::converse(&desk, &agent, &mut live, WHATSAPP, "15550100082").await;
    live.until_delivery(&message, "READ").await;
    let refused = reqwest::Client::new()
        .post(desk.webhook_url(WHATSAPP))
        .header("x-hub-signature-256", "sha256=00")
        .body("Where is my parcel?")
        .send()
        .await;
    assert_eq!(refused.expect("an answer").status(), 401);

    let token = agent.token.clone();
    let signature = token.rsplit('.').next().expect("a signature").to_owned();
    let mut never = vec![
        "Where is my parcel".to_owned(),
        "On its way to".to_owned(),
        "15550100082".to_owned(),
        "agent1@example.org".to_owned(),
        "correct-horse-battery".to_owned(),
        "BwcHBwcH".to_owned(),
        token,
        signature,
    ];
    never.extend(SECRETS.map(str::to_owned));
    let logs = desk.logs();
    assert!(
        logs.iter().any(|(_, text)| !text.is_empty()),
        "nothing is logged at all"
    );
    for (file, text) in &logs {
        for word in &never {
            assert!(!text.contains(word.as_str()), "{file} holds {word:?}");
        }
    }
}

async fn get(url: &str, page: &str) -> (u16, String) {
    let answer = reqwest::get(format!("{url}/{page}"))
        .await
        .expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("text"))
}

/// The sum of a metric over its labels.
fn metric(page: &str, name: &str) -> f64 {
    let lines = page.lines().filter(|line| {
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with([' ', '{']))
    });
    lines
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}
