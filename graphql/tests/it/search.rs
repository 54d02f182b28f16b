//! Search: what was said and who said it, a moment later, page by page, and nobody else's.

use crate::support::{Asked, Workspace, operation};
use interdesk_domain::event::{Actor, Aggregate, AggregateKind, Envelope, Event, SCHEMA_VERSION};
use interdesk_domain::id::{ContactId, MessageId};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::index;
use interdesk_store::outbox;
use serde_json::{Value, json};

impl Asked {
    /// Tells of something in a conversation, as the verbs do.
    async fn tell(&self, workspace: &Workspace, event: Event) {
        let scope = workspace.viewer.scope();
        let transaction = self.desk.database.begin(scope).await.unwrap();
        let envelope = Envelope {
            id: self.desk.id(),
            tenant: workspace.viewer.tenant,
            seq: None,
            schema_version: SCHEMA_VERSION,
            aggregate: Aggregate {
                kind: AggregateKind::Conversation,
                id: workspace.conversation.0,
                version: 1,
            },
            actor: Actor::System,
            cause: None,
            occurred_at: self.desk.now(),
            trace: None,
            event,
        };
        outbox::append(&transaction, &[envelope]).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// Lets search read all there is.
    pub(crate) async fn index(&self, workspace: &Workspace) {
        self.world.stamp().await;
        let scope = TenantScope::new(workspace.viewer.tenant);
        while index::follow(&self.desk, scope).await.unwrap() {}
    }

    /// Adds a message of the customer with an event of its own.
    async fn say(&self, workspace: &Workspace, text: &str, minute: i64) -> MessageId {
        let message: MessageId = self.desk.id();
        let at = (self.desk.now() + chrono::Duration::minutes(minute)).to_rfc3339();
        let row = format!(
            "INSERT INTO messages (id, tenant_id, conversation_id, episode_id, inbox_id, direction,
                contact_id, content, text, sent_at, stored_at, version)
             SELECT '{}', tenant_id, id, episode_id, inbox_id, 'in', contact_id,
                '{{\"type\": \"text\", \"text\": \"x\"}}', '{text}', '{at}', '{at}', 2
             FROM conversations WHERE id = '{}'",
            message.0, workspace.conversation.0
        );
        self.world.test.execute_as_owner(&row).await;
        self.tell(workspace, received(workspace, message)).await;
        message
    }

    async fn search(&self, workspace: &Workspace, text: &str, filter: Value) -> Vec<Value> {
        let variables = json!({"text": text, "filter": filter});
        let found = self
            .ask(&workspace.viewer, &operation("Search"), variables)
            .await;
        let edges = found["search"]["edges"].as_array().unwrap().clone();
        edges.iter().map(|edge| edge["node"].clone()).collect()
    }
}

fn received(workspace: &Workspace, message: MessageId) -> Event {
    Event::MessageReceived {
        conversation: workspace.conversation,
        episode: interdesk_domain::id::EpisodeId(workspace.conversation.0),
        message,
        inbox: workspace.inbox,
        channel: ChannelKind::Webhook,
        content: "text".to_owned(),
    }
}

/// Names the messages among what was found.
fn messages(found: &[Value]) -> Vec<String> {
    let ids = found.iter().filter_map(|hit| hit["message"]["id"].as_str());
    ids.map(str::to_owned).collect()
}

