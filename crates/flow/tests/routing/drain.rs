//! How fast one router hands out what waits, beside PostgreSQL alone. By hand, as it takes a while and
//! wants the machine for itself:
//!
//! ```text
//! cargo test --release -p interdesk-flow --test routing drain -- --ignored --nocapture
//! ```

use crate::bench::Bench;
use interdesk_domain::id::{AgentId, TenantId};
use interdesk_flow::presence;
use std::process::Command;
use std::time::Instant;

const AGENTS: usize = 1_000;
const WAITING: usize = 10_000;
const CLIENTS: &str = "32";

/// Adds many agents at once, of whom everybody may hold ten units, in one team.
async fn crowd(bench: &Bench, tenant: TenantId) -> interdesk_domain::id::QueueId {
    let queue = bench.world.queue(tenant, &[]).await;
    let (of, at) = (tenant.0, bench.desk.now());
    bench
        .world
        .test
        .execute_as_owner(&format!(
            "INSERT INTO agents (id, tenant_id, email, name, role, presence, created_at)
             SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, '{of}',
                n || '@example.org', 'Agent ' || n, 'agent', 'online', '{at}'
             FROM generate_series(1, {AGENTS}) n;
             INSERT INTO agent_loads (agent_id, tenant_id, capacity, idle_since)
             SELECT id, tenant_id, 10, created_at FROM agents;
             INSERT INTO team_members (team_id, agent_id, tenant_id)
             SELECT t.id, a.id, t.tenant_id FROM teams t, agents a;
             ANALYZE"
        ))
        .await;
    for n in 1..=AGENTS as u128 {
        let id = uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + n);
        presence::seen(&bench.desk, AgentId(id)).await;
    }
    queue
}

/// Lets pgbench insert a row and a row of a log per transaction; returns transactions per second.
async fn yardstick(bench: &Bench) -> f64 {
    bench
        .world
        .test
        .execute_as_owner(
            "CREATE TABLE yard (id uuid PRIMARY KEY, body text NOT NULL, at timestamptz NOT NULL);
             CREATE TABLE yard_log (pos bigserial PRIMARY KEY, body text NOT NULL)",
        )
        .await;
    let script = std::env::temp_dir().join(format!("interdesk-yard-{}.sql", std::process::id()));
    let body = "Where is my parcel? ".repeat(15);
    let insert = format!(
        "BEGIN;\nINSERT INTO yard VALUES (gen_random_uuid(), '{body}', now());\n\
         INSERT INTO yard_log (body) VALUES ('{body}');\nCOMMIT;\n"
    );
    std::fs::write(&script, insert).unwrap();
    let url = bench.world.test.owner_url.clone();
    let path = script.clone();
    let run = move || {
        Command::new("pgbench")
            .args([
                "-n", "-M", "prepared", "-j", "2", "-c", CLIENTS, "-T", "8", "-f",
            ])
            .arg(&path)
            .arg(&url)
            .output()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap().unwrap();
    std::fs::remove_file(&script).unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let rate = text.lines().find_map(|line| line.strip_prefix("tps = "));
    let rate = rate.and_then(|line| line.split_whitespace().next());
    rate.unwrap_or_else(|| panic!("pgbench told no rate: {text}"))
        .parse()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures; by the command above"]
async fn a_thousand_agents_come_free_at_once_beside_ten_thousand_waiting() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let queue = crowd(&bench, tenant).await;
    let inbox = bench.world.inbox(tenant, queue).await;
    bench
        .world
        .waiting_many(tenant, queue, inbox, WAITING)
        .await;
    let began = Instant::now();
    let mut router = bench.router(tenant).await;
    let opened = began.elapsed();
    let began = Instant::now();
    let passed = bench.settle(&mut router).await;
    let took = began.elapsed();
    assert_eq!(passed.offered, WAITING);
    bench.prove_loads().await;
    let rate = WAITING as f64 / took.as_secs_f64();
    let yard = yardstick(&bench).await;
    println!("opened in {opened:?}; {WAITING} offers committed in {took:?}");
    println!(
        "{rate:.0} assignments/s beside {yard:.0} transactions/s: {:.2} of it (target 0.3)",
        rate / yard
    );
}
