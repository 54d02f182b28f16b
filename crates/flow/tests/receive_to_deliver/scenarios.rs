//! Stories of customers, each from its beginning to its end.

use crate::bench::*;
use crate::continuity::*;
use crate::link::{graph, link_contacts, met_by, undo};
use crate::provider::Answer;
use crate::route::{by, joined, went};
use interdesk_domain::delivery::DeliveryState;
use interdesk_domain::id::ConversationId;
use interdesk_domain::inbox::ChannelKind::{Email, Matrix, Webchat, Webhook, Whatsapp};
use interdesk_domain::message::{Address, Reaction, Update, UpdateKind};
use interdesk_flow::receive::Mailbox;
use interdesk_flow::reply::{Instead, NewReply, ReplyOutcome};

fn telegram_takes_it() -> Answer {
    let result =
        serde_json::json!({"message_id": 31, "date": 1, "chat": {"id": 7, "type": "private"}});
    Answer::Say(200, None, serde_json::json!({"ok": true, "result": result}))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_starts_on_one_app_continues_on_a_second_then_a_third_with_consent_withdrawn_in_the_middle()
 {
    let person = Two::linked().await;
    let (bench, whatsapp, telegram) = (&person.bench, person.whatsapp, person.telegram);
    let app = bench.inbox(Webhook).await;
    let three = met_by(bench, app, "first by app", vec![user("9")]).await;
    person.resolve_all().await;
    link_contacts(bench, three, person.one).await;
    let contacts = [three, person.one, person.two].map(|contact| contact.0);

    // They start in the shop's own app, and the agent answers there.
    person.writes(app, "m-1", vec![user("9")]).await;
    let conversation = joined(bench).await;
    let first = bench.reply(conversation, "in the app").await;
    // They go on by WhatsApp: the same conversation, the same agent.
    person.writes(whatsapp, "m-2", number()).await;
    let second = bench.reply(conversation, "on WhatsApp").await;
    // There they withdraw their consent: the next answer goes where they were before.
    bench.world.clock.advance(seconds(1));
    bench.receive(whatsapp, text("m-3", number(), "STOP")).await;
    let third = bench.reply(conversation, "in the app again").await;
    let told = by(
        whatsapp,
        None,
        answer(conversation, "on WhatsApp all the same"),
    );
    let way = Instead::OtherApp {
        conversation,
        inbox: app.id,
        contact: three,
    };
    match bench.try_reply(&told).await {
        ReplyOutcome::NotOptedIn { instead, .. } => {
            assert!(instead.contains(&way) && instead.contains(&Instead::OptIn {}));
        }
        outcome => panic!("{outcome:?}"),
    }
    // They end on Telegram.
    person.writes(telegram, "m-4", handle()).await;
    let fourth = bench.reply(conversation, "on Telegram").await;
    for (message, place) in [
        (first, format!("webhook {}", contacts[0])),
        (second, format!("whatsapp {}", contacts[1])),
        (third, format!("webhook {}", contacts[0])),
        (fourth, format!("telegram {}", contacts[2])),
    ] {
        assert_eq!(went(bench, message).await, place);
    }
    // What was on its way to WhatsApp when they withdrew stays; the rest leaves, in order.
    let taken = serde_json::json!({"external_id": "out-1"});
    let taken_again = serde_json::json!({"external_id": "out-2"});
    bench.provider.plan([
        Answer::Say(200, None, taken),
        Answer::Say(200, None, taken_again),
        telegram_takes_it(),
    ]);
    bench.deliver(conversation).await;
    let mut got = Vec::new();
    for message in [first, second, third, fourth] {
        got.push(bench.delivery(message).await);
    }
    assert_eq!(got, ["sent", "failed", "sent", "sent"]);
    // A receipt finds its message whatever app it is of.
    bench
        .receive(telegram, receipt("7:31", DeliveryState::Read))
        .await;
    bench
        .receive(app, receipt("out-1", DeliveryState::Read))
        .await;
    assert_eq!(bench.delivery(first).await, "read");
    assert_eq!(person.open().await, 1, "one conversation");
    assert_eq!(bench.count("episodes WHERE resolved_at IS NULL").await, 1);
    let live = "work_items WHERE state IN ('queued', 'offered', 'active', 'wrap_up')";
    assert_eq!(bench.count(live).await, 1, "one work item");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_widget_to_whatsapp_to_matrix_to_mail_with_consent_withdrawn_in_the_middle_it_is_one_piece_of_work_with_one_owner()
 {
    let person = Two::linked().await;
    let (bench, whatsapp) = (&person.bench, person.whatsapp);
    let others = [
        (
            bench.inbox(Webchat).await,
            address("webchat", "visitor", "v-1"),
        ),
        (
            bench.inbox(Matrix).await,
            address("matrix", "user", "@customer12:example.org"),
        ),
        (
            bench.inbox(Email).await,
            address("email", "address", "customer12@example.org"),
        ),
    ];
    for (inbox, who) in &others {
        let id = format!("first by {}", who.network);
        let contact = met_by(bench, *inbox, &id, vec![who.clone()]).await;
        person.resolve_all().await;
        link_contacts(bench, contact, person.one).await;
    }
    let [(widget, visitor), (matrix, member), (mail, sender)] = others;
    let way = [
        (widget, vec![visitor]),
        (whatsapp, number()),
        (matrix, vec![member]),
        (mail, vec![sender]),
    ];
    let mut seen = Vec::new();
    for (step, (inbox, who)) in way.into_iter().enumerate() {
        person.writes(inbox, &format!("step-{step}"), who).await;
        let conversation = joined(bench).await;
        let reply = bench.reply(conversation, "on it").await;
        // By itself the answer goes where they wrote last.
        let went = went(bench, reply).await;
        assert!(went.starts_with(inbox.channel.as_str()), "{went}");
        seen.push(conversation);
        if inbox.id == whatsapp.id {
            withdraws(&person, conversation, widget).await;
        }
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "one conversation");
    let live = "work_items WHERE state IN ('queued', 'offered', 'active', 'wrap_up')";
    assert_eq!(bench.count(live).await, 1, "one work item");
    let owner = "SELECT count(DISTINCT assignee_id) FROM conversations WHERE status <> 'resolved'";
    assert_eq!(bench.one(owner).await, "1");
    let timeline = format!(
        "SELECT i.channel || ' ' || m.direction FROM messages m JOIN inboxes i ON i.id = m.inbox_id
         JOIN conversations c ON c.id = m.conversation_id
         WHERE c.id = '{}' AND m.episode_id = c.episode_id ORDER BY m.version",
        seen[0].0
    );
    assert_eq!(
        bench.rows(&timeline).await,
        [
            "webchat in",
            "webchat out",
            "whatsapp in",
            "whatsapp out",
            "whatsapp in",
            "webchat out",
            "matrix in",
            "matrix out",
            "email in",
            "email out",
        ]
    );
    bench.prove().await;
}

/// The customer wants no more words by WhatsApp: what is answered goes to the widget again, and nobody
/// writes to WhatsApp by asking for it.
async fn withdraws(person: &Two, conversation: ConversationId, widget: Mailbox) {
    let (bench, whatsapp) = (&person.bench, person.whatsapp);
    bench.world.clock.advance(seconds(1));
    bench
        .receive(whatsapp, text("stop", number(), "STOP"))
        .await;
    let reply = bench.reply(conversation, "as you wish").await;
    let went = went(bench, reply).await;
    assert!(went.starts_with("webchat"), "{went}");
    let told = by(whatsapp, None, answer(conversation, "all the same"));
    match bench.try_reply(&told).await {
        ReplyOutcome::NotOptedIn { instead, .. } => {
            let elsewhere =
                |it: &Instead| matches!(it, Instead::OtherApp { inbox, .. } if *inbox == widget.id);
            assert!(instead.iter().any(elsewhere), "{instead:?}");
        }
        outcome => panic!("{outcome:?}"),
    }
}

fn changed(from: Address, to: Address) -> Update {
    update(UpdateKind::AddressChanged { from, to })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_change_links_the_new_number_and_never_splits_the_person() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let bsuid = |value: &str| address("whatsapp", "bsuid", value);
    let known = vec![phone("15550100"), bsuid("US.1")];
    bench.receive(inbox, text("m-1", known, "hello")).await;
    // The number changes, and with it the business-scoped id.
    bench
        .receive(inbox, changed(phone("15550100"), phone("15550101")))
        .await;
    bench
        .receive(inbox, changed(bsuid("US.1"), bsuid("US.2")))
        .await;
    for (id, who) in [
        ("m-2", vec![phone("15550101")]),
        ("m-3", vec![bsuid("US.2")]),
        ("m-4", vec![phone("15550101"), bsuid("US.2")]),
    ] {
        bench.receive(inbox, text(id, who, "it is me still")).await;
    }
    assert_eq!(bench.count("contacts").await, 1);
    assert_eq!(bench.count("conversations").await, 1);
    let valid = "SELECT value FROM identities WHERE valid_to IS NULL ORDER BY value";
    assert_eq!(bench.rows(valid).await, ["15550101", "US.2"]);
    bench.reply(conversation, "hi").await;
    bench.deliver(conversation).await;
    let sent = bench.provider.calls()[0].body.to_string();
    assert!(sent.contains("15550101"), "{sent}");
    assert_eq!(
        bench.count("outbox WHERE kind = 'identity_linked'").await,
        3
    );
    // Whoever gets the old number is somebody else.
    bench
        .receive(inbox, text("m-5", vec![phone("15550100")], "hello"))
        .await;
    assert_eq!(bench.count("contacts").await, 2);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merge_and_its_undo_restore_who_is_who_and_where_each_is_answered() {
    let person = Two::apart().await;
    let (bench, whatsapp, telegram) = (&person.bench, person.whatsapp, person.telegram);
    person.resolve_all().await;
    let apart = graph(bench).await;
    link_contacts(bench, person.two, person.one).await;
    undo(bench, person.two).await;
    assert_eq!(graph(bench).await, apart);
    // With words said in between, these stay where they were said.
    link_contacts(bench, person.two, person.one).await;
    person.writes(telegram, "m-1", handle()).await;
    person.writes(whatsapp, "m-2", number()).await;
    person.writes(telegram, "m-3", handle()).await;
    let conversation = joined(bench).await;
    undo(bench, person.two).await;
    let identities = |all: Vec<String>| {
        let kept = |row: &String| row.starts_with("contact") || row.starts_with("identity");
        all.into_iter().filter(kept).collect::<Vec<_>>()
    };
    assert_eq!(identities(graph(bench).await), identities(apart));
    let reply = bench.reply(conversation, "to who is left").await;
    assert_eq!(
        went(bench, reply).await,
        format!("whatsapp {}", person.one.0)
    );
    let told = by(telegram, Some(person.two), answer(conversation, "hi"));
    let outcome = bench.try_reply(&told).await;
    assert!(
        matches!(outcome, ReplyOutcome::RecipientUnknown { .. }),
        "{outcome:?}"
    );
    person.writes(telegram, "m-4", handle()).await;
    assert_eq!(person.holder("m-4").await, person.two);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reaction_as_the_only_answer_stands_on_our_message_and_opens_no_work() {
    let person = Two::linked().await;
    let (bench, whatsapp) = (&person.bench, person.whatsapp);
    person.writes(whatsapp, "m-1", number()).await;
    let conversation = joined(bench).await;
    bench.reply(conversation, "is it solved?").await;
    bench.deliver(conversation).await;
    let reacts = |emojis: &[&str], at_second| {
        let reaction = Reaction {
            target: "out-1".to_owned(),
            provider_id: None,
            by: sender(number()),
            emojis: emojis.iter().map(|one| (*one).to_owned()).collect(),
        };
        at(
            update(UpdateKind::Reaction(reaction)),
            bench.desk.now() + seconds(at_second),
        )
    };
    let before = bench.count("work_items").await;
    bench.receive(whatsapp, reacts(&["👍"], 0)).await;
    assert_eq!(
        bench.one("SELECT target, emojis FROM reactions").await,
        "out-1 {👍}"
    );
    assert_eq!(
        bench.count("outbox WHERE kind = 'reaction_changed'").await,
        1
    );
    let standing = "SELECT status FROM conversations WHERE status <> 'resolved'";
    assert_eq!(bench.one(standing).await, "waiting_for_customer");
    assert_eq!(bench.count("work_items").await, before);
    // The agent takes it for a yes.
    person.resolve(conversation).await;
    bench.world.clock.advance(seconds(5));
    bench.receive(whatsapp, reacts(&[], 0)).await;
    assert_eq!(bench.one("SELECT emojis FROM reactions").await, "{}");
    assert_eq!(person.open().await, 0, "nor does its withdrawal");
    bench.prove().await;
}

fn edit(target: &str, to: &str) -> Update {
    let (target, content) = (target.to_owned(), words(to));
    update(UpdateKind::Edit { target, content })
}

async fn version(bench: &Bench, conversation: ConversationId) -> Option<i64> {
    let query = format!(
        "SELECT version FROM conversations WHERE id = '{}'",
        conversation.0
    );
    bench.one(&query).await.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_who_edits_twice_while_the_agent_replies_is_read_before_they_are_answered() {
    let person = Two::linked().await;
    let (bench, whatsapp, telegram) = (&person.bench, person.whatsapp, person.telegram);
    person.writes(telegram, "m-1", handle()).await;
    person.writes(whatsapp, "m-2", number()).await;
    let conversation = joined(bench).await;
    let last_seen_version = version(bench, conversation).await;
    let seen = |last_seen_version| NewReply {
        last_seen_version,
        ..answer(conversation, "it comes on Monday")
    };
    for (n, text) in ["on Tuesday", "on Wednesday"].into_iter().enumerate() {
        bench.world.clock.advance(seconds(1));
        bench
            .receive(telegram, at(edit("m-1", text), bench.desk.now()))
            .await;
        let refused = bench.try_reply(&seen(last_seen_version)).await;
        assert!(
            matches!(refused, ReplyOutcome::StaleContext { missed: 1, .. }),
            "edit {n}: {refused:?}"
        );
    }
    let now = version(bench, conversation).await;
    let outcome = bench.try_reply(&seen(now)).await;
    assert!(
        matches!(outcome, ReplyOutcome::Queued { .. }),
        "{outcome:?}"
    );
    let message = "SELECT text, revision FROM messages WHERE provider_id = 'm-1'";
    assert_eq!(bench.one(message).await, "on Wednesday 2");
    let kept = "SELECT content ->> 'text' FROM message_revisions ORDER BY revision";
    assert_eq!(bench.rows(kept).await, ["hello", "on Tuesday"]);
    // What the customer took back was changed too.
    bench
        .receive(
            telegram,
            update(UpdateKind::Delete {
                target: "m-1".to_owned(),
            }),
        )
        .await;
    let refused = bench.try_reply(&seen(now)).await;
    assert!(
        matches!(refused, ReplyOutcome::StaleContext { missed: 1, .. }),
        "{refused:?}"
    );
    bench.prove().await;
}
