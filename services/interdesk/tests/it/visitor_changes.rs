//! What visitors and agents change of what was said in the web chat, each seen by the other side.

use crate::harness::{Column, Desk, Plan, until};
use crate::stories;
use crate::visitor::{Page, Visitor, WEBSITE, identity, website};
use reqwest::StatusCode;
use serde_json::{Value, json};

stories!(
    a_visitor_quotes_edits_reacts_and_takes_back_and_both_sides_see_the_same,
    nobody_changes_what_is_not_theirs,
);

/// Everything of a conversation's messages that can be changed.
const MESSAGES: &str = "query($id: ID!) { node(id: $id) { ... on Conversation {
    messages(first: 50) { nodes { id text deletedAt revision replyTo { text }
        versions { content { ... on TextContent { text } } }
        reactions { author emojis } } } } } }";

async fn start(column: Column, name: &str) -> (Desk, Page) {
    let plan = Plan {
        inboxes: vec![website(WEBSITE, json!({}))],
        ..Plan::default()
    };
    let desk = Desk::start(column, name, plan).await;
    let page = Page::new(desk.webhook_url(WEBSITE));
    (desk, page)
}

async fn change(visitor: &Visitor, method: &str, id: &Value, body: Value) -> (StatusCode, Value) {
    let id = id.as_str().expect("an id").replace(':', "%3A");
    visitor
        .send(method, &format!("messages/{id}"), Some(body))
        .await
}

async fn react(visitor: &Visitor, id: &Value, emoji: Value) -> (StatusCode, Value) {
    let path = format!("messages/{}/reaction", id.as_str().expect("an id"));
    let body = json!({ "emoji": emoji });
    visitor.send("PUT", &path, Some(body)).await
}

