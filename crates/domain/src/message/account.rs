//! What a provider tells of an account: how well it is, and which templates it has.

use super::{Place, Slot};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How well an inbox is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// Nothing is wrong.
    Healthy,
    /// Messages go, yet somebody should look.
    Degraded,
    /// Messages do not go, or do not come.
    Blocked,
}

impl HealthState {
    /// Returns the name that database and events use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Blocked => "blocked",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Healthy, Self::Degraded, Self::Blocked];
        all.into_iter().find(|known| known.as_str() == text)
    }
}

/// How well an account is in one respect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// What it is about; later news of the same replace it.
    pub subject: String,
    /// How well.
    pub state: HealthState,
    /// The provider's word for why, in lower case.
    pub reason: String,
    /// What to tell people.
    pub detail: String,
}

impl Condition {
    /// Tells how well something is.
    pub fn new(subject: &str, state: HealthState, reason: &str, detail: impl Into<String>) -> Self {
        Self {
            subject: subject.to_owned(),
            state,
            reason: reason.to_lowercase(),
            detail: detail.into(),
        }
    }
}

/// News of an account.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountNews {
    /// The provider's id of what several accounts share; the news are for all of them.
    pub business_account: Option<String>,
    /// The one number that the news are about, as digits, where the provider names it.
    pub number: Option<String>,
    /// What is told.
    pub told: Told,
    /// The JSON of it, exactly as it came.
    pub raw: String,
}

/// What is told of an account.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// How well it is, and, where that changed, how many messages it may send in a second.
    Health {
        /// How well.
        condition: Condition,
        /// How many messages may leave in a second.
        per_second: Option<u32>,
    },
    /// What became of a template.
    Template(TemplateNews),
}

/// What became of a template; what is not told stays as it was.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TemplateNews {
    /// The provider's id of it.
    pub provider_id: Option<String>,
    /// Its name with the provider.
    pub name: String,
    /// Its language.
    pub language: String,
    /// The provider's word for its state, in lower case.
    pub status: Option<String>,
    /// The provider's word for its kind, in lower case.
    pub category: Option<String>,
    /// What customers make of it, in lower case.
    pub quality: Option<String>,
    /// Why it is not approved.
    pub reason: Option<String>,
    /// The words and what has to be filled.
    pub shape: Option<Shape>,
}

/// The words of a template and what has to be filled.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shape {
    /// The words with their places.
    pub text: String,
    /// What has to be filled, in order.
    pub slots: Vec<Slot>,
}

/// What a provider answers when it is asked how an account is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Examined {
    /// How well it is in each respect that could be asked for.
    pub conditions: Vec<Condition>,
    /// How many messages may leave in a second, where it tells.
    pub per_second: Option<u32>,
    /// The provider's id of what several accounts share.
    pub business_account: Option<String>,
    /// The number that customers know, as digits.
    pub number: Option<String>,
    /// All templates; `None` where they could not be listed.
    pub templates: Option<Vec<TemplateNews>>,
    /// When the answer was true.
    pub at: Option<DateTime<Utc>>,
}

impl Shape {
    /// Returns what has to be filled in one place.
    pub fn at(&self, place: Place) -> impl Iterator<Item = &Slot> {
        self.slots.iter().filter(move |slot| slot.place == place)
    }
}
