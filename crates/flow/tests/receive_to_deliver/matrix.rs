//! What Matrix has and others have not: reactions as events of their own, edits that anybody may
//! send, and invitations that wait to be followed.

use crate::bench::*;
use interdesk_channels::{Credentials, Incoming, channel};
use interdesk_domain::id::ConversationId;
use interdesk_domain::inbox::ChannelKind::Matrix;
use interdesk_domain::message::{Update, UpdateKind};
use interdesk_flow::follow::{self, Resting};
use interdesk_flow::receive::Mailbox;
use interdesk_flow::typing;
use serde_json::{Value, json};

const ALICE: &str = "@alice:example.org";

fn event(kind: &str, id: &str, sender: &str, content: Value) -> Value {
    json!({
        "type": kind,
        "event_id": id,
        "room_id": "!room:example.org",
        "sender": sender,
        "content": content,
    })
}

fn words(id: &str, text: &str) -> Value {
    event(
        "m.room.message",
        id,
        ALICE,
        json!({ "msgtype": "m.text", "body": text }),
    )
}

fn reaction(id: &str, key: &str) -> Value {
    let relation = json!({ "rel_type": "m.annotation", "event_id": "$one", "key": key });
    event("m.reaction", id, ALICE, json!({ "m.relates_to": relation }))
}

fn redaction(id: &str, target: &str) -> Value {
    event("m.room.redaction", id, ALICE, json!({ "redacts": target }))
}

fn edit(id: &str, sender: &str, target: &str, text: &str) -> Value {
    let content = json!({
        "msgtype": "m.text",
        "body": format!("* {text}"),
        "m.new_content": { "msgtype": "m.text", "body": text },
        "m.relates_to": { "rel_type": "m.replace", "event_id": target },
    });
    event("m.room.message", id, sender, content)
}

fn read(event: &Value) -> Vec<Update> {
    let mut credentials = Credentials::default();
    let bot = "@_desk:example.org".to_owned();
    credentials.others.insert("user_id".to_owned(), bot);
    let body = json!({ "events": [event] }).to_string();
    let read = channel(Matrix).parse(&Incoming::kept(body.as_bytes()), &credentials);
    read.unwrap()
}

async fn receive(bench: &Bench, inbox: Mailbox, event: &Value) {
    for update in read(event) {
        bench.receive(inbox, update).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reactions_that_are_events_stand_side_by_side_until_each_is_taken_back() {
    for order in orders(4) {
        let bench = Bench::fresh().await;
        let inbox = bench.inbox(Matrix).await;
        receive(&bench, inbox, &words("$one", "Hello")).await;
        let told = [
            reaction("$a", "👍"),
            reaction("$b", "🎉"),
            redaction("$c", "$a"),
            reaction("$b", "🎉"),
        ];
        for n in &order {
            receive(&bench, inbox, &told[*n]).await;
        }
        let standing = "SELECT emojis FROM reactions";
        assert_eq!(bench.one(standing).await, "{🎉}", "{order:?}");
        receive(&bench, inbox, &redaction("$d", "$b")).await;
        receive(&bench, inbox, &redaction("$d", "$b")).await;
        assert_eq!(bench.one(standing).await, "{}");
        assert_eq!(bench.count("early_updates").await, 0);
        let deleted = "SELECT count(deleted_at) FROM messages";
        assert_eq!(bench.one(deleted).await, "0");
        bench.prove().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_counts_only_from_the_author_and_not_of_what_the_desk_wrote() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Matrix).await;
    receive(&bench, inbox, &words("$one", "first")).await;
    let mallory = "@mallory:example.org";
    receive(&bench, inbox, &edit("$x", mallory, "$one", "forged")).await;
    receive(&bench, inbox, &edit("$y", ALICE, "$one", "second")).await;
    let text = "SELECT content ->> 'text' FROM messages";
    assert_eq!(bench.one(text).await, "second");

    let ours = "UPDATE messages SET direction = 'out'";
    bench.run(ours).await;
    bench.run("DELETE FROM message_ids").await;
    receive(
        &bench,
        inbox,
        &edit("$z", ALICE, "$one", "as if we said it"),
    )
    .await;
    assert_eq!(bench.one(text).await, "second");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redaction_takes_a_message_back_also_when_it_comes_first() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Matrix).await;
    receive(&bench, inbox, &redaction("$r", "$one")).await;
    receive(&bench, inbox, &words("$one", "a slip")).await;
    let deleted = "SELECT count(deleted_at) FROM messages";
    assert_eq!(bench.one(deleted).await, "1");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_is_kept_until_it_was_followed() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Matrix).await;
    let mut invitation = event(
        "m.room.member",
        "$i",
        ALICE,
        json!({ "membership": "invite" }),
    );
    invitation["state_key"] = "@_desk:example.org".into();
    receive(&bench, inbox, &invitation).await;
    let open =
        "SELECT count(*) FROM raw_webhooks WHERE retried_at IS NULL AND reason LIKE 'asks: %'";
    assert_eq!(bench.one(open).await, "1");

    // The inbox has no bot yet, which somebody may mend, so it waits and rests between its tries.
    let mut resting = Resting::default();
    for _ in 0..2 {
        let done = follow::follow(&bench.desk, &bench.courier, &mut resting).await;
        assert_eq!(done.unwrap(), 0);
        assert_eq!(bench.one(open).await, "1");
    }

    // After a week nobody waits any more.
    bench
        .run("UPDATE raw_webhooks SET received_at = received_at - interval '8 days'")
        .await;
    let done = follow::follow(&bench.desk, &bench.courier, &mut Resting::default()).await;
    assert_eq!(done.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_writing_shows_on_their_conversation_and_is_not_kept() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Matrix).await;
    receive(&bench, inbox, &words("$one", "Hello")).await;
    let id = bench.one("SELECT id FROM conversations").await;
    let conversation = ConversationId(id.parse().unwrap());
    let shown = async || {
        let asked = typing::is_customer_typing(&bench.desk, &[conversation]).await;
        asked.unwrap()
    };
    assert_eq!(shown().await, [false]);
    for who in ["@stranger:example.org", ALICE] {
        let typing = UpdateKind::Typing {
            who: address("matrix", "user", who),
        };
        bench.receive(inbox, update(typing)).await;
        assert_eq!(shown().await, [who == ALICE], "{who}");
    }
    assert_eq!(bench.count("raw_webhooks").await, 0);
}
