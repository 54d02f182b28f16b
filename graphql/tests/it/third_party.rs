//! Third-party apps in the combined list or in one of their own.

use crate::support::{Asked, Workspace};
use interdesk_domain::agent::Presence;
use interdesk_domain::permission::{Role, Viewer};
use serde_json::{Value, json};

const LIST: &str = "query($filter: ConversationFilter) {
    conversations(filter: $filter) { totalCount nodes { inbox { channel } } } }";
const CHOOSE: &str = "mutation($choice: ThirdPartyInbox, $all: Boolean) {
    thirdPartyInboxChoose(input: {choice: $choice, forWorkspace: $all}) {
        status refusal { code path } agent { thirdPartyInbox thirdPartyInboxIsOwn }
        workspace { thirdPartyInbox } } }";

/// A workspace with one conversation of its own app and two of WhatsApp.
async fn mixed(asked: &Asked) -> Workspace {
    let workspace = asked.workspace().await;
    let tenant = workspace.viewer.tenant;
    let whatsapp = asked.world.inbox(tenant, workspace.queue).await;
    let change = format!(
        "UPDATE inboxes SET channel = 'whatsapp' WHERE id = '{}'",
        whatsapp.0
    );
    asked.world.test.execute_as_owner(&change).await;
    let world = &asked.world;
    world
        .waiting_many(tenant, workspace.queue, whatsapp, 2)
        .await;
    workspace
}

/// Returns the channels of the list, after its count was found to agree with it.
async fn channels(asked: &Asked, viewer: &Viewer, filter: Value) -> Vec<String> {
    let list = asked.ask(viewer, LIST, json!({"filter": filter})).await;
    let nodes = list["conversations"]["nodes"].as_array().unwrap().clone();
    assert_eq!(list["conversations"]["totalCount"], nodes.len());
    let channel = |node: &Value| node["inbox"]["channel"].as_str().unwrap().to_owned();
    let mut channels: Vec<_> = nodes.iter().map(channel).collect();
    channels.sort();
    channels
}

async fn choose(asked: &Asked, viewer: &Viewer, choice: Value, all: bool) -> Value {
    let variables = json!({"choice": choice, "all": all});
    asked.ask(viewer, CHOOSE, variables).await["thirdPartyInboxChoose"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn third_party_apps_are_listed_with_all_or_apart_as_agent_and_workspace_choose() {
    let asked = Asked::fresh().await;
    let workspace = mixed(&asked).await;
    let viewer = workspace.viewer;
    let everything = ["WEBHOOK", "WHATSAPP", "WHATSAPP"];
    assert_eq!(channels(&asked, &viewer, json!({})).await, everything);

    let answer = choose(&asked, &viewer, json!("SEPARATE"), false).await;
    assert_eq!(answer["status"], "CHANGED");
    assert_eq!(
        answer["agent"],
        json!({"thirdPartyInbox": "SEPARATE", "thirdPartyInboxIsOwn": true})
    );
    assert_eq!(answer["workspace"]["thirdPartyInbox"], "COMBINED");
    assert_eq!(channels(&asked, &viewer, json!({})).await, ["WEBHOOK"]);
    let apart = json!({"view": "THIRD_PARTY"});
    assert_eq!(
        channels(&asked, &viewer, apart).await,
        ["WHATSAPP", "WHATSAPP"]
    );
    let all = json!({"view": "ALL"});
    assert_eq!(channels(&asked, &viewer, all).await, everything);
    let twice = choose(&asked, &viewer, json!("SEPARATE"), false).await;
    assert_eq!(twice["status"], "UNCHANGED");

    // Nobody else sees another list for it, until the workspace chooses.
    let colleague = asked.world.agent(viewer.tenant, 3).await;
    let joins = format!(
        "INSERT INTO team_members (tenant_id, team_id, agent_id)
         SELECT tenant_id, team_id, '{}' FROM queue_teams WHERE queue_id = '{}'",
        colleague.agent.0, workspace.queue.0
    );
    asked.world.test.execute_as_owner(&joins).await;
    assert_eq!(channels(&asked, &colleague, json!({})).await, everything);
    let refused = choose(&asked, &colleague, json!("SEPARATE"), true).await;
    assert_eq!(refused["status"], "NOT_ALLOWED");
    assert_eq!(refused["refusal"]["code"], "NOT_ALLOWED");
    let (role, presence) = (Role::Supervisor, Presence::Away);
    let supervisor = asked.world.person(viewer.tenant, role, presence, 3).await;
    let chosen = choose(&asked, &supervisor, json!("SEPARATE"), true).await;
    assert_eq!(chosen["status"], "CHANGED");
    assert_eq!(chosen["agent"]["thirdPartyInboxIsOwn"], false);
    assert_eq!(channels(&asked, &colleague, json!({})).await, ["WEBHOOK"]);
    // An own choice goes before the workspace's, and gives way to it when it is withdrawn.
    choose(&asked, &viewer, json!("COMBINED"), false).await;
    assert_eq!(channels(&asked, &viewer, json!({})).await, everything);
    choose(&asked, &viewer, json!(null), false).await;
    assert_eq!(channels(&asked, &viewer, json!({})).await, ["WEBHOOK"]);
    let events = "SELECT count(*) AS count FROM outbox WHERE kind = 'third_party_inbox_chosen'";
    assert_eq!(asked.world.test.count_as_owner(events).await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_changes_its_list_with_the_app_that_the_customer_goes_on_in() {
    let asked = Asked::fresh().await;
    let workspace = mixed(&asked).await;
    let viewer = workspace.viewer;
    choose(&asked, &viewer, json!("SEPARATE"), false).await;
    let moved = format!(
        "UPDATE conversations SET inbox_id = (SELECT id FROM inboxes WHERE channel = 'whatsapp'
            AND tenant_id = '{}') WHERE id = '{}'",
        viewer.tenant.0, workspace.conversation.0
    );
    asked.world.test.execute_as_owner(&moved).await;
    assert!(channels(&asked, &viewer, json!({})).await.is_empty());
    let apart = channels(&asked, &viewer, json!({"view": "THIRD_PARTY"})).await;
    assert_eq!(apart.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_a_view_hold_what_the_view_holds() {
    let asked = Asked::fresh().await;
    let workspace = mixed(&asked).await;
    let viewer = workspace.viewer;
    let document = "query($after: Cursor) { conversations(first: 1, after: $after,
        filter: {view: THIRD_PARTY}) { totalCount nodes { inbox { channel } }
        pageInfo { hasNextPage endCursor } } }";
    let mut after = Value::Null;
    let mut seen = 0;
    loop {
        let page = asked.ask(&viewer, document, json!({"after": after})).await;
        let page = &page["conversations"];
        assert_eq!(page["totalCount"], 2);
        assert_eq!(page["nodes"][0]["inbox"]["channel"], "WHATSAPP");
        seen += 1;
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(seen, 2);
}
