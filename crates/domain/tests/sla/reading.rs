//! Steps, wake-ups, explanations, the ledger, and the events of the log.

use crate::story::*;
use What::*;
use interdesk_domain::event::{Actor, Aggregate, AggregateKind, Envelope, Event, SCHEMA_VERSION};
use interdesk_domain::id::*;
use interdesk_domain::routing::limit::Limited;
use interdesk_domain::schedule::Kind;
use interdesk_domain::sla::Clock::*;
use interdesk_domain::sla::*;
use uuid::Uuid;

const BY_CUSTOMER: What = Opened {
    by: Party::Customer,
};
const POLICY: What = PolicyChanged(Some(PolicyVersion {
    policy: PolicyId(Uuid::from_u128(1)),
    version: 1,
}));

fn with_steps() -> Policy {
    let steps = vec![
        step("warn", At::Percent(75)),
        step("soon", At::Before(5 * 60_000)),
        step("tell", At::Breach),
        step("later", At::After(30 * 60_000)),
    ];
    policy(
        1,
        [Target {
            steps,
            ..target(FirstReply, 60, Hours::Calendar)
        }],
    )
}

fn names(report: &Report<'_>) -> Vec<(i64, String)> {
    let due = report.due().into_iter();
    due.map(|due| {
        (
            (due.at - noon()).num_minutes(),
            due.key.step.unwrap_or("breach".to_owned()),
        )
    })
    .collect()
}

#[test]
fn steps_come_once_each_at_their_computed_time() {
    let book = book([with_steps()]);
    let told = [(0, POLICY), (0, BY_CUSTOMER)];
    let all = [
        (45, "warn"),
        (55, "soon"),
        (60, "breach"),
        (60, "tell"),
        (90, "later"),
    ];
    let all = all.map(|(at, name)| (at, name.to_owned()));
    for (now, count, wake) in [
        (44, 0, Some(45)),
        (45, 1, Some(55)),
        (59, 2, Some(60)),
        (60, 4, Some(90)),
        (500, 5, None),
    ] {
        let report = evaluate(history(&told), &book, after(now)).expect("a report");
        assert_eq!(names(&report), all[..count], "{now}");
        assert_eq!(report.next_wake_up(), wake.map(after));
    }
    let report = evaluate(history(&told), &book, after(500)).expect("a report");
    let mut keys: Vec<_> = report
        .due()
        .into_iter()
        .map(|due| due.key.to_string())
        .collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 5);
}

#[test]
fn no_step_comes_after_the_end_and_none_while_it_is_paused() {
    let book = book([with_steps()]);
    let told = [(0, POLICY), (0, BY_CUSTOMER), (50, AgentReply)];
    let report = evaluate(history(&told), &book, after(500)).expect("a report");
    assert_eq!(names(&report), [(45, "warn".to_owned())]);
    let mut paused = with_steps();
    paused.targets[0].clock = RequesterWait;
    let book = book_of(paused);
    let told = [
        (0, POLICY),
        (0, BY_CUSTOMER),
        (40, Became(State::WaitingForCustomer)),
        (100, CustomerMessage),
    ];
    let waiting = evaluate(history(&told[..3]), &book, after(90)).expect("a report");
    assert_eq!((names(&waiting), waiting.next_wake_up()), (vec![], None));
    let status = runs(&waiting, RequesterWait)[0].status(waiting.now);
    assert_eq!(status.phase, Phase::Paused(State::WaitingForCustomer));
    assert_eq!(
        (status.deadline, status.remaining, status.remaining_wall),
        (None, Some(min(20)), None)
    );
    let report = evaluate(history(&told), &book, after(110)).expect("a report");
    assert_eq!(names(&report), [(105, "warn".to_owned())]);
    assert_eq!(report.next_wake_up(), Some(after(115)));
}

fn book_of(policy: Policy) -> Book {
    book([policy])
}

#[test]
fn a_step_that_came_does_not_come_again_after_a_restart() {
    let mut policy = with_steps();
    policy.rules.on_priority_change = MidFlight::Restart;
    let mut urgent = policy.targets[0].clone();
    (urgent.priority, urgent.within_ms) = (Some(2), 40 * 60_000);
    policy.targets.push(urgent);
    let book = book([policy]);
    let told = [(0, POLICY), (0, BY_CUSTOMER), (50, PriorityChanged(2))];
    let report = evaluate(history(&told), &book, after(89)).expect("a report");
    assert_eq!(
        names(&report),
        [(45, "warn".to_owned()), (85, "soon".to_owned())]
    );
    assert_eq!(report.next_wake_up(), Some(after(90)));
}

