//! What people look for: words that were said, and who is called what.
//!
//! The index lies apart from what it is about and is a moment behind it, so whatever is found is
//! looked up again: what was taken back meanwhile, or what the viewer does not see, is left out.

mod index;
mod people;
mod said;

pub use index::{
    forget_unsaid, list_behind, lock_cursor, renew_authors, renew_notes, renew_people, renew_said,
    update_cursor,
};
pub use people::{Person, PersonPlace, list_people};
pub use said::{Headline, Said, SaidFilter, SaidPlace, headlines, list_said};
