//! Matrix with a real homeserver: Synapse, as `./dev test` installs it, with a person of its own.
//!
//! `INTERDESK_SYNAPSE` names the script that runs one; without it this test says so and passes.

mod ghost;
mod group;
mod homeserver;
mod person;

use crate::harness::{Agent, Column, Desk, PATIENCE, Plan, until};
use homeserver::{Homeserver, free_port};
use interdesk_channels::{Action, Credentials, NoFiles, Outgoing, SendContext, Sent, channel};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{Address, Content};
use person::Person;
use serde_json::{Value, json};
use std::path::Path;

const SLUG: &str = "matrix-care";
const BOT: &str = "@_interdesk_care:desk.test";
const AS_TOKEN: &str = "application-service-token-of-a-test";
const HS_TOKEN: &str = "homeserver-token-of-a-test";
const PASSWORD: &str = "a-long-password";

/// A desk with a Matrix inbox, and its homeserver.
struct World {
    desk: Desk,
    homeserver: Homeserver,
    agent: Agent,
}

impl World {
    /// `None` where no homeserver can be run.
    async fn start(name: &str) -> Option<Self> {
        Self::start_with(name, json!({})).await
    }

    /// Starts one whose inbox has further credentials.
    async fn start_with(name: &str, further: Value) -> Option<Self> {
        let Some(script) = std::env::var_os("INTERDESK_SYNAPSE") else {
            println!("skipped: INTERDESK_SYNAPSE names no script that runs a homeserver");
            return None;
        };
        let port = free_port();
        let name = format!("matrix-{name}");
        let desk = Desk::start(Column::Local, &name, Plan::default()).await;
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("synapse-{port}"));
        std::fs::create_dir_all(&folder).expect("a folder");
        seed(&desk, &folder, port, &further).await;
        let url = desk.url("ingestion");
        let asked = ["matrix", "registration", "--workspace", SLUG, "--url", &url];
        let printed = desk.run(&asked).await;
        assert!(printed.success, "no registration: {}", printed.text());
        let registration = folder.join("registration.yaml");
        std::fs::write(&registration, &printed.out).expect("a file");
        let homeserver = Homeserver::start(Path::new(&script), folder, port, &registration).await;
        let email = "care@example.org";
        let agent = Agent::sign_in(desk.url("agent"), SLUG, email, PASSWORD).await;
        Some(Self {
            desk,
            homeserver,
            agent,
        })
    }

    async fn texts(&self, query: &str) -> Vec<String> {
        self.desk.database.texts(query).await
    }

    async fn until_texts(&self, what: &str, query: &str, expected: &[&str]) {
        until(what, async || self.texts(query).await == expected).await;
    }
}

async fn seed(desk: &Desk, folder: &Path, port: u16, further: &Value) {
    let mut others = json!({ "user_id": BOT, "display_name": "Care" });
    for (name, value) in further.as_object().into_iter().flatten() {
        others[name] = value.clone();
    }
    let blueprint = json!({
        "slug": SLUG,
        "name": "Workspace on Matrix",
        "agents": [{
            "email": "care@example.org", "name": "Agent 7", "password": PASSWORD,
            "role": "agent", "capacity": 5, "teams": ["Care"],
        }],
        "queues": [{ "name": "Support", "offer_seconds": 600, "teams": ["Care"] }],
        "inboxes": [{
            "channel": "matrix",
            "name": "Matrix",
            "account_id": BOT,
            "endpoint": format!("http://127.0.0.1:{port}"),
            "queue": "Support",
            "credentials": {
                "access_token": AS_TOKEN,
                "webhook_secrets": [HS_TOKEN],
                "others": others,
            },
        }],
    });
    let file = folder.join("blueprint.json");
    std::fs::write(&file, blueprint.to_string()).expect("a file");
    let done = desk.run(&["seed", "--file", &file.to_string_lossy()]).await;
    assert!(done.success, "seeding fails: {}", done.text());
}

/// What of a message's words is stored, newest first.
const WORDS: &str = "SELECT content ->> 'text' FROM messages m JOIN inboxes i ON i.id = m.inbox_id
    WHERE i.channel = 'matrix' AND direction = 'in' ORDER BY m.id";
