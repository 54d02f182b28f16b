//! The laws of `routing::decide`, over random problems.

use chrono::{DateTime, Duration, Utc};
use interdesk_domain::agent::Presence;
use interdesk_domain::id::{AgentId, QueueId, WorkItemId};
use interdesk_domain::routing::{Decision, Exclusion, Member, Problem, Resting, Waiting, decide};
use proptest::prelude::*;
use std::collections::HashMap;
use uuid::Uuid;

fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).expect("a valid moment")
}

fn agent(n: u128) -> AgentId {
    AgentId(Uuid::from_u128(n + 1))
}

fn presence() -> impl Strategy<Value = Presence> {
    prop_oneof![4 => Just(Presence::Online), 1 => Just(Presence::Away), 1 => Just(Presence::Offline)]
}

prop_compose! {
    fn member(n: u128)(
        presence in presence(),
        reachable in prop::bool::weighted(0.9),
        capacity in 0..4i32,
        load in 0..4i32,
        idle in 0..5i64,
    ) -> Member {
        let idle_since = noon() - Duration::minutes(idle);
        Member { agent: agent(n), presence, reachable, load, capacity, idle_since }
    }
}

prop_compose! {
    fn waiting(n: u128)(
        priority in 0..3i16,
        age in 0..9i64,
        resting in prop::collection::vec((0..6u128, -2..3i64), 0..3),
    ) -> Waiting {
        let rest = |(n, minutes)| Resting { agent: agent(n), until: noon() + Duration::minutes(minutes) };
        Waiting {
            work_item: WorkItemId(Uuid::from_u128(n + 100)),
            epoch: 1,
            priority,
            queued_at: noon() - Duration::minutes(age),
            resting: resting.into_iter().map(rest).collect(),
        }
    }
}

fn problem() -> impl Strategy<Value = Problem> {
    let members: Vec<_> = (0..6).map(member).collect();
    let items = (0..12usize).prop_flat_map(|n| (0..n as u128).map(waiting).collect::<Vec<_>>());
    (members, items).prop_map(|(members, waiting)| Problem {
        queue: QueueId(Uuid::from_u128(7)),
        now: noon(),
        waiting,
        members,
    })
}

fn loads_after(problem: &Problem, decisions: &[Decision]) -> HashMap<AgentId, i32> {
    let mut loads: HashMap<_, _> = problem.members.iter().map(|m| (m.agent, m.load)).collect();
    for winner in decisions.iter().filter_map(|decision| decision.winner) {
        *loads.entry(winner).or_default() += 1;
    }
    loads
}

fn may_take(item: &Waiting, member: &Member, load: i32) -> bool {
    member.presence == Presence::Online
        && member.reachable
        && load < member.capacity
        && !item
            .resting
            .iter()
            .any(|rest| rest.agent == member.agent && rest.until > noon())
}

proptest! {
    #[test]
    fn nobody_gets_more_than_their_capacity(problem in problem()) {
        let decisions = decide(&problem);
        let loads = loads_after(&problem, &decisions);
        for member in &problem.members {
            let got_work = loads[&member.agent] > member.load;
            prop_assert!(!got_work || loads[&member.agent] <= member.capacity);
        }
    }

    #[test]
    fn only_eligible_members_win(problem in problem()) {
        for decision in decide(&problem) {
            let Some(winner) = decision.winner else { continue };
            let member = problem.members.iter().find(|m| m.agent == winner).expect("a member");
            let item = problem.waiting.iter().find(|w| w.work_item == decision.work_item).expect("waits");
            prop_assert!(may_take(item, member, member.load));
            prop_assert_eq!(decision.candidates[0].agent, winner);
        }
    }

    #[test]
    fn no_eligible_agent_stays_idle_beside_eligible_work(problem in problem()) {
        let decisions = decide(&problem);
        let loads = loads_after(&problem, &decisions);
        for decision in decisions.iter().filter(|decision| decision.winner.is_none()) {
            let item = problem.waiting.iter().find(|w| w.work_item == decision.work_item).expect("waits");
            for member in &problem.members {
                prop_assert!(!may_take(item, member, loads[&member.agent]));
            }
        }
    }

    #[test]
    fn every_member_is_either_a_candidate_or_excluded_with_a_reason(problem in problem()) {
        let decisions = decide(&problem);
        prop_assert_eq!(decisions.len(), problem.waiting.len());
        for decision in decisions {
            prop_assert_eq!(decision.candidates.len() + decision.excluded.len(), problem.members.len());
        }
    }

    #[test]
    fn the_order_of_the_input_does_not_matter(problem in problem()) {
        let mut turned = problem.clone();
        turned.members.reverse();
        turned.waiting.reverse();
        prop_assert_eq!(decide(&problem), decide(&turned));
    }

    #[test]
    fn higher_priority_goes_first_then_what_waits_longest(problem in problem()) {
        let decisions = decide(&problem);
        let item = |decision: &Decision| {
            problem.waiting.iter().find(|w| w.work_item == decision.work_item).expect("waits").clone()
        };
        for pair in decisions.windows(2) {
            let (first, second) = (item(&pair[0]), item(&pair[1]));
            prop_assert!(
                (-first.priority, first.queued_at) <= (-second.priority, second.queued_at)
            );
        }
    }
}

#[test]
fn the_agent_idle_longest_gets_the_oldest_work() {
    let member = |n, minutes| Member {
        agent: agent(n),
        presence: Presence::Online,
        reachable: true,
        load: 0,
        capacity: 1,
        idle_since: noon() - Duration::minutes(minutes),
    };
    let item = |n, minutes| Waiting {
        work_item: WorkItemId(Uuid::from_u128(n)),
        epoch: 1,
        priority: 0,
        queued_at: noon() - Duration::minutes(minutes),
        resting: vec![],
    };
    let problem = Problem {
        queue: QueueId(Uuid::from_u128(7)),
        now: noon(),
        waiting: vec![item(1, 5), item(2, 9), item(3, 1)],
        members: vec![member(1, 3), member(2, 8)],
    };
    let winners: Vec<_> = decide(&problem)
        .into_iter()
        .map(|d| (d.work_item.0.as_u128(), d.winner))
        .collect();
    assert_eq!(
        winners,
        [(2, Some(agent(2))), (1, Some(agent(1))), (3, None)]
    );
    let last = decide(&problem).pop().expect("a decision");
    assert_eq!(
        last.excluded[0].reason,
        Exclusion::AtCapacity {
            load: 1,
            capacity: 1
        }
    );
}
