//! What the order, the ladder, the strategies and the gates promise, one by one.

#![allow(clippy::unwrap_used)]

use chrono::{DateTime, TimeDelta, Utc};
use interdesk_domain::condition::{Condition, Facts, OpenState, Problem};
use interdesk_domain::id::{AgentId, QueueId, WorkItemId};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::routing::limit::{Admission, Limited, Verdict, admit, overdue};
use interdesk_domain::routing::machine::{self, Refusal as Refused, Room, Row};
use interdesk_domain::routing::model::*;
use interdesk_domain::routing::rules::{Addition, Rule, place};
use interdesk_domain::routing::validate::{queue_faults, rule_faults};
use interdesk_domain::routing::{Engine, Explanation, Tier, Unfit, Weighed, reference};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_compose, proptest};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn at(seconds: i64) -> DateTime<Utc> {
    start() + TimeDelta::seconds(seconds)
}

fn queue_id(number: u128) -> QueueId {
    QueueId(Uuid::from_u128(number))
}

fn agent_id(number: u128) -> AgentId {
    AgentId(Uuid::from_u128(number))
}

fn item_id(number: u128) -> WorkItemId {
    WorkItemId(Uuid::from_u128(number))
}

fn queue(number: u128) -> Queue {
    Queue {
        id: queue_id(number),
        version: 1,
        mode: Mode::Offer,
        strategy: Strategy::LongestIdle,
        open: true,
        target_seconds: 600,
        patience_seconds: 300,
        handling_seconds: PerClass::all(300),
        ranks: 0,
        ladder: Vec::new(),
        length_limit: None,
        wait_limit: None,
    }
}

/// Somebody in the first two queues, there, with room for two.
fn agent(number: u128) -> Agent {
    let member = Membership {
        rank: 0,
        most: None,
    };
    Agent {
        id: agent_id(number),
        kind: AgentKind::Person,
        enabled: true,
        standing: Standing::Online,
        reachable: true,
        on_schedule: true,
        languages: BTreeSet::new(),
        skills: BTreeMap::new(),
        memberships: [(queue_id(1), member), (queue_id(2), member)].into(),
        capacity: Capacity {
            total: 2,
            most: PerClass::all(2),
            interruptible: PerClass::all(false),
            open_offers: 2,
        },
        held: Vec::new(),
        idle_since: start() - TimeDelta::seconds(number as i64),
        wrap_up_until: None,
        turns: BTreeMap::new(),
    }
}

fn item(number: u128) -> Item {
    Item {
        id: item_id(number),
        epoch: 1,
        queue: queue_id(1),
        class: WorkClass::Message,
        units: 1,
        priority: 0,
        vip: false,
        skills: Skills::NONE,
        language: None,
        entered_at: start(),
        deadlines: Deadlines::default(),
        not_before: None,
        preferred: None,
        refusals: Vec::new(),
    }
}

fn state(agents: Vec<Agent>, items: Vec<Item>) -> State {
    State {
        queues: [1, 2]
            .map(|number| (queue_id(number), queue(number)))
            .into(),
        agents: agents.into_iter().map(|agent| (agent.id, agent)).collect(),
        items: items.into_iter().map(|item| (item.id, item)).collect(),
        ..State::default()
    }
}

fn with_ladder(state: &mut State, steps: Vec<(u32, Relax)>) {
    let queue = state.queues.get_mut(&queue_id(1)).unwrap();
    queue.ladder = steps
        .into_iter()
        .map(|(after_seconds, relax)| Step {
            after_seconds,
            during: None,
            relax,
        })
        .collect();
}

/// Who gets which item, by number, as reference and engine say alike.
fn given(state: &State, now: DateTime<Utc>) -> Vec<(u128, u128)> {
    let assignments = reference::decide(state, now);
    assert_eq!(Engine::new(state.clone(), now).settle(), assignments);
    let pairs = assignments.iter();
    pairs
        .map(|given| (given.item.0.as_u128(), given.agent.0.as_u128()))
        .collect()
}

