//! An explanation in words, as a supervisor would say it.

use super::{Candidate, Explanation};
use crate::id::AgentId;
use crate::routing::choose::Exclusion;
use crate::routing::model::{Blocked, Relax, Standing, Strategy};
use crate::routing::order::Tier;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

impl Explanation {
    /// Says in words who got the work and why, or why it waits.
    pub fn tell(&self, name: impl Fn(AgentId) -> String) -> String {
        let mut sentences = vec![self.outcome(&name)];
        sentences.extend(self.others());
        sentences.extend(self.steps());
        sentences.extend(self.haste());
        sentences.join(" ")
    }

    fn outcome(&self, name: impl Fn(AgentId) -> String) -> String {
        let first = self.candidates.first();
        match (first.filter(|_| self.winner.is_some()), self.ask.blocked) {
            (Some(best), _) if best.score.last_resort => format!(
                "{} got it, who had refused it before, because nobody else could have it.",
                name(best.score.agent)
            ),
            (Some(best), _) => format!("{} got it: {}.", name(best.score.agent), self.why(best)),
            (None, Some(Blocked::QueueClosed)) => "It waits because the queue is closed.".into(),
            (None, Some(Blocked::Snoozed { until })) => format!("It sleeps until {until}."),
            (None, None) if !self.candidates.is_empty() => {
                "It waits until somebody fetches it.".into()
            }
            (None, None) => "It waits because nobody could have it.".into(),
        }
    }

    fn why(&self, best: &Candidate) -> String {
        if !best.score.not_preferred {
            return "they are who should have it, and they had room".to_owned();
        }
        let strategy = self.strategies.get(best.score.queue).copied().flatten();
        let reason = match strategy.unwrap_or(Strategy::LongestIdle) {
            Strategy::LongestIdle => {
                format!("idle longest, for {}", span(self.now - best.idle_since))
            }
            Strategy::LeastLoaded => format!("least load, {} units", best.load),
            Strategy::MostSpare => {
                let spare = best.total.saturating_sub(best.load);
                format!("most to spare, {spare} of {} units", best.total)
            }
            Strategy::RoundRobin => "it was their turn".to_owned(),
            Strategy::FewestOtherSkills => {
                let others = best.breadth.saturating_sub(self.ask.skills.least_breadth());
                format!("fewest other skills, {others} beside what this work needs")
            }
            Strategy::BestSkill => match self.ask.skills.leading() {
                Some(skill) => {
                    let level = best.levels.get(skill).copied().unwrap_or(0);
                    format!("best at {skill}, level {level}")
                }
                None => "no skill was asked for, and they were idle longest".to_owned(),
            },
        };
        match self.candidates.len() {
            1 => format!("the only one who could ({reason})"),
            many => format!("of {many} who could, {reason}"),
        }
    }

    fn others(&self) -> Option<String> {
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for excluded in &self.excluded {
            *reasons.entry(word(&excluded.reason)).or_default() += 1;
        }
        let reasons: Vec<String> = reasons
            .iter()
            .map(|(reason, count)| format!("{count} {reason}"))
            .collect();
        (!reasons.is_empty()).then(|| format!("Could not: {}.", reasons.join(", ")))
    }

    fn steps(&self) -> Option<String> {
        let waited = span(self.now - self.weighed.entered_at);
        let steps: Vec<String> = self
            .ask
            .taken
            .iter()
            .map(|step| said(&step.relax))
            .collect();
        (!steps.is_empty()).then(|| format!("After {waited} of waiting {}.", steps.join(", ")))
    }

    fn haste(&self) -> Option<String> {
        let over = span(self.now - self.weighed.deadline);
        match self.tier {
            Tier::Live => None,
            Tier::Lost => Some(format!("Its deadline passed {over} ago.")),
            Tier::Owed => Some(format!(
                "Its deadline passed {over} ago, so it went before everything newer."
            )),
        }
    }
}

