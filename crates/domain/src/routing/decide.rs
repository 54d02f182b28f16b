//! The reference rule: highest priority first, oldest first, to the agent idle longest.

use super::{Candidate, Decision, Excluded, Exclusion, Member, POLICY, Problem, Waiting};
use chrono::{DateTime, Utc};

const TIE_RULE: &str = "idle longest, then least load, then lowest agent id";

/// Decides who gets which of the waiting work.
///
/// Wanted, each a test:
/// - only members who are online, reachable, below capacity and not resting are candidates;
/// - nobody gets more than their capacity, counted over all decisions of one call;
/// - no eligible agent stays idle beside eligible work;
/// - higher priority goes first, then what waits longest;
/// - the order of the input does not matter, nor does chance: equal problems, equal answers.
///
/// Returns one decision per waiting item, in the order in which they were made.
pub fn decide(problem: &Problem) -> Vec<Decision> {
    let mut members = problem.members.clone();
    members.sort_by_key(|member| member.agent);
    let mut waiting: Vec<&Waiting> = problem.waiting.iter().collect();
    waiting.sort_by_key(|item| (-item.priority, item.queued_at, item.work_item));
    waiting
        .into_iter()
        .map(|item| decide_one(item, &mut members, problem.now))
        .collect()
}

fn decide_one(item: &Waiting, members: &mut [Member], now: DateTime<Utc>) -> Decision {
    let mut candidates = Vec::new();
    let mut excluded = Vec::new();
    for member in members.iter() {
        match exclusion(item, member, now) {
            Some(reason) => excluded.push(Excluded {
                agent: member.agent,
                reason,
            }),
            None => candidates.push(Candidate {
                agent: member.agent,
                idle_ms: (now - member.idle_since).num_milliseconds(),
                load: member.load,
                capacity: member.capacity,
            }),
        }
    }
    candidates.sort_by_key(|candidate| (-candidate.idle_ms, candidate.load, candidate.agent));
    let winner = candidates.first().map(|best| best.agent);
    if let Some(member) = members
        .iter_mut()
        .find(|member| Some(member.agent) == winner)
    {
        member.load += 1;
        member.idle_since = now;
    }
    Decision {
        policy: POLICY.to_owned(),
        work_item: item.work_item,
        epoch: item.epoch,
        winner,
        candidates,
        excluded,
        tie_rule: TIE_RULE.to_owned(),
    }
}

fn exclusion(item: &Waiting, member: &Member, now: DateTime<Utc>) -> Option<Exclusion> {
    if member.presence != crate::agent::Presence::Online {
        return Some(Exclusion::NotOnline {
            presence: member.presence,
        });
    }
    if !member.reachable {
        return Some(Exclusion::Unreachable);
    }
    if member.load >= member.capacity {
        return Some(Exclusion::AtCapacity {
            load: member.load,
            capacity: member.capacity,
        });
    }
    let resting = item
        .resting
        .iter()
        .find(|rest| rest.agent == member.agent && rest.until > now);
    resting.map(|rest| Exclusion::Resting { until: rest.until })
}
