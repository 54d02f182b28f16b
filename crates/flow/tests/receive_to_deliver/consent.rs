//! Whether a person lets us write: what moves it, and what a refusal says.

use crate::bench::*;
use interdesk_domain::consent::Signal;
use interdesk_domain::id::{ContactId, ConversationId};
use interdesk_domain::inbox::ChannelKind::{Telegram, Webhook, Whatsapp};
use interdesk_domain::message::*;
use interdesk_flow::Context;
use interdesk_flow::consent::{self, ConsentOutcome, NewConsent};
use interdesk_flow::reply::{Instead, ReplyOutcome};

async fn contact_of(bench: &Bench, conversation: ConversationId) -> ContactId {
    let id = format!(
        "SELECT contact_id FROM conversations WHERE id = '{}'",
        conversation.0
    );
    ContactId(bench.one(&id).await.parse().unwrap())
}

async fn tell(bench: &Bench, contact: ContactId, signal: Signal) -> ConsentOutcome {
    let new = NewConsent {
        contact,
        network: "whatsapp".to_owned(),
        signal,
        note: "said so on the phone".to_owned(),
        message: None,
    };
    let context = Context::agent(bench.agent.agent, None);
    consent::change(&bench.desk, &bench.agent, &new, None, &context)
        .await
        .unwrap()
}

