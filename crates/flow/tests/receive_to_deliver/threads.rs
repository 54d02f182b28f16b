//! Threads, further ids and what adapters remember: what mail and rooms live by.

use crate::bench::*;
use interdesk_channels::*;
use interdesk_domain::delivery::DeliveryState::{Delivered, Read};
use interdesk_domain::id::*;
use interdesk_domain::inbox::ChannelKind::{self, Webhook, Whatsapp};
use interdesk_domain::message::*;
use interdesk_flow::Context;
use interdesk_flow::deliver::deliver_by;
use interdesk_flow::receive::{Mailbox, receive};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::sync::Barrier;

/// What the adapter below answers and hears, by endpoint: each test has its own.
static BOOK: Mutex<Option<HashMap<String, Page>>> = Mutex::new(None);

#[derive(Default)]
struct Page {
    answers: VecDeque<Sent>,
    states: Vec<Option<String>>,
    /// Met before and after what happens during the next call.
    gate: Option<Arc<Barrier>>,
}

fn page<T>(endpoint: &str, what: impl FnOnce(&mut Page) -> T) -> T {
    let mut book = BOOK.lock().unwrap();
    what(
        book.get_or_insert_default()
            .entry(endpoint.to_owned())
            .or_default(),
    )
}

/// An adapter that gives several ids and remembers.
struct Roomy;

#[async_trait::async_trait]
impl Channel for Roomy {
    fn kind(&self) -> ChannelKind {
        Whatsapp
    }

    fn capabilities(&self) -> &'static Capabilities {
        channel(Whatsapp).capabilities()
    }

    fn verify(
        &self,
        _: &Incoming<'_>,
        _: &Credentials,
        _: chrono::DateTime<chrono::Utc>,
    ) -> Result<(), VerifyError> {
        Ok(())
    }

    fn parse(&self, _: &Incoming<'_>, _: &Credentials) -> Result<Vec<Update>, ParseError> {
        Ok(Vec::new())
    }

    async fn send(&self, context: &SendContext<'_>, _: &Outgoing) -> Result<Sent, SendError> {
        let gate = page(context.endpoint, |page| page.gate.take());
        if let Some(gate) = gate {
            gate.wait().await;
            gate.wait().await;
        }
        Ok(page(context.endpoint, |page| {
            page.states.push(context.state.map(str::to_owned));
            page.answers.pop_front().expect("the test planned a call")
        }))
    }
}

fn roomy(_: ChannelKind) -> &'static dyn Channel {
    &Roomy
}

fn sent(ids: &[&str], state: Option<&str>) -> Sent {
    Sent {
        provider_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        state: state.map(str::to_owned),
        ..Sent::default()
    }
}

/// Writes and delivers a reply that the provider answers with `sent`.
async fn reply(bench: &Bench, conversation: ConversationId, sent: Sent) -> MessageId {
    page(&bench.provider.url, |page| page.answers.push_back(sent));
    let message = bench.reply(conversation, "hi").await;
    let context = Context::system(None, None);
    let (desk, courier) = (&bench.desk, &bench.courier);
    let calls = deliver_by(desk, courier, bench.scope, conversation, &context, roomy)
        .await
        .unwrap();
    assert_eq!(calls, 1);
    message
}

/// Returns what the adapter was told that it remembered, call by call.
fn states(bench: &Bench) -> Vec<String> {
    let seen = page(&bench.provider.url, |page| page.states.clone());
    let words = |state: Option<String>| state.unwrap_or_else(|| "-".to_owned());
    seen.into_iter().map(words).collect()
}

/// A message that names earlier ones.
fn following(id: &str, from: Vec<Address>, thread: &[&str]) -> Update {
    let mut inbound = inbound(id, Author::Customer(sender(from)), words(id));
    inbound.thread = thread.iter().map(|id| (*id).to_owned()).collect();
    message(inbound)
}

/// A message with further ids and a state.
fn known_as(id: &str, from: Vec<Address>, others: &[&str], state: Option<&str>) -> Update {
    let mut inbound = inbound(id, Author::Customer(sender(from)), words(id));
    inbound.other_ids = others.iter().map(|id| (*id).to_owned()).collect();
    inbound.state = state.map(str::to_owned);
    message(inbound)
}

