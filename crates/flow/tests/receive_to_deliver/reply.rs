//! What an agent may say, and what is refused.

use crate::bench::*;
use futures::future::join_all;
use interdesk_domain::agent::Presence;
use interdesk_domain::delivery::DeliveryState;
use interdesk_domain::id::ConversationId;
use interdesk_domain::inbox::ChannelKind::{Webhook, Whatsapp};
use interdesk_domain::message::*;
use interdesk_domain::permission::{Role, Viewer};
use interdesk_flow::Context;
use interdesk_flow::reply::{Instead, NewReply, ReplyOutcome, reply};

async fn reply_as(
    bench: &Bench,
    viewer: &Viewer,
    new: &NewReply,
    key: Option<&str>,
) -> ReplyOutcome {
    let context = Context::agent(viewer.agent, None);
    reply(&bench.desk, viewer, new, key, &context)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_of_another_tenant_does_not_exist() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let tenant = bench.world.tenant().await;
    let stranger = bench
        .world
        .person(tenant, Role::Admin, Presence::Online, 1)
        .await;
    let new = answer(conversation, "hi");
    assert_eq!(
        reply_as(&bench, &stranger, &new, None).await,
        ReplyOutcome::NotFound
    );
    let unknown = answer(ConversationId(bench.desk.id::<ConversationId>().0), "hi");
    assert_eq!(bench.try_reply(&unknown).await, ReplyOutcome::NotFound);
    assert_eq!(bench.count("messages WHERE direction = 'out'").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_of_a_colleague_is_not_yours_unless_you_steer_others() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let tenant = bench.scope.tenant();
    let colleague = bench.world.agent(tenant, 1).await;
    let supervisor = bench
        .world
        .person(tenant, Role::Supervisor, Presence::Online, 1)
        .await;
    let new = answer(conversation, "hi");
    assert_eq!(
        reply_as(&bench, &colleague, &new, None).await,
        ReplyOutcome::NotYours
    );
    let outcome = reply_as(&bench, &supervisor, &new, None).await;
    assert!(
        matches!(outcome, ReplyOutcome::Queued { .. }),
        "{outcome:?}"
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resolved_conversation_takes_no_reply() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let context = Context::agent(bench.agent.agent, None);
    interdesk_flow::resolve::resolve(&bench.desk, &bench.agent, conversation, None, &context)
        .await
        .unwrap();
    assert_eq!(
        bench.try_reply(&answer(conversation, "hi")).await,
        ReplyOutcome::Done
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_over_unseen_words_is_refused_with_their_number() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    for id in ["m-2", "m-3"] {
        bench
            .receive(inbox, text(id, vec![phone("15550100")], id))
            .await;
    }
    let mut new = answer(conversation, "hi");
    new.last_seen_version = Some(3);
    let outcome = bench.try_reply(&new).await;
    assert_eq!(
        outcome,
        ReplyOutcome::StaleContext {
            version: 5,
            missed: 2
        }
    );
    new.last_seen_version = Some(5);
    let outcome = bench.try_reply(&new).await;
    assert!(
        matches!(outcome, ReplyOutcome::Queued { version: 6, .. }),
        "{outcome:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn newer_words_of_customer_or_colleague_are_a_reason_and_the_agents_own_are_none() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let tenant = bench.scope.tenant();
    let supervisor = bench
        .world
        .person(tenant, Role::Supervisor, Presence::Online, 1)
        .await;
    let reply_with = async |seen| {
        let mut new = answer(conversation, "hi");
        new.last_seen_version = Some(seen);
        bench.try_reply(&new).await
    };
    let version = async || {
        let row = "SELECT version FROM conversations";
        bench.one(row).await.parse::<i64>().unwrap()
    };
    let seen = version().await;
    for own in 0..3 {
        let outcome = reply_with(seen).await;
        assert!(
            matches!(outcome, ReplyOutcome::Queued { .. }),
            "after {own} own messages: {outcome:?}"
        );
    }
    // Deliveries and receipts count the version up and say nothing.
    assert_eq!(bench.deliver(conversation).await, 3);
    bench
        .receive(inbox, receipt("out-1", DeliveryState::Read))
        .await;
    let outcome = reply_with(seen).await;
    assert!(
        matches!(outcome, ReplyOutcome::Queued { .. }),
        "{outcome:?}"
    );

    let outcome = reply_as(&bench, &supervisor, &answer(conversation, "me too"), None).await;
    assert!(
        matches!(outcome, ReplyOutcome::Queued { .. }),
        "{outcome:?}"
    );
    let stale = |version, missed| ReplyOutcome::StaleContext { version, missed };
    assert_eq!(reply_with(seen).await, stale(version().await, 1));
    let seen = version().await;
    bench
        .receive(inbox, text("m-2", vec![phone("15550100")], "and?"))
        .await;
    assert_eq!(reply_with(seen).await, stale(version().await, 1));
    let outcome = reply_with(version().await).await;
    assert!(
        matches!(outcome, ReplyOutcome::Queued { .. }),
        "{outcome:?}"
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_ten_colleagues_who_answer_the_same_words_at_once_one_is_heard_each_time() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let mut people = vec![bench.agent];
    for _ in 0..9 {
        let tenant = bench.scope.tenant();
        people.push(
            bench
                .world
                .person(tenant, Role::Supervisor, Presence::Online, 1)
                .await,
        );
    }
    for seen in 3..13 {
        let mut new = answer(conversation, "hi");
        new.last_seen_version = Some(seen);
        let replies = people
            .iter()
            .map(|viewer| reply_as(&bench, viewer, &new, None));
        let outcomes = join_all(replies).await;
        let queued = outcomes
            .iter()
            .filter(|it| matches!(it, ReplyOutcome::Queued { .. }))
            .count();
        let stale = ReplyOutcome::StaleContext {
            version: seen + 1,
            missed: 1,
        };
        let refused = outcomes.iter().filter(|it| **it == stale).count();
        assert_eq!((queued, refused), (1, 9), "{outcomes:?}");
    }
    assert_eq!(bench.count("messages WHERE direction = 'out'").await, 10);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_raced_copies_under_one_key_are_one_reply_with_one_answer() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let new = answer(conversation, "hi");
    let replies = (0..100).map(|_| reply_as(&bench, &bench.agent, &new, Some("key")));
    let outcomes = join_all(replies).await;
    assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]));
    assert!(matches!(outcomes[0], ReplyOutcome::Queued { .. }));
    assert_eq!(bench.count("messages WHERE direction = 'out'").await, 1);
    let other = answer(conversation, "something else");
    let outcome = reply_as(&bench, &bench.agent, &other, Some("key")).await;
    assert_eq!(outcome, ReplyOutcome::KeyReused);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_24_hours_whatsapp_takes_a_template_alone() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let opened = bench.desk.now();
    bench.world.clock.advance(seconds(24 * 3600 - 1));
    bench.reply(conversation, "in time").await;
    bench.world.clock.advance(seconds(1));
    match bench.try_reply(&answer(conversation, "late")).await {
        ReplyOutcome::WindowClosed {
            closed_at, instead, ..
        } => {
            assert_eq!(closed_at, opened + seconds(24 * 3600));
            assert_eq!(instead, [Instead::Template {}, Instead::Wait {}]);
        }
        outcome => panic!("{outcome:?}"),
    }
    let mut new = answer(conversation, "");
    new.content = Content::Template(Template {
        name: "hello".to_owned(),
        language: "en_US".to_owned(),
        parameters: Vec::new(),
        variables: Vec::new(),
    });
    let outcome = bench.try_reply(&new).await;
    assert!(
        matches!(outcome, ReplyOutcome::Queued { .. }),
        "{outcome:?}"
    );
    bench
        .receive(inbox, text("m-2", vec![phone("15550100")], "still here"))
        .await;
    bench.reply(conversation, "open again").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_app_cannot_carry_is_refused_with_words() {
    let bench = Bench::fresh().await;
    let whatsapp = bench.inbox(Whatsapp).await;
    let webhook = bench.inbox(Webhook).await;
    let on_whatsapp = bench.conversation(whatsapp, "15550100").await;
    let on_webhook = bench.conversation(webhook, "u-1").await;
    let template = Template {
        name: "t".to_owned(),
        language: "en".to_owned(),
        parameters: Vec::new(),
        variables: Vec::new(),
    };
    let animation = Media {
        kind: MediaKind::Animation,
        source: MediaSource::Url("https://example.org/a".to_owned()),
        mime_type: None,
        file_name: None,
        size: None,
        sha256: None,
    };
    let notice = Content::Notice {
        kind: "x".to_owned(),
        text: "y".to_owned(),
    };
    for (conversation, content) in [
        (on_whatsapp, words(" \n")),
        (on_webhook, words(&"x".repeat(65_537))),
        (on_whatsapp, words(&"x".repeat(8 * 4096 + 1))),
        (
            on_whatsapp,
            Content::Media {
                media: animation,
                caption: None,
            },
        ),
        (on_whatsapp, notice),
        (on_webhook, Content::Template(template)),
    ] {
        let mut new = answer(conversation, "");
        new.content = content;
        let outcome = bench.try_reply(&new).await;
        assert!(
            matches!(outcome, ReplyOutcome::UnsupportedContent { .. }),
            "{outcome:?}"
        );
    }
    bench.reply(on_whatsapp, &"x".repeat(4096)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_too_long_for_one_message_goes_in_parts_in_their_order() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let long = format!("{}\n{}", "a".repeat(4000), "b".repeat(5000));
    let first = bench.reply(conversation, &long).await;
    bench.deliver(conversation).await;
    let texts = bench.provider.texts();
    assert_eq!(texts.len(), 3);
    assert_eq!(texts.concat(), long);
    assert!(texts[0].ends_with("a\n"));
    assert_eq!(bench.delivery(first).await, "sent");
    let sent = "messages WHERE direction = 'out' AND delivery = 'sent'";
    assert_eq!(bench.count(sent).await, 3);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_to_a_message_quotes_it_by_the_providers_id_and_to_a_foreign_one_is_not_found() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let other = bench.conversation(inbox, "15550101").await;
    let find = "SELECT id FROM messages WHERE provider_id = 'first of 15550100'";
    let target = bench
        .one(find)
        .await
        .parse()
        .map(interdesk_domain::id::MessageId)
        .unwrap();
    let mut new = answer(conversation, "hi");
    new.reply_to = Some(target);
    bench.try_reply(&new).await;
    bench.deliver(conversation).await;
    assert_eq!(
        bench.provider.calls()[0].body["context"]["message_id"],
        "first of 15550100"
    );
    new.conversation = other;
    assert_eq!(bench.try_reply(&new).await, ReplyOutcome::NotFound);
}
