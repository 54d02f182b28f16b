//! A person and an assistant never both have the right to speak.

use crate::bench::{Bench, done, refused};
use interdesk_domain::id::ConversationId;
use interdesk_domain::message::Content;
use interdesk_domain::permission::Viewer;
use interdesk_flow::hands::{WorkOutcome, WorkRefusal};
use interdesk_flow::reply::{NewReply, ReplyOutcome, reply};
use interdesk_flow::{Context, speaker};

/// Makes an agent a program.
async fn assistant(bench: &Bench, agent: &Viewer) {
    let statement = format!(
        "UPDATE agents SET kind = 'assistant' WHERE id = '{}'",
        agent.agent.0
    );
    bench.world.test.execute_as_owner(&statement).await;
}

async fn take(bench: &Bench, viewer: &Viewer, id: ConversationId) -> WorkOutcome {
    let context = Context::agent(viewer.agent, None);
    speaker::take(&bench.desk, viewer, id, None, &context)
        .await
        .unwrap()
}

fn epoch(outcome: &WorkOutcome) -> i64 {
    match outcome {
        WorkOutcome::Done { epoch, .. } => epoch.unwrap(),
        other => panic!("it should have been taken: {other:?}"),
    }
}

async fn say(
    bench: &Bench,
    viewer: &Viewer,
    id: ConversationId,
    epoch: Option<i64>,
) -> ReplyOutcome {
    let context = Context::agent(viewer.agent, None);
    let new = NewReply {
        conversation: id,
        content: Content::Text {
            text: "Hello".to_owned(),
        },
        attachments: Vec::new(),
        to: None,
        reply_to: None,
        last_seen_version: None,
        speaker_epoch: epoch,
        expires_in: None,
    };
    reply(&bench.desk, viewer, &new, None, &context)
        .await
        .unwrap()
}

/// Tells whether the right to speak was no reason against it, whatever else was: these customers have
/// no address.
fn may_speak(outcome: &ReplyOutcome) -> bool {
    let silenced = [
        ReplyOutcome::NotSpeaker,
        ReplyOutcome::AssistantsStopped,
        ReplyOutcome::NotYours,
        ReplyOutcome::NotFound,
        ReplyOutcome::Done,
    ];
    !silenced.contains(outcome)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_takes_over_and_the_assistant_is_silent_at_once() {
    let bench = Bench::fresh().await;
    let (program, person) = (bench.agent(1).await, bench.agent(1).await);
    assistant(&bench, &program).await;
    let queue = bench.queue(&[&program, &person]).await;
    let (id, _) = bench.work(queue, &program).await;
    assert_eq!(
        say(&bench, &program, id, None).await,
        ReplyOutcome::NotSpeaker
    );
    let held = epoch(&take(&bench, &program, id).await);
    assert!(may_speak(&say(&bench, &program, id, Some(held)).await));
    assert_eq!(say(&bench, &person, id, None).await, ReplyOutcome::NotYours);
    let taken = epoch(&take(&bench, &person, id).await);
    assert!(taken > held);
    assert_eq!(
        say(&bench, &program, id, Some(held)).await,
        ReplyOutcome::NotSpeaker
    );
    assert_eq!(
        say(&bench, &program, id, Some(taken)).await,
        ReplyOutcome::NotSpeaker
    );
    assert!(may_speak(&say(&bench, &person, id, None).await));
    assert_eq!(
        take(&bench, &program, id).await,
        refused(WorkRefusal::SpeakerTaken)
    );
    let context = Context::agent(person.agent, None);
    let back = speaker::give_back(&bench.desk, &person, id, None, &context)
        .await
        .unwrap();
    assert!(may_speak(
        &say(&bench, &program, id, Some(epoch(&back))).await
    ));
    assert_eq!(say(&bench, &person, id, None).await, ReplyOutcome::NotYours);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn between_people_the_right_is_their_work() {
    let bench = Bench::fresh().await;
    let (agent, colleague) = (bench.agent(1).await, bench.agent(1).await);
    let queue = bench.queue(&[&agent]).await;
    let (id, item) = bench.work(queue, &agent).await;
    assert!(may_speak(&say(&bench, &agent, id, None).await));
    assert_eq!(
        take(&bench, &colleague, id).await,
        refused(WorkRefusal::NotYours)
    );
    let leases = "SELECT count(*) AS count FROM speaker_leases";
    assert_eq!(
        bench.count(leases).await,
        0,
        "no lease is written between people"
    );
    let to = interdesk_flow::transfer::To::Agent(colleague.agent);
    done(&bench.transfer(&agent, item, to).await);
    assert_eq!(say(&bench, &agent, id, None).await, ReplyOutcome::NotYours);
    assert!(may_speak(&say(&bench, &colleague, id, None).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_switch_silences_every_assistant() {
    let bench = Bench::fresh().await;
    let program = bench.agent(2).await;
    assistant(&bench, &program).await;
    let queue = bench.queue(&[&program]).await;
    let (id, _) = bench.work(queue, &program).await;
    let held = epoch(&take(&bench, &program, id).await);
    bench
        .world
        .test
        .execute_as_owner("UPDATE tenants SET assistants_stopped = true")
        .await;
    let stopped = say(&bench, &program, id, Some(held)).await;
    assert_eq!(stopped, ReplyOutcome::AssistantsStopped);
    let waiting = bench.world.waiting(bench.tenant, queue).await;
    let claimed = bench.claim(&program, waiting.work_item).await;
    assert_eq!(claimed, refused(WorkRefusal::AssistantsStopped));
    bench.prove().await;
}
