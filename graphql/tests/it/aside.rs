//! Tags, notes, mentions, drafts and views: kept beside a conversation, and never told to a customer.

use crate::support::{Asked, Workspace, operation};
use interdesk_domain::agent::Presence;
use interdesk_domain::permission::{Role, Viewer};
use interdesk_store::messages;
use serde_json::{Value, json};

async fn run(asked: &Asked, viewer: &Viewer, name: &str, input: Value) -> Value {
    let key = format!("{}", asked.desk.id::<interdesk_domain::id::EventId>());
    let variables = json!({"input": input, "key": key});
    let answer = asked.ask(viewer, &operation(name), variables).await;
    answer.as_object().unwrap().values().next().unwrap().clone()
}

async fn boss(asked: &Asked, workspace: &Workspace) -> Viewer {
    let (role, presence) = (Role::Supervisor, Presence::Online);
    let tenant = workspace.viewer.tenant;
    asked.world.person(tenant, role, presence, 0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_carry_tags_that_the_workspace_offers() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let (viewer, boss) = (workspace.viewer, boss(&asked, &workspace).await);
    let id = workspace.conversation.to_string();
    let tag = |tags: Value| json!({"conversationId": id, "tags": tags});

    let unknown = run(&asked, &viewer, "ConversationTag", tag(json!(["refund"]))).await;
    assert_eq!(unknown["refusal"]["code"], "NOT_FOUND");
    assert_eq!(unknown["refusal"]["path"], json!(["input", "tags"]));

    let refund = json!({"name": "refund", "description": "Money back", "color": "#FF8800"});
    let saved = run(&asked, &boss, "TagSave", refund.clone()).await;
    assert_eq!(saved["status"], "CHANGED");
    assert_eq!(saved["tag"]["color"], "#ff8800");
    let again = run(&asked, &boss, "TagSave", refund).await;
    assert_eq!(again["status"], "UNCHANGED");
    let bad = run(
        &asked,
        &boss,
        "TagSave",
        json!({"name": " ", "color": "red"}),
    )
    .await;
    assert_eq!(bad["status"], "INVALID");
    assert_eq!(bad["faults"].as_array().unwrap().len(), 2);

    let tagged = run(&asked, &viewer, "ConversationTag", tag(json!(["refund"]))).await;
    assert_eq!(tagged["status"], "CHANGED");
    assert_eq!(tagged["conversation"]["tags"], json!(["refund"]));
    assert_eq!(tagged["version"], tagged["conversation"]["version"]);
    let twice = run(&asked, &viewer, "ConversationTag", tag(json!(["refund"]))).await;
    assert_eq!(twice["status"], "UNCHANGED");

    let retire = json!({"input": {"name": "refund"}, "key": "retire"});
    let retired = asked.ask(&boss, &operation("TagRetire"), retire).await;
    assert_ne!(retired["tagRetire"]["tag"]["retiredAt"], Value::Null);
    let list = asked.ask(&viewer, &operation("Tags"), json!({})).await;
    assert_eq!(list["tags"], json!([]));
    let untagged = run(&asked, &viewer, "ConversationUntag", tag(json!(["refund"]))).await;
    assert_eq!(untagged["conversation"]["tags"], json!([]));

    let denied = json!({"input": {"name": "x"}, "key": "k"});
    let request = asked.request(&viewer, &operation("TagSave"), denied);
    assert_eq!(asked.code(request).await, "FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_calls_colleagues_in_and_is_taken_back_by_whoever_wrote_it() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let (viewer, boss) = (workspace.viewer, boss(&asked, &workspace).await);
    let id = workspace.conversation.to_string();
    let words = json!({"conversationId": id, "text": "ask the warehouse",
        "mentionIds": [boss.agent.to_string(), boss.agent.to_string()]});
    let written = run(&asked, &viewer, "NoteWrite", words).await;
    assert_eq!(written["status"], "CHANGED");
    assert_eq!(written["note"]["mentions"].as_array().unwrap().len(), 1);
    assert_eq!(written["note"]["author"]["id"], viewer.agent.to_string());
    assert_eq!(written["note"]["version"], written["version"]);

    let told =
        "{ notifications(unreadOnly: true) { id kind clock note { text } conversation { id } } }";
    let list = asked.ask(&boss, told, json!({})).await;
    let one = &list["notifications"][0];
    assert_eq!(one["kind"], "MENTION");
    assert_eq!(one["note"]["text"], "ask the warehouse");
    assert_eq!(one["clock"], Value::Null);
    assert_eq!(one["conversation"]["id"], id);
    let own = asked.ask(&viewer, told, json!({})).await;
    assert_eq!(own["notifications"], json!([]));
    let read =
        "mutation($id: ID!) { notificationsRead(input: {notificationId: $id}) { status count } }";
    let variables = json!({"id": one["id"]});
    let foreign = asked.ask(&viewer, read, variables.clone()).await;
    assert_eq!(foreign["notificationsRead"]["status"], "NOT_FOUND");
    let done = asked.ask(&boss, read, variables.clone()).await;
    assert_eq!(
        done["notificationsRead"],
        json!({"status": "READ", "count": 1})
    );
    let done = asked.ask(&boss, read, variables).await;
    assert_eq!(done["notificationsRead"]["status"], "UNCHANGED");

    let variables = json!({"id": id, "last": 10});
    let shown = asked
        .ask(&viewer, &operation("ConversationNotes"), variables)
        .await;
    let notes = &shown["conversation"]["notes"]["nodes"];
    assert_eq!(notes[0]["id"], written["note"]["id"]);
    let node = "query($id: ID!) { node(id: $id) { __typename id } }";
    let found = asked
        .ask(&boss, node, json!({"id": written["note"]["id"]}))
        .await;
    assert_eq!(found["node"]["__typename"], "Note");

    asked.index(&workspace).await;
    let search = json!({"text": "wareh", "filter": {"kinds": ["NOTE"]}});
    let found = asked.ask(&boss, &operation("Search"), search.clone()).await;
    let hit = &found["search"]["edges"][0]["node"];
    assert_eq!(
        (&hit["kind"], &hit["note"]["id"]),
        (&json!("NOTE"), &written["note"]["id"])
    );

    let other = asked.world.agent(workspace.viewer.tenant, 3).await;
    let take = format!(
        "UPDATE conversations SET assignee_id = '{}' WHERE id = '{}'",
        other.agent.0, workspace.conversation.0
    );
    asked.world.test.execute_as_owner(&take).await;
    let delete = json!({"noteId": written["note"]["id"]});
    let refused = run(&asked, &other, "NoteDelete", delete.clone()).await;
    assert_eq!(refused["refusal"]["code"], "NOT_YOURS");
    let deleted = run(&asked, &viewer, "NoteDelete", delete.clone()).await;
    assert_eq!(deleted["note"]["text"], "");
    assert_ne!(deleted["note"]["deletedAt"], Value::Null);
    let again = run(&asked, &viewer, "NoteDelete", delete).await;
    assert_eq!(again["status"], "UNCHANGED");
    let found = asked.ask(&boss, &operation("Search"), search.clone()).await;
    assert_eq!(
        found["search"]["edges"],
        json!([]),
        "at once, before the index knows"
    );
    asked.index(&workspace).await;
    let gone =
        "DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM search_words WHERE kind = 'note'); END $$";
    asked.world.test.execute_as_owner(gone).await;
    let nobody = json!({"conversationId": id, "text": "x",
        "mentionIds": ["agent_01h455vb4pex5vsknk084sn02q"]});
    let refused = run(&asked, &viewer, "NoteWrite", nobody).await;
    assert_eq!(refused["refusal"]["path"], json!(["input", "mentionIds"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_note_reaches_a_channel() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let viewer = workspace.viewer;
    let id = workspace.conversation.to_string();
    for number in 0..20 {
        let words = json!({"conversationId": id, "text": format!("between us {number}")});
        let written = run(&asked, &viewer, "NoteWrite", words).await;
        assert_eq!(written["status"], "CHANGED");
    }
    let scope = viewer.scope();
    let transaction = asked.desk.database.begin(scope).await.unwrap();
    // What leaves, leaves from there.
    let next = messages::lock_next_pending(&transaction, scope, workspace.conversation).await;
    assert!(next.unwrap().is_none());
    transaction.rollback().await.unwrap();
    let checks = "DO $$ BEGIN
        ASSERT (SELECT count(*) FROM conversation_notes) = 20;
        ASSERT NOT EXISTS (SELECT FROM messages WHERE text LIKE 'between us%' OR direction = 'out');
        ASSERT NOT EXISTS (SELECT FROM message_changes);
        ASSERT NOT EXISTS (SELECT FROM outbox WHERE body LIKE '%between us%');
        ASSERT NOT EXISTS (SELECT FROM outbox WHERE kind IN ('message_queued', 'message_change_queued'));
        ASSERT NOT EXISTS (SELECT FROM conversations WHERE last_text LIKE 'between us%');
    END $$";
    asked.world.test.execute_as_owner(checks).await;
    // Nothing that speaks to customers knows the table of notes.
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/store/src");
    for file in ["widget.rs", "messages.rs", "receive/write.rs", "signals.rs"] {
        let text = std::fs::read_to_string(format!("{root}/{file}")).unwrap();
        assert!(!text.contains("conversation_notes"), "{file}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_follows_its_agent_and_ends_with_the_reply() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let (viewer, boss) = (workspace.viewer, boss(&asked, &workspace).await);
    let id = workspace.conversation.to_string();
    let save = |text: &str, expected: Value| json!({"conversationId": id, "text": text, "expectedVersion": expected});
    let first = run(&asked, &viewer, "DraftSave", save("Dear", Value::Null)).await;
    assert_eq!(
        first["draft"],
        json!({"text": "Dear", "version": 1,
        "changedAt": first["draft"]["changedAt"]})
    );
    let second = run(
        &asked,
        &viewer,
        "DraftSave",
        save("Dear customer", json!(1)),
    )
    .await;
    assert_eq!(second["version"], 2);
    let stale = run(&asked, &viewer, "DraftSave", save("Hello", json!(1))).await;
    assert_eq!(stale["refusal"]["code"], "STALE_VERSION");
    assert_eq!(
        stale["draft"]["text"], "Dear customer",
        "what the other device wrote"
    );

    let list = asked.ask(&viewer, &operation("Drafts"), json!({})).await;
    assert_eq!(list["drafts"][0]["conversation"]["id"], id);
    let others = asked.ask(&boss, &operation("Drafts"), json!({})).await;
    assert_eq!(others["drafts"], json!([]));
    let shown = "query($id: ID!) { conversation(id: $id) { draft { text } } }";
    let other = asked.ask(&boss, shown, json!({"id": id})).await;
    assert_eq!(other["conversation"]["draft"], Value::Null);

    let accept = json!({"offerId": workspace.offer.to_string()});
    run(&asked, &viewer, "OfferAccept", accept).await;
    let reply = "mutation($id: ID!) { messageReply(input: {conversationId: $id, content: {text: \"Dear customer\"}})
        @idempotent(key: \"x\") { status } }";
    let sent = asked.ask(&viewer, reply, json!({"id": id})).await;
    assert_eq!(sent["messageReply"]["status"], "QUEUED");
    let own = asked.ask(&viewer, shown, json!({"id": id})).await;
    assert_eq!(own["conversation"]["draft"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_lists_counts_and_explains_what_its_condition_says() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let (viewer, boss) = (workspace.viewer, boss(&asked, &workspace).await);
    let tenant = viewer.tenant;
    let made = asked
        .world
        .waiting_many(tenant, workspace.queue, workspace.inbox, 30)
        .await;
    let rows = "UPDATE conversations SET tags = '{refund}', priority = n % 3,
            last_message_at = last_message_at + n * interval '1 minute'
        FROM (SELECT id AS c, row_number() OVER (ORDER BY id) AS n FROM conversations) r
        WHERE id = c AND n % 2 = 0";
    asked.world.test.execute_as_owner(rows).await;
    let condition = json!({"all": [{"tag": ["refund"]}, {"not": {"priority": {"at_least": 2}}}]});
    let input = json!({"name": "Refunds", "condition": condition});
    let saved = run(&asked, &viewer, "ViewSave", input).await;
    assert_eq!(saved["status"], "CHANGED", "{saved}");
    let view = saved["view"]["id"].clone();
    let total = asked.ask(&viewer, &operation("Views"), json!({})).await;
    let total = total["views"][0]["conversationCount"].as_u64().unwrap();
    assert!((5..15).contains(&total), "{total}");

    // Forth and back, page by page, without gap or double.
    for (size, from, place, more) in [
        ("first", "after", "endCursor", "hasNextPage"),
        ("last", "before", "startCursor", "hasPreviousPage"),
    ] {
        let (mut seen, mut at) = (Vec::new(), Value::Null);
        for _ in 0..20 {
            let variables = json!({"viewId": view, size: 2, from: at});
            let page = asked
                .ask(&viewer, &operation("ViewConversations"), variables)
                .await;
            let list = &page["conversations"];
            assert_eq!(list["totalCount"], total);
            for node in list["nodes"].as_array().unwrap() {
                assert_eq!(node["tags"], json!(["refund"]));
                seen.push(node["id"].as_str().unwrap().to_owned());
            }
            at = list["pageInfo"][place].clone();
            if list["pageInfo"][more] == json!(false) {
                break;
            }
        }
        assert_eq!(seen.len() as u64, total, "{size}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len() as u64, total, "{size}");
    }
    let variables = json!({"viewId": view, "conversationId": made[0].conversation.to_string()});
    let why = asked.ask(&viewer, &operation("WhyInView"), variables).await;
    let paths: Vec<_> = why["whyInView"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["path"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(paths, ["", "all[0]", "all[1]", "all[1].not"]);

    // It is the viewer's own until somebody who may shares one.
    let none = asked.ask(&boss, &operation("Views"), json!({})).await;
    assert_eq!(none["views"], json!([]));
    let foreign = asked
        .ask(
            &boss,
            &operation("ViewConversations"),
            json!({"viewId": view}),
        )
        .await;
    assert_eq!(foreign["conversations"], Value::Null);
    let share = json!({"name": "Open", "condition": {"status": ["open"]}, "shared": true});
    let refused = run(&asked, &viewer, "ViewSave", share.clone()).await;
    assert_eq!(refused["refusal"]["code"], "NOT_ALLOWED");
    let shared = run(&asked, &boss, "ViewSave", share).await;
    assert_eq!(shared["view"]["isShared"], true);
    let both = asked.ask(&viewer, &operation("Views"), json!({})).await;
    assert_eq!(both["views"].as_array().unwrap().len(), 2);

    let stale =
        json!({"viewId": view, "name": "R", "condition": {"vip": true}, "expectedVersion": 7});
    let stale = run(&asked, &viewer, "ViewSave", stale).await;
    assert_eq!(stale["refusal"]["code"], "STALE_VERSION");
    for (condition, path) in [
        (json!({"nonsense": 1}), "condition"),
        (json!({"all": [{"tag": []}]}), "condition.all[0].tag"),
        (
            json!({"team": ["team_01h455vb4pex5vsknk084sn02q"]}),
            "condition",
        ),
        (
            json!({"queue": ["00000000-0000-7000-8000-000000000001"]}),
            "condition",
        ),
    ] {
        let input = json!({"name": "Bad", "condition": condition});
        let bad = run(&asked, &viewer, "ViewSave", input).await;
        assert_eq!(bad["status"], "INVALID", "{bad}");
        assert_eq!(bad["faults"][0]["path"], path, "{bad}");
    }
    let retired = run(&asked, &viewer, "ViewRetire", json!({"viewId": view})).await;
    assert_eq!(retired["view"], Value::Null);
    let gone = asked
        .ask(
            &viewer,
            &operation("ViewConversations"),
            json!({"viewId": view}),
        )
        .await;
    assert_eq!(gone["conversations"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn auditors_page_through_the_log_of_their_own_workspace() {
    let asked = Asked::fresh().await;
    let (workspace, other) = (asked.workspace().await, asked.workspace().await);
    let (role, presence) = (Role::Auditor, Presence::Offline);
    let auditor = asked
        .world
        .person(workspace.viewer.tenant, role, presence, 0)
        .await;
    for one in [&workspace, &other] {
        let id = one.conversation.to_string();
        for number in 0..3 {
            let words = json!({"conversationId": id, "text": format!("note {number}")});
            run(&asked, &one.viewer, "NoteWrite", words).await;
        }
    }
    asked.world.stamp().await;
    // As the appender leaves them, but for the order of the JSON.
    let leaves = "INSERT INTO audit_leaves (tenant_id, index, event_id, leaf, hash)
        SELECT s.tenant_id, s.seq - 1, o.event_id, convert_to(o.body, 'UTF8'),
            sha256(convert_to(o.body, 'UTF8'))
        FROM event_seqs s JOIN outbox o ON o.pos = s.pos;
        INSERT INTO audit_trees (tenant_id, size, last_seq, frontier)
        SELECT tenant_id, seq, seq, '' FROM tenant_seqs";
    asked.world.test.execute_as_owner(leaves).await;
    let document = operation("AuditEntries");
    let first = asked.ask(&auditor, &document, json!({"first": 2})).await;
    let page = &first["auditEntries"];
    assert_eq!(page["totalCount"], 3);
    assert_eq!(
        (&page["nodes"][0]["index"], &page["nodes"][1]["index"]),
        (&json!(2), &json!(1))
    );
    let entry = &page["nodes"][0];
    assert_eq!(entry["kind"], "note_written");
    assert_eq!(
        entry["actor"]["agent"]["id"],
        workspace.viewer.agent.to_string()
    );
    assert_eq!(entry["hash"].as_str().unwrap().len(), 64);
    assert!(
        !entry["body"].to_string().contains("note 2"),
        "what was said is not in it"
    );
    let after = json!({"first": 2, "after": page["pageInfo"]["endCursor"]});
    let second = asked.ask(&auditor, &document, after).await;
    assert_eq!(second["auditEntries"]["nodes"].as_array().unwrap().len(), 1);
    assert_eq!(second["auditEntries"]["pageInfo"]["hasNextPage"], false);
    let request = asked.request(&workspace.viewer, &document, json!({"first": 2}));
    assert_eq!(asked.code(request).await, "FORBIDDEN");
}
