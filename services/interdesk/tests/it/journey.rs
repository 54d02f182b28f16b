//! One customer over four apps: the widget, WhatsApp, Matrix, mail, with consent withdrawn on the way.

use crate::harness::{Agent, Column, Desk, Live, Plan, WHATSAPP, until};
use crate::mail::door;
use crate::stories;
use crate::visitor::{Page, Visitor, WEBSITE, website};
use interdesk_simulator::Content;
use interdesk_simulator::account::{Account, Matrix};
use interdesk_simulator::mail::{Catcher, Customers};
use serde_json::{Value, json};

stories!(
    a_customer_goes_from_the_widget_over_whatsapp_and_matrix_to_mail_and_is_one_piece_of_work,
    a_visitor_who_left_an_address_is_answered_there_and_answers_in_the_same_conversation,
);

const BOT: &str = "@_interdesk_care:example.org";
const PHONE: &str = "15550100044";
const MEMBER: &str = "@customer12:example.org";
const MAILBOX: &str = "support@desk.example";
const TOKENS: [&str; 2] = ["application-service-token", "homeserver-token"];

/// A desk with all four apps in one queue.
struct World {
    desk: Desk,
    agent: Agent,
    live: Live,
    visitor: Visitor,
    catcher: Catcher,
    mails: Customers,
}

impl World {
    async fn start(column: Column) -> Self {
        let catcher = Catcher::start(0).await.expect("a port");
        let matrix = json!({
            "channel": "matrix", "name": "Matrix", "account_id": BOT, "queue": "Support",
            "endpoint": "simulator",
            "credentials": {
                "access_token": TOKENS[0], "webhook_secrets": [TOKENS[1]],
                "others": { "user_id": BOT, "display_name": "Care" },
            },
        });
        let mailbox = json!({
            "channel": "email", "name": "Mail", "account_id": MAILBOX, "queue": "Support",
            "endpoint": catcher.url(), "credentials": { "others": { "name": "Desk" } },
        });
        let plan = Plan {
            inboxes: vec![website(WEBSITE, json!({})), matrix, mailbox],
            ..Plan::default()
        };
        let plan = plan.set("INTERDESK_MAIL_LMTP_PORT", "0");
        let desk = Desk::start(column, "journey", plan).await;
        let [as_token, hs_token] = TOKENS.map(str::to_owned);
        desk.simulator.add_account(Account::Matrix(Matrix {
            user_id: BOT.to_owned(),
            server_name: "example.org".to_owned(),
            as_token,
            hs_token,
            webhook_url: desk.webhook_url(BOT),
        }));
        let page = Page::new(desk.webhook_url(WEBSITE));
        let agent = desk.agent(1).await;
        let live = agent.watch().await;
        agent.online().await;
        Self {
            visitor: page.begin(json!({})).await,
            mails: Customers::new(door(&desk).await, MAILBOX, 1),
            desk,
            agent,
            live,
            catcher,
        }
    }

    async fn mail(&self, subject: &str, text: &str) {
        let draft = self.mails.draft(12, subject, text);
        let handed = self.mails.send(&draft).await.expect("an answer");
        assert!(handed.is_taken(), "{handed:?}");
    }

    /// Lets the customer say hello by each app, and the agent find out that they are one person.
    async fn introduce(&mut self) {
        let mut contacts = Vec::new();
        for app in 0..4 {
            match app {
                0 => drop(self.visitor.write("hello", "Hello by widget").await),
                1 => drop(
                    self.desk
                        .write(WHATSAPP, PHONE, Content::text("Hello by phone")),
                ),
                2 => drop(
                    self.desk
                        .write(BOT, MEMBER, Content::text("Hello by Matrix")),
                ),
                _ => self.mail("Hello", "Hello by mail").await,
            }
            let conversation = self.agent.take_next(&mut self.live).await;
            contacts.push(self.read(&conversation).await["contact"]["id"].clone());
            let resolved = self.agent.resolve(&conversation).await;
            assert_eq!(resolved["conversation"]["status"], "RESOLVED", "{resolved}");
        }
        let query = "mutation($input: ContactLinkInput!) {
            contactLink(input: $input) { status refusal { code } } }";
        for other in &contacts[1..] {
            let input = json!({ "contactId": other, "intoContactId": contacts[0],
                "note": "the customer said so on each" });
            let linked = self.agent.ask(query, json!({ "input": input })).await;
            assert_eq!(linked["contactLink"]["refusal"], Value::Null, "{linked}");
        }
    }

    async fn read(&self, conversation: &Value) -> Value {
        let query = "query($id: ID!) { node(id: $id) { ... on Conversation {
            status assignee { id } contact { id }
            replyRoute { inbox { id channel } contact { id }
                alternatives { inbox { id channel } contact { id } } }
            messages(first: 50) { nodes { text direction version inbox { channel } } }
        } } }";
        let shown = self.agent.ask(query, json!({ "id": conversation })).await;
        shown["node"].clone()
    }

    /// Waits until these words of the customer are in the conversation.
    async fn hears(&self, conversation: &Value, text: &str) {
        until(text, async || {
            let shown = self.read(conversation).await;
            let all = shown["messages"]["nodes"].as_array().expect("messages");
            all.iter().any(|one| one["text"] == text)
        })
        .await;
    }

    /// Answers by whichever app the desk chooses; returns when it has left.
    async fn answers(&mut self, conversation: &Value, text: &str) {
        let reply = self.agent.reply(conversation, text).await;
        assert_eq!(reply["status"], "QUEUED", "{reply}");
        let id = &reply["message"]["id"];
        self.live.until_delivery(id, "SENT").await;
    }

    /// What the customer got at a simulated provider.
    fn got(&self, account: &str) -> Vec<String> {
        let all = self.desk.simulator.journal().accepted().into_iter();
        let here = all.filter(|one| one.account == account && !one.text.is_empty());
        here.map(|one| one.text).collect()
    }
}

