//! Who is who, and who lets us write.

use crate::bench::*;
use interdesk_domain::inbox::ChannelKind::{Telegram, Webhook, Whatsapp};
use interdesk_domain::message::*;
use interdesk_flow::reply::ReplyOutcome;

fn bsuid(value: &str) -> Address {
    address("whatsapp", "bsuid", value)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_number_and_the_id_that_replaces_it_are_one_person() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let (number, id) = (phone("15550100"), bsuid("US.1"));
    bench
        .receive(inbox, text("m-1", vec![number.clone()], "by number"))
        .await;
    bench
        .receive(inbox, text("m-2", vec![id.clone(), number], "by both"))
        .await;
    bench.receive(inbox, text("m-3", vec![id], "by id")).await;
    assert_eq!(bench.count("contacts").await, 1);
    assert_eq!(bench.count("conversations").await, 1);
    assert_eq!(
        bench
            .count("identities WHERE verified_by = 'provider'")
            .await,
        2
    );
    assert_eq!(
        bench.count("outbox WHERE kind = 'identity_linked'").await,
        1
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_that_meet_within_one_batch_are_one_person_too() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let (number, id) = (phone("15550100"), bsuid("US.1"));
    let told = vec![
        text("m-1", vec![number.clone()], "by number"),
        text("m-2", vec![number, id.clone()], "by both"),
        text("m-3", vec![id], "by id"),
    ];
    bench.try_receive(inbox, told).await.unwrap();
    assert_eq!(bench.count("contacts").await, 1);
    assert_eq!(bench.count("messages").await, 3);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_user_of_two_third_party_apps_is_two_people() {
    let bench = Bench::fresh().await;
    let (one, two) = (bench.inbox(Webhook).await, bench.inbox(Webhook).await);
    bench
        .receive(one, text("m-1", vec![user("7")], "here"))
        .await;
    bench
        .receive(two, text("m-1", vec![user("7")], "there"))
        .await;
    bench
        .receive(two, text("m-2", vec![user("7")], "again"))
        .await;
    assert_eq!(bench.count("contacts").await, 2);
    assert_eq!(bench.count("conversations").await, 2);
    assert_eq!(bench.count("identities").await, 2, "each has one address");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_name_that_changes_hands_leads_to_nobody_else() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Telegram).await;
    let name = address("telegram", "username", "somebody");
    for (id, who) in [("m-1", "1"), ("m-2", "2")] {
        let who = address("telegram", "user", who);
        bench
            .receive(inbox, text(id, vec![who, name.clone()], id))
            .await;
    }
    assert_eq!(bench.count("contacts").await, 2);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_known_customers_new_user_name_takes_the_place_of_the_former_one() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Telegram).await;
    let names = async || {
        let query = "SELECT value FROM identities
            WHERE namespace = 'username' AND valid_to IS NULL";
        bench.rows(query).await
    };
    let wrote = async |id: &str, name: Option<&str>| {
        let name = name.map(|name| address("telegram", "username", name));
        let who = std::iter::once(address("telegram", "user", "7")).chain(name);
        bench.receive(inbox, text(id, who.collect(), id)).await;
    };
    for (id, name) in [
        ("m-1", "lamp"),
        ("m-2", "lamp"),
        ("m-3", "lamps"),
        ("m-4", "lamp"),
    ] {
        wrote(id, Some(name)).await;
        assert_eq!(names().await, [name], "{id}");
    }
    wrote("m-5", None).await;
    assert_eq!(names().await, ["lamp"], "who has none at hand says nothing");
    let told = "outbox WHERE kind IN ('identity_linked', 'identity_retired')";
    assert_eq!(bench.count(told).await, 4);
    assert_eq!(bench.count("contacts").await, 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_change_keeps_the_person() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    bench
        .receive(inbox, text("m-1", vec![phone("15550100")], "old"))
        .await;
    let change = UpdateKind::AddressChanged {
        from: phone("15550100"),
        to: phone("15550101"),
    };
    for _ in 0..2 {
        bench.receive(inbox, update(change.clone())).await;
    }
    bench
        .receive(inbox, text("m-2", vec![phone("15550101")], "new"))
        .await;
    assert_eq!(bench.count("contacts").await, 1);
    assert_eq!(bench.count("conversations").await, 1);
    // Whoever gets the old number is somebody else.
    bench
        .receive(inbox, text("m-3", vec![phone("15550100")], "stranger"))
        .await;
    assert_eq!(bench.count("contacts").await, 2);
    let conversation = bench
        .one("SELECT conversation_id FROM messages WHERE text = 'new'")
        .await;
    bench.assign(&conversation).await;
    let conversation = interdesk_domain::id::ConversationId(conversation.parse().unwrap());
    bench.reply(conversation, "hi").await;
    bench.deliver(conversation).await;
    assert_eq!(bench.provider.calls()[0].body["to"], "+15550101");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawn_consent_forbids_replies_by_every_address_of_the_app_until_it_is_given_again() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let both = vec![phone("15550100"), bsuid("US.1")];
    bench.receive(inbox, text("m-2", both, "both")).await;
    bench.assign(&conversation.0.to_string()).await;
    for (allowed, who) in [
        (false, phone("15550100")),
        (true, bsuid("US.1")),
        (false, bsuid("US.1")),
    ] {
        let detail = "stop".to_owned();
        bench
            .receive(
                inbox,
                update(UpdateKind::Consent {
                    who,
                    allowed,
                    marketing: false,
                    detail,
                }),
            )
            .await;
        let outcome = bench.try_reply(&answer(conversation, "hi")).await;
        let refused = matches!(outcome, ReplyOutcome::NotOptedIn { .. });
        assert_eq!(refused, !allowed, "{outcome:?}");
    }
    assert_eq!(
        bench.count("outbox WHERE kind = 'consent_changed'").await,
        3
    );
    // An address that is found later does not go around it.
    let more = vec![bsuid("US.1"), phone("15550109")];
    bench.receive(inbox, text("m-3", more, "more")).await;
    let outcome = bench.try_reply(&answer(conversation, "hi")).await;
    assert!(
        matches!(outcome, ReplyOutcome::NotOptedIn { .. }),
        "{outcome:?}"
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_that_waits_while_consent_is_withdrawn_does_not_go_out() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let reply = bench.reply(conversation, "hi").await;
    let (who, detail) = (phone("15550100"), "stop".to_owned());
    bench
        .receive(
            inbox,
            update(UpdateKind::Consent {
                who,
                allowed: false,
                marketing: false,
                detail,
            }),
        )
        .await;
    bench.deliver(conversation).await;
    assert!(bench.provider.calls().is_empty());
    assert_eq!(bench.delivery(reply).await, "failed");
    bench.prove().await;
}
