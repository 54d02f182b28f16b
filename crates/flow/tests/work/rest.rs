//! Conversations are put off, go on and end for good.

use crate::bench::{Bench, done, refused};
use interdesk_flow::close::{Close, close};
use interdesk_flow::hands::WorkRefusal;
use interdesk_flow::{Context, hold, prioritise, snooze};

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_keeps_the_work_and_ends_by_hand() {
    let bench = Bench::fresh().await;
    let (agent, colleague) = (bench.agent(1).await, bench.agent(1).await);
    let queue = bench.queue(&[&agent]).await;
    let (conversation, _) = bench.work(queue, &agent).await;
    assert_eq!(
        bench.hold(&colleague, conversation).await,
        refused(WorkRefusal::NotYours)
    );
    done(&bench.hold(&agent, conversation).await);
    assert_eq!(
        bench.hold(&agent, conversation).await,
        refused(WorkRefusal::Unchanged)
    );
    let held = bench.count(
        "SELECT count(*) AS count FROM conversations c JOIN work_items w ON w.conversation_id = c.id
         WHERE c.status = 'on_hold' AND c.held_reason = 'the bank' AND w.state = 'active'",
    );
    assert_eq!(held.await, 1);
    let context = Context::agent(agent.agent, None);
    let unhold = || hold::unhold(&bench.desk, &agent, conversation, None, &context);
    done(&unhold().await.unwrap());
    assert_eq!(unhold().await.unwrap(), refused(WorkRefusal::NotOnHold));
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snooze_ends_at_its_moment_and_a_later_one_takes_its_place() {
    let bench = Bench::fresh().await;
    let agent = bench.agent(1).await;
    let queue = bench.queue(&[&agent]).await;
    let (conversation, _) = bench.work(queue, &agent).await;
    assert_eq!(
        bench.snooze(&agent, conversation, -1, true).await,
        refused(WorkRefusal::BadTime)
    );
    done(&bench.snooze(&agent, conversation, 60, true).await);
    done(&bench.snooze(&agent, conversation, 600, true).await);
    bench.advance(61).await;
    let snoozed = "SELECT count(*) AS count FROM conversations WHERE status = 'snoozed' AND assignee_id IS NOT NULL";
    assert_eq!(bench.count(snoozed).await, 1);
    bench.advance(600).await;
    assert_eq!(bench.count(snoozed).await, 0);
    let open = bench.count("SELECT count(*) AS count FROM conversations WHERE status = 'open'");
    assert_eq!(open.await, 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_let_go_for_a_snooze_sleeps_in_its_queue() {
    let bench = Bench::fresh().await;
    let agent = bench.agent(1).await;
    let queue = bench.queue(&[&agent]).await;
    let (conversation, _) = bench.work(queue, &agent).await;
    done(&bench.snooze(&agent, conversation, 60, false).await);
    bench.prove().await;
    assert_eq!(bench.pass().await.offered, 0, "it sleeps");
    bench.advance(61).await;
    assert_eq!(bench.pass().await.offered, 1, "it is awake");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snooze_may_end_before_its_time() {
    let bench = Bench::fresh().await;
    let agent = bench.agent(1).await;
    let queue = bench.queue(&[&agent]).await;
    let (conversation, _) = bench.work(queue, &agent).await;
    let context = Context::agent(agent.agent, None);
    let wake = || snooze::wake(&bench.desk, &agent, conversation, None, &context);
    assert_eq!(wake().await.unwrap(), refused(WorkRefusal::NotSnoozed));
    done(&bench.snooze(&agent, conversation, 60, true).await);
    done(&wake().await.unwrap());
    let timers = bench.count("SELECT count(*) AS count FROM timers WHERE kind = 'snooze_ends'");
    assert_eq!(timers.await, 0);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_closed_is_resolved_and_nobody_has_it() {
    let bench = Bench::fresh().await;
    let agent = bench.agent(1).await;
    let queue = bench.queue(&[&agent]).await;
    let (conversation, _) = bench.work(queue, &agent).await;
    let context = Context::agent(agent.agent, None);
    let wish = Close {
        conversation,
        last_seen_version: None,
    };
    done(
        &close(&bench.desk, &agent, &wish, None, &context)
            .await
            .unwrap(),
    );
    let again = close(&bench.desk, &agent, &wish, None, &context)
        .await
        .unwrap();
    assert_eq!(again, refused(WorkRefusal::Unchanged));
    let told = bench.count(
        "SELECT count(*) AS count FROM outbox
         WHERE kind IN ('work_item_done', 'conversation_resolved', 'conversation_closed')",
    );
    assert_eq!(told.await, 3);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_priority_reaches_the_work_that_waits() {
    let bench = Bench::fresh().await;
    let agent = bench.agent(1).await;
    let queue = bench.queue(&[&agent]).await;
    bench.world.waiting(bench.tenant, queue).await;
    let urgent = bench.world.waiting(bench.tenant, queue).await;
    let context = Context::agent(agent.agent, None);
    let id = urgent.conversation;
    let set = |priority| prioritise::prioritise(&bench.desk, &agent, id, priority, None, &context);
    assert_eq!(set(11).await.unwrap(), refused(WorkRefusal::BadPriority));
    done(&set(5).await.unwrap());
    assert_eq!(set(5).await.unwrap(), refused(WorkRefusal::Unchanged));
    assert_eq!(bench.pass().await.offered, 1);
    let first = bench
        .count("SELECT count(*) AS count FROM work_items WHERE state = 'offered' AND priority = 5");
    assert_eq!(first.await, 1);
    bench.prove().await;
}
