//! Replies that ask the customer to act, as they are judged before they are stored.

use crate::bench::*;
use interdesk_domain::id::ConversationId;
use interdesk_domain::inbox::ChannelKind::{Telegram, Whatsapp};
use interdesk_domain::message::*;
use interdesk_flow::reply::{Instead, ReplyOutcome};

fn link(title: &str) -> Content {
    Content::Link(Link {
        text: "Your order is on its way".to_owned(),
        header: None,
        media: None,
        footer: None,
        title: title.to_owned(),
        url: "https://example.org/orders/12".to_owned(),
    })
}

async fn try_write(bench: &Bench, conversation: ConversationId, content: Content) -> ReplyOutcome {
    let mut new = answer(conversation, "");
    new.content = content;
    bench.try_reply(&new).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_button_that_is_too_long_is_refused_before_it_is_stored_by_its_place() {
    let bench = Bench::fresh().await;
    let on_whatsapp = bench.inbox(Whatsapp).await;
    let on_whatsapp = bench.conversation(on_whatsapp, "15550100").await;
    let long = link(&"x".repeat(21));
    let refused = try_write(&bench, on_whatsapp, long.clone()).await;
    let ReplyOutcome::UnsupportedContent { path, detail, .. } = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(path, ["link", "title"]);
    assert!(detail.contains("at most 20"), "{detail}");
    assert_eq!(bench.count("messages WHERE direction = 'out'").await, 0);
    let on_telegram = bench.inbox(Telegram).await;
    let on_telegram = bench.conversation(on_telegram, "77").await;
    for (conversation, content) in [(on_whatsapp, link("Look")), (on_telegram, long)] {
        let taken = try_write(&bench, conversation, content).await;
        assert!(matches!(taken, ReplyOutcome::Queued { .. }), "{taken:?}");
        bench.deliver(conversation).await;
    }
    let calls = bench.provider.calls();
    assert_eq!(calls[0].body["interactive"]["type"], "cta_url");
    let button = &calls[1].body["reply_markup"]["inline_keyboard"][0][0];
    assert_eq!(button["url"], "https://example.org/orders/12");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_takes_what_groups_of_its_app_take() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let author = Author::Customer(sender(vec![phone("15550100")]));
    let said = InboundMessage {
        group: Some("group-1".to_owned()),
        ..inbound("m-1", author, words("hello"))
    };
    bench.receive(inbox, message(said)).await;
    let id = bench.one("SELECT id FROM conversations").await;
    bench.assign(&id).await;
    let conversation = ConversationId(id.parse().unwrap());
    let refused = try_write(&bench, conversation, link("Look")).await;
    let ReplyOutcome::UnsupportedContent {
        detail, instead, ..
    } = refused
    else {
        panic!("{refused:?}")
    };
    assert!(detail.contains("to a group"), "{detail}");
    let kinds = ["text", "media", "template"].map(str::to_owned).to_vec();
    assert_eq!(instead, [Instead::Content { kinds }]);
    bench.reply(conversation, "hello all").await;
    bench.deliver(conversation).await;
    bench.prove().await;
}
