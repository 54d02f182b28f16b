//! Two processes that route, of which the active one is killed, over and over.

use crate::harness::{Column, Desk, Plan, Process, WHATSAPP, until};
use interdesk_simulator::Content;
use std::time::{Duration, Instant};

const ROUNDS: usize = 4;
const CUSTOMERS: usize = 12;
/// The broker sees the connection of a killed process end; the heartbeat would find it after twenty
/// seconds, and the sweep of the other after ten.
const AT_MOST: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn router_killed_between_claim_and_publish() {
    let plan = Plan {
        capacity: 500,
        ..Plan::default()
    };
    let mut desk = Desk::start(Column::Services, "two-routers", plan).await;
    let agent = desk.agent(1).await;
    let mut live = agent.watch().await;
    agent.online().await;
    let mut stand_by = stand_by(&desk).await;
    for round in 0..ROUNDS {
        for customer in 0..CUSTOMERS {
            let number = format!("155502{round:02}{customer:03}");
            desk.write(WHATSAPP, &number, Content::text("Anybody there?"));
        }
        // Some of it is claimed, and not all of that is published.
        let claimed = format!("SELECT count(*) - {} FROM offers", round * CUSTOMERS);
        until("the first claim", async || {
            desk.database.count(&claimed).await > 0
        })
        .await;
        desk.process_mut("routing").kill();
        let killed = Instant::now();
        let all = (round + 1) * CUSTOMERS;
        while live.count("offer_made") < all {
            live.until("an offer", |event| event["kind"] == "offer_made")
                .await;
        }
        assert!(killed.elapsed() < AT_MOST, "{:?}", killed.elapsed());
        // Who took over is the active one from now on, and the next to die.
        desk.put_process("routing", stand_by);
        stand_by = self::stand_by(&desk).await;
    }
    let count = async |query: &str| desk.database.count(query).await;
    let items = "SELECT count(*) FROM work_items WHERE state = 'offered'";
    assert_eq!(count(items).await, (ROUNDS * CUSTOMERS) as i64);
    let twice = "SELECT count(*) FROM (SELECT 1 FROM offers GROUP BY work_item_id
        HAVING count(*) > 1) AS doubled";
    assert_eq!(count(twice).await, 0, "every item is offered once");
    let told = "SELECT count(*) FROM (SELECT 1 FROM outbox WHERE kind = 'offer_made'
        GROUP BY body::jsonb #>> '{data,work_item}' HAVING count(*) > 1) AS doubled";
    assert_eq!(count(told).await, 0, "and told of once");
    let wrong = "SELECT count(*) FROM agent_loads l WHERE load <> (SELECT count(*) FROM offers o
        WHERE o.agent_id = l.agent_id AND o.state = 'pending')";
    assert_eq!(count(wrong).await, 0, "loads are what is held");
    let routers = "SELECT count(DISTINCT router_id) FROM decisions WHERE agent_id IS NOT NULL";
    assert!(count(routers).await > 1, "more than one router decided");
    assert_eq!(live.count("offer_made"), ROUNDS * CUSTOMERS);
    live.assert_gapless();
    let checked = desk.run(&["routing", "check"]).await;
    assert!(checked.success, "{}", checked.text());
}

/// Starts another process that routes; the broker lets it wait behind the active one.
async fn stand_by(desk: &Desk) -> Process {
    let program = desk
        .program(&["run", "routing"])
        .set("INTERDESK_HTTP_PORT", "0");
    let mut process = program.start();
    process.ready().await;
    process
}
