//! Why work went where it went, in words and in data, for who may know it.

use crate::support::Asked;
use chrono::Duration;
use interdesk_domain::agent::Presence;
use interdesk_domain::id::*;
use interdesk_domain::permission::{Role, Viewer};
use interdesk_domain::scope::TenantScope;
use interdesk_flow::route::{self, Reasons};
use serde_json::{Value, json};

const WHY: &str = "query($id: ID!, $agent: ID!, $at: DateTime) { node(id: $id) { ... on WorkItem {
    whyAssigned(at: $at) { text decidedAt holds tier winner { id } unlisted
        candidates { agent { id } } excluded { reason agent { id } } }
    whyWaiting(at: $at) { text holds winner { id } excluded { reason agent { id } } }
    whyNot(agentId: $agent, at: $at) { status reason text }
    queuePosition expectedWait { p50 p90 p50Seconds p90Seconds } } } }";

/// A team of one agent with room for one, whose supervisor is away; two work items.
struct Team {
    asked: Asked,
    tenant: TenantId,
    agent: Viewer,
    supervisor: Viewer,
    items: Vec<WorkItemId>,
}

impl Team {
    async fn at_work() -> Self {
        let asked = Asked::fresh().await;
        let world = &asked.world;
        let tenant = world.tenant().await;
        let agent = world.agent(tenant, 1).await;
        let supervisor = world
            .person(tenant, Role::Supervisor, Presence::Away, 3)
            .await;
        let queue = world.queue(tenant, &[agent.agent, supervisor.agent]).await;
        let lease = std::time::Duration::from_secs(3_600);
        asked.desk.cache.touch(agent.agent, lease).await.unwrap();
        let inbox = world.inbox(tenant, queue).await;
        let mut items = Vec::new();
        for _ in 0..2 {
            let made = world.waiting_many(tenant, queue, inbox, 1).await.remove(0);
            items.push(made.work_item);
            world.clock.advance(Duration::seconds(5));
        }
        let team = Self {
            asked,
            tenant,
            agent,
            supervisor,
            items,
        };
        team.hand_out().await;
        team
    }

    async fn hand_out(&self) {
        let reasons = Reasons::from(interdesk_flow::Context::system(None, None));
        let scope = TenantScope::new(self.tenant);
        route::pass(&self.asked.desk, scope, &reasons)
            .await
            .unwrap();
    }