fn why_not(state: &State, agent: u128, now: DateTime<Utc>) -> Unfit {
    let explanation = Explanation::of(state, item_id(1), now).unwrap();
    explanation.check().unwrap();
    explanation.why_not(agent_id(agent)).unwrap().clone()
}

prop_compose! {
    fn weighed()(
        entered in 0i64..5_000,
        allowance in 0i64..5_000,
        patience_seconds in 0u32..3_000,
        (priority, vip) in (-6i16..12, any::<bool>()),
        handling_seconds in 0u32..5_000,
        (horizon_seconds, vip_permille) in (0u32..4_000, 1_000u32..5_000),
    ) -> Weighed {
        Weighed {
            entered_at: at(entered),
            deadline: at(entered + allowance),
            patience_seconds,
            priority,
            vip,
            handling_seconds,
            order: Order { horizon_seconds, vip_permille },
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn the_index_never_falls_while_work_waits_but_once_when_its_deadline_is_lost(
        weighed in weighed(), first in 0i64..20_000, later in 0i64..20_000,
    ) {
        let before = weighed.place(item_id(1), at(first));
        let after = weighed.place(item_id(1), at(first + later));
        if before.tier == after.tier {
            prop_assert!(after <= before);
        }
        // Live, then lost, then owed, and never back.
        let rank = |tier| [Tier::Live, Tier::Lost, Tier::Owed].iter().position(|t| *t == tier);
        prop_assert!(rank(before.tier) <= rank(after.tier));
    }

    #[test]
    fn nothing_that_enters_after_work_became_owed_goes_before_it(
        old in weighed(), new in weighed(), wait in 1i64..3_000, later in 0i64..20_000,
    ) {
        let entered_at = old.owed_at() + TimeDelta::seconds(wait);
        let allowance = new.deadline - new.entered_at;
        let new = Weighed { entered_at, deadline: entered_at + allowance, ..new };
        let now = entered_at + TimeDelta::seconds(later);
        prop_assert!(old.place(item_id(2), now) < new.place(item_id(1), now));
    }

    #[test]
    fn urgency_grows_ever_faster_towards_the_deadline(weighed in weighed(), slack in 11i64..2_000) {
        let index = |slack: i64| {
            let now = weighed.deadline - TimeDelta::seconds(slack);
            weighed.place(item_id(1), now).index.0
        };
        // Rounding to whole numbers may cost one on either side.
        prop_assert!(index(slack - 10) + index(slack + 10) + 2 >= 2 * index(slack));
    }
}

#[test]
fn a_waiting_item_behind_newer_ones_is_served() {
    // One agent, one at a time; twice as much as they can do comes, all of it more important.
    let mut one = agent(1);
    one.capacity.total = 1;
    let mut engine = Engine::new(state(vec![one], vec![item(1)]), start());
    engine.set_presence(agent_id(1), absent());
    engine.settle();
    let mut number = 1;
    let mut waiting_when_owed = 0;
    let mut served_after = 0;
    for round in 1..1_000 {
        let now = at(round * 10);
        engine.advance(now);
        if engine.now() <= at(900) {
            waiting_when_owed = engine.state().items.len();
        } else {
            served_after += 1;
        }
        for _ in 0..2 {
            number += 1;
            let mut newer = item(number);
            (newer.priority, newer.vip, newer.entered_at) = (9, true, now);
            newer.deadlines.sla = Some(now + TimeDelta::seconds(60));
            engine.put_item(newer);
        }
        let held = engine.state().agents[&agent_id(1)].held.first().copied();
        if let Some(held) = held {
            let after = Release {
                at: now,
                wrap_up_until: None,
            };
            engine.release(agent_id(1), held.item, after);
        }
        engine.set_presence(agent_id(1), present());
        if engine.settle().iter().any(|given| given.item == item_id(1)) {
            assert!(
                served_after <= waiting_when_owed,
                "{served_after} {waiting_when_owed}"
            );
            return;
        }
    }
    panic!("it starved");
}

fn present() -> AgentPresence {
    AgentPresence {
        standing: Standing::Online,
        reachable: true,
        on_schedule: true,
    }
}

fn absent() -> AgentPresence {
    AgentPresence {
        standing: Standing::Offline,
        ..present()
    }
}

#[test]
fn two_agents_accept_at_once() {
    let (first, second) = (agent_id(1), agent_id(2));
    let mut rooms = [Room { used: 0, most: 1 }; 2];
    let mut row = Row::QUEUED;
    assert_eq!(machine::give(&mut row, &mut rooms[0], 1, first), Ok(()));
    let refused = machine::give(&mut row, &mut rooms[1], 1, second);
    assert_eq!(refused, Err(Refused::NotNow));
    assert_eq!((row.agent, rooms[1].used), (Some(first), 0));
}

#[test]
fn a_human_claims_while_the_router_assigns() {
    let (human, chosen) = (agent_id(1), agent_id(2));
    let mut rooms = [Room { used: 0, most: 1 }; 2];
    let mut row = Row::QUEUED;
    machine::give(&mut row, &mut rooms[0], 1, human).unwrap();
    let late = machine::offer(&mut row, &mut rooms[1], 1, chosen);
    assert_eq!(late, Err(Refused::NotNow));
    assert_eq!((row.agent, rooms[1].used), (Some(human), 0));
}

#[test]
fn an_offer_that_expires_while_being_accepted() {
    let (who, room) = (agent_id(1), &mut Room { used: 0, most: 1 });
    for accept_first in [true, false] {
        let mut row = Row::QUEUED;
        machine::offer(&mut row, room, 1, who).unwrap();
        if accept_first {
            machine::accept(&mut row, 1, who).unwrap();
            assert_eq!(
                machine::end_offer(&mut row, room, 1, who),
                Err(Refused::NotNow)
            );
            assert_eq!((row.agent, room.used), (Some(who), 1));
            machine::finish(&mut row, room, 1, who).unwrap();
        } else {
            machine::end_offer(&mut row, room, 1, who).unwrap();
            assert_eq!(machine::accept(&mut row, 1, who), Err(Refused::Stale));
            assert_eq!((row.agent, room.used), (None, 0));
        }
    }
}

#[test]
fn agent_goes_offline_with_an_open_offer() {
    let mut engine = Engine::new(state(vec![agent(1), agent(2)], vec![item(1)]), start());
    let first = engine.settle()[0];
    assert_eq!(first.agent, agent_id(2));
    engine.set_presence(first.agent, absent());
    let after = Release {
        at: at(1),
        wrap_up_until: None,
    };
    engine.release(first.agent, first.item, after);
    engine.put_item(Item {
        epoch: 2,
        ..item(1)
    });
    assert_eq!(engine.settle()[0].agent, agent_id(1));
}

#[test]
fn capacity_race_over_two_queues() {
    let mut one = agent(1);
    one.capacity.total = 1;
    let other = Item {
        queue: queue_id(2),
        ..item(2)
    };
    assert_eq!(
        given(&state(vec![one], vec![item(1), other]), start()),
        [(1, 1)]
    );
}

#[test]
fn an_agent_at_the_limit_in_five_inboxes() {
    // Five queues, one for each inbox, each with work: the total holds over all of them.
    let mut busy = agent(1);
    let mut desk = state(Vec::new(), Vec::new());
    for number in 1..=5 {
        desk.queues.insert(queue_id(number), queue(number));
        let (rank, most) = (0, Some(1));
        busy.memberships
            .insert(queue_id(number), Membership { rank, most });
        for twin in [number, number + 10] {
            let queue = queue_id(number);
            desk.items.insert(
                item_id(twin),
                Item {
                    queue,
                    ..item(twin)
                },
            );
        }
    }
    desk.agents.insert(busy.id, busy);
    assert_eq!(given(&desk, start()), [(1, 1), (2, 1)]);
    let unfit = {
        let mut full = desk.clone();
        reference::decide(&desk, start())
            .into_iter()
            .for_each(|given| {
                full.assign(given, start());
            });
        let explanation = Explanation::of(&full, item_id(3), start()).unwrap();
        explanation.why_not(agent_id(1)).unwrap().clone()
    };
    let (held, units, most) = (2, 1, 2);
    assert_eq!(unfit, Unfit::AtCapacity { held, units, most });
}

#[test]
fn returning_agent_is_not_flooded() {
    let mut returning = agent(1);
    returning.capacity.total = 10;
    returning.capacity.most = PerClass::all(10);
    returning.capacity.open_offers = 1;
    let items: Vec<Item> = (1..=10).map(item).collect();
    let mut engine = Engine::new(state(vec![returning], items), start());
    let first = engine.settle();
    assert_eq!(first.len(), 1);
    engine.accept(agent_id(1), first[0].item);
    assert_eq!(engine.settle().len(), 1);
}

#[test]
fn a_declined_item_is_not_offered_back_at_once() {
    for (rest, expect_now, expect_later) in [
        (Rest::Never, None, None),
        (Rest::Until(at(60)), None, Some(1)),
        (Rest::LastResort, Some(1), Some(1)),
    ] {
        let mut declined = item(1);
        let agent_1 = agent_id(1);
        declined.refusals = vec![Refusal {
            agent: agent_1,
            rest,
        }];
        let alone = state(vec![agent(1)], vec![declined.clone()]);
        let who = |now| given(&alone, now).first().map(|given| given.1);
        assert_eq!(
            (who(start()), who(at(60))),
            (expect_now, expect_later),
            "{rest:?}"
        );
        // The other gets it in any case, though idle for less.
        let mut other = agent(2);
        other.idle_since = start();
        let both = state(vec![agent(1), other], vec![declined]);
        assert_eq!(given(&both, start()), [(1, 2)], "{rest:?}");
    }
}

#[test]
fn owner_offline_when_the_customer_comes_back() {
    let mut owner = agent(1);
    owner.standing = Standing::Offline;
    let mut back = item(1);
    back.preferred = Some(Preferred {
        agent: owner.id,
        until: at(30),
    });
    let desk = state(vec![owner, agent(2)], vec![back]);
    let (agent, until) = (agent_id(1), at(30));
    assert_eq!(why_not(&desk, 2, start()), Unfit::KeptFor { agent, until });
    assert_eq!(given(&desk, at(29)), []);
    assert_eq!(given(&desk, at(30)), [(1, 2)]);
    let mut engine = Engine::new(desk, start());
    engine.set_presence(agent_id(1), present());
    assert_eq!(engine.settle()[0].agent, agent_id(1));
}

#[test]
fn rule_evaluated_at_assignment_not_at_enqueue() {
    let mut asks = item(1);
    asks.skills = Skills::has("law", 2);
    let mut engine = Engine::new(state(vec![agent(1)], vec![asks]), start());
    assert_eq!(engine.settle(), []);
    let mut changed = engine.state().clone();
    with_ladder(&mut changed, vec![(10, Relax::AllSkills)]);
    engine.put_queue(changed.queues[&queue_id(1)].clone());
    assert_eq!(engine.settle(), []);
    assert_eq!(engine.next_change(), Some(at(10)));
    engine.advance(at(10));
    assert_eq!(engine.settle().len(), 1);
}

#[test]
fn schedule_never_changes_presence() {
    let mut off = agent(1);
    off.on_schedule = false;
    let mut engine = Engine::new(state(vec![off], vec![item(1)]), start());
    assert_eq!(engine.settle(), []);
    assert_eq!(
        engine.state().agents[&agent_id(1)].standing,
        Standing::Online
    );
}

#[test]
fn day_off_with_a_stale_cache() {
    // A cache still says that they are there; the schedule gates beside it.
    let mut off = agent(1);
    (off.on_schedule, off.reachable) = (false, true);
    let desk = state(vec![off], vec![item(1)]);
    assert_eq!(why_not(&desk, 1, start()), Unfit::OffSchedule);
}

#[test]
fn resolved_item_is_never_a_candidate() {
    let mut engine = Engine::new(state(vec![], vec![item(1), item(2)]), start());
    engine.settle();
    engine.remove_item(item_id(1));
    engine.put_agent(agent(1));
    let items: Vec<_> = engine.settle().iter().map(|given| given.item).collect();
    assert_eq!(items, [item_id(2)]);
    assert_eq!(engine.explain(item_id(1)), None);
}

#[test]
fn each_strategy_chooses_by_its_own_rule() {
    let mut agents: Vec<Agent> = (1..=4).map(agent).collect();
    for (place, agent) in agents.iter_mut().enumerate() {
        agent.capacity.total = 4 + (place == 1) as u32 * 4;
        agent.capacity.most = PerClass::all(8);
        agent
            .turns
            .insert(queue_id(1), if place == 2 { 1 } else { 5 });
        agent
            .skills
            .insert("law".to_owned(), if place == 0 { 3 } else { 2 });
        for other in &["sailing", "billing"][..[2, 1, 2, 0][place]] {
            agent.skills.insert((*other).to_owned(), 1);
        }
        for number in 0..[2, 2, 3, 1][place] {
            agent.held.push(Held {
                item: item_id(100 + number),
                class: WorkClass::Task,
                units: 1,
                queue: queue_id(2),
                is_offer: false,
            });
        }
    }
    agents[1].idle_since = start() - TimeDelta::seconds(99);
    let mut asks = item(1);
    asks.skills = Skills::has("law", 1);
    let mut desk = state(agents, vec![asks]);
    for (strategy, expect) in [
        (Strategy::LongestIdle, 2),
        (Strategy::LeastLoaded, 4),
        (Strategy::MostSpare, 2),
        (Strategy::RoundRobin, 3),
        (Strategy::BestSkill, 1),
        (Strategy::FewestOtherSkills, 4),
    ] {
        desk.queues.get_mut(&queue_id(1)).unwrap().strategy = strategy;
        assert_eq!(given(&desk, start()), [(1, expect)], "{strategy:?}");
    }
}

#[test]
fn who_can_do_more_stays_free_for_what_nobody_else_can_do() {
    let mut broad = agent(1);
    broad.skills = ["law", "sailing"].map(|skill| (skill.to_owned(), 2)).into();
    broad.idle_since = start() - TimeDelta::hours(1);
    let mut narrow = agent(2);
    // A skill at level 0 is none.
    narrow.skills = [("law".to_owned(), 1), ("sailing".to_owned(), 0)].into();
    for agent in [&mut broad, &mut narrow] {
        agent.capacity.total = 1;
    }
    let mut law = item(1);
    law.skills = Skills::has("law", 1);
    let mut sailing = item(2);
    sailing.skills = Skills::has("sailing", 1);
    sailing.entered_at = at(1);
    let mut desk = state(vec![broad, narrow], vec![law, sailing]);
    assert_eq!(given(&desk, at(2)), [(1, 1)]);
    desk.queues.get_mut(&queue_id(1)).unwrap().strategy = Strategy::FewestOtherSkills;
    assert_eq!(given(&desk, at(2)), [(1, 2), (2, 1)]);
    let told = Explanation::of(&desk, item_id(1), at(2)).unwrap();
    assert_eq!(told.check(), Ok(Some(agent_id(2))));
    assert_eq!(
        told.tell(|agent| format!("Agent {}", agent.0.as_u128())),
        "Agent 2 got it: of 2 who could, fewest other skills, 0 beside what this work needs."
    );
}

#[test]
fn a_call_comes_through_beside_mails_that_may_be_interrupted() {
    let mut busy = agent(1);
    busy.capacity.interruptible.email = true;
    let mails = (1..=2).map(|number| Held {
        item: item_id(90 + number),
        class: WorkClass::Email,
        units: 1,
        queue: queue_id(1),
        is_offer: false,
    });
    busy.held = mails.collect();
    let of = |class| Item { class, ..item(1) };
    let desk = |class| state(vec![busy.clone()], vec![of(class)]);
    assert_eq!(given(&desk(WorkClass::Call), start()), [(1, 1)]);
    assert_eq!(given(&desk(WorkClass::Email), start()), []);
}

#[test]
fn the_ladder_adds_up_and_each_step_widens() {
    let mut asks = item(1);
    asks.skills = Skills::All(vec![Skills::has("law", 3), Skills::has("sailing", 1)]);
    asks.language = Some("de".to_owned());
    let mut second = agent(2);
    second.memberships = [(
        queue_id(2),
        Membership {
            rank: 0,
            most: None,
        },
    )]
    .into();
    let mut first = agent(1);
    first.skills.insert("law".to_owned(), 2);
    first.memberships.get_mut(&queue_id(1)).unwrap().rank = 1;
    let mut desk = state(vec![first, second], vec![asks]);
    let steps = [
        (10, Relax::Ranks(1)),
        (20, Relax::Language),
        (30, Relax::Levels(1)),
        (40, Relax::Skills(vec!["sailing".to_owned()])),
    ];
    with_ladder(&mut desk, steps.into());
    for (second, expect) in [
        (9, Unfit::RankNotAsked { rank: 1, asked: 0 }),
        (
            10,
            Unfit::LacksLanguage {
                language: "de".to_owned(),
            },
        ),
        (
            39,
            Unfit::LacksSkills {
                levels: [("law".to_owned(), 2), ("sailing".to_owned(), 0)].into(),
            },
        ),
    ] {
        assert_eq!(why_not(&desk, 1, at(second)), expect);
        assert_eq!(given(&desk, at(second)), []);
    }
    assert_eq!(given(&desk, at(40)), [(1, 1)]);
    // Instead of the last steps, the members of the other queue.
    let steps = vec![
        (5, Relax::AllSkills),
        (5, Relax::Language),
        (20, Relax::Overflow(queue_id(2))),
    ];
    with_ladder(&mut desk, steps);
    assert_eq!(given(&desk, at(19)), []);
    assert_eq!(given(&desk, at(20)), [(1, 2)]);
    desk.queues.get_mut(&queue_id(2)).unwrap().open = false;
    assert_eq!(given(&desk, at(20)), []);
}

#[test]
fn a_closed_queue_waits_unless_a_step_serves_it_outside_its_hours() {
    let mut desk = state(vec![agent(1)], vec![item(1)]);
    desk.queues.get_mut(&queue_id(1)).unwrap().open = false;
    assert_eq!(given(&desk, at(100)), []);
    let closed = Explanation::of(&desk, item_id(1), at(100)).unwrap();
    assert_eq!(
        closed.tell(|_| String::new()),
        "It waits because the queue is closed."
    );
    with_ladder(&mut desk, vec![(60, Relax::OutsideHours)]);
    desk.queues.get_mut(&queue_id(1)).unwrap().ladder[0].during = Some(OpenState::Closed);
    assert_eq!(given(&desk, at(59)), []);
    assert_eq!(given(&desk, at(60)), [(1, 1)]);
}

#[test]
fn the_switch_stops_every_assistant_and_no_person() {
    let mut assistant = agent(2);
    assistant.kind = AgentKind::Assistant;
    let desk = state(vec![agent(1), assistant], vec![item(1), item(2)]);
    let mut engine = Engine::new(desk, start());
    engine.stop_assistants(true);
    let agents: Vec<_> = engine.settle().iter().map(|given| given.agent).collect();
    assert_eq!(agents, [agent_id(1), agent_id(1)]);
    engine.put_item(item(3));
    assert_eq!(engine.settle(), []);
    engine.stop_assistants(false);
    assert_eq!(engine.settle()[0].agent, agent_id(2));
}

#[test]
fn limits_on_length_and_age_say_what_becomes_of_work() {
    let mut limited = queue(1);
    assert_eq!(admit(&limited, 10_000), Admission::Taken);
    assert_eq!(overdue(&limited, &item(1), at(1_000_000)), None);
    limited.length_limit = Some(LengthLimit {
        most: 2,
        outcome: Outcome::Overflow(queue_id(2)),
        text: None,
    });
    limited.wait_limit = Some(WaitLimit {
        seconds: 60,
        outcome: Outcome::CallBack,
        text: Some("We call you.".to_owned()),
    });
    assert_eq!(queue_faults(&limited), []);
    assert_eq!(admit(&limited, 1), Admission::Taken);
    let full = Verdict::Overflow(queue_id(2));
    assert_eq!(admit(&limited, 2), Admission::Full(full));
    assert_eq!(overdue(&limited, &item(1), at(59)), None);
    let called = Verdict::Told(Limited::CallBack, Some("We call you."));
    assert_eq!(overdue(&limited, &item(1), at(60)), Some(called));
    let call = Item {
        class: WorkClass::Call,
        ..item(1)
    };
    assert_eq!(overdue(&limited, &call, at(60)), None, "it is one already");
}

#[test]
fn a_limit_that_ends_work_without_a_word_is_refused_by_its_path() {
    let limits = [
        (Outcome::CallBack, None, "wait_limit.text"),
        (Outcome::Refuse, Some(" "), "wait_limit.text"),
        (
            Outcome::Answer(String::new()),
            None,
            "wait_limit.outcome.answer",
        ),
        (Outcome::Overflow(queue_id(1)), None, "wait_limit.outcome"),
    ];
    for (outcome, text, path) in limits {
        let mut limited = queue(1);
        limited.wait_limit = Some(WaitLimit {
            seconds: 60,
            outcome,
            text: text.map(str::to_owned),
        });
        let faults = queue_faults(&limited);
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].path, path);
    }
}

