//! Faults have codes, and the fault of one field leaves the rest.

use crate::support::Asked;
use async_graphql::Request;
use interdesk_graphql::Limits;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_asked_to_sign_in_field_by_field() {
    let asked = Asked::fresh().await;
    let fields = [
        "me { id }",
        "conversations { nodes { id } }",
        "conversation(id: \"conv_x\") { id }",
        "offers { id }",
        "agents { id }",
        "queues { id }",
        "inboxes { id }",
        "node(id: \"x\") { id }",
        "nodes(ids: []) { id }",
    ];
    for field in fields {
        let code = asked.code(Request::new(format!("{{ {field} }}"))).await;
        assert_eq!(code, "UNAUTHENTICATED", "{field}");
    }
    let response = asked
        .schema
        .execute(Request::new("{ me { id } offers { id } }"))
        .await;
    assert_eq!(response.errors.len(), 2);
    assert_eq!(
        response.data.into_json().unwrap(),
        json!({"me": null, "offers": null})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_may_not_see_is_refused_however_it_is_asked_for() {
    let asked = Asked::fresh().await;
    let viewer = asked.workspace().await.viewer;
    let field = "auditEntries(first: 1) { totalCount }";
    for (document, key) in [
        (format!("{{ me {{ id }} {field} }}"), "auditEntries"),
        (format!("{{ me {{ id }} log: {field} }}"), "log"),
        (
            format!("{{ me {{ id }} ... on Query {{ {field} }} }}"),
            "auditEntries",
        ),
        (
            format!("{{ me {{ id }} ... {{ ... @include(if: true) {{ {field} }} }} }}"),
            "auditEntries",
        ),
        (
            format!(
                "query A {{ me {{ id }} ...Outer }} query B {{ me {{ id }} }}
                 fragment Outer on Query {{ ...Inner }} fragment Inner on Query {{ {field} }}"
            ),
            "auditEntries",
        ),
    ] {
        let mut request = asked.request(&viewer, &document, json!({}));
        if document.starts_with("query A") {
            request = request.operation_name("A");
        }
        let response = asked.schema.execute(request).await;
        let codes = response
            .errors
            .iter()
            .map(|error| error.extensions.as_ref());
        let codes: Vec<_> = codes
            .map(|one| one.and_then(|one| one.get("code")))
            .collect();
        assert_eq!(codes, [Some(&"FORBIDDEN".into())], "{document}");
        let shown = response.data.into_json().unwrap();
        assert_eq!(shown[key], json!(null), "{document}");
        assert_eq!(shown["me"]["id"], viewer.agent.to_string(), "{document}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_cursors_that_cannot_be_are_bad_input() {
    let asked = Asked::fresh().await;
    let viewer = asked.workspace().await.viewer;
    for arguments in [
        "first: 0",
        "first: 101",
        "last: -1",
        "first: 1, last: 1",
        "after: \"nonsense\"",
        "filter: {unassigned: true, assigneeId: \"agent_x\"}",
    ] {
        let document = format!("{{ conversations({arguments}) {{ nodes {{ id }} }} }}");
        let request = asked.request(&viewer, &document, json!({}));
        assert_eq!(asked.code(request).await, "BAD_INPUT", "{arguments}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_deep_or_too_costly_is_refused_before_it_runs() {
    let asked = Asked::with(Limits {
        depth: 4,
        cost: 100,
        ..Limits::default()
    })
    .await;
    let viewer = asked.workspace().await.viewer;
    let deep = "{ conversations(first: 1) { nodes { messages(first: 1) { nodes { id } } } } }";
    let request = asked.request(&viewer, deep, json!({}));
    assert_eq!(asked.code(request).await, "TOO_DEEP");
    let costly = "{ conversations(first: 100) { nodes { id status } } }";
    let request = asked.request(&viewer, costly, json!({}));
    assert_eq!(asked.code(request).await, "TOO_COSTLY");
    let cheap = asked.request(&viewer, "{ me { id } }", json!({}));
    let response = asked.schema.execute(cheap).await;
    assert!(response.extensions.contains_key("cost"), "{response:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_in_one_place_does_not_null_its_parent() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let broken = "UPDATE messages SET content = '{\"type\": \"riddle\"}'";
    asked.world.test.execute_as_owner(broken).await;
    let document =
        "query($id: ID!) { node(id: $id) { ... on Message { text content { __typename } } } }";
    let variables = json!({"id": workspace.message.to_string()});
    let request = asked.request(&workspace.viewer, document, variables);
    let response = asked.schema.execute(request).await;
    assert_eq!(crate::support::code(&response), "INTERNAL");
    assert!(
        !response.errors[0].message.contains("riddle"),
        "the reason stays hidden"
    );
    let expected = json!({"node": {"text": "good morning", "content": null}});
    assert_eq!(response.data.into_json().unwrap(), expected);
}