fn evidence_of(body: &str) -> serde_json::Value {
    let event: serde_json::Value = serde_json::from_str(body).unwrap();
    event["data"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_opt_out_word_forbids_replies_until_an_opt_in_word_and_no_other_message_lifts_it() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let says = |id: &'static str, words: &'static str| {
        bench.receive(inbox, text(id, vec![phone("15550100")], words))
    };
    for (id, words, forbidden) in [
        ("m-1", "please stop by tomorrow", false),
        ("m-2", "Stop!", true),
        ("m-3", "where is my parcel?", true),
        ("m-4", "START", false),
        ("m-5", "stopp", true),
    ] {
        says(id, words).await;
        bench.world.clock.advance(seconds(1));
        let outcome = bench.try_reply(&answer(conversation, "hi")).await;
        let refused = matches!(&outcome, ReplyOutcome::NotOptedIn { instead, .. }
            if instead == &[Instead::OptIn {}]);
        assert_eq!(refused, forbidden, "{words}: {outcome:?}");
    }
    let told = bench
        .rows("SELECT body FROM outbox WHERE kind = 'consent_changed' ORDER BY pos")
        .await;
    let told: Vec<_> = told.iter().map(|body| evidence_of(body)).collect();
    let moves: Vec<_> = told
        .iter()
        .map(|data| (&data["from"], &data["to"]))
        .collect();
    assert_eq!(
        serde_json::json!(moves),
        serde_json::json!([
            ["unknown", "disabled"],
            ["disabled", "enabled"],
            ["enabled", "disabled"]
        ])
    );
    assert!(
        told.iter().all(|data| data["evidence"]["type"] == "word"),
        "{told:?}"
    );
    let message = bench
        .one("SELECT id FROM messages WHERE provider_id = 'm-2'")
        .await;
    assert_eq!(told[0]["evidence"]["message"], message);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_that_comes_again_or_late_changes_nothing() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let first = bench.desk.now();
    bench.world.clock.advance(seconds(10));
    let stop = || at(text("m-1", vec![phone("15550100")], "STOP"), first);
    let start = at(
        text("m-2", vec![phone("15550100")], "START"),
        first + seconds(5),
    );
    bench.receive(inbox, stop()).await;
    bench.receive(inbox, start).await;
    bench.receive(inbox, stop()).await;
    bench.reply(conversation, "hi").await;
    assert_eq!(
        bench.count("outbox WHERE kind = 'consent_changed'").await,
        2
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_group_nobody_opts_out_for_the_others() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let mut stop = inbound(
        "m-1",
        Author::Customer(sender(vec![phone("15550100")])),
        words("STOP"),
    );
    stop.group = Some("g-1".to_owned());
    bench.receive(inbox, message(stop)).await;
    assert_eq!(bench.count("consents").await, 0);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_moves_consent_with_a_note_and_does_not_ask_who_said_no() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let contact = contact_of(&bench, conversation).await;
    for (signal, expected) in [
        (Signal::Invitation, ConsentOutcome::Changed),
        (Signal::Invitation, ConsentOutcome::Unchanged),
        (Signal::OptIn, ConsentOutcome::Changed),
        (Signal::Invitation, ConsentOutcome::Unchanged),
        (Signal::OptOut, ConsentOutcome::Changed),
        (Signal::Invitation, ConsentOutcome::OptedOut),
        (Signal::OptIn, ConsentOutcome::Changed),
    ] {
        assert_eq!(tell(&bench, contact, signal).await, expected, "{signal:?}");
    }
    let notes = bench.rows("SELECT kind, text FROM contact_notes").await;
    assert_eq!(
        notes,
        vec!["consent said so on the phone"; 4],
        "one per move"
    );
    let last = "SELECT body FROM outbox WHERE kind = 'consent_changed' ORDER BY pos DESC LIMIT 1";
    let evidence = evidence_of(&bench.one(last).await)["evidence"].clone();
    let note = bench.one("SELECT max(id::text) FROM contact_notes").await;
    assert_eq!(evidence, serde_json::json!({"type": "agent", "note": note}));
    let nobody = tell(&bench, ContactId(uuid_of(7)), Signal::OptIn).await;
    assert_eq!(nobody, ConsentOutcome::NotFound);
    bench.prove().await;
}

fn uuid_of(n: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(n)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_lists_the_persons_other_apps_that_would_work() {
    let bench = Bench::fresh().await;
    let (whatsapp, telegram) = (bench.inbox(Whatsapp).await, bench.inbox(Telegram).await);
    let here = bench.conversation(whatsapp, "15550100").await;
    let there = bench.conversation(telegram, "7").await;
    let (one, two) = (
        contact_of(&bench, here).await,
        contact_of(&bench, there).await,
    );
    bench
        .receive(whatsapp, text("m-1", vec![phone("15550100")], "STOP"))
        .await;
    let alone = bench.try_reply(&answer(here, "hi")).await;
    assert!(
        matches!(&alone, ReplyOutcome::NotOptedIn { instead, .. } if instead == &[Instead::OptIn {}]),
        "a stranger's app is no way: {alone:?}"
    );
    crate::link::link_contacts(&bench, two, one).await;
    let linked = bench.try_reply(&answer(here, "hi")).await;
    let way = Instead::OtherApp {
        conversation: there,
        inbox: telegram.id,
        contact: two,
    };
    match linked {
        ReplyOutcome::NotOptedIn { instead, .. } => assert_eq!(instead, [way, Instead::OptIn {}]),
        outcome => panic!("{outcome:?}"),
    }
    bench.reply(there, "hi").await;
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_valid_address_the_recipient_is_unknown() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    bench.run("UPDATE identities SET valid_to = now()").await;
    let outcome = bench.try_reply(&answer(conversation, "hi")).await;
    match outcome {
        ReplyOutcome::RecipientUnknown { instead, .. } => assert_eq!(instead, [Instead::Wait {}]),
        outcome => panic!("{outcome:?}"),
    }
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_opt_out_from_a_third_party_app_is_of_the_network_that_it_stands_for() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Webhook).await;
    let conversation = bench.conversation(inbox, "7").await;
    bench
        .receive(inbox, text("m-1", vec![user("7")], "STOP"))
        .await;
    let said = bench.one("SELECT network, state FROM consents").await;
    assert_eq!(said, "example disabled");
    let outcome = bench.try_reply(&answer(conversation, "hi")).await;
    assert!(
        matches!(outcome, ReplyOutcome::NotOptedIn { .. }),
        "{outcome:?}"
    );
    bench.prove().await;
}

fn refuses(code: i64) -> crate::provider::Answer {
    let error = serde_json::json!({"error": {"code": code, "message": "refused", "type": "OAuthException"}});
    crate::provider::Answer::Say(400, None, error)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_refused_for_a_block_withdraws_consent_until_the_customer_writes_again() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let message = bench.reply(conversation, "hi").await;
    bench.world.clock.advance(seconds(1));
    bench.provider.plan([refuses(131_050)]);
    bench.deliver(conversation).await;
    assert_eq!(bench.delivery(message).await, "failed");
    let standing = "SELECT state, blocked_from FROM consents";
    assert_eq!(bench.one(standing).await, "disabled unknown");
    let told = "SELECT body FROM outbox WHERE kind = 'consent_changed'";
    let told = evidence_of(&bench.one(told).await);
    let by = serde_json::json!({"type": "delivery", "message": message.0});
    assert_eq!(told["evidence"]["type"], by["type"]);
    assert_eq!(
        (&told["from"], &told["to"]),
        (&"unknown".into(), &"disabled".into())
    );
    let outcome = bench.try_reply(&answer(conversation, "hi")).await;
    assert!(
        matches!(outcome, ReplyOutcome::NotOptedIn { .. }),
        "{outcome:?}"
    );
    // What they wrote before the block and comes late proves nothing; what they write now does.
    let before = bench.desk.now() - seconds(1);
    let late = at(text("m-1", vec![phone("15550100")], "hello?"), before);
    bench.receive(inbox, late).await;
    let outcome = bench.try_reply(&answer(conversation, "hi")).await;
    assert!(
        matches!(outcome, ReplyOutcome::NotOptedIn { .. }),
        "{outcome:?}"
    );
    bench.world.clock.advance(seconds(1));
    bench
        .receive(inbox, text("m-2", vec![phone("15550100")], "hello?"))
        .await;
    bench.reply(conversation, "hi").await;
    assert_eq!(bench.one(standing).await, "unknown -");
    assert_eq!(
        bench.count("outbox WHERE kind = 'consent_changed'").await,
        2
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_block_that_a_receipt_tells_counts_and_a_no_besides_it_stays() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    bench.reply(conversation, "hi").await;
    bench.deliver(conversation).await;
    bench.world.clock.advance(seconds(1));
    let failure = interdesk_domain::delivery::Failure {
        reason: interdesk_domain::delivery::FailureReason::NotOptedIn,
        retryable: false,
        provider_code: None,
        detail: "the customer stopped messages".to_owned(),
    };
    let told = Receipt {
        provider_id: Some("out-1".to_owned()),
        attempt: None,
        state: interdesk_domain::delivery::DeliveryState::Failed,
        failure: Some(failure),
        recipient: None,
    };
    bench
        .receive(inbox, update(UpdateKind::Receipt(told)))
        .await;
    let standing = "SELECT state, blocked_from FROM consents";
    assert_eq!(bench.one(standing).await, "disabled unknown");
    bench.world.clock.advance(seconds(1));
    bench
        .receive(inbox, text("m-1", vec![phone("15550100")], "STOP"))
        .await;
    assert_eq!(bench.one(standing).await, "disabled -");
    let outcome = bench.try_reply(&answer(conversation, "hi")).await;
    assert!(
        matches!(outcome, ReplyOutcome::NotOptedIn { .. }),
        "{outcome:?}"
    );
    bench.prove().await;
}

fn template(category: &str) -> Update {
    let news = TemplateNews {
        name: "spring".to_owned(),
        language: "en_US".to_owned(),
        status: Some("approved".to_owned()),
        category: Some(category.to_owned()),
        ..TemplateNews::default()
    };
    update(UpdateKind::Account(Box::new(AccountNews {
        business_account: None,
        number: None,
        told: Told::Template(news),
        raw: "{}".to_owned(),
    })))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_no_to_advertisements_forbids_these_alone_until_a_yes() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let mut wanted = answer(conversation, "");
    wanted.content = Content::Template(Template {
        name: "spring".to_owned(),
        language: "en_US".to_owned(),
        parameters: Vec::new(),
        variables: Vec::new(),
    });
    let said = |allowed| {
        update(UpdateKind::Consent {
            who: phone("15550100"),
            allowed,
            marketing: true,
            detail: "marketing_messages".to_owned(),
        })
    };
    let queued = |it: &ReplyOutcome| matches!(it, ReplyOutcome::Queued { .. });
    bench.receive(inbox, template("marketing")).await;
    bench.receive(inbox, said(false)).await;
    let refused = bench.try_reply(&wanted).await;
    let ReplyOutcome::NotOptedIn { instead, .. } = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(instead, [Instead::Template {}, Instead::OptIn {}]);
    let words = bench.try_reply(&answer(conversation, "your parcel")).await;
    assert!(queued(&words), "an answer is no advertisement: {words:?}");
    bench.world.clock.advance(seconds(1));
    bench.receive(inbox, template("utility")).await;
    assert!(queued(&bench.try_reply(&wanted).await), "nor is a reminder");
    bench.world.clock.advance(seconds(1));
    bench.receive(inbox, template("marketing")).await;
    bench.receive(inbox, said(true)).await;
    assert!(queued(&bench.try_reply(&wanted).await), "they said yes");
    let told = "SELECT body::jsonb -> 'data' ->> 'network' FROM outbox
        WHERE kind = 'consent_changed' ORDER BY pos";
    assert_eq!(bench.rows(told).await, ["whatsapp:marketing"; 2]);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_template_that_whatsapp_refuses_for_a_no_to_advertisements_leaves_answers_possible() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    bench.receive(inbox, template("marketing")).await;
    let mut wanted = answer(conversation, "");
    wanted.content = Content::Template(Template {
        name: "spring".to_owned(),
        language: "en_US".to_owned(),
        parameters: Vec::new(),
        variables: Vec::new(),
    });
    let error = serde_json::json!({ "error": { "code": 131_050, "message": "no" } });
    bench
        .provider
        .plan([crate::provider::Answer::Say(400, None, error)]);
    let outcome = bench.try_reply(&wanted).await;
    assert!(matches!(outcome, ReplyOutcome::Queued { .. }));
    bench.deliver(conversation).await;
    let again = bench.try_reply(&wanted).await;
    assert!(
        matches!(again, ReplyOutcome::NotOptedIn { .. }),
        "{again:?}"
    );
    let words = bench.try_reply(&answer(conversation, "hi")).await;
    assert!(matches!(words, ReplyOutcome::Queued { .. }), "{words:?}");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_writes_down_a_no_to_advertisements() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let contact = contact_of(&bench, conversation).await;
    let new = |network: &str| NewConsent {
        contact,
        network: network.to_owned(),
        signal: Signal::OptOut,
        note: "wants no advertisements".to_owned(),
        message: None,
    };
    let context = Context::agent(bench.agent.agent, None);
    let change = async |network: &str| {
        consent::change(&bench.desk, &bench.agent, &new(network), None, &context)
            .await
            .unwrap()
    };
    assert_eq!(change("whatsapp:marketing").await, ConsentOutcome::Changed);
    assert_eq!(change("telegram:marketing").await, ConsentOutcome::NotFound);
    let row = "SELECT network || ' ' || state FROM consents";
    assert_eq!(bench.rows(row).await, ["whatsapp:marketing disabled"]);
    bench.prove().await;
}
