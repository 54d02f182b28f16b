//! A role shows conversations as far as it says, everywhere; and nobody hands out more than they have.

use crate::events::log_event;
use crate::support::{Asked, Workspace, operation};
use futures::StreamExt;
use interdesk_domain::agent::Presence;
use interdesk_domain::event::{Actor, AggregateKind, Event};
use interdesk_domain::id::ConversationId;
use interdesk_domain::permission::{Role, Viewer};
use serde_json::{Value, json};

const LIST: &str = "{ conversations { totalCount nodes { id } } }";

/// Two queues with a conversation each; the viewer of the workspace serves the first.
struct Two {
    asked: Asked,
    own: Workspace,
    foreign: ConversationId,
    admin: Viewer,
}

impl Two {
    async fn fresh() -> Self {
        let asked = Asked::fresh().await;
        let own = asked.workspace().await;
        let tenant = own.viewer.tenant;
        let colleague = asked.world.agent(tenant, 3).await;
        let queue = asked.world.queue(tenant, &[colleague.agent]).await;
        let foreign = asked.world.waiting(tenant, queue).await.conversation;
        let admin = asked
            .world
            .person(tenant, Role::Admin, Presence::Away, 3)
            .await;
        Self {
            asked,
            own,
            foreign,
            admin,
        }
    }

    async fn list(&self, viewer: &Viewer) -> Vec<String> {
        let answer = self.asked.ask(viewer, LIST, json!({})).await;
        let page = &answer["conversations"];
        let nodes = page["nodes"].as_array().unwrap();
        assert_eq!(
            page["totalCount"],
            nodes.len(),
            "what is counted is what is listed"
        );
        nodes
            .iter()
            .map(|node| node["id"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn assign(&self, conversation: ConversationId, viewer: &Viewer) {
        let statement = format!(
            "UPDATE conversations SET assignee_id = '{}' WHERE id = '{}'",
            viewer.agent.0, conversation.0
        );
        self.asked.world.test.execute_as_owner(&statement).await;
    }

    /// Makes a role and gives it to somebody; returns the status of either.
    async fn role(&self, permissions: &[&str], visibility: &str, to: &Viewer) -> (Value, Value) {
        let document = "mutation($name: String!, $p: [Permission!]!, $v: Visibility!) {
            roleCreate(input: {name: $name, permissions: $p, visibility: $v}) { status role { id } } }";
        let name = format!("{visibility} of {}", to.agent);
        let input = json!({"name": name, "p": permissions, "v": visibility});
        let made = self.asked.ask(&self.admin, document, input).await["roleCreate"].clone();
        let document = "mutation($agent: ID!, $role: ID!) { agentRoleSet(input: {agentId: $agent,
            role: CUSTOM, roleId: $role}) { status agent { role customRole { id } } } }";
        let input = json!({"agent": to.agent.to_string(), "role": made["role"]["id"]});
        let given = self.asked.ask(&self.admin, document, input).await["agentRoleSet"].clone();
        (made, given)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_sees_the_queues_that_they_serve_and_what_they_have() {
    let two = Two::fresh().await;
    let (viewer, foreign) = (two.own.viewer, two.foreign.to_string());
    assert_eq!(two.list(&viewer).await, [two.own.conversation.to_string()]);
    assert_eq!(two.list(&two.admin).await.len(), 2);
    let document = "query($id: ID!) { conversation(id: $id) { id } node(id: $id) { id }
        nodes(ids: [$id]) { id } }";
    let hidden = json!({"conversation": null, "node": null, "nodes": [null]});
    let id = json!({"id": foreign});
    assert_eq!(two.asked.ask(&viewer, document, id.clone()).await, hidden);
    for (field, document) in [
        (
            "messageReply",
            "mutation($id: ID!) { messageReply(input: {conversationId: $id,
            content: {text: \"hello\"}}) @idempotent(key: \"x\") { refusal { code } } }",
        ),
        (
            "conversationResolve",
            "mutation($id: ID!) { conversationResolve(input: {
            conversationId: $id}) { refusal { code } } }",
        ),
        (
            "conversationTyping",
            "mutation($id: ID!) { conversationTyping(input: {
            conversationId: $id}) { refusal { code } } }",
        ),
    ] {
        let answer = two.asked.ask(&viewer, document, id.clone()).await;
        assert_eq!(answer[field]["refusal"]["code"], "NOT_FOUND", "{field}");
    }
    two.assign(two.foreign, &viewer).await;
    assert_eq!(
        two.list(&viewer).await.len(),
        2,
        "what one has is seen in any queue"
    );
    let shown = two.asked.ask(&viewer, document, id).await;
    assert_eq!(shown["conversation"]["id"], foreign.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_of_ones_own_shows_as_far_as_it_says_from_the_next_request_on() {
    let two = Two::fresh().await;
    let viewer = two.own.viewer;
    // The one conversation of their queue is offered to them, so that they see it in any case.
    let (made, given) = two.role(&["CONVERSATIONS_READ"], "OWN", &viewer).await;
    assert_eq!(
        (&made["status"], &given["status"]),
        (&json!("CHANGED"), &json!("CHANGED"))
    );
    assert_eq!(given["agent"]["role"], "CUSTOM");
    assert_eq!(two.list(&viewer).await, [two.own.conversation.to_string()]);
    let free = "UPDATE work_items SET state = 'queued', agent_id = NULL;
        UPDATE offers SET state = 'expired'";
    two.asked.world.test.execute_as_owner(free).await;
    assert!(two.list(&viewer).await.is_empty(), "it is theirs no more");
    // A colleague of the same team has it.
    let colleague = two.asked.world.agent(viewer.tenant, 3).await;
    let join = format!(
        "INSERT INTO team_members (team_id, agent_id, tenant_id) SELECT team_id, '{}', tenant_id
         FROM team_members WHERE agent_id = '{}'",
        colleague.agent.0, viewer.agent.0
    );
    two.asked.world.test.execute_as_owner(&join).await;
    two.assign(two.own.conversation, &colleague).await;
    assert!(two.list(&viewer).await.is_empty());
    let wider = "mutation($id: ID!, $v: Visibility!) { roleUpdate(input: {roleId: $id,
        visibility: $v}) { status } }";
    let role = made["role"]["id"].clone();
    for (visibility, count) in [("TEAM", 1), ("QUEUE", 1), ("ALL", 2), ("OWN", 0)] {
        let input = json!({"id": role, "v": visibility});
        let changed = two.asked.ask(&two.admin, wider, input).await;
        assert_eq!(changed["roleUpdate"]["status"], "CHANGED");
        assert_eq!(two.list(&viewer).await.len(), count, "{visibility}");
    }
    let none = "mutation($id: ID!) { roleUpdate(input: {roleId: $id, permissions: [AGENTS_READ]})
        { status } }";
    two.asked.ask(&two.admin, none, json!({"id": role})).await;
    let request = two.asked.request(&viewer, LIST, json!({}));
    assert_eq!(two.asked.code(request).await, "FORBIDDEN");
    let retire = "mutation($id: ID!) { roleRetire(input: {roleId: $id}) { status } }";
    let held = two.asked.ask(&two.admin, retire, json!({"id": role})).await;
    assert_eq!(held["roleRetire"]["status"], "INVALID", "somebody has it");
}

