//! What work asks an agent to be able to do.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A boolean expression over skills with levels.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skills {
    /// All parts; without parts it asks for nothing.
    All(Vec<Skills>),
    /// At least one part.
    Any(Vec<Skills>),
    /// Not the part.
    Not(Box<Skills>),
    /// One skill, at a level at least.
    Has(Skill),
}

/// A skill at a level at least.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skill {
    /// Which.
    pub name: String,
    /// The least level, from 1.
    pub level: u8,
}

/// How far the steps of a ladder have relaxed what work asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relaxed {
    /// By how many levels.
    pub levels: u8,
    /// Which skills are asked for no more.
    pub skills: BTreeSet<String>,
    /// Whether no skill at all is asked for any more.
    pub all_skills: bool,
}

impl Skills {
    /// Asks for nothing.
    pub const NONE: Self = Self::All(Vec::new());

    /// Asks for one skill.
    pub fn has(name: &str, level: u8) -> Self {
        Self::Has(Skill {
            name: name.to_owned(),
            level,
        })
    }

    /// Tells whether somebody with these levels can do it; a skill that is not listed has level 0.
    pub fn are_met_by(&self, levels: &BTreeMap<String, u8>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.are_met_by(levels)),
            Self::Any(parts) => parts.iter().any(|part| part.are_met_by(levels)),
            Self::Not(part) => !part.are_met_by(levels),
            Self::Has(skill) => levels.get(&skill.name).copied().unwrap_or(0) >= skill.level,
        }
    }

    /// Returns what is left to ask for. Whoever was able before still is.
    ///
    /// Parts below a `not` stay as they are: to lower a level there would ask for more.
    pub fn relaxed(&self, by: &Relaxed) -> Self {
        match self {
            _ if by.all_skills => Self::NONE,
            Self::All(parts) => Self::All(parts.iter().map(|part| part.relaxed(by)).collect()),
            Self::Any(parts) => Self::Any(parts.iter().map(|part| part.relaxed(by)).collect()),
            Self::Not(_) => self.clone(),
            Self::Has(skill) if by.skills.contains(&skill.name) => Self::NONE,
            Self::Has(skill) => Self::Has(Skill {
                name: skill.name.clone(),
                level: skill
                    .level
                    .saturating_sub(by.levels)
                    .max(skill.level.min(1)),
            }),
        }
    }

    /// Returns the skill that is named first, not counting those that must be absent.
    pub fn leading(&self) -> Option<&str> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().find_map(Self::leading),
            Self::Not(_) => None,
            Self::Has(skill) => Some(&skill.name),
        }
    }

    /// Returns the skills that nobody can do without.
    pub fn needed(&self) -> Vec<&str> {
        match self {
            Self::All(parts) => parts.iter().flat_map(Self::needed).collect(),
            Self::Any(parts) if parts.len() == 1 => parts[0].needed(),
            Self::Any(_) | Self::Not(_) => Vec::new(),
            Self::Has(skill) if skill.level == 0 => Vec::new(),
            Self::Has(skill) => vec![&skill.name],
        }
    }

    /// Counts the skills that nobody can do without, each once.
    pub fn least_breadth(&self) -> u32 {
        self.needed().into_iter().collect::<BTreeSet<_>>().len() as u32
    }

    /// Returns skills of which everybody who is able has at least one at its level; `None` where
    /// somebody without any may be able.
    pub fn cover(&self) -> Option<Vec<&Skill>> {
        match self {
            Self::All(parts) => {
                let covers = parts.iter().filter_map(Self::cover);
                covers.min_by_key(Vec::len)
            }
            Self::Any(parts) => {
                let covers: Option<Vec<_>> = parts.iter().map(Self::cover).collect();
                covers.map(|covers| covers.concat())
            }
            Self::Not(_) => None,
            Self::Has(skill) => (skill.level > 0).then(|| vec![skill]),
        }
    }

    /// Returns every skill that is named.
    pub fn names(&self) -> BTreeSet<&str> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::names).collect(),
            Self::Not(part) => part.names(),
            Self::Has(skill) => [skill.name.as_str()].into(),
        }
    }
}