async fn a_visitor_quotes_edits_reacts_and_takes_back_and_both_sides_see_the_same(column: Column) {
    let (desk, page) = start(column, "visitor-changes").await;
    let agent = desk.agent(1).await;
    let mut live = agent.watch().await;
    agent.online().await;
    let visitor = page.begin(json!({})).await;
    let mut feed = visitor.feed(None).await;
    let asked = visitor.write("c-1", "Where is my parcel?").await["message"].clone();
    assert_eq!(asked["editable"], true);
    let conversation = agent.take_next(&mut live).await;
    agent.reply(&conversation, "Which one?").await;
    let answer = feed.until_text("Which one?").await;
    let messages = async || {
        let data = agent.ask(MESSAGES, json!({ "id": conversation })).await;
        data["node"]["messages"]["nodes"]
            .as_array()
            .expect("messages")
            .clone()
    };
    let one = async |text: &str| {
        let all = messages().await;
        let found = all.into_iter().find(|one| one["text"] == text);
        found.unwrap_or_else(|| panic!("no {text}"))
    };

    // Quoted.
    let quoting = json!({ "id": "c-2", "text": "This one", "reply_to": answer["id"] });
    let (status, quoted) = visitor.post("messages", quoting).await;
    assert_eq!(status, StatusCode::OK, "{quoted}");
    assert_eq!(quoted["message"]["reply_to"], answer["id"]);
    assert_eq!(one("This one").await["replyTo"]["text"], "Which one?");

    // Edited twice, once said twice: each version is kept once.
    for text in [
        "Where are my parcels?",
        "Where are my 2 parcels?",
        "Where are my 2 parcels?",
    ] {
        let (status, told) = change(&visitor, "PUT", &asked["id"], json!({ "text": text })).await;
        assert_eq!(status, StatusCode::OK, "{told}");
        assert_eq!(told["message"]["text"], text);
    }
    let shown = feed.until_text("Where are my 2 parcels?").await;
    assert_eq!(
        (&shown["revision"], &shown["seq"]),
        (&json!(2), &asked["seq"])
    );
    let edited = one("Where are my 2 parcels?").await;
    let versions: Vec<_> = edited["versions"]
        .as_array()
        .expect("versions")
        .iter()
        .collect();
    let texts: Vec<_> = versions.iter().map(|one| &one["content"]["text"]).collect();
    assert_eq!(texts, ["Where is my parcel?", "Where are my parcels?"]);

    // A reaction of each side, the visitor's withdrawn again.
    let (status, told) = react(&visitor, &answer["id"], json!("👍")).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let standing = json!([{ "emoji": "👍", "from": "visitor" }]);
    assert_eq!(told["message"]["reactions"], standing);
    let reactions = one("Which one?").await["reactions"].clone();
    assert_eq!(reactions[0]["emojis"], json!(["👍"]), "{reactions}");
    assert_ne!(reactions[0]["author"], "desk");
    let query = "mutation($input: ReactionSetInput!) {
        reactionSet(input: $input) @idempotent(key: \"react\") { status refusal { code } } }";
    let input = json!({ "messageId": edited["id"], "emoji": "🎉" });
    let set = agent.ask(query, json!({ "input": input })).await;
    assert_eq!(set["reactionSet"]["refusal"], Value::Null, "{set}");
    let ours = json!([{ "emoji": "🎉", "from": "agent" }]);
    feed.until_message(|message| message["reactions"] == ours)
        .await;
    let (_, told) = react(&visitor, &answer["id"], Value::Null).await;
    assert_eq!(told["message"]["reactions"], json!([]));

    // Taken back, twice.
    for _ in 0..2 {
        let (status, told) = change(&visitor, "DELETE", &quoted["message"]["id"], json!({})).await;
        assert_eq!(status, StatusCode::OK, "{told}");
        assert_eq!(told["message"]["deleted"], true);
        assert!(told["message"].get("text").is_none(), "{told}");
    }
    feed.until_message(|message| message["deleted"] == true)
        .await;
    let all = messages().await;
    let gone: Vec<_> = all
        .iter()
        .filter(|one| !one["deletedAt"].is_null())
        .collect();
    assert_eq!(gone.len(), 1, "{all:?}");
    assert_eq!(gone[0]["text"], "");

    // Whoever comes later finds it as it is now.
    assert_eq!(
        visitor.texts().await,
        ["Where are my 2 parcels?", "Which one?", ""]
    );
    until("all events", async || {
        live.stands().await;
        let count = |kind| live.count(kind);
        (
            count("message_edited"),
            count("message_deleted"),
            count("reaction_changed"),
        ) == (2, 1, 3)
    })
    .await;
}

async fn nobody_changes_what_is_not_theirs(column: Column) {
    let (desk, page) = start(column, "visitor-foreign").await;
    let agent = desk.agent(1).await;
    let mut live = agent.watch().await;
    agent.online().await;
    let signed = |user: &str| json!({ "identity": identity(&json!({ "sub": user })) });
    let phone = page.begin(signed("customer-12")).await;
    let laptop = page.begin(signed("customer-12")).await;
    let other = page.begin(signed("customer-13")).await;
    let mine = phone.write("c-1", "It is me").await["message"]["id"].clone();
    let theirs = other.write("c-1", "It is not").await["message"]["id"].clone();
    let conversation = agent.take_next(&mut live).await;
    agent.reply(&conversation, "Hello").await;
    let mut feed = phone.feed(None).await;
    let ours = feed.until_text("Hello").await["id"].clone();

    let refused = async |visitor: &Visitor, method: &str, id: &Value, body: Value| {
        let (status, told) = change(visitor, method, id, body).await;
        (status.as_u16(), told["error"]["code"].clone())
    };
    let words = || json!({ "text": "Something else" });
    let unknown = (404, json!("UNKNOWN_MESSAGE"));
    assert_eq!(refused(&other, "PUT", &mine, words()).await, unknown);
    assert_eq!(refused(&other, "DELETE", &mine, json!({})).await, unknown);
    assert_eq!(refused(&phone, "PUT", &theirs, words()).await, unknown);
    let (status, told) = react(&other, &ours, json!("👍")).await;
    assert_eq!((status.as_u16(), &told["error"]["code"]), (404, &unknown.1));
    let quoting = json!({ "id": "c-9", "text": "Whose?", "reply_to": mine });
    let (status, _) = other.post("messages", quoting).await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    let not_yours = (403, json!("NOT_YOURS"));
    assert_eq!(refused(&phone, "PUT", &ours, words()).await, not_yours);
    assert_eq!(refused(&phone, "DELETE", &ours, json!({})).await, not_yours);
    assert_eq!(
        refused(&phone, "PUT", &mine, json!({ "text": " " }))
            .await
            .0,
        400
    );
    let (status, _) = react(&phone, &ours, json!("👍".repeat(40))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let nobody = phone.with(String::new());
    assert_eq!(refused(&nobody, "DELETE", &mine, json!({})).await.0, 401);

    // The same person on another browser may; what is gone is gone.
    let (status, told) = change(&laptop, "PUT", &mine, words()).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    assert_eq!(
        change(&laptop, "DELETE", &mine, json!({})).await.0,
        StatusCode::OK
    );
    let gone = (410, json!("MESSAGE_GONE"));
    assert_eq!(refused(&phone, "PUT", &mine, words()).await, gone);
    assert_eq!(react(&phone, &mine, json!("👍")).await.0, StatusCode::GONE);

    // Words take the place of words alone.
    let (_, kept) = phone.upload("list.txt", b"a list".to_vec()).await;
    let with_file = json!({ "id": "f-1", "text": "My list", "file": kept["file"]["id"] });
    let (_, sent) = phone.post("messages", with_file).await;
    assert_eq!(sent["message"]["editable"], false);
    let fixed = (409, json!("NOT_CHANGEABLE"));
    assert_eq!(
        refused(&phone, "PUT", &sent["message"]["id"], words()).await,
        fixed
    );
    assert_eq!(other.texts().await, ["It is not"]);
}
