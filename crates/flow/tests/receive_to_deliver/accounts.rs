//! What providers tell of accounts and templates, and what customers are shown in passing.

use crate::bench::*;
use crate::provider::Answer::Say;
use interdesk_channels::channel;
use interdesk_domain::inbox::ChannelKind::{Telegram, Webhook, Whatsapp};
use interdesk_domain::message::*;
use interdesk_flow::inbox_health::check;
use interdesk_flow::reply::{ReplyOutcome, TemplateRefusal};
use interdesk_flow::signal::{self, Kind};
use serde_json::json;

fn told(told: Told) -> Update {
    update(UpdateKind::Account(Box::new(AccountNews {
        number: None,
        business_account: Some("900800".to_owned()),
        told,
        raw: "{}".to_owned(),
    })))
}

fn health(state: HealthState, reason: &str) -> Update {
    told(Told::Health {
        condition: Condition::new("account", state, reason, "words"),
        per_second: None,
    })
}

fn template(status: Option<&str>, slots: Option<Vec<Slot>>) -> Update {
    told(Told::Template(TemplateNews {
        name: "late_parcel".to_owned(),
        language: "en_US".to_owned(),
        status: status.map(str::to_owned),
        shape: slots.map(|slots| Shape {
            text: "It comes on {{1}}.".to_owned(),
            slots,
        }),
        ..TemplateNews::default()
    }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_of_an_account_change_its_health_once_and_old_news_change_nothing() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let now = bench.desk.now();
    let bad = || at(health(HealthState::Degraded, "RESTRICTED"), now);
    bench.receive(inbox, bad()).await;
    bench.receive(inbox, bad()).await;
    let before = at(health(HealthState::Blocked, "DISABLED"), now - seconds(60));
    bench.receive(inbox, before).await;
    let row = "SELECT state, reason FROM inbox_conditions";
    assert_eq!(bench.one(row).await, "degraded restricted");
    let events = "outbox WHERE kind = 'inbox_health_changed'";
    assert_eq!(bench.count(events).await, 1);
    bench.world.clock.advance(seconds(60));
    let good = at(health(HealthState::Healthy, "back"), bench.desk.now());
    bench.receive(inbox, good).await;
    assert_eq!(bench.one(row).await, "healthy back");
    assert_eq!(bench.count(events).await, 2);
    assert_eq!(bench.count("inbox_news").await, 2);
    let learnt = "SELECT business_account FROM inbox_facts";
    assert_eq!(bench.one(learnt).await, "900800");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_change_the_inbox_that_they_are_about_whichever_path_brings_them() {
    let bench = Bench::fresh().await;
    let (path, other, foreign) = (
        bench.inbox(Whatsapp).await,
        bench.inbox(Whatsapp).await,
        bench.inbox(Whatsapp).await,
    );
    for (inbox, account, number) in [
        (path, "900800", "15550101"),
        (other, "900800", "15550102"),
        (foreign, "700600", "15550103"),
    ] {
        bench
            .run(&format!(
                "INSERT INTO inbox_facts (inbox_id, tenant_id, business_account, number)
                 VALUES ('{}', '{}', '{account}', '{number}')",
                inbox.id.0,
                bench.scope.tenant().0
            ))
            .await;
    }
    let news = |account: Option<&str>, number: Option<&str>, reason: &str| {
        let told = Told::Health {
            condition: Condition::new("account", HealthState::Degraded, reason, "words"),
            per_second: None,
        };
        update(UpdateKind::Account(Box::new(AccountNews {
            business_account: account.map(str::to_owned),
            number: number.map(str::to_owned),
            told,
            raw: "{}".to_owned(),
        })))
    };
    let unwell = async || {
        let query = "SELECT f.number || ' ' || c.reason FROM inbox_conditions c
            JOIN inbox_facts f USING (inbox_id) ORDER BY 1";
        let unwell = bench.rows(query).await;
        bench.run("DELETE FROM inbox_conditions").await;
        unwell
    };
    for (account, number, expected) in [
        (None, Some("15550102"), vec!["15550102 bad"]),
        (None, Some("15550103"), vec!["15550103 bad"]),
        (Some("900800"), None, vec!["15550101 bad", "15550102 bad"]),
        (Some("700600"), None, vec!["15550103 bad"]),
        // Of nobody here: kept as it came, and on no inbox.
        (None, Some("15550109"), vec![]),
        (Some("500400"), None, vec![]),
    ] {
        bench.receive(path, news(account, number, "bad")).await;
        assert_eq!(unwell().await, expected, "{account:?} {number:?}");
    }
    let learnt = "SELECT business_account FROM inbox_facts ORDER BY number";
    assert_eq!(bench.rows(learnt).await, ["900800", "900800", "700600"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_template_leaves_only_while_it_is_approved_and_filled_as_it_wants() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let mut wanted = answer(conversation, "");
    wanted.content = Content::Template(Template {
        name: "late_parcel".to_owned(),
        language: "en_US".to_owned(),
        parameters: vec!["Friday".to_owned()],
        variables: Vec::new(),
    });
    let queued = |it: &ReplyOutcome| matches!(it, ReplyOutcome::Queued { .. });
    let refusal = |it: ReplyOutcome| match it {
        ReplyOutcome::TemplateRefused { reason, .. } => Some(reason),
        _ => None,
    };
    assert!(
        queued(&bench.try_reply(&wanted).await),
        "nothing is known yet"
    );
    let slot = Slot {
        place: Place::Body,
        name: None,
        kind: SlotKind::Text,
    };
    bench
        .receive(inbox, template(Some("paused"), Some(vec![slot.clone()])))
        .await;
    let refused = refusal(bench.try_reply(&wanted).await);
    assert_eq!(refused, Some(TemplateRefusal::NotApproved));
    bench.world.clock.advance(seconds(1));
    bench.receive(inbox, template(Some("approved"), None)).await;
    assert!(queued(&bench.try_reply(&wanted).await));
    bench.world.clock.advance(seconds(1));
    bench
        .receive(inbox, template(None, Some(vec![slot.clone(), slot])))
        .await;
    let refused = refusal(bench.try_reply(&wanted).await);
    assert_eq!(refused, Some(TemplateRefusal::Variables));
    let tenant = bench.scope.tenant().0;
    bench
        .run(&format!(
            "UPDATE inbox_facts SET templates_listed_at = now() WHERE tenant_id = '{tenant}'"
        ))
        .await;
    if let Content::Template(template) = &mut wanted.content {
        template.language = "de".to_owned();
    }
    let refused = refusal(bench.try_reply(&wanted).await);
    assert_eq!(refused, Some(TemplateRefusal::Unknown));
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_is_asked_on_a_period_how_the_account_is_and_which_templates_it_has() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    bench.receive(inbox, template(Some("approved"), None)).await;
    bench
        .receive(inbox, health(HealthState::Healthy, "fine"))
        .await;
    bench.world.clock.advance(seconds(1));
    let number = json!({ "quality_rating": "RED", "throughput": { "level": "HIGH" } });
    let listed = json!({ "data": [{
        "id": "7", "name": "order_ready", "language": "en_US", "status": "APPROVED",
        "components": [
            { "type": "HEADER", "format": "IMAGE" },
            { "type": "BODY", "text": "Hello {{first_name}}" },
            { "type": "BUTTONS", "buttons": [{ "type": "URL", "url": "https://example.org/{{1}}" }] },
        ],
    }] });
    bench
        .provider
        .plan([Say(200, None, number), Say(200, None, listed)]);
    let ask = || check(&bench.desk, &bench.courier, seconds(300), channel);
    assert_eq!(ask().await.unwrap(), 1);
    assert_eq!(ask().await.unwrap(), 0, "not again so soon");
    let facts = "SELECT per_second, business_account FROM inbox_facts";
    assert_eq!(bench.one(facts).await, "1000 900800");
    let known = "SELECT name, jsonb_array_length(slots) FROM message_templates";
    assert_eq!(
        bench.one(known).await,
        "order_ready 3",
        "what is not listed is gone"
    );
    let quality = "SELECT state FROM inbox_conditions WHERE subject = 'quality'";
    assert_eq!(bench.one(quality).await, "degraded");
    bench.world.clock.advance(seconds(301));
    let refused = json!({ "error": { "code": 190, "message": "no" } });
    bench.provider.plan([Say(401, None, refused)]);
    assert_eq!(ask().await.unwrap(), 1);
    let access = "SELECT state, reason FROM inbox_conditions WHERE subject = 'access'";
    assert_eq!(bench.one(access).await, "blocked 190");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typing_is_told_once_while_it_is_seen_and_reading_names_the_last_message() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let show = |kind| signal::show(&bench.desk, bench.scope, conversation, kind);
    let send = || signal::send(&bench.desk, &bench.courier, channel);
    assert!(show(Kind::Typing).await.unwrap());
    assert_eq!(send().await.unwrap(), 1);
    assert!(show(Kind::Typing).await.unwrap(), "it is seen still");
    assert_eq!(send().await.unwrap(), 0);
    bench.world.clock.advance(seconds(21));
    assert!(show(Kind::Typing).await.unwrap());
    assert!(show(Kind::Read).await.unwrap());
    assert_eq!(send().await.unwrap(), 2);
    let calls = bench.provider.calls();
    assert_eq!(calls.len(), 3);
    assert!(
        calls
            .iter()
            .all(|it| it.body["message_id"] == "first of 15550100")
    );
    let typing = calls
        .iter()
        .filter(|it| it.body["typing_indicator"].is_object());
    assert_eq!(typing.count(), 2);
    assert_eq!(bench.count("signals").await, 0);
    assert!(show(Kind::Typing).await.unwrap());
    bench.world.clock.advance(seconds(60));
    assert!(show(Kind::Typing).await.unwrap());
    bench.world.clock.advance(seconds(60));
    assert_eq!(send().await.unwrap(), 1);
    assert_eq!(bench.provider.calls().len(), 3, "what is old is not shown");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_that_shows_nothing_is_told_nothing() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Telegram).await;
    let conversation = bench.conversation(inbox, "5550012").await;
    let read = signal::show(&bench.desk, bench.scope, conversation, Kind::Read).await;
    assert!(!read.unwrap(), "only business chats have read marks");
    let typing = signal::show(&bench.desk, bench.scope, conversation, Kind::Typing).await;
    assert!(typing.unwrap());
    let other = bench.inbox(Webhook).await;
    let elsewhere = bench.conversation(other, "u-1").await;
    let sent = signal::show(&bench.desk, bench.scope, elsewhere, Kind::Read).await;
    assert_eq!(sent.unwrap(), channel(Webhook).capabilities().mark_read);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_goes_on_under_its_new_id_in_the_same_conversation() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Telegram).await;
    let said = |id: &str, group: &str| {
        let author = Author::Customer(sender(vec![address("telegram", "user", "5550012")]));
        message(InboundMessage {
            group: Some(group.to_owned()),
            ..inbound(id, author, words("hello"))
        })
    };
    bench.receive(inbox, said("-5550007:1", "-5550007")).await;
    let moved = || {
        update(UpdateKind::GroupMoved {
            from: "-5550007".to_owned(),
            to: "-1005550007".to_owned(),
        })
    };
    bench.receive(inbox, moved()).await;
    bench.receive(inbox, moved()).await;
    bench
        .receive(inbox, said("-1005550007:1", "-1005550007"))
        .await;
    assert_eq!(bench.count("conversations").await, 1);
    assert_eq!(
        bench.one("SELECT group_id FROM conversations").await,
        "-1005550007"
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_number_with_its_first_user_id_stays_one_person() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    bench.conversation(inbox, "15550100").await;
    let bsuid = address("whatsapp", "bsuid", "US.55501");
    let changed = update(UpdateKind::AddressChanged {
        from: phone("15550100"),
        to: phone("15550101"),
    });
    let added = update(UpdateKind::AddressAdded {
        known: phone("15550101"),
        also: bsuid.clone(),
    });
    bench.receive(inbox, changed).await;
    bench.receive(inbox, added).await;
    bench
        .receive(inbox, text("next", vec![bsuid], "still me"))
        .await;
    assert_eq!(bench.count("contacts").await, 1);
    assert_eq!(bench.count("conversations").await, 1);
    bench.prove().await;
}
