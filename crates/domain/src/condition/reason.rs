//! Why a condition holds or does not, node by node.

use super::{AttributeTest, Condition, Facts, OpenState, Range, Value};
use serde::{Deserialize, Serialize};
use std::fmt::Display;

/// Whether a node of a condition holds, and why.
///
/// It tells no word that the customer wrote and no value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The test, as [`Condition::name`] says it.
    pub test: String,
    /// Whether it holds.
    pub holds: bool,
    /// Why, in words.
    pub why: String,
    /// The nodes below, each explained, also where they no longer mattered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Explanation>,
}

impl Condition {
    /// Evaluates every node and says why.
    pub fn explain(&self, facts: &Facts) -> Explanation {
        let parts: Vec<Explanation> = self
            .parts()
            .iter()
            .map(|part| part.explain(facts))
            .collect();
        let holding = parts.iter().filter(|part| part.holds).count();
        let holds = match self {
            Self::All(_) => holding == parts.len(),
            Self::Any(_) => holding > 0,
            Self::Not(_) => holding == 0,
            _ => self.holds(facts),
        };
        Explanation {
            test: self.name().to_owned(),
            holds,
            why: self.why(facts, holds, holding),
            parts,
        }
    }

    fn why(&self, facts: &Facts, holds: bool, holding: usize) -> String {
        match self {
            Self::All(parts) if parts.is_empty() => "it asks for nothing".to_owned(),
            Self::All(parts) | Self::Any(parts) => {
                format!("{holding} of {} parts hold", parts.len())
            }
            Self::Not(_) if holds => "the part does not hold".to_owned(),
            Self::Not(_) => "the part holds".to_owned(),
            Self::Inbox(list) => one_of("inbox", facts.inbox.as_ref(), list),
            Self::Channel(list) => {
                let list: Vec<_> = list.iter().map(|kind| kind.as_str()).collect();
                one_of("channel", facts.channel.map(|kind| kind.as_str()), &list)
            }
            Self::Network(list) => one_of("network", facts.network.as_ref(), list),
            Self::Language(list) => one_of("language", facts.language.as_ref(), list),
            Self::Attribute(test) => {
                attribute(&test.key, &test.is, facts.attributes.get(&test.key), holds)
            }
            Self::Words(list) if holds => {
                format!("at least one of {} is among the words", join(list))
            }
            Self::Words(list) => format!("none of {} is among the words", join(list)),
            Self::Segment(list) => carries("segments", &facts.segments, list, holds),
            Self::Vip(_) if facts.vip => "the contact is very important".to_owned(),
            Self::Vip(_) => "the contact is not marked as very important".to_owned(),
            Self::Tag(list) => carries("tags", &facts.tags, list, holds),
            Self::Queue(list) => one_of("queue", facts.queue.as_ref(), list),
            Self::Team(list) => one_of("team", facts.team.as_ref(), list),
            Self::Status(list) => {
                let list: Vec<_> = list.iter().map(|status| status.as_str()).collect();
                one_of("status", facts.status.map(|status| status.as_str()), &list)
            }
            Self::Assignee(list) => one_of("assignee", facts.assignee.as_ref(), list),
            Self::Assigned(_) if facts.assignee.is_some() => "somebody has it".to_owned(),
            Self::Assigned(_) => "nobody has it".to_owned(),
            Self::Priority(range) => within("priority", facts.priority.map(i64::from), *range),
            Self::WaitingSeconds(range) => {
                let waited = facts.waiting_since.map(|since| facts.now - since);
                let seconds = waited.map(|waited| waited.num_seconds());
                within("seconds of waiting", seconds, *range)
            }
            Self::BusinessHours(hours) => match facts.schedules.get(&hours.schedule) {
                Some(true) => format!("schedule {} is open", hours.schedule),
                Some(false) => format!("schedule {} is closed", hours.schedule),
                None => format!(
                    "schedule {} is not known, so it is not {}",
                    hours.schedule,
                    match hours.is {
                        OpenState::Open => "open",
                        OpenState::Closed => "closed",
                    }
                ),
            },
            Self::Time(time) => format!(
                "it is {}{} to {} in {}",
                if holds { "" } else { "not " },
                time.from.format("%H:%M"),
                time.until.format("%H:%M"),
                time.zone
            ),
            Self::Period(_) if holds => format!("{} is within", facts.now),
            Self::Period(_) => format!("{} is not within", facts.now),
        }
    }
}

fn one_of<T: Display>(what: &str, fact: Option<T>, list: &[impl Display]) -> String {
    match fact {
        Some(fact) => format!("{what} is {fact}, asked for {}", join(list)),
        None => format!("{what} is not known, asked for {}", join(list)),
    }
}

fn carries(
    what: &str,
    facts: &std::collections::BTreeSet<String>,
    list: &[String],
    holds: bool,
) -> String {
    if !holds {
        return format!("{} is not among its {} {what}", join(list), facts.len());
    }
    let found: Vec<&String> = list.iter().filter(|name| facts.contains(*name)).collect();
    format!("{} is among its {what}", join(&found))
}

fn within(what: &str, fact: Option<i64>, range: Range) -> String {
    let asked = match (range.at_least, range.at_most) {
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("at least {least}"),
        (None, Some(most)) => format!("at most {most}"),
        (None, None) => "any".to_owned(),
    };
    match fact {
        Some(fact) => format!("{what} is {fact}, asked for {asked}"),
        None => format!("{what} is not known, asked for {asked}"),
    }
}

fn attribute(key: &str, test: &AttributeTest, value: Option<&Value>, holds: bool) -> String {
    let asked = match test {
        AttributeTest::Present => "to be there",
        AttributeTest::Equal(_) => "to be one value",
        AttributeTest::OneOf(_) => "to be one of some values",
        AttributeTest::Contains(_) => "to contain a text",
        AttributeTest::StartsWith(_) => "to begin with a text",
        AttributeTest::Within(_) => "to be within a range",
    };
    match (value, holds) {
        (None, _) => format!("attribute {key} is not known, it has {asked}"),
        (Some(_), true) => format!("attribute {key} has {asked}, and is so"),
        (Some(_), false) => format!("attribute {key} has {asked}, and is not so"),
    }
}

fn join<T: Display>(list: &[T]) -> String {
    let texts: Vec<String> = list.iter().map(T::to_string).collect();
    match texts.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => "nothing".to_owned(),
    }
}
