//! What makes a condition one that may be saved.

use super::{AttributeTest, Condition, Range, Value};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How deep a tree may be.
pub const MAX_DEPTH: usize = 8;
/// How many nodes a tree may have.
pub const MAX_NODES: usize = 200;
/// How many entries a list may have.
pub const MAX_LIST: usize = 200;
/// How many characters a text may have.
pub const MAX_TEXT: usize = 200;

/// A condition that cannot be saved, with everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} of the condition: {}", count(faults), list(faults))]
pub struct Invalid {
    /// What is wrong, in the order of the tree; never empty.
    pub faults: Vec<Fault>,
}

/// One thing that is wrong, where, and what mends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Where, as `all[1].attribute.key`; empty for the whole.
    pub path: String,
    /// What.
    pub problem: Problem,
    /// What to do about it.
    pub mend: String,
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// A list or text that must not be empty is.
    Empty,
    /// A list, a text or the whole tree is too large.
    TooLarge,
    /// The tree is too deep.
    TooDeep,
    /// Nothing can be within the range or the period.
    NothingWithin,
    /// The time zone is not in the IANA database.
    UnknownZone,
    /// The words hold no letter and no digit.
    NoWords,
    /// Something is named that does not exist.
    Unknown,
    /// Two things contradict each other.
    Contradiction,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.mend),
            path => write!(f, "{path}: {}", self.mend),
        }
    }
}

fn count(faults: &[Fault]) -> String {
    match faults.len() {
        1 => "1 fault".to_owned(),
        many => format!("{many} faults"),
    }
}

fn list(faults: &[Fault]) -> String {
    let texts: Vec<String> = faults.iter().map(Fault::to_string).collect();
    texts.join("; ")
}

impl Condition {
    /// Tells whether the condition may be saved, and otherwise everything that has to be mended.
    ///
    /// What it names is not looked up; [`Condition::references`] lists it.
    pub fn validate(&self) -> Result<(), Invalid> {
        let mut check = Check::default();
        check.node(self, "", 1);
        if check.nodes > MAX_NODES {
            let mend = format!("use at most {MAX_NODES} tests, here are {}", check.nodes);
            check.fault("", Problem::TooLarge, mend);
        }
        match check.faults.is_empty() {
            true => Ok(()),
            false => Err(Invalid {
                faults: check.faults,
            }),
        }
    }
}

#[derive(Default)]
struct Check {
    nodes: usize,
    faults: Vec<Fault>,
}

impl Check {
    fn fault(&mut self, path: &str, problem: Problem, mend: String) {
        self.faults.push(Fault {
            path: path.to_owned(),
            problem,
            mend,
        });
    }

