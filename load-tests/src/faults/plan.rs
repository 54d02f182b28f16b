//! What is killed when: drawn from the seed before anything starts.

use crate::chance::Chance;
use crate::services::Service;
use std::fmt;
use std::time::Duration;

/// The roles, each a process of its own.
pub(super) const ROLES: [&str; 4] = ["ingestion", "routing", "agent", "audit"];

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// The process of a role is killed.
    Role(&'static str),
    /// A service is killed.
    Service(Service),
    /// PostgreSQL ends every connection of the desk.
    Connections,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role) => write!(f, "kill -9 {role}"),
            Self::Service(service) => write!(f, "kill -9 {}", service.name()),
            Self::Connections => f.write_str("cut the database connections"),
        }
    }
}

/// One round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Round {
    /// What goes wrong.
    pub(super) fault: Fault,
    /// How long things go well before it.
    pub(super) calm: Duration,
}

/// Draws the rounds: every kind of fault about equally often, in an order of chance.
pub(super) fn draw(seed: u64, rounds: usize) -> Vec<Round> {
    let mut chance = Chance::new(seed);
    let mut faults: Vec<Fault> = (0..rounds)
        .map(|round| match round % 6 {
            0 => Fault::Service(Service::Rabbitmq),
            1 => Fault::Service(Service::Redis),
            2 => Fault::Connections,
            // Every role in turn, not by chance alone, so that none is spared.
            kind => Fault::Role(ROLES[(round / 6 * 3 + kind - 3) % ROLES.len()]),
        })
        .collect();
    chance.shuffle(&mut faults);
    let calm = |chance: &mut Chance| Duration::from_millis(300 + chance.below(2_200));
    faults
        .into_iter()
        .map(|fault| Round {
            fault,
            calm: calm(&mut chance),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_same_seed_repeats_the_same_faults_and_another_draws_others() {
        assert_eq!(draw(7, 30), draw(7, 30));
        assert_ne!(draw(7, 30), draw(8, 30));
    }

    #[test]
    fn thirty_rounds_spare_nothing() {
        let struck: BTreeSet<Fault> = draw(1, 30).into_iter().map(|round| round.fault).collect();
        assert_eq!(struck.len(), ROLES.len() + 3);
    }
}
