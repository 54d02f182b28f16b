//! Decides again from an explanation alone.

use super::{Candidate, Excluded, Explanation};
use crate::id::AgentId;
use crate::routing::choose::{Exclusion, Score};
use crate::routing::model::*;
use chrono::TimeDelta;
use std::collections::BTreeSet;

/// What in an explanation does not follow from the rest of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Discrepancy {
    /// The tier or the index is not what the formula gives.
    #[error("the place in the order is not what the formula gives")]
    Place,
    /// A step was taken before its time.
    #[error("step {step} of the ladder was taken before its time")]
    StepTooEarly {
        /// Which.
        step: usize,
    },
    /// What is asked for is not what the steps leave.
    #[error("what is asked for is not what the steps of the ladder leave")]
    Ask,
    /// An agent is told of twice.
    #[error("{agent} is told of twice")]
    Twice {
        /// Who.
        agent: AgentId,
    },
    /// A candidate could not have had the work.
    #[error("{agent} is called a candidate, but the facts say otherwise")]
    Candidate {
        /// Who.
        agent: AgentId,
    },
    /// A score is not what the strategy gives.
    #[error("the score of {agent} is not what the strategy gives")]
    Score {
        /// Who.
        agent: AgentId,
    },
    /// The candidates are not in the order of their scores.
    #[error("the candidates are not in the order of their scores")]
    Order,
    /// An exclusion does not follow from its facts.
    #[error("the exclusion of {agent} does not follow from its facts")]
    Exclusion {
        /// Who.
        agent: AgentId,
    },
    /// The winner is not the first candidate, or there should be none.
    #[error("the winner is not who the rule gives")]
    Winner,
}

impl Explanation {
    /// Recomputes the decision from the explanation alone.
    pub fn check(&self) -> Result<Option<AgentId>, Discrepancy> {
        let place = self.weighed.place(self.item, self.now);
        if (place.tier, place.index.0) != (self.tier, self.index) {
            return Err(Discrepancy::Place);
        }
        self.check_ask()?;
        let mut seen = BTreeSet::new();
        let candidates = self
            .candidates
            .iter()
            .map(|candidate| candidate.score.agent);
        for agent in candidates.chain(self.excluded.iter().map(|excluded| excluded.agent)) {
            if !seen.insert(agent) {
                return Err(Discrepancy::Twice { agent });
            }
        }
        for candidate in &self.candidates {
            self.check_candidate(candidate)?;
        }
        let ordered = self
            .candidates
            .is_sorted_by_key(|candidate| candidate.score);
        if !ordered {
            return Err(Discrepancy::Order);
        }
        for excluded in &self.excluded {
            if !self.follows(excluded) {
                let agent = excluded.agent;
                return Err(Discrepancy::Exclusion { agent });
            }
        }
        let best = self
            .candidates
            .iter()
            .map(|candidate| candidate.score)
            .min();
        let best = best.map(|score| score.agent);
        let winner = best.filter(|_| self.ask.blocked.is_none());
        let winner = winner.filter(|_| !self.is_fetched);
        match self.winner == winner {
            true => Ok(self.winner),
            false => Err(Discrepancy::Winner),
        }
    }

    fn check_ask(&self) -> Result<(), Discrepancy> {
        let mut ask = Ask {
            queues: vec![self.asked.queue],
            ranks: self.asked.ranks,
            skills: Skills::NONE,
            language: self.asked.language.clone(),
            priority: self.asked.priority,
            taken: self.ask.taken.clone(),
            blocked: self.ask.blocked,
        };
        let mut relaxed = Relaxed::default();
        for taken in &self.ask.taken {
            let after = TimeDelta::seconds(taken.after_seconds.into());
            if self.weighed.entered_at + after > self.now {
                return Err(Discrepancy::StepTooEarly { step: taken.step });
            }
            // A queue that is closed is not asked, though the step was taken.
            let skips = matches!(&taken.relax, Relax::Overflow(queue)
                if !self.ask.queues.contains(queue));
            if !skips {
                ask.relax(&taken.relax, &mut relaxed);
            }
        }
        ask.skills = self.asked.skills.relaxed(&relaxed);
        match ask == self.ask && ask.priority == self.weighed.priority {
            true => Ok(()),
            false => Err(Discrepancy::Ask),
        }
    }

