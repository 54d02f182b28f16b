//! An agent writes first.

use crate::bench::*;
use crate::continuity::*;
use crate::route::template;
use interdesk_domain::id::ContactId;
use interdesk_domain::message::{Author, Content, InboundMessage};
use interdesk_flow::Context;
use interdesk_flow::receive::Mailbox;
use interdesk_flow::reply::{Instead, ReplyOutcome};
use interdesk_flow::start::{NewConversation, StartOutcome, start};
use interdesk_store::read::participants::list_participants;

async fn begin(
    bench: &Bench,
    (contact, inbox): (ContactId, Mailbox),
    content: Content,
    key: Option<&str>,
) -> StartOutcome {
    let inbox = inbox.id;
    let new = NewConversation {
        contact,
        inbox,
        content,
    };
    let context = Context::agent(bench.agent.agent, None);
    start(&bench.desk, &bench.agent, &new, key, &context)
        .await
        .unwrap()
}

const LOAD: &str = "SELECT load FROM agent_loads";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_writes_first_and_has_the_conversation_that_the_answer_comes_to() {
    let person = Two::linked().await;
    let (bench, whatsapp, telegram) = (&person.bench, person.whatsapp, person.telegram);
    let to = (person.one, whatsapp);
    bench.world.clock.advance(seconds(25 * 3600));
    match begin(bench, to, words("your parcel is late"), None).await {
        StartOutcome::Refused { reason } => match *reason {
            ReplyOutcome::WindowClosed { instead, .. } => {
                assert_eq!(instead[0], Instead::Template {});
            }
            reason => panic!("{reason:?}"),
        },
        outcome => panic!("{outcome:?}"),
    }
    assert_eq!(bench.one(LOAD).await, "0", "nothing remains of a refusal");
    let first = begin(bench, to, template(), Some("k")).await;
    assert!(matches!(first, StartOutcome::Started { .. }), "{first:?}");
    assert_eq!(begin(bench, to, template(), Some("k")).await, first);
    let StartOutcome::Started { conversation, .. } = first else {
        panic!("{first:?}");
    };
    let open = StartOutcome::AlreadyOpen { conversation };
    assert_eq!(begin(bench, to, template(), None).await, open);
    assert_eq!(
        begin(bench, (person.two, telegram), words("hi"), None).await,
        open
    );
    let standing = "SELECT status, episode_number, assignee_id IS NOT NULL FROM conversations
        WHERE status <> 'resolved'";
    assert_eq!(bench.one(standing).await, "waiting_for_customer 2 t");
    assert_eq!(bench.one(LOAD).await, "1");
    bench.deliver(conversation).await;
    assert_eq!(bench.provider.calls().len(), 1);
    person.writes(telegram, "m-1", handle()).await;
    assert_eq!(person.holder("m-1").await, person.one);
    assert_eq!(bench.one(standing).await, "open 2 t");
    let live = "work_items WHERE state IN ('queued', 'offered', 'active', 'wrap_up')";
    assert_eq!(bench.count(live).await, 1, "it is the agent's");
    person.resolve(conversation).await;
    assert_eq!(bench.one(LOAD).await, "0");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_be_written_to_is_not_written_to_first_either() {
    let person = Two::apart().await;
    let (bench, whatsapp, telegram) = (&person.bench, person.whatsapp, person.telegram);
    person.resolve_all().await;
    let before = bench.count("outbox").await;
    let nobody = ContactId(uuid::Uuid::from_u128(7));
    let outcome = begin(bench, (nobody, whatsapp), template(), None).await;
    assert_eq!(outcome, StartOutcome::NotFound);
    match begin(bench, (person.one, telegram), words("hi"), None).await {
        StartOutcome::Refused { reason } => {
            assert!(
                matches!(*reason, ReplyOutcome::RecipientUnknown { .. }),
                "{reason:?}"
            );
        }
        outcome => panic!("{outcome:?}"),
    }
    let second = bench
        .inbox(interdesk_domain::inbox::ChannelKind::Telegram)
        .await;
    match begin(bench, (person.two, second), words("hi"), None).await {
        StartOutcome::Refused { reason } => {
            assert!(
                matches!(*reason, ReplyOutcome::RecipientUnknown { .. }),
                "a bot may not begin: {reason:?}"
            );
        }
        outcome => panic!("{outcome:?}"),
    }
    bench.run("UPDATE agent_loads SET capacity = 0").await;
    let outcome = begin(bench, (person.one, whatsapp), template(), None).await;
    assert_eq!(outcome, StartOutcome::AtCapacity);
    bench.run("UPDATE agent_loads SET capacity = 1").await;
    assert_eq!(
        bench.count("outbox").await,
        before,
        "nothing remains of a refusal"
    );
    person.writes(whatsapp, "m-1", number()).await;
    bench.receive(whatsapp, text("m-2", number(), "STOP")).await;
    person.resolve_all().await;
    match begin(bench, (person.one, whatsapp), template(), None).await {
        StartOutcome::Refused { reason } => {
            assert!(
                matches!(*reason, ReplyOutcome::NotOptedIn { .. }),
                "{reason:?}"
            );
        }
        outcome => panic!("{outcome:?}"),
    }
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_author_of_a_group_is_a_participant_of_its_one_conversation() {
    let person = Two::linked().await;
    let (bench, whatsapp) = (&person.bench, person.whatsapp);
    for (id, who) in [
        ("m-1", "15550100"),
        ("m-2", "15550105"),
        ("m-3", "15550100"),
    ] {
        let author = Author::Customer(sender(vec![phone(who)]));
        let mut said = InboundMessage::new(id.to_owned(), author, words("hello all"));
        said.group = Some("g-1".to_owned());
        bench.receive(whatsapp, message(said)).await;
    }
    let conversation = crate::route::joined(bench).await;
    let transaction = bench.desk.database.begin(bench.scope).await.unwrap();
    let found = list_participants(&transaction, bench.scope, &[conversation])
        .await
        .unwrap();
    transaction.rollback().await.unwrap();
    let counts: Vec<i64> = found.iter().map(|one| one.messages).collect();
    assert_eq!(counts, [2, 1]);
    assert_eq!(found[0].contact_id, person.one);
    let live = "work_items WHERE state IN ('queued', 'offered', 'active', 'wrap_up')";
    assert_eq!(bench.count(live).await, 1, "one routing unit");
    bench.prove().await;
}