#[test]
fn the_explanation_names_every_interval_and_why() {
    let replies = policy(1, [target(RequesterWait, 600, Hours::Business)]);
    let book =
        Book::new([replies], [(schedule_id(1), workdays("08:00", "14:00"))]).expect("a book");
    let told = [
        (0, POLICY),
        (0, ScheduleChanged(Some(schedule_id(1)))),
        (0, BY_CUSTOMER),
        (20, AgentReply),
        (20, Became(State::WaitingForCustomer)),
        (50, CustomerMessage),
    ];
    let report = evaluate(history(&told), &book, after(100)).expect("a report");
    let run = runs(&report, RequesterWait)[0];
    let lines = run.explain(report.now);
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                (line.from - noon()).num_minutes(),
                (line.to - noon()).num_minutes(),
                line.because,
                line.event,
                line.total.num_minutes(),
            )
        })
        .collect();
    let expect = [
        (0, 20, Because::Counted, event(2), 20),
        (20, 50, Because::Paused, event(4), 20),
        (50, 60, Because::Counted, event(5), 30),
        (60, 100, Because::Closed(Kind::OutsideHours), event(5), 30),
    ];
    assert_eq!(told, expect);
    let status = run.status(report.now);
    assert_eq!(status.elapsed, min(30));
    // Berlin opens again at 08:00, which is 07:00 UTC.
    assert_eq!(
        status.phase,
        Phase::Closed(Kind::OutsideHours, Some(after(19 * 60)))
    );
}

#[test]
fn every_part_of_the_wait_has_one_owner() {
    let book = Book::new([], [(schedule_id(1), workdays("08:00", "14:00"))]).expect("a book");
    let told = [
        (0, ScheduleChanged(Some(schedule_id(1)))),
        (0, BY_CUSTOMER),
        (0, Queued),
        (10, Accepted { offer: None }),
        (25, Became(State::WaitingForCustomer)),
        (45, CustomerMessage),
        (50, Became(State::OnHold)),
        (90, Became(State::Open)),
        (120, Became(State::Resolved)),
    ];
    let report = evaluate(history(&told), &book, after(9999)).expect("a report");
    let ledger = report.ledger();
    let parts = Owner::ALL.map(|owner| ledger.of(owner).num_minutes());
    // Agent, customer, third party, system, closed hours.
    assert_eq!(parts, [15 + 5, 20, 40, 10, 30]);
    assert_eq!(ledger.wall(), min(120));
}

fn envelope(n: usize, minute: i64, actor: Actor, event_: Event) -> Envelope {
    Envelope {
        id: event(n),
        tenant: TenantId(Uuid::from_u128(1)),
        seq: None,
        schema_version: SCHEMA_VERSION,
        aggregate: Aggregate {
            kind: AggregateKind::Conversation,
            id: Uuid::from_u128(2),
            version: n as i64,
        },
        actor,
        cause: None,
        occurred_at: after(minute),
        trace: None,
        event: event_,
    }
}

#[test]
fn the_desks_own_events_drive_the_clocks() {
    let id = Uuid::from_u128;
    let (customer, agent) = (
        Actor::Contact(ContactId(id(3))),
        Actor::Agent(AgentId(id(4))),
    );
    let (conversation, work_item, queue) =
        (ConversationId(id(2)), WorkItemId(id(5)), QueueId(id(6)));
    let (message, inbox, episode) = (MessageId(id(7)), InboxId(id(8)), EpisodeId(id(9)));
    let contact = ContactId(id(3));
    let channel = interdesk_domain::inbox::ChannelKind::Webhook;
    let received = || Event::MessageReceived {
        conversation,
        episode,
        message,
        inbox,
        channel,
        content: "text".to_owned(),
    };
    let log = [
        envelope(
            0,
            0,
            customer,
            Event::ConversationOpened {
                conversation,
                episode,
                contact,
                inbox,
            },
        ),
        envelope(1, 0, customer, received()),
        envelope(
            2,
            0,
            Actor::System,
            Event::WorkItemQueued {
                conversation,
                work_item,
                queue,
                epoch: 1,
            },
        ),
        envelope(
            3,
            2,
            Actor::System,
            Event::OfferMade {
                conversation,
                work_item,
                offer: offer(1),
                agent: AgentId(id(4)),
                queue,
                epoch: 1,
                expires_at: after(3),
            },
        ),
        envelope(
            4,
            5,
            agent,
            Event::OfferAccepted {
                conversation,
                work_item,
                offer: offer(1),
                agent: AgentId(id(4)),
                queue,
            },
        ),
        envelope(
            5,
            12,
            agent,
            Event::MessageQueued {
                conversation,
                message,
                inbox,
            },
        ),
        envelope(
            6,
            13,
            agent,
            Event::ReactionChanged {
                conversation,
                message,
                withdrawn: true,
            },
        ),
        envelope(7, 30, customer, received()),
        envelope(
            8,
            42,
            agent,
            Event::MessageQueued {
                conversation,
                message,
                inbox,
            },
        ),
        envelope(
            9,
            50,
            agent,
            Event::ConversationResolved {
                conversation,
                episode,
            },
        ),
        envelope(
            10,
            90,
            customer,
            Event::ConversationReopened {
                conversation,
                episode,
                number: 2,
            },
        ),
        envelope(11, 90, customer, received()),
    ];
    let told: Vec<Moment> = log.iter().flat_map(moments).collect();
    let book = book([]);
    let reports: Vec<_> = episodes(&told)
        .map(|episode| evaluate(episode.iter().copied(), &book, after(100)).expect("a report"))
        .collect();
    let done = |at| Some((at, End::Fulfilled));
    assert_eq!(lives(&reports[0], FirstReply), [(0, done(12), 12)]);
    assert_eq!(lives(&reports[0], NextReply), [(30, done(42), 12)]);
    assert_eq!(lives(&reports[0], QueueWait), [(0, done(5), 5)]);
    assert_eq!(lives(&reports[0], TimeToAccept), [(2, done(5), 3)]);
    assert_eq!(lives(&reports[0], RequesterWait), [(0, done(50), 12 + 12)]);
    assert_eq!(lives(&reports[1], FirstReply), [(90, None, 10)]);
    let ledger = reports[0].ledger();
    assert_eq!(ledger.of(Owner::Customer), min(18 + 8));
    assert_eq!(ledger.of(Owner::System), min(5));
}

