//! Contacts that turn out to be one person, and that do not.

use crate::bench::*;
use interdesk_domain::id::{ContactId, MessageId};
use interdesk_domain::inbox::ChannelKind::{Telegram, Webhook, Whatsapp};
use interdesk_domain::message::Address;
use interdesk_flow::Context;
use interdesk_flow::link::{LinkOutcome, NewLink, link};
use interdesk_flow::rename::{Rename, RenameOutcome, rename};
use interdesk_flow::reply::ReplyOutcome;
use interdesk_flow::unlink::{Unlink, UnlinkOutcome, unlink};

async fn try_link(bench: &Bench, new: &NewLink, key: Option<&str>) -> LinkOutcome {
    let context = Context::agent(bench.agent.agent, None);
    link(&bench.desk, &bench.agent, new, key, &context)
        .await
        .unwrap()
}

pub(crate) async fn link_contacts(bench: &Bench, contact: ContactId, into: ContactId) {
    let outcome = try_link(bench, &wish(contact, into), None).await;
    assert!(matches!(outcome, LinkOutcome::Linked { .. }), "{outcome:?}");
}

fn wish(contact: ContactId, into: ContactId) -> NewLink {
    NewLink {
        contact,
        into,
        note: "told us the order number of the other chat".to_owned(),
        message: None,
    }
}

pub(crate) async fn undo(bench: &Bench, contact: ContactId) -> UnlinkOutcome {
    let undo = Unlink {
        contact,
        note: "two people with one name".to_owned(),
        message: None,
    };
    let context = Context::agent(bench.agent.agent, None);
    unlink(&bench.desk, &bench.agent, &undo, None, &context)
        .await
        .unwrap()
}

async fn met(bench: &Bench, message: &str) -> ContactId {
    let query = format!("SELECT contact_id FROM messages WHERE provider_id = '{message}'");
    ContactId(bench.one(&query).await.parse().unwrap())
}

/// Everything that hangs on contacts, but for the versions that count the events.
pub(crate) async fn graph(bench: &Bench) -> Vec<String> {
    bench
        .rows(
            "SELECT 'contact', id::text, name, name_source, linked_into::text, person_id::text FROM contacts
             UNION ALL SELECT 'identity', id::text, contact_id::text, network || namespace || value,
                verified_by, valid_from::text || coalesce(valid_to::text, '') FROM identities
             UNION ALL SELECT 'conversation', id::text, contact_id::text, thread_key, status,
                coalesce(assignee_id::text, '') FROM conversations
             UNION ALL SELECT 'consent', contact_id::text, network, state, said_at::text, '' FROM consents
             UNION ALL SELECT 'work', id::text, conversation_id::text, state, '', '' FROM work_items
             ORDER BY 1, 2, 3",
        )
        .await
}

