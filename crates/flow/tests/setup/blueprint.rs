//! A workspace that is set up from a file works as the file says.

use crate::bench::Bench;
use interdesk_domain::id::TenantId;
use interdesk_domain::policy::{Document, PolicyKind};
use interdesk_domain::scope::TenantScope;
use interdesk_flow::provision::{Blueprint, ProvisionError, provision};
use interdesk_store::vault::Vault;
use interdesk_store::{policies, routing, skills, workspace};
use serde_json::{Value, json};

/// Thirty-two bytes of zero.
const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn plan() -> Value {
    let path = "../../services/interdesk/src/demo/workspace.json";
    let text = std::fs::read_to_string(path).unwrap();
    let people = ["agent1", "agent2", "supervisor"].map(|name| {
        json!({"email": format!("{name}@example.org"), "name": name, "password": null,
            "role": "agent", "teams": ["Care", "Specialists"]})
    });
    json!({"slug": "planned", "name": "Planned", "agents": people, "inboxes": [],
        "queues": [{"name": "Support", "teams": ["Care"]},
            {"name": "Billing", "teams": ["Care", "Specialists"]}],
        "workspace": serde_json::from_str::<Value>(&text).unwrap()})
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_workspace_has_all_that_it_says() {
    let bench = Bench::fresh().await;
    let vault = Vault::parse(KEY).unwrap();
    let blueprint: Blueprint = serde_json::from_value(plan()).unwrap();
    let made = provision(&bench.desk, &vault, &blueprint).await.unwrap();
    let tenant: TenantId = made.tenant.parse().unwrap();
    let scope = TenantScope::new(tenant);
    let transaction = bench.desk.database.begin(scope).await.unwrap();
    for (kind, count) in [
        (PolicyKind::Schedule, 1),
        (PolicyKind::Queue, 2),
        (PolicyKind::Rules, 1),
        (PolicyKind::Sla, 1),
    ] {
        let found = policies::list_active(&transaction, scope, kind, bench.desk.now()).await;
        let found = found.unwrap();
        assert_eq!(found.len(), count, "{kind:?}");
        for active in found {
            let read = Document::read(kind, &active.body).unwrap();
            assert!(read.faults(active.id).is_empty(), "{kind:?}");
        }
    }
    assert_eq!(
        skills::list_all(&transaction, scope).await.unwrap().len(),
        5
    );
    let profiles = workspace::list_profiles(&transaction, scope).await.unwrap();
    let agents: Vec<_> = profiles.iter().map(|one| one.id).collect();
    let ranks = routing::list_memberships(&transaction, scope, &agents).await;
    let ranks = ranks.unwrap();
    assert!(ranks.iter().any(|one| one.rank == 1), "{ranks:?}");
    let of_calls = profiles.iter().filter(|one| one.capacity().most.call == 1);
    assert_eq!(of_calls.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blueprint_that_names_nothing_sets_up_nothing() {
    let bench = Bench::fresh().await;
    let vault = Vault::parse(KEY).unwrap();
    let mut plan = plan();
    plan["workspace"]["rules"][1]["then"]["queue"] = "Nowhere".into();
    let blueprint: Blueprint = serde_json::from_value(plan).unwrap();
    let refused = provision(&bench.desk, &vault, &blueprint)
        .await
        .unwrap_err();
    assert!(
        matches!(&refused, ProvisionError::UnknownName { kind: "queue", .. }),
        "{refused}"
    );
    let query = "SELECT count(*) FROM tenants WHERE slug = 'planned'";
    assert_eq!(bench.world.test.count_as_owner(query).await, 0);
}
