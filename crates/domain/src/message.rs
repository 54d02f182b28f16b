//! The canonical message: what every channel's words are translated to.
//!
//! The ideas follow the IETF MIMI content draft (reply, replace, delete, reaction, disposition) and
//! add what a desk needs: locations, contact cards, choices and answers, templates, foreign ids.
//! Adapters in `crates/channels` turn bytes into [`Update`]s; `flow::receive` stores them.

mod account;
mod composite;
mod content;
mod interactive;
mod membership;
mod offer;
mod origin;
mod slot;
mod update;

pub use account::*;
pub use composite::*;
pub use content::*;
pub use interactive::*;
pub use membership::*;
pub use offer::*;
pub use origin::*;
pub use slot::*;
pub use update::*;

/// The longest text that is stored as one message, in bytes; longer texts are cut with a mark.
pub const MAX_TEXT_BYTES: usize = 262_144;

/// Returns `text` in a form that PostgreSQL can store: without NUL and within [`MAX_TEXT_BYTES`].
///
/// NUL becomes U+FFFD, so that it shows that something was there.
pub fn storable(text: &str) -> std::borrow::Cow<'_, str> {
    let fits = text.len() <= MAX_TEXT_BYTES;
    if fits && !text.contains('\0') {
        return text.into();
    }
    let end = text.floor_char_boundary(MAX_TEXT_BYTES.min(text.len()));
    let mut stored = text[..end].replace('\0', "\u{FFFD}");
    if !fits {
        stored.push('…');
    }
    stored.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nul_is_shown_instead_of_stored() {
        assert_eq!(storable("a\0b"), "a\u{FFFD}b");
        assert_eq!(storable("plain 😀"), "plain 😀");
    }

    #[test]
    fn a_giant_text_is_cut_between_characters() {
        let giant = "é".repeat(MAX_TEXT_BYTES);
        let stored = storable(&giant);
        assert!(stored.len() <= MAX_TEXT_BYTES + '…'.len_utf8());
        assert!(stored.ends_with("é…"));
    }
}
