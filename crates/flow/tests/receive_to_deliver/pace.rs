//! How fast replies leave: what is over a provider's limit waits, goes later and in order.

use crate::bench::*;
use crate::provider::Answer::Say;
use interdesk_domain::inbox::ChannelKind::{Telegram, Whatsapp};
use interdesk_store::timers::TimerKind;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_over_the_limit_of_a_chat_waits_and_goes_later_in_order_and_never_fails() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Telegram).await;
    let conversation = bench.conversation(inbox, "5550012").await;
    let said: Vec<String> = (0..5).map(|n| format!("r-{n}")).collect();
    for words in &said {
        bench.reply(conversation, words).await;
    }
    assert_eq!(bench.deliver(conversation).await, 3, "a short burst");
    assert_eq!(bench.deliver(conversation).await, 0, "the rest waits");
    assert_eq!(
        bench
            .count("messages WHERE delivery = 'queued' AND attempts = 0")
            .await,
        2
    );
    bench.world.clock.advance(seconds(1));
    assert_eq!(bench.fire().await, [TimerKind::DeliveryRetry]);
    assert_eq!(bench.deliver(conversation).await, 1);
    bench.world.clock.advance(seconds(1));
    assert_eq!(bench.fire().await, [TimerKind::DeliveryRetry]);
    assert_eq!(bench.deliver(conversation).await, 1);
    assert_eq!(bench.provider.calls().len(), 5);
    assert_eq!(bench.provider.texts(), said);
    assert_eq!(
        bench
            .count("messages WHERE delivery = 'sent' AND attempts = 1")
            .await,
        5
    );
    assert_eq!(bench.count("timers").await, 0);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_at_its_limit_holds_up_no_other() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let busy = bench.conversation(inbox, "15550100").await;
    let other = bench.conversation(inbox, "15550101").await;
    for number in 0..46 {
        bench.reply(busy, &format!("r-{number}")).await;
    }
    assert_eq!(bench.deliver(busy).await, 45, "the burst of a pair");
    bench.reply(other, "elsewhere").await;
    assert_eq!(bench.deliver(other).await, 1);
    bench.world.clock.advance(seconds(6));
    bench.fire().await;
    assert_eq!(bench.deliver(busy).await, 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_held_to_its_own_limit_over_all_its_chats_and_processes() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let (tenant, id) = (bench.scope.tenant().0, inbox.id.0);
    bench
        .run(&format!(
            "INSERT INTO inbox_facts (inbox_id, tenant_id, per_second) VALUES ('{id}', '{tenant}', 2)"
        ))
        .await;
    let mut chats = Vec::new();
    for number in 0..4 {
        let chat = bench.conversation(inbox, &format!("1555010{number}")).await;
        bench.reply(chat, "hi").await;
        chats.push(chat);
    }
    let mut made = 0;
    for chat in &chats {
        made += bench.deliver(*chat).await;
    }
    assert_eq!(made, 2);
    bench.world.clock.advance(seconds(1));
    assert_eq!(bench.fire().await.len(), 2);
    for chat in &chats {
        made += bench.deliver(*chat).await;
    }
    assert_eq!(made, 4);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_as_one_too_many_holds_back_what_it_is_about_and_nothing_else() {
    for (code, others) in [
        // The number's own limit, the pair's, and a number slowed down for what it sends unasked.
        (130_429, 0),
        (131_056, 1),
        (131_048, 1),
    ] {
        let bench = Bench::fresh().await;
        let inbox = bench.inbox(Whatsapp).await;
        let busy = bench.conversation(inbox, "15550100").await;
        let other = bench.conversation(inbox, "15550101").await;
        let error = json!({ "error": { "code": code, "message": "no" } });
        bench.provider.plan([Say(400, None, error)]);
        bench.reply(busy, "first").await;
        bench.reply(other, "elsewhere").await;
        assert_eq!(bench.deliver(busy).await, 1, "{code}");
        assert_eq!(bench.deliver(other).await, others, "{code}");
        bench.world.clock.advance(seconds(2 * 3_600));
        bench.fire().await;
        bench.deliver(busy).await;
        bench.deliver(other).await;
        let sent = "messages WHERE direction = 'out' AND delivery = 'sent'";
        assert_eq!(bench.count(sent).await, 2, "{code}");
        bench.prove().await;
    }
}
