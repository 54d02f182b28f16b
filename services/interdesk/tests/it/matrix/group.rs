//! Rooms with several people and files both ways, on a real homeserver.

use super::person::Person;
use super::{BOT, World};
use crate::harness::{Agent, until};
use serde_json::{Value, json};

/// A picture of one point.
const PIXEL: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 0x0d, b'I', b'D', b'A', b'T',
    0x78, 0x9c, 0x63, 0xf8, 0xcf, 0xc0, 0xf0, 0x1f, 0, 5, 0, 1, 0xff, 0x89, 0x99, 0x3d, 0x1d, 0, 0,
    0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

const TERMS: &[u8] = b"Our terms, as a file";

const ATTACHMENTS: &str = "query($id: ID!) { node(id: $id) { ... on Conversation {
    messages(last: 20) { nodes { attachments { state mimeType link { url } } } } } } }";

const PARTICIPANTS: &str = "query($id: ID!) { node(id: $id) { ... on Conversation {
    isGroup
    messages(last: 20) { nodes { text author { ... on Contact { name } } } }
    participants { name nameSource messages standing role joinedAt leftAt invitedAt } } } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_go_both_ways_through_a_real_homeserver_to_who_may_read_them() {
    let Some(world) = World::start("files").await else {
        return;
    };
    let agent = world.agent.clone();
    let mut live = agent.watch().await;
    agent.online().await;
    let mut person = Person::register(&world.homeserver.url, "customer21").await;
    let room = person.invite(BOT).await;
    until_in(&person, &room, BOT).await;

    person.shows(&room, "parcel.png", "image/png", PIXEL).await;
    let conversation = agent.take_next(&mut live).await;
    let stored = stored_file(&agent, &conversation).await;
    assert_eq!(stored["mimeType"], "image/png", "{stored}");
    let link = stored["link"]["url"].as_str().expect("a link");
    let (_, path) = link.split_once("/files/").expect("a path");
    let url = format!("{}/files/{path}", world.desk.url("agent"));
    let bytes = reqwest::get(url).await.expect("an answer").bytes().await;
    assert_eq!(bytes.expect("bytes"), PIXEL, "as the person sent them");

    let url = format!("{}/files?name=terms.txt", world.desk.url("agent"));
    let upload = reqwest::Client::new().post(url).bearer_auth(&agent.token);
    let upload = upload.body(TERMS).send().await.expect("an answer");
    let upload: Value =
        serde_json::from_slice(&upload.bytes().await.expect("bytes")).expect("JSON");
    let input = json!({
        "conversationId": conversation, "content": { "text": "Our terms" },
        "attachments": [upload["id"]],
    });
    let reply = agent.reply_with(None, None, input).await;
    assert_eq!(reply["status"], "QUEUED", "{reply}");
    let file = person
        .sees("the file", |event| event["content"]["msgtype"] == "m.file")
        .await;
    assert_eq!(file["sender"], BOT);
    assert_eq!(file["content"]["filename"], "terms.txt", "{file}");
    let address = file["content"]["url"].as_str().expect("an address");
    assert_eq!(person.downloads(address).await, TERMS);
    assert_eq!(person.downloads_without_token(address).await, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_with_several_people_is_one_conversation_with_each_messages_author() {
    let Some(world) = World::start("group").await else {
        return;
    };
    let agent = world.agent.clone();
    let mut live = agent.watch().await;
    agent.online().await;
    let url = &world.homeserver.url;
    let mut ada = Person::register(url, "customer31").await;
    let mut ben = Person::register(url, "customer32").await;
    ada.calls_themselves("Customer Ada").await;

    // Both are in the room before the desk is asked in, so the desk has to look who is there.
    let room = ada.makes_room(&[&ben.user]).await;
    ben.joins(&room).await;
    ada.asks_in(&room, BOT).await;
    until_in(&ada, &room, BOT).await;
    let shown = "SELECT count(*)::text FROM group_members WHERE standing = 'joined'";
    world.until_texts("both members", shown, &["2"]).await;

    ada.say(&room, "Where is our parcel?").await;
    let conversation = agent.take_next(&mut live).await;
    ben.say(&room, "It was to come on Monday.").await;
    let told = "SELECT m.content ->> 'text' FROM messages m
        JOIN conversations c ON c.id = m.conversation_id
        WHERE m.direction = 'in' AND m.contact_id IS NOT NULL AND c.group_id IS NOT NULL
        ORDER BY m.id";
    let both = ["Where is our parcel?", "It was to come on Monday."];
    world
        .until_texts("both messages in one conversation", told, &both)
        .await;

    let reply = agent.reply(&conversation, "It comes tomorrow.").await;
    assert_eq!(reply["status"], "QUEUED", "{reply}");
    for person in [&mut ada, &mut ben] {
        let seen = person.sees("the answer", |event| {
            event["content"]["body"] == "It comes tomorrow."
        });
        assert_eq!(seen.await["sender"], BOT);
    }

    let found = agent.ask(PARTICIPANTS, json!({ "id": conversation })).await;
    let found = &found["node"];
    assert_eq!(found["isGroup"], true, "{found}");
    let written = &found["messages"]["nodes"];
    assert_eq!(
        each(written, "text"),
        [both[0], both[1], "It comes tomorrow."]
    );
    assert_eq!(written[0]["author"]["name"], "Customer Ada", "{found}");
    assert_eq!(written[1]["author"]["name"], "customer32", "{found}");
    let names: Vec<_> = each(&found["participants"], "name");
    assert_eq!(names, ["Customer Ada", "customer32"]);
    assert_eq!(
        each(&found["participants"], "standing"),
        ["JOINED", "JOINED"]
    );
    assert_eq!(each(&found["participants"], "role"), ["OWNER", "MEMBER"]);
    assert_eq!(found["participants"][0]["nameSource"], "SELF_ASSERTED");

    // Another is asked in and does not come, and one leaves.
    let cem = Person::register(url, "customer33").await;
    ada.asks_in(&room, &cem.user).await;
    let asked = "SELECT count(*)::text FROM group_members WHERE standing = 'invited'";
    world.until_texts("the invitation", asked, &["1"]).await;
    ben.leaves(&room).await;
    let left = "SELECT count(*)::text FROM group_members WHERE left_at IS NOT NULL";
    world.until_texts("who left", left, &["1"]).await;
    let notes =
        "SELECT content ->> 'text' FROM messages WHERE content ->> 'type' = 'notice' ORDER BY id";
    let expected = [
        "customer33 was asked into the room.",
        "customer32 left the room.",
    ];
    world.until_texts("the timeline", notes, &expected).await;

    // Whoever stays goes on in the same conversation, until nobody is left.
    ada.say(&room, "Thank you!").await;
    let all = [both[0], both[1], "Thank you!"];
    world.until_texts("the last words", told, &all).await;
    ada.leaves(&room).await;
    let gone = "SELECT count(*)::text FROM group_members WHERE standing = 'left'";
    world.until_texts("an empty room", gone, &["2"]).await;
    let reply = agent.reply(&conversation, "Is anybody there?").await;
    let message = reply["message"]["id"].clone();
    until("the refusal", async || {
        agent.delivery(&message).await["state"] == "FAILED"
    })
    .await;
    let failure = agent.delivery(&message).await["failure"].clone();
    assert_eq!(failure["reason"], "NOT_OPTED_IN", "{failure}");
}

async fn until_in(person: &Person, room: &str, who: &str) {
    until("somebody in the room", async || {
        person.members(room).await.contains(&who.to_owned())
    })
    .await;
}

async fn stored_file(agent: &Agent, conversation: &Value) -> Value {
    let ask = async || {
        let found = agent.ask(ATTACHMENTS, json!({ "id": conversation })).await;
        found["node"]["messages"]["nodes"][0]["attachments"][0].clone()
    };
    until("the picture", async || ask().await["state"] == "STORED").await;
    ask().await
}

fn each(list: &Value, name: &str) -> Vec<String> {
    let list = list.as_array().expect("a list").iter();
    list.map(|one| one[name].as_str().unwrap_or_default().to_owned())
        .collect()
}
