//! How sessions end.

use serde::{Deserialize, Serialize};

/// Why somebody is signed in no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionEnd {
    /// They signed out.
    SignedOut,
    /// They signed out everywhere, or somebody who may did it for them.
    Everywhere,
    /// Their password was changed.
    PasswordChanged,
    /// A refresh token came a second time: somebody else has it.
    Reused,
}

impl SessionEnd {
    /// Returns the word that database and events use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Everywhere => "everywhere",
            Self::PasswordChanged => "password_changed",
            Self::Reused => "reused",
        }
    }

    /// Reads the word back.
    pub fn parse(text: &str) -> Option<Self> {
        let known = [
            Self::SignedOut,
            Self::Everywhere,
            Self::PasswordChanged,
            Self::Reused,
        ];
        known.into_iter().find(|one| one.as_str() == text)
    }
}