    async fn why(&self, viewer: &Viewer, item: usize, about: AgentId, at: Value) -> Value {
        let variables =
            json!({"id": self.items[item].to_string(), "agent": about.to_string(), "at": at});
        self.asked.ask(viewer, WHY, variables).await["node"].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_reads_who_got_it_who_could_not_and_what_waits_for_how_long() {
    let team = Team::at_work().await;
    let (agent, supervisor) = (team.agent.agent, team.supervisor.agent);
    let given = team.why(&team.supervisor, 0, supervisor, Value::Null).await;
    let why = &given["whyAssigned"];
    assert_eq!(why["winner"]["id"], agent.to_string());
    assert_eq!(
        (&why["holds"], &why["tier"]),
        (&json!(true), &json!("LIVE"))
    );
    let text = why["text"].as_str().unwrap();
    assert!(
        text.starts_with("Agent got it: the only one who could (idle longest"),
        "{text}"
    );
    assert!(text.contains("1 not online"), "{text}");
    assert_eq!(
        why["excluded"],
        json!([{"reason": "NOT_ONLINE", "agent": {"id": supervisor.to_string()}}])
    );
    assert_eq!(given["whyWaiting"], Value::Null);
    assert_eq!(given["whyNot"]["status"], "COULD_NOT");
    assert_eq!(
        given["whyNot"]["text"],
        "Agent could not have it: they are away."
    );
    assert_eq!(given["queuePosition"], Value::Null);

    let waits = team.why(&team.supervisor, 1, agent, Value::Null).await;
    assert_eq!(waits["whyAssigned"], Value::Null);
    let text = waits["whyWaiting"]["text"].as_str().unwrap();
    assert!(
        text.starts_with("It waits because nobody could have it."),
        "{text}"
    );
    assert_eq!(waits["whyWaiting"]["winner"], Value::Null);
    assert_eq!(waits["whyNot"]["reason"], "AT_CAPACITY");
    let text = &waits["whyNot"]["text"];
    assert_eq!(
        *text,
        "Agent could not have it: they hold 1 of 1 units, and it takes 1."
    );
    assert_eq!(waits["queuePosition"], 1);
    let expected = &waits["expectedWait"];
    let (half, most) = (
        expected["p50Seconds"].as_i64().unwrap(),
        expected["p90Seconds"].as_i64().unwrap(),
    );
    assert!(0 < half && half < most, "{expected}");
    let (half, most) = (expected["p50"].as_str(), expected["p90"].as_str());
    assert!(
        half.is_some_and(|text| text.starts_with("PT")),
        "{expected}"
    );
    assert_ne!(half, most, "{expected}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_past_moment_is_answered_by_what_was_stored_then() {
    let team = Team::at_work().await;
    let then = team.asked.desk.now().to_rfc3339();
    let before = (team.asked.desk.now() - Duration::days(1)).to_rfc3339();
    team.asked.world.clock.advance(Duration::minutes(10));
    // The agent has room now, so that the second item would go to them.
    let of = team.agent.agent.0;
    let freed = format!("UPDATE agent_loads SET capacity = 5 WHERE agent_id = '{of}'");
    team.asked.world.test.execute_as_owner(&freed).await;
    team.hand_out().await;
    let agent = team.agent.agent;
    let now = team.why(&team.supervisor, 1, agent, Value::Null).await;
    assert_eq!(now["whyAssigned"]["winner"]["id"], agent.to_string());
    assert_eq!(now["whyNot"]["status"], "GOT");
    let past = team.why(&team.supervisor, 1, agent, json!(then)).await;
    assert_eq!(past["whyAssigned"], Value::Null);
    assert_eq!(past["whyNot"]["reason"], "AT_CAPACITY");
    assert!(past["whyWaiting"]["text"].is_string());
    let unknown = team.why(&team.supervisor, 1, agent, json!(before)).await;
    assert_eq!(unknown["whyWaiting"], Value::Null);
    assert_eq!(unknown["whyNot"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_reads_the_words_about_their_own_work_and_nothing_of_colleagues() {
    let team = Team::at_work().await;
    let other = team.asked.world.agent(team.tenant, 1).await;
    let own = team
        .why(&team.agent, 0, team.agent.agent, Value::Null)
        .await;
    assert!(own["whyAssigned"]["text"].is_string());
    assert_eq!(own["whyAssigned"]["candidates"], Value::Null);
    assert_eq!(own["whyAssigned"]["excluded"], Value::Null);
    assert_eq!(own["whyNot"]["status"], "GOT");
    let about = team
        .why(&team.agent, 0, team.supervisor.agent, Value::Null)
        .await;
    assert_eq!(about["whyNot"], Value::Null);
    let foreign = team.why(&other, 0, other.agent, Value::Null).await;
    assert_eq!(foreign["whyAssigned"], Value::Null);
    assert_eq!(foreign["whyNot"], Value::Null, "they do not see the work");
    let waits = team.why(&other, 1, other.agent, Value::Null).await;
    assert_eq!(waits["whyWaiting"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_workspace_reads_nothing_of_it() {
    let team = Team::at_work().await;
    let tenant = team.asked.world.tenant().await;
    let stranger = team
        .asked
        .world
        .person(tenant, Role::Supervisor, Presence::Online, 3)
        .await;
    let read = team.why(&stranger, 0, team.agent.agent, Value::Null).await;
    assert_eq!(read, Value::Null);
    // Nor does a supervisor learn of a stranger by asking about their own work.
    let about = team
        .why(&team.supervisor, 0, stranger.agent, Value::Null)
        .await;
    assert_eq!(about["whyNot"], Value::Null);
}
