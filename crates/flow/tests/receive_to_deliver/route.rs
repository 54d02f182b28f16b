//! By which app a reply goes.

use crate::bench::*;
use crate::continuity::*;
use crate::link::undo;
use interdesk_channels::channel;
use interdesk_domain::id::{ContactId, ConversationId, MessageId};
use interdesk_domain::inbox::ChannelKind::Whatsapp;
use interdesk_domain::message::{Content, Template};
use interdesk_flow::receive::Mailbox;
use interdesk_flow::reply::{Instead, NewReply, ReplyOutcome, Target};

/// Returns the one open conversation, given to the agent.
pub(crate) async fn joined(bench: &Bench) -> ConversationId {
    let open = "SELECT id FROM conversations WHERE status NOT IN ('resolved', 'closed')";
    let id = bench.one(open).await;
    bench.assign(&id).await;
    ConversationId(id.parse().unwrap())
}

/// Returns the app and the contact that a reply went to.
pub(crate) async fn went(bench: &Bench, message: MessageId) -> String {
    let query = format!(
        "SELECT i.channel, m.recipient_id FROM messages m JOIN inboxes i ON i.id = m.inbox_id
         WHERE m.id = '{}'",
        message.0
    );
    bench.one(&query).await
}

pub(crate) fn by(inbox: Mailbox, contact: Option<ContactId>, new: NewReply) -> NewReply {
    let inbox = inbox.id;
    let to = Some(Target { inbox, contact });
    NewReply { to, ..new }
}