async fn a_customer_goes_from_the_widget_over_whatsapp_and_matrix_to_mail_and_is_one_piece_of_work(
    column: Column,
) {
    let mut world = World::start(column).await;
    world.introduce().await;

    // They start on the widget.
    world.visitor.write("c-1", "Where is my parcel?").await;
    let conversation = world.agent.take_next(&mut world.live).await;
    let mut feed = world.visitor.feed(None).await;
    world.answers(&conversation, "I am looking.").await;
    feed.until_text("I am looking.").await;

    // They go on by WhatsApp: nobody is asked again, the answer follows them.
    let text = "I had to leave the shop's page";
    world.desk.write(WHATSAPP, PHONE, Content::text(text));
    world.hears(&conversation, text).await;
    world.answers(&conversation, "No matter.").await;
    assert_eq!(world.got(WHATSAPP), ["No matter."]);

    consent_is_withdrawn(&mut world, &conversation).await;
    feed.until_text("Then here.").await;

    // Then Matrix, then mail.
    let text = "I am at my desk now";
    world.desk.write(BOT, MEMBER, Content::text(text));
    world.hears(&conversation, text).await;
    world.answers(&conversation, "It comes tomorrow.").await;
    assert_eq!(world.got(BOT), ["It comes tomorrow."]);
    world
        .mail("My parcel", "Please write it down for me.")
        .await;
    world
        .hears(&conversation, "Please write it down for me.")
        .await;
    world.answers(&conversation, "Tomorrow by noon.").await;
    until("the mail", async || world.catcher.caught().len() == 1).await;
    let caught = &world.catcher.caught()[0];
    assert_eq!(caught.to, ["customer12@example.org"]);
    assert_eq!(caught.header("subject").as_deref(), Some("Re: My parcel"));

    one_piece_of_work(&world, &conversation).await;
    let resolved = world.agent.resolve(&conversation).await;
    assert_eq!(resolved["conversation"]["status"], "RESOLVED", "{resolved}");
}

/// On WhatsApp they withdraw their consent: answers go where they were before, and nowhere by force.
async fn consent_is_withdrawn(world: &mut World, conversation: &Value) {
    world.desk.write(WHATSAPP, PHONE, Content::text("STOP"));
    world.hears(conversation, "STOP").await;
    let route = world.read(conversation).await["replyRoute"].clone();
    assert_eq!(route["inbox"]["channel"], "WEBCHAT", "{route}");
    world.answers(conversation, "Then here.").await;
    let whatsapp = "{ inboxes { id channel } }";
    let all = world.agent.ask(whatsapp, json!({})).await;
    let all = all["inboxes"].as_array().expect("inboxes");
    let whatsapp = all.iter().find(|one| one["channel"] == "WHATSAPP");
    let query = "mutation($input: MessageReplyInput!) { messageReply(input: $input)
        @idempotent(key: \"all the same\") {
        status refusal { code } instead { kind inbox { channel } } } }";
    let input = json!({ "conversationId": conversation, "content": { "text": "All the same" },
        "to": { "inboxId": whatsapp.expect("it")["id"] } });
    let refused = world.agent.ask(query, json!({ "input": input })).await;
    let refused = &refused["messageReply"];
    assert_eq!(refused["status"], "NOT_OPTED_IN", "{refused}");
    assert_eq!(refused["refusal"]["code"], "NOT_OPTED_IN", "{refused}");
    assert!(
        refused["instead"].to_string().contains("WEBCHAT"),
        "{refused}"
    );
    assert_eq!(
        world.got(WHATSAPP),
        ["No matter."],
        "nothing more left there"
    );
}

