//! No tenant sees another: every field of the schema's roots has a case, or this fails.

use crate::support::{Asked, Workspace};
use async_graphql::Request;
use interdesk_domain::id::{EpisodeId, EventId};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A field, a document over the other tenant's ids, and what the answer must be.
struct Case {
    field: &'static str,
    document: &'static str,
    expected: Value,
}

fn cases(own: &Workspace, other: &Workspace) -> Vec<(Case, Value)> {
    let case = |field, document, expected| Case {
        field,
        document,
        expected,
    };
    let with = |case: Case, variables: Value| (case, variables);
    let id = |id: &dyn std::fmt::Display| json!({"id": id.to_string()});
    let refused = |field: &str| json!({field: {"status": "NOT_FOUND"}});
    let ids = [
        other.viewer.agent.to_string(),
        other.queue.to_string(),
        other.inbox.to_string(),
        other.contact.to_string(),
        other.conversation.to_string(),
        other.message.to_string(),
        other.offer.to_string(),
        other.work_item.to_string(),
    ];
    let nothing = vec![Value::Null; ids.len()];
    let only = |id: String| json!([{"id": id}]);
    vec![
        with(
            case(
                "me",
                "{ me { id } }",
                json!({"me": {"id": own.viewer.agent.to_string()}}),
            ),
            json!({}),
        ),
        with(
            case(
                "workspace",
                "{ workspace { id } }",
                json!({"workspace": {"id": own.viewer.tenant.to_string()}}),
            ),
            json!({}),
        ),
        with(
            case(
                "thirdPartyInboxChoose",
                "mutation { thirdPartyInboxChoose(input: {choice: COMBINED}) { agent { id }
                    workspace { id } } }",
                json!({"thirdPartyInboxChoose": {"agent": {"id": own.viewer.agent.to_string()},
                    "workspace": {"id": own.viewer.tenant.to_string()}}}),
            ),
            json!({}),
        ),
        with(
            case(
                "conversations",
                "{ conversations { totalCount nodes { id } } }",
                json!({"conversations": {"totalCount": 1, "nodes": only(own.conversation.to_string())}}),
            ),
            json!({}),
        ),
        with(
            case(
                "conversations",
                "query($id: ID!) { conversations(filter: {queueId: $id}) { totalCount nodes { id } } }",
                json!({"conversations": {"totalCount": 0, "nodes": []}}),
            ),
            id(&other.queue),
        ),
        with(
            case(
                "conversations",
                "query($id: ID!) { conversations(filter: {assigneeId: $id}) { totalCount nodes { id } } }",
                json!({"conversations": {"totalCount": 0, "nodes": []}}),
            ),
            id(&other.viewer.agent),
        ),
        with(
            case(
                "conversation",
                "query($id: ID!) { conversation(id: $id) { id messages { nodes { id } } } }",
                json!({"conversation": null}),
            ),
            id(&other.conversation),
        ),
        with(
            case(
                "offers",
                "{ offers { id } }",
                json!({"offers": only(own.offer.to_string())}),
            ),
            json!({}),
        ),
        with(
            case(
                "agents",
                "{ agents { id } }",
                json!({"agents": only(own.viewer.agent.to_string())}),
            ),
            json!({}),
        ),
        with(
            case(
                "queues",
                "{ queues { id } }",
                json!({"queues": only(own.queue.to_string())}),
            ),
            json!({}),
        ),
        with(
            case(
                "inboxes",
                "{ inboxes { id } }",
                json!({"inboxes": only(own.inbox.to_string())}),
            ),
            json!({}),
        ),
        with(
            case(
                "explainSla",
                "query($id: ID!) { explainSla(clock: $id) { elapsedMs } }",
                json!({"explainSla": null}),
            ),
            id(&format!(
                "{}.first_reply.{}",
                EpisodeId(other.conversation.0),
                EventId(other.message.0)
            )),
        ),
        // What supervisors see of other workspaces: sla.rs.
        with(
            case(
                "slaReport",
                "{ slaReport(from: \"2026-03-01\", to: \"2026-03-02\") { rows { key } } }",
                json!({"slaReport": null}),
            ),
            json!({}),
        ),
        with(
            case(
                "slaBehind",
                "{ slaBehind(key: \"x\", number: MET) { nodes { id } } }",
                json!({"slaBehind": null}),
            ),
            json!({}),
        ),
        with(
            case(
                "node",
                "query($id: ID!) { node(id: $id) { id } }",
                json!({"node": null}),
            ),
            id(&other.message),
        ),
        with(
            case(
                "nodes",
                "query($ids: [ID!]!) { nodes(ids: $ids) { id } }",
                json!({"nodes": nothing}),
            ),
            json!({"ids": ids}),
        ),
        with(
            case(
                "signIn",
                "mutation($workspace: String!, $email: String!) { signIn(input: {
                    workspace: $workspace, email: $email, password: \"x\"}) { status token } }",
                json!({"signIn": {"status": "REFUSED", "token": null}}),
            ),
            json!({
                "workspace": format!("t-{}", own.viewer.tenant.0),
                "email": format!("{}@example.org", other.viewer.agent.0),
            }),
        ),
        with(
            case(
                "presenceSet",
                "mutation { presenceSet(input: {presence: AWAY}) { agent { id } } }",
                json!({"presenceSet": {"agent": {"id": own.viewer.agent.to_string()}}}),
            ),
            json!({}),
        ),
        with(
            case(
                "offerAccept",
                "mutation($id: ID!) { offerAccept(input: {offerId: $id}) { status } }",
                refused("offerAccept"),
            ),
            id(&other.offer),
        ),
        with(
            case(
                "offerDecline",
                "mutation($id: ID!) { offerDecline(input: {offerId: $id}) { status } }",
                refused("offerDecline"),
            ),
            id(&other.offer),
        ),
        with(
            case(
                "messageReply",
                "mutation($id: ID!) { messageReply(input: {conversationId: $id,
                    content: {text: \"x\"}}) { status } }",
                refused("messageReply"),
            ),
            id(&other.conversation),
        ),
        with(
            case(
                "contactLink",
                "mutation($id: ID!, $own: ID!) { contactLink(input: {contactId: $own, intoContactId: $id, note: \"x\"}) { status } }",
                refused("contactLink"),
            ),
            json!({"id": other.contact.to_string(), "own": own.contact.to_string()}),
        ),
        with(
            case(
                "contactUnlink",
                "mutation($id: ID!) { contactUnlink(input: {contactId: $id, note: \"x\"}) { status } }",
                refused("contactUnlink"),
            ),
            json!({"id": other.contact.to_string(), "own": own.contact.to_string()}),
        ),
        with(
            case(
                "contactRename",
                "mutation($id: ID!) { contactRename(input: {contactId: $id, name: \"x\"}) { status } }",
                refused("contactRename"),
            ),
            json!({"id": other.contact.to_string(), "own": own.contact.to_string()}),
        ),
        with(
            case(
                "contactConsent",
                "mutation($id: ID!) { contactConsent(input: {contactId: $id, network: \"webhook\", said: OPTED_IN, note: \"x\"}) { status } }",
                refused("contactConsent"),
            ),
            json!({"id": other.contact.to_string(), "own": own.contact.to_string()}),
        ),
        with(
            case(
                "messageEdit",
                "mutation($id: ID!) { messageEdit(input: {messageId: $id, text: \"x\"}) { status } }",
                refused("messageEdit"),
            ),
            id(&other.message),
        ),
        with(
            case(
                "messageDelete",
                "mutation($id: ID!) { messageDelete(input: {messageId: $id}) { status } }",
                refused("messageDelete"),
            ),
            id(&other.message),
        ),
        with(
            case(
                "reactionSet",
                "mutation($id: ID!) { reactionSet(input: {messageId: $id, emoji: \"x\"}) { status } }",
                refused("reactionSet"),
            ),
            id(&other.message),
        ),
        with(
            case(
                "conversationTyping",
                "mutation($id: ID!) { conversationTyping(input: {conversationId: $id}) { status } }",
                refused("conversationTyping"),
            ),
            id(&other.conversation),
        ),
        with(
            case(
                "conversationSeen",
                "mutation($id: ID!) { conversationSeen(input: {conversationId: $id}) { status } }",
                refused("conversationSeen"),
            ),
            id(&other.conversation),
        ),
        with(
            case(
                "attachmentRetry",
                "mutation($id: ID!) { attachmentRetry(input: {attachmentId: $id}) { status attachment { id } } }",
                json!({"attachmentRetry": {"status": "NOT_FOUND", "attachment": null}}),
            ),
            id(&other.attachment),
        ),
        with(
            case(
                "conversationStart",
                "mutation($id: ID!, $own: ID!) { conversationStart(input: {contactId: $id, inboxId: $own, content: {text: \"x\"}}) { status message { id } } }",
                json!({"conversationStart": {"status": "NOT_FOUND", "message": null}}),
            ),
            json!({"id": other.contact.to_string(), "own": own.inbox.to_string()}),
        ),
        with(
            case(
                "conversationResolve",
                "mutation($id: ID!) { conversationResolve(input: {conversationId: $id}) { status } }",
                refused("conversationResolve"),
            ),
            id(&other.conversation),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_the_schema_shows_nothing_of_another_tenant() {
    let asked = Asked::fresh().await;
    let (own, other) = (asked.workspace().await, asked.workspace().await);
    let before = state(&asked).await;
    let mut proven = BTreeSet::new();
    for (case, variables) in cases(&own, &other) {
        let answer = asked.ask(&own.viewer, case.document, variables).await;
        assert_eq!(answer, case.expected, "{}", case.document);
        proven.insert(case.field.to_owned());
    }
    assert_eq!(
        state(&asked).await,
        before,
        "nothing of the other tenant changed"
    );
    let missing: Vec<_> = fields(&asked).await.difference(&proven).cloned().collect();
    assert!(
        missing.is_empty(),
        "no foreign-tenant case for {missing:?}; add one to `cases`"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_ids_are_not_found_like_foreign_ones() {
    let asked = Asked::fresh().await;
    let viewer = asked.workspace().await.viewer;
    for id in [
        "",
        "x",
        "conv_",
        "conv_zz",
        "tenant_01h2xcejqtf2nbrexx3vqjhp41",
        "offer_\u{0}é",
    ] {
        let document = "query($id: ID!) { node(id: $id) { id } conversation(id: $id) { id } }";
        let answer = asked.ask(&viewer, document, json!({"id": id})).await;
        assert_eq!(
            answer,
            json!({"node": null, "conversation": null}),
            "{id:?}"
        );
        let document = "mutation($id: ID!) { offerAccept(input: {offerId: $id}) { status
            refusal { code } offer { id } } }";
        let answer = asked.ask(&viewer, document, json!({"id": id})).await;
        assert_eq!(answer["offerAccept"]["refusal"]["code"], "NOT_FOUND");
    }
}

async fn state(asked: &Asked) -> i64 {
    let query = "SELECT (SELECT count(*) FROM messages) + (SELECT count(*) FROM offers
        WHERE state = 'pending') + (SELECT count(*) FROM conversations WHERE status = 'new') AS count";
    asked.world.test.count_as_owner(query).await
}

async fn fields(asked: &Asked) -> BTreeSet<String> {
    let document =
        "{ __schema { queryType { fields { name } } mutationType { fields { name } } } }";
    let response = asked.schema.execute(Request::new(document)).await;
    let data = response.data.into_json().unwrap();
    let roots = ["queryType", "mutationType"].map(|root| data["__schema"][root]["fields"].clone());
    let fields = roots
        .iter()
        .flat_map(|root| root.as_array().unwrap().clone());
    fields
        .map(|field| field["name"].as_str().unwrap().to_owned())
        .collect()
}
