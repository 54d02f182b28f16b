//! How queues stand now.

use crate::sla::{Promise, Told};
use crate::support::Asked;
use chrono::TimeDelta;
use interdesk_domain::agent::Presence;
use interdesk_domain::permission::Role;
use interdesk_domain::sla::{Party, What};
use serde_json::{Value, json};

const STATS: &str = "{ queues { id stats {
    waiting oldestWaitingSince oldestWaitMs asleep offered inWork wrappingUp
    capacity capacityUsed agents { presence agents capacity capacityUsed } atRisk breached } } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_tells_what_waits_who_is_there_and_which_promises_are_near_their_end() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let (tenant, queue, agent) = (
        workspace.viewer.tenant,
        workspace.queue,
        workspace.viewer.agent.0,
    );
    let promise = Promise::make(&asked, tenant).await;
    let made = asked
        .world
        .waiting_many(tenant, queue, workspace.inbox, 4)
        .await;
    let opened = What::Opened {
        by: Party::Customer,
    };
    for one in &made[..2] {
        let told = Told {
            conversation: one.conversation,
            episode: one.episode,
            queue,
            moments: &[(0, opened), (0, What::CustomerMessage), (0, What::Queued)],
        };
        promise.tell(&asked, &told).await;
    }
    // A colleague of the same team is away; somebody who left serves nothing.
    let away = asked.world.person(tenant, Role::Agent, Presence::Away, 4);
    let gone = asked.world.person(tenant, Role::Agent, Presence::Online, 9);
    let (away, gone) = (away.await.agent.0, gone.await.agent.0);
    let rows = format!(
        "INSERT INTO team_members (team_id, agent_id, tenant_id)
         SELECT team_id, a.id, tenant_id FROM team_members m,
            unnest(ARRAY['{away}'::uuid, '{gone}'::uuid]) AS a (id) WHERE m.agent_id = '{agent}';
         UPDATE agents SET disabled_at = now() WHERE id = '{gone}';
         UPDATE work_items SET not_before = queued_at + interval '5 hours' WHERE id = '{}';
         UPDATE work_items SET state = 'active', agent_id = '{agent}' WHERE id = '{}';
         UPDATE agent_loads SET load = 2 WHERE agent_id = '{agent}';",
        made[2].work_item.0, made[3].work_item.0
    );
    asked.world.test.execute_as_owner(&rows).await;
    asked.world.clock.advance(TimeDelta::minutes(50));
    let shown = asked.ask(&workspace.viewer, STATS, json!({})).await;
    let stats = &shown["queues"][0]["stats"];
    let counts = ["waiting", "asleep", "offered", "inWork", "wrappingUp"];
    let counts = counts.map(|name| stats[name].as_i64().unwrap());
    assert_eq!(counts, [2, 1, 1, 1, 0], "{stats}");
    assert_eq!(stats["oldestWaitMs"], 50 * 60_000);
    assert_eq!(
        (&stats["capacity"], &stats["capacityUsed"]),
        (&json!(3), &json!(2))
    );
    assert_eq!(
        stats["agents"],
        json!([
            { "presence": "AWAY", "agents": 1, "capacity": 4, "capacityUsed": 0 },
            { "presence": "ONLINE", "agents": 1, "capacity": 3, "capacityUsed": 2 },
        ])
    );
    assert_eq!(
        (&stats["atRisk"], &stats["breached"]),
        (&json!(2), &json!(0))
    );
    asked.world.clock.advance(TimeDelta::minutes(10));
    let shown = asked.ask(&workspace.viewer, STATS, json!({})).await;
    let stats = &shown["queues"][0]["stats"];
    assert_eq!(
        (&stats["atRisk"], &stats["breached"]),
        (&json!(0), &json!(2))
    );

    let other = asked.workspace().await;
    let shown = asked.ask(&other.viewer, STATS, json!({})).await;
    let foreign = &shown["queues"][0]["stats"];
    assert_eq!(
        (&foreign["waiting"], &foreign["offered"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(foreign["oldestWaitingSince"], Value::Null);
}
