//! How long free words may be written, and what opens that anew.

use crate::bench::*;
use interdesk_domain::delivery::{DeliveryState, Failure, FailureReason};
use interdesk_domain::id::ConversationId;
use interdesk_domain::inbox::ChannelKind::{Telegram, Whatsapp};
use interdesk_domain::message::*;
use interdesk_flow::receive::Mailbox;
use interdesk_flow::reply::ReplyOutcome;

const DAY: i64 = 24 * 3_600;

/// A conversation in WhatsApp with an answer of ours that arrived.
async fn answered() -> (Bench, Mailbox, ConversationId) {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    bench.reply(conversation, "is it solved?").await;
    bench.deliver(conversation).await;
    (bench, inbox, conversation)
}

async fn is_open(bench: &Bench, conversation: ConversationId) -> bool {
    match bench.try_reply(&answer(conversation, "hello")).await {
        ReplyOutcome::Queued { .. } => {
            bench.deliver(conversation).await;
            true
        }
        ReplyOutcome::WindowClosed { .. } => false,
        other => panic!("{other:?}"),
    }
}

fn reacts(by: Vec<Address>, emojis: &[&str]) -> Update {
    update(UpdateKind::Reaction(Reaction {
        target: "out-1".to_owned(),
        provider_id: None,
        by: match by.is_empty() {
            true => Sender::default(),
            false => sender(by),
        },
        emojis: emojis.iter().map(|one| (*one).to_owned()).collect(),
    }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customers_reaction_renews_the_24_hours_and_its_withdrawal_and_ours_do_not() {
    let (bench, inbox, conversation) = answered().await;
    let customer = || vec![phone("15550100")];
    bench.world.clock.advance(seconds(20 * 3_600));
    bench.receive(inbox, reacts(customer(), &["👍"])).await;
    bench.world.clock.advance(seconds(20 * 3_600));
    assert!(is_open(&bench, conversation).await, "the reaction counts");
    bench.receive(inbox, reacts(customer(), &[])).await;
    bench.receive(inbox, reacts(Vec::new(), &["🎉"])).await;
    bench.world.clock.advance(seconds(5 * 3_600));
    assert!(
        !is_open(&bench, conversation).await,
        "what came after does not"
    );
    bench.receive(inbox, reacts(customer(), &["🎉"])).await;
    assert!(
        is_open(&bench, conversation).await,
        "another one opens it again"
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pressed_button_renews_the_24_hours() {
    let (bench, inbox, conversation) = answered().await;
    bench.world.clock.advance(seconds(DAY + 60));
    assert!(!is_open(&bench, conversation).await);
    let pressed = Content::Answer {
        id: "yes".to_owned(),
        title: "Yes".to_owned(),
        description: None,
    };
    let author = Author::Customer(sender(vec![phone("15550100")]));
    bench
        .receive(inbox, message(inbound("m-2", author, pressed)))
        .await;
    assert!(is_open(&bench, conversation).await);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reaction_in_a_group_opens_nobodys_own_window() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let author = Author::Customer(sender(vec![phone("15550100")]));
    let said = InboundMessage {
        group: Some("group-1".to_owned()),
        ..inbound("m-1", author, words("hello"))
    };
    bench.receive(inbox, message(said)).await;
    let mut reaction = reacts(vec![phone("15550100")], &["👍"]);
    if let UpdateKind::Reaction(reaction) = &mut reaction.kind {
        reaction.target = "m-1".to_owned();
    }
    bench.receive(inbox, reaction).await;
    assert_eq!(bench.count("reactions").await, 1);
    assert_eq!(bench.count("window_touches").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_telegram_business_chat_is_answered_within_a_day_and_the_bots_own_at_any_time() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Telegram).await;
    let own = bench.conversation(inbox, "5550012").await;
    let customer = vec![
        address("telegram", "user", "5550013"),
        address("telegram", "business_chat", "connection-1:5550013"),
    ];
    bench
        .receive(
            inbox,
            text("connection-1:5550013:7", customer.clone(), "hello"),
        )
        .await;
    let id = bench
        .one("SELECT conversation_id FROM messages WHERE provider_id = 'connection-1:5550013:7'")
        .await;
    bench.assign(&id).await;
    let business = ConversationId(id.parse().unwrap());
    assert!(is_open(&bench, business).await);
    bench.world.clock.advance(seconds(DAY + 60));
    let refused = bench.try_reply(&answer(business, "late")).await;
    let ReplyOutcome::WindowClosed { detail, .. } = refused else {
        panic!("{refused:?}")
    };
    assert!(detail.contains("until the customer writes"), "{detail}");
    assert!(is_open(&bench, own).await);
    bench
        .receive(inbox, text("connection-1:5550013:9", customer, "and now?"))
        .await;
    assert!(is_open(&bench, business).await);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_providers_word_that_a_window_is_closed_closes_it_until_the_customer_writes() {
    for by_receipt in [false, true] {
        let (bench, inbox, conversation) = answered().await;
        let detail =
            serde_json::json!({ "error": { "code": 131_047, "message": "Re-engagement" } });
        if !by_receipt {
            bench
                .provider
                .plan([crate::provider::Answer::Say(400, None, detail)]);
        }
        bench.world.clock.advance(seconds(60));
        bench.reply(conversation, "hello").await;
        bench.deliver(conversation).await;
        if by_receipt {
            let failed = Receipt {
                provider_id: Some("out-2".to_owned()),
                attempt: None,
                state: DeliveryState::Failed,
                failure: Some(Failure {
                    reason: FailureReason::WindowClosed,
                    retryable: false,
                    detail: "closed".to_owned(),
                    provider_code: Some("131047".to_owned()),
                }),
                recipient: None,
            };
            bench
                .receive(inbox, update(UpdateKind::Receipt(failed)))
                .await;
        }
        let refused = bench.try_reply(&answer(conversation, "again")).await;
        let ReplyOutcome::WindowClosed { instead, .. } = refused else {
            panic!("{refused:?}")
        };
        assert!(!instead.is_empty());
        bench.world.clock.advance(seconds(60));
        bench
            .receive(inbox, text("m-9", vec![phone("15550100")], "yes?"))
            .await;
        assert!(is_open(&bench, conversation).await, "{by_receipt}");
        bench.prove().await;
    }
}
