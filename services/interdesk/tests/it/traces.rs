//! One trace from the customer's webhook to the agent's screen and back to the customer.

use crate::harness::{Collector, Column, Desk, PATIENCE, Plan, Span, WHATSAPP, until, whatsapp};
use crate::stories;
use interdesk_simulator::{Chaos, Customer, whatsapp as graph};
use serde_json::json;
use std::time::{Duration, Instant};

stories!(a_message_and_its_answer_are_one_trace);

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
/// The span of the sender, which lies outside the desk.
const SENDER: &str = "00f067aa0ba902b7";

async fn a_message_and_its_answer_are_one_trace(column: Column) {
    let collector = Collector::start();
    let plan = Plan::default()
        .set("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
        .set("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")
        .set("OTEL_BSP_SCHEDULE_DELAY", "200");
    let desk = Desk::start(column, "traces", plan).await;
    let agent = desk.agent(1).await;
    let mut live = agent.watch().await;
    agent.online().await;

    // A receipt has a trace of its own, the provider's.
    let chaos = Chaos {
        lose_receipt: 1.0.into(),
        ..Chaos::default()
    };
    desk.simulator.set_chaos(None, chaos);
    routing_rests(&desk).await;
    write(&desk).await;
    let offered = live
        .until("an offer", |event| event["kind"] == "offer_made")
        .await;
    let shown = offered["traceparent"].as_str().expect("a traceparent");
    assert_eq!(
        shown.split('-').nth(1),
        Some(TRACE),
        "the agent sees the trace"
    );
    let accepted = agent.accept(&offered["offer"]["id"]).await;
    let conversation = accepted["conversation"]["id"].clone();

    // The agent's program goes on where the event came from.
    let input = json!({ "conversationId": conversation, "content": { "text": "It is here." } });
    let reply = agent.reply_with(Some(shown), None, input).await;
    let sent = live.until_delivery(&reply["message"]["id"], "SENT").await;
    let shown = sent["traceparent"].as_str().expect("a traceparent");
    assert_eq!(shown.split('-').nth(1), Some(TRACE));

    let links = [
        ("webhook", "ingestion"),
        ("route", "routing"),
        ("process live", "agent"),
        ("graphql", "agent"),
        ("process delivery", "ingestion"),
    ];
    let spans = whole(&collector, &links).await;
    let delivery = spans.iter().find(|span| span.name == "process delivery");
    let path = path(&spans, delivery.expect("it is there"));
    assert!(path.contains(&"graphql"), "{path:?}");
    assert!(path.contains(&"route"), "{path:?}");
    assert_eq!(path.last(), Some(&"webhook"), "{path:?}");
    collector.stop().await;
}

/// Waits until the trace has every link and hangs together.
async fn whole(collector: &Collector, links: &[(&str, &str)]) -> Vec<Span> {
    let end = Instant::now() + PATIENCE;
    loop {
        let spans = collector.of(TRACE);
        let has = |(name, role): &&(&str, &str)| {
            let is_it =
                |span: &Span| span.name == *name && ["all", role].contains(&span.role.as_str());
            spans.iter().any(is_it)
        };
        let missing: Vec<_> = links.iter().filter(|link| !has(link)).collect();
        if missing.is_empty() && is_connected(&spans) {
            return spans;
        }
        assert!(Instant::now() < end, "missing {missing:?} in {spans:#?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until routing has dealt with the agent's coming: a pass that was begun for it would also
/// take what comes now, and would count it to the trace of its own reason.
async fn routing_rests(desk: &Desk) {
    let (mut seen, mut since) = (String::new(), Instant::now());
    until("routing to rest", async || {
        let page = reqwest::get(format!("{}/metrics", desk.url("routing"))).await;
        let page = page.expect("an answer").text().await.expect("text");
        let passes = page.lines().filter(|line| {
            line.starts_with("interdesk_route_seconds_count")
                || line.starts_with("interdesk_consumer_events_total{consumer=\"routing\"")
        });
        let passes: String = passes.collect();
        if passes != seen {
            (seen, since) = (passes, Instant::now());
        }
        !seen.is_empty() && since.elapsed() > Duration::from_millis(500)
    })
    .await;
}

async fn write(desk: &Desk) {
    let account = whatsapp(desk.webhook_url(WHATSAPP));
    let (customer, at) = (Customer::new("15550100091"), chrono::Utc::now());
    let body = graph::text_webhook(&account, &customer, "wamid.traced", "Is it here?", at);
    let sent = reqwest::Client::new()
        .post(&account.webhook_url)
        .header(
            "x-hub-signature-256",
            graph::sign(&account.app_secret, &body),
        )
        .header("traceparent", format!("00-{TRACE}-{SENDER}-01"))
        .body(body)
        .send()
        .await;
    assert_eq!(sent.expect("an answer").status(), 200);
}

/// Whether every span hangs on another or on the sender's.
fn is_connected(spans: &[Span]) -> bool {
    let known = |id: &str| id == SENDER || spans.iter().any(|span| span.id == id);
    spans.iter().all(|span| known(&span.parent))
}

/// The names from a span up to the one that the sender began.
fn path<'a>(spans: &'a [Span], from: &'a Span) -> Vec<&'a str> {
    let mut path = vec![from.name.as_str()];
    let mut parent = &from.parent;
    while let Some(span) = spans.iter().find(|span| span.id == *parent) {
        path.push(&span.name);
        parent = &span.parent;
    }
    path
}
