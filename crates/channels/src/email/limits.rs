//! How much of a mail is looked at.

use serde::{Deserialize, Serialize};

/// How much of a mail is looked at; what is over is said in the mail's defects, never silently lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The bytes of a whole mail.
    pub message_bytes: usize,
    /// The bytes of one header section, of the mail or of a part.
    pub header_bytes: usize,
    /// The fields of one header section.
    pub header_fields: usize,
    /// How deep parts may lie in each other.
    pub depth: usize,
    /// The parts of a mail, counted over all levels.
    pub parts: usize,
    /// The bytes of a file's name.
    pub file_name_bytes: usize,
    /// The bytes of text, and of HTML, that are shown.
    pub text_bytes: usize,
    /// The addresses of one field, and the ids of one References.
    pub entries: usize,
    /// The `Received` fields from which on a mail is taken for a loop.
    pub received: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 36 * 1024 * 1024,
            header_bytes: 256 * 1024,
            header_fields: 2_000,
            depth: 25,
            parts: 500,
            file_name_bytes: 255,
            text_bytes: 1024 * 1024,
            entries: 200,
            received: 50,
        }
    }
}
