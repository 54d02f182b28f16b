//! Work is taken, given back, handed over and finished.

use crate::bench::{Bench, done, refused};
use interdesk_domain::agent::Presence;
use interdesk_domain::handover::DeclineReason;
use interdesk_flow::accept::AcceptOutcome;
use interdesk_flow::decline::{Why, decline_because};
use interdesk_flow::hands::{WorkOutcome, WorkRefusal};
use interdesk_flow::transfer::To;
use interdesk_flow::transfer_answer::Say;
use interdesk_flow::{Context, take, wrap_up};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn who_gives_work_back_has_room_and_is_not_offered_it_at_once() {
    let bench = Bench::fresh().await;
    let agent = bench.agent(1).await;
    let queue = bench.queue(&[&agent]).await;
    let (_, item) = bench.work(queue, &agent).await;
    assert!(done(&bench.release(&agent, item).await).is_some());
    bench.prove().await;
    let same_age = bench.count(
        "SELECT count(*) AS count FROM work_items w JOIN conversations c
            ON c.id = w.conversation_id
         WHERE w.state = 'queued' AND w.epoch = 2 AND w.queued_at = c.created_at",
    );
    assert_eq!(same_age.await, 1, "it keeps its age");
    assert_eq!(bench.pass().await.offered, 0, "they rest from it");
    bench.advance(61).await;
    assert_eq!(bench.pass().await.offered, 1);
    assert_eq!(
        bench.release(&agent, item).await,
        refused(WorkRefusal::NotActive)
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_says_whether_a_declined_item_is_offered_again() {
    let bench = Bench::fresh().await;
    let agent = bench.agent(5).await;
    let (never, last) = (bench.queue(&[&agent]).await, bench.queue(&[&agent]).await);
    bench.policy(never, json!({"after_decline": "never"})).await;
    bench
        .policy(last, json!({"after_decline": "last_resort"}))
        .await;
    for queue in [never, last] {
        bench.world.waiting(bench.tenant, queue).await;
    }
    assert_eq!(bench.pass().await.offered, 2);
    let context = Context::agent(agent.agent, None);
    for offer in bench.offers(&agent).await {
        let why = Why {
            reason: Some(DeclineReason::NotAble),
            note: Some("never learned it".to_owned()),
        };
        decline_because(&bench.desk, &agent, (offer, why), None, &context)
            .await
            .unwrap();
    }
    let told = bench.count(
        "SELECT count(*) AS count FROM offers WHERE decline_reason = 'not_able'
            AND decline_note = 'never learned it'",
    );
    assert_eq!(told.await, 2);
    assert_eq!(
        bench.pass().await.offered,
        1,
        "nobody else can have the one of last resort"
    );
    bench.advance(86_400).await;
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cold_transfer_moves_the_work_with_its_room() {
    let bench = Bench::fresh().await;
    let (agent, colleague) = (bench.agent(1).await, bench.agent(1).await);
    let foreign = bench.agent(1).await;
    let queue = bench.queue(&[&agent]).await;
    let (_, item) = bench.work(queue, &agent).await;
    let to = To::Agent(colleague.agent);
    assert_eq!(
        bench.transfer(&foreign, item, to).await,
        refused(WorkRefusal::NotYours)
    );
    done(&bench.transfer(&agent, item, to).await);
    bench.prove().await;
    let moved = bench.count(
        "SELECT count(*) AS count FROM agent_loads WHERE load = 1 AND agent_id = (
            SELECT to_agent_id FROM transfers WHERE state = 'done' AND reason = 'knows more')",
    );
    assert_eq!(moved.await, 1);
    bench.become_(&agent, Presence::Away).await;
    let back = bench
        .transfer(&colleague, item, To::Agent(agent.agent))
        .await;
    assert_eq!(back, refused(WorkRefusal::NotAvailable));
    let other = bench.queue(&[&foreign]).await;
    done(&bench.transfer(&colleague, item, To::Queue(other)).await);
    assert_eq!(bench.pass().await.offered, 1);
    assert_eq!(
        bench.offers(&foreign).await.len(),
        1,
        "who serves that queue is offered it"
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warm_transfer_changes_hands_once_the_colleague_accepts() {
    let bench = Bench::fresh().await;
    let (agent, colleague) = (bench.agent(1).await, bench.agent(1).await);
    let queue = bench.queue(&[&agent, &colleague]).await;
    let (_, item) = bench.work(queue, &agent).await;
    let ask = To::Ask(colleague.agent);
    let asked = done(&bench.transfer(&agent, item, ask).await).unwrap();
    assert_eq!(
        bench.transfer(&agent, item, ask).await,
        refused(WorkRefusal::AlreadyAsked)
    );
    let held = "SELECT count(*) AS count FROM work_items w JOIN transfers t
        ON t.work_item_id = w.id AND t.from_agent_id = w.agent_id AND w.state = 'active'";
    assert_eq!(bench.count(held).await, 1, "who asks keeps it");
    let not_asked = bench.answer(&agent, asked, Say::Accept).await;
    assert_eq!(not_asked, refused(WorkRefusal::NotFound));
    done(&bench.answer(&colleague, asked, Say::Decline).await);
    let again = done(&bench.transfer(&agent, item, ask).await).unwrap();
    done(&bench.answer(&colleague, again, Say::Accept).await);
    assert_eq!(bench.count(held).await, 0, "it is the colleague's");
    let late = bench.answer(&colleague, again, Say::Accept).await;
    assert_eq!(late, refused(WorkRefusal::TransferEnded));
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_nobody_answers_or_that_lost_its_work_is_over() {
    let bench = Bench::fresh().await;
    let (agent, colleague) = (bench.agent(1).await, bench.agent(1).await);
    let queue = bench.queue(&[&agent, &colleague]).await;
    let (_, item) = bench.work(queue, &agent).await;
    let ask = To::Ask(colleague.agent);
    let asked = done(&bench.transfer(&agent, item, ask).await).unwrap();
    bench.advance(31).await;
    let late = bench.answer(&colleague, asked, Say::Accept).await;
    assert_eq!(late, refused(WorkRefusal::TransferEnded));
    let asked = done(&bench.transfer(&agent, item, ask).await).unwrap();
    done(&bench.release(&agent, item).await);
    let lost = bench.answer(&colleague, asked, Say::Accept).await;
    assert_eq!(lost, refused(WorkRefusal::TransferEnded));
    let left = bench.count("SELECT count(*) AS count FROM timers WHERE kind = 'transfer_expires'");
    assert_eq!(left.await, 0);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_pulls_gets_the_first_that_they_may_have() {
    let bench = Bench::fresh().await;
    let (agent, stranger) = (bench.agent(2).await, bench.agent(2).await);
    let queue = bench.queue(&[&agent]).await;
    bench.policy(queue, json!({"mode": "pull"})).await;
    let first = bench.world.waiting(bench.tenant, queue).await;
    let urgent = bench.world.waiting(bench.tenant, queue).await;
    bench.world.waiting(bench.tenant, queue).await;
    let statement = format!(
        "UPDATE work_items SET priority = 3 WHERE id = '{}'",
        urgent.work_item.0
    );
    bench.world.test.execute_as_owner(&statement).await;
    assert_eq!(
        bench.pass().await.offered,
        0,
        "nobody is offered what is to be fetched"
    );
    assert_eq!(
        bench.pull(&stranger, queue).await,
        refused(WorkRefusal::NotAMember)
    );
    for expected in [urgent, first] {
        let WorkOutcome::Done { work_item, .. } = bench.pull(&agent, queue).await else {
            panic!("something waits");
        };
        assert_eq!(work_item, Some(expected.work_item));
    }
    assert_eq!(
        bench.pull(&agent, queue).await,
        refused(WorkRefusal::NothingWaits)
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_under_a_key_has_one_effect() {
    let bench = Bench::fresh().await;
    let agent = bench.agent(5).await;
    let queue = bench.queue(&[&agent]).await;
    let item = bench.world.waiting(bench.tenant, queue).await.work_item;
    let context = Context::agent(agent.agent, None);
    let claim = || take::claim(&bench.desk, &agent, item, Some("one"), &context);
    let (one, two) = (claim().await.unwrap(), claim().await.unwrap());
    assert_eq!(one, two);
    assert_eq!(
        bench.claim(&agent, item).await,
        refused(WorkRefusal::NotWaiting)
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paperwork_holds_the_room_until_its_time_or_its_end() {
    let bench = Bench::fresh().await;
    let agent = bench.agent(1).await;
    let queue = bench.queue(&[&agent]).await;
    bench.policy(queue, json!({"wrap_up_seconds": 120})).await;
    let (conversation, item) = bench.work(queue, &agent).await;
    bench.world.waiting(bench.tenant, queue).await;
    bench.resolve(&agent, conversation).await;
    bench.prove().await;
    assert_eq!(bench.pass().await.offered, 0, "the room is taken");
    bench.advance(121).await;
    assert_eq!(bench.pass().await.offered, 1);
    let offer = bench.offers(&agent).await[0];
    let AcceptOutcome::Accepted {
        work_item,
        conversation,
        ..
    } = bench.accept(&agent, offer).await
    else {
        panic!("it can be accepted");
    };
    bench.resolve(&agent, conversation).await;
    let context = Context::agent(agent.agent, None);
    let end = |item| wrap_up::end(&bench.desk, &agent, item, None, &context);
    assert_eq!(
        end(item).await.unwrap(),
        refused(WorkRefusal::NotWrappingUp)
    );
    done(&end(work_item).await.unwrap());
    let free = bench.count("SELECT count(*) AS count FROM agent_loads WHERE load = 0");
    assert_eq!(free.await, 1);
    bench.prove().await;
}