#[test]
fn what_the_desk_says_by_itself_is_no_answer_of_ours() {
    let id = Uuid::from_u128;
    let (conversation, message) = (ConversationId(id(1)), MessageId(id(2)));
    let queued = Event::MessageQueued {
        conversation,
        message,
        inbox: InboxId(id(3)),
    };
    let limited = |outcome, message| Event::WorkItemLimited {
        conversation,
        work_item: WorkItemId(id(4)),
        queue: QueueId(id(5)),
        outcome,
        message,
        untold: None,
    };
    let told = |actor, event: &Event| -> Vec<What> {
        let moments = moments(&envelope(0, 0, actor, event.clone())).into_iter();
        moments.map(|moment| moment.what).collect()
    };
    let waits = Became(State::WaitingForCustomer);
    let agent = Actor::Agent(AgentId(id(6)));
    assert_eq!(told(agent, &queued), [AgentReply, waits]);
    assert_eq!(told(Actor::System, &queued), []);
    let answered = limited(Limited::Answer, Some(message));
    assert_eq!(told(Actor::System, &answered), [waits]);
    for silent in [
        limited(Limited::Answer, None),
        limited(Limited::CallBack, Some(message)),
        limited(Limited::Refuse, Some(message)),
    ] {
        assert_eq!(told(Actor::System, &silent), []);
    }
}

#[test]
fn entries_keep_their_written_form() {
    let book = book([with_steps()]);
    let told = [(0, POLICY), (0, BY_CUSTOMER), (50, AgentReply)];
    let report = evaluate(history(&told), &book, after(60)).expect("a report");
    let json = serde_json::to_string(&runs(&report, FirstReply)[0].entries[1]).expect("json");
    assert_eq!(
        json,
        r#"{"at":"2026-11-16T12:45:00Z","event":null,"what":{"kind":"stepped","data":{"step":"warn"}}}"#
    );
    let rules = serde_json::to_string(&with_steps()).expect("json");
    assert_eq!(
        serde_json::from_str::<Policy>(&rules).expect("a policy"),
        with_steps()
    );
    let moment: Moment = history(&told)[2];
    let json = serde_json::to_string(&moment).expect("json");
    assert_eq!(
        serde_json::from_str::<Moment>(&json).expect("a moment"),
        moment
    );
}

#[test]
fn an_episode_that_one_of_us_begins_owes_no_reply_until_the_customer_writes() {
    let id = Uuid::from_u128;
    let (customer, agent) = (
        Actor::Contact(ContactId(id(3))),
        Actor::Agent(AgentId(id(4))),
    );
    let (conversation, episode) = (ConversationId(id(2)), EpisodeId(id(9)));
    let (message, inbox, contact) = (MessageId(id(7)), InboxId(id(8)), ContactId(id(3)));
    let opened = Event::ConversationOpened {
        conversation,
        episode,
        contact,
        inbox,
    };
    let received = || Event::MessageReceived {
        conversation,
        episode,
        message,
        inbox,
        channel: interdesk_domain::inbox::ChannelKind::Webhook,
        content: "text".to_owned(),
    };
    let written_here = [
        envelope(0, 0, agent, opened.clone()),
        envelope(
            1,
            0,
            agent,
            Event::WorkItemTaken {
                conversation,
                work_item: WorkItemId(id(5)),
                queue: QueueId(id(6)),
                agent: AgentId(id(4)),
            },
        ),
        envelope(
            2,
            0,
            agent,
            Event::MessageQueued {
                conversation,
                message,
                inbox,
            },
        ),
        envelope(3, 30, customer, received()),
    ];
    let written_there = [
        envelope(0, 0, Actor::System, opened),
        envelope(
            2,
            0,
            Actor::System,
            Event::MessageEchoed {
                conversation,
                message,
                inbox,
            },
        ),
        envelope(3, 30, customer, received()),
    ];
    let book = book([]);
    for log in [&written_here[..], &written_there[..]] {
        let told = log.iter().flat_map(moments);
        let report = evaluate(told, &book, after(40)).expect("a report");
        assert_eq!(lives(&report, FirstReply), [(30, None, 10)]);
        assert_eq!(lives(&report, PeriodicUpdate), [(0, None, 40)]);
        let ledger = report.ledger();
        assert_eq!(ledger.of(Owner::Customer), min(30));
        assert_eq!(ledger.of(Owner::Agent), min(10));
    }
}