pub(crate) async fn met_by(
    bench: &Bench,
    inbox: interdesk_flow::receive::Mailbox,
    id: &str,
    who: Vec<Address>,
) -> ContactId {
    bench.receive(inbox, text(id, who, "hello")).await;
    met(bench, id).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unlinking_restores_identities_conversations_consent_and_names() {
    let bench = Bench::fresh().await;
    let (whatsapp, telegram) = (bench.inbox(Whatsapp).await, bench.inbox(Telegram).await);
    let one = met_by(&bench, whatsapp, "m-1", vec![phone("15550100")]).await;
    let two = met_by(&bench, whatsapp, "m-2", vec![phone("15550101")]).await;
    let three = met_by(
        &bench,
        telegram,
        "m-3",
        vec![address("telegram", "user", "7")],
    )
    .await;
    bench
        .receive(whatsapp, text("m-4", vec![phone("15550101")], "STOP"))
        .await;
    let apart = graph(&bench).await;
    link_contacts(&bench, three, two).await;
    let chained = graph(&bench).await;
    link_contacts(&bench, two, one).await;
    assert_ne!(graph(&bench).await, chained);
    assert!(matches!(undo(&bench, two).await, UnlinkOutcome::Unlinked { from, .. } if from == one));
    assert_eq!(
        graph(&bench).await,
        chained,
        "the chain below is whole again"
    );
    // In the other order too.
    link_contacts(&bench, two, one).await;
    undo(&bench, three).await;
    undo(&bench, two).await;
    assert_eq!(graph(&bench).await, apart);
    assert_eq!(undo(&bench, two).await, UnlinkOutcome::NotLinked);
    assert_eq!(bench.count("outbox WHERE kind = 'contact_linked'").await, 3);
    assert_eq!(
        bench.count("outbox WHERE kind = 'contact_unlinked'").await,
        3
    );
    assert_eq!(
        bench.count("contact_notes").await,
        6,
        "each with its reason"
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_while_linked_goes_on_in_its_own_apps_conversation_and_stays_its_own() {
    let bench = Bench::fresh().await;
    let (whatsapp, telegram) = (bench.inbox(Whatsapp).await, bench.inbox(Telegram).await);
    let one = met_by(&bench, whatsapp, "m-1", vec![phone("15550100")]).await;
    let two = met_by(
        &bench,
        telegram,
        "m-2",
        vec![address("telegram", "user", "7")],
    )
    .await;
    link_contacts(&bench, two, one).await;
    let again = vec![address("telegram", "user", "7")];
    assert_eq!(met_by(&bench, telegram, "m-3", again).await, two);
    let more = vec![phone("15550100"), address("whatsapp", "bsuid", "US.1")];
    assert_eq!(met_by(&bench, whatsapp, "m-4", more).await, one);
    assert_eq!(bench.count("conversations").await, 2);
    assert_eq!(
        bench
            .count("(SELECT conversation_id FROM work_items GROUP BY 1 HAVING count(*) > 1) d")
            .await,
        0
    );
    let during = graph(&bench).await;
    undo(&bench, two).await;
    link_contacts(&bench, two, one).await;
    assert_eq!(graph(&bench).await, during);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_no_of_one_contact_forbids_writing_to_the_person_until_they_say_yes() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let here = bench.conversation(inbox, "15550100").await;
    let there = bench.conversation(inbox, "15550101").await;
    let (one, two) = (
        met(&bench, "first of 15550100").await,
        met(&bench, "first of 15550101").await,
    );
    bench
        .receive(inbox, text("m-1", vec![phone("15550101")], "STOP"))
        .await;
    bench.reply(here, "before the link").await;
    link_contacts(&bench, two, one).await;
    for conversation in [here, there] {
        let outcome = bench.try_reply(&answer(conversation, "hi")).await;
        assert!(
            matches!(outcome, ReplyOutcome::NotOptedIn { .. }),
            "{outcome:?}"
        );
    }
    bench.world.clock.advance(seconds(1));
    bench
        .receive(inbox, text("m-2", vec![phone("15550100")], "START"))
        .await;
    bench.reply(here, "after the yes").await;
    bench.reply(there, "after the yes").await;
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_name_what_is_in_the_way_and_a_key_has_one_effect() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let mut met = Vec::new();
    for n in 0..3 {
        let id = format!("m-{n}");
        met.push(met_by(&bench, inbox, &id, vec![phone(&format!("1555010{n}"))]).await);
    }
    let nobody = ContactId(uuid::Uuid::from_u128(7));
    let foreign = NewLink {
        message: Some(MessageId(uuid::Uuid::from_u128(7))),
        ..wish(met[1], met[0])
    };
    let shown = NewLink {
        message: Some(MessageId(
            bench
                .one("SELECT id FROM messages WHERE provider_id = 'm-1'")
                .await
                .parse()
                .unwrap(),
        )),
        ..wish(met[1], met[0])
    };
    for (new, expected) in [
        (wish(nobody, met[0]), LinkOutcome::NotFound),
        (wish(met[0], nobody), LinkOutcome::IntoNotFound),
        (wish(met[0], met[0]), LinkOutcome::SamePerson),
        (foreign, LinkOutcome::MessageNotFound),
    ] {
        assert_eq!(try_link(&bench, &new, None).await, expected);
    }
    let first = try_link(&bench, &shown, Some("k")).await;
    assert!(matches!(first, LinkOutcome::Linked { .. }), "{first:?}");
    assert_eq!(try_link(&bench, &shown, Some("k")).await, first);
    let other = wish(met[2], met[0]);
    assert_eq!(
        try_link(&bench, &other, Some("k")).await,
        LinkOutcome::KeyReused
    );
    assert_eq!(
        try_link(&bench, &wish(met[0], met[1]), None).await,
        LinkOutcome::SamePerson
    );
    let linked = LinkOutcome::AlreadyLinked { into: met[0] };
    assert_eq!(try_link(&bench, &wish(met[1], met[2]), None).await, linked);
    assert_eq!(bench.count("outbox WHERE kind = 'contact_linked'").await, 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn links_that_race_in_a_circle_end_as_one_tree() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let mut met = Vec::new();
    for n in 0..3 {
        let id = format!("m-{n}");
        met.push(met_by(&bench, inbox, &id, vec![phone(&format!("1555010{n}"))]).await);
    }
    let wishes = [
        wish(met[0], met[1]),
        wish(met[1], met[2]),
        wish(met[2], met[0]),
    ];
    let all = wishes.iter().map(|new| try_link(&bench, new, None));
    let outcomes = futures::future::join_all(all).await;
    let linked = outcomes
        .iter()
        .filter(|one| matches!(one, LinkOutcome::Linked { .. }))
        .count();
    assert_eq!(linked, 2, "{outcomes:?}");
    let tops = "(SELECT DISTINCT coalesce(person_id, id) FROM contacts) t";
    assert_eq!(bench.count(tops).await, 1);
    assert_eq!(bench.count("contacts WHERE linked_into IS NULL").await, 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unverified_addresses_that_agree_link_nobody() {
    let bench = Bench::fresh().await;
    let (webhook, whatsapp) = (bench.inbox(Webhook).await, bench.inbox(Whatsapp).await);
    let number = phone("15550100");
    met_by(&bench, whatsapp, "m-1", vec![number.clone()]).await;
    met_by(&bench, webhook, "m-2", vec![user("7"), number.clone()]).await;
    met_by(&bench, webhook, "m-3", vec![user("8"), number]).await;
    assert_eq!(bench.count("contacts WHERE linked_into IS NULL").await, 3);
    assert_eq!(
        bench
            .count("identities WHERE verified_by = 'self_asserted'")
            .await,
        2
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_an_agent_gave_says_so_and_stays() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let one = met_by(&bench, inbox, "m-1", vec![phone("15550100")]).await;
    let name = "SELECT name, name_source FROM contacts";
    assert_eq!(bench.one(name).await, "Customer 12 self_asserted");
    let new = Rename {
        contact: one,
        name: "Customer 13".to_owned(),
    };
    let context = Context::agent(bench.agent.agent, None);
    let outcome = rename(&bench.desk, &bench.agent, &new, None, &context)
        .await
        .unwrap();
    assert!(
        matches!(outcome, RenameOutcome::Renamed { .. }),
        "{outcome:?}"
    );
    met_by(&bench, inbox, "m-2", vec![phone("15550100")]).await;
    assert_eq!(bench.one(name).await, "Customer 13 agent");
    assert_eq!(
        bench.count("outbox WHERE kind = 'contact_renamed'").await,
        1
    );
    bench.prove().await;
}