/// Returns the conversation of a message.
async fn home(bench: &Bench, id: &str) -> String {
    bench
        .one(&format!(
            "SELECT conversation_id FROM messages WHERE provider_id = '{id}'"
        ))
        .await
}

/// The same inbox after it was given to another queue, where the usual rule begins anew.
async fn moved(bench: &Bench, inbox: Mailbox) -> Mailbox {
    let queue = bench.world.queue(bench.scope.tenant(), &[]).await;
    Mailbox { queue, ..inbox }
}

fn bsuid() -> Vec<Address> {
    vec![address("whatsapp", "bsuid", "US.1")]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_that_names_its_thread_lands_there_by_another_address_of_the_same_person() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let both = vec![phone("15550100"), bsuid().remove(0)];
    bench.receive(inbox, text("m-2", both, "by both")).await;
    reply(&bench, conversation, sent(&["o-1", "o-2"], None)).await;
    let elsewhere = moved(&bench, inbox).await;
    for (id, named) in [
        ("by-ours", vec!["unknown", "o-1"]),
        ("by-further", vec!["o-2"]),
        ("by-theirs", vec!["m-2"]),
    ] {
        bench
            .receive(elsewhere, following(id, bsuid(), &named))
            .await;
        assert_eq!(home(&bench, id).await, conversation.0.to_string(), "{id}");
    }
    bench
        .receive(elsewhere, following("none", bsuid(), &["unknown"]))
        .await;
    assert_ne!(home(&bench, "none").await, conversation.0.to_string());
    assert_eq!(bench.count("contacts").await, 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_names_a_foreign_thread_does_not_get_into_it() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let known = bench.conversation(inbox, "15550101").await;
    reply(&bench, conversation, sent(&["o-1"], None)).await;
    let thread = ["o-1", "first of 15550100"];
    bench
        .receive(
            inbox,
            following("stranger", vec![phone("15550102")], &thread),
        )
        .await;
    bench
        .receive(
            inbox,
            following("neighbour", vec![phone("15550101")], &thread),
        )
        .await;
    assert_ne!(home(&bench, "stranger").await, conversation.0.to_string());
    assert_eq!(home(&bench, "neighbour").await, known.0.to_string());
    assert_eq!(bench.count("conversations").await, 3);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_wrote_one_of_the_named_messages_gets_in_and_only_by_naming_it() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let other = bench.conversation(inbox, "15550101").await;
    bench
        .receive(inbox, text("theirs", vec![phone("15550100")], "a part"))
        .await;
    bench
        .run(
            "UPDATE messages SET contact_id =
                (SELECT contact_id FROM messages WHERE provider_id = 'first of 15550101')
             WHERE provider_id = 'theirs'",
        )
        .await;
    let who = || vec![phone("15550101")];
    let named = ["first of 15550100", "theirs"];
    bench.receive(inbox, following("in", who(), &named)).await;
    bench
        .receive(inbox, following("out", who(), &named[..1]))
        .await;
    assert_eq!(home(&bench, "in").await, conversation.0.to_string());
    assert_eq!(home(&bench, "out").await, other.0.to_string());
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_copied_in_on_a_mail_answers_into_its_conversation_and_nobody_else_does() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(ChannelKind::Email).await;
    let mail = |id: &str, from: Address, thread: &[&str], cc: &[&str]| {
        message(InboundMessage {
            thread: thread.iter().map(|id| (*id).to_owned()).collect(),
            state: Some(serde_json::json!({ "cc": cc }).to_string()),
            ..inbound(id, Author::Customer(sender(vec![from])), words(id))
        })
    };
    let from = |name: &str| address("email", "address", &format!("{name}@example.org"));
    let forged = address("email", "disowned_address", "copied@example.org");
    bench
        .receive(
            inbox,
            mail("m-1", from("first"), &[], &["Copied@example.org"]),
        )
        .await;
    for (id, who) in [
        ("m-2", from("copied")),
        ("m-3", from("stranger")),
        ("m-4", forged),
    ] {
        let cc = ["copied@example.org"];
        bench.receive(inbox, mail(id, who, &["m-1"], &cc)).await;
    }
    // Within one batch as well.
    let batch = vec![
        mail("n-1", from("first"), &["m-1"], &["late@example.org"]),
        mail("n-2", from("late"), &["n-1"], &[]),
    ];
    bench.try_receive(inbox, batch).await.unwrap();
    let first = home(&bench, "m-1").await;
    for (id, together) in [
        ("m-2", true),
        ("m-3", false),
        ("m-4", false),
        ("n-1", true),
        ("n-2", true),
    ] {
        assert_eq!(home(&bench, id).await == first, together, "{id}");
    }
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_of_another_inbox_a_closed_one_and_a_group_are_not_continued() {
    let bench = Bench::fresh().await;
    let (inbox, other) = (bench.inbox(Whatsapp).await, bench.inbox(Whatsapp).await);
    let who = || vec![phone("15550100")];
    let conversation = bench.conversation(inbox, "15550100").await;
    let thread = ["first of 15550100"];
    let elsewhere = moved(&bench, other).await;
    bench
        .receive(elsewhere, following("other", who(), &thread))
        .await;
    assert_ne!(home(&bench, "other").await, conversation.0.to_string());
    let mut in_group = inbound("g-1", Author::Customer(sender(who())), words("all"));
    in_group.group = Some("g".to_owned());
    bench.receive(inbox, message(in_group)).await;
    bench
        .receive(inbox, following("private", who(), &["g-1"]))
        .await;
    assert_eq!(home(&bench, "private").await, conversation.0.to_string());
    bench
        .run(
            "UPDATE work_items SET state = 'cancelled'; UPDATE conversations SET status = 'closed'",
        )
        .await;
    bench
        .receive(inbox, following("late", who(), &thread))
        .await;
    assert_ne!(home(&bench, "late").await, conversation.0.to_string());
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_within_one_batch_is_one_conversation() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let elsewhere = moved(&bench, inbox).await;
    let who = || vec![phone("15550100")];
    let stranger = vec![phone("15550101")];
    let told = [
        bench.webhook(inbox, vec![known_as("m-1", who(), &["m-1b"], None)]),
        bench.webhook(elsewhere, vec![following("m-2", who(), &["m-1b"])]),
        bench.webhook(elsewhere, vec![following("m-3", stranger, &["m-2"])]),
    ];
    receive(&bench.desk, bench.scope, &told).await.unwrap();
    assert_eq!(home(&bench, "m-1").await, home(&bench, "m-2").await);
    assert_ne!(home(&bench, "m-1").await, home(&bench, "m-3").await);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_for_a_further_id_moves_the_message_before_and_after_the_answer() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    bench.receive(inbox, receipt("o-2", Delivered)).await;
    let message = reply(&bench, conversation, sent(&["o-1", "o-2", "o-3"], None)).await;
    assert_eq!(bench.delivery(message).await, "delivered");
    assert_eq!(bench.count("early_updates").await, 0);
    bench.receive(inbox, receipt("o-3", Read)).await;
    assert_eq!(bench.delivery(message).await, "read");
    let row = "SELECT provider_id FROM messages WHERE direction = 'out'";
    assert_eq!(bench.one(row).await, "o-1");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_further_id_that_names_another_message_stays_with_it() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let one = reply(&bench, conversation, sent(&["o-1", "o-2"], None)).await;
    let two = reply(&bench, conversation, sent(&["o-3", "o-2", "o-1"], None)).await;
    bench.receive(inbox, receipt("o-2", Read)).await;
    assert_eq!(bench.delivery(one).await, "read");
    assert_eq!(bench.delivery(two).await, "sent");
    assert_eq!(bench.count("message_ids").await, 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_and_deletions_find_a_message_by_its_further_id_in_every_order() {
    for order in orders(3) {
        let bench = Bench::fresh().await;
        let inbox = bench.inbox(Webhook).await;
        let edit = UpdateKind::Edit {
            target: "box-1".to_owned(),
            content: words("better"),
        };
        let delete = UpdateKind::Delete {
            target: "box-1".to_owned(),
        };
        let told = [
            known_as("m-1", vec![user("1")], &["box-1"], None),
            update(edit),
            update(delete),
        ];
        for n in &order {
            bench.world.clock.advance(seconds(1));
            bench.receive(inbox, told[*n].clone()).await;
        }
        let row = "SELECT text, deleted_at IS NULL FROM messages";
        assert_eq!(bench.one(row).await, "better f", "{order:?}");
        assert_eq!(bench.count("early_updates").await, 0);
        bench.prove().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_that_share_any_id_are_one_message() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Webhook).await;
    let who = || vec![user("1")];
    let copies = [
        known_as("m-1", who(), &["box-1", "m-1", "box-1", ""], None),
        known_as("m-1", who(), &[], None),
        known_as("box-1", who(), &[], None),
        known_as("m-9", who(), &["box-1"], None),
        known_as("m-8", who(), &["m-1"], None),
    ];
    bench.try_receive(inbox, copies.to_vec()).await.unwrap();
    for copy in copies {
        bench.receive(inbox, copy).await;
    }
    assert_eq!(bench.one("SELECT provider_id FROM messages").await, "m-1");
    assert_eq!(
        bench.one("SELECT provider_id FROM message_ids").await,
        "box-1"
    );
    let other = bench.inbox(Webhook).await;
    bench
        .receive(other, known_as("m-1", who(), &["box-1"], None))
        .await;
    assert_eq!(
        bench.count("messages").await,
        2,
        "another inbox has ids of its own"
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn copies_under_different_ids_that_race_are_one_message() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Webhook).await;
    for round in 0..10 {
        let (main, further) = (format!("m-{round}"), format!("box-{round}"));
        let one = known_as(&main, vec![user("1")], &[&further], None);
        let two = known_as(&further, vec![user("1")], &[&main], None);
        let (one, two) = tokio::join!(
            bench.try_receive(inbox, vec![one]),
            bench.try_receive(inbox, vec![two])
        );
        one.unwrap();
        two.unwrap();
    }
    assert_eq!(bench.count("messages").await, 10);
    assert_eq!(bench.count("message_ids").await, 10);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_adapter_remembers_goes_round_by_conversation_and_inbox() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let other = bench.conversation(inbox, "15550101").await;
    reply(&bench, conversation, sent(&["o-1"], None)).await;
    reply(&bench, conversation, sent(&["o-2"], Some("room 1"))).await;
    reply(&bench, conversation, sent(&["o-3"], None)).await;
    let who = || vec![phone("15550100")];
    let told = vec![
        known_as("m-2", who(), &[], Some("room 2")),
        known_as("m-3", who(), &[], Some("room 3")),
        known_as("m-4", who(), &[], None),
    ];
    bench.try_receive(inbox, told).await.unwrap();
    reply(&bench, conversation, sent(&["o-4"], Some("room 4"))).await;
    reply(&bench, conversation, sent(&["o-5"], None)).await;
    reply(&bench, other, sent(&["o-6"], None)).await;
    assert_eq!(
        states(&bench),
        ["-", "-", "room 1", "room 3", "room 4", "-"]
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_state_is_not_kept() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let who = || vec![phone("15550100")];
    let giant = "x".repeat(MAX_TEXT_BYTES + 1);
    for (id, state) in [("m-1", "whole"), ("m-2", "a\0b"), ("m-3", &giant)] {
        bench
            .receive(inbox, known_as(id, who(), &[], Some(state)))
            .await;
    }
    assert_eq!(bench.one("SELECT state FROM channel_states").await, "whole");
    assert_eq!(bench.count("messages").await, 3);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_customer_told_during_a_call_outlasts_what_the_call_tells() {
    for before in [None, Some("room 1")] {
        let bench = Bench::fresh().await;
        let inbox = bench.inbox(Whatsapp).await;
        let conversation = bench.conversation(inbox, "15550100").await;
        let who = || vec![phone("15550100")];
        bench
            .receive(inbox, known_as("m-2", who(), &[], before))
            .await;
        let gate = Arc::new(Barrier::new(2));
        page(&bench.provider.url, |page| page.gate = Some(gate.clone()));
        let during = async {
            gate.wait().await;
            bench
                .receive(inbox, known_as("m-3", who(), &[], Some("room 2")))
                .await;
            gate.wait().await;
        };
        let call = reply(&bench, conversation, sent(&["o-1"], Some("room 3")));
        tokio::join!(call, during);
        let kept = "SELECT state FROM channel_states";
        assert_eq!(bench.one(kept).await, "room 2", "{before:?}");
        bench.prove().await;
    }
}