const STANDING: &str = "SELECT emojis::text FROM reactions ORDER BY target";
const DELETED: &str = "SELECT content ->> 'text' FROM messages WHERE deleted_at IS NOT NULL";
const REVISIONS: &str = "SELECT content ->> 'text' FROM message_revisions ORDER BY revision";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_on_a_real_homeserver_is_served_from_invitation_to_goodbye() {
    let Some(world) = World::start("person").await else {
        return;
    };
    let agent = world.agent.clone();
    let mut live = agent.watch().await;
    agent.online().await;
    let mut person = Person::register(&world.homeserver.url, "customer12").await;

    // The bot follows the invitation.
    let room = person.invite(BOT).await;
    until("the bot in the room", async || {
        person.members(&room).await.contains(&BOT.to_owned())
    })
    .await;

    let asked = person.say(&room, "Where is my parcel?").await;
    let conversation = agent.take_next(&mut live).await;
    let typing = "query($id: ID!) { node(id: $id) { ... on Conversation { customerTyping } } }";
    person.types(&room).await;
    until("typing at the desk", async || {
        let shown = agent.ask(typing, json!({ "id": conversation })).await;
        shown["node"]["customerTyping"] == true
    })
    .await;
    let reply = agent.reply(&conversation, "On its way.").await;
    assert_eq!(reply["status"], "QUEUED", "{reply}");
    let message = reply["message"]["id"].clone();
    live.until_delivery(&message, "SENT").await;
    let seen = person
        .sees("the answer", |event| {
            event["content"]["body"] == "On its way."
        })
        .await;
    assert_eq!(seen["sender"], BOT);
    assert_eq!(person.name_of(BOT).await, "Care");

    person.reads(&room, &seen).await;
    live.until_delivery(&message, "READ").await;

    person
        .edits(&room, &asked, "Where is my parcel 48213?")
        .await;
    let now = ["Where is my parcel 48213?"];
    world.until_texts("the edit", WORDS, &now).await;
    assert_eq!(world.texts(REVISIONS).await, ["Where is my parcel?"]);

    let thumb = person.reacts(&room, &seen, "👍").await;
    world.until_texts("the reaction", STANDING, &["{👍}"]).await;
    let party = person.reacts(&room, &seen, "🎉").await;
    until("both reactions", async || {
        world.texts(STANDING).await[0].len() == "{👍,🎉}".len()
    })
    .await;
    person.takes_back(&room, &thumb).await;
    world.until_texts("one reaction", STANDING, &["{🎉}"]).await;
    person.takes_back(&room, &party).await;
    world.until_texts("no reaction", STANDING, &["{}"]).await;

    let slip = person.say(&room, "a slip").await;
    world
        .until_texts("the slip", WORDS, &["Where is my parcel 48213?", "a slip"])
        .await;
    person.takes_back(&room, &slip).await;
    world
        .until_texts("the deletion", DELETED, &["a slip"])
        .await;

    acts(&world, &mut person, &room, &asked, &seen).await;

    // Words into a room that nobody reads any more are refused in words.
    person.leaves(&room).await;
    let reply = agent.reply(&conversation, "Are you still there?").await;
    let message = reply["message"]["id"].clone();
    until("the refusal", async || {
        agent.delivery(&message).await["state"] == "FAILED"
    })
    .await;
    let failure = agent.delivery(&message).await["failure"].clone();
    assert_eq!(failure["reason"], "NOT_OPTED_IN", "{failure}");
}

/// What an adapter can do beside writing, each seen by the person.
async fn acts(world: &World, person: &mut Person, room: &str, asked: &str, seen: &Value) {
    let ours = seen["event_id"].as_str().expect("an id");
    let (asked, ours) = (format!("{room}/{asked}"), format!("{room}/{ours}"));
    let act = async |action| send(world, Some(room), "", action).await;

    act(Action::Typing {
        last: Some(asked.clone()),
    })
    .await;
    person.sees_typing(BOT).await;

    act(Action::MarkRead {
        target: asked.clone(),
    })
    .await;
    person.sees_read(BOT).await;

    let react = |emoji: &str| Action::React {
        target: asked.clone(),
        emoji: emoji.to_owned(),
    };
    act(react("👀")).await;
    let mine = |key: &'static str| {
        move |event: &Value| {
            event["sender"] == BOT && event["content"]["m.relates_to"]["key"] == key
        }
    };
    person.sees("the reaction", mine("👀")).await;
    act(react("✅")).await;
    person.sees("the other reaction", mine("✅")).await;
    act(react("")).await;
    for _ in 0..2 {
        person
            .sees("the reaction withdrawn", |event| {
                event["type"] == "m.room.redaction" && event["sender"] == BOT
            })
            .await;
    }

    act(Action::Replace {
        target: ours.clone(),
        content: text("On its way, tomorrow."),
    })
    .await;
    person
        .sees("the edit", |event| {
            event["content"]["m.new_content"]["body"] == "On its way, tomorrow."
        })
        .await;

    act(Action::Delete {
        target: ours.clone(),
    })
    .await;
    person
        .sees("the deletion", |event| {
            event["type"] == "m.room.redaction" && ours.ends_with(&redacted(event))
        })
        .await;

    // The same key is the same event, however often it is tried.
    let twice = || Action::Write(text("once"));
    let (first, second) = (act(twice()).await, act(twice()).await);
    assert_eq!(first.provider_ids, second.provider_ids);

    // Where there is no room yet one is made, and a second try finds it.
    let opened = send(world, None, "conversation-2", twice()).await;
    let again = send(world, None, "conversation-2", twice()).await;
    assert_eq!(opened.state, again.state);
    let invited = person
        .is_invited_to(opened.state.as_deref().expect("a room"))
        .await;
    assert!(invited);
}

fn redacted(event: &Value) -> String {
    let within = event["content"]["redacts"].as_str();
    let target = within.or_else(|| event["redacts"].as_str());
    target.unwrap_or("nothing").to_owned()
}

fn text(words: &str) -> Content {
    Content::Text {
        text: words.to_owned(),
    }
}

async fn send(world: &World, room: Option<&str>, conversation: &str, action: Action) -> Sent {
    let mut credentials = Credentials {
        access_token: Some(AS_TOKEN.to_owned()),
        ..Credentials::default()
    };
    credentials
        .others
        .insert("user_id".to_owned(), BOT.to_owned());
    let client = reqwest::Client::builder().timeout(PATIENCE).build();
    let client = client.expect("a client");
    let context = SendContext {
        client: &client,
        account_id: BOT,
        endpoint: &world.homeserver.url,
        credentials: &credentials,
        now: chrono::Utc::now(),
        state: room,
        files: &NoFiles,
        forbids: |_| false,
    };
    let outgoing = Outgoing {
        attempt: uuid::Uuid::now_v7().to_string(),
        message: format!("message{conversation}"),
        conversation: conversation.to_owned(),
        to: vec![Address {
            network: "matrix".to_owned(),
            namespace: "user".to_owned(),
            value: "@customer12:desk.test".to_owned(),
        }],
        group: None,
        writer: None,
        action,
        reply_to: None,
        expires_at: None,
    };
    let sent = channel(ChannelKind::Matrix).send(&context, &outgoing).await;
    sent.expect("sent")
}