/// One conversation, one owner, one timeline with the app of each message.
async fn one_piece_of_work(world: &World, conversation: &Value) {
    let shown = world.read(conversation).await;
    assert!(!shown["assignee"].is_null(), "{shown}");
    let mut way: Vec<String> = Vec::new();
    let mut all = shown["messages"]["nodes"]
        .as_array()
        .expect("messages")
        .clone();
    all.sort_by_key(|one| one["version"].as_i64());
    for one in &all {
        let (app, direction) = (&one["inbox"]["channel"], &one["direction"]);
        way.push(format!(
            "{} {}",
            app.as_str().unwrap(),
            direction.as_str().unwrap()
        ));
    }
    // The first of each app is the introduction, which is resolved; the widget's is of this conversation.
    let way: Vec<_> = way.iter().skip_while(|one| !one.ends_with("OUT")).collect();
    let expected = [
        "WEBCHAT OUT",
        "WHATSAPP IN",
        "WHATSAPP OUT",
        "WHATSAPP IN",
        "WEBCHAT OUT",
        "MATRIX IN",
        "MATRIX OUT",
        "EMAIL IN",
        "EMAIL OUT",
    ];
    assert_eq!(way, expected);
    let database = &world.desk.database;
    let open = "SELECT count(*) FROM conversations WHERE status <> 'resolved'";
    assert_eq!(database.count(open).await, 1, "one conversation");
    let live = "SELECT count(*) FROM work_items WHERE state IN ('queued', 'offered', 'active')";
    assert_eq!(database.count(live).await, 1, "one work item");
    let owners =
        "SELECT count(DISTINCT assignee_id) FROM conversations WHERE assignee_id IS NOT NULL
        AND status <> 'resolved'";
    assert_eq!(database.count(owners).await, 1, "one owner");
}

async fn a_visitor_who_left_an_address_is_answered_there_and_answers_in_the_same_conversation(
    column: Column,
) {
    let mut world = World::start(column).await;
    world.visitor.write("c-1", "Where is my parcel?").await;
    let conversation = world.agent.take_next(&mut world.live).await;
    let left = json!({ "id": "e-1", "email": "customer12@example.org" });
    let (status, told) = world.visitor.post("email", left).await;
    assert_eq!(status, 200, "{told}");

    // The visitor has gone: the agent answers where they said.
    let shown = world.read(&conversation).await;
    let mail = &shown["replyRoute"]["alternatives"][0];
    assert_eq!(mail["inbox"]["channel"], "EMAIL", "{shown}");
    let query = "mutation($input: MessageReplyInput!) { messageReply(input: $input)
        @idempotent(key: \"by mail\") { status message { id } } }";
    let input = json!({ "conversationId": conversation, "content": { "text": "It left today." },
        "to": { "inboxId": mail["inbox"]["id"], "contactId": mail["contact"]["id"] } });
    let reply = world.agent.ask(query, json!({ "input": input })).await;
    let id = &reply["messageReply"]["message"]["id"];
    world.live.until_delivery(id, "SENT").await;
    until("the mail", async || world.catcher.caught().len() == 1).await;
    let caught = world.catcher.caught().remove(0);
    assert_eq!(caught.to, ["customer12@example.org"]);

    // Somebody else who got hold of the mail is somebody else.
    let stranger = world.mails.answer(&caught, 13, "What is this?");
    let handed = world.mails.send(&stranger).await.expect("an answer");
    assert!(handed.is_taken(), "{handed:?}");
    let contacts = "SELECT count(*) FROM contacts";
    until("a stranger", async || {
        world.desk.database.count(contacts).await == 2
    })
    .await;

    let draft = world.mails.answer(&caught, 12, "Thank you!");
    let handed = world.mails.send(&draft).await.expect("an answer");
    assert!(handed.is_taken(), "{handed:?}");
    until("the answer", async || {
        let shown = world.read(&conversation).await;
        let all = shown["messages"]["nodes"].as_array().expect("messages");
        (all.iter()).any(|one| {
            one["text"]
                .as_str()
                .is_some_and(|text| text.contains("Thank you!"))
        })
    })
    .await;
    assert_eq!(
        world.desk.database.count(contacts).await,
        2,
        "one person, and the stranger"
    );
    let all = "SELECT count(*) FROM conversations";
    assert_eq!(world.desk.database.count(all).await, 2);
    // From now on the address leads to the person.
    world.answers(&conversation, "You are welcome.").await;
    until("another mail", async || world.catcher.caught().len() == 2).await;
}
