//! Which of several schedules applies.

use crate::id::ScheduleId;

/// The schedules that the things around a conversation name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Candidates {
    /// That of the contract the policy stands for.
    pub contract: Option<ScheduleId>,
    /// That of the contact.
    pub contact: Option<ScheduleId>,
    /// That of the queue.
    pub queue: Option<ScheduleId>,
    /// That of the team.
    pub team: Option<ScheduleId>,
}

impl Candidates {
    /// Returns the schedule of the nearest promise: contract, contact, queue, team.
    ///
    /// Without one, time counts around the clock.
    pub fn choose(self) -> Option<ScheduleId> {
        self.contract.or(self.contact).or(self.queue).or(self.team)
    }
}
