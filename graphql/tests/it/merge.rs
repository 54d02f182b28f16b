//! Two conversations of one person that are shown as one, and as two again.

use crate::support::{Asked, Workspace, operation};
use interdesk_domain::id::ConversationId;
use serde_json::{Value, json};

const TIMELINE: &str = "query($id: ID!, $first: Int, $after: Cursor, $last: Int, $before: Cursor) {
    conversation(id: $id) { messages(first: $first, after: $after, last: $last, before: $before) {
        nodes { text conversation { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    } } }";

/// A workspace whose contact has another conversation, with messages that take turns.
async fn two() -> (Asked, Workspace, ConversationId) {
    let asked = Asked::fresh().await;
    let own = asked.workspace().await;
    let tenant = own.viewer.tenant;
    let other = asked.world.waiting(tenant, own.queue).await.conversation;
    let (one, of) = (own.conversation.0, tenant.0);
    let rows = format!(
        "UPDATE conversations SET contact_id = '{contact}' WHERE id = '{other}';
         DELETE FROM attachments; DELETE FROM message_revisions; DELETE FROM messages;
         INSERT INTO messages (id, tenant_id, conversation_id, episode_id, inbox_id, direction,
            contact_id, content, text, sent_at, stored_at, version)
         SELECT gen_random_uuid(), '{of}', c.id, c.episode_id, c.inbox_id, 'in', c.contact_id,
            '{{\"type\": \"text\", \"text\": \"hi\"}}',
            CASE c.id WHEN '{one}' THEN 'one ' ELSE 'other ' END || n, at, at, n
         FROM conversations c, generate_series(1, 5) n
         CROSS JOIN LATERAL (SELECT timestamptz '2026-01-01' + n * interval '2 minutes'
            + CASE c.id WHEN '{one}' THEN interval '0' ELSE interval '1 minute' END AS at) t
         WHERE c.id IN ('{one}', '{other}');
         UPDATE conversations SET version = 5 WHERE id IN ('{one}', '{other}');",
        contact = own.contact.0,
        other = other.0,
    );
    asked.world.test.execute_as_owner(&rows).await;
    (asked, own, other)
}

async fn run(asked: &Asked, own: &Workspace, name: &str, input: Value) -> Value {
    let variables = json!({"input": input, "key": format!("{name} {input}")});
    asked.ask(&own.viewer, &operation(name), variables).await
}

async fn merge(asked: &Asked, own: &Workspace, other: ConversationId) -> Value {
    let input = json!({"conversationId": other.to_string(),
        "intoConversationId": own.conversation.to_string()});
    run(asked, own, "ConversationMerge", input).await["conversationMerge"].clone()
}

async fn page(asked: &Asked, own: &Workspace, mut variables: Value) -> Value {
    variables["id"] = json!(own.conversation.to_string());
    let shown = asked.ask(&own.viewer, TIMELINE, variables).await;
    shown["conversation"]["messages"].clone()
}

fn texts(page: &Value) -> Vec<String> {
    let nodes = page["nodes"].as_array().unwrap().iter();
    nodes
        .map(|node| node["text"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merged_timeline_is_in_the_order_of_time_from_either_end_and_by_cursors_from_before() {
    let (asked, own, other) = two().await;
    // Cursors that were given before the merge mean the same after it.
    let before = page(&asked, &own, json!({"first": 2})).await;
    assert_eq!(texts(&before), ["one 1", "one 2"]);
    let merged = merge(&asked, &own, other).await;
    assert_eq!(merged["status"], "DONE", "{merged}");
    assert_eq!(
        merged["conversation"]["mergedFrom"][0]["id"],
        other.to_string()
    );
    let after = before["pageInfo"]["endCursor"].clone();
    let rest = page(&asked, &own, json!({"first": 3, "after": after})).await;
    assert_eq!(texts(&rest), ["other 2", "one 3", "other 3"]);

    let (mut forward, mut after) = (Vec::new(), Value::Null);
    loop {
        let part = page(&asked, &own, json!({"first": 3, "after": after})).await;
        forward.extend(texts(&part));
        after = part["pageInfo"]["endCursor"].clone();
        if part["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    let (mut backward, mut before) = (Vec::new(), Value::Null);
    loop {
        let part = page(&asked, &own, json!({"last": 4, "before": before})).await;
        backward.splice(0..0, texts(&part));
        before = part["pageInfo"]["startCursor"].clone();
        if part["pageInfo"]["hasPreviousPage"] == false {
            break;
        }
    }
    let all: Vec<String> = (1..=5)
        .flat_map(|n| [format!("one {n}"), format!("other {n}")])
        .collect();
    assert_eq!(forward, all);
    assert_eq!(backward, all);
    let document = "query($id: ID!) { conversation(id: $id) { participants { messages } } }";
    let id = json!({"id": own.conversation.to_string()});
    let shown = asked.ask(&own.viewer, document, id).await;
    let participants = &shown["conversation"]["participants"];
    assert_eq!(
        *participants,
        json!([{"messages": 10}]),
        "one who wrote in both"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_merged_is_in_no_list_and_comes_back_with_its_own_messages() {
    let (asked, own, other) = two().await;
    let list = "{ conversations { totalCount nodes { id } } }";
    let count = async || {
        let shown = asked.ask(&own.viewer, list, json!({})).await;
        shown["conversations"]["totalCount"].clone()
    };
    assert_eq!(count().await, 2);
    merge(&asked, &own, other).await;
    assert_eq!(count().await, 1);
    let id = json!({"id": other.to_string()});
    let one = "query($id: ID!) { conversation(id: $id) { status mergedInto { id } mergedFrom { id }
        messages { nodes { text } } } }";
    let shown = asked.ask(&own.viewer, one, id.clone()).await;
    let shown = &shown["conversation"];
    assert_eq!(shown["mergedInto"]["id"], own.conversation.to_string());
    assert_eq!(shown["status"], "RESOLVED");
    let again = merge(&asked, &own, other).await;
    assert_eq!(again["status"], "DONE", "the same key has the same answer");

    let input = json!({"conversationId": other.to_string()});
    let undone = run(&asked, &own, "ConversationUnmerge", input.clone()).await;
    let undone = &undone["conversationUnmerge"];
    assert_eq!(undone["status"], "DONE", "{undone}");
    assert_eq!(undone["conversation"]["mergedInto"], Value::Null);
    assert_eq!(count().await, 2);
    let shown = asked.ask(&own.viewer, one, id).await;
    assert_eq!(
        texts(&shown["conversation"]["messages"]),
        ["other 1", "other 2", "other 3", "other 4", "other 5"]
    );
    let own_page = page(&asked, &own, json!({"first": 10})).await;
    assert_eq!(texts(&own_page).len(), 5);
    let again = json!({"conversationId": other.to_string()});
    let variables = json!({"input": again, "key": "another"});
    let document = operation("ConversationUnmerge");
    let refused = asked.ask(&own.viewer, &document, variables).await;
    assert_eq!(
        refused["conversationUnmerge"]["refusal"]["code"],
        "NOT_MERGED"
    );
}
