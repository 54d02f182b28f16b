//! Whether a condition holds.

use super::text::{contains_words, is_language};
use super::{AttributeTest, Condition, Facts, OpenState, Period, TimeOfWeek, Value};
use chrono::{DateTime, Datelike, Days, Utc};
use chrono_tz::Tz;

impl Condition {
    /// Tells whether the condition holds; what nobody knows does not.
    pub fn holds(&self, facts: &Facts) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(facts)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(facts)),
            Self::Not(part) => !part.holds(facts),
            Self::Inbox(list) => is_in(facts.inbox.as_ref(), list),
            Self::Channel(list) => is_in(facts.channel.as_ref(), list),
            Self::Network(list) => is_in(facts.network.as_ref(), list),
            Self::Language(list) => facts
                .language
                .as_ref()
                .is_some_and(|tag| list.iter().any(|wanted| is_language(tag, wanted))),
            Self::Attribute(attribute) => facts
                .attributes
                .get(&attribute.key)
                .is_some_and(|value| attribute.is.holds(value)),
            Self::Words(list) => list.iter().any(|words| contains_words(&facts.text, words)),
            Self::Segment(list) => list.iter().any(|name| facts.segments.contains(name)),
            Self::Vip(wanted) => facts.vip == *wanted,
            Self::Tag(list) => list.iter().any(|tag| facts.tags.contains(tag)),
            Self::Queue(list) => is_in(facts.queue.as_ref(), list),
            Self::Team(list) => is_in(facts.team.as_ref(), list),
            Self::Status(list) => is_in(facts.status.as_ref(), list),
            Self::Assignee(list) => is_in(facts.assignee.as_ref(), list),
            Self::Assigned(wanted) => facts.assignee.is_some() == *wanted,
            Self::Priority(range) => facts
                .priority
                .is_some_and(|priority| range.contains(priority.into())),
            Self::WaitingSeconds(range) => facts
                .waiting_since
                .is_some_and(|since| range.contains((facts.now - since).num_seconds())),
            Self::BusinessHours(hours) => facts
                .schedules
                .get(&hours.schedule)
                .is_some_and(|open| *open == (hours.is == OpenState::Open)),
            Self::Time(time) => time.contains(facts.now),
            Self::Period(period) => period.contains(facts.now),
        }
    }
}

impl AttributeTest {
    fn holds(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Present, _) => true,
            (Self::Equal(wanted), value) => value == wanted,
            (Self::OneOf(list), value) => list.contains(value),
            (Self::Contains(part), Value::Text(text)) => {
                text.to_lowercase().contains(&part.to_lowercase())
            }
            (Self::StartsWith(part), Value::Text(text)) => {
                text.to_lowercase().starts_with(&part.to_lowercase())
            }
            (Self::Within(range), Value::Number(number)) => range.contains(*number),
            (Self::Contains(_) | Self::StartsWith(_) | Self::Within(_), _) => false,
        }
    }
}

impl TimeOfWeek {
    fn contains(&self, now: DateTime<Utc>) -> bool {
        let Ok(zone) = self.zone.parse::<Tz>() else {
            return false;
        };
        let local = now.with_timezone(&zone).naive_local();
        let (today, time) = (local.date(), local.time());
        let begins_on =
            |date: chrono::NaiveDate| self.days.is_empty() || self.days.contains(&date.weekday());
        if self.from < self.until {
            return begins_on(today) && self.from <= time && time < self.until;
        }
        // Past midnight the day that counts is the one on which the time began.
        let yesterday = today.checked_sub_days(Days::new(1));
        (begins_on(today) && time >= self.from)
            || (yesterday.is_some_and(begins_on) && time < self.until)
    }
}

impl Period {
    fn contains(&self, now: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| now >= from) && self.until.is_none_or(|until| now < until)
    }
}

fn is_in<T: PartialEq>(fact: Option<&T>, list: &[T]) -> bool {
    fact.is_some_and(|fact| list.contains(fact))
}