fn named(ids: &[MessageId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_found_as_they_are_now_with_what_is_around_them() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let nothing = json!({});
    let parcel = asked
        .say(&workspace, "Where is my parcel? It was promised", 1)
        .await;
    let tea = asked
        .say(&workspace, "A parcel of green tea for Ärzte", 2)
        .await;
    assert!(
        asked
            .search(&workspace, "parcel", nothing.clone())
            .await
            .is_empty()
    );
    asked.index(&workspace).await;

    for (text, expected) in [
        ("parcel", vec![tea, parcel]),
        ("PARC", vec![tea, parcel]),
        ("ärzte", vec![tea]),
        ("parcel promised", vec![parcel]),
        ("\"green tea\"", vec![tea]),
        ("\"tea green\"", vec![]),
        ("parcel -tea", vec![parcel]),
        ("promised or green", vec![tea, parcel]),
        ("' OR 1=1 --", vec![]),
        ("-", vec![]),
        ("!&|():*", vec![]),
    ] {
        let found = asked.search(&workspace, text, nothing.clone()).await;
        assert_eq!(messages(&found), named(&expected), "{text}");
    }
    let found = asked.search(&workspace, "promised", nothing.clone()).await;
    let parts = found[0]["highlight"].as_array().unwrap();
    let whole: String = parts
        .iter()
        .filter_map(|part| part["text"].as_str())
        .collect();
    assert_eq!(whole, "Where is my parcel? It was promised");
    assert_eq!(parts[1], json!({"text": "promised", "isMatch": true}));
    assert_eq!(
        found[0]["conversation"]["id"],
        workspace.conversation.to_string()
    );

    let (conversation, message) = (workspace.conversation, parcel);
    let edit = format!(
        "UPDATE messages SET text = 'never mind', revision = 1 WHERE id = '{}'",
        parcel.0
    );
    asked.world.test.execute_as_owner(&edit).await;
    let edited = Event::MessageEdited {
        conversation,
        message,
        revision: 1,
    };
    asked.tell(&workspace, edited).await;
    asked.index(&workspace).await;
    let found = asked.search(&workspace, "never", nothing.clone()).await;
    assert_eq!(messages(&found), named(&[parcel]));
    assert!(
        asked
            .search(&workspace, "promised", nothing.clone())
            .await
            .is_empty()
    );

    // What is taken back is not shown from that moment on, and then it is gone from the index too.
    let delete = format!(
        "UPDATE messages SET deleted_at = now() WHERE id = '{}'",
        parcel.0
    );
    asked.world.test.execute_as_owner(&delete).await;
    assert!(asked.search(&workspace, "never", nothing).await.is_empty());
    asked
        .tell(
            &workspace,
            Event::MessageDeleted {
                conversation,
                message,
            },
        )
        .await;
    asked.index(&workspace).await;
    let left = "DO $$ BEGIN ASSERT (SELECT count(*) FROM search_words) = 1; END $$";
    asked.world.test.execute_as_owner(left).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_found_by_pieces_slips_and_numbers_before_what_they_said() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let other = asked
        .world
        .waiting(workspace.viewer.tenant, workspace.queue)
        .await;
    let names = format!(
        "UPDATE contacts SET name = 'Blue Heron Supplies' WHERE id = '{0}';
         UPDATE contacts SET name = '100% Heron_y' WHERE id = '{1}';
         UPDATE identities SET value = '15550100077' WHERE contact_id = '{0}'",
        workspace.contact.0, other.contact.0
    );
    asked.world.test.execute_as_owner(&names).await;
    for contact in [workspace.contact, other.contact] {
        asked
            .tell(&workspace, Event::ContactRenamed { contact })
            .await;
    }
    asked.say(&workspace, "the heron is blue", 1).await;
    asked.index(&workspace).await;

    let (first, second) = (workspace.contact, other.contact);
    let people = async |text: &str| -> Vec<String> {
        let found = asked
            .search(&workspace, text, json!({"kinds": ["CONTACT"]}))
            .await;
        let ids = found
            .iter()
            .map(|hit| hit["contact"]["id"].as_str().unwrap());
        ids.map(str::to_owned).collect()
    };
    let ids = |ids: &[ContactId]| -> Vec<String> { ids.iter().map(ToString::to_string).collect() };
    assert_eq!(people("blue heron supplies").await, ids(&[first]));
    assert_eq!(people("supl").await, ids(&[]), "too far off");
    assert_eq!(people("suplies").await, ids(&[first]), "a slip");
    assert_eq!(people("ron sup").await, ids(&[first]), "a piece");
    assert_eq!(people("+1 (555) 010-0077").await, ids(&[first]));
    assert_eq!(people("bl").await, ids(&[first]), "a beginning");
    assert_eq!(
        people("100%").await,
        ids(&[second]),
        "what means something elsewhere"
    );
    assert_eq!(
        people("heron_").await,
        ids(&[second, first]),
        "the nearest first"
    );
    assert_eq!(people("%%%").await, ids(&[]));
    assert_eq!(people("\\").await, ids(&[]));

    let both = asked.search(&workspace, "heron", json!({})).await;
    let kinds: Vec<_> = both
        .iter()
        .map(|hit| hit["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["CONTACT", "CONTACT", "MESSAGE"]);
    let part = &both[0]["highlight"];
    assert!(
        part.as_array()
            .unwrap()
            .iter()
            .any(|one| one["isMatch"] == json!(true)),
        "{part}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_each_other_without_gap_or_double_while_more_is_said() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let rename = "UPDATE contacts SET name = 'Rain Gauge'";
    asked.world.test.execute_as_owner(rename).await;
    let contact = workspace.contact;
    asked
        .tell(&workspace, Event::ContactRenamed { contact })
        .await;
    let mut said = Vec::new();
    for minute in 0..12 {
        // Three at the same moment each.
        said.push(asked.say(&workspace, "rain again", minute / 3).await);
    }
    asked.index(&workspace).await;
    // A part of them is taken back, and the index does not know yet.
    let gone = said.split_off(9);
    for message in &gone {
        let delete = format!(
            "UPDATE messages SET deleted_at = now() WHERE id = '{}'",
            message.0
        );
        asked.world.test.execute_as_owner(&delete).await;
    }
    let mut found = Vec::new();
    let mut after = Value::Null;
    for page in 0..20 {
        let variables = json!({"text": "rain", "first": 2, "after": after});
        let answer = asked
            .ask(&workspace.viewer, &operation("Search"), variables)
            .await;
        let edges = answer["search"]["edges"].as_array().unwrap();
        found.extend(edges.iter().map(|edge| edge["node"].clone()));
        if page == 1 {
            asked.say(&workspace, "more rain", 100).await;
            asked.index(&workspace).await;
        }
        let info = &answer["search"]["pageInfo"];
        after = info["endCursor"].clone();
        if info["hasNextPage"] == json!(false) {
            break;
        }
    }
    assert_eq!(found.len(), 10, "{found:?}");
    assert_eq!(found[0]["contact"]["id"], contact.to_string());
    let (mut ids, mut expected) = (messages(&found), named(&said));
    ids.sort();
    expected.sort();
    assert_eq!(ids, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_is_narrowed_and_shows_nothing_of_another_workspace() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let other = asked.workspace().await;
    let own = asked.say(&workspace, "a secret garden", 5).await;
    asked.say(&other, "a secret garden", 5).await;
    for tenant in [&workspace, &other] {
        let contact = tenant.contact;
        asked.tell(tenant, Event::ContactAdded { contact }).await;
        asked.index(tenant).await;
    }
    let found = asked.search(&workspace, "secret", json!({})).await;
    assert_eq!(messages(&found), named(&[own]));
    let found = asked.search(&workspace, "customer", json!({})).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["contact"]["id"], workspace.contact.to_string());
    let moment = |minutes| (asked.desk.now() + chrono::Duration::minutes(minutes)).to_rfc3339();
    for (filter, count) in [
        (
            json!({"conversationId": workspace.conversation.to_string()}),
            1,
        ),
        (json!({"conversationId": other.conversation.to_string()}), 0),
        (json!({"queueId": workspace.queue.to_string()}), 1),
        (json!({"queueId": other.queue.to_string()}), 0),
        (json!({"queueId": "nonsense"}), 0),
        (json!({"kinds": ["CONTACT"]}), 0),
        (json!({"kinds": []}), 0),
        (json!({"from": moment(4), "until": moment(6)}), 1),
        (json!({"from": moment(6)}), 0),
        (json!({"until": moment(5)}), 0),
    ] {
        let found = asked.search(&workspace, "secret", filter.clone()).await;
        assert_eq!(found.len(), count, "{filter}");
    }
    for text in ["", "  ", &"x".repeat(201)] {
        let variables = json!({"text": text});
        let request = asked.request(&workspace.viewer, &operation("Search"), variables);
        assert_eq!(asked.code(request).await, "BAD_INPUT");
    }
}