    fn check_candidate(&self, candidate: &Candidate) -> Result<(), Discrepancy> {
        let agent = candidate.score.agent;
        let speaks = |language: &String| candidate.languages.contains(language);
        let units = self.asked.units;
        let kept = self.asked.preferred;
        let may_have = self.ask.skills.are_met_by(&candidate.levels)
            && self.ask.language.as_ref().is_none_or(speaks)
            && candidate.load_beside + units <= candidate.total
            && candidate.of_class.0 + units <= candidate.of_class.1
            && candidate.score.rank <= self.ask.ranks
            && kept.is_none_or(|kept| kept.agent == agent || kept.until <= self.now)
            && match candidate.rest {
                Some(Rest::Never) => false,
                Some(Rest::Until(until)) => until <= self.now,
                Some(Rest::LastResort) | None => true,
            };
        if !may_have {
            return Err(Discrepancy::Candidate { agent });
        }
        match self.score(candidate) == Some(candidate.score) {
            true => Ok(()),
            false => Err(Discrepancy::Score { agent }),
        }
    }

    fn score(&self, candidate: &Candidate) -> Option<Score> {
        let given = candidate.score;
        let strategy = self.strategies.get(given.queue)?;
        let idle = candidate.idle_since.timestamp_millis();
        let load = i64::from(candidate.load);
        let leading = self.ask.skills.leading();
        let level = leading.and_then(|skill| candidate.levels.get(skill));
        let others = i64::from(candidate.breadth) - i64::from(self.ask.skills.least_breadth());
        let (first, second) = match strategy.unwrap_or(Strategy::LongestIdle) {
            Strategy::LongestIdle => (idle, load),
            Strategy::LeastLoaded => (load, idle),
            Strategy::MostSpare => (load - i64::from(candidate.total), idle),
            Strategy::RoundRobin => (candidate.turn as i64, idle),
            Strategy::BestSkill => (-level.map_or(0, |level| i64::from(*level)), idle),
            Strategy::FewestOtherSkills => (others, idle),
        };
        let kept = self.asked.preferred;
        Some(Score {
            last_resort: candidate.rest == Some(Rest::LastResort),
            not_preferred: kept.is_none_or(|kept| kept.agent != given.agent),
            first,
            second,
            ..given
        })
    }

    fn follows(&self, excluded: &Excluded) -> bool {
        match &excluded.reason {
            Exclusion::NotMember => false,
            Exclusion::Disabled
            | Exclusion::AssistantsStopped
            | Exclusion::Unreachable
            | Exclusion::OffSchedule
            | Exclusion::Refused => true,
            Exclusion::NotOnline { standing } => *standing != Standing::Online,
            Exclusion::WrappingUp { until } | Exclusion::Resting { until } => *until > self.now,
            Exclusion::RankNotAsked { rank, asked } => rank > asked && *asked == self.ask.ranks,
            Exclusion::LacksLanguage { language } => self.ask.language.as_ref() == Some(language),
            Exclusion::LacksSkills { levels } => !self.ask.skills.are_met_by(levels),
            Exclusion::AtCapacity { held, units, most }
            | Exclusion::AtClassLimit { held, units, most }
            | Exclusion::AtQueueLimit {
                held, units, most, ..
            } => held + units > *most && *units == self.asked.units,
            Exclusion::OffersOpen { open, most } => self.is_offer && open >= most,
            Exclusion::KeptFor { agent, until } => {
                let kept = self.asked.preferred;
                *until > self.now
                    && *agent != excluded.agent
                    && kept.is_some_and(|kept| (kept.agent, kept.until) == (*agent, *until))
            }
        }
    }
}