#[tokio::test(flavor = "multi_thread")]
async fn live_events_show_what_the_lists_show() {
    let two = Two::fresh().await;
    let viewer = two.own.viewer;
    let request = two
        .asked
        .request(&viewer, &operation("DeskEvents"), json!({"after": null}));
    let mut live = two.asked.schema.execute_stream(request).boxed();
    let first = tokio::time::timeout(std::time::Duration::from_millis(500), live.next()).await;
    assert!(first.is_err(), "nothing happened yet");
    let (hidden, shown) = (two.foreign, two.own.conversation);
    for (seq, conversation) in [(1, hidden), (2, shown)] {
        let of = (AggregateKind::Conversation, conversation.0, Actor::System);
        let event = Event::ConversationHeld { conversation };
        log_event(&two.asked, viewer.tenant, seq, of, event).await;
    }
    two.asked.hub.rescan();
    let event = tokio::time::timeout(std::time::Duration::from_secs(10), live.next()).await;
    let event = event.expect("in time").unwrap().data.into_json().unwrap();
    assert_eq!(
        event["deskEvents"]["conversation"]["id"],
        shown.to_string(),
        "{event}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_hands_out_or_touches_more_than_they_have() {
    let two = Two::fresh().await;
    let tenant = two.own.viewer.tenant;
    let manager = two.asked.world.agent(tenant, 3).await;
    let own = [
        "AGENTS_MANAGE",
        "ROLES_MANAGE",
        "AGENTS_READ",
        "AGENTS_LEAD",
    ];
    let (_, given) = two.role(&own, "QUEUE", &manager).await;
    assert_eq!(given["status"], "CHANGED");
    let refused = |answer: &Value, field: &str| assert_eq!(answer[field]["status"], "NOT_ALLOWED");
    let more = "mutation { roleCreate(input: {name: \"more\", permissions: [AUDIT_READ],
        visibility: OWN}) { status } }";
    refused(
        &two.asked.ask(&manager, more, json!({})).await,
        "roleCreate",
    );
    let wider = "mutation { roleCreate(input: {name: \"wider\", permissions: [AGENTS_READ],
        visibility: ALL}) { status } }";
    refused(
        &two.asked.ask(&manager, wider, json!({})).await,
        "roleCreate",
    );
    let admin = two.admin.agent.to_string();
    let mine = manager.agent.to_string();
    let promote =
        "mutation($id: ID!) { agentRoleSet(input: {agentId: $id, role: ADMIN}) { status } }";
    refused(
        &two.asked.ask(&manager, promote, json!({"id": mine})).await,
        "agentRoleSet",
    );
    let demote =
        "mutation($id: ID!) { agentUpdate(input: {agentId: $id, disabled: true}) { status } }";
    refused(
        &two.asked.ask(&manager, demote, json!({"id": admin})).await,
        "agentUpdate",
    );
    let add = "mutation { agentAdd(input: {email: \"x@example.org\", name: \"x\", role: ADMIN,
        kind: PERSON}) { status } }";
    refused(&two.asked.ask(&manager, add, json!({})).await, "agentAdd");
    let less = "mutation { roleCreate(input: {name: \"less\", permissions: [AGENTS_READ],
        visibility: TEAM}) { status } }";
    let made = two.asked.ask(&manager, less, json!({})).await;
    assert_eq!(made["roleCreate"]["status"], "CHANGED");
    let last = "mutation($id: ID!) { agentRoleSet(input: {agentId: $id, role: AGENT}) { status } }";
    let kept = two.asked.ask(&two.admin, last, json!({"id": admin})).await;
    assert_eq!(kept["agentRoleSet"]["status"], "LAST_ADMIN");
}
