//! Ten shuffled copies of each webhook over eight connections: exactly one effect each.

use super::{Bench, load};
use crate::chance::Chance;
use crate::wire::Requests;
use anyhow::{Result, ensure};

const WEBHOOKS: i64 = 2_000;
const COPIES: usize = 10;
const CONNECTIONS: usize = 8;

/// What is in the database of messages with ids like `$1`: messages, different ids, events of
/// their arrival, different messages among these.
const EFFECTS: &str = "WITH m AS (SELECT id, provider_id FROM messages WHERE provider_id LIKE $1),
    e AS (SELECT o.body::jsonb -> 'data' ->> 'message' AS message FROM outbox o
        WHERE o.kind = 'message_received')
    SELECT (SELECT count(*) FROM m), (SELECT count(DISTINCT provider_id) FROM m),
        (SELECT count(*) FROM m JOIN e ON e.message = m.id::text),
        (SELECT count(DISTINCT e.message) FROM m JOIN e ON e.message = m.id::text)";

/// Sends the copies and counts their effects.
pub(super) async fn measure(bench: &mut Bench) -> Result<()> {
    let mut mailer = bench.mailer.clone().in_series("shuffled");
    let letters: Vec<Vec<u8>> = (0..WEBHOOKS)
        .map(|_| mailer.write(bench.crowd.next()).request)
        .collect();
    let mut order: Vec<usize> = (0..letters.len())
        .cycle()
        .take(letters.len() * COPIES)
        .collect();
    Chance::new(bench.options.seed).shuffle(&mut order);
    let mut requests = Requests::default();
    for number in order {
        requests.push(&letters[number]);
    }
    let outcome =
        load::closed_loop(bench.process.port, CONNECTIONS, requests, load::UNTIL_DONE).await?;
    outcome.all_taken()?;
    let client = bench.database.connect().await?;
    let row = client.query_one(EFFECTS, &[&"wamid.shuffled-%"]).await?;
    let effects: Vec<i64> = (0..4).map(|column| row.get(column)).collect();
    println!(
        "Shuffled: {} webhooks taken, {} messages and {} events of {WEBHOOKS}",
        outcome.taken, effects[0], effects[2]
    );
    ensure!(
        effects.iter().all(|count| *count == WEBHOOKS),
        "not one effect each: {effects:?}"
    );
    bench.summary.add(
        "ingest.shuffled_effects_ok",
        1.0,
        "2,000 webhooks, ten shuffled copies of each: one message and one event each",
    );
    Ok(())
}
