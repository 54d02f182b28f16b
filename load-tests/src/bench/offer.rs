//! From a customer's first message to the offer on an agent's screen, at half of the load that the
//! desk can take.
//!
//! Messages are sent at fixed times, whether or not the earlier ones were answered, and the time
//! counts from when a message was due: a slow desk cannot hide behind a sender that waits for it.

use super::Bench;
use crate::wire::{Connection, Requests};
use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

const CONNECTIONS: usize = 64;

/// Which of the new customers an offer is about.
const WHO: &str = "SELECT s.seq, i.value FROM event_seqs s
    JOIN outbox o ON o.pos = s.pos AND o.logged_at = s.logged_at
    JOIN conversations c ON c.id = (o.body::jsonb -> 'data' ->> 'conversation')::uuid
    JOIN identities i ON i.contact_id = c.contact_id AND i.namespace = 'phone'
    WHERE o.kind = 'offer_made' AND s.seq > $1";

/// Measures at `rate` messages per second.
pub(super) async fn measure(bench: &mut Bench, rate: f64) -> Result<()> {
    bench.drain().await?;
    let plan = Plan::draw(bench, rate);
    let client = bench.database.connect().await?;
    let row = client
        .query_one("SELECT COALESCE(max(seq), 0)::bigint FROM event_seqs", &[])
        .await?;
    let last: i64 = row.get(0);
    let agent = bench.agents.first().context("there is no agent")?;
    let mut events = agent.subscribe(None, &["offer_made"]).await?;
    let (port, expected) = (bench.process.port, plan.newcomers.len());
    let Plan {
        requests,
        newcomers,
    } = plan;
    let began = Instant::now() + Duration::from_millis(100);
    let sending = tokio::spawn(open_loop(port, requests, rate, began));
    let mut seen: HashMap<i64, Instant> = HashMap::new();
    let most = Duration::from_secs(bench.options.seconds + 30);
    while seen.len() < expected && began.elapsed() < most {
        let Ok(event) = timeout(Duration::from_secs(10), events.next()).await else {
            break;
        };
        let event = event?;
        if event.kind == "offer_made" {
            seen.insert(event.seq as i64, Instant::now());
        }
    }
    let refused = sending.await??;
    let mut latency = Histogram::<u64>::new(3)?;
    for row in client.query(WHO, &[&last]).await? {
        let (seq, phone): (i64, String) = (row.get(0), row.get(1));
        let Some(number) = newcomers.get(phone.trim_start_matches('+')) else {
            continue;
        };
        let due = began + Duration::from_secs_f64(*number as f64 / rate);
        if let Some(at) = seen.get(&seq) {
            latency.record(at.saturating_duration_since(due).as_micros() as u64)?;
        }
    }
    println!(
        "Offers: {} of {expected} seen at {rate:.0} webhooks/s",
        latency.len()
    );
    ensure!(refused == 0, "{refused} webhooks were refused");
    ensure!(
        latency.len() as usize == expected,
        "some offers never became visible"
    );
    report(bench, rate, &latency);
    Ok(())
}

fn report(bench: &mut Bench, rate: f64, latency: &Histogram<u64>) {
    let quantile = |quantile| latency.value_at_quantile(quantile) as f64 / 1000.0;
    let what = format!(
        "from a new customer's webhook to the offer on the subscription, at {rate:.0} webhooks/s \
         of which {} % open a conversation, half of them within, ms",
        bench.options.new_percent
    );
    bench.summary.add(
        "offer.rate",
        rate,
        "webhooks per second during the next two",
    );
    bench.summary.add("offer.p50_ms", quantile(0.5), &what);
    bench.summary.add(
        "offer.p99_ms",
        quantile(0.99),
        "99 of 100 of them within, ms",
    );
}

/// What is sent, and which of it opens a conversation.
struct Plan {
    requests: Requests,
    /// The number of the request with which each new customer, by telephone number, comes.
    newcomers: HashMap<String, usize>,
}

impl Plan {
    fn draw(bench: &mut Bench, rate: f64) -> Self {
        let total = (rate * bench.options.seconds as f64) as usize;
        let (mut requests, mut newcomers) = (Requests::default(), HashMap::new());
        let known = bench.crowd.new;
        for number in 0..total {
            let customer = bench.crowd.next();
            if customer > known {
                newcomers.insert(crate::mailer::phone(customer), number);
            }
            requests.push(&bench.mailer.write(customer).request);
        }
        Self {
            requests,
            newcomers,
        }
    }
}

/// Sends request `n` at `n / rate` seconds; gives how many were refused.
async fn open_loop(port: u16, requests: Requests, rate: f64, began: Instant) -> Result<u64> {
    let (requests, next) = (Arc::new(requests), Arc::new(AtomicUsize::new(0)));
    let refused = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let mut connection = Connection::open(port).await?;
        let (requests, next, refused) = (requests.clone(), next.clone(), refused.clone());
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, Relaxed);
                let Some(request) = requests.get(number) else {
                    return anyhow::Ok(());
                };
                sleep_until(began + Duration::from_secs_f64(number as f64 / rate)).await;
                if connection.send(request).await? != 200 {
                    refused.fetch_add(1, Relaxed);
                }
            }
        });
    }
    while let Some(task) = tasks.join_next().await {
        task??;
    }
    Ok(refused.load(Relaxed))
}