    fn node(&mut self, condition: &Condition, above: &str, depth: usize) {
        self.nodes += 1;
        let path = join(above, condition.name());
        if depth > MAX_DEPTH {
            let mend = format!("nest at most {MAX_DEPTH} levels; put parts side by side");
            return self.fault(&path, Problem::TooDeep, mend);
        }
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                if matches!(condition, Condition::Any(_)) && parts.is_empty() {
                    let mend = "name at least one part; without any it never holds";
                    self.fault(&path, Problem::Empty, mend.to_owned());
                }
                for (index, part) in parts.iter().enumerate() {
                    self.node(part, &format!("{path}[{index}]"), depth + 1);
                }
            }
            Condition::Not(part) => self.node(part, &path, depth + 1),
            leaf => self.leaf(leaf, &path),
        }
    }

    fn leaf(&mut self, leaf: &Condition, path: &str) {
        match leaf {
            Condition::Inbox(list) => self.list(list, path),
            Condition::Channel(list) => self.list(list, path),
            Condition::Queue(list) => self.list(list, path),
            Condition::Team(list) => self.list(list, path),
            Condition::Status(list) => self.list(list, path),
            Condition::Assignee(list) => self.list(list, path),
            Condition::Network(list)
            | Condition::Language(list)
            | Condition::Segment(list)
            | Condition::Tag(list) => self.texts(list, path),
            Condition::Words(list) => {
                self.texts(list, path);
                for (index, words) in list.iter().enumerate() {
                    if !words.is_empty() && !words.chars().any(char::is_alphanumeric) {
                        let mend = "write at least one letter or digit".to_owned();
                        self.fault(&format!("{path}[{index}]"), Problem::NoWords, mend);
                    }
                }
            }
            Condition::Priority(range) | Condition::WaitingSeconds(range) => {
                self.range(*range, path);
            }
            Condition::Attribute(attribute) => {
                self.text(&attribute.key, &format!("{path}.key"));
                self.attribute(&attribute.is, &format!("{path}.is"));
            }
            Condition::BusinessHours(hours) => {
                self.text(&hours.schedule, &format!("{path}.schedule"));
            }
            Condition::Time(time) => {
                if time.zone.parse::<Tz>().is_err() {
                    let mend = "name an IANA time zone, as Europe/Vienna".to_owned();
                    self.fault(&format!("{path}.zone"), Problem::UnknownZone, mend);
                }
            }
            Condition::Period(period) => {
                if let (Some(from), Some(until)) = (period.from, period.until)
                    && from >= until
                {
                    let mend = "let it end after it begins".to_owned();
                    self.fault(path, Problem::NothingWithin, mend);
                }
            }
            Condition::All(_)
            | Condition::Any(_)
            | Condition::Not(_)
            | Condition::Vip(_)
            | Condition::Assigned(_) => {}
        }
    }

    fn attribute(&mut self, test: &AttributeTest, path: &str) {
        match test {
            AttributeTest::Present => {}
            AttributeTest::Equal(value) => self.value(value, &format!("{path}.equal")),
            AttributeTest::OneOf(list) => {
                let path = format!("{path}.one_of");
                self.list(list, &path);
                for (index, value) in list.iter().enumerate() {
                    self.value(value, &format!("{path}[{index}]"));
                }
            }
            AttributeTest::Contains(text) => self.text(text, &format!("{path}.contains")),
            AttributeTest::StartsWith(text) => self.text(text, &format!("{path}.starts_with")),
            AttributeTest::Within(range) => self.range(*range, &format!("{path}.within")),
        }
    }

    fn value(&mut self, value: &Value, path: &str) {
        if let Value::Text(text) = value {
            self.length(text, path);
        }
    }

    fn list<T>(&mut self, list: &[T], path: &str) {
        if list.is_empty() {
            let mend = "name at least one; an empty list never holds".to_owned();
            self.fault(path, Problem::Empty, mend);
        }
        if list.len() > MAX_LIST {
            let mend = format!("name at most {MAX_LIST}, here are {}", list.len());
            self.fault(path, Problem::TooLarge, mend);
        }
    }

    fn texts(&mut self, list: &[String], path: &str) {
        self.list(list, path);
        for (index, text) in list.iter().enumerate() {
            self.text(text, &format!("{path}[{index}]"));
        }
    }

    fn text(&mut self, text: &str, path: &str) {
        if text.trim().is_empty() {
            let mend = "write something other than spaces".to_owned();
            self.fault(path, Problem::Empty, mend);
        }
        self.length(text, path);
    }

    fn length(&mut self, text: &str, path: &str) {
        let length = text.chars().count();
        if length > MAX_TEXT {
            let mend = format!("use at most {MAX_TEXT} characters, here are {length}");
            self.fault(path, Problem::TooLarge, mend);
        }
    }

    fn range(&mut self, range: Range, path: &str) {
        match (range.at_least, range.at_most) {
            (None, None) => {
                let mend = "name at_least, at_most or both".to_owned();
                self.fault(path, Problem::Empty, mend);
            }
            (Some(least), Some(most)) if least > most => {
                let mend = format!("let at_least be at most {most}, it is {least}");
                self.fault(path, Problem::NothingWithin, mend);
            }
            _ => {}
        }
    }
}

fn join(above: &str, name: &str) -> String {
    match above {
        "" => name.to_owned(),
        above => format!("{above}.{name}"),
    }
}