impl Exclusion {
    /// Says in words why an agent could not have the work, with the facts that say so.
    pub fn tell(&self, name: impl Fn(AgentId) -> String) -> String {
        match self {
            Self::NotMember => "they serve none of the queues that are asked".to_owned(),
            Self::Disabled => "they may be given no work".to_owned(),
            Self::AssistantsStopped => "all assistants are stopped".to_owned(),
            Self::NotOnline { standing } => match standing {
                Standing::Online => "they are online".to_owned(),
                Standing::Busy => "they are busy".to_owned(),
                Standing::Away => "they are away".to_owned(),
                Standing::Offline => "they are offline".to_owned(),
            },
            Self::Unreachable => "nothing was heard from them for a while".to_owned(),
            Self::OffSchedule => "their schedule does not have them at work".to_owned(),
            Self::WrappingUp { until } => format!("they finish paperwork until {}", clock(*until)),
            Self::RankNotAsked { rank, asked } => {
                format!("their rank is {rank}, and members up to rank {asked} are asked so far")
            }
            Self::LacksLanguage { language } => format!("they do not answer in {language}"),
            Self::LacksSkills { levels } => {
                let levels: Vec<String> = levels
                    .iter()
                    .map(|(skill, level)| format!("{skill} at level {level}"))
                    .collect();
                format!("their skills do not suffice: {}", levels.join(", "))
            }
            Self::AtCapacity { held, units, most } => {
                format!("they hold {held} of {most} units, and it takes {units}")
            }
            Self::AtClassLimit { held, units, most } => {
                format!("they hold {held} of {most} units of such work, and it takes {units}")
            }
            Self::AtQueueLimit {
                held, units, most, ..
            } => format!("they hold {held} of {most} units by that queue, and it takes {units}"),
            Self::OffersOpen { open, most } => {
                format!("they have {open} of {most} offers to answer")
            }
            Self::KeptFor { agent, until } => {
                format!("it is kept for {} until {}", name(*agent), clock(*until))
            }
            Self::Refused => "they refused it, and are not asked again".to_owned(),
            Self::Resting { until } => {
                let until = clock(*until);
                format!("they refused it a short while ago, and are asked again from {until} on")
            }
        }
    }
}

fn clock(moment: DateTime<Utc>) -> String {
    moment.format("%H:%M:%S UTC").to_string()
}

fn said(relax: &Relax) -> String {
    match relax {
        Relax::Levels(by) => format!("levels count {by} less"),
        Relax::Skills(names) => format!("{} is no longer asked for", names.join(" and ")),
        Relax::AllSkills => "no skill is asked for".to_owned(),
        Relax::Language => "the language no longer matters".to_owned(),
        Relax::Ranks(up_to) => format!("members up to rank {up_to} are asked"),
        Relax::Priority(by) => format!("its priority is {by} higher"),
        Relax::Overflow(_) => "another queue is asked too".to_owned(),
        Relax::OutsideHours => "closing hours no longer matter".to_owned(),
    }
}

fn word(reason: &Exclusion) -> &'static str {
    match reason {
        Exclusion::NotMember => "not in the queue",
        Exclusion::Disabled => "may be given no work",
        Exclusion::AssistantsStopped => "stopped with all assistants",
        Exclusion::NotOnline { .. } => "not online",
        Exclusion::Unreachable => "not heard from",
        Exclusion::OffSchedule => "off schedule",
        Exclusion::WrappingUp { .. } => "wrapping up",
        Exclusion::RankNotAsked { .. } => "of a rank not asked yet",
        Exclusion::LacksLanguage { .. } => "without the language",
        Exclusion::LacksSkills { .. } => "without the skills",
        Exclusion::AtCapacity { .. } => "at capacity",
        Exclusion::AtClassLimit { .. } => "at capacity for such work",
        Exclusion::AtQueueLimit { .. } => "at the limit of the queue",
        Exclusion::OffersOpen { .. } => "with offers to answer",
        Exclusion::KeptFor { .. } => "had to leave it to somebody else for a while",
        Exclusion::Refused => "refused it",
        Exclusion::Resting { .. } => "refused it a short while ago",
    }
}

fn span(delta: TimeDelta) -> String {
    match delta.num_seconds().max(0) {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3_600),
    }
}
