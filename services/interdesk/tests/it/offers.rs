//! Who gets what is offered.

use crate::harness::{Column, Desk, Plan, WHATSAPP, until};
use crate::stories;
use interdesk_simulator::Content;
use serde_json::{Value, json};

stories!(
    a_declined_offer_goes_to_the_next_agent,
    an_expired_offer_goes_to_the_next_agent,
    of_those_who_reach_for_an_offer_one_gets_it,
);

async fn a_declined_offer_goes_to_the_next_agent(column: Column) {
    let plan = Plan {
        agents: 2,
        ..Plan::default()
    };
    let desk = Desk::start(column, "declined", plan).await;
    let agents = [desk.agent(1).await, desk.agent(2).await];
    let mut live = agents[0].watch().await;
    for agent in &agents {
        agent.online().await;
    }
    desk.write(WHATSAPP, "15550100021", Content::text("Anybody there?"));
    let first = live.until("an offer", is_offer).await;
    let second_agent = other(&agents, &first).await;
    let declined = agents[1 - second_agent]
        .decline(&first["offer"]["id"])
        .await;
    assert_eq!(declined["status"], "DECLINED", "{declined}");

    let second = live.until("the next offer", is_offer).await;
    assert_ne!(second["offer"]["agent"], first["offer"]["agent"]);
    let accepted = agents[second_agent].accept(&second["offer"]["id"]).await;
    assert_eq!(accepted["status"], "ACCEPTED", "{accepted}");
    let late = agents[1 - second_agent].accept(&first["offer"]["id"]).await;
    assert_eq!(late["refusal"]["code"], "OFFER_DECLINED", "{late}");
}

async fn an_expired_offer_goes_to_the_next_agent(column: Column) {
    let plan = Plan {
        agents: 2,
        offer_seconds: 2,
        ..Plan::default()
    };
    let desk = Desk::start(column, "expired", plan).await;
    let agents = [desk.agent(1).await, desk.agent(2).await];
    let mut live = agents[0].watch().await;
    for agent in &agents {
        agent.online().await;
    }
    desk.write(WHATSAPP, "15550100022", Content::text("Anybody there?"));
    let first = live.until("an offer", is_offer).await;
    live.until("its end", |event| event["kind"] == "offer_expired")
        .await;
    let second = live.until("the next offer", is_offer).await;
    assert_ne!(second["offer"]["agent"], first["offer"]["agent"]);
    let late = &agents[1 - other(&agents, &first).await];
    let refused = late.accept(&first["offer"]["id"]).await;
    assert_eq!(refused["status"], "EXPIRED", "{refused}");
    assert_eq!(refused["refusal"]["code"], "OFFER_EXPIRED", "{refused}");
    assert_eq!(refused["refusal"]["path"], json!(["input", "offerId"]));
}

async fn of_those_who_reach_for_an_offer_one_gets_it(column: Column) {
    let plan = Plan {
        agents: 2,
        ..Plan::default()
    };
    let desk = Desk::start(column, "race", plan).await;
    let agents = [desk.agent(1).await, desk.agent(2).await];
    let mut live = agents[0].watch().await;
    agents[0].online().await;
    for customer in 0..4 {
        let number = format!("1555010003{customer}");
        desk.write(WHATSAPP, &number, Content::text("Anybody there?"));
    }
    for _ in 0..4 {
        let event = live.until("an offer", is_offer).await;
        let offer = &event["offer"]["id"];
        let [mine, again, theirs] = [&agents[0], &agents[0], &agents[1]];
        let (first, second, foreign) = tokio::join!(
            mine.accept(offer),
            again.accept(offer),
            theirs.accept(offer)
        );
        let mut outcomes = [text(&first), text(&second)];
        outcomes.sort_unstable();
        assert_eq!(outcomes, ["ACCEPTED", "ALREADY_ACCEPTED"]);
        assert_eq!(foreign["refusal"]["code"], "NOT_FOUND", "{foreign}");
    }
    until("the load to be counted", async || {
        let held = "SELECT count(*) FROM work_items WHERE state = 'active'";
        desk.database.count(held).await == 4
    })
    .await;
    assert_eq!(live.count("offer_made"), 4);
    assert_eq!(live.count("offer_rescinded"), 0);
}

fn is_offer(event: &Value) -> bool {
    event["kind"] == "offer_made"
}

fn text(payload: &Value) -> &str {
    payload["status"].as_str().expect("a status")
}

/// The agent whom an offer is not for.
async fn other(agents: &[crate::harness::Agent; 2], event: &Value) -> usize {
    let me = agents[0].ask("{ me { id } }", json!({})).await;
    usize::from(me["me"]["id"] == event["offer"]["agent"]["id"])
}
