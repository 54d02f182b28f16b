//! Contacts that the provider shows to be one person, and addresses that go to somebody else.

use crate::bench::*;
use crate::link::{graph, met_by, undo};
use interdesk_domain::id::{ContactId, ConversationId};
use interdesk_domain::inbox::ChannelKind::Whatsapp;
use interdesk_domain::message::*;
use interdesk_flow::receive::Mailbox;
use interdesk_flow::unlink::UnlinkOutcome;

const DAY: i64 = 24 * 3_600;

fn bsuid(value: &str) -> Address {
    address("whatsapp", "bsuid", value)
}

async fn persons(bench: &Bench) -> i64 {
    bench.count("contacts WHERE linked_into IS NULL").await
}

/// Whose an address is, told by the first message of its owner.
async fn owner(bench: &Bench, value: &str) -> String {
    let query =
        format!("SELECT contact_id FROM identities WHERE value = '{value}' AND valid_to IS NULL");
    bench.one(&query).await
}

async fn two(bench: &Bench, inbox: Mailbox) -> (ContactId, ContactId) {
    let by_number = met_by(bench, inbox, "m-1", vec![phone("15550100")]).await;
    let by_id = met_by(bench, inbox, "m-2", vec![bsuid("US.1")]).await;
    (by_number, by_id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_and_an_id_of_two_contacts_that_come_together_are_one_person_until_an_agent_says_no()
 {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    two(&bench, inbox).await;
    let before = graph(&bench).await;
    let both = vec![bsuid("US.1"), phone("15550100")];
    bench
        .receive(inbox, text("m-3", both.clone(), "by both"))
        .await;
    assert_eq!(persons(&bench).await, 1);
    let linked = "outbox WHERE kind = 'contact_linked'";
    assert_eq!(bench.count(linked).await, 1);
    bench
        .receive(inbox, text("m-4", both.clone(), "again"))
        .await;
    assert_eq!(bench.count(linked).await, 1, "once is enough");

    let contact = "SELECT id FROM contacts WHERE linked_into IS NOT NULL";
    let contact = ContactId(bench.one(contact).await.parse().unwrap());
    assert!(matches!(
        undo(&bench, contact).await,
        UnlinkOutcome::Unlinked { .. }
    ));
    assert_eq!(graph(&bench).await, before);
    bench.receive(inbox, text("m-5", both, "and again")).await;
    assert_eq!(persons(&bench).await, 2, "the agent knows better");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_that_a_known_address_is_somebodys_too_makes_them_one_person() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    two(&bench, inbox).await;
    let told = UpdateKind::AddressAdded {
        known: phone("15550100"),
        also: bsuid("US.1"),
    };
    bench.receive(inbox, update(told)).await;
    assert_eq!(persons(&bench).await, 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_comes_with_another_id_has_a_new_owner_and_leads_to_the_old_one_no_more() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let former = met_by(&bench, inbox, "m-1", vec![bsuid("US.1"), phone("15550100")]).await;
    let latter = met_by(&bench, inbox, "m-2", vec![bsuid("US.2")]).await;
    let both = vec![bsuid("US.2"), phone("15550100")];
    bench.receive(inbox, text("m-3", both, "my number")).await;
    assert_eq!(persons(&bench).await, 2, "two people");
    assert_eq!(owner(&bench, "15550100").await, latter.0.to_string());
    assert_eq!(owner(&bench, "US.1").await, former.0.to_string());
    // What is written to the former owner goes to them.
    let conversation = bench
        .one("SELECT conversation_id FROM messages WHERE provider_id = 'm-1'")
        .await;
    bench.assign(&conversation).await;
    let conversation = ConversationId(conversation.parse().unwrap());
    bench.reply(conversation, "for your eyes").await;
    bench.deliver(conversation).await;
    let call = &bench.provider.calls()[0].body;
    assert_eq!(
        (&call["recipient"], &call["to"]),
        (&"US.1".into(), &().into())
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_wrote_by_a_new_number_before_the_word_of_its_change_stays_one_person() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let old = met_by(&bench, inbox, "m-1", vec![phone("15550100")]).await;
    let changed = bench.desk.now();
    bench.world.clock.advance(seconds(600));
    met_by(&bench, inbox, "m-2", vec![phone("15550101")]).await;
    let change = || {
        let kind = UpdateKind::AddressChanged {
            from: phone("15550100"),
            to: phone("15550101"),
        };
        at(update(kind), changed)
    };
    bench.receive(inbox, change()).await;
    bench.receive(inbox, change()).await;
    assert_eq!(persons(&bench).await, 1);
    // Whoever has the old number now is somebody else.
    let stranger = met_by(&bench, inbox, "m-3", vec![phone("15550100")]).await;
    assert_ne!(stranger, old);
    assert_eq!(persons(&bench).await, 2);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_number_that_was_somebody_elses_for_long_goes_to_who_has_it_now() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let (mover, former) = (
        met_by(&bench, inbox, "m-1", vec![phone("15550100")]).await,
        met_by(&bench, inbox, "m-2", vec![phone("15550101")]).await,
    );
    bench.world.clock.advance(seconds(90 * DAY));
    let change = UpdateKind::AddressChanged {
        from: phone("15550100"),
        to: phone("15550101"),
    };
    let change = at(update(change), bench.desk.now());
    bench.receive(inbox, change.clone()).await;
    bench.receive(inbox, change).await;
    assert_eq!(persons(&bench).await, 2);
    assert_eq!(owner(&bench, "15550101").await, mover.0.to_string());
    let left = format!(
        "identities WHERE contact_id = '{}' AND valid_to IS NULL",
        former.0
    );
    assert_eq!(bench.count(&left).await, 0);
    bench.prove().await;
}