pub(crate) fn template() -> Content {
    Content::Template(Template {
        name: "late_parcel".to_owned(),
        language: "en_US".to_owned(),
        ..Template::default()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_goes_to_the_app_that_was_used_last_and_to_another_one_when_told() {
    let person = Two::linked().await;
    let (bench, whatsapp, telegram) = (&person.bench, person.whatsapp, person.telegram);
    person.writes(whatsapp, "m-1", number()).await;
    person.writes(telegram, "m-2", handle()).await;
    let conversation = joined(bench).await;
    let last = bench.reply(conversation, "hi").await;
    assert_eq!(
        went(bench, last).await,
        format!("telegram {}", person.two.0)
    );
    let told = by(whatsapp, None, answer(conversation, "hi"));
    let ReplyOutcome::Queued { message, .. } = bench.try_reply(&told).await else {
        panic!("WhatsApp is open");
    };
    assert_eq!(
        went(bench, message).await,
        format!("whatsapp {}", person.one.0)
    );
    person.writes(whatsapp, "m-3", number()).await;
    let last = bench.reply(conversation, "hi").await;
    assert_eq!(
        went(bench, last).await,
        format!("whatsapp {}", person.one.0)
    );
    let strangers = by(whatsapp, Some(person.two), answer(conversation, "hi"));
    let outcome = bench.try_reply(&strangers).await;
    assert!(
        matches!(outcome, ReplyOutcome::RecipientUnknown { .. }),
        "{outcome:?}"
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_window_or_the_channel_forbids_it_the_reply_goes_to_the_app_used_before() {
    let person = Two::linked().await;
    let (bench, whatsapp, telegram) = (&person.bench, person.whatsapp, person.telegram);
    person.writes(telegram, "m-1", handle()).await;
    person.writes(whatsapp, "m-2", number()).await;
    let conversation = joined(bench).await;
    let open = bench.reply(conversation, "hi").await;
    assert_eq!(
        went(bench, open).await,
        format!("whatsapp {}", person.one.0)
    );
    bench.world.clock.advance(seconds(25 * 3600));
    let closed = bench.reply(conversation, "hi").await;
    assert_eq!(
        went(bench, closed).await,
        format!("telegram {}", person.two.0)
    );
    // What the customer wrote by one app opens no window of another.
    person.writes(telegram, "m-3", handle()).await;
    let told = by(whatsapp, None, answer(conversation, "hi"));
    match bench.try_reply(&told).await {
        ReplyOutcome::WindowClosed { instead, .. } => {
            let way = Instead::OtherApp {
                conversation,
                inbox: telegram.id,
                contact: person.two,
            };
            assert_eq!(instead, [Instead::Template {}, way, Instead::Wait {}]);
        }
        outcome => panic!("{outcome:?}"),
    }
    assert!(channel(Whatsapp).capabilities().templates);
    let content = template();
    let new = NewReply {
        content,
        ..answer(conversation, "")
    };
    let ReplyOutcome::Queued { message, .. } = bench.try_reply(&new).await else {
        panic!("WhatsApp takes templates");
    };
    assert_eq!(
        went(bench, message).await,
        format!("whatsapp {}", person.one.0)
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_that_the_conversation_never_came_by_is_offered_and_never_chosen() {
    let person = Two::linked().await;
    let (bench, whatsapp, telegram) = (&person.bench, person.whatsapp, person.telegram);
    person.writes(whatsapp, "m-1", number()).await;
    let conversation = joined(bench).await;
    bench.receive(whatsapp, text("m-2", number(), "STOP")).await;
    let way = Instead::OtherApp {
        conversation,
        inbox: telegram.id,
        contact: person.two,
    };
    match bench.try_reply(&answer(conversation, "hi")).await {
        ReplyOutcome::NotOptedIn { instead, .. } => assert_eq!(instead, [way, Instead::OptIn {}]),
        outcome => panic!("{outcome:?}"),
    }
    let told = by(telegram, None, answer(conversation, "hi"));
    let outcome = bench.try_reply(&told).await;
    assert!(
        matches!(outcome, ReplyOutcome::Queued { .. }),
        "{outcome:?}"
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quote_of_another_apps_message_stays_behind() {
    let person = Two::linked().await;
    let (bench, whatsapp, telegram) = (&person.bench, person.whatsapp, person.telegram);
    person.writes(whatsapp, "m-1", number()).await;
    person.writes(telegram, "m-2", handle()).await;
    let conversation = joined(bench).await;
    for (quoted, kept) in [("m-1", "-"), ("m-2", "m-2")] {
        let id = format!("SELECT id FROM messages WHERE provider_id = '{quoted}'");
        let reply_to = Some(MessageId(bench.one(&id).await.parse().unwrap()));
        let new = NewReply {
            reply_to,
            ..answer(conversation, "hi")
        };
        let ReplyOutcome::Queued { message, .. } = bench.try_reply(&new).await else {
            panic!("{quoted}");
        };
        let query = format!("SELECT reply_to FROM messages WHERE id = '{}'", message.0);
        assert_eq!(bench.one(&query).await, kept);
    }
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_that_waits_while_its_contact_is_unlinked_does_not_go_out() {
    let person = Two::linked().await;
    let (bench, whatsapp, telegram) = (&person.bench, person.whatsapp, person.telegram);
    person.writes(telegram, "m-1", handle()).await;
    person.writes(whatsapp, "m-2", number()).await;
    let conversation = joined(bench).await;
    let told = by(telegram, None, answer(conversation, "hi"));
    let ReplyOutcome::Queued { message, .. } = bench.try_reply(&told).await else {
        panic!("Telegram is open");
    };
    undo(bench, person.two).await;
    bench.deliver(conversation).await;
    let query = format!(
        "SELECT delivery, failure ->> 'reason' FROM messages WHERE id = '{}'",
        message.0
    );
    assert_eq!(bench.one(&query).await, "failed recipient_unknown");
    assert!(bench.provider.calls().is_empty());
    let next = bench.reply(conversation, "hi").await;
    assert_eq!(
        went(bench, next).await,
        format!("whatsapp {}", person.one.0)
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_adapter_was_told_by_one_contact_leads_no_reply_to_another_of_the_person() {
    let person = Two::linked().await;
    let (bench, whatsapp) = (&person.bench, person.whatsapp);
    let second = vec![phone("15550101")];
    let three = crate::link::met_by(bench, whatsapp, "first by second", second.clone()).await;
    person.resolve_all().await;
    crate::link::link_contacts(bench, three, person.one).await;
    let tells = |id: &str, who| {
        let mut told = inbound(
            id,
            interdesk_domain::message::Author::Customer(sender(who)),
            words("hello"),
        );
        told.state = Some(format!("room of {id}"));
        message(told)
    };
    bench.receive(whatsapp, tells("m-1", number())).await;
    bench.world.clock.advance(seconds(1));
    bench.receive(whatsapp, tells("m-2", second)).await;
    let conversation = joined(bench).await;
    for (contact, state) in [(person.one, None), (three, Some("room of m-2"))] {
        let told = by(whatsapp, Some(contact), answer(conversation, "hi"));
        bench.try_reply(&told).await;
        let transaction = bench.desk.database.begin(bench.scope).await.unwrap();
        let next =
            interdesk_store::messages::lock_next_pending(&transaction, bench.scope, conversation);
        let next = next.await.unwrap().unwrap();
        assert_eq!((next.contact_id, next.state.as_deref()), (contact, state));
        transaction.rollback().await.unwrap();
        bench
            .run("UPDATE messages SET delivery = 'sent' WHERE delivery = 'queued'")
            .await;
    }
    undo(bench, three).await;
    assert_eq!(bench.count("channel_states").await, 0);
    bench.prove().await;
}
