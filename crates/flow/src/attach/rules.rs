//! What may be kept: sizes and types, by settings and by inbox.

use crate::{Desk, Error};
use chrono::Duration;
use interdesk_domain::id::InboxId;
use interdesk_domain::scope::TenantScope;
use interdesk_store::attachments;
use std::sync::Arc;

/// What an installation says about files.
#[derive(Debug, Clone)]
pub struct FileSettings {
    /// The largest file that is kept, in bytes.
    pub most: u64,
    /// The types that are not kept, unless an inbox lists them.
    pub refused: Arc<[String]>,
    /// How long fetching one may take.
    pub timeout: Duration,
    /// How often one is asked for before that fails.
    pub tries: i32,
    /// How long an upload waits for its message, and bytes for somebody who refers to them.
    pub idle: Duration,
}

impl Default for FileSettings {
    fn default() -> Self {
        let refused = [
            "application/vnd.microsoft.portable-executable",
            "application/x-executable",
            "application/x-mach-binary",
        ];
        Self {
            most: 100 * 1024 * 1024,
            refused: refused.map(str::to_owned).into(),
            timeout: Duration::seconds(120),
            tries: 8,
            idle: Duration::hours(24),
        }
    }
}

/// What may be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The largest file, in bytes.
    pub most: u64,
    /// The types, `image/*` for a family; `None` for all but those refused.
    pub allowed: Option<Vec<String>>,
    /// The types that are refused where none are listed.
    pub refused: Arc<[String]>,
}

/// Why a file is not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It has too many bytes.
    #[error("the file is larger than {most} bytes, the most that is kept here")]
    TooLarge {
        /// How many may be kept.
        most: u64,
    },
    /// The tenant keeps as much as it may.
    #[error(
        "the workspace has used up its quota storage, delete files or ask whoever runs this installation"
    )]
    QuotaExceeded,
    /// It is of a type that is not kept.
    #[error("files of type {mime_type} are not kept here")]
    Type {
        /// What it is, by looking at it.
        mime_type: String,
    },
}

impl Refusal {
    /// Returns the word for it, as the database and events have it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::QuotaExceeded => "quota_exceeded",
            Self::Type { .. } => "type_refused",
        }
    }
}

impl Rules {
    /// Says what holds where no inbox says otherwise.
    pub fn of(settings: &FileSettings) -> Self {
        Self {
            most: settings.most,
            allowed: None,
            refused: settings.refused.clone(),
        }
    }

    /// Refuses a type that may not be kept.
    ///
    /// # Errors
    ///
    /// Fails with the refusal.
    pub fn judge(&self, mime_type: &str) -> Result<(), Refusal> {
        let names = |pattern: &String| match pattern.strip_suffix('*') {
            Some(family) => mime_type.starts_with(family),
            None => mime_type.eq_ignore_ascii_case(pattern),
        };
        let kept = match &self.allowed {
            Some(allowed) => allowed.iter().any(names),
            None => !self.refused.iter().any(names),
        };
        let mime_type = mime_type.to_owned();
        kept.then_some(()).ok_or(Refusal::Type { mime_type })
    }
}

/// Returns what may come in through an inbox.
///
/// # Errors
///
/// Fails when the database does.
pub async fn rules(desk: &Desk, scope: TenantScope, inbox: InboxId) -> Result<Rules, Error> {
    let transaction = desk.database.begin(scope).await?;
    let own = attachments::find_rules(&transaction, scope, inbox).await?;
    transaction.commit().await?;
    let mut rules = Rules::of(&desk.settings.files);
    if let Some(own) = own {
        let most = own.max_file_bytes.and_then(|most| most.try_into().ok());
        rules.most = most.unwrap_or(rules.most);
        rules.allowed = own.file_types;
    }
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inbox_that_lists_types_keeps_those_alone() {
        let mut rules = Rules::of(&FileSettings::default());
        assert!(rules.judge("image/png").is_ok());
        assert!(rules.judge("application/x-executable").is_err());
        rules.allowed = Some(vec![
            "image/*".to_owned(),
            "application/x-executable".to_owned(),
        ]);
        assert!(rules.judge("image/webp").is_ok());
        assert!(rules.judge("application/x-executable").is_ok());
        assert_eq!(rules.judge("video/mp4").unwrap_err().word(), "type_refused");
    }
}