#[test]
fn the_position_in_a_queue_is_the_order_in_which_it_will_be_served() {
    let items = (1..=4).map(|number| Item {
        deadlines: Deadlines {
            sla: Some(at(100 * (5 - number as i64))),
            reply_window: None,
        },
        ..item(number)
    });
    let mut desk = state(vec![agent(1), agent(2)], items.collect());
    desk.items.get_mut(&item_id(4)).unwrap().not_before = Some(at(50));
    let positions =
        |now| [1, 2, 3, 4].map(|number| reference::position(&desk, item_id(number), now));
    assert_eq!(positions(start()), [Some(3), Some(2), Some(1), None]);
    assert_eq!(positions(at(50)), [Some(4), Some(3), Some(2), Some(1)]);
    let served: Vec<u128> = given(&desk, start()).iter().map(|given| given.0).collect();
    assert_eq!(served, [3, 2, 1]);
}

#[test]
fn rules_add_up_and_the_first_that_names_a_queue_wins() {
    let rule = |name: &str, when: &str, then: &str| Rule {
        name: name.to_owned(),
        when: serde_json::from_str::<Condition>(when).unwrap(),
        then: serde_json::from_str::<Addition>(then).unwrap(),
        last: name == "last",
    };
    let law = r#"{"skills": {"has": {"name": "law", "level": 2}}, "tags": ["law"]}"#;
    let to = |number: u128| {
        format!(
            r#"{{"queue": "{}", "priority": 3}}"#,
            Uuid::from_u128(number)
        )
    };
    let rules = [
        rule("law", r#"{"words": ["lawyer"]}"#, law),
        rule("mail", r#"{"channel": ["email"]}"#, &to(7)),
        rule("last", r#"{"channel": ["whatsapp"]}"#, &to(1)),
        rule("never read", r#"{"all": []}"#, &to(2)),
    ];
    let mut facts = Facts::at(start());
    facts.channel = Some(ChannelKind::Whatsapp);
    facts.text = "My lawyer says otherwise".to_owned();
    let placed = place(&rules, &facts);
    assert_eq!(placed.addition.queue, Some(queue_id(1)));
    assert_eq!(placed.addition.priority, Some(3));
    assert_eq!(placed.addition.skills, Some(Skills::has("law", 2)));
    assert!(placed.addition.tags.contains("law"));
    let read: Vec<_> = placed.read.iter().map(|read| read.because.holds).collect();
    assert_eq!(read, [true, false, true]);
}

#[test]
fn a_policy_that_contradicts_itself_is_refused_with_its_path() {
    let mut bad = queue(1);
    let step = |after_seconds, relax| Step {
        after_seconds,
        during: None,
        relax,
    };
    bad.ladder = vec![
        step(60, Relax::Overflow(queue_id(1))),
        step(30, Relax::Ranks(0)),
        step(90, Relax::Skills(Vec::new())),
    ];
    let faults = queue_faults(&bad);
    let found: Vec<_> = faults
        .iter()
        .map(|fault| (fault.path.as_str(), fault.problem))
        .collect();
    assert_eq!(
        found,
        [
            ("ladder", Problem::Contradiction),
            ("ladder[0].relax", Problem::Contradiction),
            ("ladder[1].relax", Problem::Contradiction),
            ("ladder[2].relax", Problem::Empty),
        ]
    );
    assert_eq!(queue_faults(&queue(1)), []);
    let rule = Rule {
        name: " ".to_owned(),
        when: Condition::Any(Vec::new()),
        then: Addition {
            skills: Some(Skills::Any(vec![Skills::has("law", 0)])),
            ..Addition::default()
        },
        last: false,
    };
    let paths: Vec<_> = rule_faults(&rule)
        .into_iter()
        .map(|fault| fault.path)
        .collect();
    assert_eq!(paths, ["name", "when.any", "then.skills.any[0].has.level"]);
}

#[test]
fn an_explanation_reads_like_a_sentence() {
    let mut away = agent(3);
    away.standing = Standing::Away;
    let mut asks = item(1);
    asks.skills = Skills::has("law", 1);
    let mut desk = state(vec![agent(1), agent(2), away], vec![asks]);
    with_ladder(&mut desk, vec![(60, Relax::Skills(vec!["law".to_owned()]))]);
    let name = |agent: AgentId| format!("Agent {}", agent.0.as_u128());
    let told = |now| Explanation::of(&desk, item_id(1), now).unwrap().tell(name);
    assert_eq!(
        told(at(30)),
        "It waits because nobody could have it. Could not: 1 not online, 2 without the skills."
    );
    assert_eq!(
        told(at(90)),
        "Agent 2 got it: of 2 who could, idle longest, for 92 s. Could not: 1 not online. \
         After 90 s of waiting law is no longer asked for."
    );
}

#[test]
fn a_forged_explanation_is_found() {
    let desk = state(vec![agent(1), agent(2), agent(3)], vec![item(1)]);
    let honest = Explanation::of(&desk, item_id(1), start()).unwrap();
    assert_eq!(honest.check(), Ok(Some(agent_id(3))));
    let forgeries: [fn(&mut Explanation); 7] = [
        |forged| forged.winner = Some(agent_id(1)),
        |forged| forged.candidates.swap(0, 1),
        |forged| forged.candidates[1].score.first = 0,
        |forged| forged.candidates[0].load_beside = 2,
        |forged| forged.index += 1,
        |forged| forged.ask.skills = Skills::has("law", 1),
        |forged| {
            let first = forged.candidates.remove(0);
            let agent = first.score.agent;
            let (held, units, most) = (1, 1, 2);
            forged
                .excluded
                .push(interdesk_domain::routing::explain::Excluded {
                    agent,
                    reason: Unfit::AtCapacity { held, units, most },
                });
            forged.winner = Some(agent_id(2));
        },
    ];
    for (number, forge) in forgeries.into_iter().enumerate() {
        let mut forged = honest.clone();
        forge(&mut forged);
        assert!(forged.check().is_err(), "forgery {number}");
    }
}

#[test]
fn snapshots_and_explanations_read_back_from_json() {
    let mut asks = item(1);
    asks.skills = Skills::Not(Box::new(Skills::has("law", 1)));
    let desk = state(vec![agent(1)], vec![asks]);
    let json = serde_json::to_string(&desk).unwrap();
    assert_eq!(serde_json::from_str::<State>(&json).unwrap(), desk);
    let explanation = Explanation::of(&desk, item_id(1), start()).unwrap();
    let json = serde_json::to_string(&explanation).unwrap();
    assert_eq!(
        serde_json::from_str::<Explanation>(&json).unwrap(),
        explanation
    );
}
