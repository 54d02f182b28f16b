//! Where messages come from, and chats of before the desk had the inbox.

use crate::support::{Asked, Workspace, operation};
use chrono::Duration;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::*;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::receive::{Mailbox, Webhook, receive};
use serde_json::{Value, json};

/// Receives something that the workspace's customer wrote so many days ago.
async fn wrote(asked: &Asked, workspace: &Workspace, days: i64, message: InboundMessage) {
    let update = Update {
        account: None,
        at: Some(asked.desk.now() - Duration::days(days)),
        kind: UpdateKind::Message(Box::new(message)),
    };
    let webhook = Webhook {
        inbox: Mailbox {
            id: workspace.inbox,
            channel: ChannelKind::Webhook,
            queue: workspace.queue,
        },
        updates: vec![update],
        trace: None,
        received_at: asked.desk.now(),
    };
    let scope = TenantScope::new(workspace.viewer.tenant);
    receive(&asked.desk, scope, &[webhook]).await.unwrap();
}

fn said(id: &str, text: &str) -> InboundMessage {
    let customer = Address {
        network: "webhook".to_owned(),
        namespace: "user".to_owned(),
        value: "u-1".to_owned(),
    };
    let author = Author::Customer(Sender {
        addresses: vec![customer],
        name: None,
        locale: None,
    });
    let text = text.to_owned();
    InboundMessage::new(id.to_owned(), author, Content::Text { text })
}

async fn conversation(asked: &Asked, workspace: &Workspace) -> Value {
    let list = "{ conversations { nodes { id lastText } } }";
    let listed = asked.ask(&workspace.viewer, list, json!({})).await;
    let nodes = listed["conversations"]["nodes"].as_array().unwrap();
    let own = workspace.conversation.to_string();
    let found = nodes.iter().find(|one| one["id"] != own.as_str()).unwrap();
    found["id"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_says_where_it_comes_from() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let referred = InboundMessage {
        origin: Origin {
            forwarded: true,
            quote: Some("the red\0one".to_owned()),
            album: Some("album-7".to_owned()),
            product: Some(ProductEnquiry {
                catalog: "9007".to_owned(),
                product: "lamp-12".to_owned(),
            }),
            referral: Some(Referral {
                kind: Some("ad".to_owned()),
                url: Some("https://example.org/ad".to_owned()),
                headline: Some("Lamps".to_owned()),
                ..Referral::default()
            }),
        },
        ..said("m-1", "is it there still?")
    };
    wrote(&asked, &workspace, 0, referred).await;
    wrote(&asked, &workspace, 0, said("m-2", "hello?")).await;
    let variables = json!({ "id": conversation(&asked, &workspace).await });
    let query = operation("Conversation");
    let shown = asked.ask(&workspace.viewer, &query, variables).await;
    let messages = &shown["conversation"]["messages"]["nodes"];
    assert_eq!(
        messages[0]["origin"],
        json!({
            "forwarded": true, "quote": "the red\u{FFFD}one", "album": "album-7",
            "product": { "catalog": "9007", "product": "lamp-12" },
            "referral": { "kind": "ad", "providerId": null, "url": "https://example.org/ad",
                "headline": "Lamps", "body": null, "click": null },
        })
    );
    assert_eq!(messages[1]["origin"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_go_back_from_the_desks_own_messages_into_those_of_before() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    wrote(&asked, &workspace, 0, said("n-1", "new")).await;
    for (days, id) in [(5, "h-2"), (9, "h-1"), (2, "h-3")] {
        let imported = InboundMessage {
            imported: true,
            ..said(id, id)
        };
        wrote(&asked, &workspace, days, imported).await;
    }
    let id = conversation(&asked, &workspace).await;
    let query = "query($id: ID!, $last: Int, $before: Cursor, $first: Int, $after: Cursor) {
        conversation(id: $id) { messages(last: $last, before: $before, first: $first, after: $after) {
            nodes { text version }
            pageInfo { hasPreviousPage hasNextPage startCursor endCursor } } } }";
    let page = async |variables: Value| {
        let shown = asked.ask(&workspace.viewer, query, variables).await;
        let page = shown["conversation"]["messages"].clone();
        let nodes = page["nodes"].as_array().unwrap().iter();
        let texts: Vec<String> = nodes
            .map(|one| one["text"].as_str().unwrap().to_owned())
            .collect();
        (texts, page["pageInfo"].clone())
    };
    let (texts, info) = page(json!({ "id": id, "last": 2 })).await;
    assert_eq!(texts, ["h-3", "new"]);
    assert_eq!(info["hasPreviousPage"], true);
    let back = json!({ "id": id, "last": 2, "before": info["startCursor"] });
    let (texts, info) = page(back).await;
    assert_eq!(texts, ["h-1", "h-2"]);
    assert_eq!(info["hasPreviousPage"], false);
    let on = json!({ "id": id, "first": 2, "after": info["endCursor"] });
    assert_eq!(page(on).await.0, ["h-3", "new"]);
    let (texts, _) = page(json!({ "id": id, "first": 3 })).await;
    assert_eq!(texts, ["h-1", "h-2", "h-3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_comes_before_its_target_points_to_it_once_it_is_there() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let reply = InboundMessage {
        reply_to: Some("t-1".to_owned()),
        ..said("r-1", "that one")
    };
    wrote(&asked, &workspace, 0, reply).await;
    let variables = json!({ "id": conversation(&asked, &workspace).await });
    let query = operation("Conversation");
    let target = async || {
        let shown = asked
            .ask(&workspace.viewer, &query, variables.clone())
            .await;
        let messages = shown["conversation"]["messages"]["nodes"]
            .as_array()
            .cloned();
        let mut messages = messages.unwrap_or_default().into_iter();
        let reply = messages.find(|one| one["text"] == "that one").unwrap();
        reply["replyTo"]["text"].clone()
    };
    assert_eq!(target().await, Value::Null);
    wrote(
        &asked,
        &workspace,
        0,
        said("t-1", "the red one or the blue one?"),
    )
    .await;
    assert_eq!(target().await, "the red one or the blue one?");
}
