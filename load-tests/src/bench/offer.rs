//! From a customer's first message to the offer on an agent's screen, at half of the load that the
//! desk can take.
//!
//! Messages are sent at fixed times, whether or not the earlier ones were answered, and the time
//! counts from when a message was due: a slow desk cannot hide behind a sender that waits for it.

use super::Bench;
use super::floor::Floor;
use crate::clock::now;
use crate::graphql::Agent;
use crate::wire::{Connection, Requests};
use anyhow::{Result, ensure};
use hdrhistogram::Histogram;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

const CONNECTIONS: usize = 64;

/// Which of the new customers an offer is about, when their message was taken and when it was offered,
/// in microseconds since 1970.
const WHO: &str = "SELECT s.seq, i.value,
        (extract(epoch FROM (SELECT min(m.stored_at) FROM messages m
            WHERE m.conversation_id = c.id AND m.direction = 'in')) * 1000000)::bigint,
        (extract(epoch FROM f.made_at) * 1000000)::bigint
    FROM event_seqs s
    JOIN outbox o ON o.pos = s.pos AND o.logged_at = s.logged_at
    JOIN offers f ON f.id = (o.body::jsonb -> 'data' ->> 'offer')::uuid
    JOIN conversations c ON c.id = (o.body::jsonb -> 'data' ->> 'conversation')::uuid
    JOIN identities i ON i.contact_id = c.contact_id AND i.namespace = 'phone'
    WHERE o.kind = 'offer_made' AND s.seq > $1";

/// Where it is measured.
pub(super) struct Place {
    /// What its numbers begin with.
    pub(super) name: &'static str,
    /// How the desk runs.
    pub(super) how: &'static str,
    /// Where webhooks go.
    pub(super) port: u16,
    /// Who watches.
    pub(super) agent: Agent,
}

/// Measures at `rate` messages per second.
pub(super) async fn measure(
    bench: &mut Bench,
    place: &Place,
    rate: f64,
    floor: Floor,
) -> Result<()> {
    bench.drain().await?;
    let plan = Plan::draw(bench, rate);
    let client = bench.database.connect().await?;
    let row = client
        .query_one("SELECT COALESCE(max(seq), 0)::bigint FROM event_seqs", &[])
        .await?;
    let last: i64 = row.get(0);
    let mut events = place.agent.subscribe(None, &["offer_made"]).await?;
    let expected = plan.newcomers.len();
    let Plan {
        requests,
        newcomers,
    } = plan;
    let began = Instant::now() + Duration::from_millis(100);
    let began_at = now().timestamp_micros() + 100_000;
    let sending = tokio::spawn(open_loop(place.port, requests, rate, began));
    let mut seen: HashMap<i64, i64> = HashMap::new();
    let most = Duration::from_secs(bench.options.seconds + 30);
    while seen.len() < expected && began.elapsed() < most {
        let Ok(event) = timeout(Duration::from_secs(10), events.next()).await else {
            break;
        };
        let event = event?;
        if event.kind == "offer_made" {
            seen.insert(event.seq as i64, now().timestamp_micros());
        }
    }
    let refused = sending.await??;
    let mut times = Times::new()?;
    for row in client.query(WHO, &[&last]).await? {
        let (seq, phone): (i64, String) = (row.get(0), row.get(1));
        let Some(number) = newcomers.get(phone.trim_start_matches('+')) else {
            continue;
        };
        let due = began_at + (*number as f64 / rate * 1_000_000.0) as i64;
        if let Some(at) = seen.get(&seq) {
            times.record([due, row.get(2), row.get(3), *at])?;
        }
    }
    println!(
        "Offers, {}: {} of {expected} seen ({} events) at {rate:.0} webhooks/s",
        place.how,
        times.all.len(),
        seen.len()
    );
    ensure!(refused == 0, "{refused} webhooks were refused");
    ensure!(
        times.all.len() as usize == expected,
        "some offers never became visible"
    );
    report(bench, place, rate, floor, &times);
    Ok(())
}

/// How long offers took, and their steps.
struct Times {
    all: Histogram<u64>,
    steps: [Histogram<u64>; 3],
}

impl Times {
    fn new() -> Result<Self> {
        let histogram = || Histogram::<u64>::new(3);
        Ok(Self {
            all: histogram()?,
            steps: [histogram()?, histogram()?, histogram()?],
        })
    }

    /// Takes the moments at which a message was due, taken, offered, and its offer seen.
    fn record(&mut self, at: [i64; 4]) -> Result<()> {
        let between = |from: usize, to: usize| (at[to] - at[from]).max(0).unsigned_abs();
        self.all.record(between(0, 3))?;
        for (place, step) in self.steps.iter_mut().enumerate() {
            step.record(between(place, place + 1))?;
        }
        Ok(())
    }
}

fn report(bench: &mut Bench, place: &Place, rate: f64, floor: Floor, times: &Times) {
    let ms = |histogram: &Histogram<u64>, quantile| {
        histogram.value_at_quantile(quantile) as f64 / 1_000.0
    };
    let what = format!(
        "from a new customer's webhook to the offer on the subscription, {}, at {rate:.0} webhooks/s \
         of which {} % open a conversation, half of them within, ms",
        place.how, bench.options.new_percent
    );
    let mut add = |name: &str, value: f64, what: &str| {
        let name = format!("{}.{name}", place.name);
        bench.summary.add(&name, value, what);
    };
    add("rate", rate, "webhooks per second during the next ones");
    add("p50_ms", ms(&times.all, 0.5), &what);
    let p99 = ms(&times.all, 0.99);
    add("p99_ms", p99, "99 of 100 of them within, ms");
    add(
        "p99_floors",
        p99 / floor.ms(),
        "that by the floor (target: at most 25)",
    );
    let steps = [
        (
            "taken",
            "of it from when it was due until its batch is written",
        ),
        (
            "offered",
            "from there until a router offers it: commit, relay, bus, decision",
        ),
        (
            "shown",
            "from there until the offer is seen: commit, relay, bus, subscription",
        ),
    ];
    for (step, (name, what)) in times.steps.iter().zip(steps) {
        add(
            &format!("{name}_p50_ms"),
            ms(step, 0.5),
            &format!("{what}, half within, ms"),
        );
        add(
            &format!("{name}_p99_ms"),
            ms(step, 0.99),
            "99 of 100 within, ms",
        );
    }
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
