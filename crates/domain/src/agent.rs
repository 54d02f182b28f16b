//! Agents: presence and capacity.

use serde::{Deserialize, Serialize};

/// What an agent chose to be.
///
/// Only the agent changes it; schedules and lost connections gate eligibility beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Takes new work.
    Online,
    /// At work, takes nothing new.
    Busy,
    /// Keeps the work at hand, takes no more.
    Away,
    /// Not working.
    Offline,
}

impl Presence {
    /// Every word.
    pub const ALL: [Self; 4] = [Self::Online, Self::Busy, Self::Away, Self::Offline];

    /// Returns the name that database and events use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Busy => "busy",
            Self::Away => "away",
            Self::Offline => "offline",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }
}
