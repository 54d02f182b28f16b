//! Many receivers at once.

use crate::bench::*;
use futures::future::join_all;
use interdesk_domain::delivery::DeliveryState;
use interdesk_domain::inbox::ChannelKind::{Webhook, Whatsapp};
use interdesk_domain::message::UpdateKind;
use interdesk_flow::receive::receive;
use interdesk_store::conversations;
use std::sync::Arc;

/// Shuffles with a fixed seed.
fn shuffle<T>(items: &mut [T], mut seed: u64) {
    for last in (1..items.len()).rev() {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        items.swap(last, (seed >> 33) as usize % (last + 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_shuffled_copies_over_eight_receivers_have_exactly_one_effect_each() {
    let bench = Arc::new(Bench::fresh().await);
    let inbox = bench.inbox(Webhook).await;
    let mut copies: Vec<usize> = (0..500).map(|n| n % 50).collect();
    shuffle(&mut copies, 42);
    let receivers = copies.chunks(63).map(|part| {
        let (bench, part) = (bench.clone(), part.to_vec());
        tokio::spawn(async move {
            for few in part.chunks(5) {
                let webhook = |n: &usize| {
                    let id = format!("m-{n}");
                    bench.webhook(
                        inbox,
                        vec![text(&id, vec![user(&format!("u-{}", n % 9))], &id)],
                    )
                };
                let webhooks: Vec<_> = few.iter().map(webhook).collect();
                let mut tried = 0;
                // The provider sends again what was not taken.
                while let Err(error) = receive(&bench.desk, bench.scope, &webhooks).await {
                    tried += 1;
                    assert!(error.is_passing() && tried < 5, "{error}");
                }
            }
        })
    });
    for done in join_all(receivers).await {
        done.unwrap();
    }
    assert_eq!(bench.count("messages").await, 50);
    assert_eq!(
        bench.count("outbox WHERE kind = 'message_received'").await,
        50
    );
    assert_eq!(bench.count("contacts").await, 9);
    assert_eq!(bench.count("conversations").await, 9);
    assert_eq!(bench.count("work_items").await, 9);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_that_meet_the_same_new_person_make_one_contact() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    for round in 0..10 {
        let who = vec![phone(&format!("1555010{round}"))];
        let one = bench.try_receive(inbox, vec![text(&format!("a-{round}"), who.clone(), "a")]);
        let two = bench.try_receive(inbox, vec![text(&format!("b-{round}"), who, "b")]);
        let (one, two) = tokio::join!(one, two);
        one.unwrap();
        two.unwrap();
    }
    assert_eq!(bench.count("contacts").await, 10);
    assert_eq!(bench.count("conversations").await, 10);
    assert_eq!(bench.count("messages").await, 20);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_conversation_keeps_one_order_under_concurrency() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let receivers = (0..40).map(|n| {
        let id = format!("m-{n}");
        bench.try_receive(inbox, vec![text(&id, vec![phone("15550100")], &id)])
    });
    let words: Vec<String> = (0..20).map(|n| format!("r-{n}")).collect();
    let replies = words.iter().map(|words| bench.reply(conversation, words));
    let (received, _) = futures::join!(join_all(receivers), join_all(replies));
    received.into_iter().for_each(|taken| taken.unwrap());
    assert_eq!(bench.count("messages").await, 61);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_message_that_meets_the_resolution_of_its_conversation_waits_for_somebody() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    // The resolution holds the lock while the message looks.
    let resolving = bench.desk.database.begin(bench.scope).await.unwrap();
    let held = conversations::lock(&resolving, bench.scope, conversation)
        .await
        .unwrap()
        .unwrap();
    let told = vec![text("m-2", vec![phone("15550100")], "wait")];
    let receiving = bench.try_receive(inbox, told);
    let resolve = async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let live =
            interdesk_store::work_items::lock_live(&resolving, bench.scope, conversation).await;
        let (work, now) = (live.unwrap().unwrap().id, bench.desk.now());
        let done = interdesk_domain::work_item::WorkItemState::Cancelled;
        interdesk_store::work_items::mark_ended(&resolving, bench.scope, work, done, now)
            .await
            .unwrap();
        let change = conversations::Change {
            status: interdesk_domain::conversation::ConversationStatus::Resolved,
            assignee_id: held.assignee_id,
            version: held.version,
        };
        conversations::update(&resolving, bench.scope, conversation, &change)
            .await
            .unwrap();
        resolving.commit().await.unwrap();
    };
    let (received, ()) = tokio::join!(receiving, resolve);
    received.unwrap();
    assert_eq!(
        bench
            .one("SELECT status, episode_number FROM conversations")
            .await,
        "new 2"
    );
    assert_eq!(bench.count("work_items WHERE state = 'queued'").await, 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_update_that_races_its_message_is_never_left_behind() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    for round in 0..60 {
        let id = format!("m-{round}");
        let who = vec![phone(&format!("155501{round:02}"))];
        let edit = update(UpdateKind::Edit {
            target: id.clone(),
            content: words("edited"),
        });
        let message = bench.try_receive(inbox, vec![text(&id, who, "first")]);
        let edit = bench.try_receive(inbox, vec![edit]);
        let (message, edit) = tokio::join!(message, edit);
        message.unwrap();
        edit.unwrap();
    }
    assert_eq!(bench.count("messages WHERE text = 'edited'").await, 60);
    assert_eq!(bench.count("early_updates").await, 0);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_receipt_that_races_the_answer_of_the_call_is_never_left_behind() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    for round in 1..=40 {
        let conversation = bench
            .conversation(inbox, &format!("155501{round:02}"))
            .await;
        let reply = bench.reply(conversation, "hi").await;
        let told = async {
            while bench.provider.calls().len() < round {
                tokio::task::yield_now().await;
            }
            let read = receipt(&format!("out-{round}"), DeliveryState::Read);
            bench.try_receive(inbox, vec![read]).await.unwrap();
        };
        tokio::join!(bench.deliver(conversation), told);
        assert_eq!(bench.delivery(reply).await, "read", "round {round}");
    }
    bench.prove().await;
}
